// Package journey walks through the pages of both tiers as people do: in a
// headless Chromium, from the first exchange that a worker opens by hand to the
// answer that a birth mother reads. It has no code for the program; its tests
// are built with the tag "browser", because they need Chromium, Node and the
// page assets, and take minutes:
//
//	make browser
//
// Whoever mends one chapter walks it alone, in one pass, by the name of its
// function; pictures of each page fall into the folder of JOURNEY_SHOTS:
//
//	JOURNEY_ONLY=reached JOURNEY_SHOTS=DIR go test -tags browser -run TestJourney/on ./internal/journey
//
// # What is real
//
// Everything but two things. Both tiers listen on loopback as they do in a
// deployment, on a private database with the people and letters of the demo,
// with sealed letters and signed statements. Another agency shares the
// deployment; it asks ours and answers it through the services, by the test's
// entrance, and nobody looks at its pages. What is not real is the cost of a
// passphrase, which is next to nothing here, and the clock, which runs on but
// can be set forward: a one-time code counts once, a session dies after an hour,
// and no test should wait for either.
//
// # Three passes
//
// The same journey is made with scripts ("on") and with scripts switched off
// ("off"), each in two parts that are walked side by side, letters and cases, each
// in a world of its own; and a letter and its answer with the script files cut
// off, as on a bad network ("cut"), over TLS. At each page the walker stops and
// looks: rules on the elements; with scripts axe-core, at 1280 and at 320 pixels
// where a page is seen for the first time, and again at the width of who looks
// where it shows an element of a kind that was on no page before; sideways
// scrolling, also with letters twice as big;
// the policy and the other headers of every answer; the flags of each cookie;
// the title, which whoever looks over the shoulder can read; complaints of the
// browser. In the end the pages that were looked at, and the forms that were
// sent, are held against the route tables ("on" and "off"): a page that is added
// later and not visited fails the test.
//
// Whatever page a person's browser got, its ids are kept by home: no two homes
// may have been shown one in common. And all pages of each of two homes that
// write to one mother are fetched before and after she writes to the other.
//
// # Trust
//
// No request leaves the machine. Chromium resolves no name but ours and that of
// the quick exit, which a server of the test answers for. The test has an
// entrance of its own, on another loopback port, that sets the clock and breaks
// the database on purpose; it is in the test's code and in no program.
package journey
