// Package darkroom cleans a picture in a process of its own, which may die of it.
//
// # The story
//
// A [Room] has a few places. Whoever takes in a picture first takes a place
// ([Room.Enter] waits for one, [Room.TryEnter] says at once that there is none), and only
// then reads the upload: so what pictures take of the server's memory is known,
// 20 MB of each that comes in and at most 5 MB of what comes out. With the place,
// [Visit.Clean], [Visit.Crop] and [Visit.Blur] start this same program once more,
// give it the picture, and read what it made.
//
// The child ([Serve]) shuts itself in before it reads the first byte of the picture:
//
//   - it can open no file, socket or other process's memory, and start no program:
//     a seccomp filter lets it read and write what is open, take memory, run
//     threads, and nothing else. No right of the machine is needed for that. It
//     stands in place of a network of its own, which an ordinary user is often
//     refused, and holds more: no socket of any kind;
//   - it has 512 MiB of memory that can be written (RLIMIT_DATA; RLIMIT_AS would
//     count what Go reserves and never touches). A HEIC of 12 million pixels takes
//     half of that; one of 24 million has just enough, and its child dies where
//     the picture is full of detail. The child has 20 seconds of the processor, and
//     writes no file (RLIMIT_FSIZE);
//   - it gains no rights (PR_SET_NO_NEW_PRIVS), leaves no core, and its memory
//     cannot be looked into;
//   - it sees none of our environment and none of our files, which were closed
//     when it started;
//   - it dies with us (PDEATHSIG), and after 60 seconds in any case.
//
// If any of that cannot be had, it refuses to work: an error for the operator, and
// none of the person's doing.
//
// # Trust
//
// What a child says is not believed: it may have become somebody else's. Its
// answer has one form and stated sizes, which are held before anything is read;
// what it calls a picture is walked by [photo.Check] on our side, and its sentence
// to the person is one of a short list. What is left to such a child is to lie about
// the marks, and to send another picture than the one that came: a worker looks at
// it.
//
// A child that is killed, hangs, takes too much or prints rubbish is one fault
// for the person: the picture cannot be opened, or for a HEIC, that it should come
// as a JPEG. Nothing stays behind, as nothing was ever written.
//
// The filter does not hold back the memory that is executable: the decoder of HEIC
// needs some. And the processor's own leaks are not held back by anything here.
package darkroom
