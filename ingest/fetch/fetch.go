// Package fetch is the one way in which Contado reads from the network: a
// client that goes to public addresses only, looks at the address it really
// connects to, bounds sizes, redirects, time and how much it asks at once,
// waits when a server asks it to, and reads parts of files that must not
// change meanwhile. Nothing else in the program makes a request.
package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"contado/geo/fault"
)

// Options tunes a Client; the zero value means defaults.
type Options struct {
	// AllowPrivate lets the client speak to this machine and to private
	// networks; for tests, and for people who say so.
	AllowPrivate bool
	// UserAgent names the program; "" = "contado".
	UserAgent string
	// Timeout bounds one attempt until the headers came, and each silence
	// while a body comes; 0 = 30 s.
	Timeout time.Duration
	// Attempts bounds how often one request is made; 0 = 4.
	Attempts int
	// Backoff is the wait before the second attempt, doubled after each and
	// varied by half; a server's Retry-After goes before it. 0 = 0.5 s.
	Backoff time.Duration
	// MaxWait bounds one wait, whatever a server asks; 0 = 60 s.
	MaxWait time.Duration
	// Concurrency bounds the requests under way; 0 = 16.
	Concurrency int
	// MaxRedirects bounds a chain of redirects; 0 = 5.
	MaxRedirects int
}

// Client makes guarded requests. It is safe for concurrent use.
type Client struct {
	o     Options
	http  *http.Client
	slots chan struct{}
}

// maxAddress bounds an address.
const maxAddress = 8 << 10

// New makes a client; nil means defaults. It follows no proxy of the
// environment: behind one it could not see where a connection goes.
func New(o *Options) *Client {
	c := &Client{}
	if o != nil {
		c.o = *o
	}
	fill(&c.o.UserAgent, "contado")
	fill(&c.o.Timeout, 30*time.Second)
	fill(&c.o.Attempts, 4)
	fill(&c.o.Backoff, 500*time.Millisecond)
	fill(&c.o.MaxWait, time.Minute)
	fill(&c.o.Concurrency, 16)
	fill(&c.o.MaxRedirects, 5)
	c.slots = make(chan struct{}, c.o.Concurrency)
	c.http = &http.Client{
		Transport:     transport(&c.o),
		CheckRedirect: c.redirect,
	}
	return c
}

func fill[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Close ends the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check says whether the address may be asked at all: http or https, a host,
// no user name or password. Where the host leads is checked on connecting.
func Check(address string) (*url.URL, error) {
	const op = "fetch.Check"
	if len(address) > maxAddress {
		return nil, fault.Errorf(op, fault.TooLarge, "an address of %d bytes; the limit is %d", len(address), maxAddress)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.Errorf(op, fault.Invalid, "%.200q is not an address", address)
	}
	return u, checkURL(op, u)
}

func checkURL(op string, u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		err := fault.Errorf(op, fault.Unsupported, "%.200q: only http and https addresses are read", u.Redacted())
		if u.Scheme == "s3" || u.Scheme == "gs" {
			err = fault.WithHint(err, "give the https address of the same file")
		}
		return err
	case u.Hostname() == "":
		return fault.Errorf(op, fault.Invalid, "%.200q names no host", u.Redacted())
	case u.User != nil:
		return fault.Errorf(op, fault.Invalid, "%.200q holds a user name: addresses end up in the catalog, where secrets do not belong", u.Redacted())
	}
	return nil
}

func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	const op = "fetch.redirect"
	if len(via) > c.o.MaxRedirects {
		return fault.Errorf(op, fault.Invalid, "more than %d redirects", c.o.MaxRedirects)
	}
	if err := checkURL(op, req.URL); err != nil {
		return err
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http" {
		return fault.Errorf(op, fault.Invalid, "a redirect leads from https to http (%s)", where(req.URL))
	}
	return nil
}

// where names an address for messages: without its query, which may hold a
// signature.
func where(u *url.URL) string {
	v := *u
	v.User, v.Fragment = nil, ""
	if v.RawQuery != "" {
		v.RawQuery = "…"
	}
	return fmt.Sprintf("%.300s", v.String())
}

// acquire waits for a place among the requests under way.
func (c *Client) acquire(ctx context.Context) (func(), error) {
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots }, nil
	case <-ctx.Done():
		return nil, fault.E("fetch", fault.Canceled, ctx.Err())
	}
}
