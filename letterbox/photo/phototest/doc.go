// Package phototest writes pictures that tell more than they show: with a place, a
// camera, words, a film, an archive or a lie about their size. Each is made here
// byte by byte, so that a test knows what is in it.
//
// [HEIC] alone needs pixels that no Go program of ours can write. They are the file
// tiny.heic beside this one: [Scene] of 128 by 64, written as a PNG and encoded by
//
//	heif-enc -q 80 -o tiny.heic scene.png
//
// of Debian's libheif-examples 1.15.1. Its two useful pieces, the stream and what
// the decoder needs before it, are put into a container of our own.
package phototest
