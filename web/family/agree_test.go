package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// asked sends a letter of which its writer is asked to leave words out.
func (h *home) asked(t *testing.T, text string, words ...string) letterbox.LetterID {
	t.Helper()
	send(t, h.birth, text)
	id := h.claimed(t)
	var parts []letterbox.Part
	for i, w := range words {
		parts = append(parts, letterbox.Part{Words: letterbox.Text(w), Row: i + 1, Reason: "promises"})
	}
	if err := h.Desk.Propose(t.Context(), h.World.Worker, id, parts, "Please ask us.", "for the file"); err != nil {
		t.Fatal(err)
	}
	return id
}

// The writer sees what would go, crossed out and said, and why; they say yes, and the other
// family's pages hold nothing of it.
func TestAgree(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "Dear Wren, vqoneq vqtwoq. The garden is <full>\n\nof snails.", "vqoneq vqtwoq", "full")
	path := "/sent/" + string(id)
	page := h.birth.Get(path).Want(http.StatusOK)
	says(t, page, "We ask you about a part of it")
	ask := h.birth.Get(link(t, page, path+"/agree")).Want(http.StatusOK)
	gone := ask.Doc().All(".gp-letter del")
	if len(gone) != 2 || !strings.Contains(gone[0].Text(), "vqoneq vqtwoq") || !strings.Contains(gone[0].Text(), "Left out:") {
		t.Fatalf("%d parts are crossed out", len(gone))
	}
	says(t, ask, "The letter makes promises that may not come true.")
	says(t, ask, "Please ask us.")
	says(t, ask, "you will hear by")
	if strings.Contains(ask.Body, "for the file") {
		t.Error("the writer reads what is for colleagues")
	}
	link(t, ask, path+"/again")
	action(t, ask, path+"/rewrite")
	h.adoptive.Get(path + "/agree").Want(http.StatusNotFound)
	h.birth.Get(path + "/withdraw").Want(http.StatusOK)

	done := ask.Submit(path + "/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	done.Doc().One(".govuk-notification-banner--success")
	says(t, done, "You agreed to leave these words out.")
	if len(done.Doc().All(".gp-letter del")) != 2 {
		t.Error("the writer does not see what went any more")
	}
	ask.Submit(path + "/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK) // pressed twice
	h.birth.Get(path + "/agree").Want(http.StatusSeeOther)
	h.claimed(t)
	if err := h.Desk.Pass(t.Context(), h.World.Worker, id, ""); err != nil {
		t.Fatal(err)
	}
	at := link(t, h.adoptive.Get("/letters").Want(http.StatusOK), "/letter/")
	pages := []string{h.adoptive.Get("/letters").Body, h.adoptive.Get(at).Body}
	opened := h.adoptive.Get(at).Submit(at + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	pages = append(pages, opened.Body)
	says(t, opened, "Dear Wren, […]. The garden is <[…]>")
	side := link(t, h.adoptive.Get("/letters"), "/side/")
	pages = append(pages, h.adoptive.Get(side).Want(http.StatusOK).Body, h.adoptive.Get(side+"/copies/print").Want(http.StatusOK).Body)
	for i, body := range pages {
		if strings.Contains(body, "vqoneq") || strings.Contains(body, "vqtwoq") {
			t.Errorf("page %d of the other family has what was left out", i)
		}
	}
	if body := h.birth.Get(path).Want(http.StatusOK).Body; !strings.Contains(body, "vqoneq") {
		t.Error("the writer does not see what they wrote")
	}
}

// They ask another worker, once, or write it again.
func TestAgree_OtherWays(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	again := h.birth.Get(path + "/again").Want(http.StatusOK)
	says(t, again, "It is not the one who asked you.")
	done := again.Submit(path + "/again").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, done, "What we asked you first")
	says(t, done, "The sea was calm.")
	h.birth.Get(path + "/agree").Want(http.StatusSeeOther)

	h.birth.Get(path + "/withdraw").Submit(path + "/withdraw").Want(http.StatusSeeOther)

	other := h.asked(t, "We hope for a cat. The sea was wild.", "We hope for a cat")
	path = "/sent/" + string(other)
	ask := h.birth.Get(path + "/agree").Want(http.StatusOK)
	draft := ask.Submit(path + "/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, draft, "The letter makes promises that may not come true.")
	var exchange letterbox.ExchangeID
	err := h.Database.Admin().QueryRow(t.Context(), `select exchange_id from letter where id = $1`, string(other)).Scan(&exchange)
	if err == nil {
		err = h.Desk.SetState(t.Context(), h.World.Worker, exchange, "paused", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	says(t, ask.Submit(path+"/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK), "You cannot say yes at the moment.")
}

// A page that was open while we took back what we had asked: whatever is pressed there,
// the answer is true. Nobody was asked to look at the letter, and there is a new
// question to say yes to.
func TestAgree_TakenBack(t *testing.T) {
	h := newHome(t)
	ctx := t.Context()
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	ask, again := h.birth.Get(path+"/agree").Want(http.StatusOK), h.birth.Get(path+"/again").Want(http.StatusOK)
	if err := h.Desk.TakeBackProposal(ctx, h.World.Worker, id, ""); err != nil {
		t.Fatal(err)
	}
	silent := func(page webtest.Answer) {
		t.Helper()
		says(t, page, "You need not answer us any more.")
		page.Doc().None(".govuk-notification-banner")
	}
	silent(again.Submit(path + "/again").Want(http.StatusSeeOther).Follow().Want(http.StatusOK))
	silent(ask.Submit(path + "/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK))

	h.claimed(t)
	if err := h.Desk.Propose(ctx, h.World.Worker, id, []letterbox.Part{{Words: "The sea was calm", Row: 1, Reason: "promises"}}, "", ""); err != nil {
		t.Fatal(err)
	}
	page := ask.Submit(path + "/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, page, "We have changed what we ask you. Please look at it again.")
	if strings.Contains(main(page), "You cannot say yes") {
		t.Error("it says that they cannot say yes, and they can")
	}
	done := h.birth.Get(link(t, page, path+"/agree")).Submit(path + "/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, done, "Thank you. A worker reads your letter once more.")
}

// Of what was left out unasked the writer reads that it was, and not what.
func TestLeftOutUnasked(t *testing.T) {
	h := newHome(t)
	_, other := h.NewWorker(t, "Imogen Farr", "letterboxWorker")
	send(t, h.birth, "We hope for a dog. The sea was calm.")
	id := h.claimed(t)
	ctx := t.Context()
	for _, err := range []error{
		h.Desk.Cut(ctx, h.World.Worker, id, []letterbox.Part{{Words: "We hope for a dog", Row: 1, Reason: "promises"}}, "why"),
		h.Desk.Claim(ctx, other, id), h.Desk.Pass(ctx, other, id, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	page := h.birth.Get("/sent/" + string(id)).Want(http.StatusOK)
	says(t, page, "We left out a part of this letter when we passed it on. You can ask us about it.")
	page.Doc().None("del")
	if strings.Contains(page.Body, "Why it came back") {
		t.Error("it did not come back")
	}
}

// While an exchange rests, the page that asks says so, and has no button that would be
// refused; nor has one whose proposal does not open.
func TestAgree_NotNow(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	set := func(sql string) {
		t.Helper()
		if _, err := h.Database.Admin().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	set(`update exchange set state = 'paused'`)
	ask := h.birth.Get(path + "/agree").Want(http.StatusOK)
	says(t, ask, "You cannot say yes at the moment.")
	says(t, ask, "The letter makes promises that may not come true.")
	ask.Doc().None("main form")
	link(t, ask, path+"/again")
	set(`update exchange set state = 'active'`)
	open := h.birth.Get(path + "/agree").Want(http.StatusOK)
	action(t, open, path+"/agree")

	// Told what is asked, and asked nothing that opens.
	set(`alter table object disable trigger user`)
	set(`update object set sealed = set_byte(sealed, octet_length(sealed) - 5, get_byte(sealed, octet_length(sealed) - 5) # 1) where part = 'proposal'`)
	gone := h.birth.Get(path + "/agree").Want(http.StatusOK)
	says(t, gone, "We cannot show you now which words we asked about.")
	gone.Doc().None("form[action=" + path + "/agree]")
	action(t, gone, path+"/rewrite")
	says(t, open.Submit(path+"/agree").Want(http.StatusSeeOther).Follow().Want(http.StatusOK), "We cannot show you now which words we asked about.")

	back := h.returned(t, "The heron is back.")
	set(`update exchange set state = 'paused'`)
	h.birth.Get("/sent/" + string(back)).Want(http.StatusOK).Doc().None("form[action=/sent/" + string(back) + "/rewrite]")
}
