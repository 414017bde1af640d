package intermediary_test

import (
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// prescribed is a case of a prescribed pair in which nothing is missing but the adopted
// person's word.
func prescribed(t *testing.T, w *intermediarytest.World, pair string) intermediarytest.Case {
	t.Helper()
	c := w.Open(t, pair)
	w.State(t, string(c.Adopted), "apVital=living")
	w.State(t, string(c.ID), "met=inPerson", "idVerified=yes", "reg11=passed", "linkProven=yes", "aaa=self", "cnsl=yes")
	w.State(t, string(c.Subject), "subjectVital=living", "acr=checked", "acrNoContact=no", "approp=yes")
	return c
}

func byLetter(of string) intermediary.NewAsking {
	return intermediary.NewAsking{ID: intermediary.NewAskingID(), Of: of, Outcome: intermediary.ApproachSent, Way: "letter", Script: intermediary.ScriptVersion}
}

func talk() intermediary.ConsentTalk {
	return intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Written: true, Words: "she may look for him"}
}

func adopted(c intermediarytest.Case, asked, answer string, was int) intermediary.AdoptedAnswer {
	return intermediary.AdoptedAnswer{Application: c.ID, Answer: answer, Asked: asked, Was: was, Talk: talk()}
}

// The adopted person is asked where nothing but their word is missing, and what
// they say rests on it: given counts with a second worker, a no at once.
func TestISR5A_AdoptedPersonIsAsked(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := prescribed(t, w, "REL>PR")
	if a := asked(t, w, string(c.Subject)); a.Row != "a27" {
		t.Fatalf("before anybody asked: %s", a.Row)
	}
	n := byLetter(string(c.Subject))
	wants(t, "an answer before the question", w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, n.ID, "given", 0)), fault.Invalid)
	must(t, w.Cases.AskAdopted(ctx, w.CaseWorker, n))
	must(t, w.Cases.AskAdopted(ctx, w.CaseWorker, n)) // the second of two clicks
	must(t, w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, n.ID, "noReply", 0)))
	if a := asked(t, w, string(c.Subject)); a.Row != "a27" {
		t.Errorf("after silence: %s", a.Row)
	}
	unwritten := adopted(c, n.ID, "given", 1)
	unwritten.Talk.Written = false
	wants(t, "a yes that nobody wrote", w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, unwritten), fault.Invalid)
	must(t, w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, n.ID, "given", 1)))
	if a := asked(t, w, string(c.Subject)); a.Row != "a27" {
		t.Errorf("with one worker: %s", a.Row)
	}
	must(t, w.Cases.ConfirmFact(ctx, w.Colleague, string(c.ID), "apConsent", 2))
	if a := asked(t, w, string(c.Subject)); a.Row != "a34" {
		t.Errorf("with their consent: %s", a.Row)
	}
	must(t, w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, n.ID, "withdrawn", 3)))
	kase, err := w.Cases.Case(ctx, w.Colleague, c.ID)
	must(t, err)
	if kase.Subjects[0].State != "stopped" {
		t.Errorf("after they took it back the work is %s", kase.Subjects[0].State)
	}
	wants(t, "asking once more", w.Cases.AskAdopted(ctx, w.CaseWorker, byLetter(string(c.Subject))), fault.Conflict)
	list, err := w.Cases.Records(ctx, w.Colleague, c.ID)
	must(t, err)
	for _, r := range list {
		if r.What == "asked" && (r.On != string(c.Subject) || r.Name != "consent" || r.Way != "letter" || r.Answer != "sent") {
			t.Errorf("the record of the question is %+v", r)
		}
	}
}

// Nobody is asked whom the law protects from being asked, and by hand no more than
// by the program; that they came by themselves is always written down.
func TestISR5A_NotAsked(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for name, make := range map[string]func() intermediarytest.Case{
		"a veto, for a person related to the adopted one": func() intermediarytest.Case {
			c := prescribed(t, w, "PR>REL")
			register(t, w, c.Adopted, intermediary.VetoAbsolute)
			return c
		},
		"a veto, for a relative": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			register(t, w, c.Adopted, intermediary.VetoAbsolute)
			return c
		},
		"somebody asked for protection": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			askForStop(t, w, string(c.Adopted))
			return c
		},
		"they have said no": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			w.State(t, string(c.ID), "apConsent=refused")
			return c
		},
		"they have died": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			w.State(t, string(c.Adopted), "apVital=died")
			return c
		},
		"nobody has decided to go on": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			w.State(t, string(c.Subject), "approp=undecided")
			return c
		},
		"the case has ended": func() intermediarytest.Case {
			c := prescribed(t, w, "REL>PR")
			must(t, w.Cases.EndCase(ctx, w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "why", Letter: "dear"}))
			return c
		},
		"the pair has no need of them": func() intermediarytest.Case { return w.Ready(t, "REL>AP") },
	} {
		c := make()
		wants(t, name, w.Cases.AskAdopted(ctx, w.CaseWorker, byLetter(string(c.Subject))), fault.Conflict)
		if name == "the pair has no need of them" {
			continue
		}
		must(t, w.Cases.AskAdopted(ctx, w.CaseWorker, intermediary.NewAsking{Of: string(c.Subject), Outcome: intermediary.AskedTheirs, Words: "he rang us"}))
		var n int
		must(t, w.Rows.QueryRow(ctx, `select count(*) from asking where application_id = $1 and outcome <> 'theirs'`, string(c.ID)).Scan(&n))
		if n != 0 {
			t.Errorf("%s: %d were asked", name, n)
		}
	}
}

// Their own word is typed by nobody: not as a fact, not on a question that was put
// in another case, and silence not of somebody who came.
func TestISR5A_AnswerRestsOnAsking(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, other := prescribed(t, w, "REL>PR"), prescribed(t, w, "REL>PR")
	for _, value := range []string{"given", "refused", "withdrawn", "noReply"} {
		wants(t, "typing "+value, w.Cases.StateFact(ctx, w.CaseWorker, newFact(string(c.ID), "apConsent", value)), fault.Invalid)
		if got := tries(t, w, w.CaseLogin.ID, `insert into fact (agency_id, on_id, about, name, version, value, worker_id, at, leaf)
			select agency(), id, 'application', 'apConsent', 1, $2, account(), now(), leaf from casework where id = $1 limit 1`, string(c.ID), value); got != "fact_asked" {
			t.Errorf("%s by hand: %q", value, got)
		}
	}
	n := byLetter(string(other.Subject))
	must(t, w.Cases.AskAdopted(ctx, w.CaseWorker, n))
	wants(t, "another case's question", w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, n.ID, "given", 0)), fault.Invalid)
	came := intermediary.NewAsking{ID: intermediary.NewAskingID(), Of: string(c.Subject), Outcome: intermediary.AskedTheirs, Words: "he rang us"}
	must(t, w.Cases.AskAdopted(ctx, w.CaseWorker, came))
	wants(t, "the silence of somebody who came", w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, came.ID, "noReply", 0)), fault.Invalid)
	must(t, w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(c, came.ID, "refused", 0)))
	tamper(t, w, `update asking set leaf = (select leaf from casework where id = $1 and part = 'case') where application_id = $1`, string(other.ID))
	wants(t, "a question whose row was changed", w.Cases.RecordAdoptedConsent(ctx, w.CaseWorker, adopted(other, n.ID, "given", 0)), fault.Sealed)
}

// A refusal in the moment in which they are asked: one comes first.
func TestISR5A_AskingRacesAVeto(t *testing.T) {
	w := intermediarytest.New(t)
	c := prescribed(t, w, "PR>REL")
	stalled := w.Cases.Stalled(func(at string) {
		if at == "ask consent" {
			register(t, w, c.Adopted, intermediary.VetoAbsolute)
		}
	})
	wants(t, "asking", stalled.AskAdopted(t.Context(), w.CaseWorker, byLetter(string(c.Subject))), fault.Conflict)
}

// Whoever protected information is about is asked what they think, where nothing
// else is missing; what they say rests on it, and an objection is not typed away.
func TestACA61_ViewsAreSought(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	n := intermediarytest.NewCase("AP>REL")
	n.Applicant.OrderDate, n.AdoptedPerson.OrderDate = "2006-03-02", "2006-03-02"
	c := w.OpenCase(t, n)
	w.State(t, string(c.ID), "met=inPerson", "idVerified=yes", "linkProven=yes", "aaa=self", "cnsl=yes", "req=s61_62", "writtenReasons=yes")
	w.State(t, string(c.Subject), "subjectVital=living", "cnsl=yes", "anyChild=none")
	item := w.Item(t, c, "name")
	wants(t, "before a decision", w.Cases.AskViews(ctx, w.CaseWorker, byLetter(item)), fault.Conflict)
	w.State(t, string(c.Subject), "approp=yes")
	if a := asked(t, w, item); a.Row != "f18" {
		t.Fatalf("before anybody asked: %s", a.Row)
	}
	wants(t, "typing it", w.Cases.StateFact(ctx, w.CaseWorker, newFact(string(c.Subject), "expressed", "agree")), fault.Invalid)
	stop, err := w.Cases.AskForStop(ctx, w.CaseWorker, string(c.Subject), "she is afraid")
	must(t, err)
	wants(t, "while somebody is protected", w.Cases.AskViews(ctx, w.CaseWorker, byLetter(item)), fault.Conflict)
	must(t, w.Cases.EndStop(ctx, w.Manager, stop, "settled"))
	ask := byLetter(item)
	must(t, w.Cases.AskViews(ctx, w.CaseWorker, ask))
	view := intermediary.ViewAnswer{Subject: string(c.Subject), Answer: "object", Asked: ask.ID, Talk: talk()}
	must(t, w.Cases.RecordViews(ctx, w.CaseWorker, view))
	if a := asked(t, w, item); a.Row == "f18" || a.Permits {
		t.Errorf("after an objection: %s", a.Row)
	}
	for name, value := range map[string]string{"views": "yes", "expressed": "object"} {
		if got := newest(t, w, string(c.Subject), name); got != value {
			t.Errorf("%s is %q", name, got)
		}
	}
	wants(t, "asking once more", w.Cases.AskViews(ctx, w.CaseWorker, byLetter(item)), fault.Conflict)
	if got := tries(t, w, w.CaseLogin.ID, `insert into asking (agency_id, id, application_id, subject_id, what, outcome, worker_id, at, leaf)
		select agency(), 'akaaaaaaaaaaaaaaaaaaaa', application_id, id, 'views', 'sent', account(), now(), leaf from casework where id = $1 and part = 'particulars' limit 1`, string(c.Subject)); got != "asking_leave" && got != "gate_asked" {
		t.Error("asked by hand without the law's leave")
	}
}

func newest(t *testing.T, w *intermediarytest.World, on, name string) (value string) {
	t.Helper()
	must(t, w.Rows.QueryRow(t.Context(), `select value from fact where on_id = $1 and name = $2 order by version desc limit 1`, on, name).Scan(&value))
	return value
}
