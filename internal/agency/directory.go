package agency

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/field"
	"gatepost/internal/authz"
)

// Book is one of the directories. Each has its own key.
type Book string

const (
	// Birth holds birth families, and children under their birth names.
	Birth Book = "birth"
	// Adoptive holds adoptive families, and children under their adoptive names.
	Adoptive Book = "adoptive"
	// StaffBook holds workers.
	StaffBook Book = "staff"
)

// Record is what a directory says of a person or a child. It never prints.
type Record struct {
	Name     string `json:"name"`
	Relation string `json:"relation,omitempty"` // birth mother, adopter, …
	Address  string `json:"address,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Born     string `json:"born,omitempty"` // of a child: 2006-01-02
}

// String keeps people out of logs.
func (Record) String() string { return "[sealed]" }

// GoString keeps people out of logs.
func (Record) GoString() string { return "[sealed]" }

// LogValue keeps people out of logs.
func (Record) LogValue() slog.Value { return slog.StringValue("[sealed]") }

const sqlPutRecord = `insert into directory (agency_id, book, id, epoch, name, details) values (agency(), $1, $2, $3, $4, $5)
	on conflict (agency_id, book, id) do update set name = excluded.name, details = excluded.details, epoch = excluded.epoch`

// RecordRow is a directory row: two sealed cells.
type RecordRow struct {
	Book    string
	ID      string
	Epoch   uint32
	Name    []byte
	Details []byte
}

// ErrNoDirectory: this session does not hold the directory's key.
var ErrNoDirectory = errors.New("no directory key in this session")

func directoryKey(keys *authz.Keyring, book string, epoch uint32) (field.DirectoryKey, error) {
	text, ok := keys.Secret(NodeName("directory/"+book, epoch))
	if !ok {
		return field.DirectoryKey{}, ErrNoDirectory
	}
	key, err := field.ParseDirectoryKey(text)
	if err != nil {
		return field.DirectoryKey{}, fmt.Errorf("directory %s: %w", book, err)
	}
	return key, nil
}

// QueueRecord seals a record under the session's directory key and writes it.
// epoch is the directory's; the cells are bound to book, id and epoch.
func QueueRecord(b *pgx.Batch, keys *authz.Keyring, book Book, id string, r Record) error {
	const epoch = 1
	key, err := directoryKey(keys, string(book), epoch)
	if err != nil {
		return err
	}
	details, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a directory record: %w", err)
	}
	table := "directory/" + string(book)
	name, err := key.SealField(table, "name", id, []byte(r.Name))
	if err != nil {
		return fmt.Errorf("seal a name: %w", err)
	}
	sealedDetails, err := key.SealField(table, "details", id, details)
	if err != nil {
		return fmt.Errorf("seal a record: %w", err)
	}
	b.Queue(sqlPutRecord, string(book), id, epoch, name, sealedDetails)
	return nil
}

// OpenName opens a row's name: one symmetric opening.
func OpenName(keys *authz.Keyring, row RecordRow) (string, error) {
	key, err := directoryKey(keys, row.Book, row.Epoch)
	if err != nil {
		return "", err
	}
	name, err := key.OpenField("directory/"+row.Book, "name", row.ID, row.Name)
	return string(name), err
}

// OpenRecord opens a whole record. The name of both cells must agree.
func OpenRecord(keys *authz.Keyring, row RecordRow) (Record, error) {
	key, err := directoryKey(keys, row.Book, row.Epoch)
	if err != nil {
		return Record{}, err
	}
	details, err := key.OpenField("directory/"+row.Book, "details", row.ID, row.Details)
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(details, &r); err != nil {
		return Record{}, errors.New("a directory record does not parse")
	}
	if name, err := OpenName(keys, row); err != nil || name != r.Name {
		return Record{}, errors.New("a directory record's two cells are not of one writing")
	}
	return r, nil
}
