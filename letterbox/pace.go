package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

// PaceFew is the least count that is shown: of fewer letters it might be told
// whose they were, or who read them.
const PaceFew = 5

// PaceSteps are the seconds that part the times of Pace from each other: its
// first time is below the first step, its last one from the last step on.
func PaceSteps() []int { return []int{30, 60, 120, 300, 600, 1200, 1800} }

// PaceActs names what a reading can end with, in the order of Pace: a decision,
// or the word of the first of two readers, who may have cut it.
func PaceActs() []string {
	return []string{"pass", "first", "cut", "propose", "return", "refuse", "keepOnFile"}
}

// The counts that are too small stay in the database.
const sqlPace = `select act, bucket, sum(count)::int as count from reading_time
	where agency_id = agency() and week >= date_trunc('week', current_date)::date - 77
	group by act, bucket having sum(count) >= $1 order by act, bucket`

// Pace is how many readings ended with an act, by how long they took, in this
// week and the eleven before it.
type Pace struct {
	Act    string
	Counts []int // one more than there are steps; 0 for any number below PaceFew
}

type paceRow struct {
	Act    string
	Bucket int
	Count  int
}

// Pace tells a manager how long letters are read before something is decided
// about them: for each act of PaceActs, from the first look of the claim that
// decided to the decision. It counts the agency's letters together; who read
// them, and which they were, was never written beside a count. Forbidden:
// anybody but a manager.
func (s *Service) Pace(ctx context.Context, actor authz.Actor) ([]Pace, error) {
	if _, err := s.begin(ctx, actor, authz.SeeBreaches, "pace"); err != nil {
		return nil, err
	}
	var rows []paceRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlPace, PaceFew) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load how long letters are read: %w", err))
	}
	var list []Pace
	for _, act := range PaceActs() {
		p := Pace{act, make([]int, len(PaceSteps())+1)}
		for _, r := range rows {
			if r.Act == act {
				p.Counts[r.Bucket] = r.Count
			}
		}
		list = append(list, p)
	}
	return list, nil
}
