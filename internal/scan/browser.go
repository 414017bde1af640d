package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatepost/internal/demo"
)

// person is somebody of the demo whose browser this is.
type person struct {
	key     string
	base    string
	cookies []*http.Cookie
	client  *http.Client
	token   string // the form token of the session
	mu      sync.Mutex
}

// answer is what a browser gets.
type answer struct {
	status   int
	location string
	body     string
}

func (p *person) ask(ctx context.Context, method, path, body string) (answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("ask for a page: %w", err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range p.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	got, err := p.client.Do(r)
	if err != nil {
		return answer{}, fmt.Errorf("ask for a page: %w", err)
	}
	defer got.Body.Close() // all of it was read, or the error is told
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read a page: %w", err)
	}
	for _, c := range got.Cookies() {
		p.cookies = slices.DeleteFunc(p.cookies, func(had *http.Cookie) bool { return had.Name == c.Name })
		if c.MaxAge >= 0 {
			p.cookies = append(p.cookies, c)
		}
	}
	return answer{got.StatusCode, got.Header.Get("Location"), string(text)}, nil
}

// signIn signs somebody in by the form of the page. A worker's code counts once,
// so each signs in once in a run.
func signIn(ctx context.Context, base string, who demo.Person) (*person, error) {
	p := &person{key: who.Key, base: base, client: newClient()}
	a, err := p.ask(ctx, http.MethodGet, "/sign-in", "")
	if err != nil {
		return nil, err
	}
	_, forms := readPage(a.body)
	at := slices.IndexFunc(forms, func(f form) bool { return f.action == "/sign-in" })
	if at < 0 {
		return nil, fmt.Errorf("the page to sign in has no form; it answers %d", a.status)
	}
	f := forms[at]
	code := ""
	if who.TOTP != "" {
		if code, _, err = who.Code(time.Now()); err != nil {
			return nil, fmt.Errorf("make a code for %s: %w", who.Key, err)
		}
	}
	f.set("name", who.Login)
	f.set("passphrase", who.Passphrase)
	f.set("code", code)
	f.fields = slices.DeleteFunc(f.fields, func(one field) bool { return one.name == "remember" })
	if a, err = p.ask(ctx, http.MethodPost, "/sign-in", encode(f.fields)); err != nil {
		return nil, err
	}
	if a.status != http.StatusSeeOther {
		return nil, fmt.Errorf("%s cannot sign in: %d", who.Key, a.status)
	}
	// The page about leaving in a hurry comes once; it marks the browser.
	if _, err := p.ask(ctx, http.MethodGet, a.location, ""); err != nil {
		return nil, err
	}
	return p, p.stillIn(ctx)
}

// stillIn fails where the session has ended.
func (p *person) stillIn(ctx context.Context) error {
	a, err := p.ask(ctx, http.MethodGet, "/account", "")
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("the session of %s has ended: /account answers %d", p.key, a.status)
	}
	return nil
}

// header gives the cookies as a browser sends them.
func (p *person) header() string {
	var list []string
	for _, c := range p.cookies {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

// awakeEvery is well under the quarter of an hour after which a session that
// nobody uses ends.
const awakeEvery = 2 * time.Minute

// keepAwake uses the sessions of a tier now and then, while the scanner works
// with another, until stop is called.
func (s *site) keepAwake(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() {
		tick := time.NewTicker(awakeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				for _, p := range s.people {
					_ = p.stillIn(ctx) // the scan asks once more in the end
				}
			}
		}
	})
	return func() { cancel(); working.Wait() }
}

// awake keeps the sessions of every tier while do works.
func (w *world) awake(ctx context.Context, do func() ([]finding, error)) ([]finding, error) {
	for _, s := range w.sites {
		defer s.keepAwake(ctx)()
	}
	return do()
}
