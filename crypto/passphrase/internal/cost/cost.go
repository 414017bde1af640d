// Package cost holds the one value that makes scrypt cheap.
//
// It is internal, so that the compiler lets only passphrase and its test
// package make one: no configuration and no caller can lower the cost of a real
// wrap, by design or by accident. The field is unexported and the type a
// struct, for otherwise a plain 4 would be a Cost anywhere.
package cost

// Cost is the base-two logarithm of scrypt's N. The zero Cost means the
// standard one.
type Cost struct{ logN int }

// New makes a cost of N = 2^logN, for logN from 1 to 30.
func New(logN int) Cost { return Cost{logN} }

// LogN is what New was given, or 0.
func (c Cost) LogN() int { return c.logN }
