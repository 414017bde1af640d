package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// A veto that the agency of the adoption has told of is no one worker's to go
// round: its answer is not typed anew, and the same person added again, in this
// case or another of the same adopted person, begins stopped.
func TestISR5A_NoWayRound(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>PR")
	w.Answered(t, c, "absolute")
	if subjectState(t, w, c) != "stopped" {
		t.Fatal("an absolute veto stopped nothing")
	}
	n := newFact(string(c.ID), "vetoAnswer", "none")
	n.Was = w.Version(t, string(c.ID), "vetoAnswer")
	wants(t, "the answer by hand", w.Cases.StateFact(ctx, w.CaseWorker, n), fault.Invalid)
	again, err := w.Cases.AddSubject(ctx, w.CaseWorker, c.ID, intermediary.Particulars{Name: "Kerensa Pascoe", Born: "1990-02-28"})
	need(t, err)
	added := intermediarytest.Case{ID: c.ID, Adopted: c.Adopted, Subject: again}
	w.State(t, string(again), "subjectVital=living", "acr=checked", "acrNoContact=no", "approp=yes")
	if state := subjectState(t, w, added); state != "stopped" {
		t.Errorf("added again: %s", state)
	}
	wants(t, "approaching who was added again", w.Cases.Approach(ctx, w.CaseWorker, approach(again)), fault.Conflict)

	one := w.Open(t, "REL>AP")
	register(t, w, one.Adopted, intermediary.VetoAbsolute)
	of := intermediarytest.NewCase("REL>AP")
	of.Adopted, of.AdoptedPerson = one.Adopted, intermediary.Particulars{}
	if state := subjectState(t, w, w.OpenCase(t, of)); state != "stopped" {
		t.Errorf("another case under the same veto: %s", state)
	}
}

// Nobody is invited to a file, or sent a letter, whom the law forbids to go on
// about, who asked for protection, or whom it does not let be approached yet.
func TestISR6_NobodyIsInvited(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	invite := func(c intermediarytest.Case) error {
		_, err := w.Cases.AddParty(ctx, w.CaseWorker, intermediary.NewParty{File: string(c.Subject), Kind: "subject", Code: w.Code(t, &w.CaseLogin)})
		return err
	}
	write := func(c intermediarytest.Case) error {
		return w.Cases.SendLetter(ctx, w.CaseWorker, intermediary.FileID(c.Subject), intermediary.NewLetterID(), "Somebody looks for you.")
	}
	for name, change := range map[string]func(c intermediarytest.Case){
		"ISR 5A(1), a veto":          func(c intermediarytest.Case) { register(t, w, c.Adopted, intermediary.VetoAbsolute) },
		"ISR 6(4), a stop":           func(c intermediarytest.Case) { askForStop(t, w, string(c.Subject)) },
		"ISR 6, before an approach":  func(c intermediarytest.Case) { w.State(t, string(c.ID), "met=no") },
		"ISR 6(1), it was not right": func(c intermediarytest.Case) { w.State(t, string(c.Subject), "approp=no") },
	} {
		c := w.Ready(t, "REL>AP")
		change(c)
		wants(t, name+", an invitation", invite(c), fault.Conflict)
		wants(t, name+", a letter", write(c), fault.Conflict)
	}
	c := w.Ready(t, "REL>AP")
	need(t, invite(c))
	need(t, write(c))
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
	w.State(t, string(c.ID), "aaa=pending") // it only waits
	need(t, write(c))
}
