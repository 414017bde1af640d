// Package oplog is what the log of a deployment may say.
//
// An operator's log is read by people who may read nothing else, it is shipped
// to other machines, and it is kept longer than anybody remembers. So a line
// holds event names, routes, codes, numbers and ids, and not what people write
// or who they are. The rest of the program keeps to that; this package stands
// behind it, as the last thing before the line is written.
//
//	logger ──► Log: is the key known? does the value look as it should? ──► JSON
//	                 │ no
//	                 └──► left out, and counted: "dropped" on the line and Dropped()
//
// Lines are flat: a group is as unknown as any other key that is not listed.
// Texts of errors are kept, for without them nobody can mend anything, but what
// looks like a mail address, a network address, a postcode, a telephone number,
// a key or a quoted value is blotted out of them.
//
// On the families' tier no line names an exchange or a side: who reads the log
// of that tier does not learn which letters belong together.
//
// # Trust
//
// The filter knows shapes, not meanings: a name without a shape in the text of
// an error would get through. The errors of this program hold none, which tests
// of their own look at; this is a net below them, and no reason to log more.
package oplog
