package register_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/intermediary/register"
)

// development is where made-up registers lie beside the project while it is
// developed. Nothing needs them; what is measured with them is in docs/matching.md.
const development = "../../../shared/data"

// readTable reads a CSV file of the development data by its header.
func readTable(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(development, name))
	if os.IsNotExist(err) {
		t.Skipf("the development data (%s) is not here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table := csv.NewReader(f)
	table.TrimLeadingSpace = true
	rows, err := table.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[strings.TrimSpace(rows[0][i])] = strings.TrimSpace(cell)
		}
		list = append(list, m)
	}
	return list
}

// figures of a run against what is true.
type figures struct {
	links                      int // true ones
	right, wrong               int // at p of half or more
	seen, seenWrong            int // in both bands
	proposed, proposedWrong    int
	rightAtPrecision           int // as many as there are at a precision of 0.995
	siblingRight, siblingWrong int // links and others that are found to be siblings
}

func (f figures) precision() float64 { return float64(f.right) / float64(max(1, f.right+f.wrong)) }
func (f figures) recall() float64    { return float64(f.right) / float64(f.links) }
func (f figures) f1() float64 {
	return 2 * f.precision() * f.recall() / (f.precision() + f.recall())
}

func count(result register.Result, links int, link func(p register.Proposal) bool) figures {
	f := figures{links: links}
	right, wrong := 0, 0
	for _, p := range result.Proposals {
		yes := link(p)
		if yes {
			right++
			f.seen++
		} else {
			wrong++
			f.seenWrong++
		}
		if float64(right) >= 0.995*float64(right+wrong) {
			f.rightAtPrecision = right
		}
		switch {
		case p.Probability < 0.5:
		case yes:
			f.right++
		default:
			f.wrong++
		}
		switch {
		case p.Band != register.Proposed:
		case yes:
			f.proposed++
		default:
			f.proposedWrong++
		}
		switch {
		case p.Finding != register.Sibling:
		case yes:
			f.siblingRight++
		default:
			f.siblingWrong++
		}
	}
	return f
}

func (f figures) log(t *testing.T, result register.Result) {
	t.Helper()
	t.Logf("p>=0.5: P %.4f R %.4f F1 %.4f; at P>=0.995 R %.4f; proposed P %.4f R %.4f; both bands R %.4f with %d others; siblings %d, of which %d links",
		f.precision(), f.recall(), f.f1(), float64(f.rightAtPrecision)/float64(f.links),
		float64(f.proposed)/float64(max(1, f.proposed+f.proposedWrong)), float64(f.proposed)/float64(f.links),
		float64(f.seen)/float64(f.links), f.seenWrong, f.siblingRight+f.siblingWrong, f.siblingRight)
	t.Logf("%d pairs compared, model %s, %.3f links each", result.Compared, result.Model.Version(), result.Model.Links())
}

func registerPart(t *testing.T, name string) (entries []register.Entry, truth []string) {
	for _, m := range readTable(t, name) {
		entries = append(entries, register.Entry{ID: m["id"], Forename: m["forename"], Surname: m["surname"], Born: m["dob"],
			MotherForename: m["mother_forename"], MotherSurname: m["mother_surname"], Place: m["place"]})
		truth = append(truth, m["truth"])
	}
	return entries, truth
}

// The made-up register of 20,000 and 10,000: floors with a margin below what
// docs/matching.md says.
func TestMatch_DevelopmentRegister(t *testing.T) {
	part1, truth1 := registerPart(t, "register/part1.csv")
	part2, truth2 := registerPart(t, "register/part2.csv")
	is1, is2 := map[string]string{}, map[string]string{}
	at := map[string]int{}
	for i, e := range part1 {
		is1[e.ID], at[truth1[i]] = truth1[i], i
	}
	links := 0
	for i, e := range part2 {
		is2[e.ID] = truth2[i]
		if _, ok := at[truth2[i]]; ok {
			links++
		}
	}
	result, err := register.Match(t.Context(), part1, part2, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := count(result, links, func(p register.Proposal) bool { return is1[p.Part1] == is2[p.Part2] })
	f.log(t, result)
	index, err := register.NewIndex(t.Context(), part1, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, e := range part2 {
		if j, ok := at[truth2[i]]; ok {
			for _, c := range index.Candidates(e) {
				if c == j {
					found++
				}
			}
		}
	}
	t.Logf("blocking finds %.4f of %d links", float64(found)/float64(links), links)
	siblingPairs := 0
	for _, p := range result.Proposals {
		i := at[is1[p.Part1]]
		j, ok := at[is2[p.Part2]]
		if ok && p.Band == register.Proposed && i != j && part1[i].MotherForename == part1[j].MotherForename && part1[i].MotherSurname == part1[j].MotherSurname {
			siblingPairs++
		}
	}
	blocked := float64(found) / float64(links)
	if f.f1() < 0.970 || float64(f.rightAtPrecision) < 0.93*float64(links) || float64(f.seen) < 0.972*float64(links) || blocked < 0.977 || siblingPairs > 0 {
		t.Errorf("below what was met before; %d siblings proposed", siblingPairs)
	}
}

func febrl(t *testing.T, name string, also ...string) (entries []register.Entry) {
	for _, m := range readTable(t, name) {
		e := register.Entry{ID: m["rec_id"], Forename: m["given_name"], Surname: m["surname"], Born: m["date_of_birth"], Place: m["suburb"]}
		for _, field := range also {
			e.Also = append(e.Also, m[field])
		}
		entries = append(entries, e)
	}
	return entries
}

func febrlPerson(id string) string { return strings.Split(id, "-")[1] }

// FEBRL 4 without the identity number, with and without the address.
func TestMatch_DevelopmentFebrl4(t *testing.T) {
	for _, c := range []struct {
		also  []string
		floor float64
	}{{[]string{"postcode", "state", "address_1", "street_number", "address_2"}, 0.998}, {[]string{"postcode", "state"}, 0.995}} {
		part1, part2 := febrl(t, "febrl/dataset4a.csv", c.also...), febrl(t, "febrl/dataset4b.csv", c.also...)
		result, err := register.Match(t.Context(), part1, part2, register.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := count(result, len(part2), func(p register.Proposal) bool { return febrlPerson(p.Part1) == febrlPerson(p.Part2) })
		if f.log(t, result); f.f1() < c.floor || f.wrong > 0 || f.proposedWrong > 0 {
			t.Errorf("below what was met before, with %v", c.also)
		}
	}
}

// FEBRL 3 with all fields, within itself.
func TestWithin_DevelopmentFebrl3(t *testing.T) {
	part := febrl(t, "febrl/dataset3.csv", "postcode", "state", "address_1", "street_number", "address_2", "soc_sec_id")
	same := map[string]int{}
	links := 0
	for _, e := range part {
		links += same[febrlPerson(e.ID)]
		same[febrlPerson(e.ID)]++
	}
	result, err := register.Within(t.Context(), part, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := count(result, links, func(p register.Proposal) bool { return febrlPerson(p.Part1) == febrlPerson(p.Part2) })
	if f.log(t, result); f.f1() < 0.998 || f.wrong > 0 {
		t.Error("below what was met before")
	}
}
