package page

import (
	"errors"

	"gatepost/internal/fault"
	"gatepost/web/words"
)

// Base is the part that every page has. A page's struct embeds it; Site.Base
// makes it. The fields after Path are for the handler to set.
type Base struct {
	Visit
	Tier  Tier
	Words *words.Words
	Title string // in words, neutral
	Path  string // of the request: marks the current item of the navigation

	Back    string              // path of the back link; empty for none
	Notice  *NotificationBanner // one thing to say at the top; nil for none
	Wide    bool                // the whole width, for tables and side by side; else two thirds
	Form    Form                // what was typed, shown again
	Summary []Problem           // the faults in Form, in the order they were found
}

// Problem is one fault, in words, as the summary and the field show it.
type Problem struct {
	Field string // name of the form's field, or ""
	Text  string
}

// Page is a struct that embeds Base, given as a pointer.
type Page interface{ base() *Base }

func (b *Base) base() *Base { return b }

// Refused tells whether err is something that the person can put right on the
// same page: every fault in it is Invalid or Conflict. It then keeps form, so
// that nothing typed is lost, and the faults for the summary and their fields.
// It does nothing for a nil err and for anything else, which the handler
// returns. Several faults at once come as one error by errors.Join.
func (b *Base) Refused(form Form, err error) bool {
	faults, ok := faultsOf(err)
	if !ok || len(faults) == 0 {
		return false
	}
	b.Form = form
	for _, f := range faults {
		b.Summary = append(b.Summary, Problem{Field: f.Field, Text: b.Words.T(f.Message)})
	}
	return true
}

// problem is the text beside the field name, or "".
func (b *Base) problem(name string) string {
	for _, p := range b.Summary {
		if p.Field == name {
			return p.Text
		}
	}
	return ""
}

// faultsOf collects the faults joined in err. It is false as soon as there is
// one that the person cannot put right, or an error that is no fault.
func faultsOf(err error) ([]*fault.Error, bool) {
	if err == nil {
		return nil, false
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*fault.Error
		for _, one := range joined.Unwrap() {
			faults, ok := faultsOf(one)
			if !ok {
				return nil, false
			}
			all = append(all, faults...)
		}
		return all, true
	}
	if f, ok := err.(*fault.Error); ok {
		return []*fault.Error{f}, f.Kind == fault.Invalid || f.Kind == fault.Conflict
	}
	return faultsOf(errors.Unwrap(err))
}
