package postgres

// Guarded wraps a statement that ends in "returning 1" so that the whole
// transaction is refused unless it touched exactly one row. The refusal is
// SQLSTATE GP409, which Fault turns into Conflict: somebody was first, or the
// row is not in the state that the act starts from.
//
// It leans on the function exactly_one(bigint) of the migrations. The wrapped
// statement yields one row without a value; read it with Exec or not at all.
func Guarded(sql string) string {
	return "with moved as (" + sql + "\n) select exactly_one(count(*)) from moved"
}
