package intermediary

import (
	"fmt"

	"gatepost/intermediary/law"
)

// Relay asks table 8g, which the letterbox keeps to, whether a letter may be
// passed on. facts has the values of each question, in the words of the table,
// none left out. It gives the row that decided and whether that row permits it;
// an error, and no permission, for facts that the table does not know.
func Relay(facts map[string][]string) (row string, permits bool, err error) {
	f := law.Relay().Facts()
	for question, values := range facts {
		if err := f.Set(question, values...); err != nil {
			return "", false, fmt.Errorf("state the facts of table 8g: %w", err)
		}
	}
	found, err := law.Relay().Decide(f)
	if err != nil {
		return "", false, fmt.Errorf("decide by table 8g: %w", err)
	}
	return string(found.Row()), found.Permits(), nil
}
