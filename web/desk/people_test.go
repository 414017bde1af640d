package desk_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
)

// paperOf takes the code and the reference from a printed invitation.
func paperOf(t *testing.T, a webtest.Answer) (code, reference string) {
	t.Helper()
	marks := a.Doc().All("[data-paper=invitation] strong.gp-code")
	if len(marks) != 3 {
		t.Fatalf("the paper has %d lines to copy, want address, code and reference", len(marks))
	}
	return marks[1].Text(), marks[2].Text()
}

func TestInvitation(t *testing.T) {
	d := openDesk(t)
	_, birth, _ := d.OpenExchange(t)
	path := "/person/" + birth + "/invite"
	ask := d.Get(path).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "Tamsin Vale", "birth mother")
	long := strings.Repeat("f", 401)
	if got := ask.Submit(path, "fact", long).Want(http.StatusUnprocessableEntity).Form(path).Get("fact"); got != long {
		t.Error("a refused fact is lost")
	}
	paper := ask.Submit(path, "fact", accounttest.Fact).Want(http.StatusOK)
	code, reference := paperOf(t, paper)
	if strings.Contains(paper.Body, accounttest.Fact) {
		t.Error("the paper holds the agreed fact, without which the code should be useless")
	}
	golden(t, "invitation.golden", normal(paper, code, reference))

	second := ask.Submit(path, "fact", accounttest.Fact).Want(http.StatusOK) // a reload makes a new code
	newCode, _ := paperOf(t, second)
	if newCode == code {
		t.Fatal("the second paper has the first one's code")
	}
	if _, err := d.World.Public.Redeem(t.Context(), d.Home.ID, accounttest.From(), code, accounttest.Fact); err == nil {
		t.Error("the first paper still opens the door")
	}
	if _, err := d.World.Public.Redeem(t.Context(), d.Home.ID, accounttest.From(), newCode, accounttest.Fact); err != nil {
		t.Errorf("the code as printed does not open the door: %v", err)
	}
	contains(t, d.Get(path).Doc().One("main").Text(), "A new one makes the old code useless.")
	d.Get("/person/"+d.birth+"/invite").Submit("/person/"+d.birth+"/invite", "fact", accounttest.Fact).Want(http.StatusConflict)
}

// normal is the paper with what changes from run to run taken out.
func normal(a webtest.Answer, code, reference string) string {
	article := a.Doc().One("[data-paper=invitation]").HTML()
	until := article[strings.Index(article, "until ")+len("until "):]
	until = until[:strings.Index(until, ".")]
	return strings.NewReplacer(code, "AAAA BBBB CCCC DDDD", reference, "REFERENCE", until, "THE DAY").Replace(article) + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s is different; look at it and run with -update:\n%s", file, got)
	}
}

func TestConfirmPerson(t *testing.T) {
	d := openDesk(t)
	_, birth, _ := d.OpenExchange(t)
	l := d.EnrolPerson(t, birth)
	words := d.holding(t, d.World.Worker, l.ID).Words
	people := d.Get("/people").Want(http.StatusOK).Doc().One("[data-holding=" + birth + "]")
	contains(t, people.One("ol").Text(), strings.Join(words[:], " "))
	contains(t, people.Text(), "Tamsin Vale", "LB-")

	path := "/person/" + birth + "/confirm"
	ask := d.Get(path).Want(http.StatusOK)
	contains(t, ask.Doc().One("main ol").Text(), strings.Join(words[:], " "))
	code := d.Code(t, &d.WorkerLogin)
	refused := ask.Submit(path, "code", code).Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#called']")
	if refused.Form(path).Get("code") != "" {
		t.Error("a code stands in a page")
	}
	if n := d.count(t, `select count(*) from person where id = $1 and state = 'hold'`, birth); n != 1 {
		t.Fatal("confirmed without a call")
	}
	wrong := ask.Submit(path, "called", "yes", "code", "000000").Want(http.StatusUnprocessableEntity)
	wrong.Doc().One(".govuk-error-summary a[href='#code']")
	if !wrong.Doc().One("input[name=called]").HasAttr("checked") {
		t.Error("the tick is lost")
	}
	// The code was not used up by the form without the tick.
	done := ask.Submit(path, "called", "yes", "code", code).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One(".govuk-notification-banner--success").Text(), "Confirmed.")
	done.Doc().None("[data-holding]")
	d.Get(path).Want(http.StatusNotFound)
	ask.Submit(path, "called", "yes", "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusNotFound)
}

func TestKeyThatWasNotAskedFor(t *testing.T) {
	d := openDesk(t)
	_, birth, adoptive := d.OpenExchange(t)
	d.EnrolPerson(t, birth)
	d.EnrolPerson(t, adoptive)
	d.Exec(t, `alter table node disable trigger all`)
	d.Exec(t, `update node set recipient = (select recipient from node where id = 'person/' || $2) where id = 'person/' || $1`, birth, adoptive)
	card := d.Get("/people").Want(http.StatusOK).Doc().One("[data-holding=" + birth + "]")
	contains(t, card.Text(), "Do not confirm it.")
	card.None("a")
	d.Get("/person/" + birth + "/confirm").Want(http.StatusOK).Doc().None("input[name=code]")
}

func TestWorkerComesIn(t *testing.T) {
	d := openDesk(t)
	manager := d.as(t, &d.ManagerLogin)
	ask := manager.Get("/worker/new").Want(http.StatusOK)
	if got := ask.Submit("/worker/new", "name", "Sam Okafor").Want(http.StatusUnprocessableEntity).Form("/worker/new").Get("name"); got != "Sam Okafor" {
		t.Errorf("a refused form gives back the name %q", got)
	}
	paper := ask.Submit("/worker/new", "name", "Sam Okafor", "fact", accounttest.Fact).Want(http.StatusOK)
	contains(t, paper.Doc().One("[data-paper=invitation]").Text(), "Dear Sam Okafor,", "A manager will call you")

	l := d.onHold(t, "Ines Tregear")
	words := d.holding(t, d.Manager, l.ID).Words
	path := "/worker/" + l.ID + "/confirm"
	form := manager.Get(path).Want(http.StatusOK)
	contains(t, form.Doc().One("main ol").Text(), strings.Join(words[:], " "))
	if got := len(form.Doc().All("input[name=role]")); got != len(authz.Roles())-1 {
		t.Errorf("%d roles are offered, want all but the families' own", got)
	}
	refused := form.Submit(path, "called", "yes", "code", "123456").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#role']")
	wrong := form.Submit(path, "called", "yes", "role", "letterboxWorker", "code", "123456").Want(http.StatusUnprocessableEntity)
	if !wrong.Doc().One("input[name=role][value=letterboxWorker]").HasAttr("checked") {
		t.Error("the chosen role is lost")
	}
	form.Submit(path, "called", "yes", "role", "correspondent", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusUnprocessableEntity)
	form.Submit(path, "called", "yes", "role", "letterboxWorker", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)
	d.as(t, &l).Get("/desk").Want(http.StatusOK)
}

// A worker with a new key goes on with what they did before: nobody chooses their
// roles a second time.
func TestNewKeyKeepsRoles(t *testing.T) {
	d := openDesk(t)
	const fresh = "seven slates of the north roof"
	change := d.Get("/account/passphrase").Want(http.StatusOK)
	change.Submit("/account/passphrase", "old", d.WorkerLogin.Passphrase, "new", fresh, "known", "yes").Want(http.StatusSeeOther)

	path := "/worker/" + d.WorkerLogin.ID + "/confirm"
	ask := d.as(t, &d.ManagerLogin).Get(path).Want(http.StatusOK)
	ask.Doc().None("input[name=role]")
	contains(t, ask.Doc().One("main").Text(), "Letterbox worker")
	ask.Submit(path, "code", "123456").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#called']")
	ask.Submit(path, "called", "yes", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)
	d.WorkerLogin.Passphrase = fresh
	d.as(t, &d.WorkerLogin).Get("/desk").Want(http.StatusOK)
}

func TestSearch(t *testing.T) {
	d := openDesk(t)
	ask := d.Get("/search?name=Tamsin").Want(http.StatusOK)
	if strings.Contains(ask.Body, "Tamsin") {
		t.Error("a name in the address is taken over")
	}
	ask.Doc().None("form[method=get]")
	found := ask.Submit("/search", "name", "tamsin").Want(http.StatusOK)
	person := found.Doc().One("[data-person=" + d.birth + "]")
	contains(t, person.Text(), "Tamsin Vale", "birth mother", "07700 900123", "Signed up")
	person.One("a[href=/exchange/" + string(d.exchange) + "]")
	if found.Form("/search").Get("name") != "tamsin" {
		t.Error("the name that was looked for is lost")
	}
	nobody := ask.Submit("/search", "name", "zebedee").Want(http.StatusOK).Doc()
	contains(t, nobody.One("main h2").Text(), "0 people found")
	contains(t, nobody.One("main").Text(), "Try another spelling")
	nobody.One("main a[href=/exchange/new]")
	refused := ask.Submit("/search", "name", "t").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#name']")
	if refused.Form("/search").Get("name") != "t" {
		t.Error("a refused name is lost")
	}
}

func TestNamesAreNotMarkup(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "<script>alert(1)</script>{{.Text}}</div>")
	letter := d.read(t, id).Doc().One("main .gp-letter")
	letter.None("script")
	contains(t, letter.Text(), "<script>alert(1)</script>{{.Text}}</div>")
	pagetest.Check(t, d.Get("/letter/"+id).Body)
}
