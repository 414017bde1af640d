// Package webtest lets tests use the site as a browser does: it keeps cookies,
// follows redirects, and sends a form with what the page put into it. Behind it
// stand both tiers as they are composed for use, over real services and a real
// database (accounttest). Every page that it is shown is held to the rules of
// pagetest.
//
// For tests only.
package webtest
