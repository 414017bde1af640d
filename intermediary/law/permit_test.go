package law_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"gatepost/intermediary/law"
)

var (
	asked  = law.Evaluation{Applicant: "ps1", AdoptedPerson: "ps2", Subject: "ps2"}
	stands = []law.Version{{Of: "vt1", Version: 4}}
)

// A permit is for one table, one evaluation, one act, and ends with it.
func TestPermit(t *testing.T) {
	act := law.Begin(stands...)
	finding, permit, err := act.Decide(law.Proceed(), asked, relative(t))
	if err != nil || !finding.Permits() {
		t.Fatalf("%s: %v", finding.Row(), err)
	}
	if !permit.Valid() || !permit.For(law.Proceed(), asked) || !permit.Of(act) {
		t.Fatal("the permit is refused")
	}
	if permit.Row() != "a32" || permit.Outcome() != law.OutcomeProceed || permit.Evaluation() != asked || !slices.Equal(permit.Versions(), stands) {
		t.Errorf("%s %s %+v %v", permit.Row(), permit.Outcome(), permit.Evaluation(), permit.Versions())
	}
	other := asked
	other.Subject = "ps3"
	next := law.Begin()
	for name, ok := range map[string]bool{
		"another subject": permit.For(law.Proceed(), other),
		"another table":   permit.For(law.Identifying(), asked),
		"no table":        permit.For(nil, asked),
		"another act":     permit.Of(next),
		"no act":          permit.Of(nil),
	} {
		if ok {
			t.Errorf("the permit counts for %s", name)
		}
	}
	copied := permit
	act.End()
	act.End()
	if permit.Valid() || permit.For(law.Proceed(), asked) || permit.Of(act) || copied.Valid() {
		t.Error("the permit is valid after its act has ended")
	}
	if _, p, err := act.Decide(law.Proceed(), asked, relative(t)); err == nil || p.Valid() {
		t.Error("an act that has ended permits")
	}
}

// Nothing but a decision makes a permit.
func TestPermit_Refused(t *testing.T) {
	var zero law.Permit
	if zero.Valid() || zero.For(law.Proceed(), law.Evaluation{}) || zero.Of(law.Begin()) || zero.Row() != "" || zero.Outcome() != "" || zero.Versions() != nil {
		t.Error("the zero Permit is taken")
	}
	if f := (law.Finding{}); f.Permits() || f.Row() != "" || f.Outcome() != "" || f.Reason() != "" || f.Citation() != "" || f.Meaning() != "" || f.Table() != nil || len(f.Effects()) > 0 {
		t.Error("the zero Finding says something")
	}
	act := law.Begin()
	defer act.End()
	for _, but := range []string{"veto=absolute", "veto=unknown", "vetoFresh=no", "acrNoContact=yes", "provisionalStop=yes", "subjAge=lt18", "order=post", "approp=no"} {
		if finding, permit, err := act.Decide(law.Proceed(), asked, relative(t, but)); err != nil || permit.Valid() || finding.Permits() {
			t.Errorf("%s: %s, permit %v (%v)", but, finding.Row(), permit.Valid(), err)
		}
	}
	if _, permit, err := act.Decide(law.Identifying(), asked, relative(t)); err == nil || permit.Valid() {
		t.Error("facts of another table permit")
	}
	if _, permit, err := act.Decide(law.Proceed(), asked, law.Proceed().Facts()); err == nil || permit.Valid() {
		t.Error("facts without answers permit")
	}
	var none *law.Act
	if _, permit, err := none.Decide(law.Proceed(), asked, relative(t)); err == nil || permit.Valid() {
		t.Error("no act permits")
	}
}

// An act that nobody began permits nothing.
func TestPermit_ZeroAct(t *testing.T) {
	var zero law.Act
	made := new(law.Act)
	made.End()
	for name, act := range map[string]*law.Act{"zero": &zero, "new": new(law.Act), "ended": made} {
		finding, permit, err := act.Decide(law.Proceed(), asked, relative(t))
		if err == nil || finding.Permits() || permit.Valid() || permit.For(law.Proceed(), asked) || permit.Of(act) {
			t.Errorf("%s: an act that nobody began permits by row %q (%v)", name, permit.Row(), err)
		}
	}
}

// Facts that somebody typed to ask why are answered, and never acted on.
func TestPermit_TypedFacts(t *testing.T) {
	text, err := json.Marshal(relative(t))
	if err != nil {
		t.Fatal(err)
	}
	typed, err := law.Proceed().ParseFacts(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := typed.Set("veto", "none"); err != nil { // whoever goes on with them
		t.Fatal(err)
	}
	if finding, err := law.Proceed().Decide(typed); err != nil || !finding.Permits() {
		t.Errorf("%s (%v)", finding.Row(), err)
	}
	act := law.Begin()
	defer act.End()
	if finding, permit, err := act.Decide(law.Proceed(), asked, typed); err == nil || permit.Valid() || finding.Permits() {
		t.Error("typed facts made a permit")
	}
}

// A decision and its permit allocate nothing.
func TestDecide_AllocatesNothing(t *testing.T) {
	act := law.Begin(stands...)
	defer act.End()
	facts := relative(t)
	if n := testing.AllocsPerRun(100, func() {
		_, permit, err := act.Decide(law.Proceed(), asked, facts)
		if err != nil || !permit.For(law.Proceed(), asked) {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations a decision", n)
	}
	f := law.Proceed().Facts()
	if n := testing.AllocsPerRun(100, func() {
		if f.Set("veto", "none") != nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
}

func TestFinding_Effects(t *testing.T) {
	finding, err := law.Proceed().Decide(relative(t, "aaa=notFound"))
	if err != nil {
		t.Fatal(err)
	}
	if got := finding.Effects(); !slices.Equal(got, []law.Effect{law.EffectToRG, law.EffectToCourt}) {
		t.Errorf("effects %v", got)
	}
	if !finding.Has(law.EffectToCourt) || finding.Has(law.EffectRecord) || finding.Has("shout") {
		t.Error("Has is wrong")
	}
}

// 8.0 rule 13: what an applicant is told does not depend on a veto, a refusal, a
// wish, a welfare decision, nor on whether the work simply goes on.
func TestFinding_Neutral(t *testing.T) {
	for _, but := range [][]string{
		nil, {"veto=absolute"}, {"veto=qualifiedNotMet"}, {"veto=unknown"}, {"vetoFresh=no"}, {"acrNoContact=yes"}, {"provisionalStop=yes"}, {"approp=no"}, {"approp=undecided"},
		{"subjAge=lt18"}, {"pair=PR>REL", "apConsent=refused"}, {"pair=PR>REL", "apConsent=noReply"}, {"pair=PR>REL", "apConsent=given"}, {"aaa=pending"},
	} {
		finding, err := law.Proceed().Decide(relative(t, but...))
		if err != nil {
			t.Fatal(err)
		}
		if finding.Neutral() != law.WordingNothingNew {
			t.Errorf("%v: row %s says %d", but, finding.Row(), finding.Neutral())
		}
	}
	if (law.Finding{}).Neutral() != law.WordingNothingNew {
		t.Error("the zero Finding says something")
	}
	// Over every row of every table: only what puts something into the
	// applicant's hands, or answers by another body, sounds otherwise.
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			want := law.WordingNothingNew
			switch {
			case row.Outcome == law.OutcomeRoute:
				want = law.WordingElsewhere
			case row.Outcome.Permits() && row.Outcome != law.OutcomeProceed:
				want = law.WordingGiven
			}
			if got := row.Outcome.Neutral(); got != want {
				t.Errorf("row %s, %s, says %d", row.ID, row.Outcome, got)
			}
		}
	}
}

func TestFinding_Next(t *testing.T) {
	background := []string{"regime=pre", "who=IA", "initiatedBy=applicant", "to=other", "metVerified=yes", "addresseeConfirmed=no", "caseRow=a32", "jigsaw=identifies",
		"approp=yes", "reason=refused", "purpose=other", "agreementWritten=no", "twoPerson=yes", "redirected=no"}
	for regime, want := range map[string]*law.Table{"pre": law.Identifying(), "post": law.PostCommencement()} {
		finding, err := law.Background().Decide(given(t, law.Background(), append(background, "regime="+regime)...))
		if err != nil {
			t.Fatal(err)
		}
		if next, ok := finding.Next(); !ok || next != want {
			t.Errorf("%s: row %s goes on to %v", regime, finding.Row(), next)
		}
	}
	finding, err := law.Proceed().Decide(relative(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := finding.Next(); ok {
		t.Error("a permit goes on to another table")
	}
	// Every GOTO names exactly one table.
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			n := 0
			for _, e := range row.Effects {
				if slices.Contains([]law.Effect{law.EffectTo8a, law.EffectTo8b, law.EffectTo8c, law.EffectTo8f}, e) {
					n++
				}
			}
			if want := row.Outcome == law.OutcomeGoto; (n == 1) != want || n > 1 {
				t.Errorf("row %s is %s and names %d tables", row.ID, row.Outcome, n)
			}
		}
	}
}

// Nobody who imports the package can change the law.
func TestTables_AreCopies(t *testing.T) {
	for _, table := range law.Tables() {
		before, asked := table.Rows(), table.Inputs()
		rows, inputs := table.Rows(), table.Inputs()
		for i := range rows {
			rows[i].Outcome = law.OutcomeProceed
			for j := range rows[i].Effects {
				rows[i].Effects[j] = law.EffectSealed
			}
		}
		for i := range inputs {
			inputs[i].Values[0] = "changed"
		}
		if !reflect.DeepEqual(table.Rows(), before) || !reflect.DeepEqual(table.Inputs(), asked) {
			t.Errorf("table %s was changed from outside", table.ID())
		}
	}
	if t1, ok := law.Lookup("8a"); !ok || t1 != law.Proceed() {
		t.Error("8a is not found")
	}
	if _, ok := law.Lookup("8z"); ok {
		t.Error("there is a table 8z")
	}
}
