package ceremony_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/internal/ceremony"
)

// vector is a key that age's own help prints: nobody's.
const vector = "AGE-SECRET-KEY-PQ-1XXC4XS9DXHZ6TREKQTT3XECY8VNNU7GJ83C3Y49D0GZ3ZUME4JWS6QC3EF"

const alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

// inGroups writes a key as it is on its sheet.
func inGroups(key string) []string {
	var list []string
	for at := 0; at < len(key); at += 5 {
		list = append(list, key[at:min(at+5, len(key))])
	}
	return list
}

func TestParseSheet_AsPeopleType(t *testing.T) {
	groups := inGroups(vector)
	for name, typed := range map[string]string{
		"one line":            vector,
		"as a scanner types":  vector + "\r\n",
		"in groups":           strings.Join(groups, " "),
		"a group a line":      strings.Join(groups, "\n"),
		"small letters":       strings.ToLower(strings.Join(groups, "  ")),
		"mixed":               strings.ToLower(vector[:40]) + vector[40:],
		"an editor's dashes":  strings.ReplaceAll(vector, "-", "–"),
		"grouped differently": vector[:7] + " " + vector[7:30] + "\t" + vector[30:],
		"sixteen odd words":   strings.Join(append([]string{groups[0] + groups[1][:1], groups[1][1:]}, groups[2:]...), " "),
	} {
		id, err := ceremony.ParseSheet(typed)
		if err != nil || id.String() != vector {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// slipOf gives the groups that a slip names.
func slipOf(t *testing.T, what, typed string) []int {
	t.Helper()
	id, err := ceremony.ParseSheet(typed)
	slip, ok := errors.AsType[*ceremony.Slip](err)
	if id != nil || !ok {
		t.Fatalf("%s: took it, or %v is no slip", what, err)
	}
	for _, group := range inGroups(vector)[4:] {
		if len(group) == 5 && strings.Contains(slip.Error(), group) {
			t.Fatalf("%s: the error holds a group of the key", what)
		}
	}
	return slip.Groups
}

// Each wrong character, in each place, is found in its group.
func TestParseSheet_WrongCharacter(t *testing.T) {
	for at := range vector {
		for _, c := range alphabet + "1BIO-!" {
			if byte(c) == vector[at] {
				continue
			}
			typed := vector[:at] + string(c) + vector[at+1:]
			for form, text := range map[string]string{"one line": typed, "in groups": strings.Join(inGroups(typed), " ")} {
				if got := slipOf(t, form, text); !slices.Equal(got, []int{at/5 + 1}) {
					t.Fatalf("%s: %q in place %d: groups %v", form, c, at, got)
				}
			}
		}
	}
}

// Two neighbours exchanged, which is what people do, and two slips far apart.
func TestParseSheet_TwoSlips(t *testing.T) {
	for at := 19; at+1 < len(vector); at++ {
		if vector[at] == vector[at+1] {
			continue
		}
		want := []int{at/5 + 1}
		if second := (at+1)/5 + 1; second != want[0] {
			want = append(want, second)
		}
		typed := vector[:at] + vector[at+1:at+2] + vector[at:at+1] + vector[at+2:]
		if got := slipOf(t, "exchanged", typed); !slices.Equal(got, want) {
			t.Errorf("exchanged at %d: groups %v, want %v", at, got, want)
		}
	}
	for one := 19; one < len(vector); one += 7 {
		for two := one + 5; two < len(vector); two += 11 {
			b := []byte(vector)
			for _, at := range []int{one, two} {
				b[at] = alphabet[(strings.IndexByte(alphabet, b[at])+3)%32]
			}
			if got := slipOf(t, "two", string(b)); !slices.Equal(got, []int{one/5 + 1, two/5 + 1}) {
				t.Errorf("slips at %d and %d: groups %v", one, two, got)
			}
		}
	}
}

// A character left out or typed twice, in groups and in one piece.
func TestParseSheet_Length(t *testing.T) {
	groups := inGroups(vector)
	for i, group := range groups {
		for name, changed := range map[string]string{"left out": group[1:], "doubled": group + group[:1]} {
			list := slices.Clone(groups)
			list[i] = changed
			if got := slipOf(t, name, strings.Join(list, " ")); !slices.Equal(got, []int{i + 1}) {
				t.Errorf("%s in group %d: groups %v", name, i+1, got)
			}
		}
	}
	for at := range vector {
		// A run of one character is the same wherever one of it is missing.
		first := at
		for first > 0 && vector[first-1] == vector[at] {
			first--
		}
		got := slipOf(t, "left out", vector[:at]+vector[at+1:])
		if len(got) != 1 || got[0] < first/5+1 || got[0] > at/5+1 {
			t.Errorf("left out at %d: groups %v", at, got)
		}
		got = slipOf(t, "doubled", vector[:at]+vector[at:at+1]+vector[at:])
		if len(got) != 1 || got[0] < first/5+1 || got[0] > at/5+1 {
			t.Errorf("doubled at %d: groups %v", at, got)
		}
	}
	// One too few here and one too many there.
	list := slices.Clone(groups)
	list[6], list[9] = list[6][:4], list[9]+"Q"
	if got := slipOf(t, "both", strings.Join(list, " ")); !slices.Equal(got, []int{7, 10}) {
		t.Errorf("one few and one many: groups %v", got)
	}
}

// More than two slips are not guessed at: the check digits of the rows differ
// where they are.
func TestParseSheet_ManySlips(t *testing.T) {
	sheet := sheetOf(t, vector)
	b := []byte(vector)
	for _, at := range []int{22, 24, 31, 63} {
		b[at] = alphabet[(strings.IndexByte(alphabet, b[at])+1)%32]
	}
	_, err := ceremony.ParseSheet(string(b))
	slip, ok := errors.AsType[*ceremony.Slip](err)
	if !ok || len(slip.Groups) != 0 || len(slip.Checks) != 4 {
		t.Fatalf("four slips: %v", err)
	}
	for i, row := range sheet.Rows() {
		if same := row.Check == slip.Checks[i]; same != (i == 0 || i == 2) {
			t.Errorf("row %d: check %s, typed %s", i+1, row.Check, slip.Checks[i])
		}
	}
}

func TestParseSheet_NoKey(t *testing.T) {
	classic := "AGE-SECRET-KEY-1N9JEPW6DWJ0ZQUDX63F5A03GX8QUW7PXDE39N8UYF82VZ9PC8UFS3M7XA9"
	for _, typed := range []string{"", " \n", "A", classic, vector + vector, strings.Repeat("A", 1<<16), "\xff\xfe", strings.Repeat("é", 77)} {
		_, err := ceremony.ParseSheet(typed)
		if _, ok := errors.AsType[*ceremony.Slip](err); !ok {
			t.Errorf("%.20q: %v", typed, err)
		}
	}
}

// Whatever is typed, it is a key that says the same or a slip within the sheet.
func FuzzParseSheet(f *testing.F) {
	f.Add(vector)
	f.Add(strings.Join(inGroups(vector), " "))
	f.Add(strings.Replace(vector, "HZ6", "ZH6", 1))
	f.Add("AGE-S ECRET -KEY- PQ-1")
	f.Add("é—\x00")
	f.Fuzz(func(t *testing.T, typed string) {
		id, err := ceremony.ParseSheet(typed)
		if err == nil {
			text := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
			if _, err := age.ParseHybridIdentity(id.String()); err != nil || len(id.String()) != 77 || len(text) < 77 {
				t.Fatalf("took %q for a key: %v", typed, err)
			}
			return
		}
		slip, ok := errors.AsType[*ceremony.Slip](err)
		if !ok || slip.Error() == "" || len(slip.Checks) != 0 && len(slip.Checks) != 4 {
			t.Fatalf("%q: %v", typed, err)
		}
		for _, g := range slip.Groups {
			if g < 1 || g > 16 {
				t.Fatalf("%q: group %d", typed, g)
			}
		}
	})
}
