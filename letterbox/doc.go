// Package letterbox relays letters between two families through a worker who
// reads each one.
//
// An Exchange is a standing relation between two sides about one or more
// children of one home. A person of a side writes a Draft and sends it; it is
// now a Letter, received. A worker claims it, reads it beside earlier letters
// and decides once: passes it on, or returns it with a reason that the writer
// sees. Passing on is the relay: the text is sealed anew for the other side,
// under the worker's own signature. The other side finds a Delivery, and opens
// it when they choose. A rewrite of a returned letter is a new letter that
// replaces the old one.
//
// # Trust
//
// The service seals before a transaction and stores inside it; every act
// writes its signed statements last, in the same transaction, and every object
// points to its statement. A worker's reading is in the log before the text is
// on the page. The service decides who may do what (authz) and the database
// decides it again: moves by letter_move, a delivery only after one pass
// decision by an active worker of the agency who is no party and no helper.
// The writer's page never learns that a letter was opened, the recipient's
// page never learns when it was written, and neither has an id that the other
// has.
//
// # Moves
//
// Printed by Diagram from the one table in move.go; the database has its own
// copy (letter_move), and tests hold the three together:
//
//	(new)     --submit:  correspondent-->   received
//	received  --pass:    letterboxWorker--> passed
//	received  --return:  letterboxWorker--> returned
//	returned  --replace: correspondent-->   replaced
//	passed    --show:    clock-->           waiting
//	waiting   --open:    correspondent-->   opened
package letterbox
