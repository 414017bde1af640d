package checkpoint

// Stall has the keeper call at between two steps of a pass: "signed" before the
// file is written, "written" before the row is.
func (k *Keeper) Stall(at func(point string)) { k.stall = at }
