package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/intermediary/law"
)

// stands is a birth relative's application that a wish for no contact holds up.
const stands = `{"order":"pre","juris":"E","agency":"registered","pair":"REL>AP","appAge":"ge18","subjAge":"ge18","apAge":"ge18","reg11":"passed","linkProven":"no",` +
	`"met":"yes","aaa":"answered","veto":"none","vetoFresh":"yes","provisionalStop":"no","apConsent":"notSought","acr":"checked","acrNoContact":"yes","approp":"yes","signed":[]}`

// What is printed for a line, byte for byte: an answer, a refusal, and on.
func TestLawDecide(t *testing.T) {
	in := stands + "\n\n" +
		strings.Replace(stands, `"signed":[]`, `"signed":["a30"]`, 1) + "\r\n" +
		strings.Replace(stands, `"none"`, `"absolute"`, 1) + "\n" +
		`{"order":"pre"}` + "\n" +
		strings.Repeat("x", 70<<10) + "\n" +
		strings.Replace(stands, `"approp":"yes"`, `"approp":"perhaps, for Mary Poe"`, 1) + "\n" +
		strings.Replace(stands, `"aaa":"answered"`, `"aaa":"notFound"`, 1) // no end of line
	out, errs, code := gatepost(t, in, "law", "decide", "8a")
	want := `{"row":"a30","outcome":"REFER","effects":["factor"],"citation":"ISR 6(2)(c)","reason":"One of the people has put a wish for no contact on record. It must be weighed with care; two people with that power must sign before you go on."}
{"row":"a32","outcome":"+PROCEED","effects":[],"citation":"ISR 5(1)(b)(i), 5A(1)","reason":"You may look for the adopted person and approach them. Follow the script, which tells nothing to others in the house."}
{"row":"a11","outcome":"BLOCK","effects":[],"citation":"ISR 5A(1), 5A(2)(a), 8(1)(b)(i)","reason":"The adopted person has said in writing that they do not want to be approached. You may not look for anybody or write to anybody; send the letter that tells nothing of this."}
{"error":"table 8a: juris is missing"}
{"error":"the line is longer than 64 KiB"}
{"error":"approp has a value that is not one of yes, no, undecided"}
{"row":"a24","outcome":"HOLD","effects":["toRG","toCourt"],"citation":"ISR 12-15","reason":"No adoption agency has been found yet. Ask the Registrar General, then the court, and in Wales the local authority too, and wait for their answers."}
`
	if out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if code != failed || errs != "gatepost: 3 of 7 lines could not be answered; each says why\n" {
		t.Errorf("code %d, %s", code, errs)
	}
	if out, errs, code := gatepost(t, "", "law", "decide", "8b"); out != "" || errs != "" || code != done {
		t.Errorf("nothing asked: %q %q %d", out, errs, code)
	}
	for args, want := range map[string]string{"law decide 9a": "no table", "law decide": "the table is missing", "law decide 8a 8b": "one word too many", "law print 8a": "one word too many"} {
		if _, errs, code := gatepost(t, stands, strings.Fields(args)...); code != wrongUse || !strings.Contains(errs, want) {
			t.Errorf("%s: code %d, %s", args, code, errs)
		}
	}
}

// The command answers the covering set of every table as it is written down.
func TestLawDecide_EveryRow(t *testing.T) {
	for _, table := range law.Tables() {
		text, err := os.ReadFile(filepath.Join("../../intermediary/law/testdata", "covering-"+table.ID()+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var set struct {
			Results map[string]string
			Points  []struct {
				Facts json.RawMessage
				Gives string
			}
		}
		if err := json.Unmarshal(text, &set); err != nil {
			t.Fatal(err)
		}
		var in strings.Builder
		for _, p := range set.Points {
			in.Write(p.Facts)
			in.WriteString("\n")
		}
		lines := strings.Split(strings.TrimSpace(must(t, in.String(), "law", "decide", table.ID())), "\n")
		if len(lines) != len(set.Points) {
			t.Fatalf("table %s: %d answers to %d lines", table.ID(), len(lines), len(set.Points))
		}
		for i, line := range lines {
			var got answer
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			said := string(got.Row)
			if rest := result(got); set.Results[said] != rest {
				said += " " + rest
			}
			if said != set.Points[i].Gives || got.Citation == "" || got.Reason == "" || got.Effects == nil {
				t.Errorf("%s gives %s, want %s", set.Points[i].Facts, line, set.Points[i].Gives)
			}
		}
	}
}

// result writes an answer's outcome and effects as the covering sets do.
func result(a answer) string {
	var effects []string
	for _, e := range a.Effects {
		effects = append(effects, string(e))
	}
	if len(effects) == 0 {
		return string(a.Outcome)
	}
	return string(a.Outcome) + " + " + strings.Join(effects, ", ")
}

func TestLawPrint(t *testing.T) {
	page, err := os.ReadFile("../../docs/law.md")
	if err != nil {
		t.Fatal(err)
	}
	if must(t, "", "law", "print") != string(page) {
		t.Error("docs/law.md is another page")
	}
}
