package notice

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"gatepost/internal/agency"
	"gatepost/internal/jobs"
)

// Server is the mail server that takes our mails.
type Server struct {
	Host string
	Port int
	From string // bare address; it should say nothing about us either
	// User and Password are for a server that wants them; "" for none.
	User, Password string
	// Roots are who may vouch for the server; nil for whom the machine believes.
	Roots *x509.CertPool
}

// Codes of what goes wrong with a mail.
const (
	codeUnreachable jobs.Code = "unreachable" // no connection, no TLS, no log-in
	codeRefused     jobs.Code = "refused"     // the server says that it never will
	codeDeferred    jobs.Code = "deferred"    // the server says later
	codeSealed      jobs.Code = "sealed"      // the details do not open
	codeSettings    jobs.Code = "settings"    // our own configuration
)

const (
	implicitTLS = 465
	mailTime    = 20 * time.Second
	senderName  = "Notices"
)

// MessageID is the Message-ID of a notice: the same at each try, so that a
// server which has taken the mail already may drop the second.
func (s Server) MessageID(notice string) string {
	sum := sha256.Sum256([]byte("gatepost/notice/v1\n" + notice))
	return hex.EncodeToString(sum[:16]) + "@" + s.domain()
}

func (s Server) domain() string { return s.From[strings.LastIndexByte(s.From, '@')+1:] }

// send gives one mail to the server. Its error is one of the codes: nothing of
// what the server said goes further than this function.
func (s Server) send(ctx context.Context, to string, words Words, messageID string, at time.Time) error {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP))
	if m.FromFormat(senderName, s.From) != nil || m.To(to) != nil {
		return codeSettings
	}
	m.SetMessageIDWithValue(messageID)
	m.SetDateWithValue(at)
	m.SetGenHeader(mail.Header("Auto-Submitted"), "auto-generated")
	m.Subject(words.Subject())
	m.SetBodyString(mail.TypeTextPlain, words.Text())
	client, err := mail.NewClient(s.Host, s.options()...)
	if err != nil {
		return codeSettings
	}
	return codeOf(client.DialAndSendWithContext(ctx, m))
}

// Reach connects as for a mail, with EHLO, TLS and the log-in, and leaves again
// without one. The error is a code, with nothing of what the server said.
func (s Server) Reach(ctx context.Context) error {
	client, err := mail.NewClient(s.Host, s.options()...)
	if err != nil {
		return codeSettings
	}
	if err := client.DialWithContext(ctx); err != nil {
		return codeUnreachable
	}
	_ = client.Close() // it has said all that was asked
	return nil
}

// options are TLS from the first byte on port 465, STARTTLS on any other, and
// neither on this machine itself.
func (s Server) options() []mail.Option {
	o := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(mailTime), mail.WithHELO(s.domain()), mail.WithoutSMTPUTF8()}
	switch {
	case s.Port == implicitTLS:
		o = append(o, mail.WithSSL())
	case agency.Loopback(s.Host) && s.Roots == nil:
		o = append(o, mail.WithTLSPolicy(mail.NoTLS))
	default:
		o = append(o, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	o = append(o, mail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}))
	if s.User != "" {
		o = append(o, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return o
}

func codeOf(err error) error {
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*mail.SendError](err)
	switch {
	case !ok:
		return codeUnreachable
	case refusal.IsTemp():
		return codeDeferred
	case refusal.ErrorCode() >= 500:
		return codeRefused
	}
	return codeUnreachable
}
