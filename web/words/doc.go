// Package words holds every sentence that a person reads, apart from the code
// that shows it.
//
// A sentence has a key, such as "family.letters.title". The first part names
// the room of pages that it belongs to, and the file of the language's folder
// in which it stands: en/family.json, en/desk.json. The files of one language
// are one catalogue. A file is flat JSON: key to text, or key to the plural
// forms that the language has ("one" and "other" in English). A text takes
// named data as {{.Name}}; the number that decides the plural is {{.Count}}.
//
// A text is plain: it never holds HTML. The page package escapes it, so data
// may come from anywhere. Data put into a text reaches nobody but its reader;
// this package writes no log.
//
// A key that is missing is a mistake of ours. Text reports it, so that a page
// which needs it cannot be shown and its test fails; the tests of this package
// read the sources of all pages and services and compare both ways.
package words
