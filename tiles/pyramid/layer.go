package pyramid

import (
	"context"
	"encoding/json"
	"math"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/pmtiles"
	"contado/tiles/live"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// Format is part of every archive's metadata: tiles of another format are
// not copied. Raise it when the same rows come to give other tiles.
const Format = 2

// Options says what pyramid to build of a layer.
type Options struct {
	Artist *live.Artist // nil: one of its own
	// Name is that of the tiles' layer; "" = the id of the dataset.
	Name string
	// Where takes a part of the rows; nil takes all.
	Where *layer.Selection
	// Fields are the attributes as places in the schema; nil takes all that a
	// tile can hold.
	Fields []int
	// MaxZoom is the finest zoom; 0 = guessed from the rows (see Guess).
	MaxZoom int
	Workers int // 0 = GOMAXPROCS
	// Previous is the pyramid of an earlier state of the same version, at
	// Since in its journal, for a rebuild of what was touched; nil builds all.
	Previous *pmtiles.Archive
	Since    int64
}

// Build draws the pyramid of a layer into an archive at a local path.
func Build(ctx context.Context, l *layer.Layer, path string, o Options, progress Progress) (Summary, error) {
	s, p, err := prepare(ctx, l, &o)
	if err != nil {
		return Summary{}, err
	}
	if o.Previous != nil && s.follows(&o) {
		p.Previous, p.MaxZoom = o.Previous, o.Previous.Header().MaxZoom
		p.Touched = func(t tms.Tile) bool {
			touched, err := s.artist.Touched(l, o.Since, t)
			return touched || err != nil // drawing says what is wrong
		}
		if meta, err := o.Previous.Metadata(); err == nil {
			p.MaxZoom = plannedZoom(meta, p.MaxZoom)
		}
	}
	return Write(ctx, s, path, p, progress)
}

// Export draws the tiles of the rows of a layer for which a filter is true,
// with its geometries in crs ("" for longitude and latitude); a nil filter
// takes all rows.
func Export(ctx context.Context, l *layer.Layer, filter cql2.Expr, crs geo.CRS, path string, progress Progress) (Summary, error) {
	var o Options
	if filter != nil {
		var err error
		if o.Where, err = l.Where(filter, crs); err != nil {
			return Summary{}, err
		}
	}
	return Build(ctx, l, path, o, progress)
}

func prepare(ctx context.Context, l *layer.Layer, o *Options) (*source, Plan, error) {
	const op = "pyramid.Build"
	d, schema := l.Dataset(), l.Schema()
	if schema.GeometryType == "" {
		return nil, Plan{}, fault.Errorf(op, fault.Invalid, "dataset %s has no geometry: it has no tiles", d.ID)
	}
	if o.Artist == nil {
		var err error
		if o.Artist, err = live.New(0); err != nil {
			return nil, Plan{}, err
		}
	}
	if o.Name == "" {
		o.Name = d.ID
	}
	if o.Fields == nil {
		o.Fields = live.Drawable(schema)
	}
	s := &source{artist: o.Artist, layer: l, part: live.Part{Name: o.Name, Layer: l, Where: o.Where, Fields: o.Fields}}
	p := Plan{MaxZoom: o.MaxZoom, Bounds: shown(d.Version.BBoxWGS84), Workers: o.Workers}
	if p.MaxZoom <= 0 {
		var err error
		if p.MaxZoom, err = o.Artist.GuessZoom(ctx, l); err != nil {
			return nil, Plan{}, err
		}
	}
	p.Metadata = describe(l, o, p.MaxZoom)
	return s, p, nil
}

// describe is the metadata of the archive, by TileJSON's names.
func describe(l *layer.Layer, o *Options, maxZoom int) map[string]any {
	d, schema := l.Dataset(), l.Schema()
	fields := map[string]string{}
	for _, i := range o.Fields {
		fields[schema.Fields[i].Name] = live.FieldType(schema.Fields[i].Type)
	}
	title := d.Title
	if title == "" {
		title = d.ID
	}
	m := map[string]any{
		"name": title, "type": "overlay", "generator": d.Version.Program,
		"vector_layers":   []map[string]any{{"id": o.Name, "description": title, "minzoom": 0, "maxzoom": maxZoom, "fields": fields}},
		"contado:dataset": d.ID, "contado:version": d.Version.Number, "contado:seq": l.Head(), "contado:stamp": l.Stamp(),
		"contado:format": Format, "contado:maxzoom": maxZoom,
	}
	for name, text := range map[string]string{"description": d.Description, "attribution": d.Attribution, "license": d.License} {
		if text != "" {
			m[name] = text
		}
	}
	return m
}

func plannedZoom(meta []byte, otherwise int) int {
	var m struct {
		MaxZoom *int `json:"contado:maxzoom"`
	}
	if err := json.Unmarshal(meta, &m); err != nil || m.MaxZoom == nil || *m.MaxZoom < 0 || *m.MaxZoom > tms.MaxZoom {
		return otherwise
	}
	return *m.MaxZoom
}

// follows reports whether the tiles of the archive before may be copied: they
// were drawn by this code, of this version, with all rows and attributes.
func (s *source) follows(o *Options) bool {
	var m struct {
		Dataset string `json:"contado:dataset"`
		Version int    `json:"contado:version"`
		Seq     int64  `json:"contado:seq"`
		Format  int    `json:"contado:format"`
	}
	meta, err := o.Previous.Metadata()
	if err != nil || json.Unmarshal(meta, &m) != nil {
		return false
	}
	d := s.layer.Dataset()
	return o.Where == nil && m.Dataset == d.ID && m.Version == d.Version.Number && m.Seq == o.Since && m.Format == Format
}

// source draws a layer.
type source struct {
	artist *live.Artist
	layer  *layer.Layer
	part   live.Part
}

// Draw implements Source.
func (s *source) Draw(ctx context.Context, t tms.Tile) ([]byte, vector.Stats, error) {
	return s.artist.Draw(ctx, t, s.part)
}

// Near implements Source.
func (s *source) Near(t tms.Tile) Presence {
	p, err := s.artist.Place(s.layer, t)
	switch {
	case err != nil:
		return Small // drawing says what is wrong
	case !p.Near:
		return Nothing
	case p.Box == nil:
		return Large // drawing says what there is
	}
	near := Nothing
	s.layer.Visit(p.Box, func(r layer.Row) bool {
		if s.part.Where != nil && !s.part.Where.Has(r) {
			return true
		}
		near = Large
		if b := r.Box(); b.Width() < p.Box.Width() && b.Height() < p.Box.Height() {
			near = Small
		}
		return near != Small
	})
	return near
}

// shown is a box as an archive's header can have it.
func shown(b geo.BBox) geo.BBox {
	if b.IsEmpty() || math.IsInf(b.MinX, 0) || math.IsInf(b.MaxX, 0) || b.MinX > b.MaxX {
		return geo.BBox{MinX: -180, MinY: -tms.MaxLatitude, MaxX: 180, MaxY: tms.MaxLatitude}
	}
	return b.Intersect(geo.BBox{MinX: -180, MinY: -tms.MaxLatitude, MaxX: 180, MaxY: tms.MaxLatitude})
}
