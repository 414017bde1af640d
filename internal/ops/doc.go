// Package ops tells an operator's systems how one tier's process is.
//
// There are two places to ask. On the tier's own address /healthz and /readyz
// answer a load balancer with one word and nothing else. On the ops listener,
// which is on this machine only, /readyz names what is missing and /metrics has
// the counters in Prometheus' form:
//
//	load balancer ──► listen ──► /healthz /readyz      "ok" or 503 "not ready"
//	prometheus    ──► ops    ──► /healthz /readyz /metrics
//
// Alive is a process that answers. Ready is one to which people may be sent: the
// database answers and is at this program's schema, the jobs are worked (staff
// tier), the log has its checkpoints, and nobody has told it to stop. A process
// without its keys does not start at all, so there is no check for them.
//
// # What the numbers tell
//
// An agency is small: three letters that wait, with a day, may be three families
// whom somebody knows. So no series has an agency or a case in its labels; what
// counts people or letters is left out below five, zero included, so that a
// missing series says "fewer than five" and nothing more; and ages of what waits
// are whole hours or days. That somebody waits too long shows in
// gatepost_promise_broken, which is 0 or 1. Requests are counted one by one, by
// the pattern of their route, as the request log tells them anyway.
//
// # Trust
//
// Whoever asks on the tier's address is a stranger, and learns one bit. The ops
// listener trusts everybody on this machine with the above, and answers to names
// of this machine only, so that no page in a browser can read it. Answers are
// kept for a while: asking often costs the database nothing.
package ops
