// Package voice knows which files hold a voice, and makes one of our own.
//
// # The story
//
// A family sends what their phone recorded: MP4 with AAC (.m4a, .3gp), MP3, Ogg,
// WebM, WAV or AMR. [KindOf] tells by the first bytes which of them a file is, and
// by nothing else: not by its name, nor by what a browser calls it. Anything else is
// refused, so a list of other files to be opened is never taken for a sound.
//
// A program that reads a pipe cannot go back in it, and an MP4 often has its table
// at the end. [Arrange] gives such a file in another order, the table first.
//
// What decodes the sound and encodes it anew is another program, which runs in a
// child that is shut in: gatepost/internal/studio. What comes back is a row of AAC
// frames. [Box] takes them apart and puts them into a file of ours, an M4A in which
// nothing stands but what playing needs: no name, place, date, picture, chapter or
// word, and no byte that the frames do not determine. [Check] holds a file against
// that: it makes the file once more, and the two must be the same.
//
// # Trust
//
// Files are strangers' work. Every size is held against what is there before it is
// used. The frames themselves are not decoded here: whoever took over the child can
// say another sound than the one that came, and a worker listens to it.
package voice
