package private

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// writeConf writes the whole configuration anew. It stands outside the cluster
// in a folder of ours, so the server cannot change who may connect.
func (p place) writeConf(roles []string, fast bool) error {
	self, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return fmt.Errorf("find our own user name, by which the database knows us: %w", err)
	}
	ident, err := identMap(self.Username, roles)
	if err != nil {
		return err
	}
	if err := os.Mkdir(p.conf(), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the configuration folder: %w", err)
	}
	if err := os.Chmod(p.conf(), 0o755); err != nil {
		return fmt.Errorf("set the mode of the configuration folder: %w", err)
	}
	for name, text := range map[string]string{
		"postgresql.conf": p.settings(fast),
		// peer and not trust: trust would let every program of the server's own
		// user in, in any role.
		"pg_hba.conf":   "local all all peer map=gatepost\n",
		"pg_ident.conf": ident,
	} {
		if err := writeFile(filepath.Join(p.conf(), name), text); err != nil {
			return err
		}
	}
	return nil
}

// writeFile puts a file in place whole. The server's user has to read it.
func writeFile(path, text string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := errors.Join(os.Chmod(next, 0o644), os.Rename(next, path)); err != nil {
		return fmt.Errorf("put the configuration in place: %w", err)
	}
	return nil
}

var rolePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// checkRoles refuses what would mean something else in the map of users: a
// group, a pattern, a second line.
func checkRoles(roles []string) error {
	for _, role := range roles {
		if !rolePattern.MatchString(role) {
			return fmt.Errorf("%q cannot be the name of a database role", role)
		}
	}
	return nil
}

// identMap lets our own OS user in as each role. One line a role: before
// PostgreSQL 16 the role of a map cannot be a pattern.
func identMap(self string, roles []string) (string, error) {
	if strings.ContainsAny(self, "\"\n") {
		return "", errors.New("our own user name cannot be written into the database's map of users")
	}
	var sb strings.Builder
	for _, role := range append([]string{Admin}, roles...) {
		fmt.Fprintf(&sb, "gatepost \"%s\" %s\n", self, role)
	}
	return sb.String(), nil
}

// settings is postgresql.conf.
func (p place) settings(fast bool) string {
	set := [][2]string{
		{"hba_file", filepath.Join(p.conf(), "pg_hba.conf")},
		{"ident_file", filepath.Join(p.conf(), "pg_ident.conf")},
		{"listen_addresses", ""},
		{"unix_socket_directories", p.socket},
		{"unix_socket_permissions", "0700"},
		{"max_connections", "100"},
		{"shared_buffers", "128MB"},
		{"jit", "off"}, // compiling costs more than our short statements
		{"password_encryption", "scram-sha-256"},
		{"idle_in_transaction_session_timeout", "60s"},
		{"timezone", "UTC"},

		// No value of a row or a parameter may get into the log. The text of an
		// error quotes values ("invalid input syntax for type integer: ..."), so
		// errors of statements are not logged here at all: level log leaves out
		// WARNING and ERROR and keeps LOG, FATAL and PANIC.
		{"log_destination", "stderr"},
		{"logging_collector", "off"},
		{"log_timezone", "UTC"},
		{"log_line_prefix", "%m [%p] "},
		{"log_min_messages", "log"},
		{"log_min_error_statement", "panic"},
		{"log_error_verbosity", "terse"},
		{"log_parameter_max_length", "0"},
		{"log_parameter_max_length_on_error", "0"},
		{"log_statement", "none"},
		{"log_min_duration_statement", "-1"},
		{"log_lock_waits", "off"},
		{"log_temp_files", "-1"},
		{"log_autovacuum_min_duration", "-1"},
		{"log_checkpoints", "off"},
	}
	if fast {
		set = append(set, [][2]string{{"fsync", "off"}, {"full_page_writes", "off"}}...)
	}
	quote := strings.NewReplacer("'", "''", `\`, `\\`)
	var sb strings.Builder
	sb.WriteString("# Written anew at each start; changes here are lost.\n")
	for _, s := range set {
		fmt.Fprintf(&sb, "%s = '%s'\n", s[0], quote.Replace(s[1]))
	}
	return sb.String()
}
