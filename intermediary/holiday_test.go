package intermediary_test

import (
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/calendar"
)

// A bank holiday that was proclaimed for one year moves every day that the
// service promises, and the clock reminds nobody on it.
func TestHolidays_EveryClock(t *testing.T) {
	w, ctx := intermediarytest.New(t), t.Context()
	today := calendar.Today(w.Clock.Now())
	holiday := calendar.AddWorkingDays(today, 3)
	days := calendar.Proclaimed(holiday)
	w.Cases = intermediary.New(w.StaffDB, w.StaffAgencies.Counting(days), w.StaffConfig.Index, w.Clock.Now, accounttest.Log(t)).WithCodes(w.Staff)
	c := w.Open(t, "REL>AP")
	var hearBy time.Time
	must(t, w.Rows.QueryRow(ctx, `select hear_by from application where id = $1`, string(c.ID)).Scan(&hearBy))
	if want := calendar.AddWorkingDays(today, intermediary.Promise+1); !hearBy.Equal(want) {
		t.Errorf("they hear by %s, want %s", hearBy.Format(time.DateOnly), want.Format(time.DateOnly))
	}
	ask := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskAgency, By: "letter", Addressee: "The elm agency", About: "Piran Nance"}
	must(t, w.Cases.Enquire(ctx, w.CaseWorker, ask))
	var due time.Time
	must(t, w.Rows.QueryRow(ctx, `select due_on from enquiry where id = $1`, string(ask.ID)).Scan(&due))
	if want := calendar.AddWorkingDays(today, intermediary.DefaultDue+1); !due.Equal(want) {
		t.Errorf("answered by %s, want %s", due.Format(time.DateOnly), want.Format(time.DateOnly))
	}
	tamper(t, w, `update enquiry set due_on = $2 where id = $1`, string(ask.ID), today)
	reminded := func() (n int) {
		t.Helper()
		must(t, w.Cases.RemindOverdue(ctx, w.Home.ID))
		must(t, w.Rows.QueryRow(ctx, `select count(*) from enquiry where id = $1 and chased_on is not null`, string(ask.ID)).Scan(&n))
		return n
	}
	w.Clock.Advance(holiday.Sub(today))
	if reminded() != 0 {
		t.Error("the clock reminds on a holiday")
	}
	w.Clock.Advance(calendar.AddWorkingDays(holiday, 1).Sub(holiday))
	if reminded() != 1 {
		t.Error("the clock does not remind on the day after")
	}
}
