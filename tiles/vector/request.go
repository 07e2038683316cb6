package vector

import (
	"context"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/tiles/tms"
)

// Request says what tile to draw.
type Request struct {
	Tile tms.Tile
	// Grid that Tile is of; nil means WebMercatorQuad.
	Grid *tms.TileMatrixSet
	// Layers are drawn into one tile, each under its own name.
	Layers []LayerRequest
	// Budget is the most bytes of the tile before compression; 0 means
	// DefaultBudget. Layers that need little leave their room to the others.
	Budget int
	// Plain leaves out the layer "meta".
	Plain bool
}

// LayerRequest is one layer of a tile.
type LayerRequest struct {
	// Name of the layer in the tile; "" is the id of the dataset.
	Name  string
	Layer *layer.Layer
	// Where draws only the rows that it has; nil draws all.
	Where *layer.Selection
	// Fields are the attributes to write, by place in the schema; nil means
	// all. Binary ones have no form in a tile and are left out.
	Fields []int
	// Project maps the CRS of the layer to EPSG:3857; nil finds it from the
	// schema. It must be the same in all requests for a layer.
	Project Projector
	Drawing

	plane *plane // nil: Web Mercator
}

// Drawing is how a layer is drawn. The zero value draws each row for itself.
type Drawing struct {
	// Points says what to do with many points.
	Points PointMode
	// Spacing is the side of the cells of PointsThin and PointsCluster, in tile
	// units (4096 a tile); 0 means 32 and 256. It is rounded to a power of two.
	Spacing int
	// MergeBelow draws lines that agree in the attributes MergeBy as one
	// feature, joined end to end, at zooms below it. Such features have no id.
	MergeBelow int
	MergeBy    []int
	// Rank orders rows when not all have room: nil is by size alone.
	Rank *Rank
	// Labels adds a layer "<name>_labels" with a point inside each polygon.
	Labels bool
	// FieldsFrom is the zoom from which a field is written, by place in the
	// schema; fields that are not there are always written.
	FieldsFrom map[int]int
	// Essential fields are kept when the budget asks for fewer attributes; nil
	// keeps all but texts that differ from row to row.
	Essential []int
}

// Rank orders rows by the value of an attribute, as written: those first in
// the list are kept the longest, those not in it go first.
type Rank struct {
	Field int
	Order []string
}

// PointMode is what is done with many points.
type PointMode uint8

// The modes. All of them thin out when the budget asks for it.
const (
	PointsAll     PointMode = iota // each point
	PointsThin                     // one of each cell
	PointsCluster                  // one for each cell, with point_count and cluster
)

// Draw makes a tile of rows as they lie in packed files: no geometry of small
// polygons is read, and none is copied. What a tile shows depends on the set
// of rows, not on their order.
//
// The tile is not compressed; it is nil when it shows nothing. Its layer
// "meta" has a point for each layer with the figures of LayerStats and the
// layer's stamp.
//
// Errors: fault.Invalid for a request that cannot be, fault.Canceled.
func Draw(ctx context.Context, r Request) ([]byte, Stats, error) {
	const op = "vector.Draw"
	on := planeOf(r.Grid)
	if on != nil {
		var err error
		if r.Tile, err = on.tile(r.Tile); err != nil {
			return nil, Stats{}, err
		}
	}
	if err := tms.WebMercatorQuad().Check(r.Tile); err != nil {
		return nil, Stats{}, err
	}
	if len(r.Layers) == 0 {
		return nil, Stats{}, fault.Errorf(op, fault.Invalid, "a tile without layers")
	}
	p := newPainting(r.Tile, r.Budget)
	p.plain = r.Plain
	for i := range r.Layers {
		l := &r.Layers[i]
		if l.Layer == nil {
			return nil, Stats{}, fault.Errorf(op, fault.Invalid, "layer %q has no rows to draw", l.Name)
		}
		name := l.Name
		if name == "" {
			name = l.Layer.Dataset().ID
		}
		l.plane = on
		src, err := openLayer(ctx, l, &p.view)
		if err != nil {
			return nil, Stats{}, err
		}
		if err := p.add(name, src, l.Fields, l.Drawing); err != nil {
			return nil, Stats{}, err
		}
		p.layers[i].where = l.Where
	}
	return p.paint(ctx)
}

// Stats says what a tile shows and what it does not: the sum of its layers.
type Stats struct {
	Features int // encoded
	Tiny     int // polygons smaller than a pixel: drawn together as squares
	Dropped  int // left out or drawn together only to stay within the budget
	Invalid  int // with coordinates that cannot be drawn
	Level    int // of generalisation: 0 unless the budget asked for more
	// FieldsCut are attributes left out to stay within the budget.
	FieldsCut int
	// AreaKept is drawn area over true area of the polygons in the tile.
	AreaKept float64
	Layers   []LayerStats
}

// LayerStats says what a layer of a tile shows and what it does not.
type LayerStats struct {
	Name     string
	Stamp    string
	Features int
	Tiny     int
	Dropped  int
	Merged   int // lines and points that others stand for, as was asked
	Invalid  int
	Level    int
	AreaKept float64 // of polygons; 1 without
	// LengthKept is the length of the lines that are drawn, at least in part,
	// over the length of all; 1 without lines.
	LengthKept float64
	// FieldsLeftOut are attributes that were not written for the zoom or the
	// budget.
	FieldsLeftOut []string
	FieldsCut     int // of them, those for the budget

	source, drawn float64 // areas
	all, kept     float64 // lengths
}

// Complete reports whether the layer shows all that its zoom can show.
func (s *LayerStats) Complete() bool { return s.Dropped == 0 && s.Invalid == 0 && s.FieldsCut == 0 }

// Complete reports whether the tile shows all that its zoom can show.
func (s *Stats) Complete() bool { return s.Dropped == 0 && s.Invalid == 0 && s.FieldsCut == 0 }

func ratio(part, all float64) float64 {
	if all <= 0 {
		return 1
	}
	return part / all
}

func (s *Stats) add(l LayerStats) {
	s.Features += l.Features
	s.Tiny += l.Tiny
	s.Dropped += l.Dropped
	s.Invalid += l.Invalid
	s.FieldsCut += l.FieldsCut
	s.Level = max(s.Level, l.Level)
	s.Layers = append(s.Layers, l)
	var source, drawn float64
	for i := range s.Layers {
		source, drawn = source+s.Layers[i].source, drawn+s.Layers[i].drawn
	}
	s.AreaKept = ratio(drawn, source)
}

// fieldsOf is the fields of a schema that can be written, of those wanted.
func fieldsOf(s []geo.Field, wanted []int) ([]int, error) {
	if wanted == nil {
		for i := range s {
			wanted = append(wanted, i)
		}
	}
	var out []int
	for _, i := range wanted {
		if i < 0 || i >= len(s) {
			return nil, fault.Errorf("vector.Draw", fault.Invalid, "there is no field %d: the layer has %d", i, len(s))
		}
		if s[i].Type != geo.Binary {
			out = append(out, i)
		}
	}
	return out, nil
}
