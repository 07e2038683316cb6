package vector

import (
	"context"
	"math"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
)

// drawing is one layer of one tile. For one goroutine.
type drawing struct {
	v      *view
	src    *source
	o      Drawing
	where  *layer.Selection // nil: all
	fields []int            // to write, by place in the schema
	w      *layerWriter
	stats  LayerStats
	read   *reader

	pixels      pourer // nil pixels: no tiny polygons so far
	polys       []candidate
	lines       []candidate
	points      []candidate
	labelWriter *layerWriter // nil: no labels drawn

	collector *collector
	repair    repairer
	most      int // vertices

	items   []item
	squares []square
	order   []uint64
	sorter  sorter
	dots    []dot
	ranks   [][]uint8     // of Rank, by segment
	merge   []*agreements // of MergeBy, by segment
}

var drawingPool = sync.Pool{New: func() any { return &drawing{w: &layerWriter{}} }}

// candidate is a row that may be drawn.
type candidate struct {
	e    *entry
	ref  int32
	size float32 // steps: area of the largest part, length; points have none
}

func newDrawing(v *view, name string, src *source, wanted []int, o Drawing) (*drawing, error) {
	fields, err := fieldsOf(src.schema.Fields, wanted)
	if err != nil {
		return nil, err
	}
	d := drawingPool.Get().(*drawing) //nolint:forcetypeassert // nothing else is in it
	d.v, d.src, d.o, d.most = v, src, o, DefaultMaxVertices
	d.stats = LayerStats{Name: name, Stamp: src.stamp, AreaKept: 1, LengthKept: 1, Invalid: src.invalid}
	for _, f := range fields {
		if v.tile.Z < o.FieldsFrom[f] {
			d.leaveOut(f)
		} else {
			d.fields = append(d.fields, f)
		}
	}
	d.w.reset(name, len(src.schema.Fields))
	d.read = newReader(&src.schema)
	return d, nil
}

func (d *drawing) field(i int) *geo.Field { return &d.src.schema.Fields[i] }

func (d *drawing) leaveOut(field int) {
	d.stats.FieldsLeftOut = append(d.stats.FieldsLeftOut, d.field(field).Name)
}

// gather finds the rows that the tile may show, and pours polygons smaller
// than the finest pixel.
func (d *drawing) gather(ctx context.Context) error {
	tiny := float32(d.v.unit2 * basePixel * basePixel)
	units := int64(buffer + 2)
	if d.o.Points != PointsAll {
		units = max(units, int64(d.spacing())+buffer)
	}
	near := d.v.margin(buffer + 2)
	reach := reaches()
	for i := range d.src.segments {
		g := &d.src.segments[i]
		n := 0
		d.v.scan(g, units, func(row int, e *entry) {
			if n++; n&0xffff == 0 && ctx.Err() != nil {
				return
			}
			ref := int32(g.first + row)
			switch e.kind() {
			case polygonEntry:
				if e.size < tiny {
					d.pour(e, ref, true)
				} else if units == buffer+2 || d.v.meets(e, near, reach) {
					d.polys = append(d.polys, candidate{e, ref, e.size})
				}
			case partsEntry:
				d.gatherParts(g.sum, e, ref, tiny)
			case lineEntry:
				if units == buffer+2 || d.v.meets(e, near, reach) {
					d.lines = append(d.lines, candidate{e, ref, e.size})
				}
			case pointEntry, pointsEntry:
				d.points = append(d.points, candidate{e, ref, 0})
			}
		})
		if err := ctx.Err(); err != nil {
			return fault.E("vector.Draw", fault.Canceled, err)
		}
	}
	if d.where != nil && d.where.Err() != nil {
		d.stats.Invalid++ // some row could not be judged
	}
	return nil
}

// gatherParts pours the small parts of a polygon of several.
func (d *drawing) gatherParts(s *summary, e *entry, ref int32, tiny float32) {
	most := float32(-1)
	parts := s.partsOf(e)
	for i := range parts {
		p := &parts[i]
		switch {
		case p.kind() == noEntry:
		case p.size < tiny:
			d.pour(p, ref, true)
		default:
			most = max(most, p.size)
		}
	}
	if most >= 0 {
		d.polys = append(d.polys, candidate{e, ref, most})
	}
}

// pour adds a polygon to the pixels if its middle is in the tile, and reports
// whether it is.
func (d *drawing) pour(e *entry, ref int32, tiny bool) bool {
	dx, dy := d.v.offset(e.x, e.y)
	if !d.v.inside(dx, dy) || !(e.size > 0) {
		return false
	}
	if d.pixels.pixels == nil {
		d.pixels = newPourer(newPixels(), d.v)
	}
	d.pixels.pour(dx, dy, e, ref)
	if tiny {
		d.stats.Tiny++
	}
	return true
}

// eachPart calls visit for the polygons of a candidate.
func (d *drawing) eachPart(c *candidate, visit func(part int, e *entry)) {
	if c.e.kind() == polygonEntry {
		visit(0, c.e)
		return
	}
	parts := d.src.of(c.ref).sum.partsOf(c.e)
	for i := range parts {
		visit(i, &parts[i])
	}
}

func (d *drawing) spacing() int {
	s := d.o.Spacing
	if s <= 0 {
		s = 32
		if d.o.Points == PointsCluster {
			s = 256
		}
	}
	return 1 << min(10, max(3, int(math.Round(math.Log2(float64(s))))))
}

// emptyCollector is the collector of the layer without shapes.
func (d *drawing) emptyCollector() *collector {
	if d.collector == nil {
		d.collector = newCollector(d.v, d.src.warp, d.most)
	}
	c := d.collector
	c.shapes, c.parts, c.vertices = c.shapes[:0], c.parts[:0], c.vertices[:0]
	return c
}

// free gives back what is pooled.
func (d *drawing) free() {
	if d.pixels.pixels != nil {
		d.pixels.free()
		d.pixels.pixels = nil
	}
	if d.collector != nil {
		d.collector.free()
		d.collector = nil
	}
	clear(d.items)
	clear(d.polys)
	clear(d.lines)
	clear(d.points)
	d.polys, d.lines, d.points = d.polys[:0], d.lines[:0], d.points[:0]
	d.items, d.squares, d.order = d.items[:0], d.squares[:0], d.order[:0]
	d.where, d.v, d.src, d.read, d.labelWriter, d.fields, d.ranks, d.merge, d.stats = nil, nil, nil, nil, nil, nil, nil, nil, LayerStats{}
	const most = 1 << 19
	if cap(d.polys) <= most && cap(d.lines) <= most && cap(d.points) <= most && cap(d.w.features) <= 4*DefaultBudget {
		drawingPool.Put(d)
	}
}
