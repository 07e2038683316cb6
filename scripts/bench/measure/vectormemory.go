package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// held is the most memory that a process held while it was looked at, in MiB:
// resident, and of it what is not of files. Files that are mapped into memory
// count as resident as long as nobody else needs the room.
type held struct{ rss, own float64 }

// holder looks at a process twenty times a second until stop.
type holder struct {
	stop func()
	mu   sync.Mutex
	most held
}

func holds(ctx context.Context, pid int) *holder {
	ctx, cancel := context.WithCancel(ctx)
	h := &holder{}
	done := make(chan struct{})
	h.stop = func() { cancel(); <-done }
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			h.look(pid)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return h
}

func (h *holder) look(pid int) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return // it has ended
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		kib, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			continue
		}
		switch name {
		case "VmHWM":
			h.most.rss = max(h.most.rss, kib/1024)
		case "RssAnon":
			h.most.own = max(h.most.own, kib/1024)
		}
	}
}

func (h *holder) peak() held {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.most
}
