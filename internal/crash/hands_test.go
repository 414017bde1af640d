package crash_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/calendar"
	"gatepost/letterbox"
)

// hand is one family that writes, another that reads, and who works for them.
type hand struct {
	load                                          *load
	first                                         int // of its stories
	writer, reader, worker, other, lead, manager  *face
	exchange, from, to, author, reader1, workerID string
	kinds                                         func() []func(*hand) (*story, error)
}

// newHand gives somebody who writes to somebody, by their keys in the demo.
func newHand(t *testing.T, l *load, writer, reader, worker, other string) *hand {
	t.Helper()
	h := &hand{load: l, writer: l.faces[writer], reader: l.faces[reader], worker: l.faces[worker], other: l.faces[other],
		lead: l.faces["ruth"], manager: l.faces["judith"], kinds: everyLetter}
	h.author, h.reader1, h.workerID = l.account(t, writer), l.account(t, reader), l.account(t, other)
	must(t, l.admin.QueryRow(t.Context(), `select s.exchange_id, s.id, o.id from side_member m
		join side s on s.id = m.side_id join side o on o.exchange_id = s.exchange_id and o.id <> s.id
		join side_member r on r.side_id = o.id where m.person_id = $1 and r.person_id = $2`, h.author, h.reader1).Scan(&h.exchange, &h.from, &h.to))
	return h
}

// account finds who somebody is: whose session it is that they begin.
func (l *load) account(t *testing.T, key string) (id string) {
	t.Helper()
	rows, err := l.admin.Query(t.Context(), `select id from session`)
	must(t, err)
	before, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	f := l.faces[key]
	must(t, f.signIn(f.now))
	must(t, l.admin.QueryRow(t.Context(), `select account_id from session where id <> all($1)`, before).Scan(&id))
	return id
}

// clerk does what is not about letters.
func clerk(t *testing.T, l *load, person string) *hand {
	t.Helper()
	h := &hand{load: l, worker: l.faces["owen"], manager: l.faces["judith"], author: l.account(t, person)}
	h.kinds = func() []func(*hand) (*story, error) {
		return []func(*hand) (*story, error){(*hand).suspension, (*hand).recovery}
	}
	return h
}

// everyLetter is the stories of letters: together they come through every state
// that is not the clock's.
func everyLetter() []func(*hand) (*story, error) {
	return []func(*hand) (*story, error){(*hand).opened, (*hand).returned, (*hand).held, (*hand).refused, (*hand).handedBack,
		(*hand).keptByLead, (*hand).kept, (*hand).withdrawn, (*hand).recalled, (*hand).undeliverable, (*hand).message, (*hand).onPaper, (*hand).takenOver}
}

// telling is a story of one letter while it is made up.
type telling struct {
	*hand
	*story
	draft, letter, delivery string
}

func (h *hand) begin(kind string) *telling {
	return &telling{hand: h, story: &story{kind: kind}}
}

func (t *telling) then(name string, do func() (page, error), after func() error) *telling {
	t.acts = append(t.acts, act{name, http.StatusSeeOther, do, after})
	return t
}

// is notes that the story's statements are about an object, too.
func (t *telling) is(id string) {
	t.load.mu.Lock()
	defer t.load.mu.Unlock()
	t.objects = append(t.objects, id)
}

// find looks an id up.
func (t *telling) find(into *string, sql string, args ...any) error {
	return t.load.admin.QueryRow(t.load.asking(), sql, args...).Scan(into)
}

const words = "The swallows are back under the roof. "

// sends writes a letter and sends it.
func (t *telling) sends() *telling {
	t.then("write", func() (page, error) {
		p, err := t.writer.post("/write/"+t.from, "text", words+t.kind)
		t.drafted(p)
		return p, err
	}, nil)
	return t.hands()
}

// drafted notes which draft a page has gone to.
func (t *telling) drafted(p page) {
	if draft, _, _ := strings.Cut(strings.TrimPrefix(p.to, "/draft/"), "?"); p.status == http.StatusSeeOther {
		t.draft, t.letter = draft, "lt"+draft[2:]
	}
}

// hands sends the draft.
func (t *telling) hands() *telling {
	began := false
	return t.then("send", func() (page, error) {
		if !began { // a try without an answer may have sent it
			began = true
			t.is(t.letter)
		}
		return t.writer.post("/draft/"+t.draft+"/send", "version", "1")
	}, nil)
}

// reads claims a letter and reads it.
func (t *telling) reads(by *face) *telling {
	t.then("claim", func() (page, error) { return by.post("/letter/" + t.letter + "/claim") }, nil)
	t.acts = append(t.acts, act{"read", http.StatusOK, func() (page, error) { return by.get("/letter/" + t.letter) }, nil})
	return t
}

// decides presses a button of the letter's page.
func (t *telling) decides(name string, by *face, fields ...string) *telling {
	return t.then(name, func() (page, error) {
		return by.post("/letter/"+t.letter+"/"+name, append(fields, "note", "nothing to worry about", "exchange", t.exchange)...)
	}, nil)
}

// passes passes a letter on.
func (t *telling) passes(by *face) *telling {
	t.decides("pass", by)
	t.acts[len(t.acts)-1].after = func() error {
		err := t.find(&t.delivery, `select id from delivery where letter_id = $1`, t.letter)
		if err == nil {
			t.is(t.delivery)
		}
		return err
	}
	return t
}

// comes does something with a letter that came.
func (t *telling) comes(name string) *telling {
	return t.then(name+" what came", func() (page, error) { return t.reader.post("/letter/" + t.delivery + "/" + name) }, nil)
}

func (t *telling) told() (*story, error) { return t.story, nil }

func (h *hand) opened() (*story, error) {
	return h.begin("opened").sends().reads(h.worker).passes(h.worker).comes("keep").comes("open").told()
}

func reasons() []string {
	return []string{"do", "send", "reason", "identifying", "words", "Leave out the street."}
}

func (h *hand) returned() (*story, error) {
	t := h.begin("returned").sends().reads(h.worker).decides("return", h.worker, reasons()...)
	t.then("rewrite", func() (page, error) {
		was := t.objects[0]
		p, err := t.writer.post("/sent/" + was + "/rewrite")
		t.drafted(p)
		return p, err
	}, nil)
	return t.hands().reads(h.other).passes(h.other).comes("open").told()
}

func (h *hand) held() (*story, error) {
	day := calendar.AddWorkingDays(calendar.Today(time.Now()), 3)
	return h.begin("held").sends().reads(h.worker).
		decides("hold", h.worker, "until-day", strconv.Itoa(day.Day()), "until-month", strconv.Itoa(int(day.Month())), "until-year", strconv.Itoa(day.Year())).
		reads(h.worker).passes(h.worker).told()
}

func (h *hand) refused() (*story, error) {
	t := h.begin("refused").sends().reads(h.worker).decides("refuse", h.worker, reasons()...)
	t.then("second opinion", func() (page, error) { return t.writer.post("/sent/" + t.letter + "/again") }, nil)
	return t.reads(h.other).decides("keep", h.other).told()
}

// refers gives a letter to the safeguarding lead, who reads it and does something.
func (t *telling) refers(then string) *telling {
	t.decides("escalate", t.worker, "concern", "It worries me.")
	t.acts = append(t.acts, act{"read a referral", http.StatusOK, func() (page, error) { return t.lead.get("/referral/" + t.letter) }, nil})
	return t.then(then, func() (page, error) { return t.lead.post("/referral/"+t.letter+"/"+then, "note", "I rang them.") }, nil)
}

func (h *hand) handedBack() (*story, error) {
	return h.begin("handed back").sends().reads(h.worker).refers("hand-back").reads(h.other).passes(h.other).told()
}

func (h *hand) keptByLead() (*story, error) {
	return h.begin("kept by the lead").sends().reads(h.worker).refers("keep").told()
}

func (h *hand) kept() (*story, error) {
	return h.begin("kept").sends().reads(h.worker).decides("keep", h.worker).told()
}

func (h *hand) withdrawn() (*story, error) {
	t := h.begin("withdrawn").sends()
	return t.then("withdraw", func() (page, error) { return t.writer.post("/sent/" + t.letter + "/withdraw") }, nil).told()
}

func (h *hand) recalled() (*story, error) {
	return h.begin("recalled").sends().reads(h.worker).passes(h.worker).decides("recall", h.worker).decides("restore", h.worker).
		comes("open").told()
}

func (h *hand) undeliverable() (*story, error) {
	return h.begin("undeliverable").sends().reads(h.worker).passes(h.worker).decides("undeliverable", h.worker).
		reads(h.other).decides("keep", h.other).told()
}

func (h *hand) message() (*story, error) {
	t, id := h.begin("message"), ""
	// Nobody tells the agency something more than a few times a day: for the database it was long ago.
	if _, err := h.load.admin.Exec(h.load.asking(), `update message set sent_at = sent_at - interval '2 days', sent_on = sent_on - 2
		where person_id = $1 and sent_on > current_date - 2`, h.author); err != nil {
		return nil, err
	}
	before, err := h.messages([]string{})
	if err != nil {
		return nil, err
	}
	text := "We are moving. " + rand.Text()
	t.then("tell", func() (page, error) { return t.writer.post("/side/"+t.from+"/tell", "message", text) }, func() error {
		made, err := h.messages(before)
		if err == nil && len(made) != 1 {
			err = fmt.Errorf("%d messages were made by telling one", len(made))
		}
		if err == nil {
			id = made[0]
			t.is(id)
		}
		return err
	})
	t.acts = append(t.acts, act{"read a message", http.StatusOK, func() (page, error) { return t.worker.get("/message/" + id) }, nil})
	t.then("answer", func() (page, error) {
		return t.worker.post("/message/"+id+"/answer", "text", "Thank you for telling us.")
	}, func() error {
		answer := ""
		err := t.find(&answer, `select id from message where answers = $1`, id)
		if err == nil {
			t.is(answer)
		}
		return err
	})
	return t.told()
}

// messages are what the writer has told, but for some.
func (h *hand) messages(but []string) ([]string, error) {
	rows, err := h.load.admin.Query(h.load.asking(), `select id from message where person_id = $1 and by_worker is null and id <> all($2)`, h.author, but)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (h *hand) onPaper() (*story, error) {
	t := h.begin("on paper")
	t.letter = string(letterbox.NewLetterID())
	t.objects = []string{t.letter}
	var scan bytes.Buffer
	if err := png.Encode(&scan, image.NewGray(image.Rect(0, 0, 62, 88))); err != nil {
		return nil, err
	}
	today := calendar.Today(time.Now())
	fields := []string{"author", t.from + " " + t.author, "letter", t.letter, "text", words + t.kind, "came-day", strconv.Itoa(today.Day()),
		"came-month", strconv.Itoa(int(today.Month())), "came-year", strconv.Itoa(today.Year())}
	t.then("record", func() (page, error) {
		return t.worker.ask(func(v visitor) (page, error) {
			return t.load.front.upload(v, "/exchange/"+t.exchange+"/paper", "scan", scan.Bytes(), append(fields, "form-token", v.form))
		})
	}, nil)
	return t.reads(h.other).passes(h.other).told()
}

// takenOver: the manager takes a claimed letter away and gives it to a colleague.
func (h *hand) takenOver() (*story, error) {
	t := h.begin("taken over").sends().reads(h.worker)
	t.then("take away", func() (page, error) { return t.manager.post("/letter/" + t.letter + "/take-away") }, nil)
	t.then("give", func() (page, error) { return t.manager.post("/letter/"+t.letter+"/give", "worker", t.workerID) }, nil)
	t.acts = append(t.acts, act{"read", http.StatusOK, func() (page, error) { return t.other.get("/letter/" + t.letter) }, nil})
	return t.passes(h.other).told()
}

// coded presses a button that asks for a one-time code.
func (f *face) coded(path string, fields ...string) (page, error) {
	return f.ask(func(v visitor) (page, error) {
		f.codes.Lock()
		defer f.codes.Unlock()
		digits, err := f.code()
		if err != nil {
			return page{}, err
		}
		return f.load.front.post(v, path, append(slices.Clone(fields), "code", digits)...)
	})
}

// suspension keeps somebody out and lets them in again. A statement has its time
// in seconds, and the same one twice is one: it begins in a second of its own.
func (h *hand) suspension() (*story, error) {
	<-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	t := h.begin("suspension")
	t.objects = []string{h.author}
	for _, name := range []string{"suspend", "lift"} {
		t.then(name, func() (page, error) { return t.manager.coded("/person/" + t.author + "/" + name) }, nil)
	}
	return t.told()
}

func (h *hand) recovery() (*story, error) {
	t, id := h.begin("recovery"), ""
	t.objects = []string{h.author}
	t.then("start", func() (page, error) {
		p, err := t.worker.coded("/person/"+t.author+"/recover", "identity", "callBack")
		if err == nil && p.status == http.StatusConflict && t.find(&id, openRecovery, t.author) == nil {
			p.status = http.StatusSeeOther // it was started by a try without an answer
		}
		return p, err
	}, func() error { return t.find(&id, openRecovery, t.author) })
	t.then("stop", func() (page, error) { return t.manager.post("/recovery/" + id + "/stop") }, nil)
	return t.told()
}

const openRecovery = `select id from recovery where account_id = $1 and ended_at is null`

// upload sends a form with a file.
func (s *running) upload(v visitor, path, name string, file []byte, fields []string) (page, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			return page{}, err
		}
	}
	part, err := w.CreateFormFile(name, "scan.png")
	if err != nil {
		return page{}, err
	}
	if _, err := part.Write(file); err != nil {
		return page{}, err
	}
	if err := w.Close(); err != nil {
		return page{}, err
	}
	return s.askWith(v, http.MethodPost, path, w.FormDataContentType(), &body, nil)
}
