package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
)

func TestRouteOf(t *testing.T) {
	const (
		adopted, relative, prescribed = intermediary.WhoAdopted, intermediary.WhoRelative, intermediary.WhoPrescribed
		england, wales                = intermediary.WhereEngland, intermediary.WhereWales
		before, pre, post             = intermediary.WhenInterview, intermediary.WhenPre, intermediary.WhenPost
	)
	for _, tt := range []struct {
		name                    string
		who, looks, when, where string
		want                    intermediary.Route
	}{
		{"an adopted adult of before 1975", adopted, "", before, england, intermediary.Route{Way: "service", Birth: "interview"}},
		{"an adopted adult of 1990", adopted, relative, pre, england, intermediary.Route{Way: "service", Birth: "registrar"}},
		{"an adopted adult in Wales", adopted, "", pre, wales, intermediary.Route{Way: "service", Birth: "registrar", Wales: true}},
		{"an adopted adult of after 2005", adopted, "", post, england, intermediary.Route{Way: "duty", Birth: "agency"}},
		{"the same in Wales", adopted, "", post, wales, intermediary.Route{Way: "duty", Birth: "agency", Wales: true}},
		{"an adopted adult who knows nothing", adopted, "", "unknown", "unknown", intermediary.Route{Way: "ask", Birth: "ask"}},
		{"adopted elsewhere", adopted, "", pre, "elsewhere", intermediary.Route{Way: "ask", Birth: "ask"}},
		{"a birth mother", relative, adopted, pre, england, intermediary.Route{Way: "service"}},
		{"a birth mother of after 2005", relative, adopted, post, england, intermediary.Route{Way: "duty"}},
		{"a relative who looks for the adopted person's child", relative, prescribed, pre, england, intermediary.Route{Way: "service", Consent: true}},
		{"the same in Wales is a lawyer's question", relative, prescribed, pre, wales, intermediary.Route{Way: "ask", Consent: true, Wales: true}},
		{"a grandchild", prescribed, relative, pre, england, intermediary.Route{Way: "service", Consent: true}},
		{"a grandchild who looks for the adopted person", prescribed, adopted, pre, england, intermediary.Route{Way: "pair"}},
		{"an adopted adult who looks for adoptive kin", adopted, prescribed, pre, england, intermediary.Route{Way: "pair", Birth: "registrar"}},
		{"somebody who is not sure", "unsure", "", pre, england, intermediary.Route{Way: "ask"}},
		{"somebody who said nothing yet", "", "", "", "", intermediary.Route{Way: "ask"}},
	} {
		got, err := intermediary.RouteOf(intermediary.Answers{Who: tt.who, Looks: tt.looks, When: tt.when, Where: tt.where})
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}
