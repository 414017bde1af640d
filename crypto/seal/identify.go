package seal

import "filippo.io/age"

// Identify opens an object to its end and says what it is by its own words, and
// nothing of its content: proof that this key opens it. It is for the archive's
// officers and for a restore, who hold an object and do not know its place; there
// is no way here to read an object without saying where it belongs.
//
// Errors: ErrHeader, ErrKey, ErrFrame, ErrContext.
func Identify(b []byte, id *age.HybridIdentity) (Context, error) {
	plain, err := decrypt(b, id)
	if err != nil {
		return Context{}, err
	}
	defer clear(plain)
	c, _, _, err := ParseFrame(plain)
	return c, err
}
