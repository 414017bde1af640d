package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
)

// TestGolden: the main pages are as they were looked at.
func TestGolden(t *testing.T) {
	r := newRoom(t)
	ids := r.everything(t)
	kase := "/case/" + ids["ap"]
	file := intermediary.FileID(ids["ap"])
	must(t, r.World.Cases.SendLetter(t.Context(), r.CaseWorker, file, intermediary.NewLetterID(), "We go on with your case."))
	for name, path := range map[string]string{
		"cases":       "/cases",
		"new":         "/case/new",
		"case":        kase,
		"people":      kase + "/people",
		"facts":       kase + "/facts",
		"fact":        kase + "/fact/" + ids["ap"] + "/met",
		"subject":     kase + "/subject/" + ids["sb"],
		"proceed":     kase + "/proceed/" + ids["sb"],
		"consent":     kase + "/consent/" + ids["sb"],
		"items":       kase + "/items",
		"item":        kase + "/item/" + ids["it"],
		"disclose":    kase + "/disclose/" + ids["it"],
		"protection":  kase + "/protection",
		"veto":        kase + "/veto",
		"history":     kase + "/history",
		"write":       kase + "/write/" + ids["sb"],
		"end":         kase + "/end",
		"intakes":     "/intakes",
		"intake":      "/intake/" + ids["in"],
		"print":       kase + "/print/" + ids["dc"],
		"messages":    kase + "/messages",
		"answer":      kase + "/respond/" + ids["cm"],
		"nothingHere": "/case/" + nobodys("ap"),
	} {
		a := r.Get(path)
		if want := http.StatusOK; a.Status != want && name != "nothingHere" {
			t.Errorf("%s gives %d", path, a.Status)
			continue
		}
		golden(t, name+".golden", strings.TrimSpace(a.Doc().One("main").HTML()), a)
	}
}
