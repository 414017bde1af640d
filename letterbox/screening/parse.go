package screening

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ParseList reads a protected list: JSON, a list of {"kind", "value"}, each of which
// may have more that is not read. An error is one sentence that tells the number of an entry and never its value.
func ParseList(text []byte) ([]Entry, error) {
	var raw []struct {
		Kind  *string `json:"kind"`
		Value *string `json:"value"`
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: it is not UTF-8 text", ErrList)
	}
	lines := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	if err := lines.Decode(&raw); err != nil {
		return nil, fmt.Errorf("%w: it has to be a JSON list of {\"kind\", \"value\"}%s", ErrList, where(text, err))
	}
	if _, err := lines.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: there is more after the end of the list", ErrList)
	}
	list := make([]Entry, 0, len(raw))
	for i, r := range raw {
		switch {
		case r.Kind == nil || r.Value == nil:
			return nil, fmt.Errorf("%w: entry %d has no kind or no value", ErrList, i+1)
		case strings.TrimSpace(*r.Value) == "":
			return nil, fmt.Errorf("%w: the value of entry %d is empty", ErrList, i+1)
		case !known(Kind(*r.Kind)):
			return nil, fmt.Errorf("%w: entry %d is of no kind that there is; the kinds are %s", ErrList, i+1, kindNames())
		case len(*r.Value) > MaxValue:
			return nil, fmt.Errorf("%w: entry %d is longer than %d bytes", ErrList, i+1, MaxValue)
		case len(list) == MaxEntries:
			return nil, fmt.Errorf("%w: it has more than %d entries", ErrList, MaxEntries)
		}
		list = append(list, Entry{Kind(*r.Kind), *r.Value})
	}
	return list, nil
}

func kindNames() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// where tells the line of a mistake of form; what the decoder says of it may
// repeat the value.
func where(text []byte, err error) string {
	at := int64(-1)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = wrong.Offset
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = wrong.Offset
	}
	if at < 0 || at > int64(len(text)) {
		return ""
	}
	return fmt.Sprintf("; see line %d", 1+bytes.Count(text[:at], []byte("\n")))
}
