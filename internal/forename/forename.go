// Package forename knows the forms of British forenames: short and pet forms,
// spellings, and the Welsh, Scottish and Irish forms beside the English one.
//
// Two sides of the program need them, each for its own end: the matcher of the
// register, which finds one person in two lists, and the screen of letters,
// which finds a name that a letter may not carry. Neither imports the other, so
// the text has its place here. What is made of it is theirs.
//
// It trusts nobody and guards nothing: one text, written for this project from
// general knowledge, about no person.
package forename

import _ "embed"

//go:embed forenames.txt
var text string

// Text is the table: the forms of one forename a line, parted by spaces, lower
// case and without accents; the first is the root that the others are looked up
// by. A form may stand in several lines. Lines that begin with # are remarks.
func Text() string { return text }
