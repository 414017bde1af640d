package law_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary/law"
)

// given makes facts of a table from "name=value" and "name=" for no element.
func given(t testing.TB, table *law.Table, answers ...string) law.Facts {
	t.Helper()
	f := table.Facts()
	for _, a := range answers {
		name, values, _ := strings.Cut(a, "=")
		var list []string
		if values != "" {
			list = strings.Split(values, ",")
		}
		if err := f.Set(name, list...); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// relative is an application that may proceed: a birth relative of an adopted
// adult, everything done.
func relative(t testing.TB, but ...string) law.Facts {
	return given(t, law.Proceed(), append([]string{"order=pre", "juris=E", "agency=registered", "pair=REL>AP", "appAge=ge18", "subjAge=ge18", "apAge=ge18",
		"reg11=passed", "linkProven=no", "met=yes", "aaa=answered", "veto=none", "vetoFresh=yes", "provisionalStop=no", "apConsent=notSought", "acr=checked",
		"acrNoContact=no", "approp=yes"}, but...)...)
}

// What is not listed, not given, or given twice over is refused, and permits
// nothing.
func TestFacts_Refused(t *testing.T) {
	table := law.Proceed()
	f := relative(t)
	for _, test := range []struct {
		name   string
		values []string
		want   string
	}{
		{"vetoes", []string{"none"}, "no input"},
		{"Veto", []string{"none"}, "no input"},
		{"veto", []string{"no"}, "not one of none, absolute"},
		{"veto", []string{""}, "not one of"},
		{"veto", nil, "needs one value, not 0"},
		{"veto", []string{"none", "absolute"}, "needs one value, not 2"},
		{"signed", []string{"a30"}, "by itself"},
		{"signed", nil, "by itself"},
	} {
		before := f
		if err := f.Set(test.name, test.values...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s=%q: %v, want %q", test.name, test.values, err, test.want)
		}
		if f != before {
			t.Errorf("%s=%q changed the facts", test.name, test.values)
		}
	}
	var zero law.Facts
	if zero.Set("veto", "none") == nil || zero.Sign("a30", law.Flags{}) == nil || zero.Complete() == nil {
		t.Error("the zero Facts take answers")
	}
	if _, err := zero.Digest(); err == nil {
		t.Error("the zero Facts have a digest")
	}
	for name, facts := range map[string]law.Facts{"zero": zero, "empty": table.Facts(), "another table's": law.Veto().Facts()} {
		if finding, err := table.Decide(facts); err == nil || finding.Permits() || finding.Row() != "" {
			t.Errorf("%s facts give %s (%v)", name, finding.Row(), err)
		}
	}
}

// Every table refuses facts that lack any one answer, and names it.
func TestFacts_EachInputIsNeeded(t *testing.T) {
	for _, table := range law.Tables() {
		for _, left := range table.Inputs() {
			if left.Name == "signed" {
				continue // nothing is signed until somebody signs
			}
			f := table.Facts()
			for _, in := range table.Inputs() {
				if in.Name == left.Name || in.Name == "signed" {
					continue
				}
				if err := f.Set(in.Name, in.Values[0]); err != nil {
					t.Fatal(err)
				}
			}
			finding, err := table.Decide(f)
			if err == nil || !strings.Contains(err.Error(), left.Name+" is missing") || finding.Permits() {
				t.Errorf("table %s without %s: %s (%v)", table.ID(), left.Name, finding.Row(), err)
			}
		}
	}
}

// Only the rows of the list can be signed, each in its own table, and those of a
// flag only while the flag is set.
func TestSign(t *testing.T) {
	want := map[string][]string{"8a": {"a14", "a14a", "a15", "a16", "a18", "a19", "a25", "a30"}, "8b": {"b04b", "b08b"}, "8c": {"c05c"}, "8d": {"d04"}, "8f": {"f01a", "f27"}}
	flags := map[law.RowID]law.Flags{"a14": {OQ9: true}, "a14a": {OQ9: true}, "a15": {OQ1: true}, "a16": {OQ1: true}, "a18": {OQ1: true}, "a19": {OQ1: true}}
	for _, table := range law.Tables() {
		for _, other := range law.Tables() {
			for _, row := range other.Rows() {
				f := table.Facts()
				may := slices.Contains(want[table.ID()], string(row.ID))
				if err := f.Sign(row.ID, law.Flags{OQ1: true, OQ9: true}); (err == nil) != may {
					t.Errorf("table %s: row %s signed: %v", table.ID(), row.ID, err)
				}
				if may && row.Outcome != law.OutcomeRefer {
					t.Errorf("row %s can be signed and is %s", row.ID, row.Outcome)
				}
				if may && !slices.Equal(f.Get("signed"), []string{string(row.ID)}) {
					t.Errorf("row %s is signed as %v", row.ID, f.Get("signed"))
				}
				for _, with := range []law.Flags{{}, {OQ1: true}, {OQ9: true}} {
					f := table.Facts()
					need := flags[row.ID]
					enough := may && (!need.OQ1 || with.OQ1) && (!need.OQ9 || with.OQ9)
					if err := f.Sign(row.ID, with); (err == nil) != enough {
						t.Errorf("row %s signed with %+v: %v", row.ID, with, err)
					}
				}
			}
		}
	}
}

// A signature is for these facts: any other answer, and any other version of
// what stands behind them, makes another digest; signatures themselves do not.
func TestDigest(t *testing.T) {
	f := relative(t, "acrNoContact=yes")
	wish := []law.Version{{Of: "ws1", Version: 3}, {Of: "vt1", Version: 1}}
	first, err := f.Digest(wish...)
	if err != nil {
		t.Fatal(err)
	}
	signed := f
	if err := signed.Sign("a30", law.Flags{}); err != nil {
		t.Fatal(err)
	}
	if d, err := signed.Digest(wish[1], wish[0]); err != nil || d != first {
		t.Error("a signature, or the order of versions, changes the digest")
	}
	seen := map[[32]byte]string{first: "itself"}
	note := func(name string, f law.Facts, behind ...law.Version) {
		d, err := f.Digest(behind...)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[d]; twice {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
	note("nothing behind", f)
	note("an older wish", f, law.Version{Of: "ws1", Version: 2}, wish[1])
	note("another wish", f, law.Version{Of: "ws2", Version: 3}, wish[1])
	note("one wish", f, wish[0])
	for _, in := range law.Proceed().Inputs() {
		if in.Name == "signed" {
			continue
		}
		for _, v := range in.Values {
			if slices.Equal(f.Get(in.Name), []string{v}) {
				continue
			}
			other := f
			if err := other.Set(in.Name, v); err != nil {
				t.Fatal(err)
			}
			note(in.Name+"="+v, other, wish...)
		}
	}
	incomplete := law.Proceed().Facts()
	if _, err := incomplete.Digest(); err == nil {
		t.Error("incomplete facts have a digest")
	}
}

func TestParseFacts(t *testing.T) {
	text, err := json.Marshal(relative(t))
	if err != nil {
		t.Fatal(err)
	}
	good := strings.ReplaceAll(string(text), `\u003e`, ">")
	f, err := law.Proceed().ParseFacts([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if finding, err := law.Proceed().Decide(f); err != nil || finding.Row() != "a32" {
		t.Errorf("%s (%v), want a32", finding.Row(), err)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"veto":"none",`, ``, "veto is missing"},
		{`,"signed":[]`, ``, "signed is missing"},
		{`"veto":"none"`, `"veto":"none","veto":"none"`, "veto stands there twice"},
		{`"veto":"none"`, `"Mary Poe":"none"`, "place 12 is no input of table 8a"},
		{`"veto":"none"`, `"veto":"Mary Poe"`, "veto has a value that is not one of none"},
		{`"veto":"none"`, `"veto":["none"]`, "veto: a word"},
		{`"veto":"none"`, `"veto":null`, "veto: a word"},
		{`"veto":"none"`, `"veto":{}`, "veto: a word"},
		{`"signed":[]`, `"signed":"a30"`, "signed: this is no JSON"},
		{`"signed":[]`, `"signed":["a30","a30"]`, "signed names one value twice"},
		{`"signed":[]`, `"signed":["a11"]`, "signed has a value"},
		{`"signed":[]`, `"signed":[7]`, "signed: a word"},
		{`"signed":[]}`, `"signed":[]} {}`, "something follows"},
		{`"signed":[]}`, `"signed":[]}x`, "something follows"},
		{`"signed":[]}`, `"signed":[]`, "is missing"},
		{good, ``, "no JSON object"},
		{good, `[]`, "no JSON object"},
		{good, `null`, "no JSON object"},
		{good, `"a"`, "no JSON object"},
	} {
		bad := strings.Replace(good, test.old, test.new, 1)
		if bad == good {
			t.Fatalf("%s is not there", test.old)
		}
		f, err := law.Proceed().ParseFacts([]byte(bad))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.new, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "Mary") {
			t.Errorf("the error repeats what was read: %v", err)
		}
		if finding, err := law.Proceed().Decide(f); err == nil || finding.Permits() {
			t.Errorf("%s is decided: %s", test.new, finding.Row())
		}
	}
	if f, err := law.Proceed().ParseFacts([]byte(strings.Replace(good, `"signed":[]`, `"signed":["a15","a30"]`, 1))); err != nil || len(f.Get("signed")) != 2 {
		t.Errorf("stated signatures: %v (%v)", f.Get("signed"), err)
	}
}

// What is parsed is complete, decided, and written back as the same facts.
func FuzzParseFacts(f *testing.F) {
	text, err := json.Marshal(relative(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("8a", string(text))
	f.Add("8a", `{"signed":["a30"]}`)
	f.Add("8g", `{"findings":["M01","M01"]}`)
	f.Add("8c", `[`)
	f.Fuzz(func(t *testing.T, id, text string) {
		table, ok := law.Lookup(id)
		if !ok {
			return
		}
		facts, err := table.ParseFacts([]byte(text))
		if err != nil {
			if facts != (law.Facts{}) && facts.Complete() == nil {
				t.Fatal("refused, and complete")
			}
			return
		}
		finding, err := table.Decide(facts)
		if err != nil || finding.Row() == "" {
			t.Fatalf("parsed and not decided: %v", err)
		}
		again, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := table.ParseFacts(again); err != nil || back != facts {
			t.Fatalf("%s is read back as other facts: %v", again, err)
		}
	})
}
