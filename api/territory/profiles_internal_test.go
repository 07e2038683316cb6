package territory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/analysis"
)

// counted makes profiles and tells how often.
type counted struct {
	made atomic.Int32
	hold chan struct{} // nil: at once
	err  error
}

func (c *counted) profile(ctx context.Context, code string) (*analysis.Profile, error) {
	c.made.Add(1)
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	return &analysis.Profile{Territory: geo.Territory{Code: code}}, nil
}

func same() string { return "a" }

func TestProfilesAreMadeOnce(t *testing.T) {
	t.Parallel()
	var p profiles
	m := &counted{hold: make(chan struct{})}
	// Who asks first gives up: the others get what was begun.
	gone, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := p.of(gone, same, "1", m.profile)
		first <- err
	}()
	for m.made.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Fatalf("who gave up: %v", err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			one, err := p.of(t.Context(), same, "1", m.profile)
			if err != nil || one.Territory.Code != "1" {
				t.Errorf("got %v, %v", one, err)
			}
		})
	}
	close(m.hold)
	all.Wait()
	if n := m.made.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
	if one, err := p.of(t.Context(), same, "2", m.profile); err != nil || one.Territory.Code != "2" || m.made.Load() != 2 {
		t.Errorf("another territory: %v, %v, made %d", one, err, m.made.Load())
	}
}

func TestProfilesAreOfOneState(t *testing.T) {
	t.Parallel()
	var p profiles
	one := &analysis.Profile{}
	p.put("a", "1", one)
	if p.get("a", "1") != one || p.get("b", "1") != nil || p.get("a", "2") != nil {
		t.Error("kept what it should not, or not what it should")
	}
	p.put("b", "2", one)
	if p.get("a", "1") != nil || p.get("b", "1") != nil || p.get("b", "2") != one {
		t.Error("the data moved on, and the former profiles did not go")
	}
	for i := range 2 * maxProfiles {
		p.put("b", fmt.Sprint(i), one)
		if len(p.kept) > maxProfiles || p.get("b", fmt.Sprint(i)) != one {
			t.Fatalf("%d are kept after %d", len(p.kept), i)
		}
	}
}

func TestProfilesOfDataThatMoveOnAreNotKept(t *testing.T) {
	t.Parallel()
	var p profiles
	m := &counted{}
	n := 0
	moving := func() string { n++; return fmt.Sprint(n) }
	if _, err := p.of(t.Context(), moving, "1", m.profile); err != nil || p.kept != nil {
		t.Errorf("%v, %d are kept", err, len(p.kept))
	}
}

func TestProfilesKeepNoError(t *testing.T) {
	t.Parallel()
	var p profiles
	m := &counted{err: errors.New("no")}
	for range 2 {
		if _, err := p.of(t.Context(), same, "1", m.profile); !errors.Is(err, m.err) {
			t.Fatal(err)
		}
	}
	m.err = nil
	if _, err := p.of(t.Context(), same, "1", m.profile); err != nil || m.made.Load() != 3 {
		t.Errorf("%v, made %d times", err, m.made.Load())
	}
}
