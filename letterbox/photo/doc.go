// Package photo makes a picture that a family sends safe to keep and to show.
//
// # The story
//
// What a file is, its bytes say ([KindOf]): JPEG, PNG, WebP or HEIC. Everything
// else is refused with one sentence. [Inspect] walks the file without decoding it
// and marks what it told about its maker: a place, a camera, a date, words, a small
// copy of the picture, a film, another file. The marks are for the worker who looks
// at the picture; the values go nowhere.
//
// [Clean] asks the headers how large the picture is before anything is decoded,
// decodes the first picture of the file, draws it on white, makes it smaller, turns
// it upright and writes it as a new JPEG. Nothing of the old file but its pixels gets
// there, and these not one to one. [Check] then walks what was written: it holds
// what a decoder needs and not a byte more. [Crop] and [Blur] make a new picture of a
// cleaned one.
//
// JPEG is the only kind that comes out. One kind needs one after-check, every
// browser shows it, and a drawing loses little at this quality.
//
// Colour profiles are dropped and not applied. A picture of a newer phone, which
// has a wider range of colours, looks a little paler; a profile can name its maker
// and would be one more format that strangers write.
//
// # Trust
//
// The file attacks the decoder: it states a size that no memory holds, ends in the
// middle, or is made for a mistake in the decoder that nobody knows yet. Limits
// are read from the headers, and what they do not say is held by the process
// that runs this package: gatepost/internal/darkroom, a child without files, network
// and much memory. Nothing else should call [Clean], [Crop] or [Blur].
//
// The file tells a place. Its maker did not know, and who wants to find a child
// reads it at once. So everything is dropped that is not known to be needed, rather
// than everything that is known to tell something.
//
// What the picture shows is not looked at: a badge, a number plate, a street sign,
// a face in a window. Nor does a watermark go away that was made to live through
// a new compression. The noise of a sensor is blurred by making a picture smaller
// and is there in a small one as it was. A worker has to look.
//
// HEIC is decoded by libheif, translated to WebAssembly, and only in a program that
// is built with the tag nodynamic, as make does: without it the decoder would load
// a library of the machine and make the program a dynamic one. It needs memory
// that is written first and run then. Where a process may not have that
// (MemoryDenyWriteExecute of systemd), a HEIC picture is refused with the sentence
// that asks for a JPEG.
package photo
