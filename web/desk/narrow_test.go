package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/agency"
	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// rowsShown are the letters that a page of the desk shows.
func rowsShown(a webtest.Answer) (list []string) {
	for _, row := range a.Doc().All("[data-letter]") {
		list = append(list, row.Attr("data-letter"))
	}
	return list
}

func TestNarrow(t *testing.T) {
	d := openDesk(t)
	one, two := d.send(t, "one"), d.send(t, "two")
	held := d.send(t, "three")
	_, err := d.Database.Admin().Exec(t.Context(), `update letter set hear_by = current_date - 40, submitted_on = current_date - 60, submitted_at = now() - interval '60 days' where id = $1`, two)
	must(t, err)
	d.read(t, held)
	post(t, d.Browser, "/letter/"+held+"/hold", d.dateFields(3)...).Want(http.StatusSeeOther)
	var reference string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select reference from exchange where id = $1`, string(d.exchange)).Scan(&reference))
	line := func(id string) string { return d.Get("/desk").Doc().One("[data-letter=" + id + "]").Text() }
	name := strings.Fields(d.Get("/desk").Doc().All("[data-letter=" + one + "] [translate=no]")[0].Text())[0]
	contains(t, line(one), name)

	// Without a name the choice is an address, which the page keeps when it loads itself again.
	a := post(t, d.Browser, "/desk", "age", "late", "kind", "", "show", "waits").Want(http.StatusSeeOther)
	if where := a.Header.Get("Location"); where != "/desk?show=waits&age=late" {
		t.Errorf("goes to %s", where)
	}
	page := a.Follow().Want(http.StatusOK)
	if got := rowsShown(page); len(got) != 1 || got[0] != two {
		t.Errorf("late ones: %v", got)
	}
	page.Doc().One("input[name=age][value=late][checked]")
	page.Doc().One("details[open]")
	page.Doc().One(`a[href="/desk?show=held&age=late"]`)

	// A name stands in no address: the page itself answers, over all trays, and does not load itself again.
	for _, find := range []string{name, strings.ToUpper(name), "  " + strings.ToLower(reference[:6]) + " "} {
		a := post(t, d.Browser, "/desk", "find", find).Want(http.StatusOK)
		if got := rowsShown(a); len(got) != 3 {
			t.Errorf("%q finds %v", find, got)
		}
		a.Doc().None("[data-live]")
	}
	if got := rowsShown(post(t, d.Browser, "/desk", "find", name, "age", "late").Want(http.StatusOK)); len(got) != 1 || got[0] != two {
		t.Errorf("late ones by name: %v", got)
	}
	if got := rowsShown(post(t, d.Browser, "/desk", "find", agency.NewID("ex")).Want(http.StatusOK)); len(got) != 0 {
		t.Errorf("another name finds %v", got)
	}
	// Nonsense narrows nothing, and nothing of it comes back in an address.
	a = post(t, d.Browser, "/desk", "age", "secret", "kind", "secret", "show", "held").Want(http.StatusSeeOther)
	if where := a.Header.Get("Location"); where != "/desk?show=held" {
		t.Errorf("goes to %s", where)
	}
	if got := rowsShown(a.Follow()); len(got) != 1 || got[0] != held {
		t.Errorf("on hold: %v", got)
	}
}

// A manager sees counts of five and more, each beside its bar.
func TestPacePage(t *testing.T) {
	d := openDesk(t)
	_, err := d.Database.Admin().Exec(t.Context(), `insert into reading_time select $1, date_trunc('week', current_date)::date, 'pass', b, n
		from (values (0, 4), (1, 5), (2, 10)) v (b, n)`, d.Home.ID)
	must(t, err)
	manager := d.as(t, &d.ManagerLogin)
	table := manager.Get("/pace").Want(http.StatusOK).Doc().One("[data-list=pace]")
	if n := len(table.All("svg")); n != 2 {
		t.Errorf("%d bars, want 2", n)
	}
	text := table.Text()
	contains(t, text, "Less than 30 seconds", "fewer than 5", "10")
	if n := strings.Count(text, "fewer than 5"); n != 8*len(letterbox.PaceActs())-2 {
		t.Errorf("%d numbers are not shown", n)
	}
	manager.Get("/breaches").Doc().One(`a[href="/pace"]`)
}
