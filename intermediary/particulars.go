package intermediary

import (
	"strings"
	"time"

	"gatepost/intermediary/law"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// Particulars is who somebody is: an adopted person, an applicant, a subject.
// They are sealed to the case (the adopted person's to their record) and the
// archive, and to nobody's file. What is not known is left empty. Dates are as
// law.ParseDate reads them: 1974-11-03, 1974-11, 1974.
type Particulars struct {
	Name      string `json:"name,omitempty"`      // as they are called now
	BirthName string `json:"birthName,omitempty"` // before adoption or marriage
	Other     string `json:"other,omitempty"`     // other names, a line each
	Born      string `json:"born,omitempty"`
	Died      string `json:"died,omitempty"`
	Address   string `json:"address,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Email     string `json:"email,omitempty"`
	Reach     string `json:"reach,omitempty"`    // how to reach them safely, in words
	Relation  string `json:"relation,omitempty"` // to the adopted person, in words
	Known     string `json:"known,omitempty"`    // what else is known, in words

	// Of the adopted person only: the order, and the country of the court that
	// made it and of the appropriate adoption agency (E, W, other; "" is unknown).
	OrderDate     string `json:"orderDate,omitempty"`
	Court         string `json:"court,omitempty"`
	CourtCountry  string `json:"courtCountry,omitempty"`
	Agency        string `json:"agency,omitempty"`
	AgencyCountry string `json:"agencyCountry,omitempty"`
}

// IsDate tells whether a text is a date as Particulars have it; no text is the
// date that nobody knows.
func IsDate(text string) bool {
	_, err := law.ParseDate(text)
	return err == nil
}

// MaxParticulars is the longest of the longer texts of Particulars, in bytes.
const MaxParticulars = 4 << 10

// checkParticulars cleans what a form sent. field is its name there.
func checkParticulars(field string, p Particulars) (Particulars, error) {
	var err error
	for _, line := range []struct {
		name string
		text *string
	}{{"name", &p.Name}, {"birthName", &p.BirthName}, {"phone", &p.Phone}, {"email", &p.Email}, {"relation", &p.Relation}, {"court", &p.Court}, {"agency", &p.Agency}} {
		if *line.text, err = prose.Line(field+"."+line.name, *line.text); err != nil {
			return p, err
		}
	}
	for _, long := range []struct {
		name string
		text *string
	}{{"other", &p.Other}, {"address", &p.Address}, {"reach", &p.Reach}, {"known", &p.Known}} {
		if *long.text, err = prose.Clean(field+"."+long.name, strings.TrimSpace(*long.text), MaxParticulars); err != nil {
			return p, err
		}
	}
	if prose.Blank(p.Name) && prose.Blank(p.BirthName) {
		return p, fault.Field(field+".name", "fault.casework.name")
	}
	for _, date := range []struct{ name, text string }{{"born", p.Born}, {"died", p.Died}, {"orderDate", p.OrderDate}} {
		if !IsDate(date.text) {
			return p, fault.Field(field+"."+date.name, "fault.casework.date")
		}
	}
	for _, c := range []struct {
		name string
		text *string
	}{{"courtCountry", &p.CourtCountry}, {"agencyCountry", &p.AgencyCountry}} {
		switch law.Country(*c.text) {
		case law.CountryEngland, law.CountryWales, law.CountryOther:
		case "", law.CountryUnknown:
			*c.text = ""
		default:
			return p, fault.Field(field+"."+c.name, "fault.casework.country")
		}
	}
	return p, nil
}

// date reads a date that was checked before it was sealed; one that does not
// parse is the unknown date, which withholds.
func date(s string) law.Date {
	d, err := law.ParseDate(s)
	if err != nil {
		return law.Date{}
	}
	return d
}

func country(s string) law.Country {
	if s == "" {
		return law.CountryUnknown
	}
	return law.Country(s)
}

// derive works out what follows from somebody's particulars on a day: names and
// values of the list, in its order. vital is what counts about whether they
// live ("" for nothing); own is the country of this agency.
func derive(about string, p Particulars, vital string, own law.Country, now time.Time) [][2]string {
	switch about {
	case "adopted":
		order := date(p.OrderDate)
		juris := law.Jurisdiction(country(p.CourtCountry), country(p.AgencyCountry), own)
		interview := "no"
		if law.InterviewRequired(order) {
			interview = "yes"
		}
		return [][2]string{{"order", string(law.RegimeOf(order, juris))}, {"juris", string(juris)}, {"interviewRequired", interview},
			{"apAge", string(adulthood(p, vital, now))}}
	case "application":
		return [][2]string{{"appAge", string(adulthood(p, "living", now))}}
	case "subject":
		return [][2]string{{"subjAge", string(adulthood(p, vital, now))}}
	}
	return nil
}

// adulthood is whether somebody has attained 18: today, or on the day of their
// death. Of somebody who died on a day that nobody knows it is unknown.
func adulthood(p Particulars, vital string, now time.Time) law.Adulthood {
	on := law.DayOf(now)
	if vital == "died" || p.Died != "" {
		on = date(p.Died)
	}
	return law.AdulthoodAt(date(p.Born), on)
}
