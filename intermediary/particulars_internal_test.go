package intermediary

import (
	"strings"
	"testing"
	"time"

	"gatepost/intermediary/law"
)

// What follows from somebody's particulars, at the days that matter.
func TestDerive(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)
	value := func(list [][2]string, name string) string {
		for _, d := range list {
			if d[0] == name {
				return d[1]
			}
		}
		return ""
	}
	for name, tt := range map[string]struct {
		about, vital string
		p            Particulars
		own          law.Country
		fact, want   string
	}{
		"the day before commencement":           {"adopted", "", Particulars{OrderDate: "2005-12-29", CourtCountry: "E"}, "", "order", "pre"},
		"commencement in England":               {"adopted", "", Particulars{OrderDate: "2005-12-30", CourtCountry: "E"}, "E", "order", "post"},
		"commencement in Wales":                 {"adopted", "", Particulars{OrderDate: "2005-12-30", CourtCountry: "W"}, "E", "order", "boundaryW"},
		"commencement, our agency is Welsh":     {"adopted", "", Particulars{OrderDate: "2005-12-30", CourtCountry: "E"}, "W", "order", "boundaryW"},
		"the other agency is Welsh":             {"adopted", "", Particulars{CourtCountry: "E", AgencyCountry: "W"}, "E", "juris", "W"},
		"a month before commencement":           {"adopted", "", Particulars{OrderDate: "2005-12", CourtCountry: "E"}, "E", "order", "unknown"},
		"no court":                              {"adopted", "", Particulars{OrderDate: "1980-01-01"}, "E", "juris", "unknown"},
		"12 November 1975":                      {"adopted", "", Particulars{OrderDate: "1975-11-12"}, "E", "interviewRequired", "yes"},
		"13 November 1975":                      {"adopted", "", Particulars{OrderDate: "1975-11-13"}, "E", "interviewRequired", "no"},
		"no day of the order":                   {"adopted", "", Particulars{}, "E", "interviewRequired", "yes"},
		"born on 29 February, on 1 March":       {"application", "", Particulars{Born: "2008-02-29"}, "E", "appAge", "ge18"},
		"born on 2 March":                       {"application", "", Particulars{Born: "2008-03-02"}, "E", "appAge", "lt18"},
		"no birth":                              {"subject", "", Particulars{}, "E", "subjAge", "unknown"},
		"died a child":                          {"subject", "died", Particulars{Born: "1980-05-01", Died: "1998-04-30"}, "E", "subjAge", "lt18"},
		"died of age":                           {"subject", "died", Particulars{Born: "1980-05-01", Died: "1998-05-01"}, "E", "subjAge", "ge18"},
		"died, nobody knows when":               {"subject", "died", Particulars{Born: "1980-05-01"}, "E", "subjAge", "unknown"},
		"a death on record, not stated yet":     {"adopted", "", Particulars{Born: "1980-05-01", Died: "1990"}, "E", "apAge", "lt18"},
		"a date that no calendar has, withheld": {"adopted", "", Particulars{OrderDate: "1980-02-30", CourtCountry: "E"}, "E", "order", "unknown"},
	} {
		if got := value(derive(tt.about, tt.p, tt.vital, tt.own, now), tt.fact); got != tt.want {
			t.Errorf("%s: %s is %q, want %q", name, tt.fact, got, tt.want)
		}
	}
	for _, about := range []string{"adopted", "application", "subject"} {
		for _, d := range derive(about, Particulars{}, "", "", now) {
			if _, ok := factValue(about, d[0], d[1]); !ok || !derived(d[0]) {
				t.Errorf("%s=%s follows and is not of the list", d[0], d[1])
			}
		}
	}
}

// Each fact has a part of casework of its own, which the schema takes.
func TestFactPart(t *testing.T) {
	seen := map[string]string{}
	for _, v := range FactValues() {
		part := factPart(v.Name)
		if other, ok := seen[part]; ok && other != v.Name || len(part) > 20 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%s and %s have the part %q", v.Name, seen[part], part)
		}
		seen[part] = v.Name
	}
	if len(seen) < 30 {
		t.Errorf("%d parts", len(seen))
	}
}

func FuzzCheckParticulars(f *testing.F) {
	f.Add("Jory Tregear", "1979-06-14", "E")
	f.Add("\u202e", "1979-02-30", "X")
	f.Fuzz(func(t *testing.T, name, born, country string) {
		p, err := checkParticulars("applicant", Particulars{Name: name, Other: name, Born: born, CourtCountry: country})
		if err != nil {
			return
		}
		if again, err := checkParticulars("applicant", p); err != nil || again != p {
			t.Errorf("%q is cleaned to %+v and that to %+v, %v", name, p, again, err)
		}
		if _, err := law.ParseDate(p.Born); err != nil || strings.ContainsAny(p.Name, "\n\u202e") {
			t.Errorf("%+v was taken", p)
		}
	})
}
