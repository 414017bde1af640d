package config

import (
	"net/url"
	"os"
	"regexp"
	"strings"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/parts"
)

// Parts is the S3 store for large sealed parts. Without it they are in the database.
type Parts struct {
	Endpoint  string `toml:"endpoint,omitempty"` // https://host, or http on loopback
	Bucket    string `toml:"bucket,omitempty"`
	Region    string `toml:"region,omitempty"`
	PublicKey string `toml:"public_key_file,omitempty"` // two lines: the id of an S3 key, and its secret
	StaffKey  string `toml:"staff_key_file,omitempty"`  // the same, of one that may delete and list
	ReadOnly  bool   `toml:"read_only,omitempty"`       // new parts go into the database
}

// Set tells whether there is a store.
func (p Parts) Set() bool { return p != Parts{} }

// bucketPattern is what every S3 store takes as a bucket's name.
var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// check looks at the settings that the given tiers need.
func (p Parts) check(found *Problems, tiers ...authz.Tier) {
	if !p.Set() {
		return
	}
	if u, err := url.Parse(p.Endpoint); err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && u.Scheme != "http" {
		found.add("parts.endpoint is no address of an S3 store; write it as \"https://s3.example\"")
	} else if u.Scheme == "http" && !agency.Loopback(u.Hostname()) {
		found.add("parts.endpoint is reached without TLS; write it with https, or let the store be on this machine")
	}
	if !bucketPattern.MatchString(p.Bucket) {
		found.add("parts.bucket is no name of a bucket; name one that is this deployment's alone")
	}
	if p.Region == "" {
		found.add("parts.region is missing; name the store's, such as \"eu-west-2\"; most that are no cloud's take any")
	}
	for _, tier := range tiers {
		if p.key(tier) == "" {
			found.add("parts.%s_key_file is missing; name the file with this tier's key of the store", tier)
		}
	}
}

func (p Parts) key(tier authz.Tier) string {
	if tier == authz.Staff {
		return p.StaffKey
	}
	return p.PublicKey
}

// Store makes a tier's store, nil where none is configured. Serves has checked p,
// or the error is a Problems.
func (p Parts) Store(tier authz.Tier) (*parts.Store, error) {
	if !p.Set() {
		return nil, nil
	}
	var found Problems
	if p.check(&found, tier); len(found) > 0 {
		return nil, found
	}
	c := parts.S3{Bucket: p.Bucket, Region: p.Region, ReadOnly: p.ReadOnly}
	c.Endpoint, _ = url.Parse(p.Endpoint) // checked
	setting := "parts." + string(tier) + "_key_file"
	info, err := os.Stat(p.key(tier))
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o037 != 0 {
		return nil, Problems{setting + " is missing or can be read by others; make it and chmod 600 it"}
	}
	text, err := os.ReadFile(p.key(tier))
	if err != nil {
		return nil, Problems{setting + " cannot be read; check whose it is"}
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2 {
		return nil, Problems{setting + " has two lines: the id of an S3 key, and its secret; correct it"}
	}
	c.Access, c.Secret = lines[0], lines[1]
	return parts.New(c)
}
