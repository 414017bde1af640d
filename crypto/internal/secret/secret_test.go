package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"gatepost/crypto/internal/secret"
)

type hidden = secret.Hidden

// key is shaped as the secret types of crypto are.
type key struct {
	hidden
	bytes secret.Value[[5]byte]
	words secret.Value[*string]
}

func newKey() key {
	word := "apple"
	return key{bytes: secret.Of([5]byte{'a', 'p', 'p', 'l', 'e'}), words: secret.Of(&word)}
}

// leaks are the word "apple" as each verb would write it.
var leaks = []string{"apple", "6170706c65", "6170706C65", "97 112 112", "0x61, 0x70", "YXBwbGU"}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c"}

func TestHiddenPrintsNothing(t *testing.T) {
	k := newKey()
	holder := struct {
		Name string
		Key  key
	}{"holder", k}

	var log, page bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "k", k, "h", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "k", k, "h", holder)
	tmpl := template.Must(template.New("").Parse(
		`<p title="{{.Key}}">{{.Key}} {{.}}</p><script>x = {{.Key}}; y = {{.}}</script>`))
	if err := tmpl.Execute(&page, holder); err != nil {
		t.Fatal(err)
	}
	coded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{
		"value":    slog.AnyValue(k).Resolve().String(), // what a handler of another library sees
		"pointer":  fmt.Sprintf("%v", &k),
		"error":    fmt.Errorf("opening: %w, %v", errors.New("no"), k).Error(),
		"log":      log.String(),
		"template": page.String(),
		"json":     string(coded),
	}
	for _, verb := range verbs {
		shown[verb] = fmt.Sprintf(verb, k)
		shown[verb+" in a holder"] = fmt.Sprintf(verb, holder)
	}
	if kind := slog.AnyValue(k).Resolve().Kind(); kind != slog.KindString {
		t.Errorf("a log handler is given a %v, want a string", kind)
	}
	for name, got := range shown {
		if !strings.Contains(got, "[secret]") {
			t.Errorf("%s: %q lacks [secret]", name, got)
		}
		for _, leak := range leaks {
			if strings.Contains(got, leak) {
				t.Errorf("%s: shows the secret: %q", name, got)
			}
		}
	}
}

// An unexported field is beyond the reach of Format; the function must hold there.
func TestUnexportedFieldShowsNoBytes(t *testing.T) {
	k := newKey()
	holder := struct {
		k key
		p *key
	}{k, &k}
	for _, verb := range verbs {
		got := fmt.Sprintf(verb, holder)
		for _, leak := range leaks {
			if strings.Contains(got, leak) {
				t.Errorf("%s shows the secret: %q", verb, got)
			}
		}
	}
}

func TestValue(t *testing.T) {
	if got := secret.Of(7).Reveal(); got != 7 {
		t.Errorf("Reveal gives %d, want 7", got)
	}
	var zero secret.Value[int]
	if zero.Known() {
		t.Error("a zero Value says that it is known")
	}
	defer func() {
		if recover() == nil {
			t.Error("Reveal of a zero Value did not panic")
		}
	}()
	zero.Reveal()
}
