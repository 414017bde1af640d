package words

import (
	"encoding/json"
	"strings"
)

// Raw is the text of a key as its file has it, its plural forms one after the
// other and its places as one short word.
func Raw(w *Words, key string) string {
	room, _, _ := strings.Cut(key, ".")
	raw, err := files.ReadFile(w.lang + "/" + room + ".json")
	if err != nil {
		return ""
	}
	entries := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &entries) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(entries[key], &text) != nil {
		forms := map[string]string{}
		if json.Unmarshal(entries[key], &forms) != nil {
			return ""
		}
		text = forms["other"]
	}
	for {
		before, rest, ok := strings.Cut(text, "{{")
		if !ok {
			return text
		}
		_, after, _ := strings.Cut(rest, "}}")
		text = before + "it" + after
	}
}
