package export

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/wkb"
)

// sink is a file being written. finish or abort is called once.
type sink interface {
	write(f geo.Feature) error
	finish() error
	abort() error
}

type exporter struct {
	ctx    context.Context //nolint:containedctx // lives as long as Write
	format Format
	o      Options
	notes  *notice.List
	in     geo.Schema // of the rows
	out    geo.Schema // of the file
	tr     *crs.Transformer
	area   *area
	dir    string // for temporary files
	layer  string
}

// prepare settles the target's reference system, the layer's name and the
// area.
func (x *exporter) prepare(path string) error {
	const op = "export.Write"
	x.layer = x.o.Layer
	if x.layer == "" {
		x.layer = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	switch x.o.Geometry {
	case "", "xy", "wkt", "none":
	default:
		return fault.Errorf(op, fault.Invalid, "geometry %q is not known: use xy, wkt or none", x.o.Geometry)
	}
	x.out = x.in
	if x.in.GeometryType == "" {
		if x.o.Area != nil {
			return fault.Errorf(op, fault.Invalid, "rows without positions cannot be chosen by an area")
		}
		return nil
	}
	to := x.o.CRS
	if to == "" && strings.HasPrefix(x.format.ID, "geojson") {
		to = geo.WGS84
	}
	if to != "" && to != x.in.CRS {
		if !x.in.CRS.Known() {
			return fault.Errorf(op, fault.Invalid, "the reference system of the rows is not known, so they cannot be brought to %s", to.Short())
		}
		var err error
		if x.tr, err = crs.New(x.in.CRS, to); err != nil {
			return err
		}
		x.out.CRS = to
	}
	var err error
	x.area, err = newArea(x.o.Area, x.o.Clip)
	return err
}

// run writes all rows to a file.
func (x *exporter) run(path string, rows Rows) error {
	s, err := x.open(path)
	if err != nil {
		return err
	}
	n, werr := 0, error(nil)
	err = rows(func(f geo.Feature) bool {
		if n++; n%64 == 1 && x.ctx.Err() != nil {
			werr = fault.E("export.Write", fault.Canceled, x.ctx.Err())
			return false
		}
		f, ok, err := x.shape(f)
		if err == nil && ok {
			err = s.write(f)
		}
		werr = err
		return err == nil
	})
	if err == nil {
		err = werr
	}
	if err == nil && x.ctx.Err() != nil {
		err = fault.E("export.Write", fault.Canceled, x.ctx.Err())
	}
	if err != nil {
		return errors.Join(err, s.abort())
	}
	return s.finish()
}

func (x *exporter) open(path string) (sink, error) {
	switch x.format.ID {
	case "gpkg":
		return x.openGeoPackage(path)
	case "fgb":
		return x.openPacked(path)
	case "geojson", "geojsonseq":
		return x.openGeoJSON(path)
	case "csv", "xlsx":
		return x.openTable(path)
	case "parquet":
		return x.openParquet(path)
	case "shp":
		return x.openShapefile(path)
	}
	return nil, fault.Errorf("export.Write", fault.Unsupported, "format %q is not known", x.format.ID)
}

// shape chooses, cuts and moves the geometry of a row; ok is false when the
// row is not wanted.
func (x *exporter) shape(f geo.Feature) (_ geo.Feature, ok bool, err error) {
	if x.area != nil {
		if f, ok, err = x.area.take(f, x.notes); err != nil || !ok {
			return f, false, err
		}
	}
	if x.tr == nil || f.Geometry == nil {
		return f, true, nil
	}
	o := &crs.GeometryOptions{}
	if f.Z != nil || f.M != nil {
		o.MaxError = -1 // heights belong to the vertices that there are
	}
	g, err := x.tr.Geometry(f.Geometry, o)
	if err != nil {
		return f, false, err
	}
	if n := wkb.Positions(g); f.Z != nil && len(f.Z) != n || f.M != nil && len(f.M) != n {
		f.Z, f.M = nil, nil
		x.notes.Count(catalog.Warning, "dimensions-dropped", "heights and measures were dropped where the geometry had to be changed", rowName(f))
	}
	f.Geometry = g
	return f, true, nil
}
