package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gatepost/intermediary/register"
)

// The people of the register bench are made up, the same in every run: names of
// a list by how common the list has them, families, and what two people would
// write down differently many years later.

// registerParts are two parts of a made-up register.
type registerParts struct {
	part1, part2 []register.Entry
	link         map[string]string // by the ID of Part 2: the one of Part 1 who is the same child
	sibling      map[string]string // by the ID of Part 1: the other child of that mother who is in it
}

// lots gives numbers that are the same in every run (xorshift64*).
type lots struct{ state uint64 }

func (l *lots) below(n int) int {
	l.state ^= l.state >> 12
	l.state ^= l.state << 25
	l.state ^= l.state >> 27
	return int((l.state * 0x2545f4914f6cdd1d >> 33) % uint64(n))
}

func (l *lots) percent(p int) bool { return l.below(1000) < p*10 }

// common draws from a list in which what comes first is commoner.
func (l *lots) common(list []string) string {
	share := float64(l.below(1<<20)) / (1 << 20)
	at := int(math.Pow(float64(len(list)), share)) - 1
	if l.percent(40) {
		at = l.below(len(list))
	}
	return list[min(at, len(list)-1)]
}

// drawer makes people.
type drawer struct {
	lots
	girls, boys, surnames, places []string
	forenames                     []string // of both
	pets                          map[string][]string
}

func newDrawer(seed uint64) *drawer {
	d := &drawer{lots: lots{seed}, girls: strings.Fields(registerGirls), boys: strings.Fields(registerBoys), places: strings.Fields(registerPlaces), pets: map[string][]string{}}
	d.forenames = append(slices.Clone(d.girls), d.boys...)
	d.surnames = strings.Fields(registerSurnames)
	// Place names made of two halves, as many surnames are.
	for _, first := range strings.Fields(registerFirstHalves) {
		for _, second := range strings.Fields(registerSecondHalves) {
			d.surnames = append(d.surnames, first+second)
		}
	}
	tail := d.surnames[len(strings.Fields(registerSurnames)):]
	for i := range tail { // in no order, so that the common ones do not all begin alike
		j := d.below(i + 1)
		tail[i], tail[j] = tail[j], tail[i]
	}
	for line := range strings.SplitSeq(strings.TrimSpace(registerPets), "\n") {
		forms := strings.Fields(line)
		d.pets[forms[0]] = forms[1:]
	}
	return d
}

func (d *drawer) person(id string) register.Entry {
	e := register.Entry{ID: id, Surname: d.common(d.surnames), MotherForename: d.common(d.girls), Place: d.common(d.places)}
	d.born(&e, 1946+d.below(44))
	d.named(&e)
	e.MotherSurname = e.Surname
	if d.percent(24) {
		e.MotherSurname = d.common(d.surnames)
	}
	return e
}

func (d *drawer) born(e *register.Entry, year int) {
	e.Born = fmt.Sprintf("%04d%02d%02d", year, 1+d.below(12), 1+d.below(28))
}

func (d *drawer) named(e *register.Entry) {
	if d.percent(50) {
		e.Forename = d.common(d.girls)
	} else {
		e.Forename = d.common(d.boys)
	}
}

// brother gives another child of somebody's mother, a twin one time in eight.
func (d *drawer) brother(of register.Entry, id string) register.Entry {
	e := of
	for e.ID = id; e.Forename == of.Forename; {
		d.named(&e)
	}
	if !d.percent(13) {
		d.born(&e, yearOf(of)+1+d.below(7))
	}
	return e
}

func yearOf(e register.Entry) int {
	n := 0
	for _, c := range e.Born[:4] {
		n = n*10 + int(c-'0')
	}
	return n
}

// remembered is an entry as somebody writes it down: times is how much goes
// wrong, in thirds of what does in a relative's memory.
func (d *drawer) remembered(e register.Entry, times int) register.Entry {
	goes := func(percent int) bool { return d.below(3000) < percent*10*times }
	e.Forename = d.rememberedForename(e.Forename, goes)
	switch {
	case goes(6):
		e.Surname = d.common(d.surnames)
	case goes(9):
		e.Surname = d.slip(e.Surname)
	case goes(3):
		e.Surname = ""
	}
	switch {
	case goes(14):
		other := e.MotherSurname
		if e.MotherSurname = d.common(d.surnames); d.percent(30) {
			e.MotherOtherSurname = other
		}
	case goes(8):
		e.MotherSurname = d.slip(e.MotherSurname)
	case goes(7):
		e.MotherSurname = ""
	}
	switch {
	case goes(9):
		e.MotherForename = d.pet(e.MotherForename)
	case goes(7):
		e.MotherForename = d.slip(e.MotherForename)
	case goes(5):
		e.MotherForename = ""
	}
	switch {
	case goes(15):
		e.Place = ""
	case goes(12):
		e.Place = d.common(d.places)
	}
	d.rememberDate(&e, goes)
	return e
}

func (d *drawer) rememberedForename(name string, goes func(int) bool) string {
	switch {
	case goes(8):
		return ""
	case goes(4):
		return d.common(d.forenames)
	case goes(9):
		return d.pet(name)
	case goes(9):
		return d.slip(name)
	}
	return name
}

func (d *drawer) rememberDate(e *register.Entry, goes func(int) bool) {
	year, month, day := e.Born[:4], e.Born[4:6], e.Born[6:]
	switch {
	case goes(6):
		e.Born = ""
	case goes(4):
		e.Born, e.BornText = "", fmt.Sprintf("about %d", yearOf(*e)+d.below(5)-2)
	case goes(4):
		e.Born = year + day + month
	case goes(6):
		b := []byte(e.Born)
		b[3+d.below(5)] = byte('0' + d.below(10))
		e.Born = string(b)
	case goes(5):
		e.Born = fmt.Sprintf("%s%s%02d", year, month, 1+d.below(28))
	case goes(4):
		e.Born = fmt.Sprintf("%04d%s%s", yearOf(*e)+1-2*d.below(2), month, day)
	}
}

func (d *drawer) pet(name string) string {
	if forms := d.pets[name]; len(forms) > 0 {
		return forms[d.below(len(forms))]
	}
	return name
}

// slip is a slip of the pen: a letter left out, doubled, wrong, or two exchanged.
func (d *drawer) slip(name string) string {
	b := []byte(name)
	if len(b) < 3 {
		return name
	}
	i := d.below(len(b) - 1)
	switch d.below(4) {
	case 0:
		b = slices.Delete(b, i, i+1)
	case 1:
		b = slices.Insert(b, i, b[i])
	case 2:
		b[i] = byte('a' + d.below(26))
	case 3:
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// makeRegister makes a register with n entries in Part 1 and a tenth of that in
// Part 2, a quarter of whom are about somebody in Part 1.
func makeRegister(n int) registerParts {
	d := newDrawer(20260711)
	p := registerParts{part1: make([]register.Entry, 0, n), part2: make([]register.Entry, 0, n/10), link: map[string]string{}, sibling: map[string]string{}}
	for len(p.part1) < n {
		ten := d.families(&p, min(10, n-len(p.part1)))
		for _, e := range ten {
			p.part1 = append(p.part1, d.remembered(e, 1))
		}
		if len(ten) < 10 {
			break
		}
		id := fmt.Sprintf("B%d", len(p.part2))
		e := d.person(id)
		if d.percent(25) {
			e = ten[d.below(10)] // nobody twice
			p.link[id] = e.ID
			e.ID = id
		}
		p.part2 = append(p.part2, d.remembered(e, 3))
	}
	return p
}

// families gives the next n people as they are, one in ten with a sibling.
func (d *drawer) families(p *registerParts, n int) []register.Entry {
	var list []register.Entry
	for len(list) < n {
		e := d.person(fmt.Sprintf("A%d", len(p.part1)+len(list)))
		list = append(list, e)
		if d.percent(5) && len(list) < n {
			b := d.brother(e, fmt.Sprintf("A%d", len(p.part1)+len(list)))
			p.sibling[e.ID], p.sibling[b.ID] = b.ID, e.ID
			list = append(list, b)
		}
	}
	return list
}

const (
	registerGirls = `margaret mary susan elizabeth patricia jean ann christine linda barbara maureen carol sandra pauline janet jacqueline sheila catherine helen jennifer
	julie karen deborah tracey sharon alison jane amanda angela sarah joanne lesley gillian diane lorraine michelle nicola dawn wendy beverley elaine anne judith marion
	kathleen joan dorothy joyce doris irene eileen hilda edith florence ethel vera gladys winifred marjorie phyllis nora ivy lilian rose violet frances josephine teresa
	bridget sian bronwen gwen megan rhiannon nerys eirlys mair catrin morag fiona eilidh kirsty shona moira aileen isla rebecca emma claire rachel laura samantha lisa
	victoria hannah charlotte lucy jessica stephanie gemma natalie kerry hayley heather caroline louise philippa rosemary veronica yvonne marilyn gloria brenda rita
	hazel olive mabel agnes cynthia daphne enid freda glenys hilary imogen jill leanne lynn marlene maxine naomi paula rowena ruth sally sylvia thelma valerie zoe`
	registerBoys = `john david michael peter robert anthony brian alan william james richard kenneth roger keith colin christopher raymond paul stephen andrew mark kevin
	ian gary simon martin philip graham nigel trevor barry derek geoffrey terence dennis ronald george thomas charles joseph frank albert arthur harold ernest frederick
	walter stanley leonard norman eric reginald sidney cyril leslie gordon donald douglas malcolm stuart neil adrian jonathan timothy matthew daniel jason darren lee
	gareth rhys owen dafydd huw ieuan emyr gwyn dylan alun idris hamish callum fergus angus ewan alasdair duncan gavin craig scott dean wayne carl shaun patrick sean
	liam declan kieran brendan francis vincent gerald bernard maurice roy ralph hugh edward henry jack samuel benjamin joshua luke adam nathan ryan jamie aaron tobias`
	registerSurnames = `smith jones taylor brown williams wilson johnson davies robinson wright thompson evans walker white roberts green hall wood jackson clarke harris lewis
	hughes edwards thomas cooper moore clark hill morris turner king baker harrison martin allen morgan lee cook phillips watson parker bennett price cox griffiths carter
	mitchell davis shaw ellis bell richardson ward murphy kelly young miller marshall collins wilkinson palmer simpson stevens gray webb rogers hunt mason mills holmes
	barnes powell matthews lloyd pearce owen campbell butler russell barker fisher jenkins murray dixon graham reynolds harvey reid burton walsh fox gibson stewart
	anderson macdonald mackenzie fraser ross cameron ferguson obrien sullivan byrne ryan doyle gallagher kennedy pritchard bowen vaughan llewellyn prosser meredith`
	registerFirstHalves = `ack ash bar beck birk black brad bram brock burn cald carl chad cold crom dal den dun east eld ever fair farn flax gar gold grim had hal ham hart
	haw hazel heath hol hunt kel kirk lang lind long mar mel mid nettle new nor oak old pen pick rad raven red row rush salt sand shel sher skel south stan staple stock
	sutt swin thorn til trow wad wake wal wen west whit win wool wyn york`
	registerSecondHalves = `bank beck borough bourne brook burn bury by caster combe cote croft dale den field ford gate grave hall ham head hill holme house hurst ing ington
	land leigh ley lock low man march mere mond more mouth over pool port ridge rigg root scough set shaw side stead stock stone ston stow thorpe thwaite ton tree
	wardine water way well wick wood worth`
	registerPlaces = `london birmingham manchester liverpool leeds sheffield bristol newcastle nottingham leicester cardiff swansea newport bradford hull stoke wolverhampton
	plymouth derby southampton portsmouth brighton norwich luton preston sunderland bolton blackburn oxford cambridge ipswich exeter gloucester york lincoln chester
	carlisle durham lancaster wigan oldham rochdale stockport warrington barrow whitehaven kendal keswick penrith hexham alnwick berwick whitby scarborough ripon
	harrogate skipton wrexham bangor aberystwyth carmarthen llanelli merthyr neath bridgend barry truro penzance taunton bath wells salisbury winchester dover hastings
	canterbury maidstone guildford reading swindon worcester hereford shrewsbury telford stafford burton buxton matlock mansfield newark boston grantham kettering`
	registerPets = `
margaret peggy maggie meg
mary molly polly
susan sue susie
elizabeth liz betty beth lizzie
patricia pat trish
christine chris chrissie
barbara babs
sandra sandy
janet jan
jacqueline jackie
catherine kate cathy
jennifer jenny
deborah debbie
sarah sally
kathleen kath
dorothy dot dolly
frances fran
josephine jo josie
teresa terry
john jack johnny
david dave dai
michael mike mick
peter pete
robert bob rob
anthony tony
william bill will
james jim jimmy
richard dick rick
kenneth ken
christopher chris
stephen steve
andrew andy
thomas tom tommy
charles charlie
joseph joe
albert bert
frederick fred
ronald ron
edward ted eddie
henry harry
samuel sam
benjamin ben
rebecca becky
victoria vicky
samantha sam
philip phil
timothy tim
matthew matt
daniel dan danny
jonathan jon`
)
