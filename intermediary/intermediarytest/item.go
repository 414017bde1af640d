package intermediarytest

import (
	"testing"
	"time"

	"gatepost/intermediary"
)

// Item prepares an item about a subject, has the manager check it, and two judge
// that it gives nobody away.
func (w *World) Item(t testing.TB, c Case, kind string) string {
	t.Helper()
	identifying := kind != "background" && kind != "medical"
	id, err := w.Cases.PrepareItem(t.Context(), w.CaseWorker, intermediary.NewItem{Subject: string(c.Subject), Kind: kind, About: "subject", Identifying: identifying,
		Words: "what there is to say: " + kind, Ground: "they agreed to it", From: "the agency's file, page 12"})
	must(t, err)
	must(t, w.Cases.CheckItem(t.Context(), w.Manager, id, 1))
	w.State(t, id, "jigsaw=safe")
	return id
}

// Agree records the applicant's confidentiality agreement.
func (w *World) Agree(t testing.TB, c Case) {
	t.Helper()
	must(t, w.Cases.RecordAgreement(t.Context(), w.CaseWorker, intermediary.NewAgreement{Application: c.ID, On: w.Clock.Now(), Words: "form C, in the cabinet"}))
}

// Consent records the subject's answer, to some kinds of information.
func (w *World) Consent(t testing.TB, c Case, answer string, scope ...string) {
	t.Helper()
	var was int
	must(t, w.Rows.QueryRow(t.Context(), `select coalesce(max(version), 0) from consent where subject_id = $1`, string(c.Subject)).Scan(&was))
	must(t, w.Cases.RecordConsent(t.Context(), w.CaseWorker, intermediary.NewConsent{Subject: string(c.Subject), Answer: answer, Was: was, Scope: scope,
		Talk: intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Written: true, Words: "as they said it"}}))
}

// ReadyToGive opens a case of a pair in which everything is in place for an item
// of that kind to be given to the applicant: the subject lives and agrees.
func (w *World) ReadyToGive(t testing.TB, pair, kind string) (Case, string) {
	t.Helper()
	c := w.Ready(t, pair)
	w.State(t, string(c.Subject), "cnsl=yes")
	w.Consent(t, c, intermediary.ConsentYes, "name", "letters", kind)
	w.Agree(t, c)
	return c, w.Item(t, c, kind)
}
