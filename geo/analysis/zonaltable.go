package analysis

import (
	"encoding/json"
	"io"
	"strconv"

	"contado/geo/table"
)

// MarshalJSON writes one flat object: code, name, the statistics, classes.
func (a ZonalArea) MarshalJSON() ([]byte, error) {
	m := map[string]any{"code": a.Code, "name": a.Name}
	for _, n := range a.Result.Names {
		if v, ok := a.Result.Get(n); ok {
			m[n] = v
		} else {
			m[n] = nil
		}
	}
	if a.Result.QuantileError > 0 {
		m["quantile_error"] = a.Result.QuantileError
	}
	if a.Classes != nil {
		m["classes"] = a.Classes
	}
	return json.Marshal(m)
}

// Table is code, name and the statistics, a row an area. With classes a
// column class_<value>_ha follows for each class that occurs.
func (z *ZonalResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: z.Band, Columns: []table.Column{{Name: "code"}, {Name: "name"}},
		About: about(l, z.Dataset+": "+z.Band, z.Method, z.Inputs, z.Notices, z.Program),
	}
	for _, s := range z.Stats {
		t.Columns = append(t.Columns, table.Column{Name: s, Kind: table.Real, Digits: 4})
	}
	names := map[float64]string{}
	for _, a := range z.Areas {
		for _, c := range a.Classes {
			names[c.Value] = c.Name
		}
	}
	values := sortedKeys(names)
	for _, v := range values {
		t.Columns = append(t.Columns, table.Column{Name: "class_" + strconv.FormatFloat(v, 'f', -1, 64) + "_ha", Kind: table.Real, Unit: names[v], Digits: 2})
	}
	for _, a := range z.Areas {
		row := []any{a.Code, a.Name}
		for _, s := range z.Stats {
			if v, ok := a.Result.Get(s); ok {
				row = append(row, v)
			} else {
				row = append(row, nil)
			}
		}
		ha := map[float64]float64{}
		for _, c := range a.Classes {
			ha[c.Value] = c.Hectares
		}
		for _, v := range values {
			row = append(row, ha[v])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// CSV writes the table for programs.
func (z *ZonalResult) CSV(w io.Writer) error { return z.Table(table.Plain).CSV(w, table.Plain) }
