package live

import (
	"context"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/tiles/tms"
)

const (
	// usualZoom is the finest zoom that is made without need: a unit of its
	// tiles is 0.6 m at the equator. Beyond it maps enlarge tiles. denseZoom is
	// for rows so dense that a tile would not hold them.
	usualZoom = 14
	denseZoom = 16
	// pointZoom shows points to 2.4 m at the equator.
	pointZoom = 12
	// crowd is the rows of a tile that its byte budget holds without leaving
	// any out: about 60 bytes each.
	crowd = 8000
	// samples are the rows whose detail is looked at.
	samples = 4000
)

// GuessZoom is the finest zoom at which tiles of a layer are worth making:
// where a unit of the tile is an eighth of the usual distance between two
// vertices, and no tile holds more rows than its budget; within 16.
func (a *Artist) GuessZoom(ctx context.Context, l *layer.Layer) (int, error) {
	place, err := a.Place(l, tms.Tile{})
	if err != nil {
		return 0, err
	}
	g := guesser{project: place.Project, crowds: map[[2]int32]int{}, every: max(1, l.Len()/samples)}
	var failed error
	n := 0
	l.Visit(nil, func(r layer.Row) bool {
		if n&1023 == 0 {
			failed = ctx.Err()
		}
		if failed == nil {
			failed = g.add(r, n%g.every == 0)
		}
		n++
		return failed == nil
	})
	if failed == nil {
		failed = g.flush()
	}
	return g.zoom(), failed
}

type guesser struct {
	project interface {
		Points(x, y []float64) error
	}
	every  int
	xs, ys []float64
	crowds map[[2]int32]int // rows by tile of usualZoom
	gaps   []float64        // metres of Web Mercator between vertices
	points bool
	shape  fgb.Shape
	gx, gy []float64
}

// add notes where a row lies and, of samples, how far its vertices are apart.
func (g *guesser) add(r layer.Row, sample bool) error {
	b := r.Box()
	if b.IsEmpty() {
		return nil
	}
	g.xs, g.ys = append(g.xs, (b.MinX+b.MaxX)/2), append(g.ys, (b.MinY+b.MaxY)/2)
	if sample {
		if err := g.detail(r); err != nil {
			return err
		}
	}
	if len(g.xs) < 4096 {
		return nil
	}
	return g.flush()
}

func (g *guesser) flush() error {
	if g.project != nil {
		if err := g.project.Points(g.xs, g.ys); err != nil {
			return err
		}
	}
	for i := range g.xs {
		if math.IsNaN(g.xs[i]) || math.IsNaN(g.ys[i]) {
			continue
		}
		t := tms.WebMercatorQuad().At(usualZoom, g.xs[i], g.ys[i])
		g.crowds[[2]int32{int32(t.X), int32(t.Y)}]++
	}
	g.xs, g.ys = g.xs[:0], g.ys[:0]
	return nil
}

// detail is the mean length of a row's edges.
func (g *guesser) detail(r layer.Row) error {
	if err := r.Shape(&g.shape); err != nil {
		return nil //nolint:nilerr // collections are drawn, and not measured here
	}
	if len(g.shape.Ends) == 0 {
		g.points = true
		return nil
	}
	g.gx, g.gy = g.gx[:0], g.gy[:0]
	ring := g.shape.Ring(0)
	for i := 0; i+1 < len(ring); i += 2 {
		g.gx, g.gy = append(g.gx, ring[i]), append(g.gy, ring[i+1])
	}
	if g.project != nil {
		if err := g.project.Points(g.gx, g.gy); err != nil {
			return err
		}
	}
	length, edges := 0.0, 0
	for i := 1; i < len(g.gx); i++ {
		if d := math.Hypot(g.gx[i]-g.gx[i-1], g.gy[i]-g.gy[i-1]); d > 0 {
			length, edges = length+d, edges+1
		}
	}
	if edges > 0 {
		g.gaps = append(g.gaps, length/float64(edges))
	}
	return nil
}

func (g *guesser) zoom() int {
	z := 0
	if g.points {
		z = pointZoom
	}
	if len(g.gaps) > 0 {
		slices.Sort(g.gaps)
		unit := g.gaps[len(g.gaps)/2] / 8
		z = max(z, int(math.Ceil(math.Log2(2*tms.HalfWorld/4096/unit))))
	}
	z = min(max(z, 0), usualZoom)
	return g.spread(z)
}

// spread goes on to zooms at which the fullest tile holds at most a crowd.
func (g *guesser) spread(z int) int {
	full := 0
	for _, n := range g.crowds {
		full = max(full, n)
	}
	if full > crowd {
		for z = usualZoom; z < denseZoom && full > crowd; z++ {
			full /= 4
		}
		return z
	}
	for level, counts := usualZoom, g.crowds; level > z; level-- {
		up := make(map[[2]int32]int, len(counts)/2)
		full = 0
		for at, n := range counts {
			k := [2]int32{at[0] >> 1, at[1] >> 1}
			up[k] += n
			full = max(full, up[k])
		}
		if full > crowd {
			return level
		}
		counts = up
	}
	return z
}

// FieldType is TileJSON's word for the type of an attribute.
func FieldType(t geo.FieldType) string {
	switch t {
	case geo.Integer, geo.Real:
		return "Number"
	case geo.Boolean:
		return "Boolean"
	case geo.Binary:
		return ""
	}
	return "String"
}
