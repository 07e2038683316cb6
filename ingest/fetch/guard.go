package fetch

import (
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"contado/geo/fault"
)

// transport is an HTTP transport whose connections are looked at before they
// are made, when the name has become an address: a name that resolves to
// something else the second time gains nothing, nor does a redirect.
func transport(o *Options) *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !o.AllowPrivate {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fault.Errorf("fetch.dial", fault.Invalid, "connection to %.100q refused: not an IP address", address)
			}
			if why := private(ap.Addr()); why != "" {
				return fault.WithHint(fault.Errorf("fetch.dial", fault.Invalid, "connection to %s refused: %s", ap.Addr(), why),
					"allow private addresses if you trust the source")
			}
			return nil
		}
	}
	return &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    o.Concurrency,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  o.Timeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// special are the blocks that are no public unicast addresses, beyond those
// that netip names (RFC 6890 and the IANA registries behind it).
var special = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a shared address of a carrier or a cloud"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's own service"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a reserved address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for measurements"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
	{netip.MustParsePrefix("100::/64"), "a discarded address"},
	{netip.MustParsePrefix("2001::/23"), "a reserved address"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation"},
	{netip.MustParsePrefix("5f00::/16"), "a reserved address"},
	{netip.MustParsePrefix("fec0::/10"), "a private address"},
}

var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	compatible = netip.MustParsePrefix("::/96")
)

// private says why an address is not a public one; "" when it is.
func private(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid() || a.IsUnspecified():
		return "not an address"
	case a.IsLoopback():
		return "an address of this machine"
	case a.IsPrivate():
		return "an address of a private network"
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), a.IsInterfaceLocalMulticast():
		return "a link-local address (clouds keep their secrets at one)"
	case a.IsMulticast():
		return "a multicast address"
	case nat64Local.Contains(a):
		return "an address of a private network"
	}
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.why
		}
	}
	// An IPv4 address may be carried inside an IPv6 one.
	b := a.As16()
	switch {
	case a.Is4():
		return ""
	case nat64.Contains(a), compatible.Contains(a):
		return private(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		return private(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return ""
}
