package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress draws a bar on a terminal and prints plain lines elsewhere. It
// serves every long command and is safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	quiet    bool
	stage    string
	last     time.Time
	drawn    bool
}

func (a *app) progress() *progress {
	return &progress{w: a.stderr, terminal: isTerminal(a.stderr), quiet: a.globals.Quiet}
}

// isTerminal reports whether w is a terminal that can redraw a line.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Stage begins a named part of the work.
func (p *progress) Stage(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || name == p.stage {
		return
	}
	p.clear()
	p.stage = name
	if p.terminal {
		p.draw(0)
		return
	}
	fmt.Fprintf(p.w, "%s\n", name)
}

// Step tells how much of the stage is done; total 0 means not known.
func (p *progress) Step(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || !p.terminal || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	share := 0.0
	if total > 0 {
		share = float64(done) / float64(total)
	}
	p.draw(share)
}

// Share is Step for callers that count in shares and name the stage along.
func (p *progress) Share(done float64, stage string) {
	if stage != "" {
		p.Stage(stage)
	}
	p.Step(int64(done*1000), 1000)
}

// Done removes the bar.
func (p *progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.stage = ""
}

const barWidth = 24

func (p *progress) draw(share float64) {
	share = max(0, min(1, share))
	full := int(share * barWidth)
	fmt.Fprintf(p.w, "\r\x1b[K%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), share*100, p.stage)
	p.drawn = true
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
