package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/authz"
)

// The lead's page says which text is which, and of a letter that is not whole that it is not; so does the desk.
func TestReferral_Texts(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ines Calder", authz.SafeguardingLead)
	lead := d.as(t, &login)
	d.Exec(t, `update side set photos = 'permitted'`)
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	draft, err := d.Families.NewDraft(t.Context(), d.writer, inbox.Sides[0].Side, "We hope for a cat. The sea was calm.")
	must(t, err)
	d.addPhoto(t, d.writer, draft)
	sent, err := d.Families.Send(t.Context(), d.writer, draft, 2)
	must(t, err)
	path := "/letter/" + string(sent)
	d.read(t, string(sent))
	post(t, d.Browser, path+"/propose", "words-1", "We hope for a cat", "why-1", "promises", "exchange", string(d.exchange)).Want(http.StatusSeeOther)
	must(t, d.Families.Agree(t.Context(), d.writer, sent, 1))
	if read := d.read(t, string(sent)); strings.Contains(read.Body, "is not there") {
		t.Error("a whole letter is said to be incomplete")
	}
	d.Exec(t, `set session_replication_role = replica; delete from letter_photo; set session_replication_role = default`)
	contains(t, d.Browser.Get(path).Want(http.StatusOK).Doc().One("main").Text(), "is not there")
	post(t, d.Browser, path+"/escalate", "concern", "odd", "exchange", string(d.exchange)).Want(http.StatusSeeOther)

	read := lead.Get("/referral/" + string(sent)).Want(http.StatusOK).Doc().One("main").Text()
	came, goes := strings.Index(read, "The letter as it came"), strings.Index(read, "The letter as it would go on")
	if cat := strings.Index(read, "We hope for a cat"); came < 0 || goes < came || cat < came || cat > goes {
		t.Errorf("the lead reads %q", read)
	}
	contains(t, read[max(goes, 0):], "[…]. The sea was calm.", "is not here: a photo, or its recording")
}
