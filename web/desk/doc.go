// Package desk is the workers' pages: what waits, reading a letter and deciding
// about it, the exchanges with the people on their sides, invitations on paper,
// confirming people after a call, and the search of the directories.
//
// # How a letter is read
//
// The desk lists letters without their text: first those whose hold is over,
// then the oldest. It has trays: what waits now, what a colleague reads, on hold,
// back with us, stopped, second opinions. "Read" claims a letter and shows it beside what the
// recipient's side calls everybody, what colleagues wrote down, earlier letters
// and what was said when one came back. A letter that may go as it is takes
// three presses: read, pass on, next.
//
// Every other act has one page, which says what the writer is told by it: return
// and refuse with a reason in plain words, shown as the writer will see it
// before anything is sent; keep for the child; hold until a day; give to the
// safeguarding lead. A letter that went on can be taken back until it is opened,
// and go on again. In a second opinion the one who refused is told why they do
// not decide, and the other sees what the writer was told.
//
// The safeguarding lead has a tray of their own: without names, each opening in
// the log, and nothing there passes a letter on.
//
// # An inspector
//
// An auditor sees numbers and, of a case that they name, what the log states:
// no letter, no name, and nothing that can be changed. A reference is posted
// like a name, and the look is in the log before it is shown.
//
// # A record that goes
//
// A records officer orders that an exchange be destroyed, by the reference of
// the paper file, and a manager agrees a day later on a page of their own with a
// code for this alone. Either calls it off until then. The list keeps what
// became of each.
//
// # What is typed
//
// What was typed about a letter travels in its forms from act to act, so that
// whoever looks at one and takes another finds it there.
//
// Opening an exchange takes several pages. Between them everything typed
// travels in one hidden field of the form and nowhere else: an exchange that is
// half made stands in no table and in no session. A form that is refused comes
// back with what was typed.
//
// A letter on paper, an answer, or a translation that is posted after the session
// has ended comes back once the same worker has signed in (Carry); a picture does
// not.
//
// # Trust
//
// Every page is for a signed-in worker; what each may do is the services'
// decision (authz), which they also write down. A page only hides what it knows
// will be refused. Names are searched by POST, so that no name stands in an
// address, a history or a log. Letters and names are marked so that a browser's
// translation and spelling services do not send them anywhere. The code of an
// invitation is on one page once: that page answers the POST itself, since a
// redirect would have to keep the code somewhere.
package desk
