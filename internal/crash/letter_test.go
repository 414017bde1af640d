package crash_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// letter is one letter as its people see it.
type letter struct {
	*world
	text                string
	draft, id, delivery string
	told                int // how many steps a browser was told to be done
}

// step is one press of a button on the way of a letter.
type step struct {
	name string
	do   func(*letter, *running) error
	// done tells, from the database, whether it has happened.
	done func(*letter, *testing.T) bool
}

// The steps of a letter, by their place.
const (
	written = iota
	sent
	claimed
	read
	passed
	opened
)

// steps is the whole way. Those that are killed may be done twice.
func steps() []step {
	return []step{
		{"write", (*letter).write, nil},
		{"send", (*letter).send, func(l *letter, t *testing.T) bool { return l.state(t) != "" }},
		{"claim", (*letter).claim, nil},
		{"read", (*letter).read, nil},
		{"pass", (*letter).pass, func(l *letter, t *testing.T) bool { return slices.Contains([]string{"waiting", "opened"}, l.state(t)) }},
		{"open", (*letter).open, func(l *letter, t *testing.T) bool { return l.state(t) == "opened" }},
	}
}

// newLetter is a letter in somebody's head.
func (w *world) newLetter() *letter {
	l := &letter{world: w, text: fmt.Sprintf("Letter %d. The swallows are back under the roof.", len(w.letters)+1)}
	w.letters = append(w.letters, l)
	return l
}

// advance goes the way up to and with a step.
func (l *letter) advance(t *testing.T, s *running, to int) {
	t.Helper()
	for l.told <= to {
		must(t, l.press(t, s, l.told))
	}
}

// press does one step and notes that the browser was told so.
func (l *letter) press(t *testing.T, s *running, i int) error {
	t.Helper()
	step := steps()[i]
	if i == opened { // which of the letters on the reader's page it is
		must(t, l.admin.QueryRow(t.Context(), `select id from delivery where letter_id = $1`, l.id).Scan(&l.delivery))
	}
	if err := step.do(l, s); err != nil {
		return fmt.Errorf("%s: %w", step.name, err)
	}
	l.told = max(l.told, i+1)
	return nil
}

// errTold: the browser was told something else than that it is done.
var errTold = errors.New("the page says something else")

// sees makes a press of an answer: the browser has to be sent on.
func sees(p page, err error) (string, error) {
	if err == nil && p.status != http.StatusSeeOther {
		err = fmt.Errorf("%w: %d %s", errTold, p.status, said(p))
	}
	return p.to, err
}

// said is the heading and the first words of a page.
func said(p page) string {
	_, main, _ := strings.Cut(p.body, "<main")
	return strings.Join(strings.Fields(main[:min(len(main), 600)]), " ")
}

func (l *letter) write(s *running) error {
	to, err := sees(s.post(l.writer, "/write/"+l.from, "text", l.text))
	if err != nil {
		return err
	}
	l.draft, _, _ = strings.Cut(strings.TrimPrefix(to, "/draft/"), "?")
	l.id = "lt" + l.draft[2:]
	return nil
}

func (l *letter) send(s *running) error {
	to, err := sees(s.post(l.writer, "/draft/"+l.draft+"/send", "version", "1"))
	if err == nil && !strings.HasPrefix(to, "/sent/"+l.id+"?") {
		err = fmt.Errorf("the draft %s has become %s", l.draft, to)
	}
	return err
}

func (l *letter) claim(s *running) error {
	_, err := sees(s.post(l.worker, "/letter/"+l.id+"/claim"))
	return err
}

func (l *letter) read(s *running) error { return l.shows(s, l.worker, "/letter/"+l.id) }

// shows: the page has the letter's text.
func (l *letter) shows(s *running, v visitor, path string) error {
	p, err := s.get(v, path)
	if err == nil && (p.status != http.StatusOK || !strings.Contains(html.UnescapeString(p.body), l.text)) {
		err = fmt.Errorf("%w than the letter: %d %s", errTold, p.status, said(p))
	}
	return err
}

func (l *letter) pass(s *running) error {
	_, err := sees(s.post(l.worker, "/letter/"+l.id+"/pass", "note", "nothing to worry about", "exchange", l.exchange))
	return err
}

func (l *letter) open(s *running) error {
	to, err := sees(s.post(l.reader, "/letter/"+l.delivery+"/open"))
	if err == nil && to != "/letter/"+l.delivery+"/read" {
		err = fmt.Errorf("%w than the letter: %s", errTold, to)
	}
	return err
}

// opens: whoever may read the letter can, as far as a browser was told that it has come.
func (l *letter) opens(t *testing.T, s *running) {
	t.Helper()
	var err error
	if l.told > sent {
		err = l.shows(s, l.writer, "/sent/"+l.id)
	}
	if l.told > opened {
		err = errors.Join(err, l.shows(s, l.reader, "/letter/"+l.delivery+"/read"))
		p, lost := s.get(l.reader, "/side/"+l.to)
		if err = errors.Join(err, lost); !strings.Contains(p.body, `href="/letter/`+l.delivery) {
			err = errors.Join(err, errors.New("it is not on the reader's page"))
		}
	}
	if err != nil {
		t.Errorf("letter %s does not open: %v", l.id, err)
	}
}

// state is the letter's state in the database, "" while there is no letter.
func (l *letter) state(t *testing.T) (state string) {
	t.Helper()
	err := l.admin.QueryRow(t.Context(), `select state from letter where id = $1`, l.id).Scan(&state)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return state
}

// stands: the letter is at least where browsers were told that it is.
func (l *letter) stands(t *testing.T) {
	t.Helper()
	for i, step := range steps() {
		if i < l.told && step.done != nil && !step.done(l, t) {
			t.Errorf("letter %s: a browser was told that %q is done, and it is %q", l.id, step.name, l.state(t))
		}
	}
}

// timed is how long a step takes on a server, for moments drawn by lot.
func (l *letter) timed(t *testing.T, s *running, i int) time.Duration {
	t.Helper()
	began := time.Now()
	must(t, l.press(t, s, i))
	return time.Since(began)
}
