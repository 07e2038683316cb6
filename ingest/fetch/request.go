package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

// Answer is a whole body that was read.
type Answer struct {
	URL  string // after redirects
	Type string // the media type as sent, without parameters
	Body []byte
}

// Get reads a document of at most limit bytes (after decompression). accept
// is the Accept header; "" = anything.
//
// Errors: NotExist (404, 410), TooLarge, Unavailable (the server or the
// network does not answer, even after waiting), Unsupported (it wants
// credentials), Invalid (it refuses the request, or the address is refused),
// Canceled.
func (c *Client) Get(ctx context.Context, address, accept string, limit int64) (Answer, error) {
	return c.document(ctx, request{method: http.MethodGet, address: address, header: accepting(accept)}, limit)
}

// Post sends a body of JSON and reads the answer like Get. It is repeated
// like Get: use it for requests that change nothing.
func (c *Client) Post(ctx context.Context, address string, body []byte, accept string, limit int64) (Answer, error) {
	h := accepting(accept)
	h.Set("Content-Type", "application/json")
	return c.document(ctx, request{method: http.MethodPost, address: address, header: h, body: body}, limit)
}

func accepting(accept string) http.Header {
	h := http.Header{}
	if accept != "" {
		h.Set("Accept", accept)
	}
	return h
}

func (c *Client) document(ctx context.Context, r request, limit int64) (Answer, error) {
	var a Answer
	err := c.do(ctx, r, func(res *http.Response) error {
		if err := wantStatus(res, http.StatusOK); err != nil {
			return err
		}
		// The transport unpacks gzip as it is read, so that this bound holds
		// for what comes out, too.
		b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
		if err != nil {
			return err
		}
		if int64(len(b)) > limit {
			return fault.Errorf("fetch.Get", fault.TooLarge, "%s sends more than %d bytes", where(res.Request.URL), limit)
		}
		typ, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		a = Answer{URL: res.Request.URL.String(), Type: strings.ToLower(strings.TrimSpace(typ)), Body: b}
		return nil
	})
	return a, err
}

// Download writes a whole file of at most limit bytes to w and returns its
// size. It begins again only while nothing has been written.
func (c *Client) Download(ctx context.Context, address string, w io.Writer, limit int64) (int64, error) {
	const op = "fetch.Download"
	var n int64
	h := http.Header{"Accept-Encoding": {"identity"}}
	err := c.do(ctx, request{method: http.MethodGet, address: address, header: h, total: maxDownload}, func(res *http.Response) error {
		if err := wantStatus(res, http.StatusOK); err != nil {
			return err
		}
		if res.ContentLength > limit {
			return fault.Errorf(op, fault.TooLarge, "%s has %d bytes; the limit is %d", where(res.Request.URL), res.ContentLength, limit)
		}
		var err error
		n, err = io.Copy(w, io.LimitReader(res.Body, limit+1))
		switch {
		case err != nil && n > 0:
			return fault.Errorf(op, fault.Unavailable, "%s broke off after %d bytes: %w", where(res.Request.URL), n, err)
		case err != nil:
			return err
		case n > limit:
			return fault.Errorf(op, fault.TooLarge, "%s has more than %d bytes", where(res.Request.URL), limit)
		}
		return nil
	})
	return n, err
}

type request struct {
	method, address string
	header          http.Header
	body            []byte
	total           time.Duration // bound on one attempt as a whole; 0 = four timeouts
}

// maxDownload bounds the time of a whole file.
const maxDownload = 12 * time.Hour

// do makes the request and hands the answer to read, again after a wait while
// the failure is of the kind that passes. Faults that read returns are final.
func (c *Client) do(ctx context.Context, r request, read func(*http.Response) error) error {
	u, err := Check(r.address)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, u, r, read)
		wait, again := c.retry(err, attempt)
		if err == nil || !again || ctx.Err() != nil {
			return final(ctx, u, err)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return final(ctx, u, ctx.Err())
		}
	}
}

func (c *Client) once(ctx context.Context, u *url.URL, r request, read func(*http.Response) error) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return fault.E("fetch", fault.Invalid, err)
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	idle := time.AfterFunc(c.o.Timeout, func() { cancel(errSilent) })
	defer idle.Stop()
	fill(&r.total, 4*c.o.Timeout)
	slow := time.AfterFunc(r.total, func() { cancel(errSlow) })
	defer slow.Stop()
	res, err := c.http.Do(req)
	if err != nil {
		return silent(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	res.Body = &patient{ReadCloser: res.Body, timer: idle, timeout: c.o.Timeout}
	return silent(ctx, read(res))
}

var (
	errSilent = errors.New("the server stays silent")
	errSlow   = errors.New("the server is too slow")
)

// silent puts the cause in the place of the cancellation that it led to.
func silent(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err != nil && (errors.Is(cause, errSilent) || errors.Is(cause, errSlow)) {
		return cause
	}
	return err
}

// patient puts the end of patience off with each piece that comes.
type patient struct {
	io.ReadCloser
	timer   *time.Timer
	timeout time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.timer.Reset(p.timeout)
	}
	return n, err
}

// statusError is an answer that was not the one wanted.
type statusError struct {
	status     int
	retryAfter string
	detail     string
}

func (e *statusError) Error() string {
	msg := fmt.Sprintf("answered %d %s", e.status, http.StatusText(e.status))
	if e.detail != "" {
		msg += ": " + e.detail
	}
	return msg
}

func wantStatus(res *http.Response, want int) error {
	if res.StatusCode == want {
		return nil
	}
	e := &statusError{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After")}
	if t := res.Header.Get("Content-Type"); strings.Contains(t, "json") || strings.HasPrefix(t, "text/plain") {
		// A few words of why; a body that does not come is no loss.
		b, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		e.detail = strings.Join(strings.Fields(strings.ToValidUTF8(string(b), "")), " ")
	}
	return e
}

// retry says whether the failure may pass, and how long to wait.
func (c *Client) retry(err error, attempt int) (time.Duration, bool) {
	if err == nil || attempt >= c.o.Attempts {
		return 0, false
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return 0, false
	}
	wait := c.o.Backoff << (attempt - 1)
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // spreads the waits; nothing secret
	var s *statusError
	if errors.As(err, &s) {
		switch s.status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway,
			http.StatusGatewayTimeout, http.StatusRequestTimeout:
		default:
			return 0, false
		}
		if asked, ok := retryAfter(s.retryAfter, time.Now()); ok {
			if asked > c.o.MaxWait {
				return 0, false
			}
			wait = max(wait, asked)
		}
		return min(wait, c.o.MaxWait), true
	}
	return min(wait, c.o.MaxWait), passing(err)
}

// passing tells a failure of the network that may not come again.
func passing(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary || dns.IsTimeout
	}
	var ne net.Error
	var op *net.OpError
	return errors.Is(err, errSilent) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.As(err, &op) || (errors.As(err, &ne) && ne.Timeout())
}

// retryAfter reads the header: seconds or a date (RFC 9110 §10.2.3).
func retryAfter(v string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now)), true
	}
	return 0, false
}

// final gives an error its kind and says where it happened.
func final(ctx context.Context, u *url.URL, err error) error {
	const op = "fetch"
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fault.Errorf(op, fault.Canceled, "%s: %w", where(u), ctx.Err())
	}
	var f *fault.Error
	if errors.As(err, &f) { // also what the dialer and redirects refused, inside a url.Error
		return fault.WithHint(fault.Errorf(op, f.Kind, "%s: %w", where(u), f.Err), f.Hint)
	}
	var s *statusError
	if !errors.As(err, &s) {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // its text repeats the address with the query
		}
		return fault.Errorf(op, fault.Unavailable, "%s: %w", where(u), err)
	}
	e := fault.Errorf(op, s.kind(), "%s %w", where(u), err)
	if s.status == http.StatusUnauthorized || s.status == http.StatusForbidden {
		e = fault.WithHint(e, "only public files are read: no credentials are sent")
	}
	return e
}

func (e *statusError) kind() fault.Kind {
	switch {
	case e.status == http.StatusNotFound || e.status == http.StatusGone:
		return fault.NotExist
	case e.status == http.StatusUnauthorized || e.status == http.StatusForbidden:
		return fault.Unsupported
	case e.status == http.StatusTooManyRequests || e.status == http.StatusRequestTimeout || e.status >= 500:
		return fault.Unavailable
	}
	return fault.Invalid
}
