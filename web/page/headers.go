package page

import "net/http"

// policy is the content security policy of every page: nothing but our own
// style, script and icon; no frame, no other place for a form, no base. Nothing
// inside a page may run or style it, so text that got in as HTML stays dead.
// Trusted types make a browser refuse a script that turns text into HTML.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// permissions turns off what no page of ours asks a browser for; hearing leaves one
// page the microphone.
const (
	permissions = others + ", microphone=()"
	hearing     = others + ", microphone=(self)"

	others = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), midi=(), payment=(), usb=()"
)

// setHeaders puts the headers of every answer. Only the built assets change one
// of them afterwards, Cache-Control.
func setHeaders(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", permissions)
	// A path holds ids; no other site may learn them, not even the weather page
	// that the quick exit goes to.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	// The policy forbids frames; this says it to browsers older than the policy.
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	// The next person at a shared machine must not get a letter by the back
	// button or from the disk.
	h.Set("Cache-Control", "no-store")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}
