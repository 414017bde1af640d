// Package live keeps a thin line to each open desk, over which it says one
// word: reload.
//
// A page that carries data-live opens a WebSocket at /live. When something in
// its agency changed, the page asks for itself again, with its own session and
// all the checks of any page. Without scripts nothing is lost but the speed: the
// list is as new as its last load.
//
// # Trust
//
// The line carries nothing, so what there is to guard is the server: only a
// browser that shows our own page may open one (exact Origin; none is refused),
// with a living session of somebody who may see the desk, and who waits for no
// call: the moments of an agency's acts are nobody else's. What it sends is thrown away, and more than a few bytes
// ends it. The session is looked at each minute without touching its idle time:
// a desk that lies open ends as any other.
package live
