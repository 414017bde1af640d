// Package bench measures the program beside a floor.
//
// A machine is noisy, so an absolute time says little. Each bench runs the
// real thing (the services of both tiers on a private PostgreSQL, with keys and
// accounts made as everywhere) and, turn by turn in the same minute, a floor:
// the same cryptography, the same openings, the same session touches and the
// same commits, and nothing else. What it prints is above all the ratio.
//
// Commits are flushes of PostgreSQL's log (pg_stat_wal.wal_sync), counted over
// letters that cross one after the other, since commits at the same time share
// a flush. The bench of open desks has a bare hub of gorilla/websocket for its
// floor, which needs no database. CPU is that of this process and of PostgreSQL together.
//
// The bench of the law measures decisions in memory, on one core, with what they
// allocate; then disclosures through the whole gate, each by a worker's session
// and code, with what is given prepared outside of the time.
//
// The bench of the register needs no database either. Its people are made up;
// its floor is a scorer that compares the same pairs as anybody would write it
// first, and it says how many links were found beside how quickly.
//
// The bench of the screen reads one letter of 2 KB again and again, on one core. Its
// floor is one fold of the same text by golang.org/x/text (NFKC, case, accents),
// which whatever looks for disguises does first. Beside it stands what the screen
// finds in made-up lines, by category and technique.
package bench
