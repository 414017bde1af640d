package intermediary_test

import (
	"testing"

	"gatepost/internal/postgres/postgrestest"
)

// Every statement of the package is one that the database takes.
func TestStatements(t *testing.T) { postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".") }
