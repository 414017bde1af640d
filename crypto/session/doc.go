// Package session makes the two halves of a signed-in session.
//
// # The story
//
// The browser holds a token, 32 random bytes in a cookie. The database holds a
// row: an id and a box. The id is a hash of the token, and so is the key of the
// box, each by HKDF-SHA256 (RFC 5869) under a label of its own. The box holds
// the keys that the person opened at sign-in. So whoever steals the rows has
// boxes without keys and no cookie to send; whoever steals a cookie has nothing
// once the row is deleted. The server itself keeps neither between requests.
//
// # Trust
//
// A box opens only under the token, the role and the account that it was sealed
// for: a family member's cookie opens nothing on the staff tier, and a row whose
// account column was changed opens nothing at all. That a session has ended is
// for the caller and the row to say; nothing here knows the time.
//
// A [Token] prints as "[secret]" everywhere. Cookie is the one way to its text.
package session
