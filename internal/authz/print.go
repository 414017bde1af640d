package authz

import (
	"fmt"
	"strings"
)

// Print writes the policy as it stands in docs/roles.md: an act a line, a role
// a column.
func Print() string {
	var b strings.Builder
	b.WriteString("| act |")
	for _, role := range Roles() {
		fmt.Fprintf(&b, " %s |", role)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(Roles())) + "\n")
	for _, act := range Acts() {
		fmt.Fprintf(&b, "| %s |", act)
		for _, role := range Roles() {
			mark := ""
			if Allows(role, act) {
				mark = "yes"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	return b.String()
}
