package analysis

import "contado/geo/table"

// Table is a row an area: people of all ages, density, and each age band.
// Hidden counts are empty cells.
func (z *InhabitantsResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: z.Population,
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "area_km2", Kind: table.Real, Unit: "km²", Digits: 2},
			{Name: "people", Kind: table.Real},
			{Name: "density_per_km2", Kind: table.Real, Digits: 1},
			{Name: "hidden", Kind: table.Flag},
			{Name: "people_by_age", Kind: table.Real},
		},
		About: about(l, z.Population, z.Method, z.Inputs, z.Notices, z.Program),
	}
	for _, b := range z.Bands {
		t.Columns = append(t.Columns, table.Column{Name: b, Kind: table.Real})
	}
	for _, a := range z.Areas {
		row := []any{a.Code, a.Name, a.AreaKm2, cell(a.People), cell(a.Density), a.Hidden, cell(a.ByAge)}
		for _, b := range a.Bands {
			row = append(row, cell(b.People))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// cell is a number that may be missing.
func cell(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}
