package vector

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"contado/geo/fault"
	"contado/geo/fgb"
)

// leastLabelled is the side of the smallest polygon that gets a label, in
// units: two pixels of a tile shown at 512.
const leastLabelled = 16

// labelPlaces remembers where labels are: of a row, x and y in steps, and 0
// for what was not asked yet.
type labelPlaces struct {
	once sync.Once
	at   []atomic.Uint64
}

func (l *labelPlaces) of(row, rows int) *atomic.Uint64 {
	l.once.Do(func() { l.at = make([]atomic.Uint64, rows) })
	return &l.at[row]
}

// drawLabels writes the layer of labels: a point inside each polygon (of
// several, inside the largest), as far from its border as can be, in the one
// tile of a zoom that holds it.
func (d *drawing) drawLabels(ctx context.Context, bytes int) error {
	w := newLayerWriter(d.stats.Name+LabelsSuffix, len(d.src.schema.Fields))
	least := float32(leastLabelled * leastLabelled * d.v.unit2)
	var cands []candidate
	for _, c := range d.polys {
		if c.size >= least {
			cands = append(cands, c)
		}
	}
	slices.SortFunc(cands, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.e.y, b.e.y), cmp.Compare(a.e.x, b.e.x), cmp.Compare(a.ref, b.ref))
	})
	own := d.w
	d.w = w
	defer func() { d.w = own }()
	left := 0
	for i := range cands {
		if i%64 == 0 && ctx.Err() != nil {
			return fault.E("vector.Draw", fault.Canceled, ctx.Err())
		}
		at, err := d.labelAt(&cands[i])
		if err != nil {
			return err
		}
		dx, dy := d.v.offset(uint32(at>>32), uint32(at))
		if at == 0 || !d.v.inside(dx, dy) {
			continue
		}
		w.begin()
		w.points([]vertex{{min(d.unit(dx), extent-1), min(d.unit(dy), extent-1)}})
		d.tagRow(cands[i].ref)
		if !w.end(d.src.id(cands[i].ref), geomPoint, bytes) {
			left++
		}
	}
	d.stats.Dropped += left
	d.labelWriter = w
	return nil
}

// labelAt is the place of a row's label in steps, x in the upper half; 0 when
// there is none.
func (d *drawing) labelAt(c *candidate) (uint64, error) {
	g := d.src.of(c.ref)
	kept := g.sum.labels.of(int(c.ref)-g.first, len(g.sum.entries))
	if at := kept.Load(); at != 0 {
		return at, nil
	}
	var s fgb.Shape
	h := d.src.at(c.ref)
	if err := h.shape(&s); err != nil {
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.Unsupported {
			return 0, nil
		}
		return 0, err
	}
	part := 0
	largest := float32(-1)
	d.eachPart(c, func(n int, e *entry) {
		if e.kind() != noEntry && e.size > largest {
			part, largest = n, e.size
		}
	})
	if part >= len(s.Parts) {
		return 0, nil
	}
	first := 0
	if part > 0 {
		first = int(s.Parts[part-1])
	}
	var rings [][]float64
	for i := first; i < int(s.Parts[part]); i++ {
		rings = append(rings, s.Ring(i))
	}
	x, y := farthestInside(rings)
	p := [2]float64{x, y}
	if err := d.src.warp.points(p[:], p[:]); err != nil {
		return 0, err
	}
	e := entryOf(p[:], pointEntry)
	if e.kind() == noEntry {
		return 0, nil
	}
	at := uint64(e.x)<<32 | uint64(e.y)
	kept.Store(at)
	return at, nil
}

// farthestInside is the point inside a polygon that is farthest from its
// border, to a hundredth of its size: the quadtree search of Agafonkin
// ("A new algorithm for finding a visual center of a polygon", 2016).
func farthestInside(rings [][]float64) (x, y float64) {
	outer := rings[0]
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := 0; i+1 < len(outer); i += 2 {
		minX, maxX = min(minX, outer[i]), max(maxX, outer[i])
		minY, maxY = min(minY, outer[i+1]), max(maxY, outer[i+1])
	}
	w, h := maxX-minX, maxY-minY
	side := min(w, h)
	if !(side > 0) {
		return (minX + maxX) / 2, (minY + maxY) / 2
	}
	best := newLabelCell(rings, (minX+maxX)/2, (minY+maxY)/2, 0)
	if cx, cy, ok := centroid(outer); ok {
		if c := newLabelCell(rings, cx, cy, 0); c.d > best.d {
			best = c
		}
	}
	precision := max(w, h) / 100
	var queue labelCells
	side = max(side, max(w, h)/64)
	for cx := minX; cx < maxX; cx += side {
		for cy := minY; cy < maxY; cy += side {
			queue = append(queue, newLabelCell(rings, cx+side/2, cy+side/2, side/2))
		}
	}
	heap.Init(&queue)
	for n := 0; len(queue) > 0 && n < 1000; n++ {
		c := heap.Pop(&queue).(labelCell) //nolint:forcetypeassert // nothing else is in it
		if c.d > best.d {
			best = c
		}
		if c.most-best.d <= precision {
			break
		}
		q := c.half / 2
		for _, s := range [4][2]float64{{-q, -q}, {q, -q}, {-q, q}, {q, q}} {
			if sub := newLabelCell(rings, c.x+s[0], c.y+s[1], q); sub.most > best.d+precision {
				heap.Push(&queue, sub)
			}
		}
	}
	return best.x, best.y
}

// labelCell is a square with the distance of its middle to the border
// (negative outside) and the most that a point in it can have.
type labelCell struct{ x, y, half, d, most float64 }

func newLabelCell(rings [][]float64, x, y, half float64) labelCell {
	d := borderDistance(rings, x, y)
	return labelCell{x, y, half, d, d + half*math.Sqrt2}
}

type labelCells []labelCell

func (q labelCells) Len() int           { return len(q) }
func (q labelCells) Less(i, j int) bool { return q[i].most > q[j].most }
func (q labelCells) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *labelCells) Push(v any)        { *q = append(*q, v.(labelCell)) } //nolint:forcetypeassert // as above
func (q *labelCells) Pop() any {
	old := *q
	v := old[len(old)-1]
	*q = old[:len(old)-1]
	return v
}

// borderDistance is how far a point is from the border, negative outside.
func borderDistance(rings [][]float64, x, y float64) float64 {
	inside, least := false, math.Inf(1)
	for _, r := range rings {
		for i := 0; i+3 < len(r); i += 2 {
			ax, ay, bx, by := r[i]-x, r[i+1]-y, r[i+2]-x, r[i+3]-y
			if (ay > 0) != (by > 0) && ax-ay*(bx-ax)/(by-ay) > 0 {
				inside = !inside
			}
			dx, dy := bx-ax, by-ay
			t := 0.0
			if l := dx*dx + dy*dy; l > 0 {
				t = max(0, min(1, -(ax*dx+ay*dy)/l))
			}
			px, py := ax+t*dx, ay+t*dy
			least = min(least, px*px+py*py)
		}
	}
	if inside {
		return math.Sqrt(least)
	}
	return -math.Sqrt(least)
}

func centroid(r []float64) (x, y float64, ok bool) {
	if len(r) < 6 {
		return 0, 0, false
	}
	var sum, sx, sy float64
	ox, oy := r[0], r[1]
	for i := 2; i+3 < len(r); i += 2 {
		ax, ay, bx, by := r[i]-ox, r[i+1]-oy, r[i+2]-ox, r[i+3]-oy
		k := ax*by - bx*ay
		sum += k
		sx += k * (ax + bx)
		sy += k * (ay + by)
	}
	if sum == 0 {
		return 0, 0, false
	}
	return ox + sx/(3*sum), oy + sy/(3*sum), true
}
