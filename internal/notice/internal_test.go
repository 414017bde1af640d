package notice

import (
	"strings"
	"testing"
	"time"
)

// Whatever is typed: what is kept is one plain address and two times, and a
// mail that is put off goes out within a day, at a time that is not quiet.
func FuzzDetails(f *testing.F) {
	f.Add("kelly@example.org", "20:00", "08:00", int64(1_800_000_000))
	f.Add("a@b.example\r\nBcc: c@d.example", "08:00", "20:00", int64(1_774_746_000)) // the night the clocks go forward
	f.Add("\"a b\"@example.org", "00:00", "23:59", int64(0))
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address, from, to string, at int64) {
		d, err := Details{On: true, Mail: address, QuietFrom: from, QuietTo: to}.clean()
		if err != nil {
			return
		}
		if strings.ContainsAny(d.Mail, "\r\n ,;<>\"\\") || strings.Count(d.Mail, "@") != 1 {
			t.Errorf("%q was taken as an address", d.Mail)
		}
		now := time.Unix(at%4_000_000_000, 0)
		due := d.content().speaksAt(now, london)
		// A day in which the clocks change has 25 hours.
		if due.Before(now) || due.Sub(now) > 25*time.Hour {
			t.Errorf("at %v, quiet %s to %s: due %v", now, from, to, due)
		}
	})
}

func TestSpeaksAt(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, at, want string }{
		{"20:00", "08:00", "2026-07-01T07:59", "2026-07-01T08:00"},
		{"20:00", "08:00", "2026-07-01T08:00", "2026-07-01T08:00"},
		{"20:00", "08:00", "2026-07-01T19:59", "2026-07-01T19:59"},
		{"20:00", "08:00", "2026-07-01T20:00", "2026-07-02T08:00"},
		{"20:00", "08:00", "2026-12-31T23:30", "2027-01-01T08:00"},
		{"09:00", "17:00", "2026-07-01T12:00", "2026-07-01T17:00"},
		{"09:00", "17:00", "2026-07-01T17:00", "2026-07-01T17:00"},
		{"20:00", "08:00", "2026-10-25T00:30", "2026-10-25T08:00"}, // the clocks go back
		{"20:00", "01:30", "2026-03-29T00:30", "2026-03-29T02:30"}, // 01:30 does not exist
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", c.at, london)
		if err != nil {
			t.Fatal(err)
		}
		if got := (content{QuietFrom: c.from, QuietTo: c.to}).speaksAt(at, london).In(london).Format("2006-01-02T15:04"); got != c.want {
			t.Errorf("quiet %s to %s, at %s: %s, want %s", c.from, c.to, c.at, got, c.want)
		}
	}
}
