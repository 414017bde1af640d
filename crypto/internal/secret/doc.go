// Package secret keeps key material out of whatever prints.
//
// A type that holds a key embeds [Hidden]. From then on fmt with any verb,
// slog, the template packages and encoding/json all write "[secret]" in its
// place, so that a key cannot reach a log by being a field of something that
// is logged.
//
// fmt cannot call the methods of an unexported field and walks into it
// instead, through pointers too when the verb does not fit. It does not walk
// into functions. So the key itself is kept in a [Value], behind a function,
// and a struct three levels up that is printed by mistake shows an address.
//
// None of this protects against code that asks for the bytes, nor against
// somebody who reads the memory of the process: Go cannot promise erasure.
package secret
