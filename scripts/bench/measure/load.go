package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// ask fetches one picture: its status and body.
type ask func(ctx context.Context, v view) (status int, body []byte, err error)

// load is what came of many clients asking at once.
type load struct {
	ms    []float64 // of each picture
	wall  time.Duration
	bytes int
}

// rate is pictures a second.
func (l load) rate() float64 { return float64(len(l.ms)) / l.wall.Seconds() }

// press lets clients ask for the views, each for the next that nobody has
// taken, until all are taken or the time is over. Anything but a picture is
// an error.
func press(ctx context.Context, a ask, views []view, clients int, limit time.Duration) (load, error) {
	took := make([]float64, len(views))
	var next, bytes atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range clients {
		g.Go(func() error {
			for time.Since(began) < limit {
				i := int(next.Add(1)) - 1
				if i >= len(views) {
					return nil
				}
				asked := time.Now()
				status, body, err := a(ctx, views[i])
				if err != nil {
					return err
				}
				if status != 200 || len(body) < 8 || string(body[1:4]) != "PNG" {
					return fmt.Errorf("%v: %d, %q", views[i], status, body[:min(len(body), 2000)])
				}
				took[i] = float64(time.Since(asked).Microseconds()) / 1000
				bytes.Add(int64(len(body)))
			}
			return nil
		})
	}
	err := g.Wait()
	l := load{wall: time.Since(began), bytes: int(bytes.Load())}
	for _, ms := range took {
		if ms > 0 {
			l.ms = append(l.ms, ms)
		}
	}
	return l, err
}
