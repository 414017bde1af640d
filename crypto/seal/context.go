package seal

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind says what a sealed object is. It is part of the context, so a draft can
// never be shown as a delivery, and it decides the steps of padding. The set
// is closed: an unknown kind is neither sealed nor opened.
type Kind string

const (
	// KindDraft is a letter its author has not handed in: to the author and
	// the author's side.
	KindDraft Kind = "draft"
	// KindSubmission is a letter as handed in: to the case, the sender's side
	// and the archive; never to the side it is meant for.
	KindSubmission Kind = "submission"
	// KindDelivery is a letter as passed on: to the side of the recipient, the
	// case and the archive; never to the sender's side.
	KindDelivery Kind = "delivery"
	// KindReason is why a letter was returned or refused: to the sender's
	// side, the case and the archive.
	KindReason Kind = "reason"
	// KindProposal is a changed wording offered to the writer: as KindReason.
	KindProposal Kind = "proposal"
	// KindNames is what one side calls the child, the other side and itself:
	// to that side, the case and the archive. There is one for each side.
	KindNames Kind = "names"
	// KindOwnList is what a side told about itself, for hints while writing:
	// to that side, the case and the archive.
	KindOwnList Kind = "ownlist"
	// KindParties says who is who in a case: to the case and the archive.
	KindParties Kind = "parties"
	// KindList is the protected words of a case: to the case and the archive.
	KindList Kind = "list"
	// KindAgreement is a version of the letterbox agreement: to the case and
	// the archive.
	KindAgreement Kind = "agreement"
	// KindDecision is a worker's decision in full: to the case and the archive.
	KindDecision Kind = "decision"
	// KindWorknote is a worker's note: to the case and the archive.
	KindWorknote Kind = "worknote"
	// KindConsent is a consent as given: to the case and the archive.
	KindConsent Kind = "consent"
	// KindVeto is a veto as given: to the case and the archive.
	KindVeto Kind = "veto"
	// KindEnquiry is an enquiry before there is a case: to the intake.
	KindEnquiry Kind = "enquiry"
	// KindIdentity is a document of identity: to the intake or the case only,
	// since it may have to be destroyed.
	KindIdentity Kind = "identity"
	// KindIntake is a first enquiry as it was sent: to the intake and the archive.
	KindIntake Kind = "intake"
	// KindParticulars is who somebody in an intermediary case is: to the case,
	// or to the adopted person's record, and the archive. Never to a file.
	KindParticulars Kind = "particulars"
	// KindFact is what a worker found out and why they say so: as KindParticulars.
	KindFact Kind = "fact"
	// KindItem is a piece of information that might be given: to the case and
	// the archive.
	KindItem Kind = "item"
	// KindNote is a worker's note on an intermediary case: to the case and the
	// archive.
	KindNote Kind = "note"
	// KindTrace is something that was tried to find a subject: as KindNote.
	KindTrace Kind = "trace"
	// KindApproach is how a subject was approached: as KindNote.
	KindApproach Kind = "approach"
	// KindView is what a service user thinks of a decision: as KindNote.
	KindView Kind = "view"
	// KindPreference is what somebody in the agency's contact register wishes for,
	// with their name and address: as KindParticulars.
	KindPreference Kind = "preference"
	// KindLetter is a letter of the agency to an applicant or a subject: to
	// their file, the case and the archive.
	KindLetter Kind = "letter"
	// KindPack is what was disclosed: to the applicant's file, the case and the
	// archive.
	KindPack Kind = "pack"
	// KindMessage is what a person told the agency, or its answer: to that
	// person, the case and the archive.
	KindMessage Kind = "message"
	// KindContact is how to reach a person: to the person, the notifier and
	// the case.
	KindContact Kind = "contact"
	// KindReferral is a safeguarding referral: to safeguarding and the archive.
	KindReferral Kind = "referral"
	// KindTranslation is a letter's text for its translator, to them, the case
	// and the archive; or what they made of it, to the case and the archive.
	KindTranslation Kind = "translation"
	// KindGrant is a private key sealed to those who may use it (package
	// ring). Padded in steps of 512 bytes.
	KindGrant Kind = "grant"
	// KindTOTP is the secret of a one-time code, to its owner. Padded in steps
	// of 512 bytes.
	KindTOTP Kind = "totp"
	// KindSecrets is a copy of a deployment's own keys, to the archive.
	KindSecrets Kind = "secrets"
	// KindCanary is an object that holds nothing, to try a key or a backup.
	KindCanary Kind = "canary"
)

// known reports whether k is one of the kinds above.
func (k Kind) known() bool {
	switch k {
	case KindDraft, KindSubmission, KindDelivery, KindReason, KindProposal, KindNames, KindOwnList,
		KindParties, KindList, KindAgreement, KindDecision, KindWorknote, KindConsent, KindVeto,
		KindEnquiry, KindIdentity, KindIntake, KindParticulars, KindFact, KindItem, KindNote, KindTrace, KindApproach, KindView, KindPreference,
		KindLetter, KindPack, KindContact, KindMessage, KindReferral, KindTranslation, KindGrant, KindTOTP, KindSecrets, KindCanary:
		return true
	}
	return false
}

// Context says what a sealed object is and where it belongs. It is written
// inside the sealed object, as eight lines in this order, each "key value\n":
//
//	kind agency exchange object part from to version
//
// A value is 1 to 128 of the characters A-Z a-z 0-9 . _ / - and not "-" alone,
// which stands for an empty field. Kind, Agency and Object are never empty;
// Version is a decimal number without leading zeros, and 0 is "0". Only
// identifiers go here, never a name or an address.
type Context struct {
	Kind     Kind
	Agency   string // whose object this is
	Exchange string // the relation between two sides, or empty
	Object   string // the object's own identifier
	Part     string // which part of the object: its text, a photo; or empty
	From     string // the node the object comes from, or empty
	To       string // the node it is meant for, or empty
	Version  uint64 // counts the object's versions
}

// contextLines is the number of lines of an encoded context.
const contextLines = 8

// encode gives the context's bytes. There is exactly one encoding of a
// context, so two contexts are equal when their bytes are.
func (c Context) encode() ([]byte, error) {
	if !c.Kind.known() {
		return nil, fmt.Errorf("%w: unknown kind", ErrContext)
	}
	if c.Agency == "" || c.Object == "" {
		return nil, fmt.Errorf("%w: no agency or no object", ErrContext)
	}
	b := make([]byte, 0, 256)
	for _, f := range c.fields() {
		value := f.value
		if value == "" {
			value = "-"
		} else if !validValue(value) {
			return nil, fmt.Errorf("%w: %s is not an identifier", ErrContext, f.key)
		}
		b = append(b, f.key...)
		b = append(b, ' ')
		b = append(b, value...)
		b = append(b, '\n')
	}
	return b, nil
}

type field struct{ key, value string }

func (c Context) fields() [contextLines]field {
	return [contextLines]field{
		{"kind", string(c.Kind)},
		{"agency", c.Agency},
		{"exchange", c.Exchange},
		{"object", c.Object},
		{"part", c.Part},
		{"from", c.From},
		{"to", c.To},
		{"version", strconv.FormatUint(c.Version, 10)},
	}
}

// parseContext reads an encoded context and accepts nothing but what encode
// writes.
func parseContext(b []byte) (Context, error) {
	lines := strings.Split(string(b), "\n")
	if len(lines) != contextLines+1 {
		return Context{}, fmt.Errorf("%w: context has not %d lines", ErrFrame, contextLines)
	}
	var values [contextLines]string
	for i, f := range (Context{}).fields() {
		value, ok := strings.CutPrefix(lines[i], f.key+" ")
		if !ok {
			return Context{}, fmt.Errorf("%w: context line %d is not %s", ErrFrame, i+1, f.key)
		}
		if value != "-" {
			values[i] = value
		}
	}
	version, err := strconv.ParseUint(values[7], 10, 64)
	if err != nil {
		return Context{}, fmt.Errorf("%w: context version is not a number", ErrFrame)
	}
	c := Context{
		Kind: Kind(values[0]), Agency: values[1], Exchange: values[2], Object: values[3],
		Part: values[4], From: values[5], To: values[6], Version: version,
	}
	if again, err := c.encode(); err != nil || !bytes.Equal(again, b) {
		return Context{}, fmt.Errorf("%w: context is not in its one form", ErrFrame)
	}
	return c, nil
}

// sameButOlder reports whether c is want in everything except that its version
// is lower: an old version put in the place of a newer one.
func (c Context) sameButOlder(want Context) bool {
	older := c.Version < want.Version
	c.Version = want.Version
	return older && c == want
}

func validValue(s string) bool {
	const punctuation = "._/-"
	if len(s) == 0 || len(s) > 128 || s == "-" {
		return false
	}
	return !slices.ContainsFunc([]byte(s), func(b byte) bool {
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		digit := '0' <= b && b <= '9'
		return !letter && !digit && strings.IndexByte(punctuation, b) < 0
	})
}
