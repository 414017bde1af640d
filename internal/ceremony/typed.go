package ceremony

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
)

// How a key stands on its sheet.
const (
	groupSize = 5
	rowGroups = 4
	rowSize   = rowGroups * groupSize
	groups    = (keySize + groupSize - 1) / groupSize
	rows      = (keySize + rowSize - 1) / rowSize

	// typedLimit is more than anybody types: 77 characters and the space between.
	typedLimit = 4 << 10
)

// Slip says where a typed key differs from its sheet. It holds nothing of the
// key, and no more of the rows than their check digits.
type Slip struct {
	// Groups are the groups to look at, from 1 to 16 as on the sheet. Empty when
	// there are too many slips to say where they are.
	Groups []int
	// Checks are the check digits of each row as it was typed: the row whose
	// digits differ from the sheet's has a slip. Empty unless all 77 characters
	// are there.
	Checks []string

	what string
}

// Error says what to do, in one sentence.
func (s *Slip) Error() string {
	if len(s.Groups) == 0 {
		return s.what
	}
	numbers := make([]string, len(s.Groups))
	for i, g := range s.Groups {
		numbers[i] = strconv.Itoa(g)
	}
	return fmt.Sprintf("Compare with the sheet: group %s, where %s.", strings.Join(numbers, ", group "), s.what)
}

// ParseSheet reads an officer's key as it was typed in from the sheet or scanned
// from its QR code: in groups or in one piece, on any number of lines, in
// capitals or not, with any of the dashes that an editor makes. Nothing is
// corrected: a key that was guessed at would not be the officer's.
//
// The error is a *Slip that says in which groups to look.
func ParseSheet(typed string) (*age.HybridIdentity, error) {
	if len(typed) > typedLimit {
		return nil, &Slip{what: "That is much longer than a key; type the 16 groups of one sheet and nothing else."}
	}
	words := strings.Fields(strings.ToUpper(dashes.Replace(typed)))
	text := strings.Join(words, "")
	if err := locate(words, text); err != nil {
		return nil, err
	}
	id, err := age.ParseHybridIdentity(text)
	if err != nil {
		return nil, &Slip{what: "That is no key of this kind; type the 16 groups of one officer's sheet."}
	}
	return id, nil
}

// dashes are what editors and scanners put in the place of a hyphen.
var dashes = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-")

// locate finds where a typed key has a slip; nil if it has none.
func locate(words []string, text string) error {
	if whole(text) {
		return nil
	}
	if uneven := lengths(words); len(words) == groups && uneven != nil {
		return &Slip{Groups: uneven, what: "a character is missing or too many"}
	}
	if len(text) != keySize {
		return miscounted(text)
	}
	if strange := strangers(text); strange != nil {
		return &Slip{Groups: strange, Checks: checks(text), what: "something stands that no key has there"}
	}
	if at := slips(syndrome(text)); at != nil {
		return &Slip{Groups: groupsOf(at), Checks: checks(text), what: "a character is wrong"}
	}
	return &Slip{Checks: checks(text), what: "More than two characters differ from the sheet; compare the check digits of the rows."}
}

// lengths are the groups that are longer or shorter than on a sheet.
func lengths(words []string) []int {
	var list []int
	for i, word := range words {
		if len(word) != min(groupSize, keySize-i*groupSize) {
			list = append(list, i+1)
		}
	}
	return list
}

// strangers are the groups with a character that no key has there: the beginning
// of a key is always the same, and the rest has no 1, B, I or O.
func strangers(text string) []int {
	var at []int
	for i := range len(text) {
		known := i < len(prefix) && text[i] == prefix[i] || i >= len(prefix) && strings.IndexByte(alphabet, text[i]) >= 0
		if !known {
			at = append(at, i)
		}
	}
	return groupsOf(at)
}

func groupsOf(places []int) []int {
	var list []int
	for _, at := range places {
		if g := at/groupSize + 1; !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// miscounted is about a key with a character too many or too few that was not
// typed in groups: the one whose absence or presence makes it whole tells where.
func miscounted(text string) error {
	for at := 0; at < len(text) && len(text) == keySize+1; at++ {
		if whole(text[:at] + text[at+1:]) {
			return &Slip{Groups: groupsOf([]int{at}), what: "a character is too many"}
		}
	}
	for at := 0; at <= len(text) && len(text) == keySize-1; at++ {
		for _, c := range prefix + alphabet {
			if whole(text[:at] + string(c) + text[at:]) {
				return &Slip{Groups: groupsOf([]int{at}), what: "a character is missing"}
			}
		}
	}
	return &Slip{what: fmt.Sprintf("A key has %d characters and these are %d; type it in groups of five as on the sheet.", keySize, utf8.RuneCountInString(text))}
}

// row gives one row of a key as it stands on the sheet, without spaces.
func row(text string, i int) string { return text[i*rowSize : min((i+1)*rowSize, len(text))] }

// checks are the check digits of each row: the first four of its SHA-256, so
// that anybody can make them without this program.
func checks(text string) []string {
	list := make([]string, rows)
	for i := range list {
		list[i] = check(row(text, i))
	}
	return list
}

func check(row string) string {
	sum := sha256.Sum256([]byte(row))
	return hex.EncodeToString(sum[:2])
}
