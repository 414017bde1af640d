package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox/screening"
)

// ProtectedWord is a value that letters of an exchange may not carry. It never
// prints.
type ProtectedWord struct {
	Kind  screening.Kind `json:"kind"`
	Value string         `json:"value"`
	// Of is the side that it belongs to; "" for neither. It is a side's id and
	// not its place, so that rows which change places move nothing to the other side.
	Of SideID `json:"of,omitempty"`
	// Told: that side told us this itself. Its own writers are shown a hint of it.
	Told bool `json:"told,omitempty"`
	// Elsewhere: it is of a child of another adoption.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// String keeps the words out of logs.
func (ProtectedWord) String() string { return "[sealed]" }

// GoString keeps the words out of logs.
func (ProtectedWord) GoString() string { return "[sealed]" }

// LogValue keeps the words out of logs.
func (ProtectedWord) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// same tells whether two are one word: the same kind, the same side, and the
// same value but for case and spaces.
func (w ProtectedWord) same(o ProtectedWord) bool {
	return w.Kind == o.Kind && w.Of == o.Of && strings.EqualFold(strings.Join(strings.Fields(w.Value), " "), strings.Join(strings.Fields(o.Value), " "))
}

// protectedList is what is sealed as the list of an exchange.
type protectedList struct {
	Words   []ProtectedWord `json:"words"`
	LeftOut []ProtectedWord `json:"leftOut"` // what the records say and workers do not want protected
}

// told is the part of a list that is sealed to a side: what the side itself told us.
func (l protectedList) told(side string) []ProtectedWord {
	words := []ProtectedWord{}
	for _, w := range l.Words {
		if w.Of == SideID(side) && w.Told {
			words = append(words, w)
		}
	}
	return words
}

const (
	// The exchange itself, or the exchange of a letter.
	ofCase           = `(select coalesce((select exchange_id::text from letter where agency_id = agency() and id = $1), $1::text))`
	sqlProtectedList = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = ` + ofCase + ` and o.part = 'list'
		order by o.version desc limit 1`
	sqlProtectedSides  = `select id, book from side where agency_id = agency() and exchange_id = ` + ofCase + ` order by place`
	sqlProtectedPeople = `select m.side_id as of, r.book, r.id, r.epoch, r.name, r.details
		from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join directory r on r.agency_id = m.agency_id and r.id = m.person_id and r.book = s.book
		where s.agency_id = agency() and s.exchange_id = ` + ofCase + ` order by s.place, r.id`
	sqlProtectedChildren = `select e.child_id as of, r.book, r.id, r.epoch, r.name, ''::bytea as details
		from exchange_child e join directory r on r.agency_id = e.agency_id and r.id = e.child_id
		where e.agency_id = agency() and e.exchange_id = ` + ofCase + ` order by r.id, r.book`
	// Other adoptions: where somebody of this exchange is on another one as well, its children under their adoptive
	// names, and the people of its adoptive side. Nothing of a case that is closed to the worker, or of people whom
	// the worker knows, and nobody who is of this exchange too.
	sqlProtectedElsewhere = `with x as (select exchange_id from (select ` + ofCase + ` as exchange_id) i),
			people as (select m.person_id from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
				where s.agency_id = agency() and s.exchange_id = (select exchange_id from x)),
			other as (select distinct t.exchange_id from side_member m join side t on t.agency_id = m.agency_id and t.id = m.side_id
				where m.agency_id = agency() and m.person_id in (select person_id from people) and t.exchange_id <> (select exchange_id from x)
					and not case_closed(t.exchange_id) and not is_party(t.exchange_id))
		select 'child' as of, r.book, r.id, r.epoch, r.name, ''::bytea as details
			from (select distinct c.child_id from exchange_child c where c.agency_id = agency() and c.exchange_id in (select exchange_id from other)
				and c.child_id not in (select child_id from exchange_child where agency_id = agency() and exchange_id = (select exchange_id from x))) c
			join directory r on r.agency_id = agency() and r.id = c.child_id and r.book = 'adoptive'
		union all
		select 'person', r.book, r.id, r.epoch, r.name, r.details
			from (select distinct m.person_id from side t join side_member m on m.agency_id = t.agency_id and m.side_id = t.id
				where t.agency_id = agency() and t.book = 'adoptive' and t.exchange_id in (select exchange_id from other)
					and m.person_id not in (select person_id from people)) a
			join directory r on r.agency_id = agency() and r.id = a.person_id and r.book = 'adoptive'
		order by 3`
	// Whether the worker knows the people of one of those other exchanges.
	sqlKnowsElsewhere = `with x as (select exchange_id from (select ` + ofCase + ` as exchange_id) i)
		select exists (select from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
			join side_member o on o.agency_id = m.agency_id and o.person_id = m.person_id
			join side t on t.agency_id = o.agency_id and t.id = o.side_id
			where s.agency_id = agency() and s.exchange_id = (select exchange_id from x) and t.exchange_id <> s.exchange_id and is_party(t.exchange_id))`
)

type protectedSide struct{ ID, Book string }

// protectedRows is what the protected words of an exchange are made of: the
// stated list, and what the records say now.
type protectedRows struct {
	list      []objectRow
	sides     []protectedSide
	people    []nameRow
	children  []nameRow
	elsewhere []nameRow // "child" and "person" of other adoptions
	// knows: the worker knows the people of another exchange of somebody of this
	// one. A list does not say which other adoption a word is from, so they are
	// shown and screen with none of those.
	knows bool
}

// but is a list as the worker may have it.
func (r *protectedRows) but(list protectedList) protectedList {
	if r.knows {
		elsewhere := func(w ProtectedWord) bool { return w.Elsewhere }
		list.Words, list.LeftOut = slices.DeleteFunc(slices.Clone(list.Words), elsewhere), slices.DeleteFunc(slices.Clone(list.LeftOut), elsewhere)
	}
	return list
}

// queue reads them in the batch of whoever needs them. id is that of the
// exchange, or of one of its letters.
func (r *protectedRows) queue(b *pgx.Batch, id string) {
	queueObjects(b, &r.list, sqlProtectedList, id)
	postgres.Many(b, &r.sides, sqlProtectedSides, id)
	postgres.Many(b, &r.people, sqlProtectedPeople, id)
	postgres.Many(b, &r.children, sqlProtectedChildren, id)
	postgres.Many(b, &r.elsewhere, sqlProtectedElsewhere, id)
	b.Queue(sqlKnowsElsewhere, id).QueryRow(func(row pgx.Row) error { return row.Scan(&r.knows) })
}

// screenOf makes ready what a letter is screened with: the stated list and what
// the records say now, without what workers left out. So an exchange that has no
// list yet is protected too. rows are the letter's case, r what queue read, keys those of the case.
//
// A worker who is connected to another family of the same people screens without
// the words of other adoptions, and one who may not open such a case without its
// records: what they are not to know they are not told by a finding. The page says
// to everybody that a screen can lack words.
//
// Forenames that a letter to this side may carry are no findings: what the recipient's side itself
// calls everybody, how the writer's side signs, and the children's birth names as
// a birth side uses them. A child's new name stays one in a letter to a side that does not use it.
//
// Sealed, after an alarm: the list is not the one that was stated, or a record does
// not open. Nothing is screened then, for findings of half a list would look like all.
func (s *Service) screenOf(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows, r *protectedRows, keys []*age.HybridIdentity) (*screening.Screen, error) {
	return s.screenTo(ctx, ag, actor, rows, r, keys, rows.letter().ToSide, rows.letter().FromSide)
}

// screenTo is the screen of words that one side of a letter reads, and whatever they may hold of the other.
func (s *Service) screenTo(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows, r *protectedRows, keys []*age.HybridIdentity, reader, other string) (*screening.Screen, error) {
	l := rows.letter()
	list, err := s.openList(ctx, ag, r, l.ExchangeID, keys)
	if err != nil {
		return nil, err
	}
	list = r.but(list)
	records, err := s.recordWords(ctx, actor, r)
	if err != nil {
		return nil, err
	}
	to, from := s.openCaseNames(ctx, ag, rows.objects, reader, keys), s.openCaseNames(ctx, ag, rows.objects, other, keys)
	lines := append(slices.Clone(to.Children), to.Other, to.Self, from.Self)
	if slices.Contains(r.sides, protectedSide{other, string(agency.Birth)}) {
		lines = append(lines, from.Children...)
	}
	for _, child := range from.Children {
		records = append(records, sourced{word: ProtectedWord{Kind: screening.Nickname, Value: child}})
	}
	known := wordsOf(lines...)
	var own, others []screening.Entry
	for _, w := range list.with(records) {
		if (w.Kind == screening.Name || w.Kind == screening.Nickname) && within(w.Value, known) {
			continue
		}
		e := screening.Entry{Kind: w.Kind, Value: w.Value}
		switch {
		case slices.Contains(own, e) || slices.Contains(others, e):
		case w.Elsewhere:
			others = append(others, e)
		default:
			own = append(own, e)
		}
	}
	screen, err := screening.Compile(own, others...)
	if err != nil {
		return nil, s.unstated(ctx, ag, l.ExchangeID, err)
	}
	return screen, nil
}

// openList opens the newest stated list of an exchange. None, where none was
// ever stated: of an exchange from before there were lists.
func (s *Service) openList(ctx context.Context, ag *agency.Agency, r *protectedRows, exchange string, keys []*age.HybridIdentity) (list protectedList, err error) {
	if len(r.list) == 0 {
		stated, err := s.index.Stated(ctx, ag.ID, exchange, "list")
		if err == nil && stated {
			err = fmt.Errorf("%w: the list of %s is gone", seal.ErrStale, exchange)
		}
		if err != nil {
			return list, s.unstated(ctx, ag, exchange, err)
		}
		return list, nil
	}
	row := r.list[0]
	if !row.is(exchange, "list") || row.ExchangeID != exchange {
		return list, s.unstated(ctx, ag, exchange, fmt.Errorf("%w: not the list of this exchange", seal.ErrUnsigned))
	}
	content, err := s.open(ctx, ag, row, keys...)
	if err == nil {
		err = json.Unmarshal(content, &list)
	}
	return list, err
}

// with is the list and what the records say besides, without what was left out.
func (l protectedList) with(records []sourced) []ProtectedWord {
	words := slices.Clone(l.Words)
	for _, r := range l.suggested(records) {
		words = append(words, r.word)
	}
	return words
}

// suggested is what the records say, and is neither on the list nor left out.
func (l protectedList) suggested(records []sourced) []sourced {
	var out []sourced
	for _, r := range records {
		has := func(list []ProtectedWord) bool { return slices.ContainsFunc(list, r.word.same) }
		if !has(l.Words) && !has(l.LeftOut) && !slices.ContainsFunc(out, func(o sourced) bool { return o.word.same(r.word) }) {
			out = append(out, r)
		}
	}
	return out
}

// sourced is a word of the records with where it is from: what of whom.
type sourced struct {
	word   ProtectedWord
	source Source
	name   string // whose record
}

// Source says where in the records a word is from. The words for each stand in
// the catalogue as "protected.from.<value>".
type Source string

// The sources of suggestions.
const (
	FromName      Source = "name"
	FromAddress   Source = "address"
	FromPhone     Source = "phone"
	FromBirth     Source = "birth"     // a child's birth name
	FromAdoptive  Source = "adoptive"  // a child's adoptive name
	FromElsewhere Source = "elsewhere" // another adoption of somebody in this exchange
)

// recordWords opens what the directories say now of the people and the children.
func (s *Service) recordWords(ctx context.Context, actor authz.Actor, r *protectedRows) (words []sourced, err error) {
	open := func(row nameRow) (record agency.Record) {
		if err != nil {
			return record
		}
		if len(row.Details) == 0 {
			record.Name, err = agency.OpenName(actor.Keys(), row.RecordRow)
		} else {
			record, err = agency.OpenRecord(actor.Keys(), row.RecordRow)
		}
		if err != nil {
			s.log.ErrorContext(ctx, "ALARM: a directory record does not open", "agency", actor.Agency(), "object", row.ID, "error", err)
			err = fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
		return record
	}
	for _, row := range r.people {
		words = append(words, personWords(SideID(row.Of), open(row))...)
	}
	for _, row := range r.children {
		words = append(words, childWords(r.sides, row.Book, open(row).Name)...)
	}
	for _, row := range r.elsewhere {
		words = append(words, elsewhereWords(row.Of, open(row))...)
	}
	return words, err
}

// personWords is what a record of somebody on a side says of who and where they
// are. A side told us that itself.
func personWords(side SideID, p agency.Record) (words []sourced) {
	add := func(from Source, list []screening.Entry) {
		for _, e := range list {
			words = append(words, sourced{ProtectedWord{Kind: e.Kind, Value: e.Value, Of: side, Told: true}, from, p.Name})
		}
	}
	add(FromName, nameParts(p.Name))
	add(FromAddress, addressParts(p.Address))
	if p.Phone != "" {
		add(FromPhone, []screening.Entry{{Kind: screening.Phone, Value: p.Phone}})
	}
	return words
}

// childWords is a child's name in one book. It is of the side of that book,
// which told it; of neither where both sides are of one book.
func childWords(sides []protectedSide, book, name string) (words []sourced) {
	var of []string
	for _, side := range sides {
		if side.Book == book {
			of = append(of, side.ID)
		}
	}
	from := FromBirth
	if book == string(agency.Adoptive) {
		from = FromAdoptive
	}
	for _, e := range nameParts(name) {
		w := ProtectedWord{Kind: e.Kind, Value: e.Value}
		if len(of) == 1 {
			w.Of, w.Told = SideID(of[0]), true
		}
		words = append(words, sourced{w, from, name})
	}
	return words
}

// elsewhereWords is what of another adoption may not be told: a child's new
// name, and the surname and town of the new family.
func elsewhereWords(what string, p agency.Record) (words []sourced) {
	list := nameParts(p.Name)
	if what == "person" {
		list = slices.DeleteFunc(append(list, addressParts(p.Address)...), func(e screening.Entry) bool {
			return e.Kind != screening.Surname && e.Kind != screening.Town
		})
	}
	for _, e := range list {
		words = append(words, sourced{ProtectedWord{Kind: e.Kind, Value: e.Value, Elsewhere: true}, FromElsewhere, p.Name})
	}
	return words
}

// ofSurname are words that begin a surname of several, and mean nothing alone.
var ofSurname = []string{"ab", "al", "ap", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "la", "le", "mac", "mc", "o", "st", "ten", "van", "von"}

// nameParts takes a name apart into forenames and a surname. One word alone is a
// forename, or after a title a surname.
func nameParts(name string) (list []screening.Entry) {
	var words []string
	title := false
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" \t,.()\"&+/", r) }) {
		switch strings.ToLower(w) {
		case "mr", "mrs", "ms", "miss", "mx", "dr", "rev":
			title = true
		case "sir", "dame", "and":
		default:
			words = append(words, w)
		}
	}
	last := max(len(words)-1, 1)
	if len(words) == 1 && title {
		last = 0
	}
	for i, w := range words {
		if i > 0 && i < last && slices.Contains(ofSurname, strings.ToLower(w)) {
			last = i
		}
	}
	for _, w := range words[:min(last, len(words))] {
		list = appendPart(list, screening.Name, w)
	}
	return appendPart(list, screening.Surname, strings.Join(words[min(last, len(words)):], " "))
}

var (
	postcode   = regexp.MustCompile(`(?i)\b[a-z]{1,2}[0-9][0-9a-z]? ?[0-9][a-z]{2}\b`)
	streetWord = regexp.MustCompile(`(?i)\b(road|rd|street|st|lane|ln|avenue|ave|close|drive|way|court|crescent|terrace|gardens|grove|hill|row|place|mews|walk|view|yard|square|park|rise|green|cottages?|house|flat|farm)$`)
	country    = regexp.MustCompile(`(?i)^(england|wales|cymru|scotland|northern ireland|great britain|united kingdom|uk|gb)$`)
)

// addressParts takes an address apart: the postcode; lines with a number, and
// lines like a street's; and of what remains the first line, if it is not the only one, as the
// name of a house, the others as towns.
func addressParts(address string) (list []screening.Entry) {
	lines := strings.FieldsFunc(address, func(r rune) bool { return r == '\n' || r == ',' || r == ';' })
	for i, line := range lines {
		for _, code := range postcode.FindAllString(line, -1) {
			list = appendPart(list, screening.Postcode, code)
		}
		line = strings.Trim(postcode.ReplaceAllString(line, ""), " \t.-")
		switch {
		case country.MatchString(line):
		case i == 0 && len(lines) > 1 || strings.ContainsAny(line, "0123456789") || streetWord.MatchString(line):
			list = appendPart(list, screening.Address, line)
		default:
			list = appendPart(list, screening.Town, line)
		}
	}
	return list
}

// appendPart adds a part that is long enough to mean somebody or somewhere. One
// that is longer than a screen takes is cut into the words that it is made of.
func appendPart(list []screening.Entry, kind screening.Kind, value string) []screening.Entry {
	value = strings.Join(strings.Fields(value), " ")
	switch {
	case len([]rune(value)) < 2:
	case len(value) <= screening.MaxValue:
		list = append(list, screening.Entry{Kind: kind, Value: value})
	default:
		for _, w := range strings.Fields(value) {
			if len(w) <= screening.MaxValue {
				list = appendPart(list, kind, w)
			}
		}
	}
	return list
}

// wordsOf are the words of some lines, in lower case, as they are without a possessive.
func wordsOf(lines ...string) []string {
	words := strings.FieldsFunc(strings.ToLower(strings.Join(lines, " ")), func(r rune) bool { return strings.ContainsRune(" \t,.()\"&+/", r) })
	for i, w := range words {
		words[i] = strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s")
	}
	return words
}

// within tells whether every word of a value is among some words.
func within(value string, words []string) bool {
	return !slices.ContainsFunc(wordsOf(value), func(w string) bool { return !slices.Contains(words, w) })
}
