package intermediary_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/statement"
	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/picture"
)

// passport is a picture as far as anybody looks at it.
var passport = append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("made up "), 400)...)

func scanOf(c intermediarytest.Case, was int) intermediary.NewScan {
	return intermediary.NewScan{Application: c.ID, What: "passport, the page with the photograph", Picture: passport, Was: was}
}

func scansOf(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) intermediary.Scans {
	t.Helper()
	scans, err := w.Cases.Scans(t.Context(), w.Colleague, c.ID)
	need(t, err)
	return scans
}

// The copy of a document is the case's alone, and each look at it is in the log
// before it is shown.
func TestNMS_Scan(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "AP>REL")
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)))
	if n := count(t, w, `select count(*) from casework where kind = 'identity' and id = $1 and application_id = $1 and file is null and to_node = 'case/' || $1
		and (part = 'scanned' and shed_on is null or part = 'scan' and shed_on = current_date + 180) and destroyed_on is null`, string(c.ID)); n != 2 {
		t.Errorf("%d rows of a copy", n)
	}
	scans := scansOf(t, w, c)
	if len(scans.List) != 1 || scans.Missing {
		t.Fatalf("the list: %+v", scans)
	}
	if s := scans.List[0]; s.Version != 1 || s.What != scanOf(c, 0).What || s.ByName != "Elowen Trease" || s.Unread || !s.DestroyedOn.IsZero() || s.GoesOn.IsZero() {
		t.Errorf("the copy: %+v", s)
	}
	looks := func() int {
		return count(t, w, `select count(*) from audit_body where position(convert_to($1, 'UTF8') in body) > 0`,
			fmt.Sprintf("event access\nobject %s\npart scan\n", c.ID))
	}
	if looks() != 0 {
		t.Error("a look that nobody took")
	}
	content, kind, err := w.Cases.Scan(ctx, w.Manager, c.ID, 1)
	need(t, err)
	if kind != "image/jpeg" || !bytes.Equal(content, passport) || looks() != 1 {
		t.Errorf("%s of %d bytes, %d looks in the log", kind, len(content), looks())
	}
	tamper(t, w, `update casework set sealed = set_byte(sealed, octet_length(sealed) - 5, get_byte(sealed, octet_length(sealed) - 5) # 1) where part = 'scan'`)
	_, _, err = w.Cases.Scan(ctx, w.Colleague, c.ID, 1)
	wants(t, "a changed picture", err, fault.Sealed)
	if looks() != 2 {
		t.Error("a look that failed is not in the log")
	}
	_, _, err = w.Cases.Scan(ctx, w.Colleague, c.ID, 2)
	wants(t, "no such copy", err, fault.NotFound)

	// The applicant has the key of their file, and sees nothing of it.
	_, applicant := w.Join(t, string(c.ID), "applicant")
	var seen int
	conn := w.Database.Conn("gatepost_public")
	tx, err := conn.Begin(ctx)
	need(t, err)
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', 'oak', true), set_config('gatepost.account', $1, true)`, applicant.Account())
	need(t, err)
	need(t, tx.QueryRow(ctx, `select count(*) from casework where kind = 'identity'`).Scan(&seen))
	need(t, tx.Rollback(ctx))
	if seen != 0 {
		t.Errorf("the applicant's role sees %d rows of copies", seen)
	}
}

func TestScan_Refused(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "AP>REL")
	_, letterbox := w.NewWorker(t, "Loveday Hicks", authz.LetterboxWorker)
	large := append(bytes.Clone(passport), make([]byte, picture.Most)...)
	for name, tt := range map[string]struct {
		change func(n *intermediary.NewScan)
		by     authz.Actor
		want   fault.Kind
	}{
		"not said what":      {func(n *intermediary.NewScan) { n.What = " " }, w.CaseWorker, fault.Invalid},
		"two lines":          {func(n *intermediary.NewScan) { n.What = "a\nb" }, w.CaseWorker, fault.Invalid},
		"nothing":            {func(n *intermediary.NewScan) { n.Picture = nil }, w.CaseWorker, fault.Invalid},
		"a page":             {func(n *intermediary.NewScan) { n.Picture = []byte("<html><script>") }, w.CaseWorker, fault.Invalid},
		"too large":          {func(n *intermediary.NewScan) { n.Picture = large }, w.CaseWorker, fault.Invalid},
		"no id":              {func(n *intermediary.NewScan) { n.Application = intermediary.ApplicationID(c.Subject) }, w.CaseWorker, fault.NotFound},
		"no such case":       {func(n *intermediary.NewScan) { n.Application = "apaaaaaaaaaaaaaaaaaaaa" }, w.CaseWorker, fault.NotFound},
		"a letterbox worker": {func(*intermediary.NewScan) {}, letterbox, fault.Forbidden},
		"a version to come":  {func(n *intermediary.NewScan) { n.Was = 40 }, w.CaseWorker, fault.Conflict},
	} {
		n := scanOf(c, 0)
		tt.change(&n)
		wants(t, name, w.Cases.AddScan(ctx, tt.by, n), tt.want)
	}
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)))
	wants(t, "two clicks", w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)), fault.Conflict)
	_, err := w.Cases.Scans(ctx, letterbox, c.ID)
	wants(t, "a letterbox worker's list", err, fault.Forbidden)
	_, _, err = w.Cases.Scan(ctx, letterbox, c.ID, 1)
	wants(t, "a letterbox worker's look", err, fault.Forbidden)
	need(t, w.Cases.EndCase(ctx, w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "done", Letter: "It has ended."}))
	wants(t, "after the end", w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 1)), fault.Conflict)
}

// aged makes the copies of a case that many days older than they are.
func aged(t *testing.T, w *intermediarytest.World, c intermediarytest.Case, days int) {
	t.Helper()
	tamper(t, w, `update casework set created = created - $2::int, shed_on = shed_on - $2::int where id = $1 and kind = 'identity'`, string(c.ID), days)
}

// settled makes two workers have settled that many days ago who the applicant is.
func settled(t *testing.T, w *intermediarytest.World, c intermediarytest.Case, days int) {
	t.Helper()
	w.State(t, string(c.ID), "idVerified=yes")
	tamper(t, w, `update audit_body b set at = b.at - make_interval(days => $2::int) from fact f where f.leaf = b.leaf and f.on_id = $1 and f.name = 'idVerified'`, string(c.ID), days)
}

// A copy goes by rule and not before: 28 days after it was settled or the case
// has ended, and after half a year whatever else is so (UK GDPR 5(1)(e)).
func TestGDPR5_Shed(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	ended := func(c intermediarytest.Case, days int) {
		need(t, w.Cases.EndCase(ctx, w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "done", Letter: "It has ended."}))
		tamper(t, w, `update application set ended_on = current_date - $2::int where id = $1`, string(c.ID), days)
	}
	for name, tt := range map[string]struct {
		since func(c intermediarytest.Case)
		goes  bool
	}{
		"just added":                  {func(intermediarytest.Case) {}, false},
		"half a year less a day":      {func(c intermediarytest.Case) { aged(t, w, c, 179) }, false},
		"half a year":                 {func(c intermediarytest.Case) { aged(t, w, c, 180) }, true},
		"settled today":               {func(c intermediarytest.Case) { aged(t, w, c, 60); settled(t, w, c, 0) }, false},
		"settled 27 days ago":         {func(c intermediarytest.Case) { aged(t, w, c, 60); settled(t, w, c, 27) }, false},
		"settled 28 days ago":         {func(c intermediarytest.Case) { aged(t, w, c, 60); settled(t, w, c, 28) }, true},
		"settled long before it came": {func(c intermediarytest.Case) { aged(t, w, c, 27); settled(t, w, c, 90) }, false},
		"settled, and not any more": {func(c intermediarytest.Case) {
			aged(t, w, c, 60)
			settled(t, w, c, 28)
			w.State(t, string(c.ID), "idVerified=no")
		}, false},
		"one worker's word, 28 days ago": {func(c intermediarytest.Case) { aged(t, w, c, 60); oneWord(t, w, c) }, false},
		"ended 27 days ago":              {func(c intermediarytest.Case) { aged(t, w, c, 60); ended(c, 27) }, false},
		"ended 28 days ago":              {func(c intermediarytest.Case) { aged(t, w, c, 60); ended(c, 28) }, true},
	} {
		c := w.Open(t, "AP>REL")
		need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)))
		tt.since(c)
		before := scansOf(t, w, c).List[0]
		need(t, w.Cases.ShedScans(ctx, "oak"))
		s := scansOf(t, w, c)
		if got := !s.List[0].DestroyedOn.IsZero(); got != tt.goes || s.List[0].Unread || s.Missing || s.List[0].What != scanOf(c, 0).What {
			t.Errorf("%s: destroyed %t, %+v", name, got, s)
		}
		var today time.Time
		need(t, w.Rows.QueryRow(ctx, `select current_date`).Scan(&today))
		if before.GoesOn.After(today) == tt.goes {
			t.Errorf("%s: the page says that it goes on %s", name, before.GoesOn)
		}
		if left := count(t, w, `select octet_length(sealed) from casework where id = $1 and part = 'scan'`, string(c.ID)); (left == 0) != tt.goes {
			t.Errorf("%s: %d bytes are left", name, left)
		}
	}
}

func oneWord(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
	t.Helper()
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, intermediary.NewFact{On: string(c.ID), Name: "idVerified", Value: "yes", Why: "seen", Said: intermediary.SaidFact}))
	tamper(t, w, `update audit_body b set at = b.at - interval '28 days' from fact f where f.leaf = b.leaf and f.on_id = $1`, string(c.ID))
}

// What is left of a copy: the row, what it showed, and two entries of the log.
// It is destroyed once, whoever's clock comes first, and again after a restore.
func TestGDPR5_ShedOnce(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "AP>REL")
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)))
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 1)))
	var kept []byte
	need(t, w.Rows.QueryRow(ctx, `select sealed from casework where part = 'scan' and version = 1`).Scan(&kept))
	tamper(t, w, `update casework set created = created - 180, shed_on = shed_on - 180 where part = 'scan' and version = 1`)
	destroyed := func() int {
		return count(t, w, `select count(*) from audit_body where position(convert_to($1, 'UTF8') in body) > 0`, fmt.Sprintf("event destroy\nobject %s\npart scan\n", c.ID))
	}
	slowErr, fastErr := overtake(t, w, "shed", func(s *intermediary.Service) error { return s.ShedScans(ctx, "oak") }, func() error { return w.Cases.ShedScans(ctx, "oak") })
	need(t, slowErr)
	need(t, fastErr)
	need(t, w.Cases.ShedScans(ctx, "oak"))
	if destroyed() != 1 {
		t.Errorf("destroyed %d times", destroyed())
	}
	var body []byte
	need(t, w.Rows.QueryRow(ctx, `select b.body from casework w join audit_body b on b.leaf = w.destroyed_leaf where w.part = 'scan' and w.version = 1`).Scan(&body))
	st, err := w.Home.Verify(ctx, w.StaffDB, body)
	need(t, err)
	if st.Event != statement.EventDestroy || st.Version != 1 || len(st.Refs) != 1 || strings.Join(st.Signers(), " ") != "oak/registrar" {
		t.Errorf("stated: %+v", st)
	}
	_, _, err = w.Cases.Scan(ctx, w.Colleague, c.ID, 1)
	wants(t, "a look at what was destroyed", err, fault.Conflict)
	if _, _, err = w.Cases.Scan(ctx, w.Colleague, c.ID, 2); err != nil {
		t.Errorf("the other copy: %v", err)
	}
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 2)))

	// A backup from before brings the bytes back; the clock takes them again.
	tamper(t, w, `update casework set sealed = $1, destroyed_on = null, destroyed_leaf = null where part = 'scan' and version = 1`, kept)
	w.Clock.Advance(time.Minute)
	need(t, w.Cases.ShedScans(ctx, "oak"))
	if s := scansOf(t, w, c); len(s.List) != 3 || s.List[0].DestroyedOn.IsZero() || s.List[0].Unread || s.Missing || !s.List[1].DestroyedOn.IsZero() || destroyed() != 2 {
		t.Errorf("after a restore: %+v", s)
	}
}

// Nobody destroys a copy but the clock on its day, and nobody takes one away
// without its being seen.
func TestScan_ChangedRows(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "AP>REL")
	for n := range 2 {
		need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, n)))
	}
	worker := w.CaseWorker.Account()
	leaf := `(select leaf from casework where id = '` + string(c.ID) + `' and part = 'scan' and version = 1)`
	columns := `insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf, shed_on) values ('oak', '` + string(c.ID) + `', `
	rest := `, 'identity', '` + string(c.ID) + `', 'worker/` + worker + `', 'case/` + string(c.ID) + `', '\x01', ` + leaf + `, ` + leaf + `, `
	for name, tt := range map[string]struct{ sql, want string }{
		"emptied by hand":          {`update casework set sealed = '' where part = 'scan'`, "42501"},
		"deleted by hand":          {`delete from casework where part = 'scan'`, "42501"},
		"before its day":           {`select shed_scan('` + string(c.ID) + `', 1, ` + leaf + `)`, "GP409"},
		"what it showed":           {`select shed_scan('` + string(c.ID) + `', 1, ` + leaf + `) from casework where part = 'scanned' limit 1`, "GP409"},
		"kept for longer":          {columns + `'scan', 3` + rest + `current_date + 181)`, "scan_days"},
		"kept for ever":            {columns + `'scan', 3` + rest + `null)`, "casework_shed"},
		"a copy too many":          {columns + `'scan', 41` + rest + `current_date + 1)`, "scan_many"},
		"a note that is destroyed": {columns + `'scanned', 3` + rest + `current_date + 1)`, "casework_shed"},
		"under another part":       {columns + `'scans', 3` + rest + `null)`, "casework_identity"},
	} {
		if code, constraint := asStaff(t, w, worker, tt.sql); code != tt.want && constraint != tt.want {
			t.Errorf("%s: %s %s, want %s", name, code, constraint, tt.want)
		}
	}
	tamper(t, w, `update casework set sealed = '', destroyed_on = current_date, destroyed_leaf = leaf where part = 'scan' and version = 1`)
	if s := scansOf(t, w, c); !s.List[0].Unread || s.List[1].Unread {
		t.Errorf("emptied by nobody's word: %+v", s)
	}
	tamper(t, w, `delete from casework where part = 'scan' and version = 2`)
	if s := scansOf(t, w, c); !s.Missing || len(s.List) != 1 {
		t.Errorf("taken away: %+v", s)
	}
	tamper(t, w, `delete from casework where kind = 'identity'`)
	if s := scansOf(t, w, c); !s.Missing || len(s.List) != 0 {
		t.Errorf("all taken away: %+v", s)
	}
}
