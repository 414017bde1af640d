package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// tell has the birth mother tell the agency something.
func (d *desk) tell(t *testing.T, text string) string {
	t.Helper()
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	id, err := d.Families.Tell(t.Context(), d.writer, inbox.Sides[0].Side, text)
	must(t, err)
	return string(id)
}

func TestMessages(t *testing.T) {
	d := openDesk(t)
	contains(t, d.Get("/messages").Want(http.StatusOK).Doc().One("main").Text(), "No message waits.")
	id := d.tell(t, "I am moving house in May.")
	tray := d.Get("/messages").Want(http.StatusOK)
	card := tray.Doc().One("[data-message=" + id + "]")
	contains(t, card.Text(), "Tamsin Vale", "They hear by", "Read and answer")
	if strings.Contains(tray.Body, "moving house") {
		t.Error("the tray shows what a message says")
	}
	d.Get("/desk").Want(http.StatusOK).Doc().One("a[href=/messages]")

	path := "/message/" + id + "/answer"
	read := d.Get("/message/" + id).Want(http.StatusOK)
	letter := read.Doc().One("[data-list=said] .gp-letter")
	contains(t, letter.Text(), "I am moving house in May.")
	if letter.Attr("translate") != "no" {
		t.Error("a browser may send the message to its translation service")
	}
	contains(t, read.Submit(path, "text", " ").Want(http.StatusUnprocessableEntity).Doc().One("main").Text(), "Write what you want to say first.")
	long := strings.Repeat("ü", letterbox.MaxMessage)
	if got := read.Submit(path, "text", long).Want(http.StatusUnprocessableEntity).Form(path).Get("text"); got != long {
		t.Error("an answer that is too long is lost")
	}
	read.Submit(path, "text", "Thank you for telling us.").Want(http.StatusSeeOther)
	again := read.Submit(path, "text", "Thank you for telling us.").Want(http.StatusSeeOther)
	sent := again.Follow().Want(http.StatusOK).Doc()
	contains(t, sent.One("main").Text(), "No message waits.")
	contains(t, sent.One(".govuk-notification-banner--success").Text(), "Your answer is sent.")
	if n := d.count(t, `select count(*) from message where by_worker is not null`); n != 1 {
		t.Errorf("two presses made %d answers", n)
	}
	done := d.Get("/message/" + id).Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "We wrote", "Thank you for telling us.", "This message is answered.")
	done.Doc().None("form[action=" + path + "]")
	lost := post(t, d.Browser, path, "text", "Another answer.").Want(http.StatusConflict)
	contains(t, lost.Doc().One("main").Text(), "A colleague has answered this already.")

	login, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	other := d.as(t, &login)
	next := d.tell(t, "And my number is new.")
	earlier := other.Get("/message/" + next).Want(http.StatusOK)
	if got := len(earlier.Doc().All("[data-list=said] [data-message]")); got != 3 {
		t.Errorf("a colleague sees %d turns, want 3", got)
	}
	d.Get("/message/ms22222222222222222222").Want(http.StatusNotFound)
	d.Get("/message/" + id[:5]).Want(http.StatusNotFound)
}

// Somebody who waits for our call is not answered; a worker who knows the
// family sees only that something waits.
func TestMessage_NotAnswered(t *testing.T) {
	d := openDesk(t)
	id := d.tell(t, "Please ring me.")
	d.Exec(t, `update person set state = 'hold' where id = $1`, d.birth)
	read := d.Get("/message/" + id).Want(http.StatusOK)
	contains(t, read.Doc().One("main").Text(), "This person waits for our call.")
	read.Doc().None("form[action=/message/" + id + "/answer]")
	post(t, d.Browser, "/message/"+id+"/answer", "text", "Yes.").Want(http.StatusConflict)
	d.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, d.Home.ID, string(d.exchange), d.WorkerLogin.ID)
	card := d.Get("/messages").Want(http.StatusOK).Doc().One("[data-message]")
	contains(t, card.Text(), "Somebody else answers.")
	if strings.Contains(card.Text(), "Tamsin") {
		t.Error("a worker who knows the family is shown who wrote")
	}
	card.None("a")
	d.Get("/message/" + id).Want(http.StatusForbidden)
}
