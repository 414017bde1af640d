package casework

import (
	"gatepost/intermediary"
	"gatepost/web/page"
)

// Whose particulars a form asks for.
const (
	ofApplicant = "applicant"
	ofAdopted   = "adopted"
	ofSubject   = "subject"
)

// asks lists what is asked about somebody, in the order of the form. Of an
// adopted person who is the applicant or the subject as well, the name and birth
// are asked for there.
func asks(of string, same bool) []string {
	switch {
	case of == ofApplicant:
		return []string{"name", "birthName", "other", "born", "relation", "address", "phone", "email", "reach"}
	case of == ofRecordItself:
		return []string{"name", "birthName", "other", "born", "died", "address", "phone", "email", "reach", "orderDate", "court", "courtCountry", "agency", "agencyCountry", "known"}
	case of == ofAdopted && same:
		return []string{"orderDate", "court", "courtCountry", "agency", "agencyCountry"}
	case of == ofAdopted:
		return []string{"name", "birthName", "other", "born", "died", "orderDate", "court", "courtCountry", "agency", "agencyCountry", "known"}
	}
	return []string{"name", "birthName", "other", "born", "died", "relation", "address", "phone", "email", "known"}
}

// dates of particulars may be known in part.
func dates(prefix string) []string {
	return []string{prefix + ".born", prefix + ".died", prefix + ".orderDate"}
}

// place is where one of the particulars stands; nil for a name that is none.
func place(p *intermediary.Particulars, name string) *string {
	return map[string]*string{"name": &p.Name, "birthName": &p.BirthName, "other": &p.Other, "born": &p.Born, "died": &p.Died, "address": &p.Address,
		"phone": &p.Phone, "email": &p.Email, "reach": &p.Reach, "relation": &p.Relation, "known": &p.Known, "orderDate": &p.OrderDate,
		"court": &p.Court, "courtCountry": &p.CourtCountry, "agency": &p.Agency, "agencyCountry": &p.AgencyCountry}[name]
}

// particularsFields are the fields of somebody's particulars; prefix is what the
// service calls them in its faults.
func particularsFields(prefix string, names []string, p intermediary.Particulars) []field {
	fields := make([]field, len(names))
	for i, name := range names {
		f := field{kind: "line", name: prefix + "." + name, key: "casework.who." + name, value: *place(&p, name)}
		switch name {
		case "born", "died", "orderDate":
			f.kind = "date"
		case "other", "address", "reach", "known":
			f.kind = "text"
		case "courtCountry", "agencyCountry":
			f.kind, f.options, f.of = "choice", []string{"E", "W", "other", "unknown"}, "casework.country."
			if f.value == "" {
				f.value = "unknown"
			}
		}
		fields[i] = f
	}
	return fields
}

// typeParticulars takes what was typed into p; what was not asked stays.
func typeParticulars(form page.Form, prefix string, names []string, p *intermediary.Particulars) {
	for _, name := range names {
		at := place(p, name)
		switch name {
		case "born", "died", "orderDate":
			*at = partly(form, prefix+"."+name)
		default:
			*at = form.Get(prefix + "." + name)
		}
	}
}

// lineView is one thing that is known, with its words.
type lineView struct {
	Label, Text string
}

// particularsView lists what is known about somebody.
func particularsView(b *page.Base, of string, p intermediary.Particulars) (lines []lineView) {
	for _, name := range asks(of, false) {
		text := *place(&p, name)
		if text == "" {
			continue
		}
		if name == "courtCountry" || name == "agencyCountry" {
			text = b.Words.T("casework.country." + text)
		}
		lines = append(lines, lineView{Label: b.Words.T("casework.who." + name), Text: dayText(b, text)})
	}
	return lines
}
