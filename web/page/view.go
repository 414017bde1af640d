package page

import (
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatepost/web/words"
)

// The functions of this file work out what a partial shows: the ids that tie a
// label, a hint and a fault to their field, and what is chosen. They follow the
// templates of govuk-frontend, against whose fixtures a test compares them.

// labelFor ties a label to its field.
func labelFor(l Label, id string) Label {
	l.For = id
	return l
}

// hintFor gives a hint its id.
func hintFor(h Hint, id, classes string) Hint {
	h.ID = id
	h.Classes = join(classes, h.Classes)
	return h
}

// errorFor gives a fault its id.
func errorFor(e ErrorMessage, id string) ErrorMessage {
	e.ID = id
	return e
}

// describedBy lists the ids that describe a field: what was asked for, its
// hint, its fault, and what comes after.
func describedBy(before, id string, hint *Hint, message *ErrorMessage, after string) string {
	ids := []string{before}
	if hint != nil {
		ids = append(ids, id+"-hint")
	}
	if message != nil {
		ids = append(ids, id+"-error")
	}
	return join(append(ids, after)...)
}

// choiceView is one item of Radios or Checkboxes as it is shown.
type choiceView struct {
	Choice
	Kind, Type         string // "radios", "radio"
	FieldID, FieldName string
	IsChecked          bool
	Opens              bool // something below it is shown when it is chosen
	Described          string
	LabelView          Label
	HintView           *Hint
}

// choices works out the items of Radios or Checkboxes; kind is "radios" or
// "checkboxes". The first item's id has no number, so that the error summary
// can link to it by the name of the field. described is what describes each
// item where no fieldset does.
func choices(kind, prefix, name string, items []Choice, values []string, described string) []choiceView {
	views := make([]choiceView, len(items))
	for i, item := range items {
		v := choiceView{Choice: item, Kind: kind, Type: "radio", FieldID: item.ID, FieldName: first(item.Name, name), Described: described}
		if kind == "checkboxes" {
			v.Type = "checkbox"
		}
		v.Opens = item.Conditional != nil && item.Conditional.HTML != ""
		if v.FieldID == "" {
			v.FieldID = prefix
			if i > 0 {
				v.FieldID += "-" + strconv.Itoa(i+1)
			}
		}
		v.IsChecked = slices.Contains(values, item.Value)
		if item.Checked != nil {
			v.IsChecked = *item.Checked
		}
		if item.Hint != nil && (item.Hint.Text != "" || item.Hint.HTML != "") {
			hint := hintFor(*item.Hint, v.FieldID+"-item-hint", "govuk-"+kind+"__hint")
			v.HintView = &hint
			v.Described = join(v.Described, hint.ID)
		}
		v.LabelView = Label{Text: item.Text, HTML: item.HTML, For: v.FieldID, Classes: "govuk-" + kind + "__label"}
		if item.Label != nil {
			v.LabelView.Classes = join(v.LabelView.Classes, item.Label.Classes)
			v.LabelView.Attributes = item.Label.Attributes
		}
		views[i] = v
	}
	return views
}

// chosen lists the one value of Radios, or none.
func chosen(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Selection tells whether an option of a Select is the selected one.
func (s Select) Selection(o Option) bool {
	if o.Selected != nil {
		return *o.Selected
	}
	value := o.Text
	if o.Value != nil {
		value = *o.Value
	}
	return s.Value != "" && s.Value == value
}

// dateNames lists the names of a date's fields without their prefix.
func dateNames(c DateInput) []string {
	if len(c.Items) == 0 {
		return []string{"day", "month", "year"}
	}
	var names []string
	for _, item := range c.Items {
		names = append(names, item.Name)
	}
	return names
}

// dateItems makes the input fields of a date.
func dateItems(w *words.Words, c DateInput) []Input {
	items := c.Items
	if len(items) == 0 {
		items = []DateItem{{Name: "day"}, {Name: "month"}, {Name: "year"}}
	}
	marked := slices.ContainsFunc(items, inError)
	inputs := make([]Input, len(items))
	for i, item := range items {
		name := item.Name
		if c.NamePrefix != "" {
			name = c.NamePrefix + "-" + item.Name
		}
		classes := ""
		if !strings.Contains(item.Classes, "govuk-input--error") &&
			(inError(item) || item.Error == nil && c.ErrorMessage != nil && !marked) {
			classes = "govuk-input--error"
		}
		if !strings.Contains(item.Classes, "govuk-input--width-") {
			width := "govuk-input--width-2"
			if item.Name == "year" {
				width = "govuk-input--width-4"
			}
			classes = join(classes, width)
		}
		inputs[i] = Input{
			ID: first(item.ID, c.ID+"-"+item.Name), Name: name, Type: "text",
			Label:     Label{Text: first(item.Label, dateLabel(w, item.Name)), Classes: "govuk-date-input__label"},
			Classes:   join("govuk-date-input__input", classes, item.Classes),
			Value:     first(item.Value, c.Values[name]),
			Inputmode: first(item.Inputmode, "numeric"), Autocomplete: item.Autocomplete,
			Pattern: item.Pattern, Attributes: item.Attributes,
		}
	}
	return inputs
}

func inError(i DateItem) bool {
	return i.Error != nil && *i.Error || strings.Contains(i.Classes, "govuk-input--error")
}

// dateLabel is the usual word for a date's field.
func dateLabel(w *words.Words, name string) string {
	switch name {
	case "day":
		return w.T("common.dateDay")
	case "month":
		return w.T("common.dateMonth")
	case "year":
		return w.T("common.dateYear")
	}
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// passwordField is the input of a PasswordInput with the button that shows what
// was typed. The button is hidden until the script that it needs runs.
func passwordField(p PasswordInput, button template.HTML) Input {
	attributes := Attributes{"data-module": "govuk-password-input"}
	for key, text := range map[string]string{
		"show-password": p.ShowPasswordText, "hide-password": p.HidePasswordText,
		"show-password-aria-label": p.ShowPasswordAriaLabelText, "hide-password-aria-label": p.HidePasswordAriaLabelText,
		"password-shown-announcement": p.PasswordShownAnnouncementText, "password-hidden-announcement": p.PasswordHiddenAnnouncementText,
	} {
		if text != "" {
			attributes["data-i18n."+key] = text
		}
	}
	group := FormGroup{Classes: "govuk-password-input", Attributes: attributes, AfterInput: &Content{HTML: button}}
	if p.FormGroup != nil {
		group.Classes = join(group.Classes, p.FormGroup.Classes)
		maps.Copy(attributes, p.FormGroup.Attributes)
		group.BeforeInput = p.FormGroup.BeforeInput
		if after := p.FormGroup.AfterInput; after != nil {
			group.AfterInput.HTML += htmlOf(after)
		}
	}
	no := false
	return Input{
		ID: p.ID, Name: p.Name, Type: "password", Value: p.Value, Disabled: p.Disabled, DescribedBy: p.DescribedBy,
		Label: p.Label, Hint: p.Hint, ErrorMessage: p.ErrorMessage, FormGroup: &group,
		InputWrapper:   &FormGroup{Classes: "govuk-password-input__wrapper"},
		Classes:        join("govuk-password-input__input govuk-js-password-input-input", p.Classes),
		Autocomplete:   first(p.Autocomplete, "current-password"),
		Autocapitalize: "none", Spellcheck: &no, Attributes: p.Attributes,
	}
}

// passwordButton is the button of a PasswordInput.
func passwordButton(w *words.Words, p PasswordInput) Button {
	b := Button{
		Type: "button", Text: first(p.ShowPasswordText, w.T("common.showPassword")),
		Classes: "govuk-button--secondary govuk-password-input__toggle govuk-js-password-input-toggle",
		Attributes: Attributes{
			"aria-controls": first(p.ID, p.Name), "hidden": "",
			"aria-label": first(p.ShowPasswordAriaLabelText, w.T("common.showPasswordLabel")),
		},
	}
	if p.Button != nil {
		b.Classes = join(b.Classes, p.Button.Classes)
	}
	return b
}

// htmlOf is the HTML of a content, made from its text where it has none.
func htmlOf(c *Content) template.HTML {
	if c.HTML != "" {
		return c.HTML
	}
	return template.HTML(template.HTMLEscapeString(c.Text))
}

// countField is the textarea of a CharacterCount. message is the line below it
// that says how much there is room for.
func countField(c CharacterCount, message template.HTML) Textarea {
	id := first(c.ID, c.Name)
	attributes := Attributes{"data-module": "govuk-character-count"}
	for name, n := range map[string]int{"maxlength": c.MaxLength, "maxwords": c.MaxWords, "threshold": c.Threshold} {
		if n != 0 {
			attributes["data-"+name] = strconv.Itoa(n)
		}
	}
	if kind := countType(c); kind != "" {
		attributes["data-count-type"] = kind
	}
	if c.MaxLength == 0 && c.MaxWords == 0 && c.TextareaDescriptionText != "" {
		attributes["data-i18n.textarea-description.other"] = c.TextareaDescriptionText
	}
	for key, forms := range map[string]Plural{
		"characters-under-limit": c.CharactersUnderLimitText, "characters-over-limit": c.CharactersOverLimitText,
		"words-under-limit": c.WordsUnderLimitText, "words-over-limit": c.WordsOverLimitText,
	} {
		for form, text := range forms {
			attributes["data-i18n."+key+"."+form] = text
		}
	}
	if c.CharactersAtLimitText != "" {
		attributes["data-i18n.characters-at-limit"] = c.CharactersAtLimitText
	}
	if c.WordsAtLimitText != "" {
		attributes["data-i18n.words-at-limit"] = c.WordsAtLimitText
	}
	group := FormGroup{Classes: "govuk-character-count", Attributes: attributes, AfterInput: &Content{HTML: message}}
	if c.FormGroup != nil {
		group.Classes = join(group.Classes, c.FormGroup.Classes)
		maps.Copy(attributes, c.FormGroup.Attributes)
		group.BeforeInput = c.FormGroup.BeforeInput
		if after := c.FormGroup.AfterInput; after != nil {
			group.AfterInput.HTML += htmlOf(after)
		}
	}
	return Textarea{
		ID: id, Name: c.Name, DescribedBy: id + "-info", Rows: c.Rows, Spellcheck: c.Spellcheck, Value: c.Value,
		FormGroup: &group, Classes: join("govuk-js-character-count", c.Classes), Label: c.Label,
		Hint: c.Hint, ErrorMessage: c.ErrorMessage, Attributes: c.Attributes,
	}
}

// countType says what a CharacterCount counts, where that is said at all.
func countType(c CharacterCount) string {
	if c.CountType == "" && c.MaxWords != 0 {
		return "words"
	}
	return c.CountType
}

// countMessage is the line that says how much there is room for.
func countMessage(w *words.Words, c CharacterCount) Hint {
	h := Hint{ID: first(c.ID, c.Name) + "-info", Classes: "govuk-character-count__message"}
	if c.CountMessage != nil {
		h.Classes = join(h.Classes, c.CountMessage.Classes)
	}
	limit := c.MaxLength
	if c.MaxWords != 0 {
		limit = c.MaxWords
	}
	if limit == 0 {
		return h
	}
	count := strconv.Itoa(limit)
	switch {
	case c.TextareaDescriptionText != "":
		h.Text = strings.Replace(c.TextareaDescriptionText, "%{count}", count, 1)
	case countType(c) == "words":
		h.Text = w.T("common.wordsAllowed", "Limit", count)
	default:
		h.Text = w.T("common.charactersAllowed", "Limit", count)
	}
	return h
}

// header is the agency's name at the top of every page.
func header(b *Base) GenericHeader {
	return GenericHeader{LogoText: first(b.Agency.Name, b.Words.T("common.service")), Classes: "gp-header"}
}

// navigation is the links under the header, with the button to sign out at their
// end. The item is current on its own page and active on the pages below it.
func navigation(b *Base, signOut template.HTML) ServiceNavigation {
	no := false
	n := ServiceNavigation{
		NavigationLabel: b.Words.T("common.menu"), CollapseNavigationOnMobile: &no,
		Slots: &Slots{NavigationEnd: signOut},
	}
	for _, item := range b.Nav {
		n.Navigation = append(n.Navigation, ServiceNavigationItem{
			Text: b.Words.T(item.Key), Href: item.Href, Current: b.Path == item.Href,
			Active: item.Href != "/" && strings.HasPrefix(b.Path, item.Href+"/"),
		})
	}
	return n
}

// summary is the list of the faults at the top of a page.
func summary(b *Base) ErrorSummary {
	s := ErrorSummary{TitleText: b.Words.T("common.problem")}
	for _, p := range b.Summary {
		item := ErrorItem{Text: p.Text}
		if p.Field != "" {
			item.Href = "#" + p.Field
		}
		s.ErrorList = append(s.ErrorList, item)
	}
	return s
}

// CardTitle is the title that the links of the rows repeat for a screen reader,
// or nil where the list has no card.
func (s SummaryList) CardTitle() *SummaryText {
	if s.Card == nil {
		return nil
	}
	return s.Card.Title
}

// AnyActions tells whether any row has links; the others then leave room.
func (s SummaryList) AnyActions() bool { return slices.ContainsFunc(s.Rows, SummaryRow.HasActions) }

// HasActions tells whether the row has links.
func (r SummaryRow) HasActions() bool { return r.Actions != nil && len(r.Actions.Items) > 0 }

// actionView is a link with the title of the card that it belongs to.
type actionView struct {
	Action
	Title *SummaryText
}

// actionsSet is the links of a row or a card.
type actionsSet struct {
	Items   []actionView
	Classes string
}

// actionsView adds the card's title to its links.
func actionsView(a *Actions, title *SummaryText) actionsSet {
	set := actionsSet{Classes: a.Classes}
	for _, item := range a.Items {
		set.Items = append(set.Items, actionView{Action: item, Title: title})
	}
	return set
}

// Collapses tells whether a script may fold the navigation on a small screen.
func (n ServiceNavigation) Collapses() bool {
	if n.CollapseNavigationOnMobile != nil {
		return *n.CollapseNavigationOnMobile
	}
	return len(n.Navigation) > 1
}

// Block tells whether there are only the links before and after, which are then
// shown one above the other.
func (p Pagination) Block() bool { return len(p.Items) == 0 && (p.Next != nil || p.Previous != nil) }
