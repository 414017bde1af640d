package screening_test

import (
	"slices"
	"testing"

	"gatepost/letterbox/screening"
	"gatepost/letterbox/screening/specimens"
)

// What may name somebody or a place is found by its capital, or by being no ordinary
// word; days, feasts, family and the names that are known are not.
func TestMayName(t *testing.T) {
	for _, tt := range []struct {
		text string
		but  []string
		want []string
	}{
		{"Do you live in Ilfracombe? Is he called Will?", nil, []string{"ilfracombe", "will"}},
		{"Ilfracombe’s beach. Will you come?", nil, []string{"ilfracombe"}},
		{"do you live in ilfracombe", nil, []string{"ilfracombe"}},
		{"Dear Kelly and Zoë, Happy Christmas from Nan. See you on Mondays in June.", []string{"Kelly", "Zoë"}, []string{"june"}},
		{"Diolch am y llythyr. Ydych chi yn Aberporth nawr?", nil, []string{"aberporth"}},
		{"DO YOU LIVE IN ILFRACOMBE?", nil, []string{"ilfracombe"}},
		{"It is 12 o'clock.", nil, nil},
		{"", nil, nil},
	} {
		if got := screening.MayName(tt.text, tt.but...); !slices.Equal(got, tt.want) {
			t.Errorf("%q names %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What a worker ordinarily writes back holds no name of a letter that holds nothing.
func TestMayName_WhatWorkersWrite(t *testing.T) {
	lines, err := specimens.Innocent()
	if err != nil {
		t.Fatal(err)
	}
	const back = "Dear Kelly,\n\nThank you for your letter. We are sorry to send it back. Please leave out names and places, and the part about the school. " +
		"We read it on Monday, and want to pass it on before Christmas. The Letterbox Team can help you: call us on 01632 960123 in June, or come in on 4 May. It would be lovely to hear more of what you do in the garden."
	for _, line := range lines {
		var list []screening.Entry
		for _, w := range screening.MayName(line.Text) {
			list = append(list, screening.Entry{Kind: screening.Name, Value: w})
		}
		screen, err := screening.Compile(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range screen.Scan(back) {
			if f.Category == screening.CatName && f.Severity != screening.Soft {
				t.Errorf("after %q nobody may write %q", line.Text, back[f.Start:f.End])
			}
		}
	}
}
