package analysis

import (
	"maps"
	"slices"
	"strings"

	"contado/geo/table"
)

// Table is one row an area, with a column for each value of By: hectares of
// polygons, kilometres of lines, the count of points.
func (s *SummaryResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: s.Dataset,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "area_km2", Kind: table.Real, Unit: "km²", Digits: 3},
			{Name: "count", Kind: table.Integer},
		},
		About: about(l, s.Dataset, s.Method, s.Inputs, s.Notices, s.Program),
	}
	lines, polygons := s.Shapes == "lines" || s.Shapes == "mixed", s.Shapes == "polygons" || s.Shapes == "mixed"
	if lines {
		t.Columns = append(t.Columns, table.Column{Name: "length_km", Kind: table.Real, Unit: "km", Digits: 3})
	}
	if polygons {
		t.Columns = append(t.Columns, table.Column{Name: "area_ha", Kind: table.Real, Unit: "ha", Digits: 4}, table.Column{Name: "share", Kind: table.Share})
	}
	density := table.Column{Name: "density_per_km2", Kind: table.Real, Unit: "1/km²", Digits: 3}
	if s.Shapes == "lines" {
		density.Unit = "km/km²"
	}
	t.Columns = append(t.Columns, density)
	for _, name := range s.Sums {
		t.Columns = append(t.Columns, table.Column{Name: "sum_" + name, Kind: table.Real, Digits: 2})
	}
	classes := s.classes()
	for _, v := range classes {
		t.Columns = append(t.Columns, s.classColumn(v))
	}
	for i := range s.Areas {
		a := &s.Areas[i]
		row := []any{a.Code, a.Name, a.AreaKm2, a.Count}
		if lines {
			row = append(row, a.LengthKm)
		}
		if polygons {
			row = append(row, a.AreaHa, a.Share)
		}
		row = append(row, a.Density)
		for k := range s.Sums {
			row = append(row, a.Sums[k])
		}
		t.Rows = append(t.Rows, append(row, s.classCells(a, classes)...))
	}
	return t
}

// classes are all values of By that occur.
func (s *SummaryResult) classes() []string {
	seen := map[string]bool{}
	for i := range s.Areas {
		for _, c := range s.Areas[i].Classes {
			seen[c.Value] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (s *SummaryResult) classColumn(value string) table.Column {
	name := value
	if name == "" {
		name = "without_value"
	}
	switch s.Shapes {
	case "polygons":
		return table.Column{Name: name + "_ha", Kind: table.Real, Unit: "ha", Digits: 4}
	case "lines":
		return table.Column{Name: name + "_km", Kind: table.Real, Unit: "km", Digits: 3}
	}
	return table.Column{Name: name + "_count", Kind: table.Integer}
}

func (s *SummaryResult) classCells(a *SummaryArea, classes []string) []any {
	tally := map[string]Tally{}
	for _, c := range a.Classes {
		tally[c.Value] = c.Tally
	}
	var out []any
	for _, v := range classes {
		switch s.Shapes {
		case "polygons":
			out = append(out, tally[v].AreaHa)
		case "lines":
			out = append(out, tally[v].LengthKm)
		default:
			out = append(out, tally[v].Count)
		}
	}
	return out
}

// Table is one row a neighbour; rows without any have one without a neighbour.
func (n *NearestResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: n.To,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "rank", Kind: table.Integer},
			{Name: "neighbour_id", Kind: table.Integer},
			{Name: "neighbour_name"},
			{Name: "distance_m", Kind: table.Real, Unit: "m", Digits: 1},
		},
		About: about(l, n.To, n.Method, n.Inputs, n.Notices, n.Program),
	}
	for i := range n.Rows {
		r := &n.Rows[i]
		if len(r.Neighbours) == 0 {
			t.Rows = append(t.Rows, []any{r.Code, r.Name, nil, nil, nil, nil})
		}
		for k, p := range r.Neighbours {
			t.Rows = append(t.Rows, []any{r.Code, r.Name, k + 1, p.ID, p.Name, p.Metres})
		}
	}
	return t
}

// Outlines are the rows that looked for neighbours, for GeoPackages.
func (n *NearestResult) Outlines() Outlines {
	out := Outlines{}
	for i := range n.Rows {
		out[[2]string{n.Rows[i].Code, n.Rows[i].Name}] = n.Rows[i].place
	}
	return out
}

// Table is one row a row of the dataset, with the area that has most of it;
// further ones are listed by code.
func (c *ContainingResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: c.Dataset,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "area_code"},
			{Name: "area_name"},
			{Name: "share", Kind: table.Share},
			{Name: "other_areas"},
		},
		About: about(l, c.Dataset, c.Method, c.Inputs, c.Notices, c.Program),
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		row := []any{r.code(), r.Name, nil, nil, nil, nil}
		if len(r.Areas) > 0 {
			row[2], row[3], row[4] = r.Areas[0].Code, r.Areas[0].Name, r.Areas[0].Share
			var more []string
			for _, a := range r.Areas[1:] {
				more = append(more, a.Code)
			}
			row[5] = strings.Join(more, " ")
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Outlines are the rows of the dataset, for GeoPackages.
func (c *ContainingResult) Outlines() Outlines {
	out := Outlines{}
	for i := range c.Rows {
		out[[2]string{c.Rows[i].code(), c.Rows[i].Name}] = c.Rows[i].place
	}
	return out
}
