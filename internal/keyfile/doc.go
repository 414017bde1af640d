// Package keyfile keeps the secrets of a deployment in files.
//
// `gatepost keys init DIR` makes two folders, one for each tier, and
// `gatepost agency add` puts the agency's signing keys into them:
//
//	DIR/public/  login.key code.key pepper-1.key  ID-door.key
//	DIR/staff/   login.key code.key pepper-1.key  ID-registrar.key ID-log.key ID-system.key
//	DIR/ID-secrets.age                            a copy of all that, sealed to the agency's archive
//
// login.key and code.key are the same in both folders: staff print the
// references and codes that families type in. The peppers differ, and the door
// of one tier never opens with the other's.
//
// # Trust
//
// DIR/public is copied to the public tier's host and DIR/staff to the staff
// tier's, and nothing else; neither tier can do the other's signing. Files that
// anybody else on the machine could read are refused. The sealed copy exists so
// that a lost host does not lose the passphrases: it opens with the archive's
// key, which lies on paper in two safes. It holds the deployment's peppers, so
// the agencies of one deployment trust each other's archives not to guess their
// people's passphrases.
package keyfile
