package agency

import (
	"fmt"
	"maps"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
)

// LogSigner is the key that signs this agency's checkpoints, which only the
// staff tier has: ErrNoSigner on the other. It signs no statement.
func (a *Agency) LogSigner() (note.Signer, error) {
	signer, ok := a.signers[string(statement.RoleLog)]
	if !ok {
		return nil, fmt.Errorf("sign a checkpoint: %w", ErrNoSigner)
	}
	return signer, nil
}

// Verifiers gives the keys of the stanza (door, registrar, log, system), for
// the caller to add to. Workers' keys are not among them: those are vouched for
// in the log.
func (a *Agency) Verifiers() statement.Verifiers { return maps.Clone(a.fixed) }
