package intermediary

import (
	"testing"

	"gatepost/intermediary/law"
)

// sign signs the row at which a case stands, under the flags that are set.
func (k *known) sign(t *testing.T, row string) {
	t.Helper()
	f, err := k.proceedAnswers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := k.digestFor(f, law.RowID(row), nil)
	if err != nil {
		t.Fatal(err)
	}
	second := "wkbbbbbbbbbbbbbbb"
	k.signatures = []gateSignature{{ID: "sgaaaaaaaaaaaaaaa", RowID: row, Digest: digest[:], FirstID: "wkaaaaaaaaaaaaaaa", SecondID: &second,
		ExpiresOn: day(15), Leaf: leafOf(200), Second: leafOf(201)}}
}

// The six rows that rest on law which nobody has read (8.0 rule 6; OQ1, OQ9).
func TestOQ_Flags(t *testing.T) {
	wales := func(pair string) *known { return ready(pair).say(anAdopted, "juris", "W") }
	rows := map[string]struct {
		flag  string
		ready func() *known
		next  string // the row that answers once it is signed
	}{
		"a14": {"OQ9", func() *known {
			return wales("REL>AP").record("qualified", true).proposed(anApp, "qualified", "met").agreed(anApp, "qualified", "met")
		}, "a33"},
		"a14a": {"OQ9", func() *known { return wales("REL>PR") }, "a34"},
		"a15":  {"OQ1", func() *known { return ready("PR>REL").record("absolute", true) }, "a36"},
		"a16":  {"OQ1", func() *known { return ready("PR>REL").record("qualified", true) }, "a36"},
		"a18": {"OQ1", func() *known {
			return ready("REL>PR").proposed(anApp, "apConsent", "died").agreed(anApp, "apConsent", "died")
		}, "a34"},
		"a19": {"OQ1", func() *known {
			return ready("PR>REL").proposed(anApp, "apConsent", "untraced").agreed(anApp, "apConsent", "untraced")
		}, "a36"},
	}
	set := func(k *known, id, flag string) { k.flags = []gateFlag{{id, flag}} }
	other := map[string]string{"OQ1": "OQ9", "OQ9": "OQ1"}
	for row, tt := range rows {
		if law.FlagOf(law.RowID(row)) != tt.flag {
			t.Errorf("row %s needs %q", row, law.FlagOf(law.RowID(row)))
		}
		for name, step := range map[string]struct {
			change func(k *known)
			want   string
		}{
			"nothing signed":                     {func(k *known) { set(k, "lfa", tt.flag) }, row},
			"signed under the flag":              {func(k *known) { set(k, "lfa", tt.flag); k.sign(t, row) }, tt.next},
			"signed without it":                  {func(k *known) { k.sign(t, row) }, row},
			"signed without it, and set since":   {func(k *known) { k.sign(t, row); set(k, "lfa", tt.flag) }, row},
			"signed, and the flag has ended":     {func(k *known) { set(k, "lfa", tt.flag); k.sign(t, row); k.flags = nil }, row},
			"signed, ended, and set anew":        {func(k *known) { set(k, "lfa", tt.flag); k.sign(t, row); set(k, "lfb", tt.flag) }, row},
			"the other flag":                     {func(k *known) { set(k, "lfa", other[tt.flag]); k.sign(t, row) }, row},
			"no flag of the program's":           {func(k *known) { set(k, "lfa", "OQ2"); k.sign(t, row) }, row},
			"both flags":                         {func(k *known) { k.flags = []gateFlag{{"lfa", "OQ1"}, {"lfb", "OQ9"}}; k.sign(t, row) }, tt.next},
			"signed, and a veto registered anew": {func(k *known) { set(k, "lfa", tt.flag); k.sign(t, row); k.record("qualified", false) }, rowAfter(row)},
		} {
			k := tt.ready()
			step.change(k)
			if got := k.proceeds(t); got != step.want {
				t.Errorf("row %s, %s: %s, want %s", row, name, got, step.want)
			}
		}
	}
}

// rowAfter is where a case stands when a veto has ended behind a signature: what
// rested on the veto is gone, and everything else is as if nobody had signed.
func rowAfter(row string) string {
	switch row {
	case "a14":
		return "a32"
	case "a15", "a16":
		return "a36"
	}
	return row
}

// A flag opens no row but its own (8.0 rule 6): what rests on none is signed
// and counts whatever is set.
func TestOQ_OtherRows(t *testing.T) {
	for _, flags := range [][]gateFlag{nil, {{"lfa", "OQ1"}, {"lfb", "OQ9"}}} {
		k := ready("REL>AP").say(aSubject, "acrNoContact", "yes")
		k.flags = flags
		k.sign(t, "a30")
		k.flags = nil
		if got := k.proceeds(t); got != "a32" {
			t.Errorf("signed with %d flags set: %s", len(flags), got)
		}
	}
	for _, row := range []string{"a01a", "a03", "a11", "a17", "a30", "a25", "d02a"} {
		if law.FlagOf(law.RowID(row)) != "" {
			t.Errorf("row %s has a flag", row)
		}
	}
}
