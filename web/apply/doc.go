// Package apply is the pages on which somebody without an account asks for help
// with an adoption: one question a page, what the law has for them, what they
// should know, their answers to check, and a receipt.
//
// # The story
//
// They choose first what they would like to do: to look for somebody, to ask for
// a veto, or to state a wish about contact. A page tells what a veto or a wish does
// and what it does not before anything of it is asked, and family who ask for a
// veto are told what the law has for them in its place. The receipt has the same
// bytes for all three: whoever finds the code learns nothing by it.
//
// Whoever begins gets a code, to be written down, and the browser a cookie that
// follows from it. Each answer is saved when its page is left; coming back needs
// the code alone. After the first questions of a search a page says in plain words which way
// the law has (intermediary.RouteOf), and another what everybody should know
// before they ask: the contact register, wishes, vetoes, somebody to talk to,
// what it may mean, what it costs. The version of that page which was shown is
// sent with the answers. Nothing has to be answered but a name and one way to
// reach them, and any answer can be changed until it is sent.
//
// # What it guards
//
// The code stands on the pages and in no address. The cookie is as a session's,
// ends with the browser, and is taken by "Exit this page", by signing out and by
// stopping. Titles say nothing of adoption. After sending, the code tells that we
// have it and by when they hear, the same whatever became of it. A code that
// nobody has is counted by network, and so is each beginning.
//
// Everything works without scripts.
package apply
