package account

import (
	"context"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

// LongestVisit is for how many days at a time somebody is made an auditor.
const LongestVisit = 90

// appointment is what manager and registrar state of a worker: their roles, and
// the last day of whoever has the one role of auditor.
type appointment struct {
	roles []authz.Role
	until time.Time // zero for no end
}

// ends tells whether these are the roles of somebody whose account has a last day:
// who is nothing but an auditor comes for a visit.
func ends(roles []authz.Role) bool { return len(roles) == 1 && roles[0] == authz.Auditor }

// holds refuses roles that are none, and a last day that is missing, over or too
// far away. The database refuses the same at the commit.
func (s *Service) holds(a appointment) error {
	if checkRoles(a.roles) != nil {
		return fault.Field("role", "fault.confirm.roles")
	}
	if today := calendar.Today(s.now()); ends(a.roles) && (a.until.Before(today) || a.until.After(today.AddDate(0, 0, LongestVisit))) {
		return fault.Field("until", "fault.manage.until")
	}
	return nil
}

// dayText is a day as the statement of an appointment has it; "" for none.
func dayText(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

// over tells, from the session's box, that the last day of an auditor is over. One
// who was made an auditor before there were last days has none, and is kept out
// until a manager gives one.
func (s *Service) over(keys *authz.Keyring) bool {
	if _, roles := rolesIn(keys); !ends(roles) {
		return false
	}
	text, _ := keys.Secret(boxEnds)
	until, err := time.Parse(time.DateOnly, text)
	return err != nil || calendar.Today(s.now()).After(until)
}

// ConfirmAuditor is ConfirmWorker for somebody who comes to look: their one role
// is auditor, and until is the last day on which they sign in (midnight UTC of
// it), at most LongestVisit days on. After that day no session of theirs goes on.
//
// Errors as for ConfirmWorker, and Invalid for the day, field "until".
func (s *Service) ConfirmAuditor(ctx context.Context, actor authz.Actor, workerID string, until time.Time, totpCode string) error {
	return s.confirmWorker(ctx, actor, workerID, appointment{[]authz.Role{authz.Auditor}, until}, totpCode)
}

// MakeAuditor gives an active worker the one role of auditor until a day, or an
// auditor another day. They sign in anew. Errors as for ChangeRoles, and Invalid
// for the day, field "until".
func (s *Service) MakeAuditor(ctx context.Context, actor authz.Actor, workerID string, until time.Time, code string) ([]string, error) {
	return s.changeRoles(ctx, actor, workerID, appointment{[]authz.Role{authz.Auditor}, until}, code)
}
