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
//
// # Trust
//
// The pages hold ids of the reader's own side only. What may be seen and done
// is letterbox's decision; not yours and not there look alike. Nothing here
// keeps a letter: text goes from the service to the page and from the form to
// the service.
package family
