package report

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/gdal"
	data "contado/geo/table"
)

// StudyCSV writes one table of the study as CSV in the locale; name is that
// of one of Tables ("coverage", "gaps", …).
func StudyCSV(w io.Writer, st *coverage.Study, name string, l data.Locale) error {
	tables, err := Tables(st)
	if err != nil {
		return err
	}
	var there []string
	for _, t := range tables {
		if t.Name == name {
			return t.CSV(w, l)
		}
		there = append(there, t.Name)
	}
	return fault.WithHint(fault.Errorf("report.StudyCSV", fault.Invalid, "the study has no table %.40q", name), "it has "+strings.Join(there, ", "))
}

// StudyZip writes all tables of the study as CSV files in a zip. The same
// study gives the same bytes.
func StudyZip(w io.Writer, st *coverage.Study, l data.Locale) error {
	tables, err := Tables(st)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, t := range tables {
		f, err := z.CreateHeader(&zip.FileHeader{Name: t.Name + ".csv", Method: zip.Deflate, Modified: st.CreatedAt.UTC().Truncate(2 * time.Second)})
		if err != nil {
			return fmt.Errorf("write study as CSV: %w", err)
		}
		if err := t.CSV(f, l); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write study as CSV: %w", err)
	}
	return nil
}

// StudyXLSX writes all tables of the study as sheets of one spreadsheet.
func StudyXLSX(w io.Writer, st *coverage.Study, l data.Locale) error {
	tables, err := Tables(st)
	if err != nil {
		return err
	}
	return data.Book(w, l, tables...)
}

// GeoPackage writes the study to a file that must not be there: a layer of
// areas with the share of each section and threshold, layers of the gaps, the
// facilities and the checks that have a place, and the tables of Tables
// without geometry. Positions are longitude and latitude. The file appears
// when it is whole.
func GeoPackage(ctx context.Context, path string, st *coverage.Study, sketches []*Sketch) error {
	const op = "report.GeoPackage"
	tables, err := Tables(st)
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
	layers := []layered{areaLayer(st, sketches), facilityLayer(st, sketches)}
	for _, t := range tables {
		switch t.Name {
		case "gaps", "checks":
			layers = append(layers, pointLayer(t))
		case "coverage", "isolation", "age_bands", "rules", "rule_areas", "classes", "indicators", "inputs", "parameters":
			layers = append(layers, layered{name: "table_" + t.Name, t: t})
		}
	}
	for _, l := range layers {
		if err := g.add(&l); err != nil {
			return fmt.Errorf("layer %s: %w", l.name, err)
		}
	}
	return os.Rename(g.whole, path)
}

// layered is a table on its way to a layer; shapes are parallel to its rows.
type layered struct {
	name, kind string // kind of geometry; "" = none
	t          *data.Table
	shapes     []orb.Geometry
}

// packing writes layers one after another into one file.
type packing struct {
	ctx        context.Context //nolint:containedctx // lives as long as GeoPackage
	dir, whole string
	n          int
}

func (g *packing) add(l *layered) error {
	if len(l.t.Rows) == 0 {
		return nil
	}
	s := geo.Schema{GeometryType: l.kind}
	if l.kind != "" {
		s.CRS = geo.WGS84
	}
	types := map[data.Kind]geo.FieldType{data.Text: geo.String, data.Integer: geo.Integer, data.Real: geo.Real, data.Share: geo.Real, data.Flag: geo.Boolean}
	for _, c := range l.t.Columns {
		s.Fields = append(s.Fields, geo.Field{Name: c.Name, Type: types[c.Kind]})
	}
	i := 0
	next := func() (geo.Feature, bool, error) {
		if i == len(l.t.Rows) {
			return geo.Feature{}, false, nil
		}
		f := geo.Feature{ID: int64(i + 1), Values: make([]any, len(s.Fields))}
		for k, v := range l.t.Rows[i] {
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			f.Values[k] = v
		}
		if l.shapes != nil {
			f.Geometry = l.shapes[i]
		}
		i++
		return f, true, nil
	}
	if g.n++; g.n == 1 {
		return gdal.WriteVector(g.ctx, g.whole, "GPKG", l.name, s, next)
	}
	part := filepath.Join(g.dir, fmt.Sprintf("part%d.gpkg", g.n))
	if err := gdal.WriteVector(g.ctx, part, "GPKG", l.name, s, next); err != nil {
		return err
	}
	if err := gdal.VectorTranslate(g.ctx, g.whole, part, []string{"-f", "GPKG", "-update", "-nln", l.name}); err != nil {
		return err
	}
	return os.Remove(part)
}

// columnName is a name that every program takes for a column.
func columnName(parts ...string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '_'
	}, strings.Join(parts, "_")), "_")
}

// areaLayer has one row an area: its people, and the share of each section
// and threshold.
func areaLayer(st *coverage.Study, sketches []*Sketch) layered {
	first := st.Sections[0]
	t := &data.Table{Name: "areas", Columns: columns("code:t name:t population:r")}
	shapes := map[string]orb.Geometry{}
	for _, s := range sketches {
		if s != nil {
			for _, a := range s.Areas {
				shapes[a.Code] = a.Geometry
			}
		}
	}
	l := layered{name: "areas", kind: "MultiPolygon", t: t}
	for i := range first.Areas {
		a := &first.Areas[i]
		population := any(a.Population)
		if a.Suppressed {
			population = nil
		}
		t.Rows = append(t.Rows, []any{a.Code, a.Name, population})
		switch g := shapes[a.Code].(type) {
		case orb.Polygon:
			l.shapes = append(l.shapes, orb.MultiPolygon{g})
		default:
			l.shapes = append(l.shapes, g)
		}
	}
	for _, r := range st.Sections {
		if !sameAreas(r, first) {
			continue
		}
		for j, s := range r.ThresholdsS {
			t.Columns = append(t.Columns, data.Column{Name: columnName("share", r.Service, r.Profile, fmt.Sprintf("%g", s)), Kind: data.Share})
			for i := range r.Areas {
				c := &r.Areas[i].Coverage[j]
				v := orNil(c.Share)
				if c.Suppressed || r.Areas[i].Suppressed {
					v = nil
				}
				t.Rows[i] = append(t.Rows[i], v)
			}
		}
	}
	return l
}

func facilityLayer(st *coverage.Study, sketches []*Sketch) layered {
	l := layered{name: "facilities", kind: "Point", t: &data.Table{Name: "facilities", Columns: columns("service:t")}}
	done := map[string]bool{}
	for i, r := range st.Sections {
		if i >= len(sketches) || sketches[i] == nil || done[r.Service] {
			continue
		}
		done[r.Service] = true
		for _, p := range sketches[i].Facilities {
			l.t.Rows, l.shapes = append(l.t.Rows, []any{r.Service}), append(l.shapes, p)
		}
	}
	return l
}

// pointLayer makes points of the columns lon and lat; rows without are left
// out of it.
func pointLayer(t *data.Table) layered {
	l := layered{name: t.Name, kind: "Point", t: &data.Table{Name: t.Name, Columns: t.Columns}}
	lon, lat := -1, -1
	for k, c := range t.Columns {
		switch c.Name {
		case "lon":
			lon = k
		case "lat":
			lat = k
		}
	}
	for _, row := range t.Rows {
		x, okX := row[lon].(float64)
		y, okY := row[lat].(float64)
		if okX && okY {
			l.t.Rows, l.shapes = append(l.t.Rows, row), append(l.shapes, orb.Point{x, y})
		}
	}
	return l
}
