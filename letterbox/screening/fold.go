package screening

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// letterLike is the Latin letters of a rune that no decomposition takes apart,
// or that only looks like one.
func letterLike(r rune) string {
	switch r {
	case 'ø', 'Ø', 'ᴏ', 'ⲟ':
		return "o"
	case 'ł', 'Ł', 'ʟ', 'ⅼ', 'Ɩ', 'ǀ':
		return "l"
	case 'đ', 'Đ', 'ð', 'Ð', 'ᴅ', 'ɗ':
		return "d"
	case 'ß', 'ẞ':
		return "ss"
	case 'æ', 'Æ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'þ', 'Þ':
		return "th"
	case 'ı', 'ɪ', 'ɩ':
		return "i"
	case 'ᴀ', 'ɑ', 'ɐ':
		return "a"
	case 'ʙ', 'Ƅ', 'ƀ':
		return "b"
	case 'ᴄ', 'ϲ', 'ↄ', 'ɔ':
		return "c"
	case 'ᴇ', 'ǝ', 'ə', 'ɛ':
		return "e"
	case 'ꜰ', 'ſ':
		return "f"
	case 'ɢ', 'ɡ':
		return "g"
	case 'ʜ', 'ɥ', 'ħ', 'Ħ':
		return "h"
	case 'ᴊ', 'ȷ':
		return "j"
	}
	return letterLikeRest(r)
}

func letterLikeRest(r rune) string {
	switch r {
	case 'ᴋ', 'ĸ':
		return "k"
	case 'ᴍ', 'ɯ':
		return "m"
	case 'ɴ', 'ŋ', 'Ŋ':
		return "n"
	case 'ᴘ', 'ƿ':
		return "p"
	case 'ʀ', 'ɹ', 'ɾ':
		return "r"
	case 'ꜱ', 'ƨ':
		return "s"
	case 'ᴛ', 'ʇ', 'ŧ', 'Ŧ':
		return "t"
	case 'ᴜ', 'ʊ':
		return "u"
	case 'ᴠ', 'ʌ':
		return "v"
	case 'ᴡ', 'ʍ':
		return "w"
	case 'ʏ', 'ʎ':
		return "y"
	case 'ᴢ', 'ƶ':
		return "z"
	}
	return ""
}

// alphabet knows, while a text is folded, how a word in Cyrillic or Greek was
// meant: as letters that look like Latin ones, or to be read.
type alphabet struct {
	end   int  // of the word that was looked at
	looks bool // its letters stand for what they look like
}

// meet looks at the word that begins at i, once.
func (a *alphabet) meet(text string, i int) {
	if i < a.end {
		return
	}
	// Latin letters before it in the same word tell as much as those after it.
	if r, _ := utf8.DecodeLastRuneInString(text[:i]); i > 0 && unicode.Is(unicode.Latin, r) {
		a.looks = true
	} else {
		a.looks = false
	}
	all := true
	for a.end = i; a.end < len(text); {
		r, size := utf8.DecodeRuneInString(text[a.end:])
		switch {
		case unicode.Is(unicode.Latin, r):
			a.looks = true
		case unicode.In(r, unicode.Cyrillic, unicode.Greek):
			all = all && lookAlike(r) != 0
		case !unicode.In(r, unicode.Mn, unicode.Cf, unicode.Nd):
			a.looks = a.looks || all
			return
		}
		a.end += size
	}
	a.looks = a.looks || all
}

func (a *alphabet) latin(r rune) string {
	if c := lookAlike(r); a.looks && c != 0 {
		return string(rune(c))
	}
	if s := spoken(unicode.ToLower(r)); s != "" {
		return s
	}
	return string([]byte{0x80 | byte(r%127)})
}

// Letters of two alphabets beside the Latin ones that they look like.
const (
	cyrillicLooks = "АВЕЅІЈКМНОРСТУХҮӀЬаеѕіјорсухһԁԛԝкмтвнѵґҽӏь"
	cyrillicLatin = "ABESIJKMHOPCTYXYIbaesijopcyxhdqwkmtbnvreib"
	greekLooks    = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγεηικνορτυχω"
	greekLatin    = "ABEZHIKMNOPTYXaByenikvoptuxw"
)

func lookAlike(r rune) byte {
	for _, pair := range [2][2]string{{cyrillicLooks, cyrillicLatin}, {greekLooks, greekLatin}} {
		n := 0
		for _, look := range pair[0] {
			if look == r {
				c := pair[1][n]
				if c >= 'A' && c <= 'Z' {
					c += 'a' - 'A'
				}
				return c
			}
			n++
		}
	}
	return 0
}

// spoken is a letter as it is written down in English.
func spoken(r rune) string {
	const letters = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяієїґ" + "αβγδεζηθικλμνξοπρσςτυφχψω"
	sounds := strings.Fields("a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya i ye yi g " +
		"a v g d e z i th i k l m n x o p r s s t y f ch ps o")
	n := 0
	for _, l := range letters {
		if l == r {
			return strings.TrimPrefix(sounds[n], "-")
		}
		n++
	}
	return ""
}
