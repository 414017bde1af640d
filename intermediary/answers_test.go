package intermediary_test

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"gatepost/intermediary"
	"gatepost/internal/fault"
)

// Whatever somebody types, what is kept can be kept again and comes out the
// same, and is text; what is refused is theirs to put right.
func FuzzAnswers(f *testing.F) {
	f.Add("adopted", "1990-02", "Nerys", "a\r\nb\u202e", "email")
	f.Add("", "", "", "", "")
	f.Add("relative", "-02", "\x00", "\xff", "post")
	f.Fuzz(func(t *testing.T, who, born, name, words, way string) {
		a := intermediary.Answers{Who: who, Born: born, Name: name, Sought: words, Reach: []string{way}}
		kept, err := intermediary.CleanAnswers(a)
		if err != nil {
			for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
				if fault.KindOf(one) != fault.Invalid {
					t.Errorf("refused as %v", one)
				}
			}
			return
		}
		again, err := intermediary.CleanAnswers(kept)
		if err != nil || !reflect.DeepEqual(kept, again) {
			t.Errorf("%+v comes out as %+v, %v", kept, again, err)
		}
		if !utf8.ValidString(kept.Sought) || len(kept.Sought) > intermediary.MaxLong {
			t.Errorf("it keeps %q", kept.Sought)
		}
		if _, err := intermediary.RouteOf(kept); err != nil {
			t.Errorf("there is no way for %+v: %v", kept, err)
		}
	})
}
