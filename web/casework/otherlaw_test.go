package casework_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestAnotherLaw: a worker who would put a case under another law is told beside
// the field why not, with what they typed; a manager who did not write it does it.
func TestAnotherLaw(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	path := "/case/" + string(c.ID) + "/particulars/" + string(c.Adopted)
	typed := []string{"particulars.orderDate-day", "6", "particulars.orderDate-month", "5", "particulars.orderDate-year", "2006", "particulars.known", "Said by telephone."}

	refused := r.Get(path).Want(http.StatusOK).Submit(path, typed...).Want(http.StatusUnprocessableEntity)
	contains(t, refused.Doc().One(".govuk-error-summary").Text(), "under another law")
	form := refused.Form(path)
	for i := 0; i < len(typed); i += 2 {
		if got := form.Get(typed[i]); got != typed[i+1] {
			t.Errorf("%s comes back as %q", typed[i], got)
		}
	}
	var order string
	must(t, r.Rows.QueryRow(t.Context(), `select value from fact where on_id = $1 and name = 'order' order by version desc limit 1`, string(c.Adopted)).Scan(&order))
	if order != "pre" {
		t.Errorf("the order is %s", order)
	}

	manager := r.Site.Worker(t)
	manager.SignIn(r.Site, &r.ManagerLogin)
	if people := manager.Get("/case/" + string(c.ID) + "/people").Want(http.StatusOK); !strings.Contains(people.Body, `href="`+path+`"`) {
		t.Error("a manager finds no way to the page")
	}
	manager.Get(path).Want(http.StatusOK).Submit(path, typed...).Want(http.StatusSeeOther)
	must(t, r.Rows.QueryRow(t.Context(), `select value from fact where on_id = $1 and name = 'order' order by version desc limit 1`, string(c.Adopted)).Scan(&order))
	if order != "post" {
		t.Errorf("the manager wrote it, and the order is %s", order)
	}
}
