// Package picture tells what a picture of a paper is that somebody sends: the
// scan of a letter, the photograph of a passport.
//
// Nothing is decoded, scaled or written anew: a decoder of pictures is a large
// piece of code that would read what strangers made. A picture is bytes of one of
// three kinds, sealed as it came and sent back as it was, under the type that is
// found here and never under one that its sender names; a browser is told to take
// it for nothing else. What is none of the three is refused.
package picture
