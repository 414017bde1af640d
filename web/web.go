package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"gatepost/intermediary"
	service "gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/notice"
	"gatepost/letterbox"
	"gatepost/web/account"
	"gatepost/web/apply"
	"gatepost/web/assets"
	"gatepost/web/casework"
	"gatepost/web/desk"
	"gatepost/web/family"
	"gatepost/web/file"
	"gatepost/web/live"
	"gatepost/web/page"
	"gatepost/web/words"
)

// Config is what a tier's pages work with. Every field but Proxies, Live, Caller
// and Answered is needed.
type Config struct {
	Accounts *service.Service      // of the tier
	Letters  *letterbox.Service    // of the tier
	Cases    *intermediary.Service // of the tier
	Agencies *agency.Registry
	Notices  *notice.Service // public tier only
	// Secure says that browsers reach the tier by TLS. Without it, cookies have
	// no prefix and are not marked Secure: for loopback only.
	Secure bool
	// Proxies are the addresses whose word about where a request comes from is
	// believed.
	Proxies []netip.Prefix
	// Address is where people of that tier sign in to that agency, with the
	// scheme, for printed invitations. The staff tier asks for it.
	Address func(agencyID string, tier authz.Tier) string
	// Live are the lines to open desks, on the staff tier; nil for none. Whoever
	// makes them closes them.
	Live *live.Lines
	// Caller names an address for the log, and Answered is told of each answer;
	// nil for neither.
	Caller   func(netip.Addr) string
	Answered func(page.Answered)
	Assets   *assets.Set
	Now      func() time.Time
	Log      *slog.Logger
}

// Public makes the families' pages. Its error is a mistake in the program, such
// as a template that does not parse.
func Public(c Config) (*page.Router, error) {
	site, sessions, err := c.tier(page.Public, family.Source(), apply.Source(), file.Source())
	if err != nil {
		return nil, err
	}
	room := family.Room{Site: site, Letters: c.Letters, Cases: c.Cases, Actor: sessions.Actor, Leave: sessions.Leave}
	own := file.Room{Site: site, Cases: c.Cases, Actor: sessions.Actor}
	sessions.Home, sessions.Nav = family.Home, family.Nav
	sessions.Texts, sessions.Carried = slices.Concat(family.Texts(), file.Texts()), slices.Concat(family.Carried(), file.Carried())
	sessions.Carry = func(w http.ResponseWriter, r *http.Request, form page.Form) error {
		if file.Carries(form) {
			return own.Carry(w, r, form)
		}
		return room.Carry(w, r, form)
	}
	sessions.Notices = c.Notices
	asking := apply.Room{Site: site, Cases: c.Cases, Sessions: sessions}
	return router(site, account.Routes(sessions), family.Routes(room), file.Routes(own), apply.Routes(asking))
}

// Staff makes the workers' pages. Its error is a mistake in the program, such
// as a template that does not parse.
func Staff(c Config) (*page.Router, error) {
	site, sessions, err := c.tier(page.Staff, desk.Source(), casework.Source())
	if err != nil {
		return nil, err
	}
	room := desk.Room{Site: site, Letters: c.Letters, Accounts: c.Accounts, Cases: c.Cases, Actor: sessions.Actor, Address: c.Address}
	if c.Live != nil {
		room.Mark = c.Live.Mark
	}
	sessions.Home, sessions.Nav = "/desk", desk.Nav
	cases := casework.Room{Site: site, Cases: c.Cases, Letters: c.Letters, Accounts: c.Accounts, Agencies: c.Agencies, Actor: sessions.Actor, Address: c.Address}
	sessions.Texts, sessions.Carried, sessions.Pack = slices.Concat(desk.Texts(), casework.Texts()), slices.Concat(desk.Carried(), desk.Several()), casework.Pack
	sessions.Several = desk.Several()
	sessions.Carry = func(w http.ResponseWriter, r *http.Request, form page.Form) error {
		if casework.Carries(form) {
			return cases.Carry(w, r, form)
		}
		return room.Carry(w, r, form)
	}
	tables := [][]page.Route{account.Routes(sessions), desk.Routes(room), casework.Routes(cases)}
	if c.Live != nil {
		tables = append(tables, c.Live.Routes(sessions))
	}
	return router(site, tables...)
}

// tier makes the site of a tier and its Door. Both are complete but for what
// the rooms add.
func (c Config) tier(tier page.Tier, rooms ...page.Source) (*page.Site, *account.Sessions, error) {
	catalogue, err := words.Load()
	if err != nil {
		return nil, nil, fmt.Errorf("load the words: %w", err)
	}
	renderer, err := page.NewRenderer(catalogue, c.Assets, append([]page.Source{account.Source()}, rooms...)...)
	if err != nil {
		return nil, nil, fmt.Errorf("read the pages: %w", err)
	}
	site := &page.Site{Tier: tier, Renderer: renderer, Log: c.Log, Secure: c.Secure, Now: c.Now, Days: c.Agencies.Days()}
	address := func(r *http.Request) netip.Addr { return AddressOf(r, c.Proxies) }
	site.Answered = c.Answered
	if c.Caller != nil {
		site.Caller = func(r *http.Request) string { return c.Caller(address(r)) }
	}
	sessions := &account.Sessions{Site: site, Accounts: c.Accounts, Agencies: c.Agencies, Log: c.Log, Address: address}
	site.Door = sessions
	return site, sessions, nil
}

// router joins the tables of the rooms.
func router(site *page.Site, tables ...[]page.Route) (*page.Router, error) {
	var routes []page.Route
	for _, table := range tables {
		routes = append(routes, table...)
	}
	return page.NewRouter(site, routes)
}
