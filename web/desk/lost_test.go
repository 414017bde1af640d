package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
)

// lose has a part of an object lie where no store has it, as is known.
func (d *desk) lose(t *testing.T, part string) {
	t.Helper()
	for _, sql := range []string{"set session_replication_role = replica",
		`update object set sealed = convert_to(E'gatepost-part/1\n' || repeat('a', 26), 'UTF8') || decode(repeat('00', 40), 'hex') where part = '` + part + `'`,
		`insert into part_lost (agency_id, key) select agency_id, sealed_part from object where sealed_part is not null`, "reset session_replication_role"} {
		d.Exec(t, sql)
	}
}

// A worker is told of a recording that is lost, leaves it out with one press, and the
// manager's list names the exchange.
func TestRecording_Lost(t *testing.T) {
	d := openDesk(t)
	letter, path := d.recorded(t, "Dear Wren")
	d.lose(t, "sound")
	page := d.Get(path).Want(http.StatusOK)
	page.Doc().None("audio")
	page.Doc().None("[data-act=answer]")
	contains(t, page.Doc().One("main").Text(), "our store has lost it")
	d.Get(path + "/sound").Want(http.StatusInternalServerError) // as of anything that does not open
	contains(t, d.Get("/letter/"+letter).Want(http.StatusOK).Body, "Dear Wren")
	page.Submit(path).Want(http.StatusSeeOther)
	d.Get("/letter/" + letter).Submit("/letter/" + letter + "/pass").Want(http.StatusSeeOther)
	manager := d.as(t, &d.ManagerLogin)
	list := manager.Get("/breaches").Want(http.StatusOK).Doc()
	contains(t, list.One("[data-list=lost]").Text(), "LB-")
	contains(t, list.One("main").Text(), "Photos or recordings of 1 exchange are lost")
	sent, err := d.Families.OpenSent(t.Context(), d.writer, letterbox.LetterID(letter))
	if must(t, err); sent.Recording.Reason.Reason != letterbox.PartLost {
		t.Errorf("its writer is told %+v", sent.Recording)
	}
}

// The same of a photo; one that was cut can be begun again.
func TestPhoto_Lost(t *testing.T) {
	d := openDesk(t)
	letter, path := d.photographed(t)
	d.Get(path).Submit(path+"/cut", "act", "blur", "left", "0", "top", "0", "width", "10", "height", "10", "picture", "0").Want(http.StatusSeeOther)
	d.lose(t, "edit")
	page := d.Get(path).Want(http.StatusOK)
	page.Doc().None("figure")
	contains(t, page.Doc().One("main").Text(), "our store has lost it")
	if pictures := d.Get(path + "/picture?of=1"); pictures.Status != http.StatusInternalServerError || strings.Contains(pictures.Header.Get("Content-Type"), "image") {
		t.Errorf("the picture itself: %d", pictures.Status)
	}
	page.Submit(path + "/answer").Want(http.StatusSeeOther)
	page = d.Get(path).Want(http.StatusOK)
	page.Submit(path+"/cut", "act", "whole").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("figure img")
	if n := d.count(t, `select count(*) from photo_word`); n != 1 {
		t.Errorf("%d answers", n)
	}
	d.Get("/letter/" + letter).Want(http.StatusOK)
}
