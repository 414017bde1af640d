package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/notice"
	"gatepost/letterbox"
)

// story is what happens to one letter, or apart from letters, after the script:
// together they leave something at every state.
type story struct {
	what string
	tell func(*seeding, context.Context) error
}

// stories, in their order: later ones stand on what earlier ones left.
func stories() []story {
	return []story{
		{"two people want a mail when something waits", wantMail},
		{"news of a baby waits until somebody has rung", onHold},
		{"a letter that worries is with the safeguarding lead", withTheLead},
		{"an angry letter is refused", refused},
		{"a present with a secret is refused, and another worker is asked", askedAgain},
		{"what a child wants to read one day is kept on file", keptOnFile},
		{"a letter is taken back by its writer", withdrawn},
		{"a letter is called back before it was opened", recalled},
		{"a letter is kept for another day", keptForLater},
		{"a letter cannot be delivered", undeliverable},
		{"a letter is not shown yet", delayed},
		{"a letter is stopped on its way, and may go on again", stopped},
		{"an exchange rests", resting},
		{"a letter could go without one part, and waits for its writer", couldGoWithout},
		{"a court has said that there may be contact", permitted},
		{"a letter came on paper", margaretOnPaper},
		{"another came on paper, and its writer should have heard", markOnPaper},
		{"a third came on paper, and waits long", joanneOnPaper},
		{"a letter waits for the home of a child who is nearly eighteen", nearlyEighteen},
		{"two people told the agency something, and one has an answer", told},
		{"a worker knows a family", connected},
		{"somebody lost their passphrase", lostPassphrase},
	}
}

func (s *seeding) tellStories(ctx context.Context) error {
	for _, one := range stories() {
		if err := one.tell(s, ctx); err != nil {
			return fmt.Errorf("%s: %w", one.what, err)
		}
	}
	return nil
}

// sent sends one more letter of an exchange.
func (s *seeding) sent(ctx context.Context, exchange, author, file string) (letterbox.LetterID, error) {
	text, err := letters.ReadFile("letters/" + file + ".txt")
	if err != nil {
		return "", err
	}
	return s.send(ctx, step{exchange: exchange, author: author, file: file, ends: received}, strings.TrimSpace(string(text)))
}

// decided sends a letter and has a worker claim it, read it and decide.
func (s *seeding) decided(ctx context.Context, exchange, author, file, worker string,
	decide func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error) (letterbox.LetterID, error) {
	id, err := s.sent(ctx, exchange, author, file)
	if err != nil {
		return "", err
	}
	a, err := s.actor(ctx, worker)
	if err != nil {
		return "", err
	}
	desk := s.staff.Letters
	if err := desk.Claim(ctx, a, id); err != nil {
		return "", err
	}
	if _, err := desk.Read(ctx, a, id); err != nil {
		return "", err
	}
	return id, decide(desk, a, id)
}

func passOn(ctx context.Context) func(*letterbox.Service, authz.Actor, letterbox.LetterID) error {
	return func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.Pass(ctx, a, id, "")
	}
}

// What workers say in these stories, to writers and to colleagues.
const (
	noteBaby      = "Ring Rachel first: Lily and Noah should hear of the baby from them, before the letter."
	concernDean   = "Dean writes that it would be easier if he was not around. I rang him at once, and he did not answer."
	wordsJoanne   = "Joanne, we can see how much it hurts. This letter would frighten Mia if she read it one day. Please ring us; we would like to help you to write the next one."
	wordsMargaret = "Margaret, we cannot pass on money, and we must not ask children to keep secrets. The hats sound lovely."
	noteLily      = "Lily's illness: Margaret is to hear of it from us, not by letter. Kept for Lily."
	noteConcert   = "Helen rang: the concert has been called off. She will write it again."
	noteMoving    = "Joanne is moving, and asked us to keep it until she has settled."
	noteRemoved   = "Imelda rang: the removal van comes on Thursday, and the new flat has no broadband yet. Nothing is to go there until she rings again."
	noteSettled   = "Imelda rang from the new flat. Letters may come again."
	noteCourt     = "The court has been asked whether Clive should write. Letters rest until it has said."
	wordsLorna    = "Lorna, the puddles made us all smile. Letters go without telephone numbers, so we ask you to let this one go without yours. We can ask Imelda whether she wants the recipe."
	noteOrder     = "Weldbridge family court, order of the spring: Joanne and Mia may write to each other."
)

// said lists it.
func said() []string {
	return []string{noteBaby, concernDean, wordsJoanne, wordsMargaret, noteLily, noteConcert, noteMoving, noteRemoved, noteSettled, noteCourt, wordsLorna, noteOrder, kellyTells, kellyHears, joanneTells, kellyMail, rachelMail}
}

// Addresses of the demo (RFC 2606, 3: nobody's).
const (
	kellyMail  = "kelly.m@mail.example.org"
	rachelMail = "the.whitcombes@mail.example.org"
)

func wantMail(s *seeding, ctx context.Context) error {
	for key, mail := range map[string]string{"kelly": kellyMail, "rachel": rachelMail} {
		a, err := s.actor(ctx, key)
		if err != nil {
			return err
		}
		if err := s.public.Notices.SaveDetails(ctx, a, notice.Details{On: true, Mail: mail}); err != nil {
			return err
		}
	}
	return nil
}

func onHold(s *seeding, ctx context.Context) error {
	until := calendar.AddWorkingDays(calendar.Today(s.clock.now()), 3)
	_, err := s.decided(ctx, "kelly", "kelly", "kelly-birthday", "owen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.Hold(ctx, a, id, until, noteBaby)
	})
	return err
}

func withTheLead(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "dean", "dean", "dean-late", "owen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.Escalate(ctx, a, id, concernDean)
	})
	return err
}

func refused(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "mia", "joanne", "joanne-angry", "nasreen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.Refuse(ctx, a, id, "upsetting", wordsJoanne, "")
	})
	return err
}

func askedAgain(s *seeding, ctx context.Context) error {
	id, err := s.decided(ctx, "margaret", "margaret", "margaret-third", "owen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.Refuse(ctx, a, id, "money", wordsMargaret, "")
	})
	if err != nil {
		return err
	}
	a, err := s.actor(ctx, "margaret")
	if err != nil {
		return err
	}
	return s.public.Letters.SecondOpinion(ctx, a, id)
}

func keptOnFile(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "margaret", "tom", "tom-to-margaret", "nasreen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		return desk.KeepOnFile(ctx, a, id, noteLily)
	})
	return err
}

func withdrawn(s *seeding, ctx context.Context) error {
	id, err := s.sent(ctx, "mia", "helen", "helen-withdrawn")
	if err != nil {
		return err
	}
	a, err := s.actor(ctx, "helen")
	if err != nil {
		return err
	}
	return s.public.Letters.Withdraw(ctx, a, id)
}

func recalled(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "mia", "helen", "helen-corrected", "nasreen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		if err := desk.Pass(ctx, a, id, ""); err != nil {
			return err
		}
		return desk.Recall(ctx, a, id, noteConcert)
	})
	return err
}

func keptForLater(s *seeding, ctx context.Context) error {
	if _, err := s.decided(ctx, "kelly", "rachel", "rachel-summer", "nasreen", passOn(ctx)); err != nil {
		return err
	}
	kelly, err := s.actor(ctx, "kelly")
	if err != nil {
		return err
	}
	own, _ := s.sideOf(step{exchange: "kelly", author: "kelly"})
	side, err := s.public.Letters.Side(ctx, kelly, own)
	if err != nil {
		return err
	}
	for _, came := range side.Came {
		if !came.Opened {
			return s.public.Letters.KeepForLater(ctx, kelly, came.ID)
		}
	}
	return fmt.Errorf("no letter has come")
}

func undeliverable(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "cal", "priya", "priya-to-joanne", "owen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		if err := desk.Pass(ctx, a, id, ""); err != nil {
			return err
		}
		return desk.Undeliverable(ctx, a, id, noteMoving)
	})
	return err
}

// The home was not ready for a while. It is again, and what was stopped stays so
// until a worker has looked.
func stopped(s *seeding, ctx context.Context) error {
	if _, err := s.decided(ctx, "lorna", "lorna", "lorna-first", "nasreen", passOn(ctx)); err != nil {
		return err
	}
	owen, err := s.actor(ctx, "owen")
	if err != nil {
		return err
	}
	_, other := s.sideOf(step{exchange: "lorna", author: "lorna"})
	if err := s.staff.Letters.SetSide(ctx, owen, other, "addressUnconfirmed", noteRemoved); err != nil {
		return err
	}
	return s.staff.Letters.SetSide(ctx, owen, other, "ready", noteSettled)
}

func resting(s *seeding, ctx context.Context) error {
	nasreen, err := s.actor(ctx, "nasreen")
	if err != nil {
		return err
	}
	return s.staff.Letters.SetState(ctx, nasreen, s.exchanges["clive"].ID, "paused", noteCourt)
}

func couldGoWithout(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "lorna", "lorna", "lorna-custard", "nasreen", func(desk *letterbox.Service, a authz.Actor, id letterbox.LetterID) error {
		number := letterbox.Part{Words: "07700 900436", Row: 1, Reason: "identifying"}
		return desk.Propose(ctx, a, id, []letterbox.Part{number}, wordsLorna, "")
	})
	return err
}

func permitted(s *seeding, ctx context.Context) error {
	nasreen, err := s.actor(ctx, "nasreen")
	if err != nil {
		return err
	}
	return s.staff.Letters.SetContactOrder(ctx, nasreen, s.exchanges["mia"].ID, "permits", noteOrder)
}

func delayed(s *seeding, ctx context.Context) error {
	owen, err := s.actor(ctx, "owen")
	if err != nil {
		return err
	}
	if err := s.staff.Letters.SetDelay(ctx, owen, s.exchanges["siblings"].ID, 3); err != nil {
		return err
	}
	_, err = s.decided(ctx, "siblings", "helen", "helen-sunday", "owen", passOn(ctx))
	return err
}

// Working days since these letters came by post. What is typed counts from
// there, so the demo has a letter that is late, and one that waits long, on its
// first day.
const (
	lateBy  = agency.DefaultPromise + 2
	amberAt = agency.DefaultAmber + 2
)

func margaretOnPaper(s *seeding, ctx context.Context) error {
	return s.onPaper(ctx, step{exchange: "margaret", author: "margaret", file: "margaret-paper"}, 0)
}

func markOnPaper(s *seeding, ctx context.Context) error {
	return s.onPaper(ctx, step{exchange: "cal", author: "mark", file: "mark-paper"}, lateBy)
}

func joanneOnPaper(s *seeding, ctx context.Context) error {
	return s.onPaper(ctx, step{exchange: "cal", author: "joanne", file: "joanne-paper"}, amberAt)
}

// Nobody opens it. The demo lets the day come that stops it.
func nearlyEighteen(s *seeding, ctx context.Context) error {
	_, err := s.decided(ctx, "ellis", "arthur", "arthur-first", "nasreen", passOn(ctx))
	return err
}

// onPaper has Owen type in a letter that came so many working days ago.
func (s *seeding) onPaper(ctx context.Context, step step, ago int) error {
	owen, err := s.actor(ctx, "owen")
	if err != nil {
		return err
	}
	text, err := letters.ReadFile("letters/" + step.file + ".txt")
	if err != nil {
		return err
	}
	scan, err := scanOf(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	today := calendar.Today(s.clock.now())
	came := today
	for calendar.WorkingDaysBetween(came, today) < ago {
		came = came.AddDate(0, 0, -1)
	}
	own, _ := s.sideOf(step)
	_, err = s.staff.Letters.RecordPaper(ctx, owen, letterbox.PaperLetter{ID: letterbox.NewLetterID(), Side: own,
		Author: s.ids[s.folk[step.author].name], Text: strings.TrimSpace(string(text)), Scan: scan, CameOn: came})
	return err
}

// scanOf draws what a scanner would give of a letter: a sheet with a stroke for
// each word. It is nobody's handwriting.
func scanOf(text string) ([]byte, error) {
	const wide, high, margin, step = 620, 877, 60, 28 // a sheet of A4 at 75 dots an inch
	sheet := image.NewGray(image.Rect(0, 0, wide, high))
	for i := range sheet.Pix {
		sheet.Pix[i] = 0xf4
	}
	x, y := margin, margin
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		if strings.Contains(word, "\n") || x+len(word)*8 > wide-margin {
			x, y = margin, y+step
		}
		for dx := range len(word) * 7 {
			for dy := range 3 {
				sheet.SetGray(x+dx, y+dy+(dx/4)%3, color.Gray{Y: 0x30})
			}
		}
		x += len(word)*7 + 8
	}
	var b bytes.Buffer
	err := png.Encode(&b, sheet)
	return b.Bytes(), err
}

// Messages of the demo, apart from letters.
const (
	kellyTells  = "I am moving at the end of the month. It is not far. Do I have to do anything so that letters still come?"
	kellyHears  = "Thank you for telling us, Kelly. Nothing changes for the letters that you read here. Please ring us with the new address, for our paper file."
	joanneTells = "Could somebody ring me? I would like help with my next letter. Mornings are best."
)

func told(s *seeding, ctx context.Context) error {
	tell := func(exchange, person, text string) (letterbox.MessageID, error) {
		a, err := s.actor(ctx, person)
		if err != nil {
			return "", err
		}
		own, _ := s.sideOf(step{exchange: exchange, author: person})
		return s.public.Letters.Tell(ctx, a, own, text)
	}
	id, err := tell("kelly", "kelly", kellyTells)
	if err != nil {
		return err
	}
	if _, err := tell("mia", "joanne", joanneTells); err != nil {
		return err
	}
	nasreen, err := s.actor(ctx, "nasreen")
	if err != nil {
		return err
	}
	if _, err := s.staff.Letters.ReadMessage(ctx, nasreen, id); err != nil {
		return err
	}
	return s.staff.Letters.Answer(ctx, nasreen, id, kellyHears)
}

func connected(s *seeding, ctx context.Context) error {
	nasreen, err := s.actor(ctx, "nasreen")
	if err != nil {
		return err
	}
	return s.staff.Letters.Connect(ctx, nasreen, s.exchanges["siblings"].ID)
}

func lostPassphrase(s *seeding, ctx context.Context) error {
	owen, err := s.actor(ctx, "owen")
	if err != nil {
		return err
	}
	digits, err := s.code(s.folk["owen"])
	if err != nil {
		return err
	}
	id, err := s.staff.Accounts.StartRecovery(ctx, owen, account.NewRecovery{Kind: "person", Account: string(s.ids[s.folk["tom"].name]), What: "passphrase", Identity: "callBack"}, digits)
	if err != nil {
		return err
	}
	judith, err := s.actor(ctx, "judith")
	if err != nil {
		return err
	}
	if digits, err = s.code(s.folk["judith"]); err != nil {
		return err
	}
	return s.staff.Accounts.AgreeRecovery(ctx, judith, id, "", digits)
}
