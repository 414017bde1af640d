package letterbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

func (p *pair) copies(a authz.Actor, side letterbox.SideID) []letterbox.Copy {
	p.t.Helper()
	list, err := p.Families.Copies(p.t.Context(), a, side, time.Time{}, time.Time{})
	must(p.t, err)
	return list
}

// Everything sent and opened, oldest first, over several pages, and each
// reading in the log; what is not opened yet stays closed.
func TestCopies(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	if list := p.copies(p.birth, p.fromSide); len(list) != 0 {
		t.Errorf("before anything there are %d copies", len(list))
	}
	first, second := p.send("The first."), p.send("The second.")
	p.pass(first)
	_, err := p.Families.Open(ctx, p.adoptive, p.came())
	must(t, err)
	p.pass(second)
	if list := p.copies(p.adoptive, p.toSide); len(list) != 1 || string(list[0].Text) != "The first." || list[0].Sent || list[0].Delivery == "" || list[0].Letter != "" {
		t.Errorf("the reader prints %+v", list)
	}
	p.Exec(t, `update letter set submitted_on = submitted_on - 400 where id = $1`, string(first))
	list := p.copies(p.birth, p.fromSide)
	if len(list) != 2 || string(list[0].Text) != "The first." || string(list[1].Text) != "The second." || !list[0].Sent || list[1].Letter != second || list[1].Delivery != "" {
		t.Errorf("the writer prints %+v", list)
	}
	today := p.today()
	list, err = p.Families.Copies(ctx, p.birth, p.fromSide, today, today)
	if err != nil || len(list) != 1 || list[0].Letter != second {
		t.Errorf("of today: %+v, %v", list, err)
	}
	_, err = p.Families.Copies(ctx, p.birth, p.fromSide, today, today.AddDate(0, 0, -1))
	wantKind(t, "days the wrong way round", err, fault.Invalid)
	_, err = p.Families.Copies(ctx, p.birth, p.toSide, time.Time{}, time.Time{})
	wantKind(t, "the other side's", err, fault.NotFound)
	_, err = p.Families.Copies(ctx, p.Worker, p.fromSide, time.Time{}, time.Time{})
	wantKind(t, "a worker", err, fault.Forbidden)
}

func TestCopies_Pages(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.pass(p.send("Came."))
	delivery := p.came()
	_, err := p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	const sent = letterbox.CopiesPage + 3
	for i := range sent {
		draft, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, fmt.Sprintf("Number %d.", i))
		must(t, err)
		_, err = p.Families.Send(ctx, p.adoptive, draft, 1)
		must(t, err)
		p.Exec(t, `update letter set submitted_on = submitted_on - 1`) // another day, and fewer today
	}
	p.Clock.Advance(time.Hour) // a reading in the same hour is in the log already
	before := p.count(`select count(*) from audit_body`)
	list := p.copies(p.adoptive, p.toSide)
	if len(list) != sent+1 {
		t.Fatalf("%d copies, want %d", len(list), sent+1)
	}
	for i := range sent {
		if want := fmt.Sprintf("Number %d.", i); string(list[i].Text) != want {
			t.Fatalf("copy %d is %q, want %q", i, string(list[i].Text), want)
		}
	}
	if string(list[sent].Text) != "Came." || list[sent].Delivery != delivery {
		t.Errorf("the last copy is %+v", list[sent])
	}
	if n := p.count(`select count(*) from audit_body`) - before; n != 1 {
		t.Errorf("%d readings are in the log, want 1", n)
	}
	p.Clock.Advance(time.Hour)
	p.Exec(t, `alter table audit_body add constraint full_disk check (idx < 0) not valid`)
	if list, err := p.Families.Copies(ctx, p.adoptive, p.toSide, time.Time{}, time.Time{}); err == nil || len(list) > 0 {
		t.Errorf("%d copies without a leaf", len(list))
	}
}

// A row that was changed is a notice, and the others are printed.
func TestCopies_ChangedRow(t *testing.T) {
	p := newPair(t)
	first, second := p.send("The first."), p.send("The second.")
	p.Exec(t, `alter table object disable trigger all`)
	p.Exec(t, `update object set sealed = (select sealed from object where id = $2 and part = 'text') where id = $1 and part = 'text'`, string(first), string(second))
	list := p.copies(p.birth, p.fromSide)
	var texts []string
	for _, c := range list {
		if c.Unread != (c.Letter == first) {
			t.Errorf("%+v", c)
		}
		texts = append(texts, string(c.Text))
	}
	if strings.Join(texts, "") != "The second." {
		t.Errorf("printed %q", texts)
	}
}
