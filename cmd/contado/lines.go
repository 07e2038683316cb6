package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Lines of a log wait in memory for the next ones: a write for each costs as
// much as a small tile.
const (
	linesWait = 200 * time.Millisecond
	linesFull = 32 << 10
)

// lines gathers what is written to w and passes it on when it is much or has
// waited for long, and at Flush. It is safe for concurrent use.
type lines struct {
	mu      sync.Mutex
	w       io.Writer
	buf     []byte
	waiting bool
}

// Write implements io.Writer. What w says of an earlier write is lost, as it
// is for every log.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	switch {
	case len(l.buf) >= linesFull:
		l.flush()
	case !l.waiting:
		l.waiting = true
		time.AfterFunc(linesWait, l.Flush)
	}
	return len(p), nil
}

// Flush passes on what waits.
func (l *lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = false
	l.flush()
}

func (l *lines) flush() {
	if len(l.buf) > 0 {
		_, _ = l.w.Write(l.buf) // there is nowhere to say that a log cannot be written
	}
	l.buf = l.buf[:0]
}

// promptly has everything from warnings on written at once, with what came
// before it.
type promptly struct {
	slog.Handler
	out *lines
}

// Handle implements slog.Handler.
func (p promptly) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.out.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (p promptly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptly{p.Handler.WithAttrs(attrs), p.out}
}

// WithGroup implements slog.Handler.
func (p promptly) WithGroup(name string) slog.Handler {
	return promptly{p.Handler.WithGroup(name), p.out}
}

// serverLog is the log of a server, one line an event on w; flush passes on
// what waits.
func serverLog(w io.Writer, asJSON bool) (log *slog.Logger, flush func()) {
	out := &lines{w: w}
	var h slog.Handler = slog.NewTextHandler(out, nil)
	if asJSON {
		h = slog.NewJSONHandler(out, nil)
	}
	return slog.New(promptly{h, out}), out.Flush
}
