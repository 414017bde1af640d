package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"gatepost/internal/fault"
)

func TestKindOf(t *testing.T) {
	cause := errors.New("row 7")
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil has no kind", nil, ""},
		{"a foreign error is our mistake", cause, fault.Internal},
		{"a fault", fault.New(fault.Conflict, "fault.taken"), fault.Conflict},
		{"a wrapped fault", fmt.Errorf("claim: %w", fault.New(fault.Gone, "fault.gone")), fault.Gone},
		{"the outer fault counts", fault.Wrap(fault.NotFound, "x", fault.New(fault.Conflict, "y")), fault.NotFound},
	}
	for _, tt := range tests {
		if got := fault.KindOf(tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if !errors.Is(fault.Wrap(fault.Internal, "x", cause), cause) {
		t.Error("a fault must keep its cause")
	}
}
