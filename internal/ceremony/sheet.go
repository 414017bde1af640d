package ceremony

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
	"time"

	"filippo.io/age"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
)

// Sheet is one officer's half of the way to the archive, as it is printed. It
// holds the officer's key: it goes to paper and to nowhere else.
type Sheet struct {
	Agency   string
	Officer  string   // one capital letter
	Officers []string // all three, in order
	Made     time.Time
	Practice bool // a rehearsal; the sheet says so

	archive *age.HybridRecipient
	key     *age.HybridIdentity
}

// Cell is one group of a key as it stands on a sheet.
type Cell struct {
	Number int
	Text   string
}

// Row is four groups of a key and their check digits, which are the first four
// hexadecimal digits of the SHA-256 of the row without spaces.
type Row struct {
	Cells []Cell
	Check string
}

// NewSheet makes the sheet of an officer's key for an archive's recipient.
func NewSheet(s Sheet, key *age.HybridIdentity, archive *age.HybridRecipient) Sheet {
	s.key, s.archive = key, archive
	return s
}

// String keeps a sheet's key out of whatever prints it by accident.
func (s Sheet) String() string { return "[secret]" }

// GoString is String for %#v.
func (s Sheet) GoString() string { return "[secret]" }

// Rows are the key in groups.
func (s Sheet) Rows() []Row {
	text := s.key.String()
	list := make([]Row, rows)
	for i := range list {
		line := row(text, i)
		list[i].Check = check(line)
		for at := 0; at < len(line); at += groupSize {
			list[i].Cells = append(list[i].Cells, Cell{i*rowGroups + at/groupSize + 1, line[at:min(at+groupSize, len(line))]})
		}
	}
	return list
}

// Hash is the SHA-256 of a file with the key in one line, as `sha256sum` says
// it, in groups of eight digits.
func (s Sheet) Hash() string { return hash(s.key.String()) }

func hash(line string) string {
	sum := sha256.Sum256([]byte(line + "\n"))
	return inGroups(hex.EncodeToString(sum[:]), 8)
}

// Others are the officers whose sheets go with this one.
func (s Sheet) Others() []string {
	var list []string
	for _, o := range s.Officers {
		if o != s.Officer {
			list = append(list, o)
		}
	}
	return list
}

// Trio is the three officers in words: "A, B and C".
func (s Sheet) Trio() string {
	return strings.Join(s.Officers[:len(s.Officers)-1], ", ") + " and " + s.Officers[len(s.Officers)-1]
}

// Day is when the key was made.
func (s Sheet) Day() string { return s.Made.Format("2 January 2006") }

// Command is what makes the archive's key from this sheet and another one, with
// any age program.
func (s Sheet) Command(other string) string { return restore(s.Officer, other) + " > archive.key" }

// restore is the command that opens a pair. The outer layer is the later
// officer's.
func restore(one, two string) string {
	first, second := order(one, two)
	return fmt.Sprintf("age -d -i %s.key %s | age -d -i %s.key",
		strings.ToLower(second), pairName(first, second), strings.ToLower(first))
}

// KeyFile is the name under which the commands expect this officer's key.
func (s Sheet) KeyFile() string { return strings.ToLower(s.Officer) + ".key" }

// Words are the archive's fingerprint in four words.
func (s Sheet) Words() string { return Words(s.archive) }

// Print is the archive's fingerprint in digits.
func (s Sheet) Print() string { return Fingerprint(s.archive) }

// Words are the first 44 bits of an archive's fingerprint, to be read aloud.
func Words(archive *age.HybridRecipient) string {
	words := passphrase.Spoken(sha256.Sum256([]byte(archive.String() + "\n")))
	return strings.Join(words[:], " ")
}

// Fingerprint is the SHA-256 of an archive's public line as it stands in
// archive.pub, as `sha256sum archive.pub` says it, in groups of eight digits.
// Words are for the ear; this is what to compare where somebody may have changed
// the file on its way.
func Fingerprint(archive *age.HybridRecipient) string { return hash(archive.String()) }

func inGroups(text string, size int) string {
	var list []string
	for at := 0; at < len(text); at += size {
		list = append(list, text[at:min(at+size, len(text))])
	}
	return strings.Join(list, " ")
}

//go:embed sheet.html
var sheetHTML string

// HTML is the sheet as one file for one side of A4: nothing is fetched, nothing
// runs.
func (s Sheet) HTML() ([]byte, error) {
	// Alphanumeric as it is, so the code is small.
	svg, err := code.QR(s.key.String(), code.OnPaper)
	if err != nil {
		return nil, err
	}
	page, err := template.New("sheet").Parse(sheetHTML)
	if err != nil {
		return nil, fmt.Errorf("read the sheet's form: %w", err)
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Sheet
		QR template.HTML
	}{s, template.HTML(svg)}) // made of digits and constant markup (code.QR)
	if err != nil {
		return nil, fmt.Errorf("fill in a sheet: %w", err)
	}
	return b.Bytes(), nil
}

// Text is the sheet for a printer without a browser: 66 lines at most, of 80
// characters at most, plain ASCII but for the agency's name.
func (s Sheet) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if s.Practice {
		line("FOR PRACTICE ONLY. THIS KEY IS NO AGENCY'S.\n")
	}
	line("%s", s.Agency)
	line("Archive key: officer %s of %s. Made on %s.\n", s.Officer, s.Trio(), s.Day())
	line("Any two of the three sheets open the agency's archive. One alone opens nothing.")
	line("Keep it in its sealed bag, away from the other two. Never copy it.\n")
	line("Officer's name ________________________  Kept at ______________________________\n")
	for _, o := range s.Others() {
		line("Sheet %s is with ______________________  Kept at ______________________________\n", o)
	}
	line("KEY (77 characters; the numbers and the check digits are not part of it)\n")
	for _, r := range s.Rows() {
		for _, c := range r.Cells {
			fmt.Fprintf(&b, "%4d  %-7s", c.Number, c.Text)
		}
		line("%*s%s", 3+13*(rowGroups-len(r.Cells)), "", "check "+r.Check)
	}
	line("\nAfter PQ-1 every 0 is a nought, and there is no letter O, I or B and no 1.")
	line("Type it in capitals, in one line without spaces, into a file %s.", s.KeyFile())
	line("sha256sum %s then says", s.KeyFile())
	line("  %s", s.Hash()[:35])
	line("  %s\n", s.Hash()[36:])
	line("WITH ONE OTHER SHEET, on a computer without a network, in a folder in memory.")
	line("age is a public program (age-encryption.org), version 1.3 or newer.\n")
	for _, o := range s.Others() {
		line("  With sheet %s:  %s", o, s.Command(o))
	}
	line("\nThen each object:  age -d -i archive.key OBJECT\n")
	line("The archive-*.age files are on the stick in this bag, with every backup and with")
	line("every copy of the archive. gatepost ceremony read finds a slip in typing.\n")
	line("The archive's public line: %s", s.Words())
	line("  %s", s.Print()[:35])
	line("  %s", s.Print()[36:])
	return b.String()
}
