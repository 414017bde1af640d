package doctor_test

import (
	"os"
	"strings"

	"gatepost/internal/config"
	"gatepost/internal/doctor"
	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
)

// parts tries each tier's key of a store: it may do what it has to and no more.
func (w *world) parts() {
	w.Helper()
	gate, kept := partstest.New(w.T), partstest.Versioned(w.T)
	by := func(g *partstest.Gateway, public, staff parts.S3) config.Parts {
		for name, key := range map[string]parts.S3{"families": public, "staff": staff} {
			w.write(name+".s3", key.Access+"\n"+key.Secret+"\n")
		}
		return config.Parts{Endpoint: g.Staff.Endpoint.String(), Bucket: g.Staff.Bucket, Region: g.Staff.Region, PublicKey: w.path("families.s3"), StaffKey: w.path("staff.s3")}
	}
	stranger := gate.Families
	stranger.Secret = "guessed"
	for _, c := range []struct {
		name string
		with func() config.Parts
		text string // part of what is wrong; "" for nothing
	}{
		{"as it should be", func() config.Parts { return by(gate, gate.Families, gate.Staff) }, ""},
		{"families who may delete", func() config.Parts { return by(gate, gate.Staff, gate.Staff) }, "as the public tier sees it: the families' key may delete"},
		{"staff who may not", func() config.Parts { return by(gate, gate.Families, gate.Families) }, "as the staff tier sees it: this tier's key may not delete"},
		{"a wrong key", func() config.Parts { return by(gate, stranger, gate.Staff) }, "as the public tier sees it: it does not answer, does not let this tier's key in"},
		{"a wrong key, read only", func() config.Parts {
			p := by(gate, stranger, gate.Staff)
			p.ReadOnly = true
			return p
		}, "as the public tier sees it: it does not answer, or does not let this tier's key in"},
		{"another deployment's", func() config.Parts {
			must(w, gate.Open(gate.Staff).For(parts.Mark("somebody else's"), nil).Take(w.Context()))
			return by(gate, gate.Families, gate.Staff)
		}, "as the public tier sees it: the bucket of [parts] is another deployment's"},
		{"taken over", func() config.Parts {
			mark, err := parts.MarkOf(w.Context(), w.admin)
			must(w, err)
			must(w, gate.Open(gate.Staff).For(mark, nil).Take(w.Context()))
			return by(gate, gate.Families, gate.Staff)
		}, ""},
		{"families who may mark", func() config.Parts { return by(gate, gate.Staff, gate.Staff) }, "as the public tier sees it: the families' key may write the bucket's mark"},
		{"no mark, and not what is to be in it", func() config.Parts {
			must(w, os.Remove(gate.Path("gatepost-mark")))
			w.raw(`insert into object (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
				select agency_id, 'ph' || repeat('a', 20), 'picture', 1, 'submission', 'x', 'y',
					convert_to(E'gatepost-part/1\n' || repeat('a', 26), 'UTF8') || '\x0000000000000005' || sha256('x'), sha256('x'), leaf from audit_body limit 1`)
			return by(gate, gate.Families, gate.Staff)
		}, "as the staff tier sees it: the bucket of [parts] has no mark of ours, although parts are to be in it"},
		{"with what is to be in it", func() config.Parts {
			must(w, os.WriteFile(gate.Path(parts.Key(strings.Repeat("a", 26))), []byte("there"), 0o600))
			w.raw(`update object set sealed = overlay(sealed placing sha256('there') from 51) where sealed_part is not null`)
			return by(gate, gate.Families, gate.Staff)
		}, ""},
		{"a part that is lost", func() config.Parts {
			w.raw("insert into part_lost (agency_id, key) values ('" + demoAgency + "', repeat('a', 26))")
			return by(gate, gate.Families, gate.Staff)
		}, "large parts: the store has lost or changed 1 of them (aaaaaaaaaaaaaaaaaaaaaaaaaa): find out"},
		{"written off", func() config.Parts {
			w.raw("update part_lost set written_off_at = now()")
			return by(gate, gate.Families, gate.Staff)
		}, ""},
		{"no key", func() config.Parts {
			p := by(gate, gate.Families, gate.Staff)
			p.PublicKey += "x"
			return p
		}, "parts.public_key_file is missing"},
		{"a bucket with versions", func() config.Parts { return by(kept, kept.Families, kept.Staff) }, "as the staff tier sees it: the bucket keeps versions"},
		{"away", func() config.Parts { gate.Stop(); return by(gate, gate.Families, gate.Staff) }, "it does not answer"},
	} {
		before := clone(w.cfg)
		w.cfg.Parts = c.with()
		found, sound := w.examine()
		w.cfg = before
		text := lines(found, doctor.OK)
		if sound != (c.text == "") || !strings.Contains(text, c.text) {
			w.Errorf("%s: sound %v, want %q:\n%s", c.name, sound, c.text, text)
		}
		if c.text == "" && strings.Count(lines(found, ""), "it answers, and its key may do what it has to and no more") != 2 {
			w.Errorf("%s:\n%s", c.name, lines(found, ""))
		}
	}
}
