package letterbox_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// reasons are the lists as the pair's manager sees them.
func (p *pair) reasons() letterbox.Reasons {
	p.t.Helper()
	list, err := p.Desk.Reasons(p.t.Context(), p.Manager)
	must(p.t, err)
	return list
}

// reason changes a list as it stands, as the pair's manager.
func (p *pair) reason(c letterbox.ReasonChange) error {
	return p.Desk.ChangeReasons(p.t.Context(), p.Manager, p.reasons().Version, c)
}

// ids are those of a list that are offered, in their order.
func ids(list []letterbox.Reason) string {
	var all []string
	for _, r := range list {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

// What a writer was told stays, whatever becomes of the list; the next one is told
// the new words, and only what is offered can be said.
func TestReasons_SealedWithTheAct(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	own, err := p.Desk.Reasons(ctx, p.Worker)
	must(t, err)
	if own.Version != 0 || ids(own.Offered(letterbox.LetterReasons)) != "identifying upsetting promises others money unclear other" ||
		ids(own.Offered(letterbox.PhotoLeftOut)) != "identifying others unclear other" || ids(own.Offered(letterbox.RecordingLeftOut)) != "identifying others unclear other" {
		t.Fatalf("an agency begins with %+v", own)
	}
	returned := func(reason letterbox.ReturnReason) (letterbox.LetterID, error) {
		id := p.claimed("You never answer.")
		return id, p.Desk.Return(ctx, p.Worker, id, reason, "A word of mine.", "")
	}
	reads := func(id letterbox.LetterID, want string) {
		t.Helper()
		sent, err := p.Families.OpenSent(ctx, p.birth, id)
		must(t, err)
		if sent.Reason.Told != want || sent.Reason.Words != "A word of mine." {
			t.Errorf("the writer reads %+v, want %q", sent.Reason, want)
		}
	}
	before, err := returned("upsetting")
	must(t, err)
	const said, says = "Some of the words could upset the people who read them.", "Some words may hurt on a day when nobody is there to talk."
	reads(before, said)

	id := letterbox.NewReasonID()
	edit := letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonEdit, ID: id, Place: "upsetting", Words: says, Kinder: "We can tell how much you feel."}
	must(t, p.reason(edit))
	must(t, p.reason(edit)) // the button was pressed again
	now := p.reasons()
	if now.Version != 1 || now.By == "" || now.On.IsZero() || ids(now.Offered(letterbox.LetterReasons)) != "identifying "+id+" promises others money unclear other" {
		t.Errorf("after another sentence: %+v", now)
	}
	if len(now.Letter) != 8 || len(now.Photo) != 4 || len(now.Recording) != 4 {
		t.Errorf("the old sentence is gone: %+v", now.Letter)
	}
	reads(before, said)
	_, err = returned("upsetting")
	wantAt(t, "what is switched off", err, "fault.reason.choose", "reason")
	p.Exec(t, `delete from claim`)
	after, err := returned(letterbox.ReturnReason(id))
	must(t, err)
	reads(after, says)
	must(t, p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonOff, ID: id}))
	reads(after, says)
	p.logWhole()

	// The lead refuses with the same list.
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	referred := p.claimed("I am angry.")
	must(t, p.Desk.Escalate(ctx, p.Worker, referred, "anger"))
	wantAt(t, "the lead says what is switched off", p.Desk.RefuseReferred(ctx, lead, referred, letterbox.ReturnReason(id), "A word of mine.", ""), "fault.reason.choose", "reason")
	must(t, p.Desk.RefuseReferred(ctx, lead, referred, "promises", "A word of mine.", ""))
	reads(referred, "The letter makes promises that may not come true.")
}

// The list is moved about, switched off and on, and two managers do not write over
// each other.
func TestReasons_Changed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	photo := func(do, id string) error {
		return p.reason(letterbox.ReasonChange{List: letterbox.PhotoLeftOut, Do: do, ID: id})
	}
	list := func(want string) {
		t.Helper()
		if got := ids(p.reasons().Offered(letterbox.PhotoLeftOut)); got != want {
			t.Errorf("the list is %q, want %q", got, want)
		}
	}
	must(t, photo(letterbox.ReasonUp, "unclear"))
	list("identifying unclear others other")
	must(t, photo(letterbox.ReasonOff, "unclear"))
	must(t, photo(letterbox.ReasonUp, "others")) // over what is switched off
	list("others identifying other")
	must(t, photo(letterbox.ReasonUp, "others"))
	list("others identifying other")
	must(t, photo(letterbox.ReasonOn, "unclear"))
	must(t, photo(letterbox.ReasonDown, "other"))
	list("others unclear identifying other")
	if got := ids(p.reasons().Offered(letterbox.LetterReasons)); got != "identifying upsetting promises others money unclear other" {
		t.Errorf("the other list is %q", got)
	}
	new := letterbox.ReasonChange{List: letterbox.PhotoLeftOut, Do: letterbox.ReasonNew, ID: letterbox.NewReasonID(), Words: "The picture is too dark to see."}
	wantKind(t, "by who looked at an older list", p.Desk.ChangeReasons(ctx, p.Manager, p.reasons().Version-1, new), fault.Conflict)
	for name, tt := range map[string]struct {
		do, id string
		want   fault.Kind
	}{
		"the one sentence, switched off": {letterbox.ReasonOff, "identifying", fault.Forbidden},
		"the worker's own words":         {letterbox.ReasonOff, "other", fault.Forbidden},
		"none":                           {letterbox.ReasonOff, "nothing", fault.NotFound},
		"no act":                         {"", "others", fault.NotFound},
	} {
		wantKind(t, name, photo(tt.do, tt.id), tt.want)
	}
	edit := new
	edit.Do, edit.Place = letterbox.ReasonEdit, "identifying"
	wantKind(t, "another one sentence", p.reason(edit), fault.Forbidden)
	edit.List, edit.Do = "none", letterbox.ReasonNew
	wantKind(t, "another list", p.reason(edit), fault.NotFound)
	if v := p.reasons().Version; v != 6 {
		t.Errorf("the list has version %d, want 6", v)
	}
	for name, tt := range map[string]authz.Actor{"a worker": p.Worker, "a lead": p.newStaff("Imogen Farr", authz.SafeguardingLead)} {
		wantKind(t, name, p.Desk.ChangeReasons(ctx, tt, 6, new), fault.Forbidden)
		if _, err := p.Desk.Reasons(ctx, tt); err != nil {
			t.Errorf("%s reads the list: %v", name, err)
		}
	}
	for name, tt := range map[string]authz.Actor{"a family": p.birth, "an auditor": p.newStaff("Piers Lowe", authz.Auditor)} {
		_, err := p.Desk.Reasons(ctx, tt)
		wantKind(t, name, err, fault.Forbidden)
	}

	// Two managers at once: one list, and the other one is told.
	lost := 0
	p.Desk.Stall(func(at string) {
		if at == "reasons" && lost == 0 {
			lost++
			must(t, photo(letterbox.ReasonOff, "others"))
		}
	})
	wantKind(t, "overtaken", p.Desk.ChangeReasons(ctx, p.Manager, 6, new), fault.Conflict)
	p.Desk.Stall(nil)
	if v := p.reasons().Version; v != 7 || lost != 1 {
		t.Errorf("the list has version %d after %d others", v, lost)
	}
}

// What stands on the list says nothing of names, places, contact details and other
// children, and holds nothing that the screen finds high.
func TestCheckReason(t *testing.T) {
	for _, good := range []string{"The letter is longer than we can read with care.", "Some of the words could upset the people who read them.",
		"We could not read or understand all of the letter.", "Letters cannot come with money, vouchers or presents.", "It asks for an answer by a day.", "Please write it by hand, in a few words.", "It is about a court case that goes on.",
		"Somebody who is not asked would have to read this.", "We cannot say when there will be an answer.", "The letter makes promises that may not come true.",
		"You were kind to write. The child is too young for this.", "Some pages are the wrong way up."} {
		if words, _, err := letterbox.CheckReason(" "+good+" ", good); err != nil || words != good {
			t.Errorf("%q: %q, %v", good, words, err)
		}
	}
	for words, want := range map[string]string{
		"":   "fault.reason.sentence",
		"  ": "fault.reason.sentence",
		strings.Repeat("x", letterbox.MaxReasonLine+1): "fault.reason.long",
		"Ring us on 07700 900123.":                     "fault.reason.screened",
		"Write to desk@oak.example instead.":           "fault.reason.screened",
		"You wrote the family’s surname.":              "fault.reason.neutral",
		"That is the wrong street.":                    "fault.reason.neutral",
		"You named a school.":                          "fault.reason.neutral",
		"Please do not guess where they live.":         "fault.reason.neutral",
		"You wrote about a SISTER.":                    "fault.reason.neutral",
		"It says a telephone number":                   "fault.reason.neutral",
		"You wrote the family’s town.":                 "fault.reason.neutral",
		"It has their new surname.":                    "fault.reason.neutral",
		"It says what they are called now.":            "fault.reason.neutral",
		"It tells where the family is.":                "fault.reason.neutral",
		"It shows where they are.":                     "fault.reason.neutral",
		"It says who they are.":                        "fault.reason.neutral",
		"It says who adopted Wren.":                    "fault.reason.neutral",
		"It is about their new family.":                "fault.reason.neutral",
		"It is about another child.":                   "fault.reason.neutral",
		"Somebody could find them by it.":              "fault.reason.neutral",
		"Somebody could recognise them.":               "fault.reason.neutral",
		"You were right about it.":                     "fault.reason.neutral",
		"That is not where Wren is.":                   "fault.reason.neutral",
		"There is no such child.":                      "fault.reason.neutral",
		"There is no child like that.":                 "fault.reason.neutral",
		"You have the wrong people.":                   "fault.reason.neutral",
		"You have a different family in mind.":         "fault.reason.neutral",
		"That is not them.":                            "fault.reason.neutral",
		"This is not true.":                            "fault.reason.neutral",
		"It tells who is looking after Wren.":          "fault.reason.neutral",
		"It tells which part of the country it is.":    "fault.reason.neutral",
		"It shows the house and the area.":             "fault.reason.neutral",
		"A uniform can be seen.":                       "fault.reason.neutral",
		"Mae’n dweud ble maen nhw’n byw.":              "fault.reason.neutral",
	} {
		_, _, err := letterbox.CheckReason(words, "")
		wantAt(t, fmt.Sprintf("%.40q", words), err, want, "words")
		if want != "fault.reason.sentence" && want != "fault.reason.long" {
			_, _, err = letterbox.CheckReason("A sentence.", words)
			wantAt(t, "as a kinder wording: "+words, err, want, "kinder")
		}
	}
	p := newPair(t)
	wantAt(t, "by the service", p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonNew, ID: letterbox.NewReasonID(), Words: "You named a school."}), "fault.reason.neutral", "words")
	full := letterbox.ReasonChange{List: letterbox.PhotoLeftOut, Do: letterbox.ReasonNew, Words: "Too dark."}
	for range letterbox.MaxReasons - 4 {
		full.ID = letterbox.NewReasonID()
		must(t, p.reason(full))
	}
	full.ID = letterbox.NewReasonID()
	wantAt(t, "one too many", p.reason(full), "fault.reason.full", "words")
}

// A list that is not what a manager signed counts for nothing: the program's own is
// used, the operator is told, and nobody writes over it.
func TestReasons_RowsByHand(t *testing.T) {
	for name, change := range map[string]string{
		"other words":     `update reason_list set list = replace(list, 'slowly', 'nowhere') where version = 2`,
		"an older one":    `delete from reason_list where version = 2`,
		"gone":            `delete from reason_list`,
		"another's name":  `update reason_list set worker_id = '%[1]s' where version = 2`,
		"another version": `update reason_list set version = 3 where version = 2`,
		"one put beside":  `insert into reason_list select agency_id, 3, worker_id, list, leaf from reason_list where version = 1`,
		"another's leaf":  `update reason_list set leaf = (select leaf from audit_body where agency_id = reason_list.agency_id order by idx limit 1) where version = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			id := letterbox.NewReasonID()
			must(t, p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonEdit, ID: id, Place: "money", Words: "We read slowly."}))
			must(t, p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonUp, ID: id}))
			if strings.Contains(change, "%") {
				change = fmt.Sprintf(change, p.Worker.Account())
			}
			p.untriggered(change)
			var words bytes.Buffer
			index := audit.NewIndex(p.StaffDB, p.StaffAgencies.VerifyIn(p.StaffDB))
			desk := letterbox.New(p.StaffDB, p.StaffAgencies, index, p.Clock.Now, slog.New(slog.NewTextHandler(&words, nil)))
			list, err := desk.Reasons(ctx, p.Manager)
			must(t, err)
			if !list.Doubted || ids(list.Offered(letterbox.LetterReasons)) != "identifying upsetting promises others money unclear other" || !strings.Contains(words.String(), "ALARM") {
				t.Errorf("the list is %+v, and the operator reads %q", list, words.String())
			}
			letter := p.claimed("You never answer.")
			wantAt(t, "with a reason of it", p.Desk.Return(ctx, p.Worker, letter, letterbox.ReturnReason(id), "", ""), "fault.reason.choose", "reason")
			must(t, p.Desk.Return(ctx, p.Worker, letter, "money", "", ""))
			wantKind(t, "written over", p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonOff, ID: "money"}), fault.Conflict)
		})
	}
}

// The database holds who writes a list, in which order, and what no agency changes.
func TestReasons_Schema(t *testing.T) {
	s := newSchema(t)
	const fixed = `{"id":"identifying"},{"id":"other"}`
	insert := `insert into reason_list (agency_id, version, worker_id, list, leaf) values ('ag1', $1, $2, $3, sha256('e'))`
	lists := func(letter, photo string) string {
		return `{"letter":[` + letter + `],"photo":[` + photo + `],"recording":[` + fixed + `]}`
	}
	good := lists(fixed+`,{"id":"rsaaaaaaaaaaaaaaaaaaaa","words":"Slowly."}`, fixed)
	for name, tt := range map[string]struct {
		as, by  string
		version int
		list    string
		want    string
	}{
		"as it should be":           {s.manager, s.manager, 1, good, "reason_list_agency_id_leaf_fkey"},
		"by a worker":               {s.worker, s.worker, 1, good, "reason_list_manager"},
		"by a lead":                 {s.lead, s.lead, 1, good, "reason_list_manager"},
		"in another's name":         {s.manager, s.colleague, 1, good, "reason_list_manager"},
		"a version left out":        {s.manager, s.manager, 2, good, "reason_list_next"},
		"none":                      {s.manager, s.manager, 0, good, "reason_list_next"},
		"without the one sentence":  {s.manager, s.manager, 1, lists(`{"id":"other"}`, fixed), "reason_list_fixed"},
		"of photos, too":            {s.manager, s.manager, 1, lists(fixed, `{"id":"other"}`), "reason_list_fixed"},
		"of recordings, too":        {s.manager, s.manager, 1, strings.Replace(good, `"recording":[`+fixed, `"recording":[{"id":"other"}`, 1), "reason_list_fixed"},
		"twice":                     {s.manager, s.manager, 1, lists(fixed+`,{"id":"identifying"}`, fixed), "reason_list_fixed"},
		"in other words":            {s.manager, s.manager, 1, lists(`{"id":"identifying","words":"It is their name."},{"id":"other"}`, fixed), "reason_list_fixed"},
		"twice, once in others":     {s.manager, s.manager, 1, lists(fixed+`,{"id":"identifying","words":"It is."}`, fixed), "reason_list_fixed"},
		"with another suggestion":   {s.manager, s.manager, 1, lists(`{"id":"identifying","kinder":"It is."},{"id":"other"}`, fixed), "reason_list_fixed"},
		"switched off":              {s.manager, s.manager, 1, lists(`{"id":"identifying","off":true},{"id":"other"}`, fixed), "reason_list_fixed"},
		"without one list":          {s.manager, s.manager, 1, `{"letter":[` + fixed + `],"photo":[` + fixed + `]}`, "reason_list_fixed"},
		"without the worker's own":  {s.manager, s.manager, 1, lists(`{"id":"identifying"}`, fixed), "reason_list_fixed"},
		"more than there is to say": {s.manager, s.manager, 1, lists(fixed, fixed+`,{"id":"x","words":"`+strings.Repeat("x", 262144)+`"}`), "reason_list_size"},
	} {
		if _, got := broke(s.as("gatepost_staff", tt.as, insert, tt.version, tt.by, tt.list)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	for _, sql := range []string{`update reason_list set list = ''`, `delete from reason_list`} {
		if code, _ := broke(s.as("gatepost_staff", s.manager, sql)); code != "42501" {
			t.Errorf("%s: %q", sql, code)
		}
	}
	if code, _ := broke(s.as("gatepost_public", s.person, `select 1 from reason_list`)); code != "42501" {
		t.Errorf("families read it: %q", code)
	}
}

// A recording is left out with a sentence of the agency's own, which stays as it was told.
func TestReasons_OfRecordings(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	id := letterbox.NewReasonID()
	must(t, p.reason(letterbox.ReasonChange{List: letterbox.RecordingLeftOut, Do: letterbox.ReasonEdit, ID: id, Place: "unclear", Words: "There is too much noise around you."}))
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	letter := p.recorded("With words beside it.")
	p.hear(letter)
	out := letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "unclear"}}
	wantAt(t, "switched off", p.Desk.AnswerRecording(ctx, p.Worker, letter, out), "fault.reason.choose", "reason")
	out.Reason = id
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, out))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	must(t, p.reason(letterbox.ReasonChange{List: letterbox.RecordingLeftOut, Do: letterbox.ReasonOff, ID: id}))
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if got := sent.Recording.Reason; got.Reason != id || got.Told != "There is too much noise around you." {
		t.Errorf("the writer reads %+v", got)
	}
}
