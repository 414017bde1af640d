// Package screening marks in a letter whatever could tell who somebody is or
// where they live, for the worker who reads every letter.
//
// # How it works
//
// A name slips through in many disguises, and in clear more often. So a letter is
// folded once, and everything looks at the folded text:
//
//	text -> stream (stream.go, fold.go)       lower case, no accents, no look-alikes, nothing unseen; with the way back to the bytes
//	stream -> tokens                          runs of letters or digits, which know their sentence and their capitals
//	tokens -> names (names.go, apart.go)      the protected list: by slip, by ear, pet form, backwards, without vowels, glued, parted, starred
//	tokens -> symbols (spelt.go)              letters that stand alone or are named: I s l a, pee ee em, Papa Echo; acrostics
//	tokens -> digits (digits.go, phones.go)   numbers in figures, in words of two languages, doubled, misspelt, in halves, backwards
//	tokens -> patterns                        addresses of post and net, schools, numbers of states and banks, positions, dates of birth
//	tokens -> phrases (cues.go, cues.txt)     meet me, don't tell the worker, under the stamp
//	text -> text (codes.go)                   base64, hex, Morse and others, decoded and read again
//	findings -> findings (settle.go)          what is one thing is one finding
//
// An ordinary word is not taken for a misspelt name: words.txt holds the commonest
// words of letters, and those that come near a name. It was written for this
// package and is small. The word lists of distributions are third-party files,
// which a build would have to install; and a large one knows so many rare
// words that it hides misspelt names behind them. A word that is a name of the list as
// well (Grace, Will, April) counts by its capital, its neighbours and what it does.
// docs/screening.md says how much is found, and what is not.
//
// # What it promises
//
// The same text gives the same findings, in order, on valid spans. Any bytes may be
// given. The work is in proportion to the length, whatever a writer thinks of
// (TestScan_Linear counts it); a list that is too long is refused, never cut.
//
// It never says that a letter is safe. No finding means that this screen found
// nothing. Illness that runs in a family and a death are wanted content: category
// CARE, soft, for the worker to tell somebody first, and no fault.
//
// # What it guards, and whom it trusts
//
// It is pure: no clock, no file, no network, no randomness, and it keeps no letter.
// It decides nothing, edits nothing and sends nothing. The list names the people
// whom it protects, and findings repeat it: both are for workers. Who writes is
// shown the findings of a [Screen] of their own side's list and of no other, so that a
// hint never confirms a guess. It trusts its caller for that, and to log no finding's text.
package screening
