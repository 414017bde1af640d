package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"gatepost/web/assets"
	"gatepost/web/words"
)

//go:embed templates partials
var own embed.FS

// Source is the templates of one room: the folder "templates" at the root of
// Files. Room is the first part of the names of its pages.
type Source struct {
	Room  string
	Files fs.FS
}

// Renderer holds every page of a program in every language, parsed. It may be
// used by many goroutines at once.
type Renderer struct {
	catalogue  *words.Catalogue
	assets     *assets.Set
	pages      map[string]map[string]made // by language, then name
	menus      sync.Map                   // template.HTML by what is in them: as many as there are lists of links and places in them
	lastResort []byte
}

// made gives the template set of one page. The set has its own copy of the
// layout, which html/template changes when it is first shown; that is made then
// and kept, since a process shows few of its pages in its first minutes, and the
// copies of all would be most of the time that it takes to start.
type made func() (*template.Template, error)

// NewRenderer parses the pages of this package and of all rooms. It returns an
// error that names the template which does not parse, and makes the page that is
// shown when all else does not work, so that it is known to be there.
func NewRenderer(c *words.Catalogue, a *assets.Set, rooms ...Source) (*Renderer, error) {
	r := &Renderer{catalogue: c, assets: a, pages: map[string]map[string]made{}}
	sources := append([]Source{{Room: "page", Files: own}}, rooms...)
	for _, lang := range c.Langs() {
		base, err := r.layout(c.In(lang))
		if err != nil {
			return nil, err
		}
		r.pages[lang] = map[string]made{}
		for _, source := range sources {
			if err := r.add(lang, base, source); err != nil {
				return nil, fmt.Errorf("read the pages of %s: %w", source.Room, err)
			}
		}
	}
	w := c.In("en")
	last := &refusedPage{Base: Base{Words: w, Title: w.T("fault.internal.heading")}, Text: w.T("fault.internal")}
	last.Heading = last.Title
	body, err := r.HTML("page/refused", last)
	if err != nil {
		return nil, fmt.Errorf("make the last resort page: %w", err)
	}
	r.lastResort = body
	return r, nil
}

// layout parses what all pages of a language share.
func (r *Renderer) layout(w *words.Words) (*template.Template, error) {
	// component needs the template of its own page; add replaces it there.
	base := template.New("base").Option("missingkey=error").Funcs(r.funcs(w)).Funcs(r.componentOf(nil))
	base, err := base.ParseFS(own, "partials/*.html", "templates/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the layout: %w", err)
	}
	for _, part := range base.Templates() {
		settle(part.Tree, w)
	}
	return base, nil
}

// add parses the pages of one room, each in a copy of the layout.
func (r *Renderer) add(lang string, base *template.Template, source Source) error {
	shared, err := base.Clone()
	if err != nil {
		return fmt.Errorf("copy the layout: %w", err)
	}
	parts, err := fs.Glob(source.Files, "templates/parts/*.html")
	if err != nil {
		return fmt.Errorf("list the shared templates: %w", err)
	}
	if len(parts) > 0 {
		if shared, err = shared.ParseFS(source.Files, parts...); err != nil {
			return fmt.Errorf("read the shared templates: %w", err)
		}
		for _, part := range shared.Templates() {
			settle(part.Tree, r.catalogue.In(lang))
		}
	}
	names, err := fs.Glob(source.Files, "templates/*.html")
	if err != nil {
		return fmt.Errorf("list the templates: %w", err)
	}
	funcs := r.funcs(r.catalogue.In(lang))
	for _, file := range names {
		name := source.Room + "/" + strings.TrimSuffix(path.Base(file), ".html")
		text, err := fs.ReadFile(source.Files, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if r.pages[lang][name], err = r.parsePage(shared, name, string(text), funcs, r.catalogue.In(lang)); err != nil {
			return err
		}
	}
	return nil
}

// parsePage parses the text of one page, whose set is the layout with that as
// its content. shared must not be changed afterwards.
func (r *Renderer) parsePage(shared *template.Template, name, text string, funcs template.FuncMap, w *words.Words) (made, error) {
	content, err := template.New(name).Funcs(funcs).Funcs(r.componentOf(nil)).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	settle(content.Tree, w)
	return sync.OnceValues(func() (*template.Template, error) {
		set, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("copy the layout: %w", err)
		}
		set.Funcs(r.componentOf(set))
		for _, t := range content.Templates() {
			if _, err := set.AddParseTree(t.Name(), t.Tree); err != nil {
				return nil, err
			}
		}
		return set.AddParseTree("content", content.Tree)
	}), nil
}

// Names lists every page there is ("family/inbox"), in alphabetical order.
func (r *Renderer) Names() []string { return slices.Sorted(maps.Keys(r.pages["en"])) }

// HTML makes the page name whole, in the language of p's words. It returns an
// error where there is no such page or its template asks for what is not there.
func (r *Renderer) HTML(name string, p Page) ([]byte, error) {
	b := p.base()
	if b.Words == nil {
		b.Words = r.catalogue.In(b.Lang)
	}
	whole, ok := r.pages[b.Words.Lang()][name]
	if !ok {
		return nil, fmt.Errorf("show the page %q: no such page", name)
	}
	set, err := whole()
	if err != nil {
		return nil, fmt.Errorf("show the page %q: %w", name, err)
	}
	// Most pages are of this size: it saves making the page over and over as it grows.
	out := bytes.NewBuffer(make([]byte, 0, 32<<10))
	if err := set.ExecuteTemplate(out, "layout", p); err != nil {
		return nil, fmt.Errorf("show the page %q: %w", name, err)
	}
	return out.Bytes(), nil
}
