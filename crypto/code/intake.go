package code

// Intake is the code of a first enquiry: whoever has it opens the enquiry while
// it is being filled in, so it is as long as an Invite, with the same check
// character and the same forgiveness. It is another type because it is another
// thing: no invitation opens an enquiry, and no enquiry an account. It prints as
// "[secret]"; Text shows it. The zero Intake panics when used.
type Intake Invite

// NewIntake makes a code of 15 random characters, as NewInvite does.
func NewIntake() Intake { return Intake(NewInvite()) }

// ParseIntake reads what somebody typed from their note, as forgivingly as
// ParseInvite and with its errors.
func ParseIntake(typed string) (Intake, error) {
	c, err := ParseInvite(typed)
	return Intake(c), err
}

// Text is the code as it is shown: XXXX-XXXX-XXXX-XXXX.
func (c Intake) Text() string { return Invite(c).Text() }

// IntakeKey is what an enquiry is found by and opened with: HMAC-SHA256 under a
// key that is kept apart from the database. The code's 73 bits alone would be
// enough against one enquiry; with thousands in one stolen table, and no key,
// a guess could be tried against all of them at once.
func IntakeKey(key [32]byte, c Intake) [32]byte {
	return keyed(key, "gatepost/intake/v1\n"+c.text.Reveal())
}
