package web_test

import (
	"net/http"
	"net/netip"
	"testing"

	"gatepost/web"
)

func TestAddressOf(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, remote string
		said         []string
		want         string
	}{
		{"a browser of its own", "192.0.2.7:5000", nil, "192.0.2.7"},
		{"a browser that writes the header", "192.0.2.7:5000", []string{"198.51.100.1"}, "192.0.2.7"},
		{"behind the proxy", "10.1.0.2:5000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"behind the proxy, with a made-up front", "10.1.0.2:5000", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"behind two proxies", "10.1.0.2:5000", []string{"198.51.100.1, 10.1.0.3"}, "198.51.100.1"},
		{"in two headers", "10.1.0.2:5000", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		{"the proxy says nothing", "10.1.0.2:5000", nil, "10.1.0.2"},
		{"the proxy says an address with a port", "10.1.0.2:5000", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"the proxy says no address", "10.1.0.2:5000", []string{"unknown"}, "invalid IP"},
		{"IPv6", "[fd00::1]:5000", []string{"2001:db8::5"}, "2001:db8::5"},
		{"IPv4 inside IPv6 is the same proxy", "[::ffff:10.1.0.2]:5000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"no address at all", "@", []string{"198.51.100.1"}, "invalid IP"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.remote, Header: http.Header{"X-Forwarded-For": test.said}}
			if got := web.AddressOf(r, proxies).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func FuzzAddressOf(f *testing.F) {
	f.Add("10.1.0.2:5000", "203.0.113.9, 198.51.100.1")
	f.Add("[fd00::1%eth0]:1", ",,")
	f.Fuzz(func(t *testing.T, remote, said string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {said}}}
		alone := web.AddressOf(r, nil)
		r.Header.Del("X-Forwarded-For")
		if got := web.AddressOf(r, nil); got != alone {
			t.Errorf("without proxies the header changes %s to %s", got, alone)
		}
	})
}
