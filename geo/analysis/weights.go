package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo/blockstats"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// maxWeights bounds the shares of cells that the engine keeps for the next
// question about the same areas.
const maxWeights = 64 << 20

// manyAreas is from how many areas on the shares of cells are worth keeping.
const manyAreas = 256

// weightsOf are the shares of the cells of a grid in areas, from memory when
// the same areas were asked for before: a new date is then a sparse product.
// It is nil when they would not fit.
func (r *run) weightsOf(ctx context.Context, g grid.Grid, areas []zonal.Area) (*zonal.Weights, error) {
	w, err := r.weights.Get(ctx, weightKey(g, areas), g, &zonal.WeightOptions{Exact: true}, func(context.Context) ([]zonal.Area, error) { return areas, nil })
	if fault.Is(err, fault.TooLarge) {
		return nil, nil
	}
	return w, err
}

// blocksOf are the sums of the blocks of an item's file, so that whole blocks
// need not be decoded; nil when there are none that can be trusted.
func (r *run) blocksOf(ctx context.Context, a catalog.Asset) (zonal.Blocks, error) {
	if a.Stats == "" {
		return nil, nil
	}
	path, err := r.atlas.Path(a.Stats)
	if err != nil {
		return nil, err
	}
	s, err := r.stats.Open(ctx, path, blockstats.Source{Grid: a.Grid})
	switch {
	case err == nil:
		return s, nil
	case ctx.Err() != nil:
		return nil, err
	}
	r.notice("block-statistics", fmt.Sprintf("The sums of blocks of %s are not used: %v.", a.Key, err),
		fmt.Sprintf("Le somme per blocchi di %s non sono usate: %v.", a.Key, err))
	return nil, nil
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
