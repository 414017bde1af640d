package family_test

import (
	"testing"

	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/studio/studiotest"
)

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	postgrestest.Main(m)
}
