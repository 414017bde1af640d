package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"gatepost/internal/account"
	"gatepost/internal/fault"
	"gatepost/internal/tier"
)

// workerOf reads --agency and the other words of a command about workers, and
// connects as the staff tier does.
func (c *call) workerOf(ctx context.Context, names ...string) (*tier.Tier, string, []string, error) {
	id := ""
	cfg, words, err := c.configured(func(fs *flag.FlagSet) { fs.StringVar(&id, "agency", "", "") }, names...)
	if err != nil {
		return nil, "", nil, err
	}
	if id == "" {
		return nil, "", nil, wrong("--agency ID is missing.")
	}
	t, err := c.staffTier(ctx, cfg, id)
	return t, id, words, err
}

// workerList shows who works at an agency. There are no names: they are sealed,
// and the operator holds no key. Managers see names and ids side by side.
func workerList(ctx context.Context, c *call) error {
	t, id, _, err := c.workerOf(ctx)
	if err != nil {
		return err
	}
	defer t.Close()
	list, err := t.Accounts.ListWorkers(ctx, id)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "id\tstate\tsigned in\tletters\troles\tuntil")
	for _, one := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", one.ID, one.State, yes(one.SignedIn), one.Holds, rolesOf(one), lastDay(one))
	}
	return w.Flush()
}

// lastDay is until when an auditor signs in.
func lastDay(w account.Worker) string {
	switch {
	case w.Until.IsZero() && !w.Over:
		return "-"
	case w.Over:
		return "over"
	}
	return w.Until.Format(time.DateOnly)
}

func rolesOf(w account.Worker) string {
	names := make([]string, len(w.Roles))
	for i, role := range w.Roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}

// workerSuspend keeps a worker out in the hour in which no manager can.
func workerSuspend(ctx context.Context, c *call) error {
	t, id, words, err := c.workerOf(ctx, "the worker's ID")
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Accounts.SuspendByOperator(ctx, id, words[0]); err != nil {
		return noWorker(err)
	}
	fmt.Fprintf(c.stdout, "The worker %s is signed out and cannot sign in. A manager can let them in again, on the page of workers.\n", words[0])
	return nil
}

// noWorker says of a worker who is not there what a page says of an address.
func noWorker(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return errors.New("there is no such worker; gatepost worker list shows their ids")
	}
	return err
}

// workerLeave ends a worker's account with a manager at the keyboard, whose
// session grants every case anew.
func workerLeave(ctx context.Context, c *call) error {
	t, id, words, err := c.workerOf(ctx, "the worker's ID")
	if err != nil {
		return err
	}
	defer t.Close()
	answers, err := c.ask(question{"Manager's log-in name: ", false}, question{"Passphrase (not shown): ", true}, question{"One-time code: ", false})
	if _, ok := errors.AsType[misuse](err); ok {
		return wrong("The families' keys are granted anew from a manager's session: a manager has to type log-in name, passphrase and one-time code here, or do it on the page of workers.")
	}
	if err != nil {
		return err
	}
	in := account.SignIn{Name: answers[0], Passphrase: answers[1], Code: answers[2], From: netip.IPv6Loopback(), Browser: "gatepost worker leave"}
	done, err := t.Accounts.LeaveAt(ctx, id, in, words[0])
	if err != nil {
		return errors.Join(noWorker(err), unfinished(c.stderr, done))
	}
	fmt.Fprintf(c.stdout, "The account %s is closed. %d cases were granted anew. Everybody else signs in again.\n", words[0], done)
	return nil
}

// unfinished says where the rest of a re-grant is done that was cut off.
func unfinished(w io.Writer, done int) error {
	if done == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%d cases were granted anew. A manager goes on with the rest, on the page about keys.\n", done)
	return err
}
