package ceremony

import (
	"fmt"
	"strings"

	"filippo.io/age"
)

// makeScript is read together before the first step.
func makeScript(p Plan) string {
	title := "THE ARCHIVE KEY OF " + p.Agency
	if p.Practice {
		title += " (FOR PRACTICE)"
	}
	return title + `

About 90 minutes. Two of three officers can open the agency's archive from now on,
for as long as it exists. One alone cannot.

In the room, and nobody else from beginning to end:
  three officers, who will keep the sheets in three different places;
  an operator, who types what is not secret;
  a witness from outside the agency, who fills in the form and signs it.

On the table:
  a laptop that was started from a verified live system, with its own disk out or
  unused, without network, Bluetooth and swap;
  a printer on a cable, without network and without a disk;
  three tamper-evident bags with numbers, three sticks, paper, a pen.
  No telephones and no cameras in the room, unless one scans the squares by cable.

What happens:
  1. The key is made. Its fingerprint is read aloud and written into the form.
  2. One after another, each officer prints their sheet, alone before the screen,
     and types it in again from the paper: paper that was not read is no proof.
  3. Each two of the three open a canary letter. Only then is anything written.
  4. The bags are packed, and the laptop and the printer are switched off.

If anything goes wrong, or anybody leaves: stop, burn what was printed, begin again.
What a broken-off run printed opens nothing.

`
}

// drillScript is read before a yearly drill.
func drillScript(officers []string) string {
	return fmt.Sprintf(`THE YEARLY DRILL

Officers %s and %s bring their sheets and open the bags before a witness, who checks
the numbers. The same laptop as in the ceremony: live system, no network, no swap.

`, officers[0], officers[1])
}

// changeScript is read before an officer's place changes.
func changeScript(leaves, next string, stay []string) string {
	return fmt.Sprintf(`OFFICER %s LEAVES, OFFICER %s COMES

Officers %s and %s bring their sheets. The new officer is %s: a letter is never used
twice. A witness and an operator are there, and the one who leaves only to hand over
the sheet. The same laptop and printer as in the ceremony: live system, no network,
no swap.

`, leaves, next, stay[0], stay[1], next)
}

// bags says what goes where at the end; leaves is who gave up their place, or
// nothing. It stays in the folder and holds nothing secret.
func bags(p Plan, officers []string, archive *age.HybridRecipient, leaves string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if p.Practice {
		line("FOR PRACTICE ONLY. THIS ARCHIVE IS NO AGENCY'S.\n")
	}
	line("Archive of %s\nFingerprint: %s\n  %s\n", p.Agency, Words(archive), Fingerprint(archive))
	for _, o := range officers {
		line("[ ] Bag %s, number ____________: sheet %s and a stick with this whole folder.", o, o)
		line("    Goes to: ____________________________________________________________")
	}
	line("\n[ ] The three bags go to three places, two of them not the agency's own building.")
	line("[ ] archive.pub, and the fingerprint above by another way, go to the operator:")
	line("    gatepost agency add shows the four words and the digits again. Compare them.")
	line("[ ] The archive-*.age files go beside every backup and every copy of the archive,")
	line("    and are printed once for each bag: a stick is read for ten years, paper longer.")
	if leaves != "" {
		line("[ ] Sheet %s is burnt before the witness. Old copies of the pair files with %s in", leaves, leaves)
		line("    their name are removed where they are; with sheet %s and one other they still", leaves)
		line("    open the archive. Whoever is suspected of a copy is a reason for a new key.")
	}
	line("[ ] The laptop and the printer are switched off, and without power for a minute.")
	line("[ ] In a year: gatepost ceremony drill, with a pair that was not tried last.")
	line("\nWitness _______________________________  Date _______________________________")
	return b.String()
}
