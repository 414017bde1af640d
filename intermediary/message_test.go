package intermediary_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

// What an applicant writes is read by the workers of their case, whose answer
// lies in the file that it was written in.
func TestTell(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	file := intermediary.FileID(c.ID)

	id, err := w.Files.Tell(t.Context(), applicant, file, "May I call on Thursday?")
	need(t, err)
	again, err := w.Files.Tell(t.Context(), applicant, file, "May I call on Thursday?")
	need(t, err)
	if again != id {
		t.Error("two clicks are two messages")
	}
	list, err := w.Cases.Messages(t.Context(), w.Colleague, c.ID)
	need(t, err)
	if len(list) != 1 || list[0].Text != "May I call on Thursday?" || list[0].FromAgency || list[0].HearBy.IsZero() {
		t.Fatalf("the worker reads %+v", list)
	}
	need(t, w.Cases.Answer(t.Context(), w.CaseWorker, id, "Yes, from ten."))
	need(t, w.Cases.Answer(t.Context(), w.CaseWorker, id, "Yes, from ten."))
	wants(t, "a colleague answers as well", w.Cases.Answer(t.Context(), w.Colleague, id, "No."), fault.Conflict)
	own, err := w.Files.File(t.Context(), applicant, file)
	need(t, err)
	if len(own.Messages) != 2 || own.Messages[1].Text != "Yes, from ten." || !own.Messages[1].FromAgency || !own.Messages[0].Answered {
		t.Errorf("the applicant reads %+v", own.Messages)
	}

	_, stranger := w.Join(t, string(c.Subject), "subject")
	_, err = w.Files.Tell(t.Context(), stranger, file, "hello")
	wants(t, "a subject writes in the applicant's file", err, fault.NotFound)
	_, err = w.Files.File(t.Context(), stranger, file)
	wants(t, "a subject opens the applicant's file", err, fault.NotFound)
	_, err = w.Files.Tell(t.Context(), applicant, file, " \n")
	wants(t, "nothing is told", err, fault.Invalid)
	_, err = w.Cases.Messages(t.Context(), w.World.Worker, c.ID)
	wants(t, "a letterbox worker reads it", err, fault.Forbidden)
	for i := range intermediary.MaxMessagesADay - 1 {
		_, err := w.Files.Tell(t.Context(), applicant, file, fmt.Sprint("More ", i))
		need(t, err)
	}
	_, err = w.Files.Tell(t.Context(), applicant, file, "And more")
	wants(t, "a sixth message of the day", err, fault.Conflict)
}

// A row that says that somebody else asked, or in another file, brings nobody an
// answer.
func TestAnswer_ChangedRows(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	_, subject := w.Join(t, string(c.Subject), "subject")
	id, err := w.Files.Tell(t.Context(), applicant, intermediary.FileID(c.ID), "Where is she?")
	need(t, err)
	for name, sql := range map[string]string{
		"another person": `update case_message set file = '` + string(c.Subject) + `', person_id = '` + subject.Account() + `' where id = $1`,
		"another file": `insert into party select agency_id, '` + string(c.Subject) + `', application_id, '` + applicant.Account() + `', 'subject', leaf from party
			where file = '` + string(c.ID) + `'; update case_message set file = '` + string(c.Subject) + `' where id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, one := range strings.Split(sql, ";") {
				if !strings.Contains(one, "$1") {
					_, err = w.Database.Admin().Exec(t.Context(), one)
				} else {
					_, err = w.Database.Admin().Exec(t.Context(), one, string(id))
				}
				need(t, err)
			}
			wants(t, "answered", w.Cases.Answer(t.Context(), w.CaseWorker, id, "In Truro."), fault.Sealed)
			_, err = w.Database.Admin().Exec(t.Context(), `update case_message set file = $2, person_id = $3 where id = $1`, string(id), string(c.ID), applicant.Account())
			need(t, err)
		})
	}
	need(t, w.Cases.Answer(t.Context(), w.CaseWorker, id, "We look."))
}

// A letter of the agency lies in one file, and nobody else finds it.
func TestSendLetter(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "REL>AP")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	_, subject := w.Join(t, string(c.Subject), "subject")
	id := intermediary.NewLetterID()
	for range 2 {
		need(t, w.Cases.SendLetter(t.Context(), w.CaseWorker, intermediary.FileID(c.ID), id, "We have begun."))
	}
	wants(t, "other words under its id", w.Cases.SendLetter(t.Context(), w.CaseWorker, intermediary.FileID(c.ID), id, "We have ended."), fault.Conflict)
	l, err := w.Files.Letter(t.Context(), applicant, intermediary.FileID(c.ID), id)
	need(t, err)
	if l.Text != "We have begun." {
		t.Errorf("the letter says %q", l.Text)
	}
	own, err := w.Files.File(t.Context(), applicant, intermediary.FileID(c.ID))
	need(t, err)
	if len(own.Letters) != 1 {
		t.Errorf("%d letters are listed", len(own.Letters))
	}
	for name, file := range map[string]string{"in their own file": string(c.Subject), "in the applicant's": string(c.ID)} {
		_, err = w.Files.Letter(t.Context(), subject, intermediary.FileID(file), id)
		wants(t, "the subject finds it "+name, err, fault.NotFound)
	}
}

// What a service user thinks of a decision is on their own record; of the
// service, once their case has ended, on it and among everybody's.
func TestFeedback(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	file := intermediary.FileID(c.ID)
	letter := intermediary.NewLetterID()
	need(t, w.Cases.SendLetter(t.Context(), w.CaseWorker, file, letter, "We go on."))
	for range 2 {
		need(t, w.Files.SayView(t.Context(), applicant, file, letter, "I am glad."))
	}
	wants(t, "of a letter to somebody else", w.Files.SayView(t.Context(), applicant, file, intermediary.NewLetterID(), "Hm."), fault.NotFound)
	marks := intermediary.Marks{Listened: 5, Explained: 3}
	wants(t, "before it has ended", w.Files.GiveFeedback(t.Context(), applicant, file, marks, "Kind people."), fault.Conflict)
	wants(t, "more than five", w.Files.GiveFeedback(t.Context(), applicant, file, intermediary.Marks{Listened: 6}, ""), fault.Invalid)
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "all was done", Letter: "We have ended."}))
	need(t, w.Files.GiveFeedback(t.Context(), applicant, file, marks, "Kind people."))
	need(t, w.Files.GiveFeedback(t.Context(), applicant, file, intermediary.Marks{Listened: 1}, "Changed my mind."))

	own, err := w.Files.File(t.Context(), applicant, file)
	need(t, err)
	if !own.Gave || len(own.Said) != 2 || own.Told != intermediary.ToldEnded {
		t.Errorf("the applicant sees %+v", own)
	}
	views, err := w.Cases.Views(t.Context(), w.Colleague, c.ID)
	need(t, err)
	i := slices.IndexFunc(views, func(v intermediary.OwnView) bool { return v.Closed })
	if len(views) != 2 || i < 0 || views[i].Marks != marks || views[i].Words != "Kind people." || views[1-i].Of != letter {
		t.Errorf("the worker sees %+v", views)
	}
	opinion, err := w.Cases.Opinions(t.Context(), w.Manager)
	need(t, err)
	if !opinion.Few {
		t.Error("one person's marks are told")
	}
	admin := w.Database.Admin()
	_, err = admin.Exec(t.Context(), `alter table feedback disable trigger feedback_by_right; alter table feedback drop constraint feedback_sealed;
		insert into feedback (agency_id, id, who, listened) select f.agency_id, 'vw' || repeat(i::text, 20), 'subject', 2 from feedback f, generate_series(2, 5) i`)
	need(t, err)
	opinion, err = w.Cases.Opinions(t.Context(), w.Manager)
	need(t, err)
	if opinion.Count != 5 || opinion.Listened != 2.6 || opinion.Explained != 0 {
		t.Errorf("five people thought %+v", opinion)
	}
}

// Nobody counts as having thought something that they did not write, and a view
// is in one's own file.
func TestFeedback_Database(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	_, applicant := w.Join(t, string(c.ID), "applicant")
	asApplicant := func(sql string) error {
		tx, err := w.Database.Conn("gatepost_public").Begin(t.Context())
		need(t, err)
		defer tx.Rollback(t.Context())
		_, err = tx.Exec(t.Context(), `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, w.Home.ID, applicant.Account())
		need(t, err)
		_, err = tx.Exec(t.Context(), sql)
		return err
	}
	for name, sql := range map[string]string{
		"marks without words": `insert into feedback (agency_id, id, who, listened) values (agency(), 'vwaaaaaaaaaaaaaaaaaaaa', 'applicant', 1)`,
		"a subject's file": `insert into casework (agency_id, id, part, version, kind, application_id, file, from_node, to_node, sealed, commit, leaf)
			values (agency(), 'vwaaaaaaaaaaaaaaaaaaaa', 'said', 1, 'view', '` + string(c.ID) + `', '` + string(c.Subject) + `', 'person/x', 'case/x', '', repeat('a', 32)::bytea, repeat('a', 32)::bytea)`,
		"the worker's part": `insert into casework (agency_id, id, part, version, kind, application_id, file, from_node, to_node, sealed, commit, leaf)
			values (agency(), 'vwaaaaaaaaaaaaaaaaaaaa', 'view', 1, 'view', '` + string(c.ID) + `', '` + string(c.ID) + `', 'person/x', 'case/x', '', repeat('a', 32)::bytea, repeat('a', 32)::bytea)`,
	} {
		if err := asApplicant(sql); err == nil || !regexp.MustCompile(`row-level security|feedback_own|own`).MatchString(err.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an applicant is told, and what it costs, is the same whether or not there
// is a person, a veto or a stop: only the days could tell two apart, and they
// are the same.
func TestFiles_Same(t *testing.T) {
	w := intermediarytest.New(t)
	plain, found, vetoed := w.Open(t, "REL>AP"), w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
	need(t, w.Cases.Trace(t.Context(), w.CaseWorker, intermediary.NewTrace{Subject: string(found.Subject), Outcome: intermediary.TraceFound, Where: "the register"}))
	_, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, intermediary.VetoNotice{Adopted: string(vetoed.Adopted), Registrant: "adoptedPerson", Capacity: true,
		MetVerified: true, LinkProven: true, Form: "writing", Addressee: "AAA", Information: "given", Kind: intermediary.VetoAbsolute, ReceivedOn: calendar.Today(w.Clock.Now()),
		Why: "came by post"})
	need(t, err)
	w.Join(t, string(found.Subject), "subject")
	said := func(c intermediarytest.Case) (string, []string) {
		_, applicant := w.Join(t, string(c.ID), "applicant")
		ask := func() string {
			files, err := w.Files.Files(t.Context(), applicant)
			need(t, err)
			own, err := w.Files.File(t.Context(), applicant, intermediary.FileID(c.ID))
			need(t, err)
			b, err := json.Marshal([]any{files, own})
			need(t, err)
			return strings.ReplaceAll(string(b), string(c.ID), "ap")
		}
		ask() // the statements are verified once
		w.PublicSent.Take()
		return ask(), w.PublicSent.Take()
	}
	want, asked := said(plain)
	for name, c := range map[string]intermediarytest.Case{"somebody was found": found, "there is a veto": vetoed} {
		got, sent := said(c)
		if got != want {
			t.Errorf("%s: the applicant is told\n%s\nwant\n%s", name, got, want)
		}
		if !slices.Equal(sent, asked) {
			t.Errorf("%s: the database is asked %d statements, want %d", name, len(sent), len(asked))
		}
	}
}
