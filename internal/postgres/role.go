package postgres

// The database roles. Each process connects as the one whose work it does;
// what each may do is in the migrations.
const (
	// RoleAdmin is the superuser of a private PostgreSQL. Only migrations,
	// bench and doctor use it; a database that somebody else runs has none.
	RoleAdmin = "gatepost_admin"
	// RoleOwner owns the schema and runs migrations.
	RoleOwner = "gatepost_owner"
	// RolePublic serves families and applicants.
	RolePublic = "gatepost_public"
	// RoleStaff serves workers and runs their jobs.
	RoleStaff = "gatepost_staff"
	// RoleAudit reads the log and nothing else.
	RoleAudit = "gatepost_audit"
	// RoleBackup reads every row of every agency and writes none.
	RoleBackup = "gatepost_backup"
	// RoleNotify sends content-free notices.
	RoleNotify = "gatepost_notify"
	// RoleRetention removes what the law no longer lets an agency keep.
	RoleRetention = "gatepost_retention"
)

// Roles lists the roles that the migrations create, in a fixed order and
// without RoleAdmin. The caller may change the slice.
func Roles() []string {
	return []string{RoleOwner, RolePublic, RoleStaff, RoleAudit, RoleBackup, RoleNotify, RoleRetention}
}
