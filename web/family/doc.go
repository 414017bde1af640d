// Package family is the pages of those who write to each other: birth parents,
// grandparents, adopters. They see their own letters, write, send, and open
// what came.
//
// # A letter being written
//
// A draft is saved by a button and by nothing else. The page says what names to
// use, and how long it may lie untouched. Before a letter goes it is shown once
// more as it will be read. The button to leave in a hurry is one of the form's
// own: it saves the words first, and it leaves even where saving does not work.
//
// Nothing typed is lost. A form that is refused comes back with its text. Where
// the draft was changed in another window both texts are on the page. A form
// that comes when the session has ended becomes a draft after the same person
// has signed in (Carry); after somebody else has, it is dropped and they are
// told so.
//
// # A letter that came
//
// Its cover says that it is there and whom to call; only a button opens it,
// since opening is written down and some letters are better read with somebody
// near. To look at the address of a letter that is not opened shows the cover.
// A letter can be kept for another day: it then lies in a calm list of its own.
//
// # What happened
//
// The page of an exchange says day by day what its reader may know, with a day
// to expect; never what the other side did. Where the agency is late it says so
// first, and with whom to call, also on the front page. What a button does with
// a letter that was sent (take it back, ask somebody else to look) is asked once
// on a page of its own, and answered by the letter's own page, which says how it
// stands: a button pressed twice or too late tells no untruth.
//
// # What is not a letter
//
// Something told to the agency has a form whose field has a name of its own, so
// that a message is never taken for a letter. There are no drafts of it: when
// the session ends, the sign-in page carries it and the form shows it again.
//
// # On paper
//
// The style sheet leaves a letter and its day; no link, button or menu, whose
// addresses would be printed beside them, comes on paper.
//
// # Trust
//
// The pages hold ids of the reader's own side only. What may be seen and done
// is letterbox's decision; not yours and not there look alike. Nothing here
// keeps a letter: text goes from the service to the page and from the form to
// the service.
package family
