package account

import (
	"context"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/field"
	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Limits count failures only, and never shut anybody out for good: here, a
// lock-out would be a weapon. An attempt is counted before it is made and taken
// back when it succeeds, so that many at once cannot slip through together.
const (
	accountLimit  = 5
	accountWindow = 15 * time.Minute
	addressLimit  = 300
	addressWindow = time.Hour
	codeLimit     = 20
	longestWindow = time.Hour
)

// lane is one count of failures: who it counts is in the bucket, a keyed hash.
type lane struct {
	bucket [32]byte
	limit  int
	window time.Duration
}

// accountLane counts failures for a log-in name, whether anybody has it or not.
func (s *Service) accountLane(ag *agency.Agency, index [32]byte) lane {
	return s.lane(ag, "account", hex.EncodeToString(index[:]))
}

// deviceLane counts failures of a remembered device: its owner gets in while
// somebody else fails at the same name.
func (s *Service) deviceLane(ag *agency.Agency, device [32]byte) lane {
	return s.lane(ag, "device", hex.EncodeToString(device[:]))
}

// stepLane counts wrong one-time codes of somebody who is signed in.
func (s *Service) stepLane(ag *agency.Agency, account string) lane {
	return s.lane(ag, "step", account)
}

func (s *Service) lane(ag *agency.Agency, label, who string) lane {
	return lane{field.Bucket(s.rateKey(ag, "account"), label, who), accountLimit, accountWindow}
}

// addressLane counts failures to sign in from a network (/24 or /56).
func (s *Service) addressLane(ag *agency.Agency, from netip.Addr) lane {
	return lane{field.AddressBucket(s.rateKey(ag, "address"), s.now(), from), addressLimit, addressWindow}
}

// codeLane counts wrong invitation codes from a network.
func (s *Service) codeLane(ag *agency.Agency, from netip.Addr) lane {
	return lane{field.AddressBucket(s.rateKey(ag, "code"), s.now(), from), codeLimit, addressWindow}
}

func (s *Service) rateKey(ag *agency.Agency, use string) [32]byte {
	return keyFor(s.loginKey, "rate/"+string(s.tier)+"/"+use, ag.ID)
}

// queueReserve counts an attempt as a failure and tells whether it may be made.
func (s *Service) queueReserve(b *pgx.Batch, l lane, allowed *bool) {
	*allowed = false
	now := s.now()
	b.Queue(sqlReserve, string(s.tier), l.bucket[:], now, now.Add(-l.window), l.limit).QueryRow(func(row pgx.Row) error {
		var failures int
		if err := row.Scan(&failures); err != nil {
			return err
		}
		*allowed = failures <= l.limit
		return nil
	})
}

// queueRefund takes one counted attempt back.
func (s *Service) queueRefund(b *pgx.Batch, l lane) {
	b.Queue(sqlRefund, string(s.tier), l.bucket[:], l.limit)
}

// queueForgive ends a count: whoever it is has shown to be the right one.
func (s *Service) queueForgive(b *pgx.Batch, l lane) {
	b.Queue(sqlForgive, string(s.tier), l.bucket[:])
}

// refund takes attempts back that were not made because we were busy. The
// caller may be gone by now, which is no reason to count it against them.
func (s *Service) refund(ctx context.Context, ag *agency.Agency, note string, lanes ...lane) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		for _, l := range lanes {
			s.queueRefund(b, l)
		}
		b.Queue(sqlNotMade, string(s.tier), note)
		return nil
	})
	if err != nil {
		s.log.ErrorContext(ctx, "an attempt that was not made stays counted", "error", err)
	}
}

// errWait says how long a lane that is full stays so.
func errWait(l lane) error {
	if l.window > accountWindow {
		return fault.New(fault.Busy, "fault.signIn.waitHour")
	}
	return fault.New(fault.Busy, "fault.signIn.wait")
}
