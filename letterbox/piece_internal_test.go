package letterbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gatepost/letterbox/screening"
)

func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		text, words, want string
	}{
		{"Ann, ann and Anna", "Ann", "[[0 3] [5 8]]"},
		{"at the old\n  mill, at the Old Mill", "the old mill", "[[3 17] [22 34]]"},
		{"07700 900987 and 07700 9009871", "07700 900987", "[[0 12]]"},
		{"it (was) so", "(was)", "[[3 8]]"},
		{"Élan élan", "ÉLAN", "[[0 5] [6 11]]"},
		{"nothing", "  ", "[]"},
		{"nothing", "", "[]"},
		{"ab", "abc", "[]"},
		{"ananan", "an", "[]"},
		{"x\xff y", "y", "[[3 4]]"},
	} {
		if got := fmt.Sprint(places(tt.text, tt.words)); got != tt.want {
			t.Errorf("%q in %q: %s, want %s", tt.words, tt.text, got, tt.want)
		}
	}
}

// One mark for every place, which tells neither how long nor of what kind, nor how
// many parts with only spaces and stops between them.
func TestAsItGoes(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"I live at <1 Gull Row>, <Zennor>, <TR26 1AA>. Yes.", "I live at […]. Yes."},
		{"<All> of it.", "[…] of it."},
		{"It ends <here>", "It ends […]"},
		{"<One> and <two>.", "[…] and […]."},
	} {
		var spans []span
		text := tt.text
		for i := 0; strings.Contains(text, "<"); i++ {
			start := strings.Index(text, "<")
			end := strings.Index(text, ">") - 1
			text = strings.Replace(strings.Replace(text, "<", "", 1), ">", "", 1)
			spans = append(spans, span{start, end, Reason{ID: "other"}})
		}
		if got := asItGoes(cut(text, spans)); got != tt.want {
			t.Errorf("%q goes as %q, want %q", tt.text, got, tt.want)
		}
	}
}

// Whatever words are named to be left out of whatever letter: none of them is in the
// text as it goes, every other one is, in its order, and the pieces are the letter.
func TestPieces_NothingSurvives(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 12))
	screen, err := screening.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	gaps := []string{" ", " ", " ", ", ", ". ", "\n", "\n\n", " – ", "  "}
	tried := 0
	for n := range 3000 {
		var text strings.Builder
		words := make([]string, 2+r.IntN(60))
		at := make([]int, len(words))
		for i := range words {
			words[i] = fmt.Sprintf("q%dz%dx", n, i)
			at[i] = text.Len()
			text.WriteString(words[i])
			text.WriteString(gaps[r.IntN(len(gaps))])
		}
		gone := make([]bool, len(words))
		var parts []Part
		for range 1 + r.IntN(6) {
			from := r.IntN(len(words))
			to := min(from+1+r.IntN(4), len(words))
			for i := from; i < to; i++ {
				gone[i] = true
			}
			parts = append(parts, Part{Words: Text(text.String()[at[from] : at[to-1]+len(words[to-1])]), Row: 1, Reason: "other"})
		}
		if !slices.Contains(gone, false) {
			continue
		}
		tried++
		found := findings(screen, text.String())
		pieces, err := piecesOf(text.String(), found, parts, pointing{anything: true}, Reasons{Letter: []Reason{{ID: "other"}}})
		if err != nil {
			t.Fatalf("%q without %d parts: %v", text.String(), len(parts), err)
		}
		goes, whole, last := asItGoes(pieces), "", 0
		for _, p := range pieces {
			whole += string(p.Text)
		}
		if whole != text.String() {
			t.Fatalf("the pieces of %q are %q", text.String(), whole)
		}
		for i, w := range words {
			where := strings.Index(goes, w)
			switch {
			case gone[i] && where >= 0:
				t.Fatalf("%q is still in %q", w, goes)
			case !gone[i] && where < last:
				t.Fatalf("%q is not where it was in %q", w, goes)
			case !gone[i]:
				last = where
			}
		}
		if strings.Contains(goes, LeftOut+LeftOut) {
			t.Fatalf("two marks side by side: %q", goes)
		}
	}
	if tried < 2000 {
		t.Errorf("%d letters tried", tried)
	}
}
