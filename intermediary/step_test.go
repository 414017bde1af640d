package intermediary_test

import (
	"slices"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

func approach(of intermediary.SubjectID) intermediary.NewApproach {
	return intermediary.NewApproach{Subject: string(of), Outcome: intermediary.ApproachSent, Way: "letter", Script: intermediary.ScriptVersion, Words: "a plain envelope"}
}

func trace(of intermediary.SubjectID, outcome string) intermediary.NewTrace {
	return intermediary.NewTrace{Subject: string(of), Outcome: outcome, Where: "the electoral roll of 2003", Words: "one of that name in Bodmin"}
}

func consent(of intermediary.SubjectID, answer string, was int, scope ...string) intermediary.NewConsent {
	return intermediary.NewConsent{Subject: string(of), Answer: answer, Was: was, Scope: scope,
		Talk: intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Written: true, Words: "as they said it"}}
}

func TestISR5_Approach(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	n := approach(c.Subject)
	n.ID = agency.NewID("st")
	need(t, w.Cases.Approach(ctx, w.CaseWorker, n))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, n)) // the second of two clicks
	if got := count(t, w, `select count(*) from step s join evaluation e on e.id = s.evaluation_id and e.row_id = 'a32' and e.act = 'approach'
		join audit_body a on a.leaf = s.leaf join audit_body b on b.leaf = e.leaf where s.subject_id = $1`, string(c.Subject)); got != 1 {
		t.Errorf("%d approaches on record", got)
	}
	if got := count(t, w, `select count(*) from casework where id = $1 and kind = 'approach' and position('envelope'::bytea in sealed) > 0`, n.ID); got != 0 {
		t.Error("what was said stands in clear")
	}
	need(t, w.Cases.NoteStep(ctx, w.CaseWorker, n.ID, "it came back"))
	need(t, w.Cases.NoteStep(ctx, w.CaseWorker, n.ID, "and went out again"))
	bad := map[string]func(*intermediary.NewApproach){
		"outcome": func(n *intermediary.NewApproach) { n.Outcome = "traced" },
		"way":     func(n *intermediary.NewApproach) { n.Way = "pigeon" },
		"script":  func(n *intermediary.NewApproach) { n.Script = "" },
	}
	for field, change := range bad {
		n := approach(c.Subject)
		change(&n)
		wants(t, field, w.Cases.Approach(ctx, w.CaseWorker, n), fault.Invalid)
	}
	wants(t, "a manager", w.Cases.Approach(ctx, w.Manager, approach(c.Subject)), fault.Forbidden)
	wants(t, "nobody", w.Cases.Approach(ctx, w.CaseWorker, approach("sbaaaaaaaaaaaaaaa")), fault.NotFound)
}

// Each refused approach is one whose facts the law's table refuses, and it is on
// record with its row; nothing else of it is.
func TestISR6_ApproachRefused(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	tests := map[string]struct {
		change func(c intermediarytest.Case)
		row    string
	}{
		"ISR 5A(1), a veto":      {func(c intermediarytest.Case) { register(t, w, c.Adopted, intermediary.VetoAbsolute) }, "a11"},
		"ISR 6(1), decided no":   {func(c intermediarytest.Case) { w.State(t, string(c.Subject), "approp=no") }, "a10"},
		"ISR 6, undecided":       {func(c intermediarytest.Case) { w.State(t, string(c.Subject), "approp=undecided") }, "a29"},
		"ISR 11, not identified": {func(c intermediarytest.Case) { w.State(t, string(c.ID), "reg11=failed") }, "a09"},
		"ISR 12, not known":      {func(c intermediarytest.Case) { w.Answered(t, c, "unknown") }, "a26"},
		"ISR 13, the register":   {func(c intermediarytest.Case) { w.State(t, string(c.Subject), "acr=notChecked") }, "a28"},
		"NMS 16.2, not met":      {func(c intermediarytest.Case) { w.State(t, string(c.ID), "met=no") }, "a22"},
		"NMS 16.2, a stop":       {func(c intermediarytest.Case) { askForStop(t, w, string(c.Subject)) }, "a26a"},
		"a stop about her":       {func(c intermediarytest.Case) { askForStop(t, w, string(c.Adopted)) }, "a26a"},
		"ISR 6(2)(c), a wish":    {func(c intermediarytest.Case) { w.State(t, string(c.Subject), "acrNoContact=yes") }, "a30"},
	}
	for name, tt := range tests {
		c := w.Ready(t, "REL>AP")
		tt.change(c)
		wants(t, name, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
		wants(t, name+", looking for them", w.Cases.Trace(ctx, w.CaseWorker, trace(c.Subject, intermediary.TraceTried)), fault.Conflict)
		if got := text(t, w, `select coalesce(string_agg(distinct row_id, ','), '') from evaluation where subject_id = $1 and act = 'approach'`, string(c.Subject)); got != tt.row {
			t.Errorf("%s: the record says %q, want %s", name, got, tt.row)
		}
		if got := count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject)) +
			count(t, w, `select count(*) from casework where application_id = $1 and kind in ('approach', 'trace')`, string(c.ID)); got != 0 {
			t.Errorf("%s: %d traces of a refused step", name, got)
		}
	}
}

func askForStop(t *testing.T, w *intermediarytest.World, of string) string {
	t.Helper()
	id, err := w.Cases.AskForStop(t.Context(), w.CaseWorker, of, "she rang, and is afraid")
	need(t, err)
	return id
}

func TestISR6_StopPoint(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	need(t, w.Cases.Trace(ctx, w.CaseWorker, trace(c.Subject, intermediary.TraceTried)))
	need(t, w.Cases.Trace(ctx, w.CaseWorker, trace(c.Subject, intermediary.TraceStopPoint)))
	wants(t, "looking on", w.Cases.Trace(ctx, w.CaseWorker, trace(c.Subject, intermediary.TraceFound)), fault.Conflict)
	wants(t, "approaching", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	stop := text(t, w, `select id from stop where subject_id = $1`, string(c.Subject))
	wants(t, "ending it oneself", w.Cases.EndStop(ctx, w.CaseWorker, stop, "on"), fault.Forbidden)
	wants(t, "without reasons", w.Cases.EndStop(ctx, w.Manager, stop, " "), fault.Invalid)
	need(t, w.Cases.EndStop(ctx, w.Manager, stop, "the risk was looked into"))
	wants(t, "twice", w.Cases.EndStop(ctx, w.Manager, stop, "again"), fault.Conflict)
	need(t, w.Cases.Trace(ctx, w.CaseWorker, trace(c.Subject, intermediary.TraceFound)))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	own, err := w.Cases.AskForStop(ctx, w.Manager, string(c.Subject), "a letter came")
	need(t, err)
	wants(t, "the manager's own", w.Cases.EndStop(ctx, w.Manager, own, "it is over"), fault.Forbidden)
}

// After the last act the other agency has to be asked again (ISR 6 and 8 are a
// continuing duty).
func TestISR12_AskAgain(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	if behind := time.Since(w.Clock.Now()); behind > 0 { // the database looks at its own clock as well
		w.Clock.Advance(behind)
		w.CaseWorker, w.Manager = w.SignInWorker(t, &w.CaseLogin), w.SignInWorker(t, &w.ManagerLogin)
	}
	c := w.Ready(t, "REL>AP")
	w.State(t, string(c.ID), "aaa=pending")
	wants(t, "nobody has answered", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	w.Answered(t, c, "none")
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	wants(t, "the same answer again", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	w.Clock.Advance(24 * time.Hour)
	w.Answered(t, c, "none")
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
}

func TestISR6_DecideProceed(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	all := intermediary.ProceedReasons{Applicant: "well", Subject: "nothing known", Others: "a husband", Children: "nobody under 18", Agency: "in favour",
		Register: "no entry", Circumstances: "none", Conclusion: "appropriate"}
	n := intermediary.NewProceed{Subject: string(c.Subject), Appropriate: false, Was: w.Version(t, string(c.Subject), "approp"), Reasons: all,
		View: intermediary.View{Asked: true, On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Words: "she hopes"}}
	for field, change := range map[string]func(*intermediary.NewProceed){
		"children":   func(n *intermediary.NewProceed) { n.Reasons.Children = " " },
		"conclusion": func(n *intermediary.NewProceed) { n.Reasons.Conclusion = "" },
		"view":       func(n *intermediary.NewProceed) { n.View.Words = "" },
		"viewOn":     func(n *intermediary.NewProceed) { n.View.On = time.Time{} },
	} {
		bad := n
		change(&bad)
		wants(t, field, w.Cases.DecideProceed(ctx, w.CaseWorker, bad), fault.Invalid)
	}
	wants(t, "yes, and nothing weighed", w.Cases.StateFact(ctx, w.CaseWorker, intermediary.NewFact{On: string(c.Subject), Name: "approp", Value: "yes", Was: n.Was, Why: "it is right",
		Said: intermediary.SaidOpinion}), fault.Invalid)
	need(t, w.Cases.DecideProceed(ctx, w.CaseWorker, n))
	need(t, w.Cases.DecideProceed(ctx, w.CaseWorker, n)) // twice is once
	if got := asked(t, w, string(c.Subject)); got.Row != "a10" || subjectState(t, w, c) != "stopped" {
		t.Errorf("decided against: %s, %s", got.Row, subjectState(t, w, c))
	}
	if got := text(t, w, `select string_agg(distinct part || ' ' || kind, ',') from casework where id = $1 and part in ('proceed', 'view')`, string(c.Subject)); got != "proceed decision,view view" {
		t.Errorf("on record: %s", got)
	}
	wants(t, "going on against the decision", w.Cases.Resume(ctx, w.Manager, string(c.Subject), "try again"), fault.Conflict)
	n.Was, n.Appropriate = n.Was+1, true
	need(t, w.Cases.DecideProceed(ctx, w.CaseWorker, n))
	if subjectState(t, w, c) != "stopped" {
		t.Error("it started by itself")
	}
	wants(t, "going on without a manager", w.Cases.Resume(ctx, w.CaseWorker, string(c.Subject), "try again"), fault.Forbidden)
	need(t, w.Cases.Resume(ctx, w.Manager, string(c.Subject), "decided anew"))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
}

func TestISR7_RecordConsent(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	bad := map[string]func(*intermediary.NewConsent){
		"answer":      func(n *intermediary.NewConsent) { n.Answer = "perhaps" },
		"scope":       func(n *intermediary.NewConsent) { n.Scope = nil },
		"scope known": func(n *intermediary.NewConsent) { n.Scope = []string{"everything"} },
		"direct": func(n *intermediary.NewConsent) {
			n.Answer, n.Scope = intermediary.ConsentLettersOnly, []string{"letters", "address"}
		},
		"explainedBy": func(n *intermediary.NewConsent) { n.Talk.ExplainedBy = "" },
		"written":     func(n *intermediary.NewConsent) { n.Talk.Written = false },
		"on":          func(n *intermediary.NewConsent) { n.Talk.On = time.Time{} },
		"no, to this": func(n *intermediary.NewConsent) { n.Answer = intermediary.ConsentNo },
	}
	for name, change := range bad {
		n := consent(c.Subject, intermediary.ConsentYes, 0, "name")
		change(&n)
		wants(t, name, w.Cases.RecordConsent(ctx, w.CaseWorker, n), fault.Invalid)
	}
	need(t, w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentNoReply, 0)))
	need(t, w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentYes, 1, "name", "letters")))
	wants(t, "an older page", w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentNo, 1)), fault.Conflict)
	wants(t, "silence after a yes", w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentNoReply, 2)), fault.Invalid)
	need(t, w.Cases.EndCase(ctx, w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "done", Letter: "Thank you."}))
	wants(t, "a yes after the end", w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentYes, 2, "name")), fault.Conflict)
	need(t, w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, intermediary.ConsentWithdrawn, 2)))
	if got := text(t, w, `select string_agg(answer, ',' order by version) from consent where subject_id = $1`, string(c.Subject)); got != "noReply,yes,withdrawn" {
		t.Errorf("on record: %s", got)
	}
	if got := count(t, w, `select count(*) from unnest($1::text[]) k where not exists (select from pg_constraint where conname = 'consent_scope_check' and pg_get_constraintdef(oid) like '%' || k || '%')`, intermediary.ConsentScope()); got != 0 {
		t.Errorf("%d kinds that the database does not know", got)
	}
}

// Who has said no is not approached, whatever the law's table lets pass.
func TestISR7_RefusedIsNotApproached(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for _, answer := range []string{intermediary.ConsentNo, intermediary.ConsentWithdrawn} {
		c := w.Ready(t, "AP>REL")
		need(t, w.Cases.RecordConsent(ctx, w.CaseWorker, consent(c.Subject, answer, 0)))
		wants(t, answer, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	}
	c := w.Ready(t, "AP>REL")
	w.State(t, string(c.Subject), "subjectVital=died")
	wants(t, "the dead", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
}

func TestISR8_Veto(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	do := func(op string, n intermediary.VetoNotice) intermediary.Answer {
		t.Helper()
		var a intermediary.Answer
		var err error
		switch op {
		case "register":
			a, err = w.Cases.RegisterVeto(ctx, w.CaseWorker, n)
		case "amend":
			actor := w.CaseWorker
			if n.Kind == intermediary.VetoQualified {
				actor = w.Manager
			}
			a, err = w.Cases.AmendVeto(ctx, actor, n)
		default:
			a, err = w.Cases.WithdrawVeto(ctx, w.Manager, n)
		}
		need(t, err)
		return a
	}
	tests := map[string]struct {
		change func(*intermediary.VetoNotice)
		row    string
		stops  int
	}{
		"in writing, met and told":      {func(*intermediary.VetoNotice) {}, "d12", 0},
		"by telephone":                  {func(n *intermediary.VetoNotice) { n.Form = "" }, "d06", 1},
		"not met":                       {func(n *intermediary.VetoNotice) { n.MetVerified = false }, "d07", 1},
		"not told what it does":         {func(n *intermediary.VetoNotice) { n.Information = "" }, "d10", 1},
		"a relative, in England":        {func(n *intermediary.VetoNotice) { n.Registrant = "relative" }, "d02", 0},
		"a representative, unconfirmed": {func(n *intermediary.VetoNotice) { n.Registrant = "rep" }, "d03", 1},
		"qualified, without saying how": {func(n *intermediary.VetoNotice) { n.Kind = intermediary.VetoQualified }, "d09", 1},
		"to another agency":             {func(n *intermediary.VetoNotice) { n.Addressee = "otherAgency" }, "d11", 1},
	}
	for name, tt := range tests {
		c := w.Ready(t, "REL>AP")
		n := notice(c.Adopted, intermediary.VetoAbsolute)
		tt.change(&n)
		a := do("register", n)
		stops, vetoes := count(t, w, `select count(*) from stop where adopted_id = $1 and ended_by is null`, string(c.Adopted)), count(t, w, `select count(*) from veto where adopted_id = $1`, string(c.Adopted))
		if a.Row != tt.row || stops != tt.stops || (vetoes == 1) != a.Permits || slices.Contains(a.Effects, "provisionalStop") != (stops == 1) {
			t.Errorf("%s: %s %v, %d stops, %d vetoes", name, a.Row, a.Effects, stops, vetoes)
		}
		if tt.row != "d02" { // from the notice on nobody is approached
			wants(t, name, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
		}
	}
	c := w.Ready(t, "REL>AP")
	n := notice(c.Adopted, intermediary.VetoAbsolute)
	_, err := w.Cases.WithdrawVeto(ctx, w.Manager, n)
	wants(t, "withdrawing none", err, fault.Conflict)
	do("register", n)
	_, err = w.Cases.RegisterVeto(ctx, w.CaseWorker, n)
	wants(t, "an older page", err, fault.Conflict)
	n.Was = 1
	_, err = w.Cases.RegisterVeto(ctx, w.CaseWorker, n)
	wants(t, "registering twice", err, fault.Conflict)
	unmet := n
	unmet.MetVerified = false
	if a := do("withdraw", unmet); a.Row != "d08" || a.Permits {
		t.Errorf("withdrawn by somebody not met: %s", a.Row)
	}
	qualified := n
	qualified.Kind, qualified.Direction, qualified.Circumstances = intermediary.VetoQualified, "strengthen", []intermediary.Circumstance{{What: "news of an illness that runs in the family"}}
	if a := do("amend", qualified); a.Row != "d13" || a.Why == nil {
		t.Errorf("amended: %+v", a)
	}
	_, err = w.Cases.WithdrawVeto(ctx, w.CaseWorker, qualified)
	wants(t, "withdrawn by a worker", err, fault.Forbidden)
	qualified.Was = 2
	_, err = w.Cases.WithdrawVeto(ctx, w.Manager, qualified)
	wants(t, "withdrawn by the manager who wrote it down", err, fault.Forbidden)
	n.Was, n.Direction = 2, "strengthen"
	if a := do("amend", n); a.Row != "d13" {
		t.Errorf("strengthened: %+v", a)
	}
	weaker := qualified
	weaker.Was = 3
	_, err = w.Cases.AmendVeto(ctx, w.CaseWorker, weaker)
	wants(t, "made weaker by a worker", err, fault.Forbidden)
	n.Was, n.Direction = 3, ""
	if a := do("withdraw", n); a.Row != "d14" || subjectState(t, w, c) != "stopped" {
		t.Errorf("withdrawn: %s, and the case %s", a.Row, subjectState(t, w, c))
	}
	need(t, w.Cases.Resume(ctx, w.Manager, string(c.Subject), "the veto is withdrawn"))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	if got := text(t, w, `select string_agg(kind || in_force, ',' order by version) from veto where adopted_id = $1`, string(c.Adopted)); got != "absolutetrue,qualifiedtrue,absolutetrue,absolutefalse" {
		t.Errorf("on record: %s", got)
	}
}

// A veto counts for whom it names: judged to be met by two people, after it was
// made, it lets the approach be made.
func TestISR8_Qualified(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	w.State(t, string(c.ID), "qualified=met") // of no veto at all
	register(t, w, c.Adopted, intermediary.VetoQualified, "news of an illness")
	wants(t, "judged before it was made", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	w.State(t, string(c.ID), "qualified=met")
	need(t, w.Cases.Resume(ctx, w.Manager, string(c.Subject), "judged anew"))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	if got := text(t, w, `select array_to_string(effects, ',') from evaluation where subject_id = $1 and act = 'approach' and row_id = 'a33'`, string(c.Subject)); got != "withinCircumstances" {
		t.Errorf("what goes with it: %s", got)
	}
}

func TestSignReferral(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	_, third := w.NewWorker(t, "Hedra Bolitho", authz.IntermediaryWorker, authz.Manager)
	c := w.Ready(t, "REL>AP")
	w.State(t, string(c.Subject), "acrNoContact=yes")
	if got := asked(t, w, string(c.Subject)); got.Row != "a30" || !got.Signable {
		t.Fatalf("%+v", got)
	}
	n := intermediary.NewSignature{Of: string(c.Subject), Row: "a30", Until: w.Clock.Now().AddDate(0, 0, 10), Reasons: "the wish is of 1991 and she asked since"}
	sign := func(by authz.Actor, change func(*intermediary.NewSignature)) (string, error) {
		m := n
		change(&m)
		return w.Cases.SignReferral(ctx, by, m)
	}
	as := func(*intermediary.NewSignature) {}
	_, err := sign(w.CaseWorker, as)
	wants(t, "whoever opened the case", err, fault.Forbidden)
	_, err = sign(w.Colleague, func(n *intermediary.NewSignature) { n.Row = "a25" })
	wants(t, "another row", err, fault.Conflict)
	_, err = sign(w.Colleague, func(n *intermediary.NewSignature) { n.Reasons = "" })
	wants(t, "no reasons", err, fault.Invalid)
	_, err = sign(w.Colleague, func(n *intermediary.NewSignature) { n.Until = w.Clock.Now().AddDate(0, 0, intermediary.MaxSigned+1) })
	wants(t, "for ever", err, fault.Invalid)
	id, err := sign(w.Colleague, as)
	need(t, err)
	wants(t, "one name", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	wants(t, "the same person twice", w.Cases.SignSecond(ctx, w.Colleague, id, "me again"), fault.Forbidden)
	need(t, w.Cases.SignSecond(ctx, third, id, "I agree"))
	wants(t, "a third", w.Cases.SignSecond(ctx, third, id, "I agree"), fault.Conflict)
	if got := asked(t, w, string(c.Subject)); got.Row != "a32" || !got.Permits {
		t.Errorf("signed by two: %s", got.Row)
	}
	w.State(t, string(c.Subject), "acrNoContact=yes")
	if got := asked(t, w, string(c.Subject)); got.Row != "a30" {
		t.Errorf("the wish was renewed since: %s", got.Row)
	}
	id, err = sign(w.Colleague, as)
	need(t, err)
	w.State(t, string(c.ID), "met=no")
	wants(t, "other facts", w.Cases.SignSecond(ctx, third, id, "I agree"), fault.Conflict)
	w.State(t, string(c.ID), "met=inPerson")
	need(t, w.Cases.SignSecond(ctx, third, id, "I agree"))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	tamper(t, w, `update signature set expires_on = expires_on + 7 where id = $1`, id)
	if got := asked(t, w, string(c.Subject)); got.Row != "a30" {
		t.Errorf("made longer by hand: %s", got.Row)
	}
	tamper(t, w, `update signature set expires_on = expires_on - 7 where id = $1`, id)
	if got := asked(t, w, string(c.Subject)); got.Row != "a32" {
		t.Errorf("as it was signed: %s", got.Row)
	}
	w.Clock.Advance(11 * 24 * time.Hour)
	w.CaseWorker = w.SignInWorker(t, &w.CaseLogin)
	if got := asked(t, w, string(c.Subject)); got.Row != "a30" {
		t.Errorf("after its last day: %s", got.Row)
	}
}
