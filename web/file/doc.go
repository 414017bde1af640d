// Package file is the pages on which somebody of an intermediary case sees their
// own file: an applicant, who speaks for one, or a subject.
//
// # Where a case stands
//
// The page says that we work on it and by which day its reader hears from us, or
// that it has ended; and what we wrote, what they wrote, what was given to them.
// It has the same words and asks the service the same questions whether or not
// somebody was found, is in a register or has said no.
//
// # What was given
//
// What the agency gives is opened by a button, and that it was opened is written
// down first: some things are better read with somebody near. To ask for the
// page of what is not opened shows the cover.
//
// # What somebody thinks
//
// Beside each letter of ours its reader can say what they think of it, which
// goes on their own record; when the case has ended, what they think of the
// service.
//
// # Trust
//
// Whose file it is, the service decides; not yours and not there look alike.
// What was typed when a session had ended is shown again after the same person
// has signed in (Carry), and is not sent. Nothing here keeps a text.
package file
