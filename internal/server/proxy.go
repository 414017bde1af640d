package server

import (
	"net/http"
	"net/netip"
	"slices"
)

// OnlyFrom answers requests that come over one of the networks of trusted
// proxies, and did not reach the proxy without TLS; all others it refuses (403).
// With no networks it is next itself.
func OnlyFrom(networks []netip.Prefix, next http.Handler) http.Handler {
	if len(networks) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if proto := r.Header.Get("X-Forwarded-Proto"); !from(networks, r.RemoteAddr) || proto != "" && proto != "https" {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "This address is not open to you.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func from(networks []netip.Prefix, remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(peer.Addr().Unmap().WithZone("")) })
}
