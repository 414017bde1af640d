package ceremony_test

import (
	"bytes"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

// commands are the indented lines of a page's section, but for those of a program
// that is not here.
func commands(page, heading, but string) string {
	_, section, _ := strings.Cut(page, "\n## "+heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var b strings.Builder
	for line := range strings.SplitSeq(section, "\n") {
		if command, ok := strings.CutPrefix(line, "    "); ok && (but == "" || !strings.HasPrefix(command, but)) {
			b.WriteString(command + "\n")
		}
	}
	return b.String()
}

// shell runs what somebody would type, with the public age program on the path.
func shell(t *testing.T, dir, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(stock(t), filepath.Join(bin, "age")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}

// The age program that the page says how to make reads a post-quantum key.
func TestArchivePage_Age(t *testing.T) {
	page := string(mustRead(t, "../../docs/archive.md"))
	intro, _, _ := strings.Cut(page, "\n## ")
	line := strings.TrimSpace(commands("\n## "+intro, "", ""))
	dir := t.TempDir()
	made := filepath.Join(dir, "age")
	if !strings.Contains(line, " -o age ") {
		t.Fatalf("the page says %q", line)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", strings.Replace(line, " -o age ", " -o "+made+" ", 1))
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := seal.Stream(&sealed, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("a letter")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := decrypt(t, made, id.String(), sealed.Bytes()); err != nil || string(got) != "a letter" {
		t.Errorf("it reads %q, %v", got, err)
	}
}

// The commands of docs/archive.md, as they stand there, give back what was sealed;
// so do those of a printed sheet.
func TestArchivePage(t *testing.T) {
	dir, p := held(t)
	page := string(mustRead(t, "../../docs/archive.md"))
	key := commands(page, "1. ", "")
	object := commands(page, "2. ", "psql ")
	if strings.Count(key, "\n") != 1 || strings.Count(object, "\n") != 4 {
		t.Fatalf("the page has other commands than this test knows:\n%s%s", key, object)
	}
	for _, officer := range []string{"A", "B", "C"} {
		if err := os.WriteFile(filepath.Join(dir, strings.ToLower(officer)+".key"), []byte(p.key(officer)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(p.page["B"], strings.ReplaceAll(strings.TrimSpace(key), ">", "&gt;")) {
		t.Error("the page's command is not the one on B's sheet")
	}
	// Each sheet's two commands give the same key.
	var first []byte
	for _, officer := range []string{"A", "B", "C"} {
		list := regexp.MustCompile(`<pre>(age -d -i [abc].key .*archive.key)</pre>`).FindAllStringSubmatch(p.page[officer], -1)
		if len(list) != 2 {
			t.Fatalf("sheet %s has %d commands", officer, len(list))
		}
		for _, command := range list {
			shell(t, dir, html.UnescapeString(command[1]))
			got := mustRead(t, dir, "archive.key")
			if first == nil {
				first = got
			}
			if len(got) != 78 || !bytes.Equal(got, first) {
				t.Errorf("sheet %s, %s: another key", officer, command[1])
			}
		}
	}
	archive, err := age.ParseHybridRecipient(strings.TrimSpace(string(mustRead(t, dir, "archive.pub"))))
	if err != nil {
		t.Fatal(err)
	}
	for kind, content := range map[seal.Kind][]byte{
		seal.KindSubmission: []byte("Dear Robin,\n\nversion 2 of my hedgehog cake: grüße, £5.\n"),
		seal.KindDelivery:   append([]byte{0x89, 'P', 'N', 'G', 0, 0, '\n', 0xff}, bytes.Repeat([]byte{0, '\n'}, 40<<10)...),
		seal.KindParties:    {},
	} {
		c := seal.Context{Kind: kind, Agency: "oak", Exchange: "ex1", Object: "lt1", Part: "text", From: "side/a", To: "case/ex1", Version: 1}
		sealed, err := seal.Seal(c, content, archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "OBJECT.age"), sealed.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		shell(t, dir, key+object)
		if got := mustRead(t, dir, "OBJECT.content"); !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes came back of %d", kind, len(got), len(content))
		}
	}
}
