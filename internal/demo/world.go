package demo

import (
	"embed"
	"slices"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// AgencyID is the made-up agency of the demo.
const AgencyID = "fernleigh"

// Hosts of the demo. Any name under localhost means this machine (RFC 6761 6.3),
// and two names keep the cookies of the two tiers apart.
const (
	PublicHost = "letters.localhost"
	StaffHost  = "desk.localhost"
)

// stanza is the agency without its keys.
func stanza() agency.Stanza {
	return agency.Stanza{ID: AgencyID, Name: "Fernleigh Adoption", Phone: "01632 960200", Hours: "Monday to Friday, 9am to 5pm",
		PublicHost: PublicHost, StaffHost: StaffHost, Country: "E"}
}

//go:embed letters
var letters embed.FS

// cast is somebody of the world.
type cast struct {
	key      string // what `gatepost demo code` calls them
	name     string
	relation string // to the child, or to the agency
	address  string
	phone    string
	roles    []authz.Role // workers
	totp     bool         // uses one-time codes; every worker does
	hold     bool         // has enrolled and waits for the call

	file string // of the intermediary service: whose file they read, applicant or subject
	of   string // key of the case; "" for their own key
}

// workers of the agency; the first is its first manager.
func workers() []cast {
	return []cast{
		{key: "judith", name: "Judith Amory", relation: "manager", roles: []authz.Role{authz.Manager}, totp: true},
		{key: "bronwen", name: "Bronwen Sayer", relation: "intermediary worker", roles: []authz.Role{authz.IntermediaryWorker}, totp: true},
		{key: "idris", name: "Idris Pell", relation: "intermediary worker, reads letters too", roles: []authz.Role{authz.IntermediaryWorker, authz.LetterboxWorker}, totp: true},
		{key: "owen", name: "Owen Pritchard", relation: "letterbox worker", roles: []authz.Role{authz.LetterboxWorker}, totp: true},
		{key: "nasreen", name: "Nasreen Iqbal", relation: "letterbox worker", roles: []authz.Role{authz.LetterboxWorker}, totp: true},
		{key: "ruth", name: "Ruth Calder", relation: "safeguarding lead", roles: []authz.Role{authz.SafeguardingLead}, totp: true},
		{key: "maud", name: "Maud Ferring", relation: "records officer", roles: []authz.Role{authz.RecordsOfficer}, totp: true},
		{key: "ifan", name: "Ifan Trefor", relation: "translator", roles: []authz.Role{authz.Translator}, totp: true},
		{key: "edith", name: "Edith Sorrel", relation: "inspector, as auditor", roles: []authz.Role{authz.Auditor}, totp: true},
	}
}

// families are the people of both families' tier.
func families() []cast {
	return []cast{
		{key: "kelly", name: "Kelly Marsh", relation: "birth mother", address: "Flat 3, 18 Harbour Row\nWeldbridge", phone: "07700 900412"},
		{key: "dean", name: "Dean Fallon", relation: "birth father", address: "9 Cooper Street\nWeldbridge", phone: "07700 900461"},
		{key: "margaret", name: "Margaret Marsh", relation: "grandmother", address: "27 Chapel Lane\nWeldbridge", phone: "01632 960317"},
		{key: "rachel", name: "Rachel Whitcombe", relation: "adopter", address: "Orchard House, Mill Lane\nLower Fenshaw", phone: "07700 900533"},
		{key: "tom", name: "Tom Whitcombe", relation: "adopter", address: "Orchard House, Mill Lane\nLower Fenshaw", phone: "07700 900534", totp: true},
		{key: "joanne", name: "Joanne Tully", relation: "birth mother", address: "44 Ropewalk\nSaltreach", phone: "07700 900645"},
		{key: "helen", name: "Helen Ashdown", relation: "adopter", address: "6 Beech Avenue\nNorth Carrow", phone: "07700 900708"},
		{key: "priya", name: "Priya Lindley", relation: "adopter", address: "31 Station Road\nEast Hallow", phone: "07700 900815"},
		{key: "arthur", name: "Arthur Penrose", relation: "grandfather", address: "2 Signal Cottages\nSaltreach", phone: "01632 960744"},
		{key: "grace", name: "Grace Holloway", relation: "adopter", address: "12 Tithe Close\nUpper Marling", phone: "07700 900921"},
		{key: "lorna", name: "Lorna Keeble", relation: "birth mother", address: "Flat 8, 3 Foundry Yard\nWeldbridge", phone: "07700 900436"},
		{key: "clive", name: "Clive Keeble", relation: "grandfather", address: "15 Canal Terrace\nWeldbridge", phone: "01632 960358"},
		{key: "imelda", name: "Imelda Garrow", relation: "adopter", address: "4 Larch Court\nMuch Ellery", phone: "07700 900972"},
		{key: "mark", name: "Mark Lindley", relation: "adopter", address: "31 Station Road\nEast Hallow", phone: "07700 900816", hold: true},
	}
}

// child of the world.
type child struct {
	key, birth, adoptive string
	years, months        int // how old
}

func children() []child {
	return []child{
		{"lily", "Lily Marsh", "Lily Whitcombe", 9, 4},
		{"noah", "Noah Marsh", "Noah Whitcombe", 6, 1},
		{"mia", "Mia Tully", "Mia Ashdown", 11, 1},
		{"cal", "Callum Tully", "Cal Lindley", 8, 7},
		{"ellis", "Ellis Penrose", "Ellis Holloway", 17, 9},
		{"otis", "Otis Keeble", "Otis Garrow", 5, 5},
	}
}

// home is one side of an exchange.
type home struct {
	book   agency.Book
	people []string // keys of the cast
	names  letterbox.Names
	times  int
	months []int
}

// relation is an exchange.
type relation struct {
	key      string
	children []string
	sides    [2]home
}

func relations() []relation {
	whitcombes := func(other string) home {
		return home{agency.Adoptive, []string{"rachel", "tom"},
			letterbox.Names{Children: []string{"Lily", "Noah"}, Other: other, Self: "Rachel and Tom"}, 2, []int{4, 10}}
	}
	birth := func(person, self string, times int, months ...int) home {
		return home{agency.Birth, []string{person},
			letterbox.Names{Children: []string{"Lily", "Noah"}, Other: "Rachel and Tom", Self: self}, times, months}
	}
	garrow := func(other string, times int, months ...int) home {
		return home{agency.Adoptive, []string{"imelda"}, letterbox.Names{Children: []string{"Otis"}, Other: other, Self: "Imelda"}, times, months}
	}
	return []relation{
		{"kelly", []string{"lily", "noah"}, [2]home{birth("kelly", "Kelly", 2, 5, 11), whitcombes("Kelly")}},
		{"dean", []string{"lily", "noah"}, [2]home{birth("dean", "Dean", 1, 7), whitcombes("Dean")}},
		{"margaret", []string{"lily", "noah"}, [2]home{birth("margaret", "Nana Margaret", 2, 6, 12), whitcombes("Nana Margaret")}},
		{"mia", []string{"mia"}, [2]home{
			{agency.Birth, []string{"joanne"}, letterbox.Names{Children: []string{"Mia"}, Other: "Helen", Self: "Joanne"}, 2, []int{3, 9}},
			{agency.Adoptive, []string{"helen"}, letterbox.Names{Children: []string{"Mia"}, Other: "Joanne", Self: "Helen"}, 2, []int{4, 10}}}},
		{"cal", []string{"cal"}, [2]home{
			{agency.Birth, []string{"joanne"}, letterbox.Names{Children: []string{"Cal"}, Other: "Priya and Mark", Self: "Joanne"}, 2, []int{3, 9}},
			{agency.Adoptive, []string{"priya", "mark"}, letterbox.Names{Children: []string{"Cal"}, Other: "Joanne", Self: "Priya and Mark"}, 2, []int{5, 11}}}},
		// A child who is nearly eighteen.
		{"ellis", []string{"ellis"}, [2]home{
			{agency.Birth, []string{"arthur"}, letterbox.Names{Children: []string{"Ellis"}, Other: "Grace", Self: "Arthur"}, 1, []int{11}},
			{agency.Adoptive, []string{"grace"}, letterbox.Names{Children: []string{"Ellis"}, Other: "Arthur", Self: "Grace"}, 1, []int{5}}}},
		// A home that has moved, and a grandfather whose letters rest.
		{"lorna", []string{"otis"}, [2]home{
			{agency.Birth, []string{"lorna"}, letterbox.Names{Children: []string{"Otis"}, Other: "Imelda", Self: "Lorna"}, 2, []int{2, 8}}, garrow("Lorna", 2, 6, 12)}},
		{"clive", []string{"otis"}, [2]home{
			{agency.Birth, []string{"clive"}, letterbox.Names{Children: []string{"Otis"}, Other: "Imelda", Self: "Clive"}, 1, []int{8}}, garrow("Clive", 1, 9)}},
		// Brother and sister in two homes: the homes write to each other.
		{"siblings", []string{"mia", "cal"}, [2]home{
			{agency.Adoptive, []string{"helen"}, letterbox.Names{Children: []string{"Mia", "Cal"}, Other: "Priya and Mark", Self: "Helen"}, 6, nil},
			{agency.Adoptive, []string{"priya", "mark"}, letterbox.Names{Children: []string{"Mia", "Cal"}, Other: "Helen", Self: "Priya and Mark"}, 6, nil}}},
	}
}

// stage is where a letter of the world ends.
type stage int

const (
	draft       stage = iota // begun
	received                 // sent; nobody has taken it
	claimed                  // a worker is reading it
	translating              // a translator has its words, and has begun
	returned                 // back with the writer, with a reason
	waiting                  // passed on, not opened
	opened                   // and read
)

// step is one letter of the world.
type step struct {
	exchange string
	author   string // who writes
	file     string
	ends     stage
	worker   string // who decides or reads
	reader   string // who opens it
	rewrite  bool   // rewrites the author's returned letter of this exchange
	reason   letterbox.ReturnReason
	words    string // to the writer
	note     string // to colleagues
}

// script is every letter, in the order in which they were written.
func script() []step {
	return []step{
		{exchange: "kelly", author: "rachel", file: "rachel-to-kelly.txt", ends: opened, worker: "owen", reader: "kelly"},
		{exchange: "mia", author: "joanne", file: "joanne-to-helen.txt", ends: opened, worker: "nasreen", reader: "helen"},
		{exchange: "siblings", author: "helen", file: "helen-to-lindleys.txt", ends: opened, worker: "owen", reader: "priya"},
		{exchange: "margaret", author: "margaret", file: "margaret-first.txt", ends: waiting, worker: "nasreen",
			note: "Margaret rang beforehand; she was anxious about the sweet peas."},
		{exchange: "mia", author: "helen", file: "helen-to-joanne.txt", ends: waiting, worker: "owen"},
		{exchange: "dean", author: "dean", file: "dean-first.txt", ends: returned, worker: "nasreen", reason: "identifying",
			words: "Dean, this is a warm letter and the children will like your dog. Please write it once more without the place on Saturdays and without the number. " +
				"If you want help with it, ring us and ask for Nasreen."},
		{exchange: "margaret", author: "margaret", file: "margaret-second.txt", ends: returned, worker: "owen", reason: "promises",
			words: "Margaret, we know how much you wish for this. Nobody can promise the children next Christmas, and they would be very sad if it did not happen. " +
				"The winking snowman is lovely. Could you send us the letter again with him and without the promise?",
			note: "Suggest a call before she rewrites it."},
		{exchange: "kelly", author: "kelly", file: "kelly-to-whitcombes.txt", ends: received},
		{exchange: "cal", author: "joanne", file: "joanne-to-lindleys.txt", ends: received},
		{exchange: "siblings", author: "priya", file: "priya-to-helen.txt", ends: received},
		{exchange: "clive", author: "clive", file: "clive-first.txt", ends: opened, worker: "owen", reader: "imelda"},
		{exchange: "clive", author: "imelda", file: "imelda-welsh.txt", ends: translating, worker: "owen"},
		{exchange: "margaret", author: "rachel", file: "rachel-draft.txt", ends: draft},
		{exchange: "cal", author: "priya", file: "priya-draft.txt", ends: draft},
		{exchange: "dean", author: "dean", file: "dean-again.txt", ends: claimed, worker: "nasreen", rewrite: true},
	}
}

// born makes a birth date of a child's age, a few days off the day of the month.
func (c child) born(today time.Time) time.Time { return today.AddDate(-c.years, -c.months, -3) }

// All lists the keys of everybody: workers, families, those with a case, and the
// people of the other agency.
func All() []string {
	var keys []string
	for _, c := range slices.Concat(workers(), families(), applicants(), neighbours()) {
		keys = append(keys, c.key)
	}
	return keys
}
