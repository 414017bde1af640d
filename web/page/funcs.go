package page

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatepost/web/words"
)

// funcs are the functions of the templates in one language.
func (r *Renderer) funcs(w *words.Words) template.FuncMap {
	m := template.FuncMap{
		"t": w.Text, "date": w.Date, "day": w.Day, "moment": w.Moment, "month": w.Month, "lang": w.Lang,
		"asset": r.assets.URL,
		"attrs": attrs, "plural": plural, "optional": optional, "heading": heading,
		"paragraphs": paragraphs, "fill": fill, "describedBy": describedBy, "join": join,
		"labelFor": labelFor, "hintFor": hintFor, "errorFor": errorFor, "first": first,
		"choices": choices, "chosen": chosen, "contains": strings.Contains, "inc": func(i int) int { return i + 1 },
		"dateItems":      func(c DateInput) []Input { return dateItems(w, c) },
		"passwordField":  passwordField,
		"passwordButton": func(p PasswordInput) Button { return passwordButton(w, p) },
		"countField":     countField,
		"countMessage":   func(c CharacterCount) Hint { return countMessage(w, c) },
		"header":         func(p Page) GenericHeader { return header(p.base()) },
		"summary":        func(p Page) ErrorSummary { return summary(p.base()) },
		"actionsView":    actionsView,
		"tel":            tel,
	}
	maps.Copy(m, constructors())
	return m
}

// constructors are the functions that make a component from pairs.
func constructors() template.FuncMap {
	return template.FuncMap{
		"button": build[Button], "backLink": build[BackLink], "errorSummary": build[ErrorSummary],
		"errorMessage": build[ErrorMessage], "label": build[Label], "hint": build[Hint],
		"fieldset": build[Fieldset], "legend": build[Legend], "input": build[Input],
		"textarea": build[Textarea], "characterCount": build[CharacterCount],
		"radios": build[Radios], "checkboxes": build[Checkboxes], "choice": build[Choice],
		"dateInput": build[DateInput], "dateItem": build[DateItem], "passwordInput": build[PasswordInput],
		"panel": build[Panel], "panelAction": build[PanelAction], "summaryList": build[SummaryList],
		"summaryRow": build[SummaryRow], "action": build[Action], "tag": build[Tag],
		"table": build[Table], "cell": build[Cell], "insetText": build[InsetText],
		"warningText": build[WarningText], "notificationBanner": build[NotificationBanner],
		"details": build[Details], "exitThisPage": build[ExitThisPage], "skipLink": build[SkipLink],
		"genericHeader": build[GenericHeader], "serviceNavigation": build[ServiceNavigation],
		"pagination": build[Pagination], "pageItem": build[PageItem], "taskList": build[TaskList],
		"task": build[Task], "select": build[Select], "option": build[Option],
		"list": func(items ...any) []any { return items },
		"attributes": func(pairs ...string) (Attributes, error) {
			if len(pairs)%2 != 0 {
				return nil, errPairs
			}
			a := Attributes{}
			for i := 0; i < len(pairs); i += 2 {
				a[pairs[i]] = pairs[i+1]
			}
			return a, nil
		},
	}
}

var errPairs = errors.New("options are not pairs of a name and a value")

// componentOf is the functions that show a component as HTML inside the page
// whose set it is: any, and the menu of the layout.
func (r *Renderer) componentOf(set *template.Template) template.FuncMap {
	component := func(name string, options any) (template.HTML, error) {
		var b bytes.Buffer
		if err := set.ExecuteTemplate(&b, name, options); err != nil {
			return "", fmt.Errorf("show the component %s: %w", name, err)
		}
		return template.HTML(b.String()), nil
	}
	return template.FuncMap{"component": component, "menu": func(p Page, signOut template.HTML) (template.HTML, error) {
		return r.menu(p.base(), signOut, component)
	}}
}

// menuEnd stands where the button to sign out comes in a menu that is kept.
const menuEnd template.HTML = "\x00"

// menu is the links under the header with the button to sign out at their end. On
// a page of a worker it is half of what the template costs and the same for all
// who have the same links, so it is made once for each such list and place in it;
// the button, whose token is the session's, is put in anew each time.
func (r *Renderer) menu(b *Base, signOut template.HTML, component func(string, any) (template.HTML, error)) (template.HTML, error) {
	if signOut == "" {
		return component("govuk-service-navigation", navigation(b, ""))
	}
	n := navigation(b, menuEnd)
	key := b.Words.Lang()
	for _, item := range n.Navigation {
		key += "\x00" + item.Text + "\x00" + item.Href
		switch {
		case item.Current:
			key += "\x00current"
		case item.Active:
			key += "\x00active"
		}
	}
	kept, ok := r.menus.Load(key)
	if !ok {
		made, err := component("govuk-service-navigation", n)
		if err != nil {
			return "", err
		}
		kept, _ = r.menus.LoadOrStore(key, made)
	}
	before, after, _ := strings.Cut(string(kept.(template.HTML)), string(menuEnd))
	return template.HTML(before) + signOut + template.HTML(after), nil
}

// build makes a component from pairs of an option and its value. A dotted
// option reaches into a nested one and makes it where it is nil.
func build[T any](pairs ...any) (T, error) {
	var c T
	if len(pairs)%2 != 0 {
		return c, errPairs
	}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return c, errPairs
		}
		if err := set(reflect.ValueOf(&c).Elem(), strings.Split(name, "."), pairs[i+1]); err != nil {
			return c, fmt.Errorf("set %s of %T: %w", name, c, err)
		}
	}
	return c, nil
}

// set puts value at the path into the struct v.
func set(v reflect.Value, path []string, value any) error {
	for _, name := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return errors.New("there is nothing inside")
		}
		if v = v.FieldByName(name); !v.IsValid() {
			return errors.New("there is no such option")
		}
	}
	return assign(v, reflect.ValueOf(value))
}

// assign puts x into v where the types allow it: also a value where a pointer
// is wanted, and a list item by item. It never turns text into HTML.
func assign(v, x reflect.Value) error {
	if !x.IsValid() {
		return nil // nil leaves the option out
	}
	if x.Type().AssignableTo(v.Type()) {
		v.Set(x)
		return nil
	}
	if v.Kind() == reflect.Pointer && x.Type().AssignableTo(v.Type().Elem()) {
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(x)
		v.Set(p)
		return nil
	}
	if v.Kind() == reflect.Slice && x.Kind() == reflect.Slice {
		list := reflect.MakeSlice(v.Type(), x.Len(), x.Len())
		for i := range x.Len() {
			item := x.Index(i)
			if item.Kind() == reflect.Interface {
				item = item.Elem()
			}
			if err := assign(list.Index(i), item); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
		}
		v.Set(list)
		return nil
	}
	return fmt.Errorf("a %s is no %s", x.Type(), v.Type())
}

// fill puts what was typed and the fault of the field into a component. It
// shows the fault, and the value only where something was typed, so that a
// page can give a first value of its own. A passphrase is never shown again.
func fill(p Page, component any) (any, error) {
	b := p.base()
	switch c := component.(type) {
	case Input:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		c.Value = b.typed(c.Name, c.Value)
		return c, nil
	case Textarea:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		c.Value = b.typed(c.Name, c.Value)
		return c, nil
	case CharacterCount:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		c.Value = b.typed(c.Name, c.Value)
		return c, nil
	case PasswordInput:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		return c, nil
	case Select:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		c.Value = b.typed(c.Name, c.Value)
		return c, nil
	case Radios:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		c.Value = b.typed(c.Name, c.Value)
		return c, nil
	case Checkboxes:
		c.ErrorMessage = b.message(c.Name, c.ErrorMessage)
		if len(b.Form.fields) > 0 {
			c.Values = b.Form.All(c.Name)
		}
		return c, nil
	case DateInput:
		return fillDate(b, c), nil
	}
	return nil, fmt.Errorf("fill: a %T takes nothing that is typed", component)
}

// fillDate does the same for the three fields of a date.
func fillDate(b *Base, c DateInput) DateInput {
	values := maps.Clone(c.Values)
	if values == nil {
		values = map[string]string{}
	}
	for _, item := range dateNames(c) {
		name := item
		if c.NamePrefix != "" {
			name = c.NamePrefix + "-" + item
		}
		c.ErrorMessage = b.message(name, c.ErrorMessage)
		values[name] = b.typed(name, values[name])
	}
	c.Values = values
	return c
}

// typed is what was typed into the field name, or value.
func (b *Base) typed(name, value string) string {
	if b.Form.Has(name) {
		return b.Form.Get(name)
	}
	return value
}

// message is the fault of the field name, or message.
func (b *Base) message(name string, message *ErrorMessage) *ErrorMessage {
	if text := b.problem(name); text != "" {
		return &ErrorMessage{Text: text}
	}
	return message
}

var attributeName = regexp.MustCompile(`^[a-z][a-zA-Z0-9:._-]*$`)

// attrs writes attributes, in alphabetical order. The value is escaped; a name
// that a browser would run, fetch or style by is refused, since its value would
// need more care than escaping.
func attrs(a Attributes) (template.HTMLAttr, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a)) {
		lower := strings.ToLower(name)
		if !attributeName.MatchString(name) || strings.HasPrefix(lower, "on") || slices.Contains(
			[]string{"style", "src", "srcset", "srcdoc", "href", "action", "formaction", "data", "ping"}, lower) {
			return "", fmt.Errorf("write the attribute %q: not allowed", name)
		}
		fmt.Fprintf(&b, ` %s="%s"`, name, template.HTMLEscapeString(a[name]))
	}
	return template.HTMLAttr(b.String()), nil
}

// plural writes the texts that a script of govuk-frontend shows, one attribute
// for each plural form.
func plural(key string, forms Plural) (template.HTMLAttr, error) {
	a := Attributes{}
	for form, text := range forms {
		a["data-i18n."+key+"."+form] = text
	}
	return attrs(a)
}

// optional writes one attribute unless its value is empty, zero or nil.
func optional(name string, value any) (template.HTMLAttr, error) {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		return attrs(Attributes{name: fmt.Sprint(v.Elem().Interface())})
	}
	if !v.IsValid() || v.IsZero() {
		return "", nil
	}
	return attrs(Attributes{name: fmt.Sprint(value)})
}

// heading writes a heading of the level given, or of level usual where it is 0:
// html/template does not let a template choose the name of an element.
func heading(level, usual int, class, id, text string, html template.HTML) (template.HTML, error) {
	if level == 0 {
		level = usual
	}
	if level < 1 || level > 6 {
		return "", fmt.Errorf("write a heading of level %d: there is none", level)
	}
	inner := string(html)
	if inner == "" {
		inner = template.HTMLEscapeString(text)
	}
	name := "h" + strconv.Itoa(level)
	marks := ""
	if id != "" {
		marks = ` id="` + template.HTMLEscapeString(id) + `"`
	}
	return template.HTML(`<` + name + ` class="` + template.HTMLEscapeString(class) + `"` + marks + `>` + inner + `</` + name + `>`), nil
}

// paragraphs splits a letter at its empty lines, and each paragraph into lines.
func paragraphs(text string) [][]string {
	var all [][]string
	var current []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			if len(current) > 0 {
				all = append(all, current)
				current = nil
			}
			continue
		}
		current = append(current, line)
	}
	if len(current) > 0 {
		all = append(all, current)
	}
	return all
}

// tel is the address that dials a telephone number. Only digits and a leading
// plus are taken over.
func tel(number string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	return template.URL("tel:" + digits)
}

// first is the first of texts that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// join puts classes or ids together.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
