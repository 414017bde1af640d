package casework

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"testing"

	"gatepost/web/page"
)

// FuzzTyped: what is read back is what was packed; anything else is refused, or
// is a path of this site with a form that the router would have taken.
func FuzzTyped(f *testing.F) {
	f.Add(`{"path":"/case/new","writer":"wk","fields":{"why":["a\nb"]}}`)
	f.Add(`{"path":"//x","writer":"","fields":null}`)
	f.Add(`{"path":"/case/../desk","fields":{"a":["\u0000"]}} x`)
	f.Fuzz(func(t *testing.T, carried string) {
		got, form, err := parseTyped(carried)
		if err != nil {
			return
		}
		if got.Path != path.Clean(got.Path) || got.Path[0] != '/' {
			t.Errorf("%q is a path", got.Path)
		}
		if _, err := page.ParseForm(url.Values(got.Fields).Encode(), form.Names()...); err != nil {
			t.Error(err)
		}
		if form.Has("code") || form.Has(writerField) {
			return // nobody packed that
		}
		r := httptest.NewRequest("POST", "/", nil)
		r.URL.Path = got.Path
		name, value, ok := Pack(r, form.With(writerField, got.Writer))
		if !ok || name != typedField {
			t.Fatal("it is not packed again")
		}
		var again typed
		if err := json.Unmarshal([]byte(value), &again); err != nil || again.Path != got.Path {
			t.Errorf("packed again it is %q: %v", value, err)
		}
		_, second, err := parseTyped(value)
		if err != nil || !reflect.DeepEqual(second.Names(), form.Names()) {
			t.Errorf("the fields %v became %v: %v", form.Names(), second.Names(), err)
		}
	})
}
