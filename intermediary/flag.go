package intermediary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	// Those that are set: the law is asked with them.
	sqlFlagsSet = `select l.id, l.flag, l.first_id, l.first_leaf, coalesce(leaf_body(l.first_leaf), '') as first,
			l.second_id, l.second_leaf, coalesce(leaf_body(l.second_leaf), '') as second
		from law_flag l where l.agency_id = agency() and l.second_id is not null and l.ended_by is null order by l.id`
	sqlFlags = `select l.id, l.flag, l.first_id, l.first_at, l.first_leaf, coalesce(leaf_body(l.first_leaf), '') as first,
			coalesce(l.second_id, '') as second_id, l.second_at, coalesce(l.second_leaf, '') as second_leaf, coalesce(leaf_body(l.second_leaf), '') as second,
			coalesce(l.ended_by, '') as ended_by, l.ended_at,
			coalesce((select 'manager' = any (w.roles) from worker w where w.agency_id = l.agency_id and w.id = l.first_id), false) as manager
		from law_flag l where l.agency_id = agency() order by l.first_at desc, l.id limit 200`
	sqlFlagWork = `select ` + sqlWorkColumns + ` from law_flag l join casework w on w.agency_id = l.agency_id and w.id = l.id
		where l.agency_id = agency() order by w.id, w.part`
	sqlInsertFlag = `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf) values (agency(), @id, @flag, account(), @at, @leaf)`
	sqlFlagSecond = `update law_flag set second_id = account(), second_at = $2, second_leaf = $3 where agency_id = agency() and id = $1 and second_id is null and ended_by is null returning 1`
	sqlFlagEnd    = `update law_flag set ended_by = account(), ended_at = $2, end_leaf = $3 where agency_id = agency() and id = $1 and ended_by is null returning 1`
)

var (
	guardedFlagSecond = postgres.Guarded(sqlFlagSecond)
	guardedFlagEnd    = postgres.Guarded(sqlFlagEnd)
)

// Flag is a policy flag of the agency: whether two people have read the text
// that an open question of the law names, so that two people can sign the rows
// which wait for it.
type Flag struct {
	Question string // of law.OpenQuestions: OQ1, OQ9
	Rows     []law.Row
	Now      *FlagSetting  // the one that has not ended; nil for none
	Before   []FlagSetting // those that a manager has ended, the newest first
}

// FlagSetting is one time that a flag was set, or half of it.
type FlagSetting struct {
	ID     string // lf…
	Set    bool   // both have signed, and nobody has ended it
	First  Reading
	Second *Reading // nil: nobody else has read it yet
	Ended  *Reading // nil: it has not ended
	// Manager: the first is one, so that any colleague may be the second.
	Manager bool
	Unread  bool // the row is not what was signed: it counts for nothing, and the operator was told
}

// Reading is one person's word that they have read a text; of an end, why.
type Reading struct {
	By     string // the worker's id
	ByName string // "" where the directory does not open
	At     time.Time
	Text   string // what they read, and as of when
	Why    string
	Unread bool // the words do not open for this session
}

// NewReading is what somebody says who has read the text of an open question.
type NewReading struct {
	Text string // which text, and as of when
	Why  string // what it says, and why the rows may be signed
}

// readingText is what each of the two seals, and who ends it.
type readingText struct {
	Flag string `json:"flag"`
	Text string `json:"text,omitempty"`
	Why  string `json:"why"`
}

// flagQuestions are the open questions that have a flag, in the law's order.
func flagQuestions() []string { return []string{"OQ1", "OQ9"} }

// flagPart is the part under which a word about a flag is stated. It names the
// flag, so that a changed row does not make one flag of another.
func flagPart(flag, half string) string {
	switch flag {
	case "OQ1":
		return "oqone" + half
	case "OQ9":
		return "oqnine" + half
	}
	return ""
}

// flagRow is a setting as the database has it.
type flagRow struct {
	ID         string
	Flag       string
	FirstID    string
	FirstAt    time.Time
	FirstLeaf  []byte
	First      []byte
	SecondID   string
	SecondAt   *time.Time
	SecondLeaf []byte
	Second     []byte
	EndedBy    string
	EndedAt    *time.Time
	Manager    bool
}

func (r flagRow) standing() standingFlag {
	return standingFlag{gateFlag: gateFlag{r.ID, r.Flag}, FirstID: r.FirstID, FirstLeaf: r.FirstLeaf, First: r.First,
		SecondID: r.SecondID, SecondLeaf: r.SecondLeaf, Second: r.Second}
}

// flagRows are every setting of the agency, with the words that were sealed to
// the key of the intake: what somebody read of the law is about no case.
type flagRows struct {
	flags   []flagRow
	work    []workRow
	workers []agency.RecordRow
	nodes   []agency.NodeRow
}

func (s *Service) loadFlags(ctx context.Context, actor authz.Actor) (*flagRows, error) {
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &flagRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &r.flags, sqlFlags)
		postgres.Many(b, &r.work, sqlFlagWork)
		postgres.Many(b, &r.workers, sqlRecordWorkers)
		postgres.Many(b, &r.nodes, sqlIntakeNodes)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the flags: %w", err))
	}
	return r, nil
}

// find gives a setting. NotFound for none.
func (r *flagRows) find(id string) (flagRow, error) {
	i := slices.IndexFunc(r.flags, func(f flagRow) bool { return f.ID == id })
	if i < 0 {
		return flagRow{}, notFound()
	}
	return r.flags[i], nil
}

// Flags lists the policy flags with who has read what. It is about no case, and
// is written down nowhere. ReadLaw.
func (s *Service) Flags(ctx context.Context, actor authz.Actor) ([]Flag, error) {
	ag, err := s.begin(ctx, actor, authz.ReadLaw, "flags")
	if err != nil {
		return nil, err
	}
	rows, err := s.loadFlags(ctx, actor)
	if err != nil {
		return nil, err
	}
	keys := (&sentRows{nodes: rows.nodes}).keys(actor)
	var list []Flag
	for _, question := range flagQuestions() {
		f := Flag{Question: question}
		for _, row := range law.Proceed().Rows() {
			if law.FlagOf(row.ID) == question {
				f.Rows = append(f.Rows, row)
			}
		}
		for _, r := range rows.flags {
			if r.Flag != question {
				continue
			}
			setting, err := s.flagSetting(ctx, ag, actor, rows, r, keys)
			switch {
			case err != nil:
				return nil, err
			case setting.Ended == nil:
				f.Now = &setting
			default:
				f.Before = append(f.Before, setting)
			}
		}
		list = append(list, f)
	}
	return list, nil
}

// flagSetting is a setting with its words, held to what was signed.
func (s *Service) flagSetting(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *flagRows, r flagRow, keys []*age.HybridIdentity) (FlagSetting, error) {
	f := FlagSetting{ID: r.ID, Manager: r.Manager}
	of := func(half, by string, at time.Time) (Reading, error) {
		one := Reading{By: by, ByName: nameOfWorker(actor, rows.workers, by), At: at}
		err := s.flagWords(ctx, ag, rows, r, half, keys, &one)
		return one, err
	}
	var err error
	if f.First, err = of("first", r.FirstID, r.FirstAt); err != nil {
		return f, err
	}
	if r.SecondAt != nil {
		second, err := of("second", r.SecondID, *r.SecondAt)
		if err != nil {
			return f, err
		}
		f.Second = &second
	}
	if r.EndedAt != nil {
		end, err := of("end", r.EndedBy, *r.EndedAt)
		f.Ended = &end
		return f, err
	}
	if err := s.flagStated(ctx, ag, r.standing()); err != nil {
		f.Unread = true
		return f, s.told(ctx, ag, r.ID, err)
	}
	f.Set = f.Second != nil
	return f, nil
}

// flagWords opens what somebody said. The flag counts or not by the statements
// alone: words that this session holds no key of are left out.
func (s *Service) flagWords(ctx context.Context, ag *agency.Agency, rows *flagRows, r flagRow, half string, keys []*age.HybridIdentity, into *Reading) error {
	i := slices.IndexFunc(rows.work, func(w workRow) bool { return w.ID == r.ID && w.Part == flagPart(r.Flag, half) })
	if i < 0 {
		into.Unread = true
		return s.told(ctx, ag, r.ID, errRow)
	}
	var text readingText
	content, _, err := s.tryOpen(ctx, ag, rows.work[i], keys)
	if err == nil {
		err = parse(content, &text)
	}
	if err == nil && text.Flag != r.Flag {
		err = errRow
	}
	if err != nil {
		into.Unread = true
		if errors.Is(err, seal.ErrKey) {
			return nil
		}
		return s.told(ctx, ag, r.ID, err)
	}
	into.Text, into.Why = text.Text, text.Why
	return nil
}

// flagStated holds a setting to its two statements: each worker's own, about
// this flag, and none of the log that ended it. The second one may be to come.
func (s *Service) flagStated(ctx context.Context, ag *agency.Agency, f standingFlag) error {
	if f.FirstID == f.SecondID {
		return errRow
	}
	err := s.flagWord(ctx, ag, f, "first", f.FirstID, f.FirstLeaf, f.First)
	if err == nil && f.SecondID != "" {
		err = s.flagWord(ctx, ag, f, "second", f.SecondID, f.SecondLeaf, f.Second)
	}
	if err != nil {
		return err
	}
	_, ended, err := s.index.Latest(ctx, ag.ID, f.ID, flagPart(f.Flag, "end"))
	if err == nil && ended {
		return errTaken
	}
	return err
}

func (s *Service) flagWord(ctx context.Context, ag *agency.Agency, f standingFlag, half, by string, leaf, body []byte) error {
	if is := statement.Leaf(body); !bytes.Equal(is[:], leaf) {
		return errRow
	}
	st, err := ag.Verify(ctx, s.db, body)
	if err != nil {
		return err
	}
	if st.Event != statement.EventCasework || st.Object != f.ID || st.Part != flagPart(f.Flag, half) || st.Exchange != string(ring.Intake) ||
		st.From != "worker/"+by || !slices.Equal(st.Signers(), []string{statement.WorkerKeyName(ag.ID, by)}) {
		return errRow
	}
	return nil
}

// doubtFlags holds each flag that is set to what its two people signed.
func (s *Service) doubtFlags(ctx context.Context, b *belief, r *factReader) error {
	for _, f := range b.flags {
		err := s.flagStated(ctx, r.ag, f)
		if err == nil {
			continue
		}
		if b.doubted.flags == nil {
			b.doubted.flags = map[string]bool{}
		}
		b.doubted.flags[f.ID] = true
		if err := s.told(ctx, r.ag, f.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// checkReading cleans what somebody says who has read a text.
func checkReading(n NewReading) (NewReading, error) {
	text, textErr := prose.Line("text", n.Text)
	if textErr == nil && prose.Blank(text) {
		textErr = fault.Field("text", "fault.flag.text")
	}
	why, whyErr := reasons(n.Why)
	return NewReading{Text: text, Why: why}, errors.Join(textErr, whyErr)
}

// SetFlag says, as the first of two, that the actor has read the text that an
// open question names. Nothing is open before another person has said the same
// (ConfirmFlag). It gives the setting's id.
//
// Invalid on "text" or "why". NotFound: no such flag. Conflict: somebody has
// begun already.
func (s *Service) SetFlag(ctx context.Context, actor authz.Actor, flag string, n NewReading) (string, error) {
	ag, err := s.begin(ctx, actor, authz.ReadLaw, flag)
	if err != nil {
		return "", err
	}
	if !slices.Contains(flagQuestions(), flag) {
		return "", notFound()
	}
	if n, err = checkReading(n); err != nil {
		return "", err
	}
	id := agency.NewID("lf")
	a, leaf, err := s.sealReading(ctx, ag, actor, id, flag, "first", n)
	if err != nil {
		return "", err
	}
	a.write(sqlInsertFlag, pgx.StrictNamedArgs{"id": id, "flag": flag, "at": a.moment, "leaf": leaf[:]})
	return id, a.commit(ctx, "setFlag", held{})
}

// sealReading seals and states one word about a flag, in an act that is to be
// committed.
func (s *Service) sealReading(ctx context.Context, ag *agency.Agency, actor authz.Actor, id, flag, half string, n NewReading) (a *acting, leaf [32]byte, err error) {
	node, err := s.intakeNode(ctx, ag, scope(actor))
	if err == nil {
		err = s.newestKeys(ctx, ag, node)
	}
	if err != nil {
		return nil, leaf, err
	}
	if a, err = s.acts(ag, actor); err != nil {
		return nil, leaf, err
	}
	leaf, err = a.seal(folder{of: string(ring.Intake), node: node}, paper{id: id, part: flagPart(flag, half), version: 1, kind: seal.KindDecision},
		readingText{Flag: flag, Text: n.Text, Why: n.Why})
	return a, leaf, err
}

// ConfirmFlag is the second person's word, who has read the text as well. From
// then on two people can sign the rows that need the flag. One of the two is a
// manager.
//
// Invalid on "text" or "why". Forbidden: the actor was the first, or neither of
// the two is a manager. Conflict: somebody was second, or it has ended.
func (s *Service) ConfirmFlag(ctx context.Context, actor authz.Actor, id string, n NewReading) error {
	ag, err := s.begin(ctx, actor, authz.ReadLaw, id)
	if err != nil {
		return err
	}
	if n, err = checkReading(n); err != nil {
		return err
	}
	row, err := s.flag(ctx, actor, id)
	switch {
	case err != nil:
		return err
	case row.SecondID != "" || row.EndedBy != "":
		return fault.New(fault.Conflict, "fault.conflict")
	case row.FirstID == actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	case !row.Manager && !actor.Has(authz.Manager):
		return fault.New(fault.Forbidden, "fault.casework.signManager")
	}
	if err := s.flagStated(ctx, ag, row.standing()); err != nil {
		return s.unstated(ctx, ag, id, err)
	}
	a, leaf, err := s.sealReading(ctx, ag, actor, id, row.Flag, "second", n)
	if err != nil {
		return err
	}
	a.write(guardedFlagSecond, id, a.moment, leaf[:])
	return a.commit(ctx, "confirmFlag", held{})
}

// EndFlag ends a flag at once, or what one person has begun, by one manager with
// reasons. What was signed under it counts no more, not even after it is set
// anew; an approach or a disclosure that is just being made comes before it or
// is refused.
//
// Invalid on "why". NotFound: no such setting. Conflict: it has ended.
func (s *Service) EndFlag(ctx context.Context, actor authz.Actor, id, why string) error {
	ag, err := s.begin(ctx, actor, authz.EndFlag, id)
	if err != nil {
		return err
	}
	if why, err = reasons(why); err != nil {
		return err
	}
	row, err := s.flag(ctx, actor, id)
	switch {
	case err != nil:
		return err
	case row.EndedBy != "":
		return fault.New(fault.Conflict, "fault.conflict")
	}
	a, leaf, err := s.sealReading(ctx, ag, actor, id, row.Flag, "end", NewReading{Why: why})
	if err != nil {
		return err
	}
	a.write(guardedFlagEnd, id, a.moment, leaf[:])
	return a.commit(ctx, "endFlag", held{})
}

// flag loads one setting.
func (s *Service) flag(ctx context.Context, actor authz.Actor, id string) (flagRow, error) {
	if !agency.ValidID("lf", id) {
		return flagRow{}, notFound()
	}
	rows, err := s.loadFlags(ctx, actor)
	if err != nil {
		return flagRow{}, err
	}
	return rows.find(id)
}
