// Package casework is the workers' pages of the intermediary service: the cases,
// what stands in the way of the next step, the facts and on what they rest, the
// people, and every act up to a disclosure and to the end.
//
// # One thing a page
//
// A case's first page says what the law answers now: for each person who is
// looked for the row, in plain words, and a link to the page that answers it.
// Nothing there can be ticked away: it goes when the facts change, and facts
// change only on pages that ask why, on what evidence, and where the law's table
// asks for two workers, by the second one's own word.
//
// The record of an adopted person has pages of its own, with the same forms: those
// that are about the adopted person alone, whether there is a case or not. After a
// word about a veto a page says which row of the law answered and what is missing,
// and a letter for print says it to them.
//
// Fact, opinion and what somebody told are kept apart on every page that shows
// them, each with who wrote it down and when (NMS 27).
//
// # What is typed
//
// A form that is refused comes back with what was typed. What would be done
// twice by two clicks carries an id or a version that was chosen when the page
// was made, so that the second click finds it done. Nothing about a case travels
// in an address: references and names are posted. A form whose session had ended
// travels through the sign-in page and is shown again to whoever typed it, and to
// nobody else (Carry); nothing is done by it.
//
// # Trust
//
// Every page is for a signed-in worker; what each may do is the service's
// decision (authz), which it also writes down. A page only hides what it knows
// will be refused. The service has written the look into the log before a page
// shows a word of a case. Names and words are marked so that a browser's
// translation and spelling services do not send them anywhere.
package casework
