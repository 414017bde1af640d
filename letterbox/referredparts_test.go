package letterbox_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// A worry reaches the safeguarding lead whatever the store of large parts does: with
// the photos that it gives, and with a word about those that it does not.
func TestEscalate_Store(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	var said strings.Builder
	p.Desk = p.Desk.WithLog(slog.New(slog.NewTextHandler(io.MultiWriter(&said, t.Output()), nil)))
	lead := p.newStaff("Ines Calder", authz.SafeguardingLead)
	worried := func(what string, letter letterbox.LetterID, incomplete bool, sealed ...bool) {
		t.Helper()
		must(t, p.Desk.Escalate(ctx, p.Worker, letter, "a child who is not well"))
		text, err := p.Desk.Referred(ctx, lead, letter)
		must(t, err)
		if text.Concern != "a child who is not well" || text.Text == "" || text.Incomplete != incomplete || len(text.Photos) != len(sealed) {
			t.Errorf("%s: the lead reads %+v", what, text)
		}
		for i, want := range sealed {
			if text.Photos[i].Sealed != want {
				t.Errorf("%s: photo %d is with the lead: %v", what, i+1, !want)
			}
		}
	}
	letter, photos := p.deskOf(2)
	p.gate.Stop()
	worried("away", letter, true, false, false)
	p.gate.Start()
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.gate.Forbid("s3:GetObject", p.placeOf(sqlPicture, photos[0].ID).Key)
	worried("one is forbidden", letter, true, false, true)
	p.gate.Forbid("")
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	worried("there again", letter, false, true, true)
	if !strings.Contains(said.String(), "it is referred without") || strings.Contains(said.String(), "ALARM") {
		t.Errorf("the log says %s", said.String())
	}

	// A store that takes the question and never answers.
	letter, _ = p.deskOf(1)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	at := p.gate.Staff
	var err error
	at.Endpoint, err = url.Parse(silent.URL)
	must(t, err)
	p.Desk = p.Desk.WithParts(p.gate.Open(at))
	worried("silent", letter, true, false)
}
