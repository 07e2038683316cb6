package gdal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/scripts/shareddata"
)

func TestPoolReadsAsOneThreadDoes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	paths := []string{
		ramp(t, 300, 300, []int{2, 4}, nil), ramp(t, 200, 250, nil, ptr(17)),
		shareddata.Path(t, "raster-variety/rio-tiler/cog.tif"), shareddata.Path(t, "raster-variety/rio-tiler/cog_rgb_mask.tif"),
	}
	type job struct {
		path string
		w    grid.Window
		rs   grid.Resampling
	}
	var jobs []job
	want := map[job]*grid.Block{}
	for _, p := range paths {
		r, err := OpenRaster(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		g := r.Grid()
		for k := range 12 {
			j := job{p, grid.Window{Col: k * g.Width / 30, Row: k * g.Height / 40, Width: g.Width / 2, Height: g.Height / 2}, grid.Average}
			if k%2 == 0 {
				j.rs = grid.Nearest
			}
			if want[j], err = r.Read([]int{1}, j.w, 64, 48, j.rs); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, j)
		}
		_ = r.Close()
	}
	p := NewPool(&PoolOptions{MaxOpen: 5, MaxConcurrent: 3})
	defer p.Close()
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for k := range len(jobs) {
				j := jobs[(k*7+n*5)%len(jobs)]
				err := p.With(ctx, j.path, func(r *Raster) error {
					b, err := r.Read([]int{1}, j.w, 64, 48, j.rs)
					if err == nil && (!slices.Equal(b.Mask, want[j].Mask) || !slices.Equal(b.Bands[0], want[j].Bands[0])) {
						t.Errorf("%v differs", j)
					}
					return err
				})
				if err != nil {
					t.Errorf("%v: %v", j, err)
				}
			}
		})
	}
	wg.Wait()
	if n := p.Open(); n < 1 || n > 5 {
		t.Errorf("%d handles open, at most 5 allowed", n)
	}
}

func TestPoolCapAndWaiting(t *testing.T) {
	t.Parallel()
	a, b := ramp(t, 16, 16, nil, nil), ramp(t, 16, 16, nil, nil)
	p := NewPool(&PoolOptions{MaxOpen: 1})
	defer p.Close()
	err := p.With(context.Background(), a, func(*Raster) error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		return p.With(ctx, b, func(*Raster) error { return errors.New("two handles out of one") })
	})
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("waiting for a handle gave %v", err)
	}
	// The waiter that gave up must not keep the next one from its turn.
	started := make(chan struct{})
	done := make(chan error, 1)
	err = p.With(context.Background(), a, func(*Raster) error {
		go func() {
			close(started)
			done <- p.With(context.Background(), b, func(*Raster) error { return nil })
		}()
		<-started
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := p.Open(); n != 1 {
		t.Errorf("%d handles open", n)
	}
}

func TestPoolSurvivesPanic(t *testing.T) {
	t.Parallel()
	path := ramp(t, 16, 16, nil, nil)
	p := NewPool(&PoolOptions{MaxOpen: 1})
	defer p.Close()
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = p.With(context.Background(), path, func(*Raster) error { panic("in fn") })
		}()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.With(ctx, path, func(*Raster) error { return nil }); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestPoolErrorsGiveThePlaceBack(t *testing.T) {
	t.Parallel()
	p := NewPool(&PoolOptions{MaxOpen: 2})
	bad := filepath.Join(t.TempDir(), "bad.tif")
	if err := os.WriteFile(bad, []byte("II*\x00 nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := p.With(context.Background(), bad, func(*Raster) error { return nil }); !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		if err := p.With(context.Background(), bad+"x", func(*Raster) error { return nil }); !fault.Is(err, fault.NotExist) {
			t.Fatal(err)
		}
	}
	if n := p.Open(); n != 0 {
		t.Errorf("%d handles open", n)
	}
	p.Close()
	if err := p.With(context.Background(), bad, func(*Raster) error { return nil }); !fault.Is(err, fault.Unavailable) {
		t.Errorf("closed pool: %v", err)
	}
}

func TestPoolForget(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := ramp(t, 16, 16, nil, nil)
	p := NewPool(nil)
	defer p.Close()
	var first *Raster
	keep := func(to **Raster) func(*Raster) error {
		return func(r *Raster) error { *to = r; return nil }
	}
	if err := p.With(ctx, path, keep(&first)); err != nil {
		t.Fatal(err)
	}
	var again *Raster
	if err := p.With(ctx, path, keep(&again)); err != nil || again != first {
		t.Errorf("the handle was not kept: %v", err)
	}
	p.Forget(path)
	if n := p.Open(); n != 0 {
		t.Errorf("%d handles open", n)
	}
	if err := p.With(ctx, path, func(*Raster) error { p.Forget(path); return nil }); err != nil {
		t.Fatal(err)
	}
	if n := p.Open(); n != 0 {
		t.Errorf("a forgotten handle came back: %d open", n)
	}
}

func TestNothingLeaks(t *testing.T) {
	path := ramp(t, 64, 64, []int{2}, nil)
	fds := func() int {
		es, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc/self/fd here")
		}
		return len(es)
	}
	p := NewPool(&PoolOptions{MaxOpen: 4})
	before, goroutines := fds(), runtime.NumGoroutine()
	for k := range 2000 {
		if k%2 == 0 {
			r, err := OpenRaster(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read([]int{1}, r.Grid().Full(), 8, 8, grid.Average); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		err := p.With(context.Background(), path, func(r *Raster) error {
			_, err := r.Read([]int{1}, r.Grid().Full(), 8, 8, grid.Average)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	if after := fds(); after > before+8 { // other tests may be opening files
		t.Errorf("%d file descriptors before, %d after", before, after)
	}
	if after := runtime.NumGoroutine(); after > goroutines+8 {
		t.Errorf("%d goroutines before, %d after", goroutines, after)
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := NewPool(nil)
	defer p.Close()
	s, err := p.Source(ctx, ramp(t, 100, 80, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if bw, bh := s.BlockSize(); bw != 64 || bh != 64 || s.Bands() != 1 || s.Grid().Width != 100 {
		t.Errorf("%d x %d blocks, %d bands, %+v", bw, bh, s.Bands(), s.Grid())
	}
	var wg sync.WaitGroup
	for k := range 20 {
		wg.Go(func() {
			var v [1]float64
			if err := s.ReadFloat64(ctx, 1, grid.Window{Col: k, Row: 2 * k, Width: 1, Height: 1}, v[:]); err != nil || v[0] != float64(k+2000*k) {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkPooledRead(b *testing.B) {
	path := ramp(b, 4096, 4096, []int{2, 4, 8, 16}, nil)
	p := NewPool(nil)
	defer p.Close()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for k := 0; pb.Next(); k++ {
			w := grid.Window{Col: k * 131 % 3072, Row: k * 197 % 3072, Width: 1024, Height: 1024}
			err := p.With(context.Background(), path, func(r *Raster) error {
				_, err := r.Read([]int{1}, w, 256, 256, grid.Bilinear)
				return err
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}
