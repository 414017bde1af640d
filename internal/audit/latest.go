package audit

import (
	"context"
	"slices"
)

// Latest gives the newest statement of an object and part that an agency's log
// has and that is signed as it must be, and whether there is one. It follows the
// log first. A row that the database has lost is found out by it: the log still
// has its statement.
func (x *Index) Latest(ctx context.Context, agencyID, object, part string) (leaf [32]byte, stated bool, err error) {
	if err := x.Follow(ctx, agencyID); err != nil {
		return leaf, false, err
	}
	key := object + "\n" + part
	for _, v := range x.newestFirst(agencyID, key) {
		ok, err := x.holds(ctx, agencyID, v.leaf)
		if err != nil {
			return leaf, false, err
		}
		if ok {
			return v.leaf, true, nil
		}
		x.forget(agencyID, key, v.leaf)
	}
	return leaf, false, nil
}

// newestFirst lists what the log says of a key: the highest number first, and of
// equal ones the later.
func (x *Index) newestFirst(agencyID, key string) []version {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := slices.Clone(x.logs[agencyID].stated[key])
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b version) int {
		switch {
		case a.number > b.number:
			return -1
		case a.number < b.number:
			return 1
		}
		return 0
	})
	return list
}
