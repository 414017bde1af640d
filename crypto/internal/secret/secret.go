package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// text is what is shown in place of any secret.
const text = "[secret]"

// Hidden is embedded in a type to make it print as "[secret]". It is empty and
// its zero value is ready.
type Hidden struct{}

// Format writes "[secret]" for every verb and flag, %#v and %x included.
func (Hidden) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, text) // fmt.State has nowhere to report a failed write
}

// LogValue gives slog "[secret]".
func (Hidden) LogValue() slog.Value { return slog.StringValue(text) }

// MarshalText gives encoders, JSON among them, "[secret]". It never fails.
func (Hidden) MarshalText() ([]byte, error) { return []byte(text), nil }

// Value is a secret that prints as "[secret]", and as an address where fmt
// cannot ask. The zero Value holds nothing: Known tells, and Reveal panics.
type Value[T any] struct {
	Hidden
	get func() T
}

// Of hides v. It keeps v itself, not a deep copy.
func Of[T any](v T) Value[T] { return Value[T]{get: func() T { return v }} }

// Known reports whether the value was made by Of.
func (v Value[T]) Known() bool { return v.get != nil }

// Reveal gives back what Of was given. On a zero Value it panics: a secret that
// was never set must not quietly be one that everybody knows.
func (v Value[T]) Reveal() T {
	if v.get == nil {
		panic("secret: Reveal of a zero Value")
	}
	return v.get()
}
