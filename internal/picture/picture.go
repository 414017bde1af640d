package picture

import "bytes"

// Most is the largest picture that is taken, in bytes.
const Most = 20 << 20

// Type tells by the first bytes what a picture is: "image/jpeg", "image/png" or
// "application/pdf". Nothing is decoded. false for anything else.
func Type(b []byte) (mediaType string, ok bool) {
	for _, t := range []struct{ magic, mediaType string }{
		{"\xff\xd8\xff", "image/jpeg"},
		{"\x89PNG\r\n\x1a\n", "image/png"},
		{"%PDF-", "application/pdf"},
	} {
		if bytes.HasPrefix(b, []byte(t.magic)) {
			return t.mediaType, true
		}
	}
	return "", false
}
