package page

import "html/template"

// The structs of this file are the options of govuk-frontend's components, by
// the names that its documentation gives them. Text is escaped; HTML is not,
// and only code can make it: a template has no way to turn text into it. Where
// both are set, HTML is shown. Pointers are options that may be left out.

// Attributes are further attributes of an element, by name. Names that a
// browser would run, fetch or style are refused when the page is made.
type Attributes map[string]string

// Content is a piece of text or HTML.
type Content struct {
	Text string
	HTML template.HTML
}

// Button is govuk-button: a button that submits, or a link that looks like one
// where Href is set.
type Button struct {
	Text               string
	HTML               template.HTML
	Type               string // "submit" where empty
	Name, Value, ID    string
	Href               string
	Classes            string
	Attributes         Attributes
	Disabled           bool
	PreventDoubleClick *bool
	IsStartButton      bool
}

// BackLink is govuk-back-link.
type BackLink struct {
	Text       string // "Back" where empty
	HTML       template.HTML
	Href       string
	Classes    string
	Attributes Attributes
}

// ErrorSummary is govuk-error-summary. The layout shows one by itself for
// Base.Summary.
type ErrorSummary struct {
	TitleText        string
	TitleHTML        template.HTML
	DescriptionText  string
	DescriptionHTML  template.HTML
	ErrorList        []ErrorItem
	DisableAutoFocus *bool
	Classes          string
	Attributes       Attributes
}

// ErrorItem is one line of an ErrorSummary.
type ErrorItem struct {
	Href       string
	Text       string
	HTML       template.HTML
	Attributes Attributes
}

// ErrorMessage is govuk-error-message: the fault beside its field.
type ErrorMessage struct {
	Text               string
	HTML               template.HTML
	ID                 string
	VisuallyHiddenText string // "Error" where empty
	Classes            string
	Attributes         Attributes
}

// Label is govuk-label.
type Label struct {
	Text          string
	HTML          template.HTML
	For           string // a field sets its own id here
	IsPageHeading bool
	Classes       string
	Attributes    Attributes
}

// Hint is govuk-hint.
type Hint struct {
	Text       string
	HTML       template.HTML
	ID         string
	Classes    string
	Attributes Attributes
}

// Fieldset is govuk-fieldset. HTML is what it holds.
type Fieldset struct {
	Legend      *Legend
	HTML        template.HTML
	DescribedBy string
	Role        string
	Classes     string
	Attributes  Attributes
}

// Legend is the legend of a Fieldset.
type Legend struct {
	Text          string
	HTML          template.HTML
	IsPageHeading bool
	Classes       string
}

// FormGroup is the element around a field.
type FormGroup struct {
	Classes      string
	Attributes   Attributes
	BeforeInput  *Content
	AfterInput   *Content
	BeforeInputs *Content
	AfterInputs  *Content
}

// Affix is the text joined to the front or the end of an Input.
type Affix struct {
	Text       string
	HTML       template.HTML
	Classes    string
	Attributes Attributes
}

// Input is govuk-input, a field of one line. A one-time code is Type "text",
// Inputmode "numeric", Autocomplete "one-time-code".
type Input struct {
	ID             string // Name where empty
	Name           string
	Type           string // "text" where empty
	Inputmode      string
	Value          string
	Disabled       bool
	DescribedBy    string
	Label          Label
	Hint           *Hint
	ErrorMessage   *ErrorMessage
	Prefix, Suffix *Affix
	FormGroup      *FormGroup
	InputWrapper   *FormGroup
	Classes        string
	Autocomplete   string
	Autocapitalize string
	Pattern        string
	Spellcheck     *bool
	Attributes     Attributes
}

// Textarea is govuk-textarea, a field of several lines.
type Textarea struct {
	ID           string
	Name         string
	Rows         int // 5 where 0
	Value        string
	Disabled     bool
	Spellcheck   *bool
	DescribedBy  string
	Label        Label
	Hint         *Hint
	ErrorMessage *ErrorMessage
	FormGroup    *FormGroup
	Classes      string
	Autocomplete string
	Attributes   Attributes
}

// Plural is a text in the plural forms of its language.
type Plural map[string]string

// CharacterCount is govuk-character-count: a Textarea that says how much room
// is left. Without scripts it says how much there is in all.
type CharacterCount struct {
	ID                       string
	Name                     string
	Rows                     int
	Value                    string
	MaxLength                int
	MaxWords                 int
	CountType                string // "characters" where empty and MaxWords is not set
	Threshold                int
	Spellcheck               *bool
	Label                    Label
	Hint                     *Hint
	ErrorMessage             *ErrorMessage
	FormGroup                *FormGroup
	Classes                  string
	Attributes               Attributes
	CountMessage             *Dress
	TextareaDescriptionText  string // "%{count}" stands for the number
	CharactersUnderLimitText Plural
	CharactersAtLimitText    string
	CharactersOverLimitText  Plural
	WordsUnderLimitText      Plural
	WordsAtLimitText         string
	WordsOverLimitText       Plural
}

// Radios is govuk-radios.
type Radios struct {
	Fieldset     *Fieldset
	Hint         *Hint
	ErrorMessage *ErrorMessage
	FormGroup    *FormGroup
	IDPrefix     string // Name where empty
	Name         string
	Items        []Choice
	Value        string // of the item that is chosen
	Classes      string
	Attributes   Attributes
}

// Checkboxes is govuk-checkboxes. The route names the field in Many.
type Checkboxes struct {
	DescribedBy  string
	Fieldset     *Fieldset
	Hint         *Hint
	ErrorMessage *ErrorMessage
	FormGroup    *FormGroup
	IDPrefix     string
	Name         string
	Items        []Choice
	Values       []string // of the items that are chosen
	Classes      string
	Attributes   Attributes
}

// Choice is one item of Radios or Checkboxes.
type Choice struct {
	Text    string
	HTML    template.HTML
	ID      string
	Name    string // Checkboxes only
	Value   string
	Label   *Dress
	Hint    *Hint
	Divider string // shows this word in place of a choice
	Checked *bool
	// Conditional is HTML shown when the item is chosen. On Checkboxes only: for
	// radios the script sets an attribute that WAI-ARIA does not allow there, so
	// ask on the next page instead.
	Conditional *Content
	Behaviour   string // Checkboxes only: "exclusive"
	Disabled    bool
	Attributes  Attributes
}

// Dress is the classes and attributes of a part that a component makes itself.
type Dress struct {
	Classes    string
	Attributes Attributes
}

// DateInput is govuk-date-input, three fields for day, month and year. A fault
// of the date is a fault of the field of its day, so that the summary's link
// reaches it.
type DateInput struct {
	ID           string
	NamePrefix   string
	Items        []DateItem // day, month and year where empty
	Values       map[string]string
	Fieldset     *Fieldset
	Hint         *Hint
	ErrorMessage *ErrorMessage
	FormGroup    *FormGroup
	Classes      string
	Attributes   Attributes
}

// DateItem is one field of a DateInput.
type DateItem struct {
	ID           string
	Name         string // "day", "month" or "year" for the usual words and widths
	Label        string
	Value        string
	Classes      string
	Inputmode    string // "numeric" where empty
	Autocomplete string
	Pattern      string
	Error        *bool
	Attributes   Attributes
}

// PasswordInput is govuk-password-input, for passphrases only.
type PasswordInput struct {
	ID                             string
	Name                           string
	Value                          string
	Disabled                       bool
	DescribedBy                    string
	Label                          Label
	Hint                           *Hint
	ErrorMessage                   *ErrorMessage
	FormGroup                      *FormGroup
	Classes                        string
	Autocomplete                   string // "current-password" where empty
	Attributes                     Attributes
	ShowPasswordText               string
	HidePasswordText               string
	ShowPasswordAriaLabelText      string
	HidePasswordAriaLabelText      string
	PasswordShownAnnouncementText  string
	PasswordHiddenAnnouncementText string
	Button                         *Dress
}

// Panel is govuk-panel: what was done, or with class "govuk-panel--interruption"
// what to know before going on.
type Panel struct {
	TitleText    string
	TitleHTML    template.HTML
	HeadingLevel int // 1 where 0
	Text         string
	HTML         template.HTML
	Actions      *PanelActions
	Classes      string
	Attributes   Attributes
}

// PanelActions are the buttons and links of an interruption Panel.
type PanelActions struct {
	Items      []PanelAction
	Classes    string
	Attributes Attributes
}

// PanelAction is one of them: a link, or a button with Type "button" or no Href.
type PanelAction struct {
	Text       string
	Href       string
	Type       string
	Classes    string
	Attributes Attributes
}

// SummaryList is govuk-summary-list.
type SummaryList struct {
	Rows       []SummaryRow
	Card       *SummaryCard
	Classes    string
	Attributes Attributes
}

// SummaryRow is one line of a SummaryList.
type SummaryRow struct {
	Key     SummaryText
	Value   SummaryText
	Actions *Actions
	Classes string
}

// SummaryText is a key or a value of a SummaryRow, or a title.
type SummaryText struct {
	Text         string
	HTML         template.HTML
	Classes      string
	HeadingLevel int // of a card's title; 2 where 0
}

// SummaryCard is the frame with a title around a SummaryList.
type SummaryCard struct {
	Title      *SummaryText
	Actions    *Actions
	Classes    string
	Attributes Attributes
}

// Actions are links to change something.
type Actions struct {
	Items   []Action
	Classes string
}

// Action is one of them.
type Action struct {
	Href               string
	Text               string
	HTML               template.HTML
	VisuallyHiddenText string
	Classes            string
	Attributes         Attributes
}

// Tag is govuk-tag.
type Tag struct {
	Text       string
	HTML       template.HTML
	Classes    string
	Attributes Attributes
}

// Table is govuk-table.
type Table struct {
	Caption           string
	CaptionClasses    string
	Head              []Cell
	Rows              [][]Cell
	FirstCellIsHeader bool
	Classes           string
	Attributes        Attributes
}

// Cell is one cell of a Table.
type Cell struct {
	Text       string
	HTML       template.HTML
	Format     string // "numeric"
	Classes    string
	Colspan    int
	Rowspan    int
	Attributes Attributes
}

// InsetText is govuk-inset-text.
type InsetText struct {
	Text       string
	HTML       template.HTML
	ID         string
	Classes    string
	Attributes Attributes
}

// WarningText is govuk-warning-text.
type WarningText struct {
	Text             string
	HTML             template.HTML
	IconFallbackText string // "Warning" where empty
	Classes          string
	Attributes       Attributes
}

// NotificationBanner is govuk-notification-banner. Type "success" tells that
// something was done.
type NotificationBanner struct {
	Text              string
	HTML              template.HTML
	TitleText         string
	TitleHTML         template.HTML
	TitleHeadingLevel int // 2 where 0
	TitleID           string
	Type              string
	Role              string
	DisableAutoFocus  *bool
	Classes           string
	Attributes        Attributes
}

// Details is govuk-details.
type Details struct {
	SummaryText string
	SummaryHTML template.HTML
	Text        string
	HTML        template.HTML
	ID          string
	Open        bool
	Classes     string
	Attributes  Attributes
}

// ExitThisPage is govuk-exit-this-page. The layout shows one by itself where
// Visit.Exit is set.
type ExitThisPage struct {
	Text                  string
	HTML                  template.HTML
	RedirectURL           string // LeavePlace where empty
	ID                    string
	ActivatedText         string
	TimedOutText          string
	PressTwoMoreTimesText string
	PressOneMoreTimeText  string
	Classes               string
	Attributes            Attributes
}

// SkipLink is govuk-skip-link. The layout shows one by itself.
type SkipLink struct {
	Text       string
	HTML       template.HTML
	Href       string // "#content" where empty
	Classes    string
	Attributes Attributes
}

// GenericHeader is govuk-generic-header: the header of those who are not
// GOV.UK. The layout shows one by itself.
type GenericHeader struct {
	LogoText         string
	LogoHTML         template.HTML
	URL              string // "/" where empty
	ContainerClasses string
	Classes          string
	Attributes       Attributes
}

// ServiceNavigation is govuk-service-navigation. The layout shows one by itself.
type ServiceNavigation struct {
	ServiceName                string
	ServiceURL                 string
	Navigation                 []ServiceNavigationItem
	AriaLabel                  string
	MenuButtonText             string
	MenuButtonLabel            string
	NavigationLabel            string
	NavigationID               string
	NavigationClasses          string
	CollapseNavigationOnMobile *bool // true where there are two or more items
	Slots                      *Slots
	Classes                    string
	Attributes                 Attributes
}

// ServiceNavigationItem is one link of a ServiceNavigation.
type ServiceNavigationItem struct {
	Text       string
	HTML       template.HTML
	Href       string
	Active     bool
	Current    bool
	Attributes Attributes
}

// Slots are pieces of HTML put into a ServiceNavigation.
type Slots struct {
	Start, End, NavigationStart, NavigationEnd template.HTML
}

// Pagination is govuk-pagination.
type Pagination struct {
	Items          []PageItem
	Previous, Next *PageLink
	LandmarkLabel  string
	Classes        string
	Attributes     Attributes
}

// PageItem is one number of a Pagination.
type PageItem struct {
	Number             string
	VisuallyHiddenText string
	Href               string
	Current            bool
	Ellipsis           bool
	Attributes         Attributes
}

// PageLink is the link to the page before or after.
type PageLink struct {
	Text       string
	HTML       template.HTML
	LabelText  string
	Href       string
	Attributes Attributes
}

// TaskList is govuk-task-list.
type TaskList struct {
	Items      []Task
	IDPrefix   string // "task-list" where empty
	Classes    string
	Attributes Attributes
}

// Task is one line of a TaskList.
type Task struct {
	Title   SummaryText
	Hint    *Content
	Status  TaskStatus
	Href    string
	Classes string
}

// TaskStatus says how far a Task is.
type TaskStatus struct {
	Tag     *Tag
	Text    string
	HTML    template.HTML
	Classes string
}

// Select is govuk-select. Radios are easier for most people.
type Select struct {
	ID           string
	Name         string
	Items        []Option
	Value        string
	Disabled     bool
	DescribedBy  string
	Label        Label
	Hint         *Hint
	ErrorMessage *ErrorMessage
	FormGroup    *FormGroup
	Classes      string
	Attributes   Attributes
}

// Option is one item of a Select.
type Option struct {
	Value      *string // Text where nil
	Text       string
	Selected   *bool
	Disabled   bool
	Attributes Attributes
}
