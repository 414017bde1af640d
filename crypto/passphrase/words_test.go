package passphrase_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/crypto/passphrase"
)

func TestWordList(t *testing.T) {
	raw, err := os.ReadFile("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := passphrase.Words()
	if strings.Join(words, "\n")+"\n" != string(raw) {
		t.Error("words.txt is not one word a line, with nothing else")
	}
	if len(words) != 2048 {
		t.Fatalf("%d words, want 2048", len(words))
	}
	if !slices.IsSorted(words) {
		t.Error("not sorted")
	}
	if n := len(slices.Compact(slices.Clone(words))); n != 2048 {
		t.Errorf("%d of 2048 words are distinct", n)
	}
	plain := regexp.MustCompile(`^[a-z]{3,7}$`)
	for _, w := range words {
		if !plain.MatchString(w) {
			t.Errorf("%q is not three to seven plain letters", w)
		}
	}
	// Spoken depends on the order, so the list is pinned for ever.
	const want = "a947e2b7ebcfa83b83cae3e2783792fb5a9557c660e26c46695e1e5dfcefdfec"
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the list has changed: %x", sum)
	}
}

// Two words that sound alike cannot be told apart on the telephone.
func TestNoTwoWordsSoundAlike(t *testing.T) {
	words := passphrase.Words()
	for _, group := range []string{
		"air heir", "aisle isle", "allowed aloud", "alter altar", "ant aunt", "ball bawl", "band banned", "bare bear", "bark barque",
		"barren baron", "base bass", "bay bey", "be bee", "beach beech", "bean been", "beat beet", "bell belle", "berry bury",
		"blue blew", "board bored", "boarder border", "bold bowled", "bolder boulder", "boy buoy", "brake break", "bread bred",
		"brood brewed", "but butt", "buy by bye", "capital capitol", "carat carrot", "ceiling sealing", "cell sell", "cent scent sent",
		"cereal serial", "cheap cheep", "chews choose", "chord cord", "chute shoot", "cite sight site", "climb clime", "coarse course",
		"colonel kernel", "core corps", "council counsel", "creak creek", "crews cruise", "cue queue", "currant current", "cymbal symbol",
		"days daze", "dear deer", "desert dessert", "dew due", "die dye", "doe dough", "draft draught", "dual duel", "earn urn",
		"eight ate", "ewe yew you", "fair fare", "feat feet", "find fined", "fir fur", "flair flare", "flea flee", "floe flow",
		"flour flower", "for four", "fort fought", "forth fourth", "foul fowl", "frieze freeze", "gait gate", "genes jeans",
		"grate great", "grill grille", "groan grown", "guessed guest", "hail hale", "hair hare", "hall haul", "hangar hanger", "hay hey",
		"heal heel", "hear here", "herd heard", "hew hue", "high hi", "him hymn", "hole whole", "horse hoarse", "hour our", "idle idol",
		"jam jamb", "key quay", "knead need", "knight night", "knit nit", "knot not", "know no", "knew new", "lain lane", "lamb lam",
		"lead led", "leaf lief", "leak leek", "lessen lesson", "loan lone", "load lode", "loot lute", "made maid", "mail male",
		"main mane", "maize maze", "manner manor", "mantel mantle", "marshal martial", "meat meet", "medal meddle", "metal mettle",
		"meter metre", "might mite", "mind mined", "miner minor", "missed mist", "moat mote", "moor more", "moose mousse", "morning mourning",
		"muscle mussel", "naval navel", "none nun", "oar or ore", "one won", "pail pale", "pain pane", "pair pear pare",
		"palate palette pallet", "passed past", "patience patients", "paw pore pour", "paws pause", "pea pee", "peace piece", "peak peek pique",
		"peal peel", "pedal peddle", "peer pier", "place plaice", "plain plane", "plum plumb", "pole poll", "praise prays preys", "presents presence",
		"prince prints", "principal principle", "prize pries", "profit prophet", "quarts quartz", "rain reign rein", "raise rays", "rap wrap",
		"read reed", "real reel", "red read", "rest wrest", "right rite write", "ring wring", "road rode rowed", "roe row", "role roll",
		"root route", "rose rows", "rough ruff", "rung wrung", "rye wry", "sail sale", "sauce source", "saw sore soar", "scene seen", "sea see",
		"seam seem", "sees seize", "serf surf", "sew so sow", "shake sheikh", "shear sheer", "shoe shoo", "shore sure", "side sighed",
		"slay sleigh", "sole soul", "some sum", "son sun", "spade spayed", "stair stare", "stake steak", "stationary stationery", "steal steel",
		"step steppe", "stile style", "storey story", "straight strait", "suite sweet", "sundae sunday", "tail tale", "tea tee", "team teem",
		"tear tier", "teas tease", "their there", "threw through", "throne thrown", "thyme time", "tide tied", "tire tyre", "to too two",
		"toad towed", "toe tow", "told tolled", "vain vane vein", "vale veil", "vary very", "wade weighed", "wail whale", "waist waste",
		"wait weight", "waive wave", "ware wear where", "watt what", "way weigh", "weak week", "weather whether", "weave we've", "weir we're",
		"which witch", "wood would", "yoke yolk", "yore your",
		"bail bale", "bury berry", "chilli chilly", "cellar seller", "flecks flex", "gorilla guerrilla", "hoop whoop", "lynx links", "pi pie",
		"tuba tuber", "panda pander", "holy holly wholly", "oral aural", "sort sought", "talk torque", "stalk stork", "court caught", "floor flaw",
		"lore law", "pawn prawn porn", "sauna sawner", "formally formerly", "father farther", "whirled world", "whine wine", "wheel weal",
	} {
		var found []string
		for _, w := range strings.Fields(group) {
			if slices.Contains(words, w) {
				found = append(found, w)
			}
		}
		if len(found) > 1 {
			t.Errorf("these sound alike: %v", found)
		}
	}
}

// The people here read these words at a bad moment of their lives.
func TestNoWordCouldHurt(t *testing.T) {
	for _, w := range strings.Fields(`
		adopt adopted agency aunt baby birth born bride brother care child children choice chosen cousin dad daddy daughter family
		father foster gift home husband kid kin lost lucky match mother mum mummy nan nephew niece orphan panel parent pregnant real
		reject sister son special stork twin uncle visit want widow wife womb worker
		abuse angry attack bleed blood bomb bullet cruel cry danger dead death die enemy fight gun harm hate hit hurt jail kill knife
		pain poison prison rape sad scared shoot stab steal suffer threat victim violent war weapon
		abort ache arm back body bone brain breast cancer disease doctor drug drunk face fever foot hand head heart hospital ill injury
		leg mad mental neck nose nurse sick skin stomach throat tooth wound
		beer bet booze gamble gin rum vodka whisky wine coffin court crime funeral ghost grave judge mourn police wreath`) {
		if slices.Contains(passphrase.Words(), w) {
			t.Errorf("%q is in the list", w)
		}
	}
}

func TestOffer(t *testing.T) {
	words := passphrase.Words()
	seen := make(map[string]bool)
	used := make(map[string]bool)
	for range 2000 {
		offer := passphrase.Offer()
		parts := strings.Split(offer, "-")
		if len(parts) != 5 {
			t.Fatalf("%d words, want five", len(parts))
		}
		for _, w := range parts {
			if _, found := slices.BinarySearch(words, w); !found {
				t.Fatalf("%q is not in the list", w)
			}
			used[w] = true
		}
		if err := passphrase.Check(offer); err != nil {
			t.Errorf("an offered passphrase is refused: %v", err)
		}
		if seen[offer] {
			t.Error("the same offer came twice in 2,000")
		}
		seen[offer] = true
	}
	// 10,000 draws leave about 16 of 2,048 words unused; 100 would mean that
	// part of the list is never reached.
	if len(used) < len(words)-100 {
		t.Errorf("only %d words came up in 10,000 draws", len(used))
	}
	if !used[words[0]] && !used[words[1]] && !used[words[2]] || !used[words[2047]] && !used[words[2046]] && !used[words[2045]] {
		t.Error("an end of the list is never reached")
	}
}

func TestSpokenKnownAnswers(t *testing.T) {
	var ones, first, counted [32]byte
	for i := range ones {
		ones[i] = 0xff
		counted[i] = byte(i)
	}
	first[5] = 0x10 // the 44th bit
	behind := first
	behind[5] |= 0x0f // bits 45 to 48 do not count
	behind[31] = 1
	for _, c := range []struct {
		hash [32]byte
		want string
	}{
		{[32]byte{}, "about about about about"},
		{ones, "zoom zoom zoom zoom"},
		{first, "about about about above"},
		{behind, "about about about above"},
		{counted, "about atlas mask atlas"},
		{sha256.Sum256([]byte("gatepost")), "arctic legend ledge kindly"},
	} {
		words := passphrase.Spoken(c.hash)
		if got := strings.Join(words[:], " "); got != c.want {
			t.Errorf("%x: got %q, want %q", c.hash[:6], got, c.want)
		}
	}
}
