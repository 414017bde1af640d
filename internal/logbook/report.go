package logbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatepost/crypto/statement"
)

// Text is the report in plain words, a line each.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The log of %s: %s", r.Agency, count(r.Entries, "entry", "entries"))
	if !r.From.IsZero() {
		fmt.Fprintf(&b, ", from %s to %s by the database's clock", r.From.Format("2 January 2006"), r.To.Format("2 January 2006"))
	}
	b.WriteString(".\n")
	r.checkpoints(&b)
	r.signatures(&b)
	for _, one := range r.Restored {
		fmt.Fprintf(&b, "Entry %d: on %s the system was restored from a backup that had %s; those after them, up to entry %d of then, were given up.\n",
			one.Kept, one.At.UTC().Format("2 January 2006"), count(one.Kept, "entry", "entries"), one.Lost.Size-1)
	}
	for _, f := range r.Told {
		fmt.Fprintf(&b, "Entry %d does not count, and a later entry says so.\n", f.From)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "WRONG: %s\n", f)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "WRONG: and %d more.\n", r.More)
	}
	switch {
	case r.Sound() && r.Uncovered > 0:
		fmt.Fprintf(&b, "Nothing is wrong up to entry %d. Nothing vouches yet for the rest: that it is all, and in this order.\n", r.Newest.Size-1)
	case r.Sound():
		b.WriteString("Nothing is wrong.\n")
	}
	return b.String()
}

func (r *Report) checkpoints(b *strings.Builder) {
	if r.Newest.Size > 0 {
		fmt.Fprintf(b, "%s held. The newest covers %s: %s\n", count(int64(r.Checkpoints), "checkpoint", "checkpoints"), count(r.Newest.Size, "entry", "entries"), r.Newest.Root)
	} else {
		b.WriteString("No checkpoint covers it.\n")
	}
	if r.Uncovered > 0 {
		fmt.Fprintf(b, "%s came after it.", count(r.Uncovered, "entry", "entries"))
		if !r.Since.IsZero() {
			fmt.Fprintf(b, " They were signed from %s to %s; a system that runs covers each within a minute or two.", r.Since.UTC().Format("2 January 2006 15:04"), r.Till.UTC().Format("2 January 2006 15:04 UTC"))
		}
		b.WriteString("\n")
	}
	if r.Seen > 0 {
		fmt.Fprintf(b, "It contains what you have seen before (%s).\n", count(int64(r.Seen), "checkpoint", "checkpoints"))
	}
	for _, c := range r.Cosigned {
		fmt.Fprintf(b, "%s has said of %s, by its own clock on %s: the largest that it had seen, and containing all before.\n",
			c.By, count(c.Size, "entry", "entries"), c.At.Format("2 January 2006 15:04 UTC"))
	}
	for _, c := range r.GivenUp {
		fmt.Fprintf(b, "What you have seen of %s was given up when the system was restored.\n", count(c.Size, "entry", "entries"))
	}
}

func (r *Report) signatures(b *strings.Builder) {
	if !r.Signatures {
		b.WriteString("The signatures of the entries were not checked.\n")
		return
	}
	var parts []string
	for _, event := range slices.Sorted(maps.Keys(r.Events)) {
		parts = append(parts, fmt.Sprintf("%s %d", event, r.Events[event]))
	}
	fmt.Fprintf(b, "By what was done: %s.\n", strings.Join(parts, ", "))
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// String is the finding as one sentence.
func (f Finding) String() string {
	at, is, was := fmt.Sprintf("entry %d", f.From), "is", "was"
	if f.To > f.From {
		at, is, was = fmt.Sprintf("entries %d to %d", f.From, f.To), "are", "were"
	}
	switch f.Kind {
	case Edited:
		return at + " " + is + " not what the log had there."
	case Missing:
		return at + " " + is + " missing."
	case Inserted:
		return "before " + at + " stands what the log never had."
	case Moved:
		return at + " " + was + " moved."
	case Changed:
		return "somewhere in " + at + " the log is not the one that was signed."
	case Unsigned:
		return at + " is not signed by whom it has to be, and no later entry says so."
	case Voided:
		return at + " does not count."
	case WrongVoid:
		return at + " says of an entry that it does not count, and there is no such one."
	case Forked:
		return "two logs were shown: the one of " + at + " that was seen is not this one."
	case RolledBack:
		return at + " " + was + " seen before and " + is + " not there: the log was cut off."
	case Unvouched:
		return "no checkpoint of this log's key holds for " + at + ": nothing shows that these are all, or the right ones."
	case BeforeRestore:
		return at + ", as you have seen them, are not there. Were they kept before the restore? Then say so with --before; if after, the log was cut off."
	case BadCheckpoint:
		return fmt.Sprintf("checkpoint %d is not one of this log.", f.From+1)
	}
	return at + " " + is + " wrong."
}

// CaseText is what an inspector reads of one case: times, roles and decisions.
// Letters are not in a log.
func (r *Report) CaseText(id string) string {
	if len(r.Case) == 0 {
		return fmt.Sprintf("The log has no entry about %s.\n", id)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s:\n", id, count(int64(len(r.Case)), "entry", "entries"))
	for _, e := range r.Case {
		fmt.Fprintf(&b, "%8d  %s  %-44s %s %s%s\n", e.Index, e.At.UTC().Format("2 Jan 2006 15:04"), Done(e.Statement), e.Object, by(e.Statement), rests(e.Rests))
	}
	b.WriteString("Times are UTC. A reading has the hour only. An entry rests on others where what it states holds because of them.\n")
	return b.String()
}

func rests(on []int64) string {
	if len(on) == 0 {
		return ""
	}
	return ", rests on " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(on)), ", "), "[]")
}

// Done says in a few words what a statement states.
func Done(st *statement.Statement) string {
	switch st.Event {
	case statement.EventReceipt:
		return "a letter was handed in"
	case statement.EventAccess:
		if strings.HasPrefix(st.From, "worker/") {
			return "a worker opened it"
		}
		return "a person opened it"
	case statement.EventWithdraw:
		return "its writer took it back"
	case statement.EventApprove:
		return "a worker decided that it may pass"
	case statement.EventDeliver:
		return "it was passed on"
	case statement.EventReturn:
		return "it went back to its writer with a reason"
	case statement.EventRefuse:
		return "it was refused with a reason"
	case statement.EventKeep:
		return "it was put on file"
	case statement.EventRecall:
		return "it was taken back before it was opened"
	case statement.EventGrant:
		return "a key was given to " + st.To
	case statement.EventRevoke:
		return "a key was taken from " + st.To
	case statement.EventRecord:
		return "written down: " + strings.TrimSpace(st.Part)
	case statement.EventKey, statement.EventEpoch:
		return "a key was vouched for"
	case statement.EventLapse:
		return "the program's clock moved it"
	case statement.EventCasework:
		return "case work"
	case statement.EventDestroy:
		return "it was destroyed"
	}
	return string(st.Event)
}

// by names who signed, without the agency.
func by(st *statement.Statement) string {
	names := st.Signers()
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, st.Agency+"/")
	}
	return "by " + strings.Join(names, " and ")
}
