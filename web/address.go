package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// AddressOf tells where a request comes from: the address of the connection,
// or, as long as that is one of proxies, the last one before it in
// X-Forwarded-For. What stands further to the front was written by the client
// and is not believed. The zero Addr is an address that cannot be read.
func AddressOf(r *http.Request, proxies []netip.Prefix) netip.Addr {
	from := addressIn(r.RemoteAddr)
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, entry := range slices.Backward(said) {
		if !within(from, proxies) || strings.TrimSpace(entry) == "" {
			break
		}
		from = addressIn(strings.TrimSpace(entry))
	}
	return from
}

// addressIn reads an address with or without a port.
func addressIn(s string) netip.Addr {
	if with, err := netip.ParseAddrPort(s); err == nil {
		return with.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func within(addr netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
