package tiles

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/mosaic"
)

func service(t *testing.T, o *Options) *Service {
	t.Helper()
	s, err := New(mosaic.FromPool(nil), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Many who ask for one tile at once cause one rendering, and the first of
// them leaving does not spoil it for the others.
func TestCoalescing(t *testing.T) {
	t.Parallel()
	s := service(t, nil)
	var made atomic.Int64
	begun, gone, finish := make(chan struct{}), make(chan struct{}), make(chan struct{})
	draw := func(context.Context) (Tile, error) {
		if made.Add(1) == 1 {
			close(begun)
		}
		<-finish
		return Tile{Data: []byte("tile")}, nil
	}
	first, leave := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		ctx := context.Background()
		if i == 0 {
			ctx = first
		}
		wg.Go(func() {
			_, errs[i] = s.get(ctx, "tag", small, draw)
			if i == 0 {
				close(gone)
			}
		})
		if i == 0 {
			<-begun
		}
	}
	leave()
	<-gone
	close(finish)
	wg.Wait()
	if !fault.Is(errs[0], fault.Canceled) {
		t.Errorf("who left got %v", errs[0])
	}
	for _, err := range errs[1:] {
		if err != nil {
			t.Error(err)
		}
	}
	if made.Load() != 1 || s.Renders() != 1 {
		t.Errorf("%d made", made.Load())
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	s := service(t, &Options{Renders: 1, Queue: 1, CacheBytes: -1})
	finish := make(chan struct{})
	draw := func(context.Context) (Tile, error) { <-finish; return Tile{}, nil }
	var wg sync.WaitGroup
	var busy, fine atomic.Int64
	for i := range 6 {
		wg.Go(func() {
			switch _, err := s.get(context.Background(), string(rune('a'+i)), small, draw); {
			case err == nil:
				fine.Add(1)
			case fault.Is(err, fault.Unavailable):
				if busy.Add(1) == 4 {
					close(finish)
				}
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if fine.Load() != 2 || busy.Load() != 4 {
		t.Errorf("%d served, %d refused", fine.Load(), busy.Load())
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	s := service(t, &Options{Timeout: 2 * time.Second}) // only the tile that takes too long shall take that long
	ask := func(draw func(context.Context) (Tile, error)) error {
		_, err := s.get(context.Background(), "tag", small, draw)
		return err
	}
	if err := ask(func(context.Context) (Tile, error) { return Tile{}, errors.New("disk on fire") }); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("%v", err)
	}
	if err := ask(func(ctx context.Context) (Tile, error) { <-ctx.Done(); return Tile{}, ctx.Err() }); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a tile that takes too long: %v", err)
	}
	if err := ask(func(context.Context) (Tile, error) { panic("hole") }); err == nil || fault.KindOf(err) != fault.Other {
		t.Errorf("a panic became %v", err)
	}
	if err := ask(func(context.Context) (Tile, error) { return Tile{Data: []byte("fine")}, nil }); err != nil {
		t.Error(err)
	}
}
