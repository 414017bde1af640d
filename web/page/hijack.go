package page

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
)

// Hijack gives the connection away to a WebSocket. The log says 101, which is
// written by whoever takes it.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take the connection: %w", err)
	}
	a.status = http.StatusSwitchingProtocols
	return conn, rw, nil
}
