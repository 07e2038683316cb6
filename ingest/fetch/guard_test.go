package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

// Trust lets a test's client accept a test server's certificate.
func Trust(c *Client, cert *x509.Certificate) {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	c.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
		"168.63.129.16", "192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1%eth0",
		"fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
		"2001:0:0:1::", "fec0::1", "64:ff9b:1::1", "100::1", "2001:db8::1",
	} {
		if private(netip.MustParseAddr(a)) == "" {
			t.Errorf("%s passes as public", a)
		}
	}
	for _, a := range []string{"8.8.8.8", "151.101.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450:4001::1", "64:ff9b::808:808", "2002:808:808::"} {
		if why := private(netip.MustParseAddr(a)); why != "" {
			t.Errorf("%s is refused: %s", a, why)
		}
	}
	if private(netip.Addr{}) == "" {
		t.Error("the zero address passes")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Thu, 01 Jan 2026 03:05:05 GMT": 0,
	} {
		if got, ok := retryAfter(in, now); !ok || got != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-1", "soon", "99999999999999999999"} {
		if _, ok := retryAfter(in, now); ok {
			t.Errorf("%q is understood", in)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-1/2", "bytes 5-4/9", "bytes */9", "", "bytes 0-9223372036854775807/9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, to, size, ok := contentRange(s)
		if ok && (from < 0 || to < from || to >= size) {
			t.Fatalf("%q: %d-%d/%d", s, from, to, size)
		}
	})
}
