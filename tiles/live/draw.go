package live

import (
	"context"

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
	vector.Drawing
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

// Draw makes a tile of WebMercatorQuad out of layers, without compression;
// nil when it shows nothing.
func (a *Artist) Draw(ctx context.Context, t tms.Tile, parts ...Part) ([]byte, vector.Stats, error) {
	return a.DrawOn(ctx, nil, t, parts...)
}

// DrawOn is Draw on another grid; nil is WebMercatorQuad.
func (a *Artist) DrawOn(ctx context.Context, grid *tms.TileMatrixSet, t tms.Tile, parts ...Part) ([]byte, vector.Stats, error) {
	r := vector.Request{Tile: t, Grid: grid, Budget: a.budget}
	for i := range parts {
		p := &parts[i]
		r.Layers = append(r.Layers, vector.LayerRequest{Name: p.Name, Layer: p.Layer, Where: p.Where, Fields: p.Fields, Drawing: p.Drawing})
	}
	return vector.Draw(ctx, r)
}
