// Package account is the pages at the door, for both tiers: coming in with a
// paper code, signing in and out, the second step, the list of places where
// one is signed in, and leaving in a hurry; and those of one's own account: a
// new passphrase, codes for a lost phone, when one signed in, how mail comes. Sessions, the site's Door, stands
// here too: the other rooms ask it who is behind a request.
//
// # The cookies
//
// There are three, each for one host and the path "/", none with anything about
// a person in it:
//
//   - __Host-gp (staff __Host-gps): the session. It ends with the browser.
//   - __Host-gpf (staff __Host-gpfs): chance, made for a stranger who is shown a
//     form, see below. It ends with the browser.
//   - __Host-gpd (staff __Host-gpds): this device is known; asked for by a tick,
//     180 days. It opens nothing.
//
// On plain HTTP, which is for loopback only, the names have no prefix, for a
// browser takes "__Host-" over TLS only.
//
// # Forms of strangers
//
// A stranger's form has no session whose token it could carry, and still must
// not be sent by another site: somebody could be signed in to an account that
// is not theirs and write a letter there. So it carries a hash of the chance in
// the stranger's own cookie, beside the cross-origin check that stands before
// every form. A row in the database for each stranger would let anybody fill
// the table; a bare cross-origin check would leave out the old browsers that do
// not say where a form comes from.
//
// # What is not lost
//
// A form that comes when the session has ended is answered by the sign-in page
// with what was written inside its form; nothing is kept on the server. After
// the same person has signed in it becomes their draft; what a worker typed in is
// on its page again. A staff decision that
// needs a fresh code is answered by the page that asks for it, which sends the
// decision again together with the code.
//
// # Who forgot
//
// The page for a forgotten passphrase has no form: nobody comes in again without
// two workers and a call, and a form would only tell who has an account. Whoever
// signs in while a new key is asked for in their name is told that first, and
// stops it with one button. The paper of a recovery is redeemed like that of an
// invitation.
//
// # Trust
//
// This package and internal/account are the only ones that see a session's
// token. No page sees a key. Who a person is and what they may do is decided by
// the services; the Door only asks them.
package account
