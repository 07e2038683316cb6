package vector

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// dot is a position of a point row, in steps from the tile's corner.
type dot struct {
	dx, dy int64
	ref    int32
	key    uint64 // of which row stands for a cell: the least
	place  uint64 // of the row, along a curve
}

// drawPoints draws within so many bytes more.
func (d *drawing) drawPoints(ctx context.Context, bytes int, tags float64) error {
	dots, err := d.collectDots(ctx)
	if err != nil {
		return err
	}
	end := d.w.size() + bytes
	switch d.o.Points {
	case PointsCluster:
		return d.drawClusters(dots, end)
	case PointsThin:
		kept := d.thin(dots, int64(d.spacing()))
		d.stats.Merged += d.inside(dots) - d.inside(kept)
		dots = kept
	}
	// What has no room is thinned out on a grid, as fine as has.
	most := int(float64(bytes) / (featureBytes + 5 + tags))
	if len(dots) > most {
		cell := int64(finestCell)
		for ; cell < extent && d.occupied(dots, cell) > most; cell *= 2 {
		}
		kept := d.thin(dots, cell)
		d.stats.Dropped += d.inside(dots) - d.inside(kept)
		d.stats.Level = max(d.stats.Level, 1)
		dots = kept
	}
	for i := range dots {
		dots[i].place = d.v.along(d.src.entry(dots[i].ref))
	}
	slices.SortFunc(dots, func(a, b dot) int {
		switch {
		case a.place != b.place:
			return cmp.Compare(a.place, b.place)
		case a.ref != b.ref:
			return cmp.Compare(d.src.id(a.ref), d.src.id(b.ref))
		}
		return cmp.Or(cmp.Compare(a.dx, b.dx), cmp.Compare(a.dy, b.dy))
	})
	return d.writeDots(dots, end)
}

// collectDots are the places of all point rows in the tile and its
// surroundings.
func (d *drawing) collectDots(ctx context.Context) (out []dot, err error) {
	out = d.dots[:0]
	defer func() { d.dots = out }()
	exact := d.v.tile.Z > 18 // a step is more than a quarter unit
	var c *collector
	defer func() {
		if c != nil {
			c.free()
		}
	}()
	for i := range d.points {
		if i&0xfff == 0 && ctx.Err() != nil {
			return nil, fault.E("vector.Draw", fault.Canceled, ctx.Err())
		}
		p := &d.points[i]
		key := mix(uint64(p.e.x)<<32|uint64(p.e.y)) &^ 0xff
		if p.e.kind() == pointEntry && !exact {
			dx, dy := d.v.offset(p.e.x, p.e.y)
			out = append(out, dot{dx, dy, p.ref, key, 0})
			continue
		}
		if c == nil {
			c = newCollector(d.v, d.src.warp, d.most)
		}
		if err := c.load(d.src.of(p.ref), p.ref); err != nil {
			return nil, err
		}
		step := float64(d.v.side) / (extent * quarters)
		for k := 0; k+1 < len(c.xy); k += 2 {
			x, y := c.xy[k]*step, c.xy[k+1]*step
			if math.Abs(x) < 1<<40 && math.Abs(y) < 1<<40 {
				out = append(out, dot{int64(math.Floor(x)), int64(math.Floor(y)), p.ref, key | uint64(k/2&0xff), 0})
			}
		}
	}
	return out, nil
}

// unit is an offset in whole units.
func (d *drawing) unit(steps int64) int32 {
	v := float64(steps) * extent / float64(d.v.side)
	return int32(max(-1<<20, min(1<<20, math.Floor(v+0.5))))
}

// inside counts the dots in the tile itself.
func (d *drawing) inside(dots []dot) int {
	n := 0
	for i := range dots {
		if d.v.inside(dots[i].dx, dots[i].dy) {
			n++
		}
	}
	return n
}

// finestCell is the side of the smallest cells, in units.
const finestCell = 4

// dotCells numbers cells of so many units over the tile and its surroundings.
type dotCells struct {
	side, from int64 // steps
	n          int64 // cells a side
}

func (d *drawing) cells(cell int64) dotCells {
	side := max(1, d.v.side*cell/extent)
	around := (d.v.margin(int64(d.spacing())+buffer+2) + side) / side
	return dotCells{side, -around * side, d.v.side/side + 2*around + 1}
}

// of is the number of a dot's cell, −1 beyond.
func (c *dotCells) of(p *dot) int64 {
	x, y := p.dx-c.from, p.dy-c.from
	if x < 0 || y < 0 {
		return -1
	}
	if x, y = x/c.side, y/c.side; x >= c.n || y >= c.n {
		return -1
	}
	return y*c.n + x
}

// occupied counts the cells that hold a dot.
func (d *drawing) occupied(dots []dot, cell int64) int {
	c := d.cells(cell)
	seen := make([]uint64, (c.n*c.n+63)/64)
	n := 0
	for i := range dots {
		if k := c.of(&dots[i]); k >= 0 && seen[k/64]>>(k%64)&1 == 0 {
			seen[k/64] |= 1 << (k % 64)
			n++
		}
	}
	return n
}

// thin keeps one dot of each cell of so many units, whichever order they come
// in. Cells lie alike in all tiles of a zoom, so that neighbours agree.
func (d *drawing) thin(dots []dot, cell int64) []dot {
	c := d.cells(cell)
	best := make([]int32, c.n*c.n) // + 1
	n := 0
	for i := range dots {
		k := c.of(&dots[i])
		if k < 0 {
			continue
		}
		if j := best[k]; j == 0 {
			n++
			best[k] = int32(i + 1)
		} else if d.before(&dots[i], &dots[j-1]) {
			best[k] = int32(i + 1)
		}
	}
	out := make([]dot, 0, n)
	for _, i := range best {
		if i > 0 {
			out = append(out, dots[i-1])
		}
	}
	return out
}

// before tells which of two dots stays: by rank, then by lot, then by id.
func (d *drawing) before(a, b *dot) bool {
	if d.o.Rank != nil {
		if x, y := d.rankOf(a.ref), d.rankOf(b.ref); x != y {
			return x < y
		}
	}
	if a.key != b.key {
		return a.key < b.key
	}
	if a.ref == b.ref {
		return a.dx < b.dx || a.dx == b.dx && a.dy < b.dy
	}
	return d.src.id(a.ref) < d.src.id(b.ref)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// writeDots writes dots, those of a row together.
func (d *drawing) writeDots(dots []dot, end int) error {
	var at []vertex
	for i := 0; i < len(dots); {
		at = at[:0]
		ref := dots[i].ref
		for ; i < len(dots) && dots[i].ref == ref; i++ {
			p := vertex{d.unit(dots[i].dx), d.unit(dots[i].dy)}
			if insideFinal([]vertex{p}) && !slices.Contains(at, p) {
				at = append(at, p)
			}
		}
		if len(at) == 0 {
			continue
		}
		slices.SortFunc(at, compareVertices)
		d.w.begin()
		d.w.points(at)
		d.tagRow(ref)
		if d.w.end(d.src.id(ref), geomPoint, end) {
			d.stats.Features++
		} else {
			d.stats.Dropped++
		}
	}
	return nil
}

func compareVertices(a, b vertex) int {
	return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y))
}

// cluster is the points of a cell.
type cluster struct {
	n, x, y int64 // number and sums of offsets
	ref     int32
}

// Attributes of a cluster, as other makers of tiles name them.
const (
	clusterField = "cluster"
	countField   = "point_count"
)

// drawClusters draws one point for each cell, at the mean of its points; a
// point alone in its cell is drawn as it is.
func (d *drawing) drawClusters(dots []dot, end int) error {
	side := max(1, d.v.side*int64(d.spacing())/extent)
	cells := map[[2]int32]*cluster{}
	for i := range dots {
		p := &dots[i]
		k := [2]int32{int32(floorDiv(p.dx, side)), int32(floorDiv(p.dy, side))}
		c := cells[k]
		if c == nil {
			c = &cluster{}
			cells[k] = c
		}
		c.n, c.x, c.y, c.ref = c.n+1, c.x+p.dx, c.y+p.dy, p.ref
	}
	keys := make([][2]int32, 0, len(cells))
	for k := range cells {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	fields := len(d.src.schema.Fields)
	d.w.keyOf = append(d.w.keyOf, -1, -1)
	d.w.dict.columns = append(d.w.dict.columns, [cachedValues]cachedValue{}, [cachedValues]cachedValue{})
	for _, k := range keys {
		c := cells[k]
		mx, my := floorDiv(c.x, c.n), floorDiv(c.y, c.n)
		p := []vertex{{d.unit(mx), d.unit(my)}}
		if !insideFinal(p) {
			continue
		}
		d.w.begin()
		d.w.points(p)
		id := int64(-1)
		if c.n == 1 {
			id = d.src.id(c.ref)
			d.tagRow(c.ref)
		} else {
			d.w.tag(fields, clusterField, valueOf(true))
			d.w.tag(fields+1, countField, valueOf(c.n))
			if d.v.inside(mx, my) {
				d.stats.Merged += int(c.n) - 1
			}
		}
		if d.w.end(id, geomPoint, end) {
			d.stats.Features++
		} else {
			d.stats.Dropped += int(c.n)
		}
	}
	return nil
}
