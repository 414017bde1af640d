package ring_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
)

// held is a node with its secret.
type held struct {
	ring.Node
	secret ring.Secret
}

func newHeld(t testing.TB, id ring.NodeID, e ring.Epoch) held {
	t.Helper()
	secret, n, err := ring.NewNode(id, e)
	if err != nil {
		t.Fatal(err)
	}
	return held{n, secret}
}

func mustGrant(t testing.TB, child, parent held) ring.Grant {
	t.Helper()
	g, err := ring.GrantTo("ag1", child.secret, child.Node, parent.Node)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustRefuse(t *testing.T, name string, g ring.Grant, parent, child held, want error) {
	t.Helper()
	got, err := ring.Open("ag1", g, parent.secret, child.Node)
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
	if got != (ring.Secret{}) {
		t.Errorf("%s: a secret came with the error", name)
	}
}

// reads reports whether the secret opens what is sealed to the node.
func reads(t *testing.T, s ring.Secret, n ring.Node) bool {
	t.Helper()
	c := seal.Context{Kind: seal.KindCanary, Agency: "ag1", Object: "x"}
	sealed, err := seal.Seal(c, []byte("words"), n.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = seal.Open(sealed.Bytes, c, s.Identity())
	return err == nil
}

func TestClimb(t *testing.T) {
	worker, person := newHeld(t, ring.Worker("w3"), 1), newHeld(t, ring.Person("p1"), 2)
	team, archive := newHeld(t, ring.TeamLetterbox, 4), newHeld(t, ring.Archive, 1)
	home, side := newHeld(t, ring.Case("c1"), 1), newHeld(t, ring.Side("s7"), 3)
	directory := newHeld(t, ring.DirectoryBirth, 1)

	toTeam := ring.Step{Grant: mustGrant(t, team, worker), Child: team.Node}
	toCase := ring.Step{Grant: mustGrant(t, home, team), Child: home.Node}
	toSide := ring.Step{Grant: mustGrant(t, side, home), Child: side.Node}
	fromArchive := ring.Step{Grant: mustGrant(t, home, archive), Child: home.Node}
	fromPerson := ring.Step{Grant: mustGrant(t, side, person), Child: side.Node}
	toDirectory := ring.Step{Grant: mustGrant(t, directory, team), Child: directory.Node}

	for name, c := range map[string]struct {
		from  held
		steps []ring.Step
		want  held
	}{
		"no step":           {worker, nil, worker},
		"worker to side":    {worker, []ring.Step{toTeam, toCase, toSide}, side},
		"archive to side":   {archive, []ring.Step{fromArchive, toSide}, side},
		"person to side":    {person, []ring.Step{fromPerson}, side},
		"worker to a table": {worker, []ring.Step{toTeam, toDirectory}, directory},
	} {
		got, err := ring.Climb("ag1", c.from.secret, c.steps...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.want.ID().Symmetric() {
			key, ok := got.Key()
			want, _ := c.want.secret.Key()
			if !ok || key != want {
				t.Errorf("%s: another key", name)
			}
		} else if !reads(t, got, c.want.Node) {
			t.Errorf("%s: does not open what the side is sent", name)
		}
	}
	for name, c := range map[string]struct {
		from  held
		steps []ring.Step
		want  error
	}{
		"rung left out":   {worker, []ring.Step{toTeam, toSide}, seal.ErrContext},
		"wrong order":     {worker, []ring.Step{toCase, toTeam}, seal.ErrKey},
		"person to case":  {person, []ring.Step{toCase}, seal.ErrKey},
		"past the symbol": {worker, []ring.Step{toTeam, toDirectory, toSide}, seal.ErrContext},
	} {
		if got, err := ring.Climb("ag1", c.from.secret, c.steps...); !errors.Is(err, c.want) || got != (ring.Secret{}) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// Whatever is changed about a grant in the database, it no longer opens.
func TestGrantCannotBeMoved(t *testing.T) {
	team, newTeam := newHeld(t, ring.TeamLetterbox, 1), newHeld(t, ring.TeamLetterbox, 2)
	archive := newHeld(t, ring.Archive, 1)
	c1, c2, c1new := newHeld(t, ring.Case("c1"), 1), newHeld(t, ring.Case("c2"), 1), newHeld(t, ring.Case("c1"), 2)
	g := mustGrant(t, c1, team)
	if got, err := ring.Open("ag1", g, team.secret, c1.Node); err != nil || !reads(t, got, c1.Node) {
		t.Fatalf("the grant does not open: %v", err)
	}

	moved := func(f func(*ring.Grant)) ring.Grant {
		other := g
		f(&other)
		return other
	}
	mustRefuse(t, "of another child", g, team, c2, seal.ErrContext)
	mustRefuse(t, "of another epoch", g, team, c1new, seal.ErrContext)
	mustRefuse(t, "of no node", g, team, held{}, seal.ErrContext)
	mustRefuse(t, "row for another child", moved(func(g *ring.Grant) { g.Child = c2.ID() }), team, c2, seal.ErrContext)
	mustRefuse(t, "row for another epoch", moved(func(g *ring.Grant) { g.ChildEpoch = 2 }), team, c1new, seal.ErrContext)
	mustRefuse(t, "row by another parent", moved(func(g *ring.Grant) { g.Parent = archive.ID() }), team, c1, seal.ErrContext)
	mustRefuse(t, "row by another parent epoch", moved(func(g *ring.Grant) { g.ParentEpoch = 2 }), team, c1, seal.ErrContext)
	mustRefuse(t, "by another key", g, archive, c1, seal.ErrKey)
	mustRefuse(t, "by the team's next key", g, newTeam, c1, seal.ErrKey)
	mustRefuse(t, "by no key", g, held{}, c1, seal.ErrKey)
	mustRefuse(t, "by a directory's key", g, newHeld(t, ring.DirectoryBirth, 1), c1, seal.ErrKey)
	if _, err := ring.Open("ag2", g, team.secret, c1.Node); !errors.Is(err, seal.ErrContext) {
		t.Errorf("by another agency: got %v", err)
	}
}

// An attacker who knows the team's public key seals a key of their own to it,
// in exactly the right context.
func TestForeignSecretInGrant(t *testing.T) {
	team, c1 := newHeld(t, ring.TeamLetterbox, 1), newHeld(t, ring.Case("c1"), 1)
	directory := newHeld(t, ring.DirectoryBirth, 1)
	own := newHeld(t, ring.Case("c1"), 1)
	mustRefuse(t, "own key", mustGrant(t, own, team), team, c1, ring.ErrSecret)
	ownKey := newHeld(t, ring.DirectoryBirth, 1)
	mustRefuse(t, "own directory key", mustGrant(t, ownKey, team), team, directory, ring.ErrSecret)

	for name, content := range map[string]string{
		"nothing":   "",
		"not a key": "Dear Efa",
		"32 bytes":  strings.Repeat("k", 32),
		"two lines": c1.secret.Identity().String() + "\n",
	} {
		g := mustGrant(t, c1, team)
		c := seal.Context{Kind: seal.KindGrant, Agency: "ag1", Object: "case/c1", Part: "1",
			From: "case/c1/1", To: "team/letterbox/1", Version: 1}
		sealed, err := seal.Seal(c, []byte(content), team.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		g.Sealed = sealed.Bytes
		mustRefuse(t, name, g, team, c1, ring.ErrSecret)
	}
}

// The context is written down here once more, because grants are stored for
// decades: this is what a grant's frame must say.
func TestGrantContext(t *testing.T) {
	team, c1 := newHeld(t, ring.TeamLetterbox, 2), newHeld(t, ring.Case("c1"), 7)
	want := seal.Context{Kind: seal.KindGrant, Agency: "ag1", Object: "case/c1", Part: "7",
		From: "case/c1/7", To: "team/letterbox/2", Version: 1}
	content, _, err := seal.Open(mustGrant(t, c1, team).Sealed, want, team.secret.Identity())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(content), c1.secret.Identity().String(); got != want {
		t.Error("the grant does not hold the text of the age identity")
	}
}

func TestGrantToRefuses(t *testing.T) {
	c1, other := newHeld(t, ring.Case("c1"), 1), newHeld(t, ring.Case("c1"), 1)
	team := newHeld(t, ring.TeamLetterbox, 1)
	for name, secret := range map[string]ring.Secret{
		"another's":   other.secret,
		"none":        {},
		"a directory": newHeld(t, ring.DirectoryBirth, 1).secret,
	} {
		if g, err := ring.GrantTo("ag1", secret, c1.Node, team.Node); !errors.Is(err, ring.ErrSecret) || g.Sealed != nil {
			t.Errorf("%s: got %v, want ErrSecret", name, err)
		}
	}
	if _, err := ring.GrantTo("ag1", ring.Secret{}, ring.Node{}, ring.Node{}); err == nil {
		t.Error("no node was granted to no node")
	}
}

// Every pair of nodes: the table of what is ever granted to whom.
func TestPairs(t *testing.T) {
	staff := "worker/w3 team/letterbox team/intermediary safeguarding archive"
	allowed := map[ring.NodeID]string{
		ring.Side("s7"):        "person/p1 case/c1",
		ring.Case("c1"):        staff,
		ring.Intake:            staff,
		ring.DirectoryBirth:    staff,
		ring.DirectoryAdoptive: staff,
		ring.TeamLetterbox:     "worker/w3 archive",
		ring.TeamIntermediary:  "worker/w3 archive",
		ring.Safeguarding:      "worker/w3 archive",
		ring.Notify:            "archive",
		ring.Archive:           "",
		ring.Person("p1"):      "",
		ring.Worker("w3"):      "",
	}
	nodes := map[ring.NodeID]held{}
	for id := range allowed {
		nodes[id] = newHeld(t, id, 1)
	}
	for child, parents := range allowed {
		for parent := range nodes {
			want := strings.Contains(" "+parents+" ", " "+string(parent)+" ")
			_, err := ring.GrantTo("ag1", nodes[child].secret, nodes[child].Node, nodes[parent].Node)
			if got := err == nil; got != want {
				t.Errorf("%s to %s: granted %v, want %v (%v)", child, parent, got, want, err)
			}
		}
	}
}

// The size of a grant tells nothing about whose it is.
func TestGrantsAreOneSize(t *testing.T) {
	team := newHeld(t, ring.TeamLetterbox, 1)
	short := mustGrant(t, newHeld(t, ring.Case("c"), 1), team)
	long := mustGrant(t, newHeld(t, ring.Case(strings.Repeat("c", 22)), 4_000_000_000), team)
	directory := mustGrant(t, newHeld(t, ring.DirectoryAdoptive, 1), team)
	if len(short.Sealed) != len(long.Sealed) || len(short.Sealed) != len(directory.Sealed) {
		t.Errorf("got %d, %d and %d bytes, want the same", len(short.Sealed), len(long.Sealed), len(directory.Sealed))
	}
}

func TestParseNode(t *testing.T) {
	for _, id := range []ring.NodeID{ring.Case("c1"), ring.DirectoryBirth} {
		n := newHeld(t, id, 5)
		got, err := ring.ParseNode(n.ID(), n.Epoch(), n.Public())
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != n.String() || got.Public() != n.Public() || (got.Recipient() == nil) != id.Symmetric() {
			t.Errorf("got %s, want %s", got, n)
		}
	}
	key := newHeld(t, ring.DirectoryBirth, 1)
	raw, _ := key.secret.Key()
	check := sha256.Sum256(append([]byte("gatepost/directory/v1\n"), raw[:]...))
	if got, want := key.Public(), base64.StdEncoding.EncodeToString(check[:]); got != want {
		t.Errorf("got check value %s, want %s", got, want)
	}
	public := newHeld(t, ring.Case("c1"), 1).Public()
	for name, c := range map[string]struct {
		id     ring.NodeID
		e      ring.Epoch
		public string
	}{
		"epoch 0":               {ring.Case("c1"), 0, public},
		"no node":               {"", 1, public},
		"unknown node":          {"team/other", 1, public},
		"no id":                 {"case/", 1, public},
		"id with a slash":       {"case/a/b", 1, public},
		"id too long":           {ring.Case(strings.Repeat("a", 65)), 1, public},
		"id with a space":       {"case/Efa Hughes", 1, public},
		"no key":                {ring.Case("c1"), 1, ""},
		"X25519 key":            {ring.Case("c1"), 1, "age1gde3ncmahlqd9gg50tanl99r960llztrhfapnmx853s4tjum03uqfssgdh"},
		"private key":           {ring.Case("c1"), 1, key.Public()},
		"cut":                   {ring.Case("c1"), 1, public[:len(public)-1]},
		"recipient for a table": {ring.DirectoryBirth, 1, public},
		"check value cut":       {ring.DirectoryBirth, 1, key.Public()[:40]},
		"check value not one":   {ring.DirectoryBirth, 1, key.Public() + "\n"},
	} {
		n, err := ring.ParseNode(c.id, c.e, c.public)
		if err == nil || n != (ring.Node{}) {
			t.Errorf("%s: parsed", name)
		} else if c.public != "" && strings.Contains(err.Error(), c.public) {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
	if _, _, err := ring.NewNode("case/", 1); err == nil {
		t.Error("a key without a node was made")
	}
	if _, _, err := ring.NewNode(ring.Intake, 0); err == nil {
		t.Error("a key of epoch 0 was made")
	}
}

func TestVouchedBy(t *testing.T) {
	skey, vkey, err := statement.NewKey("ag1/registrar")
	if err != nil {
		t.Fatal(err)
	}
	doorKey, doorVerifier, err := statement.NewKey("ag1/door")
	if err != nil {
		t.Fatal(err)
	}
	known, err := statement.NewVerifiers(vkey, doorVerifier)
	if err != nil {
		t.Fatal(err)
	}
	n, other := newHeld(t, ring.Person("p1"), 2), newHeld(t, ring.Person("p1"), 2)
	sign := func(skey string, n ring.Node, f func(*statement.Statement)) []byte {
		t.Helper()
		signer, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		st := n.KeyStatement("ag1")
		st.Event, st.At = statement.EventKey, time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
		f(&st)
		body, err := statement.Sign(st, signer)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	parse := func(body []byte) *statement.Statement {
		t.Helper()
		st, err := statement.Parse(body, known)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	asIs := func(*statement.Statement) {}
	good := sign(skey, n.Node, asIs)
	if err := n.VouchedBy("ag1", parse(good)); err != nil {
		t.Fatalf("the registrar's statement does not count: %v", err)
	}
	unverified, err := statement.ParseUnverified(good)
	if err != nil {
		t.Fatal(err)
	}
	asked := *parse(good)
	asked.Event = statement.EventKeyRequest
	copied := *parse(good)
	copied.Agency = "ag2"
	for name, st := range map[string]*statement.Statement{
		"none":             nil,
		"unverified":       unverified,
		"of another key":   parse(sign(skey, other.Node, asIs)),
		"of another node":  parse(sign(skey, n.Node, func(s *statement.Statement) { s.Object = "person/p2" })),
		"of another epoch": parse(sign(skey, n.Node, func(s *statement.Statement) { s.Version = 1 })),
		"of another part":  parse(sign(skey, n.Node, func(s *statement.Statement) { s.Part = "text" })),
		"only asked for":   parse(sign(doorKey, n.Node, func(s *statement.Statement) { s.Event = statement.EventKeyRequest })),
		"changed to asked": &asked,
		"another agency's": &copied,
	} {
		if err := n.VouchedBy("ag1", st); !errors.Is(err, seal.ErrUnsigned) {
			t.Errorf("%s: got %v, want ErrUnsigned", name, err)
		}
	}
	if err := n.VouchedBy("ag2", &copied); !errors.Is(err, seal.ErrUnsigned) {
		t.Errorf("another agency's registrar: got %v, want ErrUnsigned", err)
	}
	if err := (ring.Node{}).VouchedBy("ag1", parse(good)); !errors.Is(err, seal.ErrUnsigned) {
		t.Errorf("no node: got %v, want ErrUnsigned", err)
	}
}

// Whatever prints it, a secret does not show.
func TestSecretsDoNotPrint(t *testing.T) {
	c1, directory := newHeld(t, ring.Case("c1"), 1), newHeld(t, ring.DirectoryBirth, 1)
	key, _ := directory.secret.Key()
	telltales := []string{
		"AGE-SECRET-KEY", fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), fmt.Sprintf("%d", key), string(key[:]),
		strings.Trim(fmt.Sprintf("%#v", key), "[32]uint8{}"), base64.StdEncoding.EncodeToString(key[:]),
	}
	for name, s := range map[string]ring.Secret{"identity": c1.secret, "key": directory.secret, "none": {}} {
		type exported struct{ S ring.Secret }
		type unexported struct{ s ring.Secret }
		for _, v := range []any{s, &s, exported{s}, &exported{s}, unexported{s}, &unexported{s}, []ring.Secret{s}, map[string]ring.Secret{"s": s}} {
			for what, text := range printed(t, v) {
				for _, telltale := range telltales {
					if strings.Contains(text, telltale) {
						t.Errorf("%s: %T shows by %s", name, v, what)
					}
				}
				if _, direct := v.(ring.Secret); direct && !strings.Contains(text, "[secret]") {
					t.Errorf("%s: %T by %s prints %q", name, v, what, text)
				}
			}
		}
	}
}

func printed(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	var text, jsonLog, page bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&jsonLog, nil)).Info("x", "v", v)
	if err := template.Must(template.New("").Parse("{{.}}")).Execute(&page, v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out["slog text"], out["slog JSON"], out["template"], out["JSON"] = text.String(), jsonLog.String(), page.String(), string(b)
	out["error"] = fmt.Errorf("doing: %v", v).Error()
	if s, ok := v.(fmt.Stringer); ok {
		out["panic"] = s.String() // what the runtime prints of a panic's value
	}
	return out
}

func BenchmarkClimb(b *testing.B) {
	worker, team := newHeld(b, ring.Worker("w3"), 1), newHeld(b, ring.TeamLetterbox, 1)
	home, side := newHeld(b, ring.Case("c1"), 1), newHeld(b, ring.Side("s7"), 1)
	steps := []ring.Step{
		{Grant: mustGrant(b, team, worker), Child: team.Node},
		{Grant: mustGrant(b, home, team), Child: home.Node},
		{Grant: mustGrant(b, side, home), Child: side.Node},
	}
	for b.Loop() {
		if _, err := ring.Climb("ag1", worker.secret, steps...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGrantTo(b *testing.B) {
	team, home := newHeld(b, ring.TeamLetterbox, 1), newHeld(b, ring.Case("c1"), 1)
	for b.Loop() {
		mustGrant(b, home, team)
	}
}

// A node's name and epoch must always fit into a context, or its key could be
// made but never granted.
func FuzzParseNode(f *testing.F) {
	team := newHeld(f, ring.TeamLetterbox, 1)
	f.Add("case/c1", uint32(1), team.Public())
	f.Add("worker/"+strings.Repeat("w", 64), uint32(4_294_967_295), "")
	f.Add("directory/birth", uint32(0), newHeld(f, ring.DirectoryBirth, 1).Public())
	f.Add("side/-", uint32(9), "age1pq1")
	f.Fuzz(func(t *testing.T, id string, e uint32, public string) {
		if n, err := ring.ParseNode(ring.NodeID(id), ring.Epoch(e), public); err == nil && n.Public() != public {
			t.Fatal("the public key was changed")
		}
		if _, err := ring.ParseNodeID(id); err != nil || e == 0 {
			return
		}
		c := seal.Context{Kind: seal.KindGrant, Agency: "ag1", Object: id, From: fmt.Sprintf("%s/%d", id, e)}
		if _, err := seal.Seal(c, nil, team.Recipient()); err != nil {
			t.Fatalf("%q: %v", id, err)
		}
	})
}
