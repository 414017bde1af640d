package register_test

import (
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary/register"
)

func TestParseEntries(t *testing.T) {
	text := "\ufeffID, Forename,dob,colour,surname,mother_forename,mother_surname,place,sex,agency,mother_other_surname,dob_text\r\n" +
		"7,\"Rose, or Rosie\",19710406,blue,Marsh,Ann,Poe,Whitby,F,Garth House,Lake,\r\n8,,,,,,,,,,,about 1971\n"
	list, ignored, err := register.ParseEntries(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	first := register.Entry{ID: "7", Forename: "Rose, or Rosie", Born: "19710406", Surname: "Marsh", MotherForename: "Ann", MotherSurname: "Poe", Place: "Whitby", Sex: "F",
		Agency: "Garth House", MotherOtherSurname: "Lake"}
	if len(list) != 2 || list[0].ID != "7" || list[0].Forename != first.Forename || list[0].MotherOtherSurname != "Lake" || list[0].Agency != first.Agency ||
		list[1].ID != "8" || list[1].BornText != "about 1971" || !slices.Equal(ignored, []string{"colour"}) {
		t.Errorf("%+v, ignored %v", list, ignored)
	}
}

func TestParseEntries_Wrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                           "the file is empty; its first line has to name the columns",
		"forename\nRose\n":                           "line 1: there is no column id; the first line has to name the columns",
		"id,place,place\n":                           `line 1: there are two columns "place"`,
		"id,place\n1,Hull\n2\n":                      "line 3: it has more or fewer columns than the first line",
		"id,place\n1,Hull\n1,York\n":                 `line 3: the id "1" was given in line 2 already`,
		"id,place\n ,Hull\n":                         "line 2: the id is missing",
		"id,place\n1,\"Hull\n2,York":                 "line 3: a quotation mark is missing or in the wrong place",
		"id,place\n1,Hu\"ll\n":                       "line 2: a quotation mark is missing or in the wrong place",
		"id,place\n\xff,Hull\n":                      "line 2: the id is too long, or no text",
		"id,place\n1,\"\n\n\"\n,Hull":                "line 5: the id is missing",
		"id,place\n1," + strings.Repeat("x", 70<<10): "line 2: a cell is longer than 64 KiB; a quotation mark may be missing",
		strings.Repeat("x", 300) + ",id\n" + strings.Repeat("y", 300) + "," + strings.Repeat("1", 300): "line 2: the id is too long, or no text",
	} {
		if _, _, err := register.ParseEntries(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// Whatever a file holds, there is an answer; and what was read can be matched.
func FuzzParseEntries(f *testing.F) {
	for _, text := range []string{"id,forename\n1,Rose\n", "\ufeffid\r\n1\r\n", "id,dob_text\n1,\"about\n1971\"\n", "id,id\n", "\"", "id,sex,dob\n1,\xff,00000000\n2,f,19710406"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, _, err := register.ParseEntries(strings.NewReader(text))
		if err != nil {
			if entries != nil || err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%d entries and %v", len(entries), err)
			}
			return
		}
		if len(entries) > 20 {
			entries = entries[:20]
		}
		result, err := register.Match(t.Context(), entries, entries, register.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range result.Proposals {
			if !(p.Probability >= 0 && p.Probability <= 1) {
				t.Errorf("p is %f", p.Probability)
			}
		}
	})
}
