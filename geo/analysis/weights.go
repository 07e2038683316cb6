package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/maypok86/otter/v2"
	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// maxWeights bounds the shares of cells that the engine keeps for the next
// question about the same areas.
const maxWeights = 64 << 20

// weightCache keeps the shares of cells by areas and grid: a new date of the
// same areas is then a sparse product.
type weightCache = otter.Cache[string, *zonal.Weights]

func newWeightCache() *weightCache {
	return otter.Must(&otter.Options[string, *zonal.Weights]{
		MaximumWeight: maxWeights,
		Weigher:       func(_ string, w *zonal.Weights) uint32 { return uint32(min(w.Bytes(), math.MaxUint32)) },
	})
}

// weightsOf are the shares of the cells of a grid in areas, from memory when
// the same areas were asked for before. It is nil when they would not fit.
func (r *run) weightsOf(ctx context.Context, g grid.Grid, areas []zonal.Area) (*zonal.Weights, error) {
	key := weightKey(g, areas)
	if w, ok := r.weights.GetIfPresent(key); ok {
		return w, nil
	}
	w, err := zonal.NewWeights(ctx, g, areas, &zonal.WeightOptions{Exact: true})
	if fault.Is(err, fault.TooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.weights.Set(key, w)
	return w, nil
}

// weightKey is a digest of the grid, and of the names and coordinates of the
// areas: areas that differ in anything have another key.
func weightKey(g grid.Grid, areas []zonal.Area) string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	number := func(v float64) { buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v)) }
	text := func(s string) {
		buf = binary.LittleEndian.AppendUint64(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	flush := func(most int) {
		if len(buf) > most {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	text(string(g.CRS))
	for _, v := range g.Transform {
		number(v)
	}
	number(float64(g.Width))
	number(float64(g.Height))
	for _, a := range areas {
		text(a.ID)
		text(a.Geometry.GeoJSONType())
		for _, ring := range rings(a.Geometry) {
			number(float64(len(ring)))
			for _, p := range ring {
				number(p[0])
				number(p[1])
			}
			flush(1 << 15)
		}
	}
	flush(0)
	return string(h.Sum(nil))
}

// rings are those of a polygon or of several, with an empty one before each
// polygon: what is hole and what is shell is then told apart.
func rings(g orb.Geometry) []orb.Ring {
	switch g := g.(type) {
	case orb.Polygon:
		return append([]orb.Ring{nil}, g...)
	case orb.MultiPolygon:
		var out []orb.Ring
		for _, p := range g {
			out = append(append(out, nil), p...)
		}
		return out
	case orb.Ring:
		return []orb.Ring{g}
	case orb.Bound:
		return []orb.Ring{g.ToRing()}
	}
	return nil
}
