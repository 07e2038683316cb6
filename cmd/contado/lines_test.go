package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// guarded is a buffer for two goroutines.
type guarded struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.Write(p)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.String()
}

func TestServerLog(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		var w guarded
		log, flush := serverLog(&w, asJSON)
		log = log.With("part", "x")
		log.Info("first")
		log.Warn("second")
		if got := w.String(); strings.Count(got, "\n") != 2 || strings.Index(got, "first") > strings.Index(got, "second") || strings.Count(got, "part") != 2 {
			t.Errorf("after a warning: %q", got)
		}
		log.Info("third")
		flush()
		if got := w.String(); !strings.Contains(got, "third") {
			t.Errorf("after flush: %q", got)
		}
		log.Info("fourth")
		for end := time.Now().Add(time.Minute); !strings.Contains(w.String(), "fourth"); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("a line waits for ever: %q", w.String())
			}
		}
		long := strings.Repeat("x", linesFull)
		log.Info(long)
		if !strings.Contains(w.String(), long) {
			t.Error("a long line was not written at once")
		}
	}
}
