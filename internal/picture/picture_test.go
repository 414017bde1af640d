package picture_test

import (
	"testing"

	"gatepost/internal/picture"
)

func TestType(t *testing.T) {
	for content, want := range map[string]string{
		"\xff\xd8\xff\xe0 a photograph":         "image/jpeg",
		"\x89PNG\r\n\x1a\n a page":              "image/png",
		"%PDF-1.7 pages":                        "application/pdf",
		"<html><script>":                        "",
		"<svg xmlns='http://www.w3.org/2000/'>": "",
		"GIF89a":                                "",
		" %PDF-1.7":                             "",
		"\xff\xd8":                              "",
		"":                                      "",
	} {
		got, ok := picture.Type([]byte(content))
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %t, want %q", content, got, ok, want)
		}
	}
}
