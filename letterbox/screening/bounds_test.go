package screening

// In the package: steps are counted inside, since a test that measured time would
// fail on a busy machine.

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func manyEntries(n int) []Entry {
	var list []Entry
	for i := range n {
		name := fmt.Sprintf("%c%c%cmar%cth", 'a'+i%26, 'e'+i/26%20, 'k'+i/520%8, 'a'+i%19)
		kind := []Kind{Name, Surname, Town, School, Address}[i%5]
		if i%5 == 4 {
			name = "12 " + name + " Road"
		}
		list = append(list, Entry{kind, name})
	}
	return list
}

// A megabyte that was made to be slow costs in proportion what a letter costs.
func TestScan_Linear(t *testing.T) {
	screen, err := Compile(manyEntries(50))
	if err != nil {
		t.Fatal(err)
	}
	once := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("07700 900123 and 0 0 0 7 ", 200)))
	twice := base64.StdEncoding.EncodeToString([]byte(once))
	for name, piece := range map[string]string{
		"noughts": "0 ", "double": "double ", "one letter": "a", "letters": "a ", "dots": "a.", "words": "seven oh ", "reversed": "htram ", "lines": "I\n", "pairs": "07700 then ", "spelt": "papa echo ", "halves": "starts with ab ", "at": "a@", "spaced at": "a @ a . com ",
		"dates": "01/02/2019 ", "hex": "30 37 37 ", "binary": "00110000 ", "morse": ".- -... ", "numbered": "9-19-12-1-", "capitals": "Aaa ", "schools": "School Road ", "stars": "a*b*c ", "leet": "m4rth ", "postcodes": "SY8 9ZZ ", "outward": "SY8 half ", "platform": "insta as ",
		"cue": "do not tell ", "base64": once + " ", "base64 twice": twice + " ", "cyrillic": "Іслааб ", "all one word": "xmarthx", "near": "aekmarbth ", "keycap": "0\ufe0f\u20e3", "accents": "e\u0301\u0302\u0303", "large rune": "\ufdfa", "quote": "o'o'", "broken": "\xff\xc3", "bus": "the 7 bus ", "unders": "User under a_b ",
	} {
		cost := func(size int) float64 {
			text := strings.Repeat(piece, size/len(piece)+1)
			_, steps := screen.scan(text)
			return float64(steps) / float64(len(text))
		}
		size := 30_000
		switch name {
		case "noughts", "double", "base64 twice":
			size = 1 << 20
		}
		small, large := cost(4_000), cost(size)
		if large > 2*small+20 || large > 400 {
			t.Errorf("%s: %.1f steps a byte at 4 KB, %.1f at %d KB", name, small, large, size>>10)
		}
	}
}

// A list is refused whole rather than cut.
func TestCompile_Refused(t *testing.T) {
	for name, list := range map[string][]Entry{
		"10,000 entries": manyEntries(10_000), "a long value": {{Name, strings.Repeat("a", MaxValue+1)}}, "no kind": {{"", "Poe"}}, "an unknown kind": {{"planet", "Mars"}},
	} {
		if _, err := Compile(list); !errors.Is(err, ErrList) || strings.Contains(err.Error(), "Poe") || strings.Contains(err.Error(), "Mars") {
			t.Errorf("%s: %v", name, err)
		}
	}
	screen, err := Compile(manyEntries(MaxEntries))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(screen.forms); n > 40*MaxEntries {
		t.Errorf("%d forms of %d entries", n, MaxEntries)
	}
	if _, steps := screen.scan(strings.Repeat("Aekmarbth and Kalmarzth went home. ", 100)); steps > 3_000_000 {
		t.Errorf("%d steps", steps)
	}
}

// Values of any bytes are taken, and what they fold to is nothing is no entry.
func TestCompile_Odd(t *testing.T) {
	var list []Entry
	for _, kind := range Kinds() {
		for _, value := range []string{"", " ", "\xff\xfe", "\u200b", "''", "x", "é", "1", "Ж", "李小龙", "@", "a@", "@b", "31/31/31", "the of and", "St", "O'", "-", "🙂"} {
			list = append(list, Entry{kind, value})
		}
	}
	screen, err := Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, screen, "The the of and 李小龙 x 1 Ж é @b a@ O' 🙂 St. x x x x")
	found := screen.Scan("Her name is 李小龙 there.")
	if len(found) != 1 || found[0].Category != CatName {
		t.Errorf("another script: %v", found)
	}
}

// A screen is used by many at once.
func TestScan_AtOnce(t *testing.T) {
	screen, err := Compile(manyEntries(50))
	if err != nil {
		t.Fatal(err)
	}
	const text = "Aekmarbth said 07700 900123, at 12 Kalmarth Road."
	want := screen.Scan(text)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := screen.Scan(text); !reflect.DeepEqual(got, want) {
					t.Errorf("another result: %v", got)
				}
			}
		})
	}
	wg.Wait()
}

// valid checks what holds of the findings of any text.
func valid(t *testing.T, screen *Screen, text string) {
	t.Helper()
	found := screen.Scan(text)
	for i, f := range found {
		if f.Start < 0 || f.Start >= f.End || f.End > len(text) {
			t.Fatalf("span %d to %d of %d bytes", f.Start, f.End, len(text))
		}
		if !utf8.RuneStart(text[f.Start]) || f.End < len(text) && !utf8.RuneStart(text[f.End]) {
			t.Fatalf("span %d to %d cuts a rune", f.Start, f.End)
		}
		if f.Severity.rank() == 0 || f.Category == "" || f.Rule == "" || f.Because == "" {
			t.Fatalf("an incomplete finding: %+v", f)
		}
		if i > 0 && before(found[i-1], f) > 0 {
			t.Fatal("findings out of order")
		}
	}
	if again := screen.Scan(text); !reflect.DeepEqual(found, again) {
		t.Fatal("another result the second time")
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"", "a", "Isla", "0 7 7 0 0 9 0 0 1 2 3", "I s l a", "P*mb*rt*n", "a@b.c", "///a.b.c", "\xff\xfe@\xf0\x9f", "52°22'03\"N", "SY8 9ZZ", "RG9ubmE6IDA3NzAwOTAwMTIz", "Pem-\nberton", "don't tell", "І\u200bs\u0301la", "@ _ _ 1", "+44 (0)", ".- -... -.-. -..", "1st of", "May the", "w w w . a . com / b", "the A4", "dot com", "number", "flat 2", "ends", "#", "in 1"} {
		f.Add(seed)
	}
	screen, err := Compile([]Entry{{Name, "Isla-Rose"}, {Surname, "Pemberton"}, {Address, "14 Corve Lane"}, {Town, "Bath"}, {School, "St Laurence's Primary School"}, {Phone, "07700 900123"}, {Email, "a.b@example.org"},
		{DateOfBirth, "2017-03-14"}, {Vehicle, "AB51 ABC"}, {Postcode, "SY8 9ZZ"}, {Nickname, "Mo"}, {Name, "Siobhán"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) { valid(t, screen, text) })
}

func FuzzCompile(f *testing.F) {
	f.Add("Isla", "address", "Isla was here")
	f.Add("St Laurence's", "school", "at Saint Lawrences")
	f.Fuzz(func(t *testing.T, value, kind, text string) {
		screen, err := Compile([]Entry{{Kind(kind), value}, {Name, value}, {Address, value}, {Email, value}, {DateOfBirth, value}})
		if err != nil {
			return
		}
		valid(t, screen, text)
	})
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(`[{"kind":"name","value":"Isla"}]`))
	f.Add([]byte(`[{"kind":"name"}]`))
	f.Add([]byte("[{\n\"kind\":1}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseList(text)
		if err != nil {
			if !errors.Is(err, ErrList) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := Compile(list); err != nil {
			t.Fatalf("a list that was read is refused: %v", err)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	screen, err := Compile(manyEntries(50))
	if err != nil {
		b.Fatal(err)
	}
	const piece = "She started swimming lessons in September and can do ten metres. We went to the beach with Granny in the holidays, and she built a castle with four towers. Her teacher says she is kind, and she likes maths and drawing. "
	text := strings.Repeat(piece, 2048/len(piece)+1)[:2048]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		screen.Scan(text)
	}
}
