package intermediary_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

func disclose(t *testing.T, w *intermediarytest.World, items ...string) ([]string, error) {
	t.Helper()
	w.Clock.Advance(10 * time.Minute) // however many codes were asked for before
	return w.Cases.Disclose(t.Context(), w.CaseWorker, items, w.Code(t, &w.CaseLogin))
}

// wasGiven counts the disclosures that are there with everything that belongs to one.
func wasGiven(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) int {
	t.Helper()
	return count(t, w, `select count(*) from disclosure d join evaluation e on e.id = d.evaluation_id and e.act = 'disclose' and e.item_id = d.item_id
		join casework p on p.id = d.id and p.part = 'pack' and p.file = d.application_id and p.leaf = d.leaf
		join audit_body a on a.leaf = d.leaf join audit_body b on b.leaf = e.leaf where d.subject_id = $1`, string(c.Subject))
}

func TestISR7_Disclose(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for pair, kind := range map[string]string{"REL>AP": "name", "AP>REL": "address", "PR>REL": "photo"} {
		c, item := w.ReadyToGive(t, pair, kind)
		code := w.Code(t, &w.CaseLogin)
		ids, err := w.Cases.Disclose(ctx, w.CaseWorker, []string{item}, code)
		need(t, err)
		again, err := w.Cases.Disclose(ctx, w.CaseWorker, []string{item}, code) // the second of two clicks
		need(t, err)
		if len(ids) != 1 || len(again) != 1 || ids[0] != again[0] || wasGiven(t, w, c) != 1 {
			t.Errorf("%s: given %v, then %v, and %d on record", pair, ids, again, wasGiven(t, w, c))
		}
		wants(t, "new words for what was given", w.Cases.AmendItem(ctx, w.CaseWorker, intermediary.Amendment{Item: item, Was: 1, Words: "x", Ground: "x", From: "x"}), fault.Conflict)
		wants(t, "refusing what was given", refuse(ctx, w, item), fault.Conflict)
	}
}

func refuse(ctx context.Context, w *intermediarytest.World, of string) error {
	_, _, err := w.Cases.Refuse(ctx, w.CaseWorker, intermediary.Refusal{Of: of, Reasons: "it would do harm", Letter: "We cannot give you more than you have."})
	return err
}

// What the law refuses is refused whole, and the answer is on record with its row.
func TestISR7_DiscloseRefused(t *testing.T) {
	w := intermediarytest.New(t)
	tests := map[string]struct {
		change func(c intermediarytest.Case, item string)
		row    string
	}{
		"withdrawn":         {func(c intermediarytest.Case, _ string) { w.Consent(t, c, intermediary.ConsentWithdrawn) }, "b09"},
		"to something else": {func(c intermediarytest.Case, _ string) { w.Consent(t, c, intermediary.ConsentYes, "letters") }, "b11"},
		"not met":           {func(c intermediarytest.Case, _ string) { w.State(t, string(c.ID), "met=no") }, "b05"},
		"not verified":      {func(c intermediarytest.Case, _ string) { w.State(t, string(c.ID), "idVerified=no") }, "b05"},
		"the subject died":  {func(c intermediarytest.Case, _ string) { w.State(t, string(c.Subject), "subjectVital=died") }, "b07"},
		"unsure":            {func(_ intermediarytest.Case, item string) { w.State(t, item, "jigsaw=unsure") }, "b12a"},
		"no counselling":    {func(c intermediarytest.Case, _ string) { w.State(t, string(c.Subject), "cnsl=no") }, "b12b"},
		"a stop": {func(c intermediarytest.Case, _ string) {
			_, err := w.Cases.AskForStop(t.Context(), w.CaseWorker, string(c.Adopted), "she rang, and is afraid")
			need(t, err)
		}, "b06"},
		"a veto": {func(c intermediarytest.Case, _ string) {
			_, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, vetoOf(c))
			need(t, err)
		}, "b06"},
		"new words": {func(c intermediarytest.Case, item string) {
			need(t, w.Cases.AmendItem(t.Context(), w.CaseWorker, intermediary.Amendment{Item: item, Was: 1, Words: "other words", Ground: "g", From: "f"}))
			need(t, w.Cases.CheckItem(t.Context(), w.Manager, item, 2))
		}, "b12a"},
		"not checked again": {func(c intermediarytest.Case, item string) {
			need(t, w.Cases.AmendItem(t.Context(), w.CaseWorker, intermediary.Amendment{Item: item, Was: 1, Words: "other words", Ground: "g", From: "f"}))
			w.State(t, item, "jigsaw=safe")
		}, "b12c"},
	}
	for name, tt := range tests {
		c, item := w.ReadyToGive(t, "REL>AP", "name")
		tt.change(c, item)
		_, err := disclose(t, w, item)
		wants(t, name, err, fault.Conflict)
		refused, ok := errors.AsType[*intermediary.Refused](err)
		if !ok || refused.Item != item || refused.Answer.Row != tt.row || refused.Answer.Permits {
			t.Errorf("%s: %v, want row %s", name, err, tt.row)
		}
		if n := count(t, w, `select count(*) from evaluation where item_id = $1 and row_id = $2 and act = 'asked'`, item, tt.row); n != 1 || wasGiven(t, w, c) != 0 {
			t.Errorf("%s: %d answers on record, %d given", name, n, wasGiven(t, w, c))
		}
	}
}

func TestDisclose_NotByOnePerson(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	wants(t, "a manager", give(ctx, w, w.Manager, item, ""), fault.Forbidden)
	wants(t, "without a code", give(ctx, w, w.CaseWorker, item, ""), fault.Invalid)
	own, err := w.Cases.PrepareItem(ctx, w.Colleague, intermediary.NewItem{Subject: string(c.Subject), Kind: "name", About: "subject", Identifying: true, Words: "w", Ground: "g", From: "f"})
	need(t, err)
	wants(t, "checking one's own words", w.Cases.CheckItem(ctx, w.Colleague, own, 1), fault.Forbidden)
	need(t, w.Cases.CheckItem(ctx, w.CaseWorker, own, 1))
	need(t, w.Cases.CheckItem(ctx, w.CaseWorker, own, 1)) // the second of two clicks
	wants(t, "checking what was checked", w.Cases.CheckItem(ctx, w.Manager, own, 1), fault.Conflict)
	wants(t, "who checked gives it", give(ctx, w, w.CaseWorker, own, w.Code(t, &w.CaseLogin)), fault.Forbidden)
	other, _ := w.ReadyToGive(t, "AP>REL", "photo")
	_, err = disclose(t, w, item, w.Item(t, other, "photo"))
	wants(t, "items of two subjects", err, fault.NotFound)
	_, err = disclose(t, w, item, item)
	wants(t, "an item twice", err, fault.NotFound)
	need(t, func() error { _, err := disclose(t, w, item); return err }())
}

func give(ctx context.Context, w *intermediarytest.World, actor authz.Actor, item, code string) error {
	_, err := w.Cases.Disclose(ctx, actor, []string{item}, code)
	return err
}

// ISR 7(4), OQ10: what is given together is judged together, and once something
// is given the rest is judged anew.
func TestISR7_Jigsaw(t *testing.T) {
	w := intermediarytest.New(t)
	c, first := w.ReadyToGive(t, "AP>REL", "name")
	second := w.Item(t, c, "name")
	_, err := disclose(t, w, first, second)
	wants(t, "the first was judged before the second was there", err, fault.Conflict)
	w.State(t, first, "jigsaw=safe")
	ids, err := disclose(t, w, first, second)
	need(t, err)
	if len(ids) != 2 || wasGiven(t, w, c) != 2 {
		t.Errorf("%v given, %d on record", ids, wasGiven(t, w, c))
	}
	third := w.Item(t, c, "name")
	fourth := w.Item(t, c, "name")
	_, err = disclose(t, w, third)
	need(t, err)
	_, err = disclose(t, w, fourth)
	wants(t, "judged before the third was given", err, fault.Conflict)
	items, released, err := w.Cases.Items(t.Context(), w.Colleague, c.ID)
	need(t, err)
	if len(items) != 4 || len(released) != 3 || !strings.HasPrefix(released[2].Words, "what there is to say") || released[2].Unread {
		t.Errorf("%d items, %+v", len(items), released)
	}
}

// NMS 27.3
func TestNMS27_AgreementFirst(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Ready(t, "AP>REL")
	w.State(t, string(c.Subject), "cnsl=yes")
	w.Consent(t, c, intermediary.ConsentYes, "name")
	item := w.Item(t, c, "name")
	_, err := disclose(t, w, item)
	wants(t, "no agreement", err, fault.Conflict)
	w.Agree(t, c)
	_, err = disclose(t, w, item)
	need(t, err)
}

// ISR 9: what tells nobody who anybody is may be given after a veto, too.
func TestISR9_Background(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := w.ReadyToGive(t, "REL>AP", "background")
	_, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, vetoOf(c))
	need(t, err)
	if got := subjectState(t, w, c); got != "stopped" {
		t.Fatalf("a veto leaves the subject %s", got)
	}
	_, err = disclose(t, w, item)
	need(t, err)
	if got := count(t, w, `select count(*) from disclosure where item_id = $1 and row_id = 'c07'`, item); got != 1 {
		t.Errorf("%d given by c07", got)
	}
	name := w.Item(t, c, "name")
	_, err = disclose(t, w, name)
	wants(t, "a name after a veto", err, fault.Conflict)
}

// A row that says something else than what was signed gives nothing away.
func TestDisclose_TamperedRows(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := w.ReadyToGive(t, "REL>AP", "name")
	w.Consent(t, c, intermediary.ConsentYes, "name", "photo")
	for name, sql := range map[string][2]string{
		"another kind":           {`update item set kind = 'photo' where id = $1`, `update item set kind = 'name' where id = $1`},
		"not identifying":        {`update item set identifying = false, kind = 'background' where id = $1`, `update item set identifying = true, kind = 'name' where id = $1`},
		"about somebody else":    {`update item set about = 'thirdParty' where id = $1`, `update item set about = 'subject' where id = $1`},
		"checked by nobody":      {`update item set check_leaf = (select leaf from audit_body where idx = 1) where id = $1`, `update item set check_leaf = (select b.leaf from audit_body b where convert_from(b.body, 'UTF8') like '%' || $1 || '%part check%') where id = $1`},
		"prepared by a manager":  {`update item set prepared_by = '` + w.ColleagueLogin.ID + `' where id = $1`, `update item set prepared_by = '` + w.CaseLogin.ID + `' where id = $1`},
		"words of an older time": {`update casework set version = 7 where id = $1 and part = 'item'`, `update casework set version = 1 where id = $1 and part = 'item'`},
	} {
		w.Exec(t, `alter table item disable trigger user`)
		w.Exec(t, sql[0], item)
		w.Exec(t, `alter table item enable trigger user`)
		_, err := disclose(t, w, item)
		if err == nil || wasGiven(t, w, c) != 0 {
			t.Errorf("%s: given", name)
		}
		w.Exec(t, `alter table item disable trigger user`)
		w.Exec(t, sql[1], item)
		w.Exec(t, `alter table item enable trigger user`)
	}
	for name, sql := range map[string][2]string{
		"a consent nobody gave": {`update consent set scope = scope || '{address}' where subject_id = $1`, `update consent set scope = array_remove(scope, 'address') where subject_id = $1`},
		"a fact nobody stated":  {`update fact set value = 'incapable' where on_id = $1 and name = 'subjectVital'`, `update fact set value = 'living' where on_id = $1 and name = 'subjectVital'`},
	} {
		w.Exec(t, sql[0], string(c.Subject))
		if _, err := disclose(t, w, item); err == nil || wasGiven(t, w, c) != 0 {
			t.Errorf("%s: given", name)
		}
		w.Exec(t, sql[1], string(c.Subject))
	}
	_, err := disclose(t, w, item)
	need(t, err)
}

// A disclosure fails as a whole: an error at any of its statements leaves
// nothing, neither row nor statement, and afterwards it can be made.
func TestDisclose_FailsWhole(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	w.Join(t, string(c.ID), "applicant")
	w.Exec(t, `create function fails() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$`)
	const rows = `select (select count(*) from casework) + (select count(*) from evaluation) + (select count(*) from disclosure) + (select count(*) from audit_body)`
	before := count(t, w, rows)
	for _, table := range []string{"casework", "evaluation", "disclosure", "audit_body"} {
		for _, when := range []string{"before", "after"} {
			w.Exec(t, `create trigger zz_fails `+when+` insert on `+table+` for each row execute function fails()`)
			_, err := disclose(t, w, item)
			if err == nil {
				t.Errorf("given, though %s failed", table)
			}
			w.Exec(t, `drop trigger zz_fails on `+table)
			if after := count(t, w, rows); after != before {
				t.Errorf("%s %s: %d rows, were %d", when, table, after, before)
			}
		}
	}
	_, err := disclose(t, w, item)
	need(t, err)
}

func TestOpenPack(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	_, subject := w.Join(t, string(c.Subject), "subject")
	ids, err := disclose(t, w, item)
	need(t, err)
	lines, err := w.Files.Packs(ctx, applicant)
	need(t, err)
	if len(lines) != 1 || lines[0].ID != ids[0] || lines[0].Opened || lines[0].File != string(c.ID) {
		t.Fatalf("the list: %+v", lines)
	}
	readings := func() int {
		return count(t, w, `select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object ' || $1 || '%'`, ids[0])
	}
	for range 2 {
		p, err := w.Files.OpenPack(ctx, applicant, ids[0])
		need(t, err)
		if p.Words != "what there is to say: name" || p.Kind != "name" || p.Unread || !p.Opened || readings() != 1 {
			t.Errorf("opened: %+v, %d readings", p, readings())
		}
	}
	w.Clock.Advance(time.Hour)
	_, err = w.Files.OpenPack(ctx, applicant, "dcaaaaaaaaaaaaaaaaaaaa")
	wants(t, "no such pack", err, fault.NotFound)
	_, err = w.Files.OpenPack(ctx, subject, ids[0])
	wants(t, "the subject", err, fault.NotFound)
	if lines, err := w.Files.Packs(ctx, subject); err != nil || len(lines) != 0 {
		t.Errorf("the subject's list: %v, %v", lines, err)
	}
	printed, err := w.Cases.PrintPack(ctx, w.CaseWorker, ids[0])
	need(t, err)
	if printed.Words != "what there is to say: name" {
		t.Errorf("printed: %+v", printed)
	}
	today := w.Clock.Now()
	wants(t, "a receipt of what was not posted", w.Cases.MarkReceived(ctx, w.CaseWorker, ids[0], today), fault.Conflict)
	for range 2 {
		need(t, w.Cases.MarkPosted(ctx, w.CaseWorker, ids[0]))
	}
	wants(t, "a receipt of the day before", w.Cases.MarkReceived(ctx, w.CaseWorker, ids[0], today.AddDate(0, 0, -1)), fault.Invalid)
	wants(t, "a receipt of tomorrow", w.Cases.MarkReceived(ctx, w.CaseWorker, ids[0], today.AddDate(0, 0, 1)), fault.Invalid)
	for range 2 {
		need(t, w.Cases.MarkReceived(ctx, w.CaseWorker, ids[0], today))
	}
	if printed, err = w.Cases.PrintPack(ctx, w.CaseWorker, ids[0]); err != nil || !printed.PostedOn.Equal(calendar.Today(today)) || !printed.ReceivedOn.Equal(printed.PostedOn) {
		t.Errorf("printed again: %+v, %v", printed, err)
	}
	if n := count(t, w, `select count(*) from casework where id = $1 and part = 'posted'`, ids[0]); n != 1 {
		t.Errorf("posted %d times", n)
	}
	if n := count(t, w, `select count(*) from casework where position('there is to say'::bytea in sealed) > 0`); n != 0 {
		t.Error("a pack stands in clear")
	}
	w.Exec(t, `alter table casework disable trigger user`)
	w.Exec(t, `update casework set file = $2 where id = $1`, ids[0], string(c.Subject))
	_, err = w.Files.OpenPack(ctx, subject, ids[0])
	wants(t, "moved into the subject's file", err, fault.NotFound)
}

// An applicant cannot open what was given while their key is not theirs yet.
func TestOpenPack_OnHold(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	person, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	need(t, err)
	paper, err := w.Staff.InvitePerson(t.Context(), w.CaseWorker, person, "the blue gate")
	need(t, err)
	l := w.Enrol(t, w.Home.ID, false, paper)
	held := w.SignInPerson(t, &l)
	ids, err := disclose(t, w, item)
	need(t, err)
	if lines, err := w.Files.Packs(t.Context(), held); err != nil || len(lines) != 0 {
		t.Errorf("on hold: %v, %v", lines, err)
	}
	_, err = w.Files.OpenPack(t.Context(), held, ids[0])
	wants(t, "on hold", err, fault.Conflict)
}

// DAIR 15 is for today's law; elsewhere it is the agency's complaints procedure.
func TestDAIR15_Refuse(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	review, last, err := w.Cases.Refuse(ctx, w.CaseWorker, intermediary.Refusal{Of: item, Reasons: "it would do harm", Letter: "We cannot give you more than you have."})
	need(t, err)
	if review != intermediary.ReviewComplaint || last.Whole() {
		t.Errorf("under the old law: %s until %s", review, last)
	}
	need(t, refuse(ctx, w, string(c.Subject)))
	if n := count(t, w, `select count(*) from casework where application_id = $1 and kind = 'letter' and file = $1`, string(c.ID)); n != 2 {
		t.Errorf("%d letters in the applicant's file", n)
	}
	for field, r := range map[string]intermediary.Refusal{"reasons": {Of: item, Letter: "x"}, "letter": {Of: item, Reasons: "x"}} {
		_, _, err := w.Cases.Refuse(ctx, w.CaseWorker, r)
		wants(t, field, err, fault.Invalid)
	}
	_, _, err = w.Cases.Refuse(ctx, w.Manager, intermediary.Refusal{Of: item, Reasons: "x", Letter: "x"})
	wants(t, "a manager", err, fault.Forbidden)
}

func TestPrepareItem(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	good := intermediary.NewItem{Subject: string(c.Subject), Kind: "name", About: "subject", Identifying: true, Words: "w", Ground: "g", From: "f"}
	for field, change := range map[string]func(*intermediary.NewItem){
		"kind":   func(n *intermediary.NewItem) { n.Kind = "shoes" },
		"about":  func(n *intermediary.NewItem) { n.About = "applicantSelf" },
		"words":  func(n *intermediary.NewItem) { n.Words = " \u200b" },
		"ground": func(n *intermediary.NewItem) { n.Ground = "" },
		"from":   func(n *intermediary.NewItem) { n.From = "" },
	} {
		n := good
		change(&n)
		_, err := w.Cases.PrepareItem(ctx, w.CaseWorker, n)
		wants(t, field, err, fault.Invalid)
	}
	id, err := w.Cases.PrepareItem(ctx, w.CaseWorker, good)
	need(t, err)
	good.ID = id
	again, err := w.Cases.PrepareItem(ctx, w.CaseWorker, good)
	if err != nil || again != id {
		t.Errorf("the second of two clicks: %s, %v", again, err)
	}
	_, err = w.Cases.PrepareItem(ctx, w.Colleague, good)
	wants(t, "a colleague's id", err, fault.NotFound)
	wants(t, "an older page", w.Cases.AmendItem(ctx, w.CaseWorker, intermediary.Amendment{Item: id, Was: 3, Words: "w", Ground: "g", From: "f"}), fault.Conflict)
	wants(t, "an older version", w.Cases.CheckItem(ctx, w.Colleague, id, 2), fault.Conflict)
	need(t, w.Cases.EndCase(ctx, w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "done", Letter: "Thank you."}))
	wants(t, "after the end", w.Cases.CheckItem(ctx, w.Colleague, id, 1), fault.Conflict)
	good.ID = ""
	_, err = w.Cases.PrepareItem(ctx, w.CaseWorker, good)
	wants(t, "after the end", err, fault.Conflict)
}

// vetoOf is an absolute veto of the adopted person of a case, in writing and after
// what a veto does was explained.
func vetoOf(c intermediarytest.Case) intermediary.VetoNotice {
	return intermediary.VetoNotice{Adopted: string(c.Adopted), Registrant: "adoptedPerson", Capacity: true, PersonMet: true, MetVerified: true, LinkProven: true,
		Form: "writing", Addressee: "AAA", Information: "given", Kind: intermediary.VetoAbsolute,
		ReceivedOn: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Wishes: "please leave me be", Why: "her letter"}
}

// today is a case of an adoption order of 2008, in England, with everything that
// an application under the Act of 2002 needs but the decision.
func today(t *testing.T, w *intermediarytest.World, pair, req string) (intermediarytest.Case, string) {
	t.Helper()
	n := intermediarytest.NewCase(pair)
	for _, p := range []*intermediary.Particulars{&n.AdoptedPerson, &n.Applicant, &n.Subjects[0]} {
		if p.OrderDate != "" {
			p.Born, p.OrderDate = "2007-06-14", "2008-03-03"
		}
	}
	c := w.OpenCase(t, n)
	w.State(t, string(c.ID), "met=inPerson", "idVerified=yes", "linkProven=yes", "aaa=self", "cnsl=yes", "req="+req, "writtenReasons=yes")
	w.State(t, string(c.Subject), "subjectVital=living", "cnsl=yes", "approp=yes", "views=yes", "anyChild=none", "expressed=agree")
	w.Agree(t, c)
	return c, w.Item(t, c, "name")
}

// ACA 2002 section 61, and DAIR 15: agreed, an objection, the forty days, a refusal.
func TestACA61_Disclose(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := today(t, w, "REL>AP", "s61_62")
	if got := subjectState(t, w, c); got != "open" {
		t.Fatalf("the subject is %s", got)
	}
	_, err := disclose(t, w, item)
	wants(t, "not decided", err, fault.Conflict)
	w.State(t, item, "decision=disclose")
	_, err = disclose(t, w, item)
	need(t, err)
	if n := count(t, w, `select count(*) from disclosure d join evaluation e on e.id = d.evaluation_id and e.tbl = '8f' where d.item_id = $1 and d.row_id = 'f29'`, item); n != 1 {
		t.Errorf("%d given by f29", n)
	}

	c, item = today(t, w, "REL>AP", "s61_62")
	w.State(t, string(c.Subject), "expressed=object")
	w.State(t, item, "decision=disclose", "panel=notRequested")
	for _, step := range []struct {
		fact  string
		after time.Duration
		row   string
	}{{"", 0, "f25"}, {"standstill=running", 0, "f25"}, {"", 50 * 24 * time.Hour, "f25"}} {
		if step.fact != "" {
			w.State(t, item, step.fact)
		}
		later(t, w, step.after)
		_, err := disclose(t, w, item)
		refused, ok := errors.AsType[*intermediary.Refused](err)
		if !ok || refused.Answer.Row != step.row || refused.Answer.Review() != intermediary.ReviewPanel {
			t.Errorf("an objection, %q and %s later: %v", step.fact, step.after, err)
		}
	}

	c, item = today(t, w, "REL>AP", "s61_62")
	w.State(t, item, "decision=refuse")
	review, last, err := w.Cases.Refuse(t.Context(), w.CaseWorker, intermediary.Refusal{Of: item, Reasons: "it would do harm", Letter: "We cannot give you this."})
	need(t, err)
	if review != intermediary.ReviewPanel || !last.Whole() {
		t.Errorf("a refusal of today's law: %s until %s", review, last)
	}
	w.State(t, string(c.Subject), "approp=no")
	if got := subjectState(t, w, c); got != "stopped" {
		t.Errorf("decided against, and the subject is %s", got)
	}
}

// ACA 2002 section 60: the adopted adult's right, which a court alone can stop.
func TestACA60_Disclose(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := today(t, w, "AP>REL", "s60_2a")
	_, err := disclose(t, w, item)
	wants(t, "nobody has asked whether there is an order", err, fault.Conflict)
	w.State(t, string(c.ID), "orderSixty=none")
	_, err = disclose(t, w, item)
	need(t, err)
}

// later moves the time, and signs everybody in anew.
func later(t *testing.T, w *intermediarytest.World, by time.Duration) {
	t.Helper()
	if by == 0 {
		return
	}
	w.Clock.Advance(by)
	w.Manager, w.CaseWorker = w.SignInWorker(t, &w.ManagerLogin), w.SignInWorker(t, &w.CaseLogin)
}
