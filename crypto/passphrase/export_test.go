package passphrase

// Password is what scrypt is given, for the known answers.
func Password(p Pepper, role, account, passphrase string) string {
	return p.password(role, account, passphrase)
}

// Words is the whole list.
func Words() []string { return wordList() }

// Turns is how many runs the gate lets go on at once.
func Turns(g *Gate) int { return cap(g.turns) }

// Turns and queue of the real gate, for the tests that fill it.
const (
	GateQueue = gateQueue
	GateWait  = gateWait
)

// Spoil makes w damage each wrap that it makes, before it opens it again.
func (w *Work) Spoil(damage func(wrap []byte) []byte) { w.spoil = damage }
