package logbook_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixedSigners are the same each time, so that roots and signatures are.
func fixedSigners(t *testing.T) *signers {
	t.Helper()
	s := &signers{by: map[string]note.Signer{}}
	for _, name := range []string{"log", "door", "registrar", "system", "worker/w1"} {
		seed := sha256.Sum256([]byte(name))
		vkey, err := note.NewEd25519VerifierKey("oak/"+name, ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
		must(t, err)
		hash := strings.Split(vkey, "+")[1]
		s.by[name], err = note.NewSigner("PRIVATE+KEY+oak/" + name + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)))
		must(t, err)
		if name == "worker/w1" {
			s.worker = vkey
		} else {
			s.text = append(s.text, vkey)
		}
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// story is a letter from its receipt to its reading, a bad entry with its void,
// and a restore.
func (s *signers) story(t *testing.T) [][]byte {
	at := func(hour int) time.Time { return noon.Add(time.Duration(hour) * time.Hour) }
	letter := func(event statement.Event, hour int, refs ...[]byte) statement.Statement {
		st := statement.Statement{Event: event, Object: "lt1", Part: "text", Version: 1, Exchange: "ex1", From: "side/sd1", To: "case/ex1", At: at(hour)}
		for _, ref := range refs {
			st.Refs = append(st.Refs, statement.Leaf(ref))
		}
		return st
	}
	bodies := [][]byte{s.vouch(t)}
	grant := func(to string) []byte {
		return s.sign(t, statement.Statement{Event: statement.EventGrant, Object: "side/sd1", Part: "grant", Version: 1, From: "side/sd1/1", To: to, At: at(0)}, "worker/w1")
	}
	bodies = append(bodies, grant("case/ex1/1"), grant("person/pe1/1"), grant("archive/1"))
	received := s.sign(t, letter(statement.EventReceipt, 1), "door")
	access := letter(statement.EventAccess, 2)
	access.From = "worker/w1"
	approved := s.sign(t, letter(statement.EventApprove, 3, received), "worker/w1")
	delivered := s.sign(t, letter(statement.EventDeliver, 3, received, approved), "worker/w1")
	opened := letter(statement.EventAccess, 30)
	opened.From = "person/pe2"
	other := s.sign(t, statement.Statement{Event: statement.EventReceipt, Object: "lt2", Part: "text", Exchange: "ex2", At: at(4)}, "door")
	bad := []byte(strings.Replace(string(other), "object lt2", "object lt3", 1))
	void := s.sign(t, statement.Statement{Event: statement.EventVoid, Object: "log", Refs: [][32]byte{statement.Leaf(bad)}, At: at(4)}, "registrar")
	bodies = append(bodies, received, s.sign(t, access, "worker/w1"), approved, delivered, other, bad, void)
	restored := logbook.Restored{Kept: int64(len(bodies)), Lost: logbook.Checkpoint{Size: 20}}
	return append(bodies, s.sign(t, restored.Statement("oak", at(6)), "registrar"), s.sign(t, opened, "door"))
}

// The words of the report, for an inspector's eyes.
func TestReport_Golden(t *testing.T) {
	s := fixedSigners(t)
	bodies := s.story(t)
	sound := log{bodies, nil, [][]byte{s.signed(t, bodies[:5]), s.signed(t, bodies[:len(bodies)-1])}}
	r := check(t, sound.write(t), s.keys(t), logbook.Options{Case: "ex1", Seen: [][]byte{s.signed(t, bodies[:3])}})
	text := r.Text() + "\n" + r.CaseText("ex1")

	wrong := slices.Clone(bodies)
	wrong[4], wrong[6] = wrong[6], wrong[4]
	wrong[8] = s.receipt(t, 9)
	r = check(t, log{slices.Delete(wrong, 1, 3), leaves(bodies), append(sound.checkpoints, s.signed(t, append(slices.Clone(bodies), bodies...)), []byte("nonsense"))}.write(t),
		s.keys(t), logbook.Options{Seen: [][]byte{s.signed(t, wrong[:6])}})
	text += "\n" + r.Text()

	file := filepath.Join("testdata", "report.golden")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if text != string(want) {
		t.Errorf("%s is different; look at it and run with -update:\n%s", file, text)
	}
}
