// Package prose makes what somebody typed into a form into text as it is kept.
//
// A letter, a note or a name is sealed once and shown for as long as the record
// is kept, to other people than those who typed it. So it is brought into one
// form before anything else is done with it: UTF-8 in NFC (Unicode Annex 15),
// line ends \n, no control characters, and none of the marks that make a text read
// in another order than it was written (Unicode Annex 9): with those a worker
// could be shown another letter than the family. What was cleaned once is not
// changed by cleaning it again.
//
// It trusts nothing that it is given, keeps nothing, and may be called by anybody.
// Its errors name the field of the form and hold none of its text.
package prose
