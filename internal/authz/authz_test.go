package authz_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// Every role against every act: what is allowed is written here once more, so
// that a change of the table is a change of two places.
func TestPolicy(t *testing.T) {
	allowed := map[string]bool{}
	for _, pair := range strings.Fields(`
		correspondent/write correspondent/readOwn
		letterboxWorker/seeDesk manager/seeDesk
		letterboxWorker/claim letterboxWorker/decide letterboxWorker/openExchange letterboxWorker/seeExchange letterboxWorker/protectWords
		letterboxWorker/connect manager/connect manager/connectColleague
		letterboxWorker/invitePerson letterboxWorker/confirmPerson
		manager/inviteWorker manager/confirmWorker
		manager/seeWorkers manager/suspendWorker manager/endWorker manager/rotate manager/takeOver manager/seeBreaches
		letterboxWorker/seeReasons safeguardingLead/seeReasons manager/seeReasons manager/setReasons
		letterboxWorker/suspendPerson manager/suspendPerson
		letterboxWorker/recover manager/recover manager/recoverWorker
		letterboxWorker/setExchange manager/setExchange manager/restrict safeguardingLead/safeguard
		correspondent/tell letterboxWorker/answer letterboxWorker/recordPaper letterboxWorker/printLetter
		manager/inspect auditor/inspect
		manager/seeRecords recordsOfficer/seeRecords recordsOfficer/orderDestruction manager/agreeDestruction
		letterboxWorker/searchDirectory
		intermediaryWorker/invitePerson intermediaryWorker/confirmPerson intermediaryWorker/recover intermediaryWorker/suspendPerson
		intermediaryWorker/seeCases manager/seeCases intermediaryWorker/seeCase manager/seeCase
		intermediaryWorker/takeIntake intermediaryWorker/openCase
		intermediaryWorker/stateFact manager/stateFact intermediaryWorker/endCase manager/endCase
		intermediaryWorker/ask manager/ask intermediaryWorker/approach intermediaryWorker/stateVeto manager/stateVeto manager/endVeto
		intermediaryWorker/connectCase manager/connectCase intermediaryWorker/keepRegister
		intermediaryWorker/stop manager/stop manager/endStop intermediaryWorker/signReferral manager/signReferral
		intermediaryWorker/readLaw manager/readLaw manager/endFlag
		intermediaryWorker/prepareItem intermediaryWorker/checkItem manager/checkItem intermediaryWorker/disclose
		intermediaryWorker/enquire intermediaryWorker/answerEnquiry intermediaryWorker/caseMessage manager/seeOpinions
		correspondent/readFile correspondent/writeFile translator/translate manager/setReads letterboxWorker/takeBackProposal manager/takeBackProposal`) {
		allowed[pair] = true
	}
	for _, role := range authz.Roles() {
		allowed[string(role)+"/ownAccount"] = true
		for _, act := range authz.Acts() {
			if got, want := authz.Allows(role, act), allowed[string(role)+"/"+string(act)]; got != want {
				t.Errorf("%s may %s: %v, want %v", role, act, got, want)
			}
		}
		if authz.Allows(role, "destroy") {
			t.Errorf("%s may do what is not in the table", role)
		}
	}
}

func TestPrinted(t *testing.T) {
	page, err := os.ReadFile("../../docs/roles.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), authz.Print()) {
		t.Errorf("docs/roles.md is not what the table says:\n%s", authz.Print())
	}
}

func TestMay(t *testing.T) {
	worker := authz.Who{Tier: authz.Staff, Agency: "oak", Account: "wkaaaaaaaaaaaaaaaaaaaa", Roles: []authz.Role{authz.LetterboxWorker}}
	held := worker
	held.OnHold = true
	unknown := held
	unknown.Roles = nil
	nobody := worker
	nobody.Account = ""
	for name, tt := range map[string]struct {
		who  authz.Who
		act  authz.Act
		want fault.Kind
	}{
		"a worker claims":                    {worker, authz.Claim, ""},
		"a worker does not write":            {worker, authz.Write, fault.Forbidden},
		"a worker on hold does not claim":    {held, authz.Claim, fault.Forbidden},
		"a worker on hold has their account": {held, authz.OwnAccount, ""},
		"nor is a role needed for it":        {unknown, authz.OwnAccount, ""},
		"nobody does anything":               {nobody, authz.Claim, fault.Forbidden},
		"the zero actor does nothing":        {authz.Who{}, authz.OwnAccount, fault.Forbidden},
	} {
		if got := fault.KindOf(authz.NewActor(tt.who).May(tt.act)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestStepUp(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		at   time.Time
		want fault.Kind
	}{
		"never":           {time.Time{}, fault.StepUp},
		"an hour ago":     {now.Add(-time.Hour), ""},
		"a moment longer": {now.Add(-time.Hour - 1), fault.StepUp},
	} {
		if got := fault.KindOf(authz.NewActor(authz.Who{SecondFactorAt: tt.at}).StepUp(now, time.Hour)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestKeyring(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	k := authz.NewKeyring()
	k.PutIdentity("side/sd1/1", id)
	k.PutSecret("directory/birth/1", "c2VjcmV0")
	again, err := authz.ParseKeyring(k.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := again.Identity("side/sd1/1"); !ok || got.String() != id.String() {
		t.Error("an identity is lost on the way through a session")
	}
	if got, ok := again.Secret("directory/birth/1"); !ok || got != "c2VjcmV0" {
		t.Error("a secret is lost on the way through a session")
	}
	if _, ok := again.Identity("directory/birth/1"); ok {
		t.Error("what is no identity was given as one")
	}
	if _, ok := again.Identity("side/sd2/1"); ok || again.Has("side/sd2/1") {
		t.Error("a key that is not there was given")
	}
	if _, _, ok := again.Own(); ok {
		t.Error("a ring without an own key gave one")
	}
	again.PutOwn("person/pe1/2", id)
	if third, err := authz.ParseKeyring(again.Marshal()); err != nil {
		t.Error(err)
	} else if name, got, ok := third.Own(); !ok || name != "person/pe1/2" || got.String() != id.String() {
		t.Error("the own key is lost on the way through a session")
	}
	if keys, renewed := again.OwnKeys(); len(keys) != 1 || !renewed {
		t.Errorf("%d own keys, renewed %v; want the second alone", len(keys), renewed)
	}
	again.PutIdentity("person/pe1/1", id)
	if keys, _ := again.OwnKeys(); len(keys) != 2 {
		t.Errorf("%d own keys, want 2", len(keys))
	}
	var none *authz.Keyring
	if _, ok := none.Identity("x"); ok || none.Has("x") {
		t.Error("no keyring gave a key")
	}
	actor := authz.NewActor(authz.Who{Account: "pe1", Keys: k})
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", k, k, k, k, k, k), fmt.Sprintf("%v %+v %#v %d", actor, actor, actor, actor), fmt.Sprint(actor.LogValue(), k.LogValue())} {
		if strings.Contains(text, "AGE-SECRET") || strings.Contains(text, "c2VjcmV0") || strings.Contains(strings.ToUpper(text), "4147452D") {
			t.Errorf("a key prints: %s", text)
		}
	}
}

func FuzzParseKeyring(f *testing.F) {
	f.Add([]byte("side/sd1/1 x\n"))
	f.Add([]byte("\n \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := authz.ParseKeyring(text)
		if err != nil {
			return
		}
		if again, err := authz.ParseKeyring(k.Marshal()); err != nil || string(again.Marshal()) != string(k.Marshal()) {
			t.Errorf("%q does not come back: %v", text, err)
		}
	})
}
