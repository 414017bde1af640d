// Package law is the law of intermediary services and of information about
// adoptions in England and Wales, as nine tables.
//
// # What it is
//
// A [Table] is an ordered list of rows. A [Row] has a condition, an outcome,
// effects, its citation, and a plain word to the worker. The first row whose
// condition holds wins; the last row withholds. What is not permitted by a row
// is not permitted. Conditions are written in a small language (condition.go)
// that a lawyer can read, and are parsed once; what is printed in docs/law.md,
// what "gatepost law decide" answers and what the service obeys is one text.
//
// Facts go in, a finding comes out:
//
//	f := law.Proceed().Facts()
//	err := f.Set("veto", "none") // … every input of the table
//	finding, err := law.Proceed().Decide(f)
//
// [Facts] know their table, and nothing is left out: a table that lacks one
// fact gives an error and no finding. The value marked * is the one to give
// while an answer is not known; it never permits more than a known answer.
//
// An act that the law forbids without leave takes a [Permit], which only
// [Act.Decide] can make:
//
//	act := law.Begin(versions...) // when the transaction begins, its gate rows held
//	defer act.End()               // when it has ended
//	finding, permit, err := act.Decide(law.Identifying(), evaluation, f)
//	… store(tx, permit, item)     // refuses unless permit.For(law.Identifying(), evaluation)
//
// A GOTO names another table ([Finding.Next]). Its facts are other facts, so the
// caller gathers them and asks that table; the input redirected says that the
// evaluation came from there, and the tables themselves see to it that 8c and
// 8f send nobody back and forth.
//
// # What it guards, and whom it trusts
//
// It is pure: no clock, no database, no network, nothing random; the same facts
// give the same finding in a hundred years. It guards against a worker, a page
// or a bug that would go round the law: nobody outside can build a Finding that
// permits, or a Permit, or change a table, and facts that were typed
// ([Table.ParseFacts]) are answered but never make a permit.
//
// It trusts its caller for the facts: that they were read in the transaction of
// the act, under the rows' locks, that derived inputs were derived (dates.go),
// and that a signature which is given to [Facts.Sign] was verified. The database
// refuses on its own what a wrong caller would let pass.
//
// Not legal advice. Where the text of the law was not at hand, or is open, the
// table takes the safe answer and cites the open question ([OpenQuestions]).
package law
