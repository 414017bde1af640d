package intermediary_test

import (
	"slices"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
)

// Everything that was written of a case opens on its record, whatever kind of
// text it has: a decision with its view, a veto, an answer.
func TestRecords_Open(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Ready(t, "REL>AP")
	w.Consent(t, c, intermediary.ConsentYes, "name")
	_, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, intermediary.VetoNotice{Adopted: string(c.Adopted), Registrant: "adoptedPerson", MetVerified: true, LinkProven: true,
		Form: "writing", Addressee: "AAA", Information: "given", Kind: intermediary.VetoAbsolute, ReceivedOn: w.Clock.Now(), Wishes: "to be left in peace", Why: "a letter"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Cases.Records(t.Context(), w.Colleague, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Unread {
			t.Errorf("the %s of %s does not open", r.What, r.On)
		}
	}
	for _, what := range []string{"fact", "proceed", "view", "consent", "veto"} {
		if !slices.ContainsFunc(list, func(r intermediary.Record) bool { return r.What == what }) {
			t.Errorf("the record has no %s", what)
		}
	}
}
