package intermediary

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"gatepost/crypto/seal"
)

// Contact is how the letters stand that an applicant and a subject may write to
// each other (OpenContact). The letters themselves are the letterbox's.
type Contact struct {
	Exchange string // ex…; its page is on the desk, for those who were named
	OpenedOn time.Time
	By       string   // a worker's name; "" where the directory does not open
	Named    []string // names of the workers who read the letters; "" as for By
	Closed   bool     // the two may not meet now: nothing is passed on, shown or opened
	State    string   // of the exchange, as the desk has it: active, paused, ended; "" once its record is destroyed
	Unread   bool     // the row is not what was signed, and the operator was told
}

// contactRow is a claim that an exchange was opened for a subject.
type contactRow struct {
	ExchangeID string
	SubjectID  string
	WorkerID   string
	Leaf       []byte
	Closed     bool
	State      string
}

const (
	sqlContacts = `select m.exchange_id, m.subject_id, m.worker_id, m.leaf, mediated_closed(m.exchange_id) as closed,
			coalesce((select x.state from exchange x where x.agency_id = m.agency_id and x.id = m.exchange_id), '') as state
		from mediated m where m.agency_id = agency() and m.application_id = $1 order by m.at, m.exchange_id`
	sqlContactWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.application_id = $1 and w.kind = 'decision' and w.part = 'contact'`
)

// errContact: an exchange was opened for somebody, and no worker's statement says so.
var errContact = errors.New("the contact is not the one that was stated")

// contact is how letters with a subject stand, by what the worker signed who
// opened them; nil where nobody has.
func (o *opening) contact(ctx context.Context, subject string) (*Contact, error) {
	i := slices.IndexFunc(o.rows.contacts, func(r contactRow) bool { return r.SubjectID == subject })
	if i < 0 {
		return nil, nil
	}
	row := o.rows.contacts[i]
	c := &Contact{Exchange: row.ExchangeID, Closed: row.Closed, State: row.State, By: o.worker(row.WorkerID)}
	text, at, err := o.contactText(ctx, row)
	if err != nil {
		return &Contact{Unread: true}, notUnread(o.unstated(ctx, o.ag, subject, err))
	}
	c.OpenedOn = at
	for _, id := range text.Named {
		c.Named = append(c.Named, o.worker(id))
	}
	return c, nil
}

// contactText opens what was sealed of a contact and holds the row to it.
func (o *opening) contactText(ctx context.Context, row contactRow) (text contactText, at time.Time, err error) {
	i := slices.IndexFunc(o.rows.contactWork, func(w workRow) bool {
		return w.ID == row.SubjectID && bytes.Equal(w.Leaf, row.Leaf) && w.FromNode == "worker/"+row.WorkerID && w.Kind == string(seal.KindDecision)
	})
	if i < 0 {
		return text, at, errContact
	}
	content, st, err := o.tryOpen(ctx, o.ag, o.rows.contactWork[i], o.keys)
	if err != nil {
		return text, at, err
	}
	if err := parse(content, &text); err != nil {
		return text, at, err
	}
	if text.Exchange != row.ExchangeID {
		return text, at, errContact
	}
	return text, st.At, nil
}

// AgreesToLetters tells whether a record is a subject's answer that agrees to
// letters with the applicant.
func (r Record) AgreesToLetters() bool {
	return r.What == "consent" && !r.Unread && agrees(r.Answer) && slices.Contains(r.Scope, "letters")
}
