// Package assets holds the style sheet, the script and the icon of the pages.
//
// They are built, not committed: npm run build makes dist/app.css, dist/app.js
// and dist/favicon.svg from src and from govuk-frontend, and go build embeds
// whatever is there. A program built without them compiles, so that go vet and
// go test work on a fresh clone, but Check tells it apart and it must not start.
//
// Every URL carries a hash of the content, so a browser may keep a file for a
// year and still never shows an old one. Nothing here is secret and nothing is
// about a person: these are the only answers that may be cached.
//
// The pages belong to agencies and not to GOV.UK. The style sheet therefore has
// neither the crown nor the typeface GDS Transport, which are licensed for
// GOV.UK only, and its header has colours of its own.
package assets
