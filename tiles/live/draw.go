package live

import (
	"cmp"
	"context"
	"fmt"

	"contado/geo"
	"contado/geo/layer"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// Part is one layer of a tile.
type Part struct {
	Name  string
	Layer *layer.Layer
	Where *layer.Selection // nil takes all rows
	// Fields are the places of the attributes in the schema that go into the
	// tile; see Drawable for all.
	Fields []int
}

// Drawable are the attributes that a tile can hold: never binary ones.
func Drawable(s geo.Schema) []int {
	out := make([]int, 0, len(s.Fields))
	for i, f := range s.Fields {
		if f.Type != geo.Binary {
			out = append(out, i)
		}
	}
	return out
}

// Draw makes a tile of WebMercatorQuad, without compression; nil when it
// shows nothing.
func (a *Artist) Draw(ctx context.Context, t tms.Tile, p Part) ([]byte, vector.Stats, error) {
	d, schema := p.Layer.Dataset(), p.Layer.Schema()
	nothing := vector.Stats{AreaKept: 1}
	place, err := a.place(p.Layer, t)
	if err != nil || !place.Near {
		return nil, nothing, err
	}
	o := vector.Options{Tile: t, Layer: p.Name, Budget: a.budget, Project: place.Project, Version: d.ID + " v" + p.Layer.Stamp()}
	for _, i := range p.Fields {
		o.Fields = append(o.Fields, schema.Fields[i])
	}
	b, err := vector.NewBuilder(o)
	if err != nil {
		return nil, nothing, err
	}
	var failed error
	p.Layer.Visit(place.Box, func(r layer.Row) bool {
		if p.Where != nil && !p.Where.Has(r) {
			return true
		}
		var f geo.Feature
		if f, failed = r.Feature(p.Fields); failed == nil {
			failed = cmp.Or(b.Add(f), ctx.Err())
		}
		return failed == nil
	})
	if failed != nil {
		return nil, nothing, fmt.Errorf("draw tile %v of %s: %w", t, d.ID, failed)
	}
	return b.Encode(ctx)
}

// place is where a tile lies for a layer, edits outside the box of the
// version included.
func (a *Artist) place(l *layer.Layer, t tms.Tile) (Place, error) {
	d := l.Dataset()
	if l.Head() > 0 {
		d.Version.BBoxWGS84 = geo.BBox{}
	}
	return a.Place(&d, l.Schema().CRS, t)
}
