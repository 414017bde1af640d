// Package config reads the file that a deployment is described by.
//
// It is TOML, in one file that both tiers may share:
//
//	one_process = false                  # true: `serve --tier both` is allowed
//
//	[database]                           # one connection string for each role
//	owner  = "host=db user=gatepost_owner dbname=gatepost passfile=/etc/gatepost/pgpass"
//	public = "host=db user=gatepost_public dbname=gatepost passfile=/etc/gatepost/pgpass"
//	staff  = "host=db user=gatepost_staff dbname=gatepost passfile=/etc/gatepost/pgpass"
//
//	[public]                             # the families' tier
//	listen          = ":443"
//	certificate     = "/etc/gatepost/letters.pem"   # either TLS here …
//	certificate_key = "/etc/gatepost/letters.key"
//	trusted_proxies = ["10.1.0.0/16"]    # … or TLS in front, from these networks only
//	keys            = "/etc/gatepost/keys/public"
//	state           = "/var/lib/gatepost/public"    # what this tier has seen of each log
//	ops             = "127.0.0.1:9101"   # health and metrics
//
//	[staff]                              # the workers' tier; the same lines
//
//	[backup]                             # where backups are made
//	recipient = "age1pq1…"
//	folder    = "/var/backups/gatepost"
//
//	[[agency]]                           # printed by `gatepost agency add`
//
// # Trust
//
// The file says whom to believe about an agency, so whoever can write it can
// put an archive of their own in the place of the agency's. It holds no secret:
// keys are named by the folder they lie in, and a password in a connection
// string is refused. A key that is unknown is refused too, for a misspelt
// setting would otherwise be a missing one. Every problem is reported at once.
package config
