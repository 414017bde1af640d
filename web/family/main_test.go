package family_test

import (
	"testing"

	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	darkroomtest.Child()
	postgrestest.Main(m)
}
