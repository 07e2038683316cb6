package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// lightAsker asks a server over kept connections and reads no more of the
// answers than it must: of two CPUs that client and server share, most are the
// server's. Not for answers that redirect.
type lightAsker struct {
	host string
	mu   sync.Mutex
	idle []*lightConn
}

type lightConn struct {
	net.Conn
	r    *bufio.Reader
	text []byte
}

func newLightAsker(base string) (*lightAsker, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return &lightAsker{host: u.Host}, nil
}

func (a *lightAsker) take(ctx context.Context) (*lightConn, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.idle); n > 0 {
		c := a.idle[n-1]
		a.idle = a.idle[:n-1]
		return c, nil
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", a.host)
	if err != nil {
		return nil, err
	}
	return &lightConn{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}, nil
}

// tile asks for a path and gives the bytes of the body; 204 and 404 are tiles
// without content.
func (a *lightAsker) tile(ctx context.Context, path string) (int, error) {
	c, err := a.take(ctx)
	if err != nil {
		return 0, err
	}
	n, err := c.get(a.host, path)
	if err != nil {
		return 0, errors.Join(fmt.Errorf("%s: %w", path, err), c.Close())
	}
	a.mu.Lock()
	a.idle = append(a.idle, c)
	a.mu.Unlock()
	return n, nil
}

// close ends the connections, which all are idle.
func (a *lightAsker) close() error {
	var err error
	for _, c := range a.idle {
		err = errors.Join(err, c.Close())
	}
	a.idle = nil
	return err
}

func (c *lightConn) get(host, path string) (int, error) {
	if err := c.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return 0, err
	}
	c.text = fmt.Appendf(c.text[:0], "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\n\r\n", path, host)
	if _, err := c.Write(c.text); err != nil {
		return 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	status := 0
	if f := bytes.Fields(line); len(f) >= 2 {
		status, _ = strconv.Atoi(string(f[1])) // no number: 0, which is refused
	}
	if status != 200 && status != 204 && status != 404 {
		return 0, fmt.Errorf("answer %q", bytes.TrimSpace(line))
	}
	length, chunked := int64(-1), false
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		}
	}
	return c.body(status, length, chunked)
}

// body reads over the body of an answer.
func (c *lightConn) body(status int, length int64, chunked bool) (int, error) {
	switch {
	case status == 204:
		return 0, nil
	case chunked:
		n, err := io.Copy(io.Discard, httputil.NewChunkedReader(c.r))
		if err != nil {
			return 0, err
		}
		for { // what follows the last chunk, up to an empty line
			line, err := c.r.ReadSlice('\n')
			if err != nil || len(bytes.TrimSpace(line)) == 0 {
				return int(n), err
			}
		}
	case length < 0:
		return 0, errors.New("an answer without length")
	}
	n, err := c.r.Discard(int(length))
	return n, err
}
