package studio

// own are the calls that this processor's libraries make in an older form: none.
func own() []uint32 { return nil }
