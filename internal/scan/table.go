package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/live"
	"gatepost/web/page"
)

// table is the route table of a tier, as the program has it.
type table struct {
	routes []page.Route
	mux    *http.ServeMux
}

// newTable makes the tier's router without anything behind it, to read its table.
func newTable(tier page.Tier) (*table, error) {
	set, err := assets.Load(assets.FS())
	if err != nil {
		return nil, fmt.Errorf("read the page assets: %w", err)
	}
	c := web.Config{Agencies: agency.NewRegistry(), Assets: set, Now: time.Now, Log: slog.New(slog.DiscardHandler), Live: live.New(nil), Address: func(string, authz.Tier) string { return "" }}
	pages := web.Public
	if tier == page.Staff {
		pages = web.Staff
	}
	router, err := pages(c)
	if err != nil {
		return nil, fmt.Errorf("read the route table of the %s tier: %w", tier, err)
	}
	t := &table{routes: router.Routes(), mux: http.NewServeMux()}
	for _, r := range t.routes {
		t.mux.Handle(r.Method+" "+r.Pattern, http.NotFoundHandler())
	}
	return t, nil
}

// pattern gives the line of the table that answers, as the log writes it, or "".
func (t *table) pattern(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		return ""
	}
	_, pattern := t.mux.Handler(r)
	return pattern
}
