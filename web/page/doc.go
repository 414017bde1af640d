// Package page is what all pages of both tiers have in common: the routes, the
// headers, the forms, the layout, the components and the pages for what went
// wrong. The rooms (web/family, web/desk, web/account) stand on it.
//
// # What it promises by construction
//
// A room gives a table of Route to NewRouter and cannot forget what each answer
// needs: the security headers, no-store, the cross-origin check, the form
// token, the limit of the body, the refusal of text that is not UTF-8, and one
// page in plain words for whatever is refused. A handler parses, calls one
// service, and shows one page or redirects; it returns an error for the rest.
//
//	func (h *Room) inbox(w http.ResponseWriter, r *http.Request) error {
//		letters, err := h.letters.Inbox(r.Context(), h.accounts.Actor(r))
//		if err != nil {
//			return err
//		}
//		p := &inboxPage{Base: h.site.Base(r, "family.inbox.title"), Letters: letters}
//		return h.site.Render(w, r, http.StatusOK, "family/inbox", p)
//	}
//
// A page is a struct that embeds Base and has a template of its own. What a
// person typed comes back with the fault beside its field:
//
//	form, err := page.FormOf(r)
//	if err != nil {
//		return err
//	}
//	p := &writePage{Base: h.site.Base(r, "family.write.title")}
//	err = h.letters.Submit(r.Context(), actor, form.Get("text"))
//	if p.Refused(form, err) {
//		return h.site.Render(w, r, http.StatusUnprocessableEntity, "family/write", p)
//	}
//	if err != nil {
//		return err
//	}
//	return page.SeeOther(w, r, "/letters")
//
// # Templates
//
// A room embeds a folder "templates" of its own. The file templates/write.html
// is the page "family/write": what stands inside <main>. The files of
// templates/parts hold {{define}}s that the pages of the room share. In a
// template:
//
//	{{t "family.write.title"}}  {{t "family.count" "Count" 3}}   words of the reader's language
//	{{date .At}} {{day .At}} {{moment .At}} {{month .At}}        dates in words
//	{{template "form-token" $}}                                  in every form that posts
//	{{template "govuk-input" (input "Name" "code" "Label.Text" (t "account.code") | fill $)}}
//	{{template "gp-letter" .Text}}                               a letter to read
//	{{component "govuk-input" (input …)}}                        the same as HTML, to put into another component
//
// A component is a struct of this package (Input, Button…) with the names of
// govuk-frontend's options, and the partial "govuk-…" that shows it. The
// function of its name (input, button, characterCount…) makes the struct from
// pairs of an option and a value; "Label.Text" reaches inside, "Items" takes a
// list. fill puts what was typed and the fault of the field into it.
//
// # Trust
//
// The package guards a person's browser against other sites, other people's
// text and shared machines. It does not know who the person is: the Door that
// the composer gives says that, and the services decide what a person may do.
// It never sees a key. Its log has the route's pattern and never a path, a
// query, a form, an address or a message to a person.
package page
