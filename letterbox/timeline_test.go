package letterbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// whats is a timeline in short, newest first.
func (p *pair) whats(a authz.Actor, side letterbox.SideID) string {
	p.t.Helper()
	timeline, err := p.Families.Timeline(p.t.Context(), a, side)
	must(p.t, err)
	var whats []string
	for _, e := range timeline.Events {
		whats = append(whats, e.What)
	}
	return strings.Join(whats, " ")
}

// Each act as both sides see it. The writer never sees what became of the
// letter after it was passed on; the reader sees nothing before it came.
func TestTimeline(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	both := func(what, writer, reader string) {
		t.Helper()
		if got := p.whats(p.birth, p.fromSide); got != writer {
			t.Errorf("%s: the writer sees %q, want %q", what, got, writer)
		}
		if got := p.whats(p.adoptive, p.toSide); got != reader {
			t.Errorf("%s: the reader sees %q, want %q", what, got, reader)
		}
	}
	both("nothing", "", "")
	first := p.send("The first.")
	both("sent", "withUs youSent", "")
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Hold(ctx, p.Worker, first, calendar.AddWorkingDays(calendar.Today(p.Clock.Now()), 3), "the father's name"))
	both("held", "withUs youSent", "")
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Return(ctx, p.Worker, first, "identifying", "", ""))
	both("returned", "cameBack youSent", "")
	draft, err := p.Families.Rewrite(ctx, p.birth, first)
	must(t, err)
	rewrite, err := p.Families.Send(ctx, p.birth, draft, 1)
	must(t, err)
	both("written again", "withUs youRewrote cameBack youSent", "")
	p.pass(rewrite)
	both("passed on", "passedOn youRewrote cameBack youSent", "came")
	must(t, p.Families.KeepForLater(ctx, p.adoptive, p.came()))
	both("kept", "passedOn youRewrote cameBack youSent", "youKept came")
	_, err = p.Families.Open(ctx, p.adoptive, p.came())
	must(t, err)
	const read = "youOpened youKept came"
	both("opened", "passedOn youRewrote cameBack youSent", read)

	refused := p.send("The second.")
	must(t, p.Desk.Claim(ctx, p.Worker, refused))
	must(t, p.Desk.Refuse(ctx, p.Worker, refused, "upsetting", "", ""))
	const before = "passedOn youRewrote cameBack youSent"
	p.sees("refused", refused, "refused youSent")
	must(t, p.Families.SecondOpinion(ctx, p.birth, refused))
	p.sees("asked again", refused, "withUs askedAgain refused youSent")
	if got := p.whats(p.adoptive, p.toSide); got != read {
		t.Errorf("of a refused letter the reader sees %q", got)
	}
	other := p.secondWorker()
	must(t, p.Desk.Claim(ctx, other, refused))
	must(t, p.Desk.Pass(ctx, other, refused, ""))
	p.sees("passed on after all", refused, "passedOn askedAgain refused youSent")
	if got := p.whats(p.adoptive, p.toSide); got != "came "+read && got != read+" came" { // two letters of one day
		t.Errorf("then the reader sees %q", got)
	}
	must(t, p.Desk.Recall(ctx, p.Worker, refused, "a court order"))
	p.sees("recalled", refused, "backWithUs passedOn askedAgain refused youSent")
	if got := p.whats(p.adoptive, p.toSide); got != read {
		t.Errorf("of a recalled letter the reader sees %q", got)
	}
	gone := p.send("The third.")
	must(t, p.Families.Withdraw(ctx, p.birth, gone))
	p.sees("withdrawn", gone, "withdrawn youSent")
	kept := p.send("The fourth.")
	must(t, p.Desk.Claim(ctx, p.Worker, kept))
	must(t, p.Desk.KeepOnFile(ctx, p.Worker, kept, ""))
	p.sees("kept on file", kept, "keptOnFile youSent")
	if got := p.whats(p.birth, p.fromSide); !strings.HasSuffix(got, before) && strings.Count(got, "youRewrote") != 1 {
		t.Errorf("the first letter's story became %q", got)
	}
	message := p.tell("Please ring me.")
	must(t, p.Desk.Answer(ctx, p.Worker, message, "We will."))
	if got := p.whats(p.birth, p.fromSide); strings.Count(got, "weAnswered youTold") != 1 {
		t.Errorf("a message and its answer: %q", got)
	}
	if got := p.whats(p.adoptive, p.toSide); got != read {
		t.Errorf("of a message the other side sees %q", got)
	}
}

// today is the database's date, which is not the world's.
func (p *pair) today() (day time.Time) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(p.t.Context(), `select (now() at time zone 'Europe/London')::date`).Scan(&day))
	return day
}

// sees compares the events of one letter, newest first.
func (p *pair) sees(what string, letter letterbox.LetterID, want string) {
	p.t.Helper()
	timeline, err := p.Families.Timeline(p.t.Context(), p.birth, p.fromSide)
	must(p.t, err)
	var whats []string
	for _, e := range timeline.Events {
		if e.Letter == letter {
			whats = append(whats, e.What)
		}
	}
	if got := strings.Join(whats, " "); got != want {
		p.t.Errorf("%s: the writer sees %q, want %q", what, got, want)
	}
}

// What is late is said before anybody asks, with the day that was promised.
func TestTimeline_Late(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("The first.")
	today := calendar.Today(p.Clock.Now())
	for _, tt := range []struct {
		hearBy time.Time
		what   string
		late   bool
	}{{today.AddDate(0, 0, 1), "withUs", false}, {today, "withUs", false}, {today.AddDate(0, 0, -1), "weAreLate", true}} {
		p.Exec(t, `update letter set hear_by = $1`, tt.hearBy)
		timeline, err := p.Families.Timeline(ctx, p.birth, p.fromSide)
		must(t, err)
		e := timeline.Events[0]
		if e.What != tt.what || e.Late != tt.late || timeline.Late != tt.late || !timeline.Next.Equal(tt.hearBy) || !e.HearBy.Equal(tt.hearBy) || e.Letter != letter {
			t.Errorf("with a promise for %s: %+v", tt.hearBy.Format(time.DateOnly), timeline)
		}
	}
	p.tell("Where is my letter?")
	p.backdate(6)
	timeline, err := p.Families.Timeline(ctx, p.birth, p.fromSide)
	must(t, err)
	at := slices.IndexFunc(timeline.Events, func(e letterbox.Event) bool { return e.What == letterbox.EventYouTold })
	if at < 0 || !timeline.Events[at].Late || !timeline.Late {
		t.Errorf("an old message: %+v", timeline.Events)
	}
	if !slices.IsSortedFunc(timeline.Events, func(a, b letterbox.Event) int { return b.On.Compare(a.On) }) {
		t.Errorf("not the newest first: %+v", timeline.Events)
	}
	if _, err := p.Families.Timeline(ctx, p.birth, p.toSide); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the other side's timeline: %v", err)
	}
	if _, err := p.Families.Timeline(ctx, p.Worker, p.fromSide); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a worker's timeline: %v", err)
	}
}

// Whose letter is back with the agency is told by when they hear, and that it is
// late before they have to ask; the desk and the manager see the same.
func TestTimeline_BackWithUs(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	takes := map[string]func(letterbox.LetterID) error{
		"recalled":      func(id letterbox.LetterID) error { return p.Desk.Recall(ctx, p.Worker, id, "") },
		"undeliverable": func(id letterbox.LetterID) error { return p.Desk.Undeliverable(ctx, p.Worker, id, "") },
	}
	for name, take := range takes {
		letter, _ := p.waiting("Come and see us.")
		p.Exec(t, `update letter set hear_by = current_date - 60, submitted_on = current_date - 74 where id = $1`, string(letter)) // that promise is over
		now := calendar.Today(p.Clock.Now())
		hearBy := p.today().Add(calendar.AddWorkingDays(now, agency.DefaultPromise).Sub(now))
		must(t, take(letter))
		timeline, err := p.Families.Timeline(ctx, p.birth, p.fromSide)
		must(t, err)
		e := newestOf(timeline, letter)
		if e.What != letterbox.EventBackWithUs || !e.HearBy.Equal(hearBy) || !timeline.Next.Equal(hearBy) || timeline.Late {
			t.Errorf("%s: %+v, next on %s, want %s", name, e, timeline.Next, hearBy)
		}
		for _, day := range []struct {
			hearBy      time.Time
			amber, late bool
		}{{now.AddDate(0, 0, 14), false, false}, {now, true, false}, {now.AddDate(0, 0, -1), false, true}} {
			p.Exec(t, `update letter set hear_by = $2 where id = $1`, string(letter), day.hearBy)
			p.late(name+" until "+day.hearBy.Format(time.DateOnly), letter, day.amber, day.late)
		}
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		must(t, p.Desk.KeepOnFile(ctx, p.Worker, letter, ""))
		p.late(name+" and then kept", letter, false, false)
	}
}

func newestOf(timeline letterbox.Timeline, letter letterbox.LetterID) letterbox.Event {
	i := slices.IndexFunc(timeline.Events, func(e letterbox.Event) bool { return e.Letter == letter })
	return timeline.Events[i]
}

// late compares what everybody sees of the age of a letter that is back.
func (p *pair) late(what string, letter letterbox.LetterID, amber, late bool) {
	p.t.Helper()
	ctx := p.t.Context()
	p.Manager, p.Worker = p.SignInWorker(p.t, &p.ManagerLogin), p.SignInWorker(p.t, &p.WorkerLogin)
	timeline, err := p.Families.Timeline(ctx, p.birth, p.fromSide)
	must(p.t, err)
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(p.t, err)
	if e := newestOf(timeline, letter); e.Late != late || (e.What == letterbox.EventWeAreLate) != late || timeline.Late != late || sent.Late != late {
		p.t.Errorf("%s: the writer sees %+v, late %v and %v", what, e, timeline.Late, sent.Late)
	}
	if line, ok := p.line(p.Worker, letter); ok && (line.Amber != amber || line.Late != late) || !ok && (amber || late) {
		p.t.Errorf("%s: the desk sees amber %v, late %v", what, line.Amber, line.Late)
	}
	b, err := p.Desk.Breaches(ctx, p.Manager)
	must(p.t, err)
	has := func(list []letterbox.DeskLine) bool {
		return slices.ContainsFunc(list, func(l letterbox.DeskLine) bool { return l.ID == letter })
	}
	if has(b.Amber) != amber || has(b.Late) != late {
		p.t.Errorf("%s: the manager sees amber %v, late %v", what, has(b.Amber), has(b.Late))
	}
}

// While a letter waits for its day of display nothing of it is on the reader's
// timeline, and when it comes, the day is that of its coming.
func TestTimeline_Delay(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Exec(t, `update exchange set delay_days = 3`)
	p.pass(p.send("The first."))
	if got := p.whats(p.adoptive, p.toSide); got != "" {
		t.Errorf("before its day the reader sees %q", got)
	}
	p.untriggered(`update letter set state = 'waiting', visible_on = current_date, submitted_on = current_date - 9`,
		`update letter_day set on_day = current_date - 9 where n = 1`, `insert into letter_day (agency_id, letter_id, n, state, told) select agency_id, id, 9, 'waiting', told from letter`)
	timeline, err := p.Families.Timeline(ctx, p.adoptive, p.toSide)
	must(t, err)
	if len(timeline.Events) != 1 || timeline.Events[0].What != letterbox.EventCame || !timeline.Events[0].On.Equal(p.today()) || timeline.Events[0].Letter != "" {
		t.Errorf("on its day the reader sees %+v", timeline.Events)
	}
}

// A new key of somebody on the side is where the family sees it.
func TestTimeline_NewKey(t *testing.T) {
	p := newPair(t)
	p.untriggered(`insert into recovery (agency_id, id, kind, account_id, what, identity, state, started_by, started_at, start_leaf, agreed_by, agreed_at, agree_leaf, printed_at, redeemed_at, ended_at)
		values ('` + p.Home.ID + `', 'rc22222222222222222222', 'person', '` + p.birthID + `', 'passphrase', 'callBack', 'done', '` + p.WorkerLogin.ID + `', now() - interval '3 days', sha256('s'),
			'` + p.ManagerLogin.ID + `', now() - interval '3 days', sha256('a'), now() - interval '1 day', now(), now())`)
	if got := p.whats(p.birth, p.fromSide); got != "newKey" {
		t.Errorf("the person sees %q", got)
	}
	if got := p.whats(p.adoptive, p.toSide); got != "" {
		t.Errorf("the other side sees %q", got)
	}
}

func TestHappenings(t *testing.T) {
	list := letterbox.Happenings()
	slices.Sort(list)
	if len(slices.Compact(list)) != 20 {
		t.Errorf("%d happenings", len(list))
	}
}

// The function behind a timeline tells a side's days to nobody but the people
// of that side who have its key.
func TestMyDays(t *testing.T) {
	p := newPair(t)
	p.pass(p.send("The first."))
	days := func(account string, side letterbox.SideID) int {
		return p.seesAs(account, `select count(*) from my_days('`+string(side)+`')`)
	}
	if own, came := days(p.birthID, p.fromSide), days(p.adopterID, p.toSide); own != 2 || came != 1 {
		t.Errorf("the writer has %d days, the reader %d; want 2 and 1", own, came)
	}
	if other, back := days(p.adopterID, p.fromSide), days(p.birthID, p.toSide); other != 0 || back != 0 {
		t.Errorf("of the other side's days %d and %d are told", other, back)
	}
	if all := days(p.birthID, ""); all != 0 {
		t.Errorf("of no side %d days are told", all)
	}
	p.untriggered(`delete from ring_grant_person`)
	if own, came := days(p.birthID, p.fromSide), days(p.adopterID, p.toSide); own != 0 || came != 0 {
		t.Errorf("without the side's key there are %d and %d days", own, came)
	}
}
