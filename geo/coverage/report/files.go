package report

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/coverage"
	"contado/geo/fault"
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

// Layers are what the GeoPackage of a study holds: areas with the share of
// each section and threshold, facilities, the gaps, the further points and the
// checks that have a place, and the tables of Tables without geometry. Positions are longitude
// and latitude.
func Layers(st *coverage.Study, sketches []*Sketch) ([]Layer, error) {
	tables, err := Tables(st)
	if err != nil {
		return nil, err
	}
	out := []Layer{areaLayer(st, sketches), facilityLayer(st, sketches)}
	for _, t := range tables {
		switch t.Name {
		case "gaps", "checks", "siting", "hamlets":
			out = append(out, pointLayer(t))
		case "coverage", "isolation", "age_bands", "rules", "rule_areas", "classes", "class_coverage", "indicators", "inputs", "parameters":
			out = append(out, Layer{Name: "table_" + t.Name, Table: t})
		}
	}
	return out, nil
}

// Layer is a table of which the rows may have shapes, parallel to them.
type Layer struct {
	Name   string
	Kind   string // of geometry; "" = none
	Table  *data.Table
	Shapes []orb.Geometry
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
func areaLayer(st *coverage.Study, sketches []*Sketch) Layer {
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
	l := Layer{Name: "areas", Kind: "MultiPolygon", Table: t}
	for i := range first.Areas {
		a := &first.Areas[i]
		population := any(a.Population)
		if a.Suppressed {
			population = nil
		}
		t.Rows = append(t.Rows, []any{a.Code, a.Name, population})
		switch g := shapes[a.Code].(type) {
		case orb.Polygon:
			l.Shapes = append(l.Shapes, orb.MultiPolygon{g})
		default:
			l.Shapes = append(l.Shapes, g)
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

func facilityLayer(st *coverage.Study, sketches []*Sketch) Layer {
	l := Layer{Name: "facilities", Kind: "Point", Table: &data.Table{Name: "facilities", Columns: columns("service:t")}}
	done := map[string]bool{}
	for i, r := range st.Sections {
		if i >= len(sketches) || sketches[i] == nil || done[r.Service] {
			continue
		}
		done[r.Service] = true
		for _, p := range sketches[i].Facilities {
			l.Table.Rows, l.Shapes = append(l.Table.Rows, []any{r.Service}), append(l.Shapes, p)
		}
	}
	return l
}

// pointLayer makes points of the columns lon and lat; rows without are left
// out of it.
func pointLayer(t *data.Table) Layer {
	l := Layer{Name: t.Name, Kind: "Point", Table: &data.Table{Name: t.Name, Columns: t.Columns}}
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
			l.Table.Rows, l.Shapes = append(l.Table.Rows, row), append(l.Shapes, orb.Point{x, y})
		}
	}
	return l
}
