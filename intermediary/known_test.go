package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// A veto stands on the record of an adopted person: a second record of the same
// person is not opened unless a worker has looked and says it is another.
func TestKnownRecords(t *testing.T) {
	w := intermediarytest.New(t)
	first := w.Open(t, "AP>REL")
	about := func(p intermediary.Particulars) intermediary.NewCase {
		n := intermediarytest.NewCase("REL>PR")
		n.AdoptedPerson = p
		return n
	}
	for name, tt := range map[string]struct {
		p    intermediary.Particulars
		same bool
	}{
		"the same again":                 {intermediarytest.Adopted(), true},
		"by the name of the birth":       {intermediary.Particulars{BirthName: "Piran  NANCE", Born: "1979-06-14"}, true},
		"a year is known":                {intermediary.Particulars{BirthName: "Piran Nance", Born: "1979"}, true},
		"no birth is known":              {intermediary.Particulars{Name: "Píran Nance"}, true},
		"among other names":              {intermediary.Particulars{Name: "J. Smith", Other: "Jory Tregear\nJoe", Born: "1979-06"}, true},
		"the same order, another name":   {intermediary.Particulars{Name: "Somebody", Born: "1979-06-14", OrderDate: "1980-03-02"}, true},
		"another day":                    {intermediary.Particulars{Name: "Jory Tregear", Born: "1979-06-15"}, false},
		"another name, no order":         {intermediary.Particulars{Name: "Perran Nance", Born: "1979-06-14"}, false},
		"the same order in another year": {intermediary.Particulars{Name: "Somebody", Born: "1978-06-14", OrderDate: "1980-03-02"}, false},
	} {
		found, err := w.Cases.KnownRecords(t.Context(), w.Colleague, about(tt.p))
		need(t, err)
		if got := len(found) == 1 && found[0].ID == first.Adopted && len(found[0].References) == 1 && found[0].Particulars.Name == "Jory Tregear"; got != tt.same || len(found) > 1 {
			t.Errorf("%s: %+v, want %v", name, found, tt.same)
		}
	}
	before := tally(t, w, `select count(*) from audit_body`)
	_, err := w.Cases.KnownRecords(t.Context(), w.CaseWorker, about(intermediarytest.Adopted()))
	need(t, err)
	if n := tally(t, w, `select count(*) from audit_body`); n != before+1 {
		t.Errorf("a search is %d entries of the log", n-before)
	}
	n := intermediarytest.NewCase("REL>AP")
	n.Distinct = false
	_, err = w.Cases.OpenCase(t.Context(), w.CaseWorker, n)
	wants(t, "a second record", err, fault.Conflict)
	n.Adopted = first.Adopted
	if c := w.OpenCase(t, n); c.Adopted != first.Adopted {
		t.Error("the record that is there is not taken")
	}
	n = intermediarytest.NewCase("REL>AP")
	if c := w.OpenCase(t, n); c.Adopted == first.Adopted {
		t.Error("somebody else has the same record")
	}
	_, err = w.Cases.KnownRecords(t.Context(), w.World.Worker, about(intermediarytest.Adopted()))
	wants(t, "a letterbox worker", err, fault.Forbidden)
	behind(t, w.Rows, `update casework set sealed = 'x' where id = $1 and part = 'particulars'`, string(first.Adopted))
	_, err = w.Cases.KnownRecords(t.Context(), w.Colleague, about(intermediarytest.Adopted()))
	wants(t, "a record that does not open", err, fault.Sealed)
}
