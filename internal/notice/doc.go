// Package notice tells people by mail that something waits, and nothing more.
//
// A mail of ours has no name, no agency, no link and no address of ours: it is
// read on a shared phone, by an employer's filter, by a partner. Its words are
// among three that the person chose, and it comes only if the person switched
// mail on, outside their quiet hours.
//
//	act ── notify_person ──► notice (waiting) + job      one transaction
//	job ── open details ──► quiet hours? later
//	    ──► sending ──► SMTP ──► sent                    never again
//
// The row is the outbox: an act that rolls back leaves none, and a row that is
// sent is never sent again. Between the server's acceptance and our mark a
// process can be killed; then the mail goes out once more with the same
// Message-ID, by which a receiving server or a mail program may drop it; SMTP has
// no way to be surer. While one notice waits no second is made; what comes up while it is being sent is a new one.
//
// Where to write and when stands sealed, for the person, for this program's
// notifier and for the cases of the person's sides; the switch alone is in clear.
//
// # Trust
//
// The public tier seals, and believes a case only if a worker stated the
// person's place there. The notifier's key lies on the staff tier's host and is
// vouched for by the registrar; it opens contact details and nothing else. The
// notifier's database role cannot read the log, so it cannot know whether
// somebody who writes the database has put a person's former details back.
//
// What a mail server answers is dropped: it can quote an address. A code of our
// own is kept in its place.
package notice
