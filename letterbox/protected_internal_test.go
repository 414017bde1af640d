package letterbox

import (
	"fmt"
	"testing"

	"gatepost/letterbox/screening"
)

// What a name or an address is taken apart into, as "kind value".
func TestParts(t *testing.T) {
	said := func(list []screening.Entry) (lines []string) {
		for _, e := range list {
			lines = append(lines, string(e.Kind)+" "+e.Value)
		}
		return lines
	}
	for name, want := range map[string]string{
		"":                         "[]",
		"Isla":                     "[name Isla]",
		"Dr. Isla  Rose Hale-Vale": "[name Isla name Rose surname Hale-Vale]",
		"Joanne (Jo) Archer":       "[name Joanne name Jo surname Archer]",
		"Priya and Mark Anand":     "[name Priya name Mark surname Anand]",
		"Anna Maria van der Berg":  "[name Anna name Maria surname van der Berg]",
		"Van Morris":               "[name Van surname Morris]",
		"Mrs Whitfield":            "[surname Whitfield]",
	} {
		if got := fmt.Sprint(said(nameParts(name))); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
	for address, want := range map[string]string{
		"": "[]",
		"4 Quay Street, Penryn, TR10 8AA, England": "[address 4 Quay Street town Penryn postcode TR10 8AA]",
		"Flat 2, 60 Foundry Road\nNorth Carrow":    "[address Flat 2 address 60 Foundry Road town North Carrow]",
		"The Old Dairy, Fen Road\nLower Fenshaw":   "[address The Old Dairy address Fen Road town Lower Fenshaw]",
		"Bromyard HR74AA":                          "[postcode HR74AA town Bromyard]",
	} {
		if got := fmt.Sprint(said(addressParts(address))); got != want {
			t.Errorf("%q is %s, want %s", address, got, want)
		}
	}
	screen, err := screening.Compile(nameParts("Anna van der Berg"))
	if err != nil {
		t.Fatal(err)
	}
	if found := screen.Scan("We went there in the van."); len(found) != 0 {
		t.Errorf("of a van is found %v", found)
	}
}
