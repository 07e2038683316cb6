package analysis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/table"
)

// about is what a table says of itself, in the words of the locale.
func about(l table.Locale, title, method string, inputs []coverage.Input, notices []coverage.Notice, p coverage.Program) [][2]string {
	words := [5]string{"Title", "Method", "Data", "Note", "Made with"}
	if l == table.Italian {
		words = [5]string{"Titolo", "Metodo", "Dati", "Nota", "Prodotto con"}
	}
	out := [][2]string{{words[0], title}, {words[1], method}}
	for _, in := range inputs {
		text := fmt.Sprintf("%s, v%s, sha256 %s", in.Dataset, in.Version, in.SHA256)
		if in.Attribution != "" {
			text += ", " + in.Attribution
		}
		out = append(out, [2]string{words[2], text})
	}
	for _, n := range notices {
		text := n.Text
		if t := n.Texts[string(l)]; t != "" {
			text = t
		}
		out = append(out, [2]string{words[3], text})
	}
	return append(out, [2]string{words[4], strings.TrimSpace(p.Name + " " + p.Version)})
}

// Table is the days of all areas, one row an area and day.
func (s *SeriesResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: s.Value,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "date", Kind: table.Date},
			{Name: s.Stat, Kind: table.Real, Unit: s.Unit, Digits: 4},
			{Name: "valid", Kind: table.Share},
			{Name: "used", Kind: table.Flag},
			{Name: "items"},
		},
		About: about(l, s.Dataset+": "+s.Value, s.Method, s.Inputs, s.Notices, s.Program),
	}
	for _, a := range s.Areas {
		for _, d := range a.Days {
			t.Rows = append(t.Rows, []any{a.Code, a.Name, d.Date, orEmpty(d.Value), d.Valid, d.Used, strings.Join(d.Items, " ")})
		}
	}
	return t
}

// PeriodTable is the periods of all areas; nil when none were asked for.
func (s *SeriesResult) PeriodTable(l table.Locale) *table.Table {
	t := &table.Table{
		Name: s.Value,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "period"},
			{Name: "start", Kind: table.Date},
			{Name: "mean", Kind: table.Real, Unit: s.Unit, Digits: 4},
			{Name: "days", Kind: table.Integer},
			{Name: "anomaly", Kind: table.Real, Unit: s.Unit, Digits: 4},
			{Name: "z", Kind: table.Real, Digits: 2},
		},
		About: about(l, s.Dataset+": "+s.Value, s.Method, s.Inputs, s.Notices, s.Program),
	}
	for _, a := range s.Areas {
		for _, p := range a.Periods {
			t.Rows = append(t.Rows, []any{a.Code, a.Name, p.Name, p.Start, orEmpty(p.Mean), p.Days, orEmpty(p.Anomaly), orEmpty(p.Z)})
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// TrendTable is the trends of all areas; nil when none were asked for.
func (s *SeriesResult) TrendTable(l table.Locale) *table.Table {
	t := &table.Table{
		Name: s.Value,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "per_year", Kind: table.Real, Unit: s.Unit, Digits: 5},
			{Name: "low", Kind: table.Real, Digits: 5},
			{Name: "high", Kind: table.Real, Digits: 5},
			{Name: "p", Kind: table.Real, Digits: 4},
			{Name: "serial_p", Kind: table.Real, Digits: 4},
			{Name: "tau", Kind: table.Real, Digits: 3},
			{Name: "days", Kind: table.Integer},
			{Name: "method"},
		},
		About: about(l, s.Dataset+": "+s.Value, s.Method, s.Inputs, s.Notices, s.Program),
	}
	for _, a := range s.Areas {
		if x := a.Trend; x != nil {
			t.Rows = append(t.Rows, []any{a.Code, a.Name, x.PerYear, x.Low, x.High, x.P, orEmpty(x.SerialP), x.Tau, x.N, x.Method})
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// Table is the hectares of a map by area, a column a class; of a map of
// amounts the mean.
func (m *Map) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: m.Title, Columns: []table.Column{{Name: "code"}, {Name: "name"}},
		About: about(l, m.Title, m.Method, m.Inputs, m.Notices, m.Program),
	}
	keep := m.occurring()
	for _, k := range keep {
		c := m.Classes[k]
		t.Columns = append(t.Columns, table.Column{Name: "class_" + strconv.Itoa(c.Value) + "_ha", Kind: table.Real, Unit: className(c), Digits: 2})
	}
	if len(m.Classes) == 0 {
		for _, name := range []string{"mean", "min", "max"} {
			t.Columns = append(t.Columns, table.Column{Name: name, Kind: table.Real, Unit: m.Unit, Digits: 4})
		}
	}
	t.Columns = append(t.Columns, table.Column{Name: "unseen_ha", Kind: table.Real, Digits: 2})
	for _, a := range m.Areas {
		row := []any{a.Code, a.Name}
		for _, k := range keep {
			row = append(row, a.Hectares[k])
		}
		if len(m.Classes) == 0 {
			row = append(row, orEmpty(a.Mean), orEmpty(a.Min), orEmpty(a.Max))
		}
		t.Rows = append(t.Rows, append(row, a.Unseen))
	}
	return t
}

// occurring are the classes that some area has, of maps with so many that
// most are empty; else all of them.
func (m *Map) occurring() []int {
	var out []int
	for k := range m.Classes {
		some := len(m.Classes) <= 16
		for _, a := range m.Areas {
			some = some || a.Hectares[k] > 0
		}
		if some {
			out = append(out, k)
		}
	}
	return out
}

// orEmpty is a cell of a value that may not be there.
func orEmpty(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// Outlines are the areas of a table by code and name, for GeoPackages.
type Outlines map[[2]string]orb.Geometry

// Outlines resolves the areas of a request again, to write them beside
// their numbers.
func (e *Engine) Outlines(ctx context.Context, a ZonalAreas) (Outlines, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: a})
	if err != nil {
		return nil, err
	}
	out := make(Outlines, len(areas))
	for _, f := range areas {
		out[[2]string{f.Code, f.Name}] = f.Geometry
	}
	return out, nil
}

// geometryType is MultiPolygon when all outlines are polygons, which are
// written as such, else Geometry.
func (o Outlines) geometryType() string {
	for _, g := range o {
		switch g.(type) {
		case nil, orb.Polygon, orb.MultiPolygon:
		default:
			return "Geometry"
		}
	}
	return "MultiPolygon"
}

// WriteGeoPackage writes a table with columns code and name as features; the
// outlines are in longitude and latitude.
func WriteGeoPackage(ctx context.Context, path, layer string, t *table.Table, outlines Outlines) error {
	if err := t.Check(); err != nil {
		return err
	}
	if len(t.Columns) < 2 || t.Columns[0].Name != "code" || t.Columns[1].Name != "name" {
		return fault.Errorf("analysis.WriteGeoPackage", fault.Invalid, "the table has no code and name")
	}
	s := geo.Schema{GeometryType: outlines.geometryType(), CRS: geo.WGS84}
	types := map[table.Kind]geo.FieldType{
		table.Text: geo.String, table.Integer: geo.Integer, table.Real: geo.Real, table.Share: geo.Real, table.Date: geo.Date, table.Flag: geo.Boolean,
	}
	for _, c := range t.Columns {
		s.Fields = append(s.Fields, geo.Field{Name: c.Name, Type: types[c.Kind]})
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
			switch v := v.(type) {
			case int:
				f.Values[k] = int64(v)
			case time.Time:
				f.Values[k] = v.UTC()
			default:
				f.Values[k] = v
			}
		}
		switch g := outlines[[2]string{row[0].(string), row[1].(string)}].(type) {
		case orb.Polygon:
			f.Geometry = orb.MultiPolygon{g}
		case nil:
		default:
			f.Geometry = g
		}
		return f, true, nil
	})
}

// Table is the error matrix, a row a mapped class and a column a true one,
// with the accuracies beside it.
func (rep *LandCoverReport) Table(l table.Locale, m *Map) *table.Table {
	t := &table.Table{Name: "Accuracy", Columns: []table.Column{{Name: "mapped"}}}
	for _, c := range rep.Classes {
		t.Columns = append(t.Columns, table.Column{Name: "true_" + strconv.Itoa(c.Value), Kind: table.Integer, Unit: className(c.Class)})
	}
	for _, name := range []string{"users_accuracy", "producers_accuracy", "f1"} {
		t.Columns = append(t.Columns, table.Column{Name: name, Kind: table.Share})
	}
	for i, c := range rep.Classes {
		row := []any{className(c.Class)}
		for k := range rep.Classes {
			row = append(row, rep.Confusion[i][k])
		}
		t.Rows = append(t.Rows, append(row, orEmpty(c.Users), orEmpty(c.Producers), orEmpty(c.F1)))
	}
	t.About = append(about(l, m.Title, m.Method, m.Inputs, m.Notices, m.Program),
		[2]string{"Validation", rep.Validation},
		[2]string{"Overall accuracy", fmt.Sprintf("%.4f (95 %%: %.4f to %.4f)", rep.Overall, rep.Low, rep.High)})
	if rep.Kappa != nil {
		t.About = append(t.About, [2]string{"Kappa", fmt.Sprintf("%.4f", *rep.Kappa)})
	}
	return t
}
