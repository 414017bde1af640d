package law_test

import (
	"testing"
	"time"

	"gatepost/intermediary/law"
	"gatepost/internal/calendar"
)

func date(t testing.TB, s string) law.Date {
	t.Helper()
	d, err := law.ParseDate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"", "0001", "1974", "1974-11", "1974-02-28", "1976-02-29", "2005-12-30", "9999-12-31"} {
		if got := date(t, s); got.String() != s || got.Whole() != (len(s) == 10) {
			t.Errorf("%q is read as %q, whole: %v", s, got, got.Whole())
		}
	}
	for _, s := range []string{"1975-02-29", "1974-13", "1974-00", "1974-11-00", "1974-11-31", "0000", "0000-01-01", "74-11-03", "1974-1-3",
		"1974-", "1974-11-", "03/11/1974", " 1974", "1974-11-03T00:00", "+974", "-001", "１９７４"} {
		if got, err := law.ParseDate(s); err == nil || got != (law.Date{}) {
			t.Errorf("%q is read as %q", s, got)
		}
	}
}

func TestDateOf(t *testing.T) {
	tests := []struct {
		year, month, day int
		want             string
		refused          bool
	}{
		{0, 0, 0, "", false}, {1974, 0, 0, "1974", false}, {1974, 11, 0, "1974-11", false}, {1976, 2, 29, "1976-02-29", false},
		{1975, 2, 29, "", true}, {1900, 2, 29, "", true}, {2000, 2, 29, "2000-02-29", false}, {1974, 0, 3, "", true}, {0, 11, 3, "", true},
		{0, 11, 0, "", true}, {0, 0, 3, "", true}, {-1, 1, 1, "", true}, {10000, 1, 1, "", true}, {1974, 13, 1, "", true}, {1974, -1, 0, "", true},
		{1974, 11, -1, "", true}, {1974, 11, 31, "", true}, {1974, 12, 31, "1974-12-31", false}, {1974, 12, 32, "", true},
	}
	for _, tt := range tests {
		got, err := law.DateOf(tt.year, time.Month(tt.month), tt.day)
		if got.String() != tt.want || (err != nil) != tt.refused {
			t.Errorf("%d, %d, %d: got %q and %v", tt.year, tt.month, tt.day, got, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"", "1974", "1974-11", "1975-11-12", "1975-02-29", "0000", "2005-12-30 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := law.ParseDate(s)
		if err != nil {
			if d != (law.Date{}) {
				t.Fatalf("%q: an error and a date", s)
			}
			return
		}
		if d.String() != s {
			t.Fatalf("%q is written %q", s, d)
		}
	})
}

// ISR 2: pre-commencement is an order made before 30 December 2005. In England
// the day itself is post-commencement, in Wales a lawyer has to answer.
func TestISR2_Commencement(t *testing.T) {
	tests := []struct {
		order       string
		pre         bool
		e, w, other law.Regime
	}{
		{"2005-12-29", true, law.RegimePre, law.RegimePre, law.RegimePre},
		{"2005-12-30", false, law.RegimePost, law.RegimeBoundaryW, law.RegimeUnknown},
		{"2005-12-31", false, law.RegimePost, law.RegimePost, law.RegimePost},
		{"2006-01-01", false, law.RegimePost, law.RegimePost, law.RegimePost},
		{"1926", true, law.RegimePre, law.RegimePre, law.RegimePre},
		{"2004", true, law.RegimePre, law.RegimePre, law.RegimePre},
		{"2005-11", true, law.RegimePre, law.RegimePre, law.RegimePre},
		{"2005-12", false, law.RegimeUnknown, law.RegimeUnknown, law.RegimeUnknown},
		{"2005", false, law.RegimeUnknown, law.RegimeUnknown, law.RegimeUnknown},
		{"2006", false, law.RegimePost, law.RegimePost, law.RegimePost},
		{"2006-01", false, law.RegimePost, law.RegimePost, law.RegimePost},
		{"", false, law.RegimeUnknown, law.RegimeUnknown, law.RegimeUnknown},
	}
	for _, tt := range tests {
		d := date(t, tt.order)
		if got := law.PreCommencement(d); got != tt.pre {
			t.Errorf("PreCommencement(%s) = %v", tt.order, got)
		}
		for juris, want := range map[law.Country]law.Regime{law.CountryEngland: tt.e, law.CountryWales: tt.w,
			law.CountryOther: tt.other, law.CountryUnknown: tt.other, "": tt.other, "e": tt.other} {
			if got := law.RegimeOf(d, juris); got != want {
				t.Errorf("RegimeOf(%s, %s) = %s, want %s", tt.order, juris, got, want)
			}
			settled := law.RegimeUnknown
			if juris == law.CountryEngland || juris == law.CountryWales {
				settled = want
			}
			if got := law.SettledRegime(d, juris); got != settled {
				t.Errorf("SettledRegime(%s, %s) = %s, want %s", tt.order, juris, got, settled)
			}
		}
	}
}

// ACA 2002 Schedule 2 paragraph 4 says "before 12 November 1975"; the day itself
// counts for the interview (OQ3) and not for the Welsh queue (ISR(W) 5(2)).
func TestSchedule2Para4_InterviewRequired(t *testing.T) {
	tests := []struct {
		order               string
		interview, priority bool
	}{
		{"1975-11-11", true, true}, {"1975-11-12", true, false}, {"1975-11-13", false, false},
		{"1975-10", true, true}, {"1975-11", true, false}, {"1975-12", false, false},
		{"1974", true, true}, {"1975", true, false}, {"1976", false, false}, {"", true, false},
		{"1927-01-01", true, true}, {"2005-12-29", false, false},
	}
	for _, tt := range tests {
		d := date(t, tt.order)
		if got := law.InterviewRequired(d); got != tt.interview {
			t.Errorf("InterviewRequired(%s) = %v", tt.order, got)
		}
		if got := law.WelshPriority(d, law.CountryWales); got != tt.priority {
			t.Errorf("WelshPriority(%s) = %v", tt.order, got)
		}
		for _, juris := range []law.Country{law.CountryEngland, law.CountryOther, law.CountryUnknown, ""} {
			if law.WelshPriority(d, juris) {
				t.Errorf("WelshPriority(%s, %s)", tt.order, juris)
			}
		}
	}
}

// The stricter country wins: every combination, the rule written a second time.
func TestJurisdiction(t *testing.T) {
	countries := []law.Country{"E", "W", "other", "unknown", "", "w", "Scotland"}
	listed := func(c law.Country) bool { return c == "E" || c == "W" || c == "other" || c == "unknown" }
	for _, court := range countries {
		for _, aaa := range countries {
			for _, ia := range countries {
				want := law.CountryEngland
				if court == "unknown" {
					want = law.CountryUnknown
				}
				if court == "W" || aaa == "W" || ia == "W" {
					want = law.CountryWales
				}
				if court == "other" {
					want = law.CountryOther
				}
				if !listed(court) || !listed(aaa) || !listed(ia) {
					want = law.CountryUnknown
				}
				if got := law.Jurisdiction(court, aaa, ia); got != want {
					t.Errorf("Jurisdiction(%q, %q, %q) = %q, want %q", court, aaa, ia, got, want)
				}
			}
		}
	}
}

// Family Law Reform Act 1969 s.9: an age is attained at the start of the day.
func TestFLRA9_Attains18(t *testing.T) {
	tests := []struct{ born, want string }{
		{"2000-05-17", "2018-05-17"}, {"2000-02-28", "2018-02-28"}, {"2000-02-29", "2018-03-01"}, {"2000-03-01", "2018-03-01"},
		{"2000-12-31", "2018-12-31"}, {"2008-02-29", "2026-03-01"}, {"2000-05", "2018-05-31"}, {"2000-06", "2018-06-30"},
		{"2000-02", "2018-03-01"}, {"2001-02", "2019-02-28"}, {"2000", ""}, {"", ""},
	}
	for _, tt := range tests {
		got, ok := law.Attains18(date(t, tt.born))
		if got.String() != tt.want || ok != (tt.want != "") {
			t.Errorf("born %s: %s (%v), want %s", tt.born, got, ok, tt.want)
		}
	}
}

func TestAdulthoodAt(t *testing.T) {
	tests := []struct {
		born, on string
		want     law.Adulthood
		years    int
		known    bool
	}{
		{"2008-06-15", "2026-06-14", law.AdulthoodNot, 17, true},
		{"2008-06-15", "2026-06-15", law.AdulthoodReached, 18, true},
		{"2008-06-15", "2026-06-16", law.AdulthoodReached, 18, true},
		{"2008-02-29", "2026-02-28", law.AdulthoodNot, 17, true},
		{"2008-02-29", "2026-03-01", law.AdulthoodReached, 18, true},
		{"2008-02-29", "2028-02-28", law.AdulthoodReached, 19, true},
		{"2008-02-29", "2028-02-29", law.AdulthoodReached, 20, true},
		{"2007-02", "2025-02-27", law.AdulthoodNot, 17, true},
		{"2007-02", "2025-02-28", law.AdulthoodReached, 18, true},
		{"2008-06", "2026-06-29", law.AdulthoodNot, 17, true},
		{"2008-06", "2026-06-30", law.AdulthoodReached, 18, true},
		{"2008-06-15", "2008-06-15", law.AdulthoodNot, 0, true},
		{"2008-06-15", "2008-06-14", law.AdulthoodUnknown, 0, false}, // before the birth
		{"2008", "2030-01-01", law.AdulthoodUnknown, 0, false},
		{"", "2030-01-01", law.AdulthoodUnknown, 0, false},
		{"2008-06-15", "", law.AdulthoodUnknown, 0, false},
		// the day of a death of which parts are not known
		{"1950-06-15", "1968", law.AdulthoodUnknown, 0, false},
		{"1950-06-15", "1968-06", law.AdulthoodUnknown, 0, false},
		{"1950-06-15", "1968-05", law.AdulthoodNot, 0, false},
		{"1950-06-15", "1968-07", law.AdulthoodReached, 0, false},
		{"1950-06-15", "1969", law.AdulthoodReached, 0, false},
	}
	for _, tt := range tests {
		born, on := date(t, tt.born), date(t, tt.on)
		if got := law.AdulthoodAt(born, on); got != tt.want {
			t.Errorf("born %q, on %q: %s, want %s", tt.born, tt.on, got, tt.want)
		}
		if years, known := law.AgeAt(born, on); years != tt.years || known != tt.known {
			t.Errorf("born %q, on %q: aged %d (%v), want %d (%v)", tt.born, tt.on, years, known, tt.years, tt.known)
		}
	}
	for a, want := range map[law.Adulthood]string{law.AdulthoodReached: "yes", law.AdulthoodNot: "no", law.AdulthoodUnknown: "unknown", "": "unknown"} {
		if got := a.YesNo(); got != want {
			t.Errorf("%q is %s, want %s", a, got, want)
		}
	}
}

// An age and adulthood agree on every day of somebody's nineteenth year.
func TestAgeAt_EveryDay(t *testing.T) {
	for _, s := range []string{"2008-02-28", "2008-02-29", "2008-03-01", "2007-02-28", "2008-12-31", "2008-01-01", "2008-02", "2008-04"} {
		born := date(t, s)
		eighteen, _ := law.Attains18(born)
		for day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
			on := date(t, day.Format(time.DateOnly))
			want := on.String() >= eighteen.String()
			years, known := law.AgeAt(born, on)
			if !known || years >= 18 != want || (law.AdulthoodAt(born, on) == law.AdulthoodReached) != want {
				t.Errorf("born %s, on %s: aged %d, %s", s, on, years, law.AdulthoodAt(born, on))
			}
		}
	}
}

func TestDayOf_IsLondon(t *testing.T) {
	// Half past eleven at night by the clock of UTC is the next day in summer.
	if got := law.DayOf(time.Date(2026, 6, 14, 23, 30, 0, 0, time.UTC)); got.String() != "2026-06-15" {
		t.Errorf("got %s", got)
	}
	if got := law.DayOf(time.Date(2026, 1, 14, 23, 30, 0, 0, time.UTC)); got.String() != "2026-01-14" {
		t.Errorf("got %s", got)
	}
}

// DAIR 15: forty working days from the day on which the notice is taken to be served.
func TestDAIR15_WorkingDayClock(t *testing.T) {
	tests := []struct {
		sent     string
		deemed   int
		holidays []string
		want     string
	}{
		{"2026-03-02", 0, nil, "2026-04-29"}, // over Easter
		{"2026-02-28", 2, nil, "2026-04-29"}, // posted on the Saturday before
		{"2026-03-01", 0, nil, "2026-04-28"}, // a Sunday counts from Monday
		{"2026-02-27", 0, nil, "2026-04-28"}, // so does the Friday before
		{"2026-12-01", 0, nil, "2027-01-29"}, // over Christmas, the 28th for the 26th, and New Year
		{"2023-04-03", 0, nil, "2023-06-02"}, // 8 May 2023 was proclaimed: the calendar does not know it
		{"2023-04-03", 0, []string{"2023-05-08"}, "2023-06-05"},
		{"2026-03-02", 0, []string{"2026-03-07", "2026-04-03", "2026-06-01"}, "2026-04-29"}, // no working days of the clock
	}
	for _, tt := range tests {
		var proclaimed []time.Time
		for _, s := range tt.holidays {
			day, err := time.Parse(time.DateOnly, s)
			if err != nil {
				t.Fatal(err)
			}
			proclaimed = append(proclaimed, day)
		}
		clock, err := law.StartClock(date(t, tt.sent), tt.deemed, calendar.Proclaimed(proclaimed...))
		if err != nil || clock.Last().String() != tt.want {
			t.Errorf("sent %s: ends %s (%v), want %s", tt.sent, clock.Last(), err, tt.want)
		}
	}
	for _, tt := range []struct {
		sent   string
		deemed int
	}{{"", 0}, {"2026-03", 0}, {"2026", 0}, {"2026-03-02", -1}, {"2026-03-02", 61}} {
		if clock, err := law.StartClock(date(t, tt.sent), tt.deemed, calendar.Days{}); err == nil || clock.Standstill(time.Now()) != law.StandstillNotStarted {
			t.Errorf("sent %q, deemed %d: a clock", tt.sent, tt.deemed)
		}
	}
}

// The clock ends at the end of its last day in London.
func TestDAIR15_Standstill(t *testing.T) {
	clock, err := law.StartClock(date(t, "2026-03-02"), 0, calendar.Days{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04:05", s, calendar.London())
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for moment, want := range map[string]law.Standstill{
		"2026-03-01 12:00:00": law.StandstillRunning, "2026-03-02 00:00:00": law.StandstillRunning, "2026-04-28 23:59:59": law.StandstillRunning,
		"2026-04-29 00:00:00": law.StandstillRunning, "2026-04-29 23:59:59": law.StandstillRunning, "2026-04-30 00:00:00": law.StandstillEnded,
	} {
		if got := clock.Standstill(at(moment).UTC()); got != want {
			t.Errorf("%s: %s, want %s", moment, got, want)
		}
	}
	if got := (law.WorkingDayClock{}).Standstill(at("2026-03-02 00:00:00")); got != law.StandstillNotStarted {
		t.Errorf("a clock that nobody started is %s", got)
	}
	if got := (law.WorkingDayClock{}).Last(); got != (law.Date{}) {
		t.Errorf("a clock that nobody started ends on %s", got)
	}
}
