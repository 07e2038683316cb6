// Package vector makes vector tiles: it generalises features for a zoom and
// encodes them as Mapbox Vector Tile 2.1 (github.com/mapbox/vector-tile-spec).
//
// The order is: cut coarsely to the tile's surroundings, put on a grid of
// quarter units, simplify shared edges once, snap to the tile's 4096 grid,
// cut to the tile and its buffer, make valid, encode. Polygons smaller than a
// pixel are not dropped: their area adds up and is drawn as one-pixel squares.
// A tile stays within its byte budget by generalising harder, and says in its
// layer "meta" what it leaves out.
package vector

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/tiles/tms"
)

const (
	// DefaultBudget is the most bytes of a tile before compression.
	DefaultBudget = 500_000
	// DefaultMaxVertices bounds what one tile keeps in memory: 2.5 million
	// vertices take about 20 MB, and their junctions 60 MB.
	DefaultMaxVertices = 2_500_000
	// basePixel is the side in units of the smallest square drawn: one pixel
	// of a tile shown at 512 pixels.
	basePixel = 8
	// MetaLayer is the name of the layer with what the tile leaves out.
	MetaLayer = "meta"
)

// Projector maps x and y in place to EPSG:3857; points that have no image
// become NaN.
type Projector interface {
	Points(x, y []float64) error
}

// FromWGS84 projects longitude, latitude by the closed formula.
type FromWGS84 struct{}

// Points implements Projector.
func (FromWGS84) Points(x, y []float64) error {
	for i := range x {
		x[i], y[i] = tms.Forward(x[i], y[i])
	}
	return nil
}

// Options says what tile to make.
type Options struct {
	Tile  tms.Tile
	Layer string
	// Fields are the attributes, parallel to Feature.Values. Binary ones have
	// no form in a tile and are left out.
	Fields []geo.Field
	// Project maps the CRS of the features to EPSG:3857; nil when it is that.
	Project Projector
	// Version goes into the meta layer, to tell what the tile was made from.
	Version string
	// Budget is the most bytes of the tile; 0 means DefaultBudget.
	Budget int
	// MaxVertices bounds memory; 0 means DefaultMaxVertices.
	MaxVertices int
}

// Stats says what a tile shows and what it does not.
type Stats struct {
	Features int // encoded in the layer
	Tiny     int // smaller than a pixel: drawn together as squares
	Dropped  int // left out or drawn together only to stay within the budget
	Invalid  int // with coordinates that cannot be drawn
	Level    int // of generalisation: 0 unless the budget asked for more
	// AreaKept is drawn area over true area of the polygons in the tile.
	AreaKept float64
}

// Complete reports whether the tile shows all that its zoom can show.
func (s *Stats) Complete() bool { return s.Dropped == 0 && s.Invalid == 0 }

// Builder collects the features of one tile. It is for one goroutine.
type Builder struct {
	o Options
	c *collector
}

// NewBuilder returns an empty tile to add features to.
func NewBuilder(o Options) (*Builder, error) {
	if err := tms.WebMercatorQuad().Check(o.Tile); err != nil {
		return nil, err
	}
	if o.Layer == "" || o.Layer == MetaLayer {
		return nil, fault.Errorf("vector.NewBuilder", fault.Invalid, "a tile layer cannot be named %q", o.Layer)
	}
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	if o.MaxVertices <= 0 {
		o.MaxVertices = DefaultMaxVertices
	}
	return &Builder{o: o, c: newCollector(o.Tile, o.Project, o.MaxVertices)}, nil
}

// Add draws a feature. Its geometry is only read. A feature without geometry
// or apart from the tile adds nothing.
func (b *Builder) Add(f geo.Feature) error {
	if err := b.c.add(f); err != nil {
		return fault.E("vector.Add", fault.KindOf(err), err)
	}
	return nil
}

// Encode returns the tile, without compression; nil when it shows nothing.
// Call it once, after the last Add.
func (b *Builder) Encode(ctx context.Context) ([]byte, Stats, error) {
	b.c.settle()
	c := b.c
	if len(c.shapes) == 0 && c.stats.Dropped == 0 {
		c.stats.AreaKept = 1
		return nil, c.stats, nil
	}
	d := &drawing{c: c, o: &b.o, w: newLayerWriter(b.o.Layer)}
	d.findJunctions()
	if err := d.fit(ctx); err != nil {
		return nil, Stats{}, err
	}
	s := d.stats
	if s.Features == 0 && s.Complete() {
		return nil, s, nil
	}
	var tile []byte
	if s.Features > 0 {
		tile = d.w.appendTo(make([]byte, 0, d.w.size()+metaRoom))
	}
	return appendMeta(tile, &s, b.o.Version), s, nil
}

// fit draws at the least level of generalisation that keeps the budget, or
// near it: estimates may step over some levels, of which it tries two.
func (d *drawing) fit(ctx context.Context) error {
	failed, level := -1, 0
	draw := func(n int) (float64, error) {
		done := d.draw(ctx, n, n == len(levels)-1)
		if err := ctx.Err(); err != nil {
			return 0, fault.E("vector.Encode", fault.Canceled, err)
		}
		return done, nil
	}
	for {
		done, err := draw(level)
		if err != nil {
			return err
		}
		if done >= 1 {
			break
		}
		// The tile is full with a part of the shapes: each level makes it
		// smaller by about half.
		failed = level
		level = min(len(levels)-1, level+max(1, int(math.Log2(1/max(done, 1e-3)))))
	}
	drawn := level
	for range 2 {
		if level-failed < 2 {
			break
		}
		drawn = (failed + level) / 2
		done, err := draw(drawn)
		switch {
		case err != nil:
			return err
		case done >= 1:
			level = drawn
		default:
			failed = drawn
		}
	}
	if drawn != level {
		_, err := draw(level)
		return err
	}
	return nil
}

// metaRoom is more than the meta layer takes beside its version text.
const metaRoom = 256

// appendMeta appends the layer that says how honest the tile is: a point in
// the middle with the figures as attributes.
func appendMeta(tile []byte, s *Stats, version string) []byte {
	w := newLayerWriter(MetaLayer)
	w.begin()
	w.tag("complete", s.Complete())
	w.tag("features", int64(s.Features))
	w.tag("dropped", int64(s.Dropped))
	w.tag("tiny", int64(s.Tiny))
	w.tag("invalid", int64(s.Invalid))
	w.tag("area_kept", math.Round(s.AreaKept*1e4)/1e4)
	w.tag("version", version)
	w.points([]xy{{extent / 2, extent / 2}})
	w.end(1, geomPoint)
	return w.appendTo(tile)
}
