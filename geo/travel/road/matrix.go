package road

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/travel"
)

// maxMatrix bounds the numbers of a matrix.
const maxMatrix = 1 << 28

// Matrix gives the time in milliseconds from each origin to each destination,
// row by row, Unreached's where there is no way. An origin or a destination is
// one or more seeds, whose times count and whose facilities do not. One search
// for each of whichever are fewer. Errors: Invalid, TooLarge, Canceled.
func (g *Graph) Matrix(ctx context.Context, origins, destinations [][]Seed, o Options) ([]Label, error) {
	if int64(len(origins))*int64(len(destinations)) > maxMatrix {
		return nil, fault.Errorf(opSearch, fault.TooLarge, "road matrix: %d × %d times are over the limit of %d", len(origins), len(destinations), maxMatrix)
	}
	out := make([]Label, len(origins)*len(destinations))
	starts, ends, row, col := origins, destinations, len(destinations), 1
	o.Direction = travel.FromFacility
	if len(destinations) < len(origins) {
		starts, ends, row, col = destinations, origins, 1, len(destinations)
		o.Direction = travel.ToFacility
	}
	for _, e := range ends {
		if err := g.checkSeeds(e); err != nil {
			return nil, err
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range starts {
		work.Go(func() error {
			t, err := g.Search(ctx, starts[i], o)
			if err != nil {
				return err
			}
			for j, e := range ends {
				out[i*row+j*col] = t.best(e)
			}
			return nil
		})
	}
	return out, work.Wait()
}

// best is the least time to any of the places, with what they add.
func (t *Times) best(places []Seed) Label {
	best := Unreached
	for _, s := range places {
		best = min(best, t.At(int(s.Edge), s.Along).add(s.Millis, t.limit))
	}
	return best
}
