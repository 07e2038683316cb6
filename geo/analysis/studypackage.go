package analysis

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/table"
)

// StudyGeoPackage writes the layers of a study (report.Layers) to a file that
// must not be there. It appears when it is whole.
func StudyGeoPackage(ctx context.Context, path string, st *coverage.Study, sketches []*report.Sketch) error {
	const op = "analysis.StudyGeoPackage"
	layers, err := report.Layers(st, sketches)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fault.Errorf(op, fault.Exist, "%s is there already", path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".contado-gpkg-*")
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	defer os.RemoveAll(dir)
	g := &packing{ctx: ctx, dir: dir, whole: filepath.Join(dir, "study.gpkg")}
	for _, l := range layers {
		if err := g.add(&l); err != nil {
			return fmt.Errorf("layer %s: %w", l.Name, err)
		}
	}
	return os.Rename(g.whole, path)
}

// packing writes layers one after another into one file.
type packing struct {
	ctx        context.Context //nolint:containedctx // lives as long as StudyGeoPackage
	dir, whole string
	n          int
}

func (g *packing) add(l *report.Layer) error {
	if len(l.Table.Rows) == 0 {
		return nil
	}
	s := geo.Schema{GeometryType: l.Kind}
	if l.Kind != "" {
		s.CRS = geo.WGS84
	}
	types := map[table.Kind]geo.FieldType{table.Text: geo.String, table.Integer: geo.Integer, table.Real: geo.Real, table.Share: geo.Real, table.Flag: geo.Boolean}
	for _, c := range l.Table.Columns {
		s.Fields = append(s.Fields, geo.Field{Name: c.Name, Type: types[c.Kind]})
	}
	i := 0
	next := func() (geo.Feature, bool, error) {
		if i == len(l.Table.Rows) {
			return geo.Feature{}, false, nil
		}
		f := geo.Feature{ID: int64(i + 1), Values: make([]any, len(s.Fields))}
		for k, v := range l.Table.Rows[i] {
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			f.Values[k] = v
		}
		if l.Shapes != nil {
			f.Geometry = l.Shapes[i]
		}
		i++
		return f, true, nil
	}
	if g.n++; g.n == 1 {
		return gdal.WriteVector(g.ctx, g.whole, "GPKG", l.Name, s, next)
	}
	part := filepath.Join(g.dir, fmt.Sprintf("part%d.gpkg", g.n))
	if err := gdal.WriteVector(g.ctx, part, "GPKG", l.Name, s, next); err != nil {
		return err
	}
	if err := gdal.VectorTranslate(g.ctx, g.whole, part, []string{"-f", "GPKG", "-update", "-nln", l.Name}); err != nil {
		return err
	}
	return os.Remove(part)
}
