package vector

import (
	"context"

	"contado/geo"
	"contado/geo/fault"
	"contado/tiles/tms"

	"github.com/paulmach/orb"
)

// Options says what tile to make of features in memory.
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
	Drawing
}

// Builder draws features in memory as Draw does rows of a layer. It is for one
// goroutine.
type Builder struct {
	o       Options
	table   memoryTable
	bounds  geo.BBox
	invalid int
}

// NewBuilder returns an empty tile to add features to.
func NewBuilder(o Options) (*Builder, error) {
	if err := tms.WebMercatorQuad().Check(o.Tile); err != nil {
		return nil, err
	}
	if o.Layer == "" || o.Layer == MetaLayer {
		return nil, fault.Errorf("vector.NewBuilder", fault.Invalid, "a tile layer cannot be named %q", o.Layer)
	}
	return &Builder{o: o, bounds: geo.EmptyBBox()}, nil
}

// Add draws a feature. Its geometry is copied. A feature without geometry or
// apart from the tile adds nothing.
func (b *Builder) Add(f geo.Feature) error {
	if f.Geometry == nil {
		return nil
	}
	first := b.table.len()
	if err := b.table.add(f); err != nil {
		b.invalid++
		return nil //nolint:nilerr // told in Stats
	}
	for i := first; i < b.table.len(); i++ {
		xy := b.table.rows[i].shape.XY
		for k := 0; k+1 < len(xy); k += 2 {
			if p := (orb.Point{xy[k], xy[k+1]}); p[0]-p[0] == 0 && p[1]-p[1] == 0 {
				b.bounds = b.bounds.ExtendPoint(p[0], p[1])
			}
		}
	}
	return nil
}

// Encode returns the tile, without compression; nil when it shows nothing.
func (b *Builder) Encode(ctx context.Context) ([]byte, Stats, error) {
	w, err := newWarp(b.o.Project, b.bounds)
	if err != nil {
		return nil, Stats{}, err
	}
	sum, err := summarise(ctx, &b.table, w)
	if err != nil {
		return nil, Stats{}, err
	}
	src := &source{schema: geo.Schema{Fields: b.o.Fields}, stamp: b.o.Version, warp: w, invalid: b.invalid + sum.invalid}
	src.push(&b.table, sum, nil)
	p := newPainting(b.o.Tile, b.o.Budget)
	if err := p.add(b.o.Layer, src, nil, b.o.Drawing); err != nil {
		return nil, Stats{}, err
	}
	if b.o.MaxVertices > 0 {
		p.layers[0].most = b.o.MaxVertices
	}
	return p.paint(ctx)
}
