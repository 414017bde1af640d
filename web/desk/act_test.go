package desk_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// press sends the form of a page by one of its buttons, as a browser does: to
// the button's own address with its name and value.
func press(t *testing.T, b *webtest.Browser, a webtest.Answer, form, address string, fields ...string) webtest.Answer {
	t.Helper()
	values := a.Form(form)
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	button := a.Doc().One("form[action=" + form + "] button[formaction=" + address + "]")
	if name := button.Attr("name"); name != "" {
		values.Set(name, button.Attr("value"))
	}
	return b.Post(address, values)
}

// state is where a letter stands.
func (d *desk) state(t *testing.T, id string) (s letterbox.State) {
	t.Helper()
	must(t, d.Database.Admin().QueryRow(t.Context(), `select state from letter where id = $1`, id).Scan(&s))
	return s
}

// told is what the writer sees of a letter.
func (d *desk) told(t *testing.T, id string) letterbox.Told {
	t.Helper()
	sent, err := d.Families.OpenSent(t.Context(), d.writer, letterbox.LetterID(id))
	must(t, err)
	return sent.Told
}

// passOn sends a letter and passes it on.
func (d *desk) passOn(t *testing.T, text string) string {
	t.Helper()
	id := d.send(t, text)
	d.read(t, id).Submit("/letter/" + id + "/pass").Want(http.StatusSeeOther)
	return id
}

// dateFields are the fields of a day so many working days from now.
func (d *desk) dateFields(n int) []string {
	day := calendar.AddWorkingDays(calendar.Today(d.Clock.Now()), n)
	return []string{"until-day", strconv.Itoa(day.Day()), "until-month", strconv.Itoa(int(day.Month())), "until-year", strconv.Itoa(day.Year())}
}

// dueToday moves the day of a letter on hold as if it had been put on hold until today.
func (d *desk) dueToday(t *testing.T, id string) {
	t.Helper()
	d.Exec(t, `update letter set held_until = $2 where id = $1`, id, calendar.Today(d.Clock.Now()).Format(time.DateOnly))
}

func TestHold(t *testing.T) {
	d := openDesk(t)
	id, other := d.send(t, "Dear Wren"), d.send(t, "Another day")
	path, pass := "/letter/"+id+"/hold", "/letter/"+id+"/pass"
	read := d.read(t, id)
	ask := press(t, d.Browser, read, pass, path, "note", "wait for the call").Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "The writer sees only that a worker is reading it", "Dear Wren")
	if got := ask.Form(path).Get("note"); got != "wait for the call" {
		t.Fatalf("the note came along as %q", got)
	}

	for name, fields := range map[string][]string{
		"no day":       {},
		"no real date": {"until-day", "31", "until-month", "2", "until-year", "2026"},
		"today":        d.dateFields(0),
		"far away":     {"until-day", "1", "until-month", "6", "until-year", "2099"},
	} {
		refused := ask.Submit(path, append(fields, "note", "mine")...).Want(http.StatusUnprocessableEntity)
		refused.Doc().One(".govuk-error-summary a[href='#until-day']")
		form := refused.Form(path)
		if form.Get("note") != "mine" || len(fields) > 0 && form.Get("until-year") != fields[5] {
			t.Errorf("%s: what was typed is lost: %v", name, form)
		}
	}
	back := ask.Submit(path, append(d.dateFields(3), "do", "back")...).Want(http.StatusOK)
	again := press(t, d.Browser, back, pass, path).Want(http.StatusOK)
	if form := again.Form(path); form.Get("until-day") != d.dateFields(3)[1] || form.Get("note") != "wait for the call" {
		t.Errorf("going to and fro lost what was typed: %v", form)
	}

	done := again.Submit(path, d.dateFields(3)...).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter is on hold", "1 more letter waits.")
	if got := d.told(t, id); got != letterbox.WithUs {
		t.Errorf("the writer is told %q", got)
	}
	d.Get("/letter/" + id).Want(http.StatusConflict) // it was put back
	waits := d.Get("/desk").Want(http.StatusOK).Doc()
	waits.None("[data-letter=" + id + "]")
	held := d.Get("/desk?show=held").Want(http.StatusOK).Doc()
	contains(t, held.One("[data-letter="+id+"]").Text(), "On hold until")
	contains(t, held.One("[data-list=trays]").Text(), "Waits now (1)", "On hold (1)", "Back with us (0)")
	if held.One("[data-list=trays] [aria-current=page]"); len(held.All("[data-letter]")) != 1 {
		t.Error("the tray of what is on hold has more than what is on hold")
	}

	d.dueToday(t, id)
	cards := d.Get("/desk").Want(http.StatusOK).Doc().All("[data-letter]")
	if len(cards) != 2 || cards[0].Attr("data-letter") != id || cards[1].Attr("data-letter") != other {
		t.Fatal("what is due does not stand first")
	}
	contains(t, cards[0].Text(), "Look again today")
	passed := d.read(t, id).Submit(pass).Want(http.StatusSeeOther).Follow()
	contains(t, passed.Want(http.StatusOK).Doc().One("main").Text(), "The letter is passed on")
}

func TestKeepOnFile(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "For when you are grown up")
	path := "/letter/" + id + "/keep"
	ask := press(t, d.Browser, d.read(t, id), "/letter/"+id+"/pass", path, "note", "the mother agrees").Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "The writer sees: kept for the child.")
	if n := d.count(t, `select count(*) from decision`); n != 0 {
		t.Fatal("asking decided")
	}
	long := strings.Repeat("n", 20000)
	if got := ask.Submit(path, "note", long).Want(http.StatusUnprocessableEntity).Form(path).Get("note"); got != long {
		t.Error("a note that is too long is lost")
	}
	sent := ask.Submit(path).Want(http.StatusSeeOther)
	contains(t, sent.Follow().Want(http.StatusOK).Doc().One("main").Text(), "The letter is kept on file", "No other letter waits.")
	again := ask.Submit(path).Want(http.StatusSeeOther)
	if again.Header.Get("Location") != sent.Header.Get("Location") || d.count(t, `select count(*) from decision`) != 1 {
		t.Error("two presses do not keep it once")
	}
	if got := d.told(t, id); got != letterbox.KeptOnFile {
		t.Errorf("the writer is told %q", got)
	}
}

func TestRefuseAndSecondOpinion(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "You had no right")
	path := "/letter/" + id + "/refuse"
	ask := press(t, d.Browser, d.read(t, id), "/letter/"+id+"/pass", path, "note", "for the file").Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "can look at it again if they ask")
	ask.Submit(path, "do", "preview").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#reason']")
	preview := ask.Submit(path, "do", "preview", "reason", "upsetting", "words", "It is full of anger.").Want(http.StatusOK)
	contains(t, preview.Doc().One("[data-view=writer]").Text(), "It is full of anger.")
	contains(t, preview.Doc().One("main").Text(), "can ask for a second opinion", "for the file")
	if d.state(t, id) != letterbox.Received {
		t.Fatal("looking at it refused the letter")
	}
	done := preview.Submit(path, "do", "send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter is not passed on")
	preview.Submit(path, "do", "send").Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from decision`); n != 1 {
		t.Errorf("two presses made %d decisions", n)
	}

	must(t, d.Families.SecondOpinion(t.Context(), d.writer, letterbox.LetterID(id)))
	card := d.Get("/desk?show=second").Want(http.StatusOK).Doc().One("[data-letter=" + id + "]")
	contains(t, card.Text(), "Second opinion")
	mine := d.read(t, id)
	contains(t, mine.Doc().One("main").Text(), "You decided about this letter before.")
	mine.Doc().None("[data-act=pass]")
	for _, act := range []string{"return", "refuse", "keep", "hold"} {
		d.Get("/letter/" + id + "/" + act).Want(http.StatusOK).Doc().None("main form[action=/letter/" + id + "/" + act + "]")
	}
	post(t, d.Browser, "/letter/"+id+"/pass").Want(http.StatusForbidden)
	mine.Submit("/letter/" + id + "/release").Want(http.StatusSeeOther)

	login, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	other := d.as(t, &login)
	theirs := other.Get("/desk").Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, theirs.Doc().One("main").Text(), "The writer asked for a second opinion", "Some of the words could upset", "It is full of anger.")
	theirs.Submit("/letter/" + id + "/pass").Want(http.StatusSeeOther)
	if got := d.told(t, id); got != letterbox.PassedOn {
		t.Errorf("the writer is told %q", got)
	}
}

func TestRecallAndRestore(t *testing.T) {
	d := openDesk(t)
	id := d.passOn(t, "Dear Wren")
	exchange := "/exchange/" + string(d.exchange)
	path := "/letter/" + id + "/recall"
	address := path + "?exchange=" + string(d.exchange)
	d.Get(exchange).Want(http.StatusOK).Doc().One("[data-list=history] a[href='" + address + "']")
	ask := d.Get(address).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "The writer will see that the letter is back with us.", "from the birth family")
	if d.state(t, id) != letterbox.Waiting {
		t.Fatal("asking took it back")
	}
	long := strings.Repeat("n", 20000)
	if got := ask.Submit(path, "note", long).Want(http.StatusUnprocessableEntity).Form(path).Get("note"); got != long {
		t.Error("a note that is too long is lost")
	}
	done := ask.Submit(path, "note", "the father rang").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter is back with us")
	if got := d.told(t, id); got != letterbox.BackWithUs {
		t.Errorf("the writer is told %q", got)
	}
	d.Get(address).Want(http.StatusConflict)

	back := d.Get("/desk?show=back").Want(http.StatusOK)
	contains(t, back.Doc().One("[data-letter="+id+"]").Text(), "Taken back", "Look at it")
	read := back.Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, read.Doc().One("main").Text(), "taken back before it was opened", "Dear Wren")
	read.Doc().None("[data-act=pass]")
	restore := "/letter/" + id + "/restore"
	sure := read.Submit(restore, "do", "ask").Want(http.StatusOK)
	sure.Submit(restore).Want(http.StatusSeeOther)
	if d.state(t, id) != letterbox.Waiting || d.count(t, `select count(*) from delivery`) != 1 {
		t.Errorf("the letter is %s, with %d deliveries", d.state(t, id), d.count(t, `select count(*) from delivery`))
	}
	if got := d.told(t, id); got != letterbox.PassedOn {
		t.Errorf("the writer is told %q", got)
	}
}

func TestRecallIsTooLate(t *testing.T) {
	d := openDesk(t)
	id := d.passOn(t, "Dear Wren")
	path := "/letter/" + id + "/recall"
	ask := d.Get(path + "?exchange=" + string(d.exchange)).Want(http.StatusOK)
	inbox, err := d.Families.Inbox(t.Context(), d.reader)
	must(t, err)
	_, err = d.Families.Open(t.Context(), d.reader, inbox.Sides[0].Came[0].ID)
	must(t, err)
	contains(t, ask.Submit(path).Want(http.StatusConflict).Doc().One("main").Text(), "opened")
	d.Get(path + "?exchange=" + string(d.exchange)).Want(http.StatusConflict)
	d.Get("/exchange/" + string(d.exchange)).Doc().None("[data-list=history] a[href='" + path + "?exchange=" + string(d.exchange) + "']")
	if d.state(t, id) != letterbox.Opened {
		t.Error("an opened letter was taken back")
	}
}

func TestUndeliverableAndBackToWriter(t *testing.T) {
	d := openDesk(t)
	id := d.passOn(t, "Dear Wren")
	path := "/letter/" + id + "/undeliverable"
	ask := d.Get(path + "?exchange=" + string(d.exchange)).Want(http.StatusOK)
	ask.Submit(path, "note", "they have moved").Want(http.StatusSeeOther)
	read := d.Get("/desk?show=back").Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	back := "/letter/" + id + "/return"
	form := press(t, d.Browser, read, "/letter/"+id+"/restore", back).Want(http.StatusOK)
	preview := form.Submit(back, "do", "preview", "reason", "other", "words", "We cannot reach them now.").Want(http.StatusOK)
	preview.Submit(back, "do", "send").Want(http.StatusSeeOther)
	if got := d.told(t, id); got != letterbox.Returned {
		t.Errorf("the writer is told %q", got)
	}
}

func TestLiftStop(t *testing.T) {
	d := openDesk(t)
	id := d.passOn(t, "Dear Wren")
	path := "/letter/" + id + "/lift"
	address := path + "?exchange=" + string(d.exchange)
	d.Get(address).Want(http.StatusConflict) // nothing stops it
	d.Exec(t, `update letter set stop = true where id = $1`, id)
	history := d.Get("/exchange/" + string(d.exchange)).Want(http.StatusOK).Doc().One("[data-list=history]")
	contains(t, history.Text(), "passed on, not opened yet (stopped)")
	history.One("a[href='" + address + "']")
	d.Get(address).Want(http.StatusOK)
	desk := d.Get("/desk?show=stopped").Want(http.StatusOK)
	contains(t, desk.Doc().One("[data-letter="+id+"]").Text(), "Stopped")
	read := desk.Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, read.Doc().One("main").Text(), "something changed in the exchange")
	sure := read.Submit(path, "do", "ask").Want(http.StatusOK)
	sure.Submit(path).Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from letter where stop`); n != 0 {
		t.Error("the letter is still stopped")
	}
	d.Get("/desk?show=stopped").Doc().None("[data-letter]")
}

func TestSafeguarding(t *testing.T) {
	d := openDesk(t)
	first, second, third := d.send(t, "I know where you live"), d.send(t, "The second letter"), d.send(t, "The third letter")
	path := "/letter/" + first + "/escalate"
	ask := press(t, d.Browser, d.read(t, first), "/letter/"+first+"/pass", path, "note", "A threat, I think.").Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "The writer is told nothing.")
	if got := ask.Form(path).Get("concern"); got != "A threat, I think." {
		t.Fatalf("the note that was begun is %q on the page of the worry", got)
	}
	refused := ask.Submit(path, "concern", " ").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#concern']")
	done := ask.Submit(path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The safeguarding lead has the letter")
	if got := d.told(t, first); got != letterbox.WithUs {
		t.Errorf("the writer is told %q", got)
	}
	for _, id := range []string{second, third} {
		d.read(t, id)
		post(t, d.Browser, "/letter/"+id+"/escalate", "concern", "Look at "+id[:4], "exchange", string(d.exchange)).Want(http.StatusSeeOther)
	}
	d.Get("/desk").Doc().None("[data-letter]")
	d.Get("/safeguarding").Want(http.StatusForbidden)
	d.Get("/referral/" + first).Want(http.StatusForbidden)

	login, _ := d.NewWorker(t, "Ffion Price", authz.SafeguardingLead)
	lead := d.as(t, &login)
	tray := lead.Get("/desk").Want(http.StatusSeeOther).Follow().Want(http.StatusOK) // who has no desk comes to their own first page
	if tray.Path != "/safeguarding" || len(tray.Doc().All("[data-referral]")) != 3 {
		t.Fatalf("%s has %d letters, want 3", tray.Path, len(tray.Doc().All("[data-referral]")))
	}
	if strings.Contains(tray.Body, "Vale") || strings.Contains(tray.Body, "threat") {
		t.Error("the tray tells a name or a worry")
	}
	before := d.count(t, `select count(*) from audit_body`)
	open := lead.Get("/referral/" + first).Want(http.StatusOK)
	contains(t, open.Doc().One("main").Text(), "A threat, I think.", "I know where you live", "Rhys Penhaligon")
	if d.count(t, `select count(*) from audit_body`) != before+1 {
		t.Error("opening it is not in the log")
	}
	handBack := "/referral/" + first + "/hand-back"
	sure := open.Submit(handBack, "do", "ask").Want(http.StatusOK)
	to := sure.Submit(handBack, "note", "No threat.").Want(http.StatusSeeOther)
	contains(t, to.Follow().Want(http.StatusOK).Doc().One("body").Text(), "The letter is back on the desk.")
	d.Get("/desk").Doc().One("[data-letter=" + first + "]")
	again := d.read(t, first).Doc().One("main").Text()
	contains(t, again, "Back from the safeguarding lead", "No threat.")
	if strings.Contains(again, "A threat, I think.") {
		t.Error("a worker reads the worry of another")
	}
	if beside := d.read(t, d.send(t, "The fourth letter")); strings.Contains(beside.Body, "The second letter") {
		t.Error("a letter with the safeguarding lead is read beside another")
	}

	keep := "/referral/" + second + "/keep"
	kept := press(t, lead, lead.Get("/referral/"+second), "/referral/"+second+"/hand-back", keep).Want(http.StatusOK)
	kept.Submit(keep, "note", "for later").Want(http.StatusSeeOther)
	if got := d.told(t, second); got != letterbox.KeptOnFile {
		t.Errorf("the writer is told %q", got)
	}

	refuse := "/referral/" + third + "/refuse"
	form := press(t, lead, lead.Get("/referral/"+third), "/referral/"+third+"/hand-back", refuse).Want(http.StatusOK)
	wrong := form.Submit(refuse, "words", "My words.", "note", "mine").Want(http.StatusUnprocessableEntity)
	if f := wrong.Form(refuse); f.Get("words") != "My words." || f.Get("note") != "mine" {
		t.Errorf("a refused form lost what was typed: %v", f)
	}
	softer := wrong.Submit(refuse, "do", "kinder", "reason", "upsetting").Want(http.StatusOK).Form(refuse)
	if got := softer.Get("words"); !strings.HasPrefix(got, "My words.\n\nWe can tell how much you feel.") || softer.Get("note") != "mine" {
		t.Errorf("with a kinder wording the form holds %q", softer)
	}
	carriedOn := wrong.Submit(refuse, "do", "back").Want(http.StatusOK)
	if f := press(t, lead, carriedOn, "/referral/"+third+"/hand-back", refuse).Form(refuse); f.Get("words") != "My words." {
		t.Errorf("going to and fro lost what was typed: %v", f)
	}
	wrong.Submit(refuse, "reason", "upsetting").Want(http.StatusSeeOther)
	if got := d.told(t, third); got != letterbox.Refused {
		t.Errorf("the writer is told %q", got)
	}
	lead.Get("/safeguarding").Doc().None("[data-referral]")
	lead.Get("/referral/" + third).Want(http.StatusNotFound)
}

// TestThreePresses: a letter that may go as it is takes Read, Pass on, and the
// next one's Read.
func TestThreePresses(t *testing.T) {
	d := openDesk(t)
	first, second := d.send(t, "The first."), d.send(t, "The second.")
	read := d.Get("/desk").Submit("/letter/" + first + "/claim").Follow().Want(http.StatusOK)
	buttons := read.Doc().All("main form[action=/letter/" + first + "/pass] button")
	if len(buttons) == 0 || buttons[0].Attr("data-act") != "pass" || buttons[0].HasAttr("formaction") {
		t.Error("passing on is not the first button")
	}
	done := read.Submit("/letter/" + first + "/pass").Follow().Want(http.StatusOK)
	next := done.Submit("/letter/" + second + "/claim").Follow().Want(http.StatusOK)
	contains(t, next.Doc().All("main .gp-letter")[0].Text(), "The second.")
}

// TestTypedTravels: what was typed on the page of one act is still there on that
// page after a look at another.
func TestTypedTravels(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren")
	at := func(act string) string { return "/letter/" + id + "/" + act }
	read := d.read(t, id)
	refuse := press(t, d.Browser, read, at("pass"), at("refuse"), "note", "a note")
	letter := refuse.Submit(at("refuse"), "do", "back", "reason", "money", "words", "no vouchers").Want(http.StatusOK)
	concern := press(t, d.Browser, letter, at("pass"), at("escalate"))
	letter = concern.Submit(at("escalate"), "do", "back", "concern", "a worry").Want(http.StatusOK)
	hold := press(t, d.Browser, letter, at("pass"), at("hold"))
	letter = hold.Submit(at("hold"), append(d.dateFields(2), "do", "back")...).Want(http.StatusOK)
	form := letter.Form(at("pass"))
	want := url.Values{"note": {"a note"}, "reason": {"money"}, "words": {"no vouchers"}, "concern": {"a worry"}}
	for name := range want {
		if form.Get(name) != want.Get(name) {
			t.Errorf("%s came back as %q", name, form.Get(name))
		}
	}
	if form.Get("until-day") != d.dateFields(2)[1] || d.count(t, `select count(*) from decision`) != 0 {
		t.Errorf("the day came back as %q", form.Get("until-day"))
	}
}
