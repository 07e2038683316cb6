package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memory is what processes hold: resident pages, and the same with shared
// pages split among those who share them (PSS). In MiB.
type memory struct{ rss, pss float64 }

// watcher notes the most memory that some processes and their children hold.
type watcher struct {
	stop func()
	mu   sync.Mutex
	most memory
}

// watch looks at the processes ten times a second until stop.
func watch(ctx context.Context, pids []int) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{}
	done := make(chan struct{})
	w.stop = func() { cancel(); <-done }
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			var sum memory
			for _, pid := range pids {
				m := memoryOf(strconv.Itoa(pid))
				sum.rss, sum.pss = sum.rss+m.rss, sum.pss+m.pss
			}
			w.mu.Lock()
			w.most.rss, w.most.pss = max(w.most.rss, sum.rss), max(w.most.pss, sum.pss)
			w.mu.Unlock()
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

func (w *watcher) peak() memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most
}

// memoryOf is that of a process and its children; one that has ended meanwhile
// holds none.
func memoryOf(pid string) memory {
	var m memory
	text, err := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
	if err != nil {
		return m // ended
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "Rss:" && f[0] != "Pss:" {
			continue
		}
		kib, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			continue
		}
		if f[0] == "Rss:" {
			m.rss += kib / 1024
		} else {
			m.pss += kib / 1024
		}
	}
	for _, child := range children(pid) {
		c := memoryOf(child)
		m.rss, m.pss = m.rss+c.rss, m.pss+c.pss
	}
	return m
}

func children(pid string) []string {
	tasks, err := filepath.Glob(filepath.Join("/proc", pid, "task", "*", "children"))
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // a thread that has ended
		}
		out = append(out, strings.Fields(string(text))...)
	}
	return out
}
