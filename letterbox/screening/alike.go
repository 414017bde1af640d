package screening

import "strings"

// sound is how an English ear may have taken a name down: consonants by sound,
// and of a short name the kind of its vowels too, since its consonants alone
// are those of many others.
//
// all has the vowels in any case: who says it alike in full may spell it as he likes.
func sound(w string) (key, all string) {
	w = respell(w)
	full, bare := make([]byte, 0, len(w)), make([]byte, 0, len(w))
	for i := 0; i < len(w); {
		if v, n := vowel(w, i); n > 0 {
			if i+n < len(w) || i == 0 || w[i:] != "e" { // a last e is mute
				full = append(full, v)
				if i == 0 {
					bare = append(bare, 'A')
				}
			}
			i += n
			continue
		}
		c := w[i]
		if c == 'h' && i > 0 || i > 0 && w[i-1] == c || c == 'r' && i > 0 && mute(w, i) {
			i++
			continue
		}
		full, bare = append(full, c), append(bare, c)
		i++
	}
	consonants := len(bare)
	if consonants > 0 && bare[0] == 'A' {
		consonants--
	}
	if consonants >= 3 {
		return string(bare), string(full)
	}
	return string(full), string(full)
}

// mute: an English r is not heard before a consonant or at the end.
func mute(w string, i int) bool {
	_, vowelNext := vowel(w, i+1)
	return i+1 == len(w) || vowelNext == 0 && w[i+1] != 'r' && w[i+1] != 'y' && w[i+1] != 'h'
}

// soundsAs writes one letter for several; nothing changes it.
var soundsAs = strings.NewReplacer("ph", "f", "sch", "sk", "tch", "C", "ch", "C", "sh", "S", "th", "T", "ck", "k", "ce", "se", "ci", "si", "cy", "sy", "c", "k", "qu", "k", "q", "k",
	"x", "ks", "z", "s", "dge", "je", "bh", "v", "mh", "v", "ough", "o", "augh", "a", "eigh", "ei", "igh", "i", "gh", "g")

// respell writes sounds of several letters with one.
func respell(w string) string {
	if len(w) > 2 {
		switch w[:2] {
		case "kn", "gn", "pn":
			w = w[1:]
		case "wr", "wh":
			w = w[:1] + w[2:]
			if w[0] == 'w' && len(w) > 1 && w[1] != 'h' {
				break
			}
		case "ps":
			w = w[1:]
		}
	}
	if !strings.ContainsAny(w, "pcxqzgbmstv") {
		return w
	}
	return soundsAs.Replace(w)
}

// vowel reads a group of vowels and says of what kind it is.
func vowel(w string, i int) (kind byte, n int) {
	if i >= len(w) {
		return 0, 0
	}
	is := func(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }
	for i+n < len(w) && (is(w[i+n]) || i+n > 0 && (w[i+n] == 'y' || w[i+n] == 'w' && n > 0)) {
		n++
	}
	if n == 0 {
		return 0, 0
	}
	switch group := w[i : i+n]; {
	case strings.HasPrefix(group, "au") || strings.HasPrefix(group, "aw"):
		return 'O', n
	case strings.HasPrefix(group, "a") || strings.HasPrefix(group, "ei") || strings.HasPrefix(group, "ey") && len(group) > 1:
		return 'A', n
	case strings.HasPrefix(group, "ou") || strings.HasPrefix(group, "oo") || group[0] == 'u':
		return 'U', n
	case group[0] == 'o':
		return 'O', n
	}
	return 'I', n
}

// edits counts what was left out, put in, exchanged or swapped with its
// neighbour between two words (optimal string alignment), up to limit.
func edits(a, b string, limit int) int {
	if len(a) > maxFuzzy || len(b) > maxFuzzy || abs(len(a)-len(b)) > limit {
		return limit + 1
	}
	var rows [3][maxFuzzy + 1]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
			best = min(best, now[j])
		}
		if best > limit {
			return limit + 1
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
