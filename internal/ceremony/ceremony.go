package ceremony

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/seal"
)

// Plan is what is decided before a ceremony.
type Plan struct {
	Dir      string // the new folder
	Agency   string // its name, for the sheets
	Practice bool   // a rehearsal: every sheet says so
}

// key is an officer's key and letter.
type key struct {
	officer string
	id      *age.HybridIdentity
}

// Make makes an archive key and its three officers' sheets, and Plan.Dir with
// what is not secret: the recipient, three pair files, a canary. Dir appears at
// the very end, after each pair of keys, typed in from paper, has opened the
// canary with the files that are on the disk; a run that is cut off leaves no
// file that opens anything. Dir exists: an error, and nothing is touched.
func Make(ctx context.Context, room *Room, p Plan) error {
	p.Dir = filepath.Clean(p.Dir)
	if err := checkName(p.Agency); err != nil {
		return err
	}
	if err := absent(p.Dir); err != nil {
		return err
	}
	room.Say(makeScript(p))
	if err := room.enter(ctx, "Read it through together, and begin when all are there."); err != nil {
		return err
	}
	if err := ready(ctx, room, p.Practice); err != nil {
		return err
	}
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		return fmt.Errorf("make the archive's key: %w", err)
	}
	if err := aloud(ctx, room, archive.Recipient()); err != nil {
		return err
	}
	officers := []string{"A", "B", "C"}
	sealed, back, err := sheets(ctx, room, p, archive, officers, officers)
	if err != nil {
		return err
	}
	files, err := pairs(archive, sealed)
	if err != nil {
		return err
	}
	canary, err := newCanary(room, p.Agency, archive.Recipient())
	if err != nil {
		return err
	}
	day := room.Now().Format("2006-01-02")
	files[publicFile] = []byte(archive.Recipient().String() + "\n")
	files[canaryFile] = canary
	files[recordFile] = []byte(day + " made" + forPractice(p.Practice) + "; opened by AB, AC and BC from paper\n")
	files[checklistFile] = []byte(bags(p, officers, archive.Recipient(), ""))
	if err := publish(p.Dir, files, func(f *folder) error { return proveAll(room, f, back) }); err != nil {
		return err
	}
	room.Say("\nDone. This is also in " + filepath.Join(p.Dir, checklistFile) + ":\n\n" + string(files[checklistFile]))
	return nil
}

// checkName: the name stands on one line of a sheet.
func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > 70 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == utf8.RuneError }) {
		return errors.New("the agency's name is one line of at most 70 characters; give it with --agency")
	}
	return nil
}

// forPractice marks what came of a rehearsal, in record.txt.
func forPractice(practice bool) string {
	if practice {
		return " for practice"
	}
	return ""
}

// ready is clean, but for a rehearsal.
func ready(ctx context.Context, room *Room, practice bool) error {
	if practice {
		room.Say("For practice: nobody looks whether this machine is fit, and every sheet says that it is no agency's.\n")
		return nil
	}
	return room.clean(ctx)
}

// aloud has the fingerprint read by one and written down by another, before
// anything depends on it.
func aloud(ctx context.Context, room *Room, archive *age.HybridRecipient) error {
	room.Say(fmt.Sprintf("\nTHE ARCHIVE'S FINGERPRINT\n  %s\n  %s\n", Words(archive), Fingerprint(archive)))
	return room.enter(ctx, "One reads the four words and the first two groups aloud, another writes them into the form.")
}

// sheets makes a key for each of new and brings it to paper and back. It gives
// the keys' public halves and what was typed from paper.
func sheets(ctx context.Context, room *Room, p Plan, archive *age.HybridIdentity, all, new []string) (map[string]*age.HybridRecipient, []key, error) {
	public := map[string]*age.HybridRecipient{}
	var back []key
	for _, officer := range new {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, nil, fmt.Errorf("make an officer's key: %w", err)
		}
		s := NewSheet(Sheet{Agency: p.Agency, Officer: officer, Officers: all, Made: room.Now(), Practice: p.Practice}, id, archive.Recipient())
		typed, err := room.paper(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		public[officer] = id.Recipient()
		back = append(back, key{officer, typed})
	}
	return public, back, nil
}

// pairs makes the three files of three officers, by name.
func pairs(archive *age.HybridIdentity, public map[string]*age.HybridRecipient) (map[string][]byte, error) {
	files := map[string][]byte{}
	for one := range public {
		for two := range public {
			if one >= two {
				continue
			}
			file, err := SealPair(archive, public[one], public[two])
			if err != nil {
				return nil, err
			}
			files[pairName(one, two)] = file
		}
	}
	return files, nil
}

// newCanary is a letter to the archive that says four words which nobody can know
// who has not opened it.
func newCanary(room *Room, agency string, archive *age.HybridRecipient) ([]byte, error) {
	words := strings.Split(passphrase.Offer(), "-")
	return sealTo(archive, fmt.Appendf(nil, "Gatepost canary. Whoever reads this has opened the archive of %s.\nMade on %s. The words are: %s\n",
		agency, room.Now().Format("2 January 2006"), strings.Join(words[:4], " ")))
}

// proveAll opens the canary with each two of three keys.
func proveAll(room *Room, f *folder, keys []key) error {
	room.Say("\nNow each pair opens the canary, with the keys as they were typed.\n")
	for i, one := range keys {
		for _, two := range keys[i+1:] {
			archive, err := f.open(one, two)
			if err != nil {
				return fmt.Errorf("officers %s and %s: %w", one.officer, two.officer, err)
			}
			text, err := f.canary(archive)
			if err != nil {
				return fmt.Errorf("officers %s and %s: %w", one.officer, two.officer, err)
			}
			room.Say(fmt.Sprintf("  %s and %s opened it: %s", one.officer, two.officer, text))
		}
	}
	return nil
}

// open gives the archive's key from two officers', and checks that it is the one
// of archive.pub.
func (f *folder) open(one, two key) (*age.HybridIdentity, error) {
	if two.officer < one.officer {
		one, two = two, one
	}
	file, err := f.read(pairName(one.officer, two.officer))
	if err != nil {
		return nil, err
	}
	archive, err := OpenPair(file, one.id, two.id)
	if err != nil {
		return nil, err
	}
	if archive.Recipient().String() != f.archive.String() {
		return nil, fmt.Errorf("the file opens and %s is of another archive; take another copy of the folder", publicFile)
	}
	return archive, nil
}

// canary opens canary.age and gives its last line.
func (f *folder) canary(archive *age.HybridIdentity) (string, error) {
	sealed, err := f.read(canaryFile)
	if err != nil {
		return "", err
	}
	text, err := openWith(archive, sealed)
	if errors.Is(err, ErrPair) {
		return "", errors.New("the canary is not of this archive, or damaged; take another copy of the folder")
	}
	if err != nil {
		return "", fmt.Errorf("open the canary: %w", err)
	}
	_, line, ok := strings.Cut(string(text), "\n")
	if !ok || !strings.HasPrefix(string(text), "Gatepost canary.") {
		return "", errors.New("the canary opens and says something else; take another copy of the folder")
	}
	return line, nil
}

// both asks for the sheets of two officers and opens their file.
func both(ctx context.Context, room *Room, f *folder, officers []string) (*age.HybridIdentity, []key, error) {
	var keys []key
	for _, officer := range officers {
		room.Say("\nOFFICER " + officer + ". Type the key from the paper, or scan its square.\n")
		id, err := room.typed(ctx, officer)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, key{officer, id})
	}
	archive, err := f.open(keys[0], keys[1])
	return archive, keys, err
}

// Trial is what a drill proves.
type Trial struct {
	Dir      string // the ceremony's folder
	Pair     string // who has come, two letters such as "AB"
	Object   string // a file with an object of the running service, or empty
	Practice bool   // a rehearsal, with a folder that a rehearsal made
}

// Drill is the yearly proof that the paper still opens the archive: two officers
// type their sheets in, open the canary that lies in Trial.Dir and then a new one,
// which takes its place. Which two it is goes round; record.txt says who has been.
// Trial.Object opens, or the service seals to another archive.
//
// ErrPair: the sheets are not those of the pair.
func Drill(ctx context.Context, room *Room, d Trial) error {
	f, err := openFolder(filepath.Clean(d.Dir))
	if err != nil {
		return err
	}
	if err := f.agrees(d.Practice); err != nil {
		return err
	}
	officers := strings.Split(strings.ToUpper(d.Pair), "")
	if len(officers) != 2 || officers[0] == officers[1] || !slices.Contains(f.officers, officers[0]) || !slices.Contains(f.officers, officers[1]) {
		return fmt.Errorf("name two of the officers %s with --pair, such as --pair %s%s", strings.Join(f.officers, ", "), f.officers[0], f.officers[1])
	}
	slices.Sort(officers)
	room.Say(drillScript(officers))
	if err := ready(ctx, room, d.Practice); err != nil {
		return err
	}
	archive, _, err := both(ctx, room, f, officers)
	if err != nil {
		return err
	}
	before, err := f.canary(archive)
	if err != nil {
		return err
	}
	room.Say("\nThe canary opens: " + before)
	if err := identify(room, d.Object, archive); err != nil {
		return err
	}
	if err := f.renew(room, archive, strings.Join(officers, "")); err != nil {
		return err
	}
	room.Say("Copy " + canaryFile + " and " + recordFile + " to every stick, put the sheets into new bags, and switch the machine off.\n")
	return nil
}

// identify opens an object of the running service and says what it is.
func identify(room *Room, object string, archive *age.HybridIdentity) error {
	if object == "" {
		return nil
	}
	info, err := os.Stat(object)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxObject {
		return errors.Join(fmt.Errorf("%s is no object of the service; name a file with one", object), err)
	}
	sealed, err := os.ReadFile(object)
	if err != nil {
		return fmt.Errorf("read the object: %w", err)
	}
	c, err := seal.Identify(sealed, archive)
	if errors.Is(err, seal.ErrKey) {
		return fmt.Errorf("%s is not sealed to this archive: look at once whether the configuration names this archive's public line", object)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", object, err)
	}
	room.Say(fmt.Sprintf("The object opens: a %s of the agency %s.\n", c.Kind, c.Agency))
	return nil
}

// maxObject is the largest object of the service, with its seal.
const maxObject = 33 << 20

// renew puts a new canary, which was opened, in the place of the old one.
func (f *folder) renew(room *Room, archive *age.HybridIdentity, pair string) error {
	sealed, err := newCanary(room, "this agency", f.archive)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(f.dir, canaryFile), sealed); err != nil {
		return err
	}
	text, err := f.canary(archive)
	if err != nil {
		return err
	}
	room.Say("A new canary opens:  " + text)
	record, err := f.recorded(room.Now().Format("2006-01-02") + " drill; opened by " + pair + " from paper")
	if err != nil {
		return err
	}
	return replace(filepath.Join(f.dir, recordFile), record)
}

// ChangeOfficer gives an officer's place to somebody else: the two who stay type
// their sheets in, the new one gets the next letter, a new key and a sheet, and
// Plan.Dir is made like Make makes it; Plan.Practice is as it was for from. The archive's key stays as it is, so
// nothing is sealed anew. from is not touched; whoever has the leaver's sheet, one
// other sheet and an old copy of from can still open the archive.
func ChangeOfficer(ctx context.Context, room *Room, from, leaves string, p Plan) error {
	p.Dir, leaves = filepath.Clean(p.Dir), strings.ToUpper(leaves)
	if err := checkName(p.Agency); err != nil {
		return err
	}
	f, err := openFolder(filepath.Clean(from))
	if err != nil {
		return err
	}
	if err := f.agrees(p.Practice); err != nil {
		return err
	}
	if !slices.Contains(f.officers, leaves) {
		return fmt.Errorf("name the officer who leaves, one of %s, with --leaves", strings.Join(f.officers, ", "))
	}
	next := f.officers[2][0] + 1
	if next > 'Z' {
		return errors.New("every letter has been used; make a new archive key")
	}
	if err := absent(p.Dir); err != nil {
		return err
	}
	stay := slices.DeleteFunc(slices.Clone(f.officers), func(o string) bool { return o == leaves })
	room.Say(changeScript(leaves, string(next), stay))
	if err := ready(ctx, room, p.Practice); err != nil {
		return err
	}
	archive, keys, err := both(ctx, room, f, stay)
	if err != nil {
		return err
	}
	return exchange(ctx, room, f, p, change{archive, keys, leaves, string(next)})
}

// change is one officer's place going to another.
type change struct {
	archive   *age.HybridIdentity
	stay      []key
	old, next string
}

func exchange(ctx context.Context, room *Room, f *folder, p Plan, c change) error {
	officers := []string{c.stay[0].officer, c.stay[1].officer, c.next}
	public, back, err := sheets(ctx, room, p, c.archive, officers, officers[2:])
	if err != nil {
		return err
	}
	for _, k := range c.stay {
		public[k.officer] = k.id.Recipient()
	}
	files, err := pairs(c.archive, public)
	if err != nil {
		return err
	}
	if files[canaryFile], err = newCanary(room, p.Agency, f.archive); err != nil {
		return err
	}
	files[publicFile] = []byte(f.archive.String() + "\n")
	if files[recordFile], err = f.recorded(fmt.Sprintf("%s officer %s gave the place to %s; opened by each pair of %s from paper",
		room.Now().Format("2006-01-02"), c.old, c.next, strings.Join(officers, ""))); err != nil {
		return err
	}
	files[checklistFile] = []byte(bags(p, officers, f.archive, c.old))
	if err := publish(p.Dir, files, func(f *folder) error { return proveAll(room, f, append(c.stay, back...)) }); err != nil {
		return err
	}
	room.Say("\nDone. This is also in " + filepath.Join(p.Dir, checklistFile) + ":\n\n" + string(files[checklistFile]))
	return nil
}
