package desk_test

import (
	"encoding/binary"
	"flag"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/studio/studiotest"
	"gatepost/letterbox"
	"gatepost/letterbox/photo/phototest"
	"gatepost/letterbox/voice/voicetest"
	"gatepost/web/webtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	postgrestest.Main(m)
}

// desk is a worker at their browser, with an exchange between two people who
// can write.
type desk struct {
	*webtest.Site
	*webtest.Browser
	exchange        letterbox.ExchangeID
	birth, adoptive string // persons
	writer, reader  authz.Actor
}

// openDesk makes one. The worker is signed in.
func openDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Site: webtest.New(t)}
	d.exchange, d.birth, d.adoptive = d.OpenExchange(t)
	_, d.writer = d.NewPerson(t, d.birth)
	_, d.reader = d.NewPerson(t, d.adoptive)
	d.Browser = d.as(t, &d.WorkerLogin)
	return d
}

// as is another worker's browser, signed in.
func (d *desk) as(t *testing.T, l *accounttest.Login) *webtest.Browser {
	t.Helper()
	b := d.Site.Worker(t)
	b.SignIn(d.Site, l)
	return b
}

// send has the birth mother send a letter.
func (d *desk) send(t *testing.T, text string) string {
	t.Helper()
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	draft, err := d.Families.NewDraft(t.Context(), d.writer, inbox.Sides[0].Side, text)
	must(t, err)
	id, err := d.Families.Send(t.Context(), d.writer, draft, 1)
	must(t, err)
	return string(id)
}

// addPhoto puts a photo into a draft.
func (d *desk) addPhoto(t *testing.T, actor authz.Actor, draft letterbox.DraftID) {
	t.Helper()
	place, err := d.Families.PhotoPlace(t.Context(), actor, draft)
	must(t, err)
	defer place.Leave()
	must(t, d.Families.AddPhoto(t.Context(), actor, draft, place,
		phototest.JPEG(phototest.Scene(320, 240), phototest.Exif(phototest.Everything(binary.BigEndian)))))
}

// addRecording puts a recording into a draft.
func (d *desk) addRecording(t *testing.T, actor authz.Actor, draft letterbox.DraftID) {
	t.Helper()
	place, err := d.Families.RecordingPlace(t.Context(), actor, draft)
	must(t, err)
	defer place.Leave()
	must(t, d.Families.AddRecording(t.Context(), actor, draft, place, voicetest.Sine(2)))
}

// read claims a letter and opens it.
func (d *desk) read(t *testing.T, id string) webtest.Answer {
	t.Helper()
	return d.Get("/desk").Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}

// token is the form token of a browser's session, as any page holds it.
func token(t *testing.T, b *webtest.Browser) string {
	t.Helper()
	return b.Get("/help").Doc().All("input[name=form-token]")[0].Attr("value")
}

// post sends a form with the right token and nothing else that a page put there.
func post(t *testing.T, b *webtest.Browser, path string, fields ...string) webtest.Answer {
	t.Helper()
	form := url.Values{"form-token": {token(t, b)}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.Post(path, form)
}

// count asks the database, past all policies.
func (d *desk) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	must(t, d.Database.Admin().QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// onHold is a worker who has a second step and waits for the manager's call.
func (d *desk) onHold(t *testing.T, name string) accounttest.Login {
	t.Helper()
	paper, err := d.World.Staff.InviteWorker(t.Context(), d.Manager, name, accounttest.Fact)
	must(t, err)
	l := d.Enrol(t, d.Home.ID, true, paper)
	d.SetTOTP(t, d.Home.ID, true, &l)
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holding finds somebody who waits.
func (d *desk) holding(t *testing.T, who authz.Actor, id string) account.Holding {
	t.Helper()
	list, err := d.World.Staff.OnHold(t.Context(), who)
	must(t, err)
	for _, h := range list {
		if h.ID == id {
			return h
		}
	}
	t.Fatal("nobody of that id waits")
	return account.Holding{}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}
