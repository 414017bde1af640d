package canary_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/demo"
	"gatepost/internal/oplog"
	"gatepost/internal/postgres"
	"gatepost/internal/server"
	"gatepost/letterbox"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/page"
)

// requests are people at their browsers who type words that nobody else has.
type requests struct {
	*world
	t       *testing.T
	bases   map[authz.Tier]string
	planted []string

	writer, reader, worker, manager *browser
}

// word is one that stands nowhere yet, named by what is done with it.
func (r *requests) word(what string) string {
	w := "Umbrafell" + what
	if !slices.Contains(r.planted, w) {
		r.planted = append(r.planted, w)
	}
	return w
}

// cut is one in two pieces of SQL.
func (r *requests) cut(what string) string {
	w := r.word(what)
	return w[:len(w)/2] + "' || '" + w[len(w)/2:]
}

// serve serves both tiers as the program does.
func (r *requests) serve() {
	r.t.Helper()
	was := slog.Default()
	slog.SetDefault(r.logger(""))
	r.t.Cleanup(func() { slog.SetDefault(was) })
	set, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	must(r.t, err)
	var sites []server.Site
	for side, opened := range r.tiers(r.t) {
		r.t.Cleanup(opened.Close)
		pages, host := web.Public, demo.PublicHost
		if side == authz.Staff {
			pages, host = web.Staff, demo.StaffHost
		}
		site := server.Site{Name: string(side)}
		site.Handler, err = pages(web.Config{Accounts: opened.Accounts, Letters: opened.Letters, Cases: opened.Cases, Notices: opened.Notices,
			Agencies: opened.Agencies, Assets: set, Now: time.Now, Log: r.logger(string(side)), Caller: oplog.NewCallers(time.Now).Name,
			Address: func(string, authz.Tier) string { return "http://" + demo.PublicHost }})
		must(r.t, err)
		site.Listener, err = (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", "127.0.0.1:0")
		must(r.t, err)
		_, port, err := net.SplitHostPort(site.Listener.Addr().String())
		must(r.t, err)
		r.bases[side] = "http://" + net.JoinHostPort(host, port)
		sites = append(sites, site)
	}
	// Not the test's context: it ends before the clean-up, which waits here.
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, r.logger(""), sites...) }()
	r.t.Cleanup(func() {
		stop()
		must(r.t, <-ended)
	})
}

// browser is one person's.
type browser struct {
	*requests
	side   authz.Tier
	client *http.Client
	id     string // of the account; "" of a stranger's
	token  string // that forms carry
}

func (r *requests) browser(side authz.Tier) *browser {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	must(r.t, err)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	return &browser{requests: r, side: side, client: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a browser got.
type answer struct {
	status   int
	to, body string
}

var tokenPattern = regexp.MustCompile(`name="form-token" value="([^"]+)"`)

// send asks for something and wants a status.
func (b *browser) send(want int, method, path, kind string, body io.Reader) answer {
	b.t.Helper()
	got := b.ask(method, path, kind, body)
	if got.status != want {
		_, main, _ := strings.Cut(got.body, "<main")
		b.t.Fatalf("%s %s gives %d, want %d: %s", method, path, got.status, want, main[:min(len(main), 900)])
	}
	return got
}

// ask asks for something and notes the token of the page's forms.
func (b *browser) ask(method, path, kind string, body io.Reader) answer {
	b.t.Helper()
	if body != nil {
		body = struct{ io.Reader }{body} // without its length, by which what is too much would be refused unread
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.bases[b.side]+path, body)
	must(b.t, err)
	r.Header.Set("User-Agent", b.word("Browser"))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	got, err := b.client.Do(r)
	must(b.t, err)
	text, err := io.ReadAll(got.Body)
	must(b.t, err)
	must(b.t, got.Body.Close())
	if found := tokenPattern.FindSubmatch(text); found != nil {
		b.token = string(found[1])
	}
	return answer{got.StatusCode, got.Header.Get("Location"), string(text)}
}

func (b *browser) get(want int, path string) answer {
	b.t.Helper()
	return b.send(want, http.MethodGet, path, "", nil)
}

// form is a form with the token, of pairs of a name and a value.
func (b *browser) form(fields []string) url.Values {
	values := url.Values{"form-token": {b.token}}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

func (b *browser) post(want int, path string, fields ...string) answer {
	b.t.Helper()
	return b.send(want, http.MethodPost, path, formKind, strings.NewReader(b.form(fields).Encode()))
}

const formKind = "application/x-www-form-urlencoded"

// try posts until it gets a status: each connection to the database that has died
// may cost a page which says that nobody knows.
func (b *browser) try(want int, path string, fields ...string) {
	b.t.Helper()
	var got answer
	for range 9 { // a tier has eight
		if got = b.ask(http.MethodPost, path, formKind, strings.NewReader(b.form(fields).Encode())); got.status == want {
			return
		}
	}
	b.t.Fatalf("POST %s gives %d to the end, want %d", path, got.status, want)
}

// upload sends a form with a file.
func (b *browser) upload(want int, path, field, name string, file []byte, fields ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range b.form(fields) {
		must(b.t, w.WriteField(name, values[0]))
	}
	part, err := w.CreateFormFile(field, name)
	must(b.t, err)
	_, err = part.Write(file)
	must(b.t, err)
	must(b.t, w.Close())
	return b.send(want, http.MethodPost, path, w.FormDataContentType(), &body)
}

// signIn is a browser in which somebody of the demo is signed in.
func (r *requests) signIn(key string) *browser {
	r.t.Helper()
	p := r.people[slices.IndexFunc(r.people, func(p demo.Person) bool { return p.Key == key })]
	b := r.browser(p.Tier)
	b.get(200, "/sign-in")
	fields := []string{"name", p.Login, "passphrase", p.Passphrase}
	if p.TOTP != "" {
		_, err := r.admin.Exec(r.t.Context(), "update credential_worker set totp_last_step = 0 where totp_last_step > 0")
		must(r.t, err)
		digits, err := code.Current(p.TOTP, time.Now())
		must(r.t, err)
		fields = append(fields, "code", digits)
	}
	before := r.sessions()
	b.post(303, "/sign-in", fields...)
	must(r.t, r.admin.QueryRow(r.t.Context(), "select account_id from session where id <> all($1)", before).Scan(&b.id))
	b.get(200, "/help")
	return b
}

func (r *requests) sessions() []string {
	r.t.Helper()
	rows, err := r.admin.Query(r.t.Context(), "select id from session")
	must(r.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(r.t, err)
	return list
}

// find asks the database for one text.
func (r *requests) find(sql string, args ...any) (found string) {
	r.t.Helper()
	must(r.t, r.admin.QueryRow(r.t.Context(), sql, args...).Scan(&found))
	return found
}

func (r *requests) exec(sql string) {
	r.t.Helper()
	_, err := r.admin.Exec(r.t.Context(), sql)
	must(r.t, err)
}

// TestCanaryRequests: people ask both tiers for what goes wrong or is unusual, with
// words in it that stand nowhere else, and afterwards they lie nowhere.
func TestCanaryRequests(t *testing.T) {
	r := &requests{world: newWorld(t), t: t, bases: map[authz.Tier]string{}}
	r.serve()
	r.strangers()
	r.writer, r.reader, r.worker, r.manager = r.signIn("kelly"), r.signIn("rachel"), r.signIn("owen"), r.signIn("judith")
	r.opening()
	r.crossing()
	r.paper()
	r.photo()
	r.recording()
	r.told()
	r.searching()
	r.refusedForms()
	r.ownMistakes()
	r.withoutDatabase()
	r.sendMails(t)
	if len(r.planted) < 30 {
		t.Errorf("%d words were planted", len(r.planted))
	}
	r.lie(t, r.planted)
}

// strangers have no account, and ask for what there is not.
func (r *requests) strangers() {
	r.t.Helper()
	for side, tier := range map[authz.Tier]string{authz.Public: "Family", authz.Staff: "Staff"} {
		b := r.browser(side)
		b.get(200, "/sign-in")
		b.post(422, "/sign-in", "name", r.word("Name"+tier), "passphrase", r.word("Passphrase"+tier), "code", r.word("Code"+tier))
		b.get(404, "/"+r.word("Path"+tier)+"?"+r.word("Key"+tier)+"="+r.word("Query"+tier))
		b.post(404, "/"+r.word("PostPath"+tier), "name", r.word("Posted"+tier))
		b.get(401, map[authz.Tier]string{authz.Public: "/letters", authz.Staff: "/desk"}[side]+"?"+r.word("Unsigned"+tier))
		b.get(400, "/help?"+r.word("Unread"+tier)+"=%ff")
		b.send(405, http.MethodPut, "/help?"+r.word("Method"+tier), "", nil)
		b.post(422, "/start/fact", "code", r.word("Start"+tier), "fact", r.word("Fact"+tier))
	}
}

// opening: a worker types an exchange in, with everything that a family is called.
func (r *requests) opening() {
	r.t.Helper()
	side := func(book, n string) map[string]any {
		return map[string]any{"book": book, "people": []map[string]string{{"name": r.word("Person" + n), "relation": r.word("Relation" + n), "address": r.word("Address" + n), "phone": "07700 900321"}},
			"children": []string{r.word("Calls" + n)}, "other": r.word("Other" + n), "self": r.word("Self" + n), "send": []string{"letter"}, "times": "2", "months": []string{}}
	}
	carry := func(year string) string {
		text, err := json.Marshal(map[string]any{"id": letterbox.NewExchangeID(), "sides": []any{side("birth", "First"), side("adoptive", "Second")},
			"children": []map[string]string{{"birth": r.word("ChildBirth"), "adoptive": r.word("ChildAdoptive"), "day": "14", "month": "2", "year": year}}})
		must(r.t, err)
		return string(text)
	}
	r.worker.get(200, "/exchange/new")
	r.worker.post(422, "/exchange/new", "step", "check", "do", "open", "so-far", carry(r.word("Year")))
	r.worker.post(422, "/exchange/new", "step", "check", "do", "open", "so-far", r.word("Broken"))
	opened := r.worker.post(303, "/exchange/new", "step", "check", "do", "open", "so-far", carry("2018")).to
	shown := r.worker.get(200, opened).body
	if !strings.Contains(shown, r.word("SelfFirst")) || !strings.Contains(shown, r.word("OtherSecond")) {
		r.t.Error("the exchange does not show what was typed")
	}
}

// crossing: a letter, what was thought of it, and what came too late.
func (r *requests) crossing() {
	r.t.Helper()
	side := r.find("select m.side_id from side_member m join side s on s.id = m.side_id join side o on o.exchange_id = s.exchange_id and o.id <> s.id "+
		"join side_member y on y.side_id = o.id where m.person_id = $1 and y.person_id = $2", r.writer.id, r.reader.id)
	write := func(text string) string {
		to := r.writer.post(303, "/write/"+side, "text", text).to
		draft, _, _ := strings.Cut(strings.TrimPrefix(to, "/draft/"), "?")
		r.writer.post(303, "/draft/"+draft+"/send", "version", "1")
		return "lt" + draft[2:]
	}
	letter, other := write("Dear "+r.word("Letter")), write("Dear "+r.word("Returned"))
	exchange := r.find("select exchange_id from letter where id = $1", letter)
	for _, id := range []string{letter, other} {
		r.worker.post(303, "/letter/"+id+"/claim")
		r.worker.get(200, "/letter/"+id)
	}
	r.worker.post(303, "/letter/"+letter+"/pass", "note", r.word("Note"), "exchange", exchange)
	r.worker.post(409, "/letter/"+letter+"/keep", "note", r.word("LateNote"), "exchange", exchange)
	r.worker.post(422, "/letter/"+other+"/return", "do", "send", "reason", r.word("Reason"), "words", r.word("Unsent"), "exchange", exchange)
	r.worker.post(303, "/letter/"+other+"/return", "do", "send", "reason", "identifying", "words", r.word("Words"), "note", r.word("ReturnNote"), "exchange", exchange)
	delivery := r.find("select id from delivery where letter_id = $1", letter)
	r.reader.post(303, "/letter/"+delivery+"/open")
	if shown := r.reader.get(200, "/letter/"+delivery+"/read").body; !strings.Contains(shown, r.word("Letter")) {
		r.t.Error("the letter has not crossed")
	}
}

// paper: a letter that came by post is typed in beside its scan, which says more
// than a picture should; and what is no picture, or too much of one.
func (r *requests) paper() {
	r.t.Helper()
	exchange := r.find("select exchange_id from side s join side_member m on m.side_id = s.id where m.person_id = $1 limit 1", r.writer.id)
	side := r.find("select s.id from side s join side_member m on m.side_id = s.id where m.person_id = $1 and s.exchange_id = $2", r.writer.id, exchange)
	today, path := calendar.Today(time.Now()), "/exchange/"+exchange+"/paper"
	fields := func(text string) []string {
		return []string{"author", side + " " + r.writer.id, "letter", string(letterbox.NewLetterID()), "text", text,
			"came-day", strconv.Itoa(today.Day()), "came-month", strconv.Itoa(int(today.Month())), "came-year", strconv.Itoa(today.Year())}
	}
	var scan bytes.Buffer
	must(r.t, png.Encode(&scan, image.NewGray(image.Rect(0, 0, 62, 88))))
	said := append(scan.Bytes(), r.word("InScan")...)
	r.worker.upload(422, path, "scan", r.word("Upload")+".png", []byte(r.word("NoPicture")), fields(r.word("RefusedPaper"))...)
	r.worker.upload(413, path, "scan", "scan.png", just([]byte(r.word("Large")), letterbox.MaxScan+int(page.TextBody)+(1<<18)), fields(r.word("LargePaper"))...)
	r.worker.upload(303, path, "scan", r.word("Scan")+".png", said, fields(r.word("Paper"))...)
}

// photo: a picture of a phone, which says where and when it was taken and by what,
// crosses; and what is no picture, or too much of one.
func (r *requests) photo() {
	r.t.Helper()
	side := r.find("select m.side_id from side_member m join side s on s.id = m.side_id join side o on o.exchange_id = s.exchange_id and o.id <> s.id "+
		"join side_member y on y.side_id = o.id where m.person_id = $1 and y.person_id = $2", r.writer.id, r.reader.id)
	r.worker.post(303, "/side/"+side+"/photos", "photos", "permitted")
	draft, _, _ := strings.Cut(strings.TrimPrefix(r.writer.post(303, "/write/"+side, "text", "Here is "+r.word("Shown")).to, "/draft/"), "?")
	r.planted = append(r.planted, phototest.Word)
	file := phototest.JPEG(phototest.Scene(320, 240), phototest.Exif(phototest.Everything(binary.BigEndian)), phototest.XMPSegment(phototest.XMP()),
		phototest.IPTC(), phototest.Comment(r.word("Comment")))
	file = append(append(file, phototest.Archive()...), r.word("AfterPhoto")...)
	path := "/draft/" + draft + "/photos"
	r.writer.upload(422, path, "photo", r.word("NoPhoto")+".jpg", []byte(r.word("InNoPhoto")))
	r.writer.upload(422, path, "photo", "torn.jpg", file[:len(file)/2])
	r.writer.upload(413, path, "photo", "large.jpg", just([]byte(r.word("LargePhoto")), letterbox.MaxPhoto+int(page.TextBody)+(1<<18)))
	r.writer.upload(303, path, "photo", r.word("Photo")+".jpg", file)
	r.writer.post(303, "/draft/"+draft+"/send", "version", r.find("select version::text from draft where id = $1", draft))
	letter := "lt" + draft[2:]
	id := r.find("select id from letter_photo where letter_id = $1", letter)
	exchange := r.find("select exchange_id from letter where id = $1", letter)
	r.worker.post(303, "/letter/"+letter+"/claim")
	desk := "/letter/" + letter + "/photo/" + id
	told, seen := r.worker.get(200, desk), r.worker.get(200, desk+"/picture")
	r.worker.post(303, desk+"/answer", "picture", "0", "uniform", "no", "badge", "no", "plate", "no", "sign", "no", "goes", "yes")
	r.worker.post(303, "/letter/"+letter+"/pass", "exchange", exchange)
	delivery := r.find("select id from delivery where letter_id = $1", letter)
	r.reader.post(303, "/letter/"+delivery+"/open")
	came := r.reader.get(200, "/letter/"+delivery+"/photo/"+r.find("select id from delivery_photo where delivery_id = $1", delivery))
	for what, b := range map[string]string{"the desk": seen.body, "the other family": came.body} {
		if _, _, err := photo.Check([]byte(b)); err != nil {
			r.t.Errorf("%s gets no picture: %v", what, err)
		}
		b += told.body
		if i := slices.IndexFunc(r.planted, func(w string) bool { return strings.Contains(b, w) }); i >= 0 {
			r.t.Errorf("%s is told %s", what, r.planted[i])
		}
	}
}

// recording: a voice with names and a place beside its sound crosses, with what a
// worker wrote down of it; and what is no recording, or too much of one.
func (r *requests) recording() {
	r.t.Helper()
	side := r.find("select m.side_id from side_member m join side s on s.id = m.side_id join side o on o.exchange_id = s.exchange_id and o.id <> s.id "+
		"join side_member y on y.side_id = o.id where m.person_id = $1 and y.person_id = $2", r.writer.id, r.reader.id)
	r.worker.post(303, "/side/"+side+"/recordings", "recordings", "permitted")
	draft, _, _ := strings.Cut(strings.TrimPrefix(r.writer.post(303, "/write/"+side, "text", "Listen to "+r.word("Beside")).to, "/draft/"), "?")
	r.planted = append(r.planted, voicetest.Word)
	file := append(voicetest.Tagged(voicetest.Convert(r.t, voicetest.Sine(2), "said.mp3", "-c:a", "libmp3lame")), r.word("AfterSound")...)
	path := "/draft/" + draft + "/recording"
	r.writer.upload(422, path, "recording", r.word("NoSound")+".mp3", []byte(r.word("InNoSound")))
	r.writer.upload(422, path, "recording", "list.mp3", []byte("#EXTM3U\n/etc/"+r.word("List")+"\n"))
	r.writer.upload(413, path, "recording", "large.mp3", just([]byte(r.word("LargeSound")), letterbox.MaxRecording+int(page.TextBody)+(1<<18)))
	r.writer.upload(303, path, "recording", r.word("Sound")+".mp3", file)
	r.writer.post(303, "/draft/"+draft+"/send", "version", r.find("select version::text from draft where id = $1", draft))
	letter := "lt" + draft[2:]
	exchange := r.find("select exchange_id from letter where id = $1", letter)
	r.worker.post(303, "/letter/"+letter+"/claim")
	desk := "/letter/" + letter + "/recording"
	r.worker.get(200, desk)
	heard := r.worker.get(200, desk+"/sound")
	said := r.word("Said")
	r.worker.post(422, desk, "goes", "yes", "transcript", r.word("SaidUnheard"))
	r.worker.post(303, desk, "heard", "yes", "goes", "yes", "transcript", said)
	r.worker.post(303, "/letter/"+letter+"/pass", "exchange", exchange)
	delivery := r.find("select id from delivery where letter_id = $1", letter)
	r.reader.post(303, "/letter/"+delivery+"/open")
	if read := r.reader.get(200, "/letter/"+delivery+"/read"); !strings.Contains(read.body, said) {
		r.t.Error("what was written down did not cross")
	}
	came := r.reader.get(200, "/letter/"+delivery+"/recording")
	for what, b := range map[string]string{"the desk": heard.body, "the other family": came.body} {
		if _, err := voice.Check([]byte(b)); err != nil {
			r.t.Errorf("%s gets no recording: %v", what, err)
		}
		if i := slices.IndexFunc(r.planted, func(w string) bool { return strings.Contains(b, w) }); i >= 0 {
			r.t.Errorf("%s is told %s", what, r.planted[i])
		}
	}
}

// just repeats a word for so many bytes, with which a form has a little more than it
// may: of one that goes on for longer, no browser might hear why it is refused.
func just(word []byte, n int) []byte { return bytes.Repeat(word, n/len(word)+1)[:n] }

// told: somebody tells the agency something, and a worker answers.
func (r *requests) told() {
	r.t.Helper()
	side := r.find("select side_id from side_member where person_id = $1 limit 1", r.writer.id)
	r.writer.post(422, "/side/"+side+"/tell", "message", strings.Repeat(r.word("TooLong")+" ", 5000))
	r.writer.post(303, "/side/"+side+"/tell", "message", "We move to "+r.word("Message"))
	id := r.find("select id from message where person_id = $1 and by_worker is null order by sent_at desc limit 1", r.writer.id)
	r.worker.get(200, "/message/"+id)
	r.worker.post(303, "/message/"+id+"/answer", "text", "Thank you for "+r.word("Answer"))
}

// searching looks names up, and people who are not there in other ways.
func (r *requests) searching() {
	r.t.Helper()
	if shown := r.worker.post(200, "/search", "name", r.word("PersonFirst")).body; strings.Count(shown, r.word("PersonFirst")) < 2 {
		r.t.Error("the search does not find who is there")
	}
	r.worker.post(200, "/search", "name", r.word("Searched"))
	r.worker.get(200, "/search?name="+r.word("SearchQuery"))
	r.worker.get(404, "/letter/"+r.word("ID"))
	r.writer.get(404, "/letter/"+r.word("FamilyID")+"/read?"+r.word("Tail"))
}

// refusedForms: too much, too little, and what no page of ours sends.
func (r *requests) refusedForms() {
	r.t.Helper()
	side := r.find("select side_id from side_member where person_id = $1 limit 1", r.writer.id)
	r.writer.post(413, "/write/"+side, "text", string(just([]byte(r.word("Huge")), int(page.TextBody))))
	r.writer.post(403, "/write/"+side, "form-token", r.word("Token"), "text", r.word("Kept"))
	r.writer.post(400, "/write/"+side, "text", r.word("Nul")+"\x00")
	r.writer.send(415, http.MethodPost, "/write/"+side, "application/json", strings.NewReader(`{"text": "`+r.word("JSON")+`"}`))
	r.manager.get(200, "/worker/new")
	r.manager.post(422, "/worker/new", "name", strings.Repeat(r.word("Worker"), 20), "fact", r.word("WorkerFact"))
	r.manager.post(303, "/sign-out", "next", r.word("Next"))
}

// ownMistakes: what only we can have done wrong, while somebody writes.
func (r *requests) ownMistakes() {
	r.t.Helper()
	side := r.find("select side_id from side_member where person_id = $1 limit 1", r.writer.id)
	// A table that is not where it should be.
	r.exec("alter table draft rename to draft_away")
	r.writer.post(500, "/write/"+side, "text", r.word("NoTable"))
	r.exec("alter table draft_away rename to draft")
	// A constraint that the program has no words for.
	r.exec("alter table draft add constraint unheard_of check (false) not valid")
	r.writer.post(500, "/write/"+side, "text", r.word("Constraint"))
	r.exec("alter table draft drop constraint unheard_of")
	// One that tells the row that it refuses, with something in it that should be in no row. Its words are cut in two, for
	// what a function does is stored.
	r.exec("create function refuse() returns trigger language plpgsql as $$ begin raise check_violation using message = 'a row is refused', constraint = 'unheard_of', table = 'draft', " +
		"detail = 'Failing row contains (" + r.cut("Detail") + ")', hint = 'Ask " + r.cut("Hint") + "'; end $$; " +
		"create trigger refuse before insert on draft for each row execute function refuse()")
	r.writer.post(500, "/write/"+side, "text", r.word("Refused"))
	r.exec("drop trigger refuse on draft; drop function refuse()")
	r.writer.post(303, "/write/"+side, "text", r.word("Mended"))
}

// withoutDatabase: the database lets nobody in for a moment.
func (r *requests) withoutDatabase() {
	r.t.Helper()
	side := r.find("select side_id from side_member where person_id = $1 limit 1", r.writer.id)
	r.exec("alter database " + database + " connection limit 0")
	r.exec("select pg_terminate_backend(pid) from pg_stat_activity where usename in ('" + postgres.RolePublic + "', '" + postgres.RoleStaff + "')")
	r.writer.try(503, "/write/"+side, "text", r.word("NoDatabase"))
	r.worker.try(503, "/search", "name", r.word("NoSearch"))
	r.exec("alter database " + database + " connection limit -1")
	r.writer.try(303, "/write/"+side, "text", r.word("Again"))
}
