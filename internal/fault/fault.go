package fault

import (
	"errors"
	"fmt"
)

// Kind says what went wrong in terms of what the person can do about it. The
// web tier turns it into an HTTP status; nothing else may.
type Kind string

const (
	// Invalid: what was sent cannot be used; the person can change it (422).
	Invalid Kind = "invalid"
	// Forbidden: this person may never do this (403; 404 on the public tier,
	// where "not yours" and "not there" must look alike).
	Forbidden Kind = "forbidden"
	// NotFound: there is no such thing for this person (404).
	NotFound Kind = "notFound"
	// Conflict: somebody, perhaps the same person, was first (409).
	Conflict Kind = "conflict"
	// Gone: it was there and its time is over (410).
	Gone Kind = "gone"
	// Busy: too many at once; the same request may work soon (503).
	Busy Kind = "busy"
	// SignIn: the session has ended or was never there (401, sign-in page).
	SignIn Kind = "signIn"
	// StepUp: a fresh one-time code is needed first (401, code page).
	StepUp Kind = "stepUp"
	// Sealed: a sealed object does not open; its place shows a notice and the
	// operator gets an alarm. Everything around it still works.
	Sealed Kind = "sealed"
	// Internal: our mistake (500).
	Internal Kind = "internal"
)

// Error is a fault: a kind, a catalogue key for the person, the field of the
// form it speaks of (empty for the whole page), and the cause for the log.
type Error struct {
	Kind    Kind
	Message string // key of the word catalogues, such as "fault.code.wrong"
	Field   string // name of the form's field, or ""
	cause   error
}

// New makes a fault without a cause.
func New(kind Kind, message string) *Error { return &Error{Kind: kind, Message: message} }

// Field makes an Invalid fault about one field of a form.
func Field(field, message string) *Error {
	return &Error{Kind: Invalid, Message: message, Field: field}
}

// Wrap makes a fault that keeps cause for the log and never shows it.
func Wrap(kind Kind, message string, cause error) *Error {
	return &Error{Kind: kind, Message: message, cause: cause}
}

// Error is for the log: kind, message key and cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Kind, e.Message, e.cause)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// KindOf tells the kind of err: that of the first fault in its chain, or
// Internal for anything else. It is "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Kind
	}
	return Internal
}
