// Package studio makes a recording anew from its sound alone, in a process of its
// own, which may die of it.
//
// # The story
//
// It is to a voice what gatepost/internal/darkroom is to a picture. A [Studio] has a
// few places. Whoever takes in a recording takes a place first ([Studio.TryEnter]
// says at once that there is none), and only then reads the upload: so what
// recordings take of the server's memory is known. There are more places than
// children, and nobody has more than two: who sends slowly keeps nobody else waiting.
// Each place holds 20 MB at most of what comes in; each child's, 6 MB more of what
// comes out, and both once more while they are sealed.
// With the place, [Visit.Clean] waits for its turn, starts this same program
// once more, gives it the file, and puts what it answers into a file of ours.
//
// What decodes is ffmpeg, of the machine's own package: nothing in Go reads all that
// phones write. The child ([Serve]) shuts itself in, and then becomes ffmpeg, before
// the first byte of the file is read:
//
//   - it opens no file but programs and libraries, below /usr and /lib, and those to
//     read alone (Landlock, Linux 5.13 or newer): no key, no configuration, no
//     temporary file. It makes no connection, of any kind, and starts no other
//     process: a seccomp filter allows what ffmpeg needs, and nothing else;
//   - it is told which of six demuxers to use, by the file's first bytes, and which
//     decoders there are for it. Its input is a pipe, and no other protocol is let
//     in: a playlist, or a file that names others, opens nothing;
//   - it has 512 MiB of memory that can be written, 20 seconds of the processor, and
//     writes no file;
//   - it gains no rights, and leaves no core;
//   - it sees none of our environment and none of our files, which were closed when
//     it started;
//   - it dies with us, and after 60 seconds in any case.
//
// If any of that cannot be had, it refuses to work: an error for the operator, and
// none of the person's doing. Without ffmpeg nobody can send a recording, and all
// else goes on.
//
// # Trust
//
// What a child says is not believed. Its answer is a row of AAC frames, each with a
// head that can be only one, no more of them than ten minutes hold; the file around
// them is made on our side ([voice.Box]). What is left to a child that became
// somebody else's is to say another sound than the one that came: a worker listens
// to it. A child that is killed, hangs, takes too much or prints rubbish is one fault
// for the person: the recording cannot be opened. Nothing stays behind, as nothing
// was ever written.
//
// # Why its filter is another one
//
// The darkroom's child is Go and only computes. This one begins as a program with
// sixty libraries, which have to be found and opened after the filter is there: so it
// may open files, and Landlock says which.
package studio
