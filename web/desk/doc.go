// Package desk is the workers' pages: what waits, reading a letter and deciding
// about it, the exchanges with the people on their sides, invitations on paper,
// confirming people after a call, and the search of the directories.
//
// # How a letter is read
//
// The desk lists letters without their text, oldest first. "Read" claims one
// and shows it beside what the recipient's side calls everybody, earlier
// letters and what was said when one came back. A letter that may go as it is
// takes three presses: read, pass on, next. A letter that may not goes back
// with a reason in plain words; the worker sees what the writer will see before
// anything is sent.
//
// # What is typed
//
// Opening an exchange takes several pages. Between them everything typed
// travels in one hidden field of the form and nowhere else: an exchange that is
// half made stands in no table and in no session. A form that is refused comes
// back with what was typed.
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
