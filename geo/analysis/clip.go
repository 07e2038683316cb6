package analysis

import (
	"context"
	"math"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// ClipRequest asks for a part of a raster dataset as a file.
type ClipRequest struct {
	MapWhere
	Pictures
	// Bands are those to write, as they are; with a Value that alone is
	// written. Empty means all.
	Bands []string
	// Outline leaves out cells whose centre is in none of the areas.
	Outline bool
}

// Clip writes the part as a GeoTIFF on the dataset's own cells: values after
// scale and offset as Float32, classes as they are stored.
func (e *Engine) Clip(ctx context.Context, q ClipRequest, p Progress) (*Map, error) {
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	if q.Outline && areas == nil {
		return nil, fault.Errorf("analysis.Clip", fault.Invalid, "an outline needs areas")
	}
	pics, err := r.found(q.Pictures, box)
	if err != nil {
		return nil, err
	}
	bands, err := q.bandsOf(pics)
	if err != nil {
		return nil, err
	}
	pl := &plan{dtype: "float32", nodata: math.NaN(), layers: []layer{r.layerOf(pics)}, cells: copyCells}
	if pl.grid, err = pics.over(box); err != nil {
		return nil, err
	}
	m := &Map{Process: "clip", Title: pics.dataset.Title, Role: pics.dataset.Role, Unit: pics.unit, Method: "values as they are, on the dataset's own cells"}
	pl.bands = bands
	if len(bands) == 1 && len(pics.classes) > 0 {
		m.Classes = pics.classes
		pl.asClasses(pics.classes)
	}
	if q.Outline {
		if pl.inside, err = outline(areas, pl.grid); err != nil {
			return nil, err
		}
	}
	m.Files = []MapFile{{Path: filepath.Join(q.Dir, pics.dataset.ID+".tif"), Datetime: newest(pics)}}
	if err := r.draw(ctx, m.Files[0].Path, pl, p); err != nil {
		return nil, err
	}
	names := make([]string, len(bands))
	for i, b := range bands {
		names[i] = b.Name
	}
	return m, r.seal(m, map[string]any{"pictures": q.parameters(), "bands": names, "outline": q.Outline}, map[string][]string{pics.dataset.ID: ids(pics.items)})
}

// bandsOf settles the bands in the query and describes them.
func (q *ClipRequest) bandsOf(p *pictures) ([]gdal.BandSpec, error) {
	if q.Value != "" && len(q.Bands) > 0 {
		return nil, fault.Errorf("analysis.Clip", fault.Invalid, "a value and bands exclude each other")
	}
	if p.query.Expr != nil {
		return []gdal.BandSpec{{Name: p.label, Unit: p.unit}}, nil
	}
	refs := q.Bands
	last := p.items[len(p.items)-1]
	if q.Value != "" {
		refs = []string{q.Value}
	} else if len(refs) == 0 {
		for _, b := range last.Bands {
			refs = append(refs, b.Name)
		}
	}
	var out []gdal.BandSpec
	p.query.Bands = nil
	for _, ref := range refs {
		n, err := bandOf(last, ref)
		if err != nil {
			return nil, err
		}
		b := last.Bands[n-1]
		p.query.Bands = append(p.query.Bands, b.Name)
		out = append(out, gdal.BandSpec{Name: b.Name, Unit: b.Unit})
		p.classes = b.Classes
	}
	return out, nil
}

// asClasses makes the map one of whole numbers, with a nodata value that no
// class has.
func (pl *plan) asClasses(classes []catalog.Class) {
	most := slices.MaxFunc(classes, func(a, b catalog.Class) int { return a.Value - b.Value }).Value
	least := slices.MinFunc(classes, func(a, b catalog.Class) int { return a.Value - b.Value }).Value
	free := func(limit int) int {
		for v := limit; v >= 0; v-- {
			if !slices.ContainsFunc(classes, func(c catalog.Class) bool { return c.Value == v }) {
				return v
			}
		}
		return -1
	}
	switch {
	case least >= 0 && most <= math.MaxUint8 && free(math.MaxUint8) >= 0:
		pl.dtype, pl.nodata = "uint8", float64(free(math.MaxUint8))
	case least >= 0 && most <= math.MaxUint16 && free(math.MaxUint16) >= 0:
		pl.dtype, pl.nodata = "uint16", float64(free(math.MaxUint16))
	default:
		return // negative classes stay Float32
	}
	categories(&pl.bands[0], classes)
}

// outline gives, for a window of the grid, which cells' centres lie within
// the areas.
func outline(areas []ZonalFeature, g grid.Grid) (func(grid.Window) []bool, error) {
	native, err := reproject(areas, g.CRS)
	if err != nil {
		return nil, err
	}
	return func(w grid.Window) []bool {
		in := make([]bool, w.Cells())
		sub := g.Sub(w)
		box := sub.Bounds().Bound()
		for _, a := range native {
			if !a.Geometry.Bound().Intersects(box) {
				continue
			}
			sub.Fill(polygonsOf(a.Geometry), func(row, from, to int) {
				for c := from; c < to; c++ {
					in[row*w.Width+c] = true
				}
			})
		}
		return in
	}, nil
}

func polygonsOf(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}
