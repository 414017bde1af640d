package field_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"gatepost/crypto/field"
)

// counted is the key with the bytes 0 to 31. The expected values were computed
// apart from this program, in Python.
func counted() (key [32]byte) {
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func TestLoginIndex(t *testing.T) {
	const want = "b2cad71acd6db23a6f2acb042f62ac438f68272eb90f7abbbf867747fc9945f7"
	for _, same := range []string{
		"branwen e", "Branwen E", "BRANWEN E", "  branwen   e ", "branwen\te\n", "branwen\u00a0e", "\uff42ranwen e", "branwen\u3000E",
	} {
		if got := fmt.Sprintf("%x", field.LoginIndex(counted(), "ag1", same)); got != want {
			t.Errorf("%q: got %s", same, got)
		}
	}
	for _, c := range []struct{ agency, name string }{
		{"ag2", "branwen e"}, {"ag1", "branwene"}, {"ag1", "branwen-e"}, {"ag1", "branwen é"}, {"ag1", ""},
		{"ag1\nbranwen", "e"}, {"ag1 9 branwen e", ""},
	} {
		if got := fmt.Sprintf("%x", field.LoginIndex(counted(), c.agency, c.name)); got == want {
			t.Errorf("%q at %q has the same index", c.name, c.agency)
		}
	}
	if got := field.LoginIndex([32]byte{1}, "ag1", "branwen e"); fmt.Sprintf("%x", got) == want {
		t.Error("another key gives the same index")
	}
	one, two := field.LoginIndex(counted(), "ag1", "ty\u0302 \u0130"), field.LoginIndex(counted(), "ag1", "T\u0176 \u0130")
	if one != two {
		t.Error("composed and decomposed differ")
	}
}

// Two parts must never run into one another.
func TestPartsAreKeptApart(t *testing.T) {
	seen := make(map[[32]byte]string)
	for _, c := range [][2]string{{"a", "b"}, {"a\n1 b", ""}, {"a\n", "b"}, {"", "a\nb"}, {"ab", ""}, {"", "ab"}, {"a", "b\n"}} {
		got := field.Bucket(counted(), c[0], c[1])
		if other, ok := seen[got]; ok {
			t.Errorf("%q has the bucket of %s", c, other)
		}
		seen[got] = fmt.Sprintf("%q", c)
	}
	if field.Bucket(counted(), "ag1", "x") == field.LoginIndex(counted(), "ag1", "x") {
		t.Error("a bucket is a log-in index")
	}
	const want = "4bdeebf25b9a72a9054247409cd066a71df0de1371d1b2391293899211c440a6"
	if got := fmt.Sprintf("%x", field.Bucket(counted(), "code", "7K3M")); got != want {
		t.Errorf("got %s", got)
	}
}

func TestAddressBucket(t *testing.T) {
	day := time.Date(2026, 11, 21, 23, 59, 59, 0, time.UTC)
	const (
		four    = "6fa50e0b57eba1088c7297b4f6e6daae1a4519ba898bc328793f6076e93e730f"
		six     = "9ed6b2bea0a8135797db1d731ac3f5da98586a8a3b5871a89e8c72d06b4a0d86"
		unknown = "c8c352f121352e99f85cf0ec8a42e21fd3ed365119a266ac060f05956e44cf18"
	)
	for _, c := range []struct{ address, want string }{
		{"192.0.2.0", four},
		{"192.0.2.255", four},
		{"::ffff:192.0.2.77", four},
		{"2001:db8:1:200::", six},
		{"2001:db8:1:2ff:ffff:ffff:ffff:ffff", six},
		{"2001:db8:1:2ab::1%eth0", six},
		{"", unknown},
	} {
		address, err := netip.ParseAddr(c.address)
		if err != nil && c.address != "" {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", field.AddressBucket(counted(), day, address)); got != c.want {
			t.Errorf("%q: got %s", c.address, got)
		}
	}
	for _, other := range []string{"192.0.3.0", "192.0.1.255", "2001:db8:1:300::", "2001:db8:1:1ff::"} {
		got := fmt.Sprintf("%x", field.AddressBucket(counted(), day, netip.MustParseAddr(other)))
		if got == four || got == six || got == unknown {
			t.Errorf("%s falls into a neighbour's bucket", other)
		}
	}
	home := netip.MustParseAddr("192.0.2.1")
	if field.AddressBucket(counted(), day, home) == field.AddressBucket(counted(), day.Add(time.Second), home) {
		t.Error("the bucket outlives the day")
	}
	inLondon := time.Date(2026, 6, 1, 0, 30, 0, 0, time.FixedZone("BST", 3600)) // still 31 May in UTC
	if field.AddressBucket(counted(), inLondon, home) != field.AddressBucket(counted(), inLondon.Add(-time.Hour), home) {
		t.Error("the day is not that of UTC")
	}
	if field.AddressBucket([32]byte{1}, day, home) == field.AddressBucket([32]byte{2}, day, home) {
		t.Error("the key does not matter")
	}
}

func FuzzLoginIndex(f *testing.F) {
	f.Add("Branwen  E")
	f.Add("\u0130I\u0307")
	f.Fuzz(func(t *testing.T, name string) {
		if field.LoginIndex(counted(), "ag1", name) != field.LoginIndex(counted(), "ag1", " "+name+"\n") {
			t.Fatal("space at the ends counts")
		}
	})
}
