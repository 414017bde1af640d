// Package pagetest helps tests to look at pages: it parses HTML, finds elements
// by simple selectors, and holds the rules that every page must keep.
//
// A selector is a tag name, a class, an id, an attribute, or several of them
// together, and a space for "inside": "main h1", "form[method=post] input#code",
// ".govuk-error-summary a[href='#text']". It is a small part of CSS; anything
// else ends the test.
package pagetest
