// Package front answers the requests that come by the thousand as they come
// off the connection: those for something that lies ready, which say nothing
// but its address. All others are net/http's, on the same connection. See
// docs/adr/0017.
package front

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Handler answers a request by one call of send, or reports false without one:
// then net/http reads the same request. It must not wait for long: the
// connection is not watched meanwhile. A panic before send counts as false.
type Handler func(r Request, send Send) bool

// Send sends an answer: its head, as HTTP/1.1 has it, and its body. Neither
// is kept. After an error the connection ends.
type Send func(head, body []byte) error

// Timeouts bound a connection as those of http.Server do; 0 is no bound.
type Timeouts struct {
	Header, Write, Idle time.Duration
}

// Listen has h answer what comes over connections that l accepts. What it
// accepts itself is for an http.Server with the same timeouts.
func Listen(l net.Listener, h Handler, t Timeouts) net.Listener {
	return &listener{Listener: l, handler: h, timeouts: t, conns: map[*conn]struct{}{}}
}

type listener struct {
	net.Listener
	handler  Handler
	timeouts Timeouts
	ends     atomic.Bool // no more requests: the server ends

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	tcp, ok := c.(*net.TCPConn)
	if err != nil || !ok {
		return c, err
	}
	out := &conn{TCPConn: tcp, l: l}
	out.send = out.write
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[out] = struct{}{}
	return out, nil
}

// Close implements net.Listener. For net/http a connection is new as long as
// all its requests have been answered here, and would be waited for.
func (l *listener) Close() error {
	l.ends.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if !c.mu.TryLock() { // it answers, and will see that this is the end
			continue
		}
		if c.waiting {
			_ = c.SetReadDeadline(time.Unix(1, 0)) // closed otherwise
		}
		c.mu.Unlock()
	}
	return l.Listener.Close()
}

// conn reads as net/http does: never from two goroutines at once, and for the
// beginning of a request only when it has answered the one before. While it
// answers, it reads one byte, to notice that the client leaves.
type conn struct {
	*net.TCPConn
	l    *listener
	send Send
	// lost says that it is not known where requests begin: all is net/http's.
	lost bool

	mu      sync.Mutex // held while a request is answered
	waiting bool       // for a request after an answer of ours
	closed  bool
	sent    bool // of the request at hand
	err     error
	// read and written are when we have set the deadlines last; zero: net/http has.
	read, written time.Time
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	switch {
	case c.lost:
		return c.TCPConn.Read(p)
	case len(p) == 1:
		return c.watch(p)
	}
	for {
		n, err := c.TCPConn.Read(p)
		if n == 0 || err != nil {
			return n, err
		}
		r, k := recognise(p[:n])
		if k != simple || !c.answer(r) {
			c.lost = k == other
			c.leave()
			return n, nil
		}
		if c.l.ends.Load() {
			return 0, net.ErrClosed
		}
		if c.err != nil {
			return 0, c.err
		}
	}
}

// answer has the request answered, unless that is net/http's.
func (c *conn) answer(r Request) (done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.sent, c.waiting = false, false
	defer func() {
		if c.sent { // a panic goes on: the connection is of no use any more
			return
		}
		if v := recover(); v != nil {
			done = false
		}
	}()
	if done = c.l.handler(r, c.send); done {
		c.await()
	}
	return done
}

// write is Send.
func (c *conn) write(head, body []byte) error {
	c.sent = true
	limit := c.l.timeouts.Write
	if now := time.Now(); limit > 0 && now.Sub(c.written) > limit/rearm {
		if c.err = c.SetWriteDeadline(now.Add(limit)); c.err != nil {
			return c.err
		}
		c.written = now
	}
	parts := net.Buffers{head, body}
	_, c.err = parts.WriteTo(c.TCPConn)
	return c.err
}

// rearm is the share of a timeout after which the deadline is set anew: to set
// it for each request costs more than to read that.
const rearm = 16

// await gives the client the time of an idle connection for its next request.
func (c *conn) await() {
	c.waiting = true
	limit := c.l.timeouts.Idle
	if now := time.Now(); limit > 0 && now.Sub(c.read) > limit/rearm {
		// A connection that takes no deadline is closed: the next Read says so.
		_ = c.SetReadDeadline(now.Add(limit))
		c.read = now
	}
}

// leave makes the connection net/http's again. It sets deadlines of its own
// with the next request, but may be waiting for the header of this one.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read.IsZero() {
		var until time.Time
		if limit := c.l.timeouts.Header; limit > 0 {
			until = time.Now().Add(limit)
		}
		_ = c.SetReadDeadline(until) // as in await
	}
	c.waiting, c.read, c.written = false, time.Time{}, time.Time{}
}

// closeGrace is how long an answer under way may take when the server ends.
const closeGrace = 5 * time.Second

// Close implements net.Conn. An answer under way is finished first: for
// net/http the connection is idle meanwhile, and it closes those at its end.
func (c *conn) Close() error {
	if !c.mu.TryLock() {
		_ = c.SetWriteDeadline(time.Now().Add(closeGrace)) // closed otherwise
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	c.closed = true
	c.l.mu.Lock()
	delete(c.l.conns, c)
	c.l.mu.Unlock()
	return c.TCPConn.Close()
}
