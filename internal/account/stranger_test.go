package account_test

import (
	"net/netip"
	"testing"
	"time"

	"gatepost/crypto/code"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/fault"
)

// Both tiers open an enquiry with its code, another agency does not.
func TestIntakeToken(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	c := code.NewIntake()
	public, err := w.Public.IntakeToken("oak", c)
	must(t, err)
	staff, err := w.Staff.IntakeToken("oak", c)
	must(t, err)
	elm, err := w.Public.IntakeToken("elm", c)
	must(t, err)
	if public.RowID() != staff.RowID() || public.RowID() == elm.RowID() {
		t.Error("a code opens another enquiry on the other tier, or the same at another agency")
	}
	if _, err := w.Public.IntakeToken("ash", c); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no such agency: %v", err)
	}
}

// One network fills its own count and nobody else's, until the hour is over.
func TestCountStrangers(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	near, far := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.4")
	for i := range 20 {
		if err := w.Public.CountWrongCode(t.Context(), "oak", near); err != nil {
			t.Fatalf("wrong code %d: %v", i+1, err)
		}
	}
	if err := w.Public.CountWrongCode(t.Context(), "oak", netip.MustParseAddr("203.0.113.77")); fault.KindOf(err) != fault.Busy {
		t.Errorf("one too many from a network: %v", err)
	}
	must(t, w.Public.CountWrongCode(t.Context(), "oak", far))
	must(t, w.Public.CountBegun(t.Context(), "oak", near))
	w.Clock.Advance(time.Hour)
	must(t, w.Public.CountWrongCode(t.Context(), "oak", near))
	for range 60 {
		must(t, w.Public.CountBegun(t.Context(), "oak", near))
	}
	if err := w.Public.CountBegun(t.Context(), "oak", near); fault.KindOf(err) != fault.Busy {
		t.Errorf("one too many begun: %v", err)
	}
	if err := w.Public.CountBegun(t.Context(), "elm", far); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("an agency that nobody has opened: %v", err)
	}
}
