package ceremony

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// Room is what a ceremony takes place with.
type Room struct {
	// Say shows a text, which ends in a line break, to everybody in the room.
	Say func(text string)
	// Ask shows a question and gives the line that is typed, without its end. An
	// error ends the ceremony.
	Ask func(ctx context.Context, question string) (string, error)
	// Print is a folder that exists, in memory and nobody else's. A sheet lies
	// there from when it is made until it was printed and typed back.
	Print string
	// Faults looks at the machine: what must not be, one sentence each. It is
	// asked until it says nothing.
	Faults func() ([]string, error)
	// Now is the clock.
	Now func() time.Time
}

// enter waits for the Enter key.
func (r *Room) enter(ctx context.Context, question string) error {
	_, err := r.Ask(ctx, question+" Then press Enter: ")
	return err
}

// clean waits until the machine is fit to hold the archive's key.
func (r *Room) clean(ctx context.Context) error {
	for {
		found, err := r.Faults()
		if err != nil {
			return fmt.Errorf("look at the machine: %w", err)
		}
		if len(found) == 0 {
			return nil
		}
		r.Say(strings.Join(found, "\n") + "\n")
		if err := r.enter(ctx, "Put that right."); err != nil {
			return err
		}
	}
}

// typed asks for the key of a sheet, row by row, until it has no slip. After each
// row it shows its check digits; after a slip only the rows that may hold it are
// asked for again. A scanned key comes in one line.
func (r *Room) typed(ctx context.Context, officer string) (*age.HybridIdentity, error) {
	lines := make([]string, rows)
	again := []int{0, 1, 2, 3}
	for {
		if err := r.rows(ctx, officer, lines, again); err != nil {
			return nil, err
		}
		id, err := ParseSheet(strings.Join(lines, " "))
		if err == nil {
			return id, nil
		}
		again = []int{0, 1, 2, 3}
		slip, ok := errors.AsType[*Slip](err)
		if !ok {
			return nil, err
		}
		r.Say(slip.Error() + "\n")
		if len(slip.Groups) > 0 && lines[1] != "" {
			again = rowsOf(slip.Groups)
		}
	}
}

// rows asks for some rows of a sheet. Enter alone keeps what a row was.
func (r *Room) rows(ctx context.Context, officer string, lines []string, which []int) error {
	for _, i := range which {
		question := fmt.Sprintf("Sheet %s, row %d of %d: ", officer, i+1, rows)
		if lines[i] != "" {
			question = fmt.Sprintf("Sheet %s, row %d again (Enter keeps it): ", officer, i+1)
		}
		line, err := r.Ask(ctx, question)
		if err != nil {
			return err
		}
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		lines[i] = line
		text := strings.ToUpper(strings.Join(strings.Fields(dashes.Replace(line)), ""))
		if len(text) > rowSize {
			// The whole key, from the QR code or in one go.
			clear(lines)
			lines[0] = line
			return nil
		}
		r.Say("    check " + check(text) + "\n")
	}
	return nil
}

func rowsOf(groups []int) []int {
	var list []int
	for _, g := range groups {
		if i := (g - 1) / rowGroups; len(list) == 0 || list[len(list)-1] != i {
			list = append(list, i)
		}
	}
	return list
}

// paper brings one sheet to paper and back: written to the print folder, printed,
// taken from the folder, typed in from the paper. What is typed is given back; it
// is the sheet's key and nothing was remembered.
func (r *Room) paper(ctx context.Context, s Sheet) (key *age.HybridIdentity, err error) {
	page, err := s.HTML()
	if err != nil {
		return nil, err
	}
	name := filepath.Join(r.Print, "officer-"+s.Officer)
	defer func() {
		for _, end := range []string{".html", ".txt"} {
			if e := os.Remove(name + end); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, fmt.Errorf("remove a printed sheet from memory; switch the machine off: %w", e))
			}
		}
	}()
	for _, f := range []struct {
		end     string
		content []byte
	}{{".html", page}, {".txt", []byte(s.Text())}} {
		if err := write(name+f.end, f.content); err != nil {
			return nil, err
		}
	}
	r.Say(fmt.Sprintf("\nOFFICER %s. The others look away.\n  %s.html  for a browser, one side of A4\n  %s.txt   for a printer without one\n", s.Officer, name, name))
	if err := r.enter(ctx, "Print one of the two, once, and close it."); err != nil {
		return nil, err
	}
	r.Say("Now type the key from the paper, in groups or as you like, or scan its square.\nAfter each row compare the check digits.\n")
	for {
		if key, err = r.typed(ctx, s.Officer); err != nil {
			return nil, err
		}
		if key.String() == s.key.String() {
			r.Say("Sheet " + s.Officer + " reads as it should. Put it into its bag now and leave the bag open.\n")
			return key, nil
		}
		r.Say("That is the key of another sheet.\n")
	}
}
