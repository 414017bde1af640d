// Gatepost-verify checks an agency's log, as it was exported, or the proof of
// one entry. It is for inspectors: it needs no database, no network and none of
// the service's code, opens no letter, and holds no secret.
//
//	gatepost-verify --log DIR --key FILE [--seen FILE]... [--witness FILE] [--case EXCHANGE] [--tree]
//	gatepost-verify --proof FILE --key FILE
//
// It ends with 0 when everything is sound, 1 when something is wrong or cannot
// be read, and 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"gatepost/internal/logbook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := logbook.Inspect(ctx, os.Args[1:], os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "gatepost-verify: %v\n", err)
	if errors.Is(err, logbook.ErrUse) {
		fmt.Fprint(os.Stderr, "\n", logbook.Usage)
		os.Exit(2)
	}
	os.Exit(1)
}
