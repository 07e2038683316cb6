package vector

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"

	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/tiles/tms"

	"golang.org/x/sync/errgroup"
)

// summary is what a tile must know of a row before it reads the geometry: 16
// bytes a row, in the order of the table, and a box for each run of rows. A
// polygon that is smaller than a pixel is drawn from it alone.
type summary struct {
	warp    *warp
	entries []entry
	parts   []entry // of polygons of several parts, see entry
	blocks  []block
	kinds   [entryKinds]int
	invalid int   // rows whose geometry cannot be drawn
	odd     []int // rows without a flat form
	labels  labelPlaces
	ranks   rankCache
	// Outlines of small polygons, see outline.
	outlineAt []uint32 // by row, + 1; 0: none
	outlines  []int16
	strips    stripCache
}

// entry places a row in the world of 2³² steps each way (9 mm at the
// equator), x east and y south from the north-west corner.
type entry struct {
	x, y uint32 // middle of the box; round the world
	// size is the area of a polygon, the length of a line, in steps. A polygon
	// of several parts has an index here: see summary.partsOf.
	size float32
	n    uint16 // vertices, at most maxCount
	far  uint16 // kind, and the reach in 13 bits (see reachCode)
}

type entryKind uint8

const (
	noEntry entryKind = iota
	pointEntry
	pointsEntry // several: the geometry tells where
	lineEntry
	polygonEntry
	partsEntry // polygons: parts tell
	entryKinds
)

const (
	maxCount  = math.MaxUint16
	worldSize = 1 << 32
	perMetre  = worldSize / (2 * tms.HalfWorld)
	blockRows = 128
	reachBits = 13
	reachMask = 1<<reachBits - 1
	codesPer2 = 255 // reach codes each doubling
)

func (e *entry) kind() entryKind { return entryKind(e.far >> reachBits) }

// index is where the head of the parts of a partsEntry is.
func (e *entry) index() int { return int(math.Float32bits(e.size)) }

// reachCode rounds half the side of a box, in steps, up to a logarithmic code.
func reachCode(r float64) uint16 {
	if !(r >= 1) {
		return 0
	}
	return uint16(min(reachMask, math.Ceil(math.Log2(r)*codesPer2)+1))
}

// reaches is the reach in steps by code.
var reaches = sync.OnceValue(func() *[1 << reachBits]int64 {
	var t [1 << reachBits]int64
	for i := range t {
		t[i] = int64(math.Ceil(math.Exp2(float64(i) / codesPer2)))
	}
	return &t
})

// block is the box of blockRows rows, in steps; x may leave the world.
type block struct {
	minX, minY, maxX, maxY int64
}

// summarise reads all rows once, with all processors.
func summarise(ctx context.Context, t table, w *warp) (*summary, error) {
	n := t.len()
	s := &summary{warp: w, entries: make([]entry, n)}
	bend := outlineBend(w, n)
	if bend > 0 {
		s.outlineAt = make([]uint32, n)
	}
	const chunk = 64 * blockRows
	chunks := (n + chunk - 1) / chunk
	results := make([]*summariser, chunks)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for c := range chunks {
		g.Go(func() error {
			m := &summariser{warp: w, table: t, bend: bend}
			results[c] = m
			if bend > 0 {
				m.outlineAt = s.outlineAt[c*chunk : min(n, (c+1)*chunk)]
				m.first = c * chunk
			}
			for row := c * chunk; row < min(n, (c+1)*chunk); row++ {
				if row%1024 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				if err := m.row(row, &s.entries[row]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fault.E("vector.summarise", fault.KindOf(err), err)
	}
	for c, m := range results {
		s.invalid += m.invalid
		s.odd = append(s.odd, m.odd...)
		shift := len(s.parts)
		s.parts = append(s.parts, m.parts...)
		for row := c * chunk; row < min(n, (c+1)*chunk); row++ {
			e := &s.entries[row]
			s.kinds[e.kind()]++
			if bend > 0 && s.outlineAt[row] > 0 {
				s.outlineAt[row] += uint32(len(s.outlines))
			}
			if e.kind() == partsEntry {
				e.size = math.Float32frombits(uint32(e.index() + shift))
			}
		}
		s.outlines = append(s.outlines, m.outlines...)
		m.outlines = nil
	}
	s.makeBlocks()
	return s, nil
}

// partsOf are the entries of the parts of a polygon of several.
func (s *summary) partsOf(e *entry) []entry {
	i := e.index()
	return s.parts[i+1 : i+1+int(s.parts[i].x)]
}

func (s *summary) makeBlocks() {
	s.blocks = make([]block, (len(s.entries)+blockRows-1)/blockRows)
	for i := range s.blocks {
		b := block{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64}
		for j := i * blockRows; j < min(len(s.entries), (i+1)*blockRows); j++ {
			e := &s.entries[j]
			if e.kind() == noEntry {
				continue
			}
			r, x, y := reaches()[e.far&reachMask], int64(e.x), int64(e.y)
			b.minX, b.maxX = min(b.minX, x-r), max(b.maxX, x+r)
			b.minY, b.maxY = min(b.minY, y-r), max(b.maxY, y+r)
		}
		s.blocks[i] = b
	}
}

// summariser makes entries.
type summariser struct {
	warp    *warp
	table   table
	shape   fgb.Shape
	xy      []float64
	parts   []entry
	odd     []int
	invalid int

	bend      float64 // squared length of edges that may bend; 0: no outlines
	first     int     // row of outlineAt[0]
	outlineAt []uint32
	outlines  []int16
}

func (m *summariser) row(row int, e *entry) error {
	s, h := &m.shape, m.table.at(row)
	if err := h.shape(s); err != nil {
		switch fault.KindOf(err) {
		case fault.Unsupported:
			m.odd = append(m.odd, row)
			return nil
		case fault.Invalid:
			m.invalid++
			return nil
		}
		return err
	}
	if len(s.XY) < 2 {
		return nil
	}
	if cap(m.xy) < len(s.XY) {
		m.xy = make([]float64, 2*len(s.XY))
	}
	xy := m.xy[:len(s.XY)]
	if err := m.warp.points(xy, s.XY); err != nil {
		return err
	}
	if m.warp.jumps {
		unwrap(xy)
	}
	switch s.Kind {
	case fgb.Point, fgb.MultiPoint:
		*e = entryOf(xy, pointEntry)
		if len(xy) > 2 {
			*e = entryOf(xy, pointsEntry)
		}
	case fgb.LineString, fgb.MultiLineString:
		*e = entryOf(xy, lineEntry)
		e.size = float32(lengthOf(xy, s.Ends) * perMetre)
	case fgb.Polygon, fgb.MultiPolygon:
		m.polygons(s, xy, e)
		if m.bend > 0 && e.kind() == polygonEntry && len(s.Ends) == 1 {
			m.outline(row, e, s.XY, xy)
		}
	default:
		return errors.New("a shape of unknown kind")
	}
	if e.kind() == noEntry {
		m.invalid++
	}
	return nil
}

// polygons makes the entry of one polygon, or of several with their parts.
func (m *summariser) polygons(s *fgb.Shape, xy []float64, e *entry) {
	if len(s.Parts) == 1 {
		*e = polygonEntryOf(xy, s.Ends, 0)
		return
	}
	*e = entryOf(xy, partsEntry)
	if e.kind() == noEntry {
		return
	}
	// The first of its parts is a head that counts the others.
	e.size = math.Float32frombits(uint32(len(m.parts)))
	m.parts = append(m.parts, entry{x: uint32(len(s.Parts))})
	ring, from := 0, uint32(0)
	for _, end := range s.Parts {
		ends := s.Ends[ring:end]
		p := entry{}
		if len(ends) > 0 {
			last := ends[len(ends)-1]
			p = polygonEntryOf(xy[2*from:2*last], ends, from)
			from = last
		}
		m.parts = append(m.parts, p)
		ring = int(end)
	}
}

// polygonEntryOf is the entry of one polygon: its box is that of the exterior.
func polygonEntryOf(xy []float64, ends []uint32, from uint32) entry {
	outer := xy[:2*(ends[0]-from)]
	e := entryOf(outer, polygonEntry)
	area, at := math.Abs(ringArea(outer)), ends[0]
	for _, end := range ends[1:] {
		area -= math.Abs(ringArea(xy[2*(at-from) : 2*(end-from)]))
		at = end
	}
	side := 2 * float64(reaches()[e.far&reachMask]) / perMetre
	if area < side*side/16 {
		area = max(area, crossedArea(xy, ends, from))
	}
	e.n = uint16(min(len(xy)/2, maxCount))
	e.size = float32(max(0, area) * perMetre * perMetre)
	if !(area-area == 0) {
		return entry{}
	}
	return e
}

// entryOf places the box of positions in Web Mercator; noEntry when one of
// them has no place.
func entryOf(xy []float64, k entryKind) entry {
	if len(xy) == 0 {
		return entry{}
	}
	minX, minY, maxX, maxY := xy[0], xy[1], xy[0], xy[1]
	sum := 0.0
	for i := 0; i+1 < len(xy); i += 2 {
		x, y := xy[i], xy[i+1]
		sum += x - x + y - y
		minX, maxX = min(minX, x), max(maxX, x)
		minY, maxY = min(minY, y), max(maxY, y)
	}
	if sum != 0 { // NaN: some place that is not finite
		return entryOfFinite(xy, k)
	}
	x := (tms.HalfWorld + (minX+maxX)/2) * perMetre
	y := (tms.HalfWorld - (minY+maxY)/2) * perMetre
	reach := max(maxX-minX, maxY-minY)/2*perMetre + 1
	if y < 0 || y >= worldSize { // beyond the square: hold it at the edge
		edge := min(max(y, 0), worldSize-1)
		reach += math.Abs(y - edge)
		y = edge
	}
	return entry{
		x: uint32(int64(math.Mod(x, worldSize)+worldSize) & (worldSize - 1)), y: uint32(y),
		n: uint16(min(len(xy)/2, maxCount)), far: uint16(k)<<reachBits | reachCode(reach),
	}
}

// entryOfFinite is entryOf the positions that have a place.
func entryOfFinite(xy []float64, k entryKind) entry {
	var kept []float64
	for i := 0; i+1 < len(xy); i += 2 {
		if math.Abs(xy[i]) < 1e12 && math.Abs(xy[i+1]) < 1e12 {
			kept = append(kept, xy[i], xy[i+1])
		}
	}
	return entryOf(kept, k)
}
