package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// zoomClass is a range of zooms that cost alike.
type zoomClass struct {
	name     string
	min, max int
}

var zoomClasses = []zoomClass{{"z14–16", 14, 16}, {"z12–13", 12, 13}, {"z9–11", 9, 11}, {"z5–8", 5, 8}}

// tilesOf lists the tiles of a class over a box in degrees, shuffled, none
// twice, at most n.
func (c zoomClass) tilesOf(box [4]float64, n int, seed uint64) []address {
	var all []address
	for z := c.min; z <= c.max; z++ {
		x0, y0 := tileAt(box[0], box[3], z)
		x1, y1 := tileAt(box[2], box[1], z)
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				all = append(all, address{z, x, y})
			}
		}
	}
	r := rand.New(rand.NewPCG(11, seed))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

// drive lets clients make n requests, each the next that nobody has made,
// until all are made or the time is over. do gives the bytes of the answer.
func drive(ctx context.Context, n, clients int, limit time.Duration, do func(ctx context.Context, i int) (int, error)) (load, error) {
	took := make([]float64, n)
	var next, bytes atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range clients {
		g.Go(func() error {
			for time.Since(began) < limit {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				asked := time.Now()
				size, err := do(ctx, i)
				if err != nil {
					return err
				}
				took[i] = float64(time.Since(asked).Microseconds()) / 1000
				bytes.Add(int64(size))
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

// asker asks a server over kept connections.
type asker struct {
	base   string
	client *http.Client
	header http.Header
}

func newAsker(base string) *asker {
	return &asker{
		base: base, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}, Timeout: 5 * time.Minute},
		header: http.Header{"Accept-Encoding": {"gzip"}},
	}
}

// get reads an answer; 204 and 404 are tiles without content.
func (a *asker) get(ctx context.Context, path string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header = a.header.Clone()
	res, err := a.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, err
	}
	switch res.StatusCode {
	case http.StatusOK, http.StatusNoContent, http.StatusNotFound:
		return body, res.Header, nil
	}
	return nil, nil, fmt.Errorf("%s answers %d: %.500s", path, res.StatusCode, body)
}

func (a *asker) tile(ctx context.Context, path string) (int, error) {
	body, _, err := a.get(ctx, path)
	return len(body), err
}
