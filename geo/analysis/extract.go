package analysis

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/export"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/table"
)

// RowsRequest asks for the rows of a vector dataset that meet areas, as a
// file.
type RowsRequest struct {
	Dataset string
	Areas   ZonalAreas
	Filter  string // CQL2 text
	Format  string // id of export.Formats
	// Clip cuts the geometries at the border of the areas.
	Clip   bool
	Locale table.Locale // of tables
	// MaxRows bounds the rows written; 0 = DefaultMaxAreas.
	MaxRows int
}

// Rows writes the rows into the folder dir and returns the file.
//
// Errors: Invalid for a dataset that is no vector, a filter or a format that
// does not fit; TooLarge over MaxRows; those of Region and export.Write.
func (e *Engine) Rows(ctx context.Context, q RowsRequest, dir string, p Progress) (path string, f export.Format, err error) {
	const op = "analysis.Rows"
	f, ok := export.Find(q.Format, "")
	if !ok {
		return "", f, fault.Errorf(op, fault.Invalid, "format %.20q is not known", q.Format)
	}
	r, err := e.begin(ctx)
	if err != nil {
		return "", f, err
	}
	d, err := r.snapshot.Dataset(q.Dataset)
	if err != nil {
		return "", f, err
	}
	if d.Kind != catalog.Vector {
		return "", f, fault.Errorf(op, fault.Invalid, "dataset %s is a %s dataset: it has no rows", d.ID, d.Kind)
	}
	l, err := r.snapshot.Layer(ctx, q.Dataset)
	if err != nil {
		return "", f, err
	}
	s := l.Schema()
	if s.GeometryType == "" {
		return "", f, fault.Errorf(op, fault.Invalid, "dataset %s has no geometry: nothing of it lies in an area", d.ID)
	}
	region, err := e.Region(ctx, q.Areas, s.CRS)
	if err != nil {
		return "", f, err
	}
	if len(region) == 0 {
		return "", f, fault.Errorf(op, fault.Invalid, "there is no polygon among the areas asked for")
	}
	box := geo.BBoxOf(region.Bound())
	query := features.Query{BBox: &box, FilterCRS: geo.WGS84}
	if query.Filter, err = parseFilter(q.Filter); err != nil {
		return "", f, err
	}
	path = filepath.Join(dir, d.ID+f.Extension)
	o := export.Options{Layer: d.ID, Title: d.Title, Description: d.Description, Area: region, Clip: q.Clip, Locale: q.Locale}
	if f.ID == "csv" || f.ID == "xlsx" {
		o.CRS = geo.WGS84
	}
	limit := q.MaxRows
	if limit == 0 {
		limit = DefaultMaxAreas
	}
	tooMany := false
	_, err = export.Write(ctx, path, f, s, func(yield func(geo.Feature) bool) error {
		n := 0
		err := l.Scan(ctx, query, func(row geo.Feature) bool {
			if n++; n > limit {
				tooMany = true
				return false
			}
			if n%1000 == 0 {
				p.tell(min(1, float64(n)/float64(max(1, l.Len()))), "rows")
			}
			return yield(row)
		})
		if err == nil && tooMany {
			err = fault.WithHint(fault.Errorf(op, fault.TooLarge, "more than %d rows of %s lie in the box round the areas", limit, d.ID), "draw smaller areas, or add a filter")
		}
		return err
	}, o)
	return path, f, err
}

// AreasFile writes a table whose first column is the code of an area as a
// GeoPackage with the outlines of the areas, in longitude and latitude; an
// area of several rows is in each.
//
// Errors: those of Zonal for the areas, Other of the writer.
func (e *Engine) AreasFile(ctx context.Context, a ZonalAreas, t *table.Table, path, layer string) error {
	r, err := e.begin(ctx)
	if err != nil {
		return err
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: a})
	if err != nil {
		return err
	}
	outlines := make(map[string]orb.MultiPolygon, len(areas))
	for _, f := range areas {
		outlines[f.Code] = polygonsOf(f.Geometry)
	}
	s := geo.Schema{GeometryType: "MultiPolygon", CRS: geo.WGS84, Fields: make([]geo.Field, len(t.Columns))}
	for i, c := range t.Columns {
		s.Fields[i] = geo.Field{Name: c.Name, Type: fieldOf[c.Kind]}
	}
	i := 0
	return gdal.WriteVector(ctx, path, "GPKG", layer, s, func() (geo.Feature, bool, error) {
		if i == len(t.Rows) {
			return geo.Feature{}, false, nil
		}
		row := t.Rows[i]
		i++
		f := geo.Feature{ID: int64(i), Values: make([]any, len(row))}
		for k, v := range row {
			f.Values[k] = valueOf(v)
		}
		code, ok := row[0].(string)
		if !ok {
			return f, false, fmt.Errorf("row %d of a table by area has no code", i)
		}
		if mp := outlines[code]; mp != nil {
			f.Geometry = mp
		}
		return f, true, nil
	})
}

// fieldOf is the type of an attribute that holds a column.
var fieldOf = map[table.Kind]geo.FieldType{
	table.Text: geo.String, table.Integer: geo.Integer, table.Real: geo.Real, table.Share: geo.Real, table.Date: geo.Date, table.Flag: geo.Boolean,
}

// valueOf is a cell of a table as an attribute.
func valueOf(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case time.Time:
		return v.UTC().Format(time.DateOnly)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	return v
}
