package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// demandFromTable spreads the people of each area's row evenly over the
// area's passable cells.
func (r *run) demandFromTable(ctx context.Context, d catalog.Dataset, areas []area, f *footing) (people, string, error) {
	rows, bands, err := r.tableRows(ctx, d, areas)
	if err != nil {
		return people{}, "", err
	}
	pass, any, served := make([]int32, len(areas)), make([]int32, len(areas)), make([]bool, len(areas))
	for cell, a := range f.area {
		if a == noArea {
			continue
		}
		any[a]++
		if f.passable(cell) {
			pass[a]++
		}
	}
	out := newColumns(len(bands))
	out.bandNames = bands
	var parts []float64
	lonLat, err := newLonLat(f.grid)
	if err != nil {
		return people{}, "", err
	}
	for cell, a := range f.area {
		if a == noArea || rows[a] == nil {
			continue
		}
		n := pass[a]
		if n == 0 {
			n = any[a]
		} else if !f.passable(cell) {
			continue
		}
		lon, lat, err := lonLat.of(cell%f.grid.Width, cell/f.grid.Width)
		if err != nil {
			return people{}, "", err
		}
		parts = parts[:0]
		for b := range bands {
			parts = append(parts, demand.Portion(rows[a][b+1], n, !served[a]))
		}
		out.row(a, cell, lon, lat, demand.Portion(rows[a][0], n, !served[a]), parts)
		served[a] = true
	}
	for a := range areas {
		if any[a] == 0 && rows[a] != nil && rows[a][0] > 0 {
			return people{}, "", fault.WithHint(fault.Errorf("analysis.population", fault.Invalid,
				"territory %s (%s) is smaller than a cell of %s, and its %g people would be lost", areas[a].Code, areas[a].Name, f.grid.CRS.Short(), rows[a][0]),
				"use a finer cell size")
		}
	}
	return out, "people of each territory spread evenly over its passable area, because they are known by territory only", nil
}

// tableRows reads all people and the age bands of each area; nil for areas
// that the table does not have.
func (r *run) tableRows(ctx context.Context, d catalog.Dataset, areas []area) (rows [][]float64, bands []string, err error) {
	const op = "analysis.population"
	t := d.Version.Table
	if t == nil {
		return nil, nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "dataset %q does not say which columns hold codes and people", d.ID),
			"ingest it again with --role population --code-field and --population-field")
	}
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return nil, nil, err
	}
	fields := []string{t.Code, t.Total}
	cols := make([]string, 0, len(t.AgeBands))
	for c := range t.AgeBands {
		cols = append(cols, c)
	}
	slices.SortFunc(cols, func(a, b string) int { return strings.Compare(t.AgeBands[a], t.AgeBands[b]) })
	for _, c := range cols {
		fields, bands = append(fields, c), append(bands, t.AgeBands[c])
	}
	index := make(map[string]int, len(areas))
	for i, a := range areas {
		index[a.Code] = i
	}
	rows = make([][]float64, len(areas))
	var bad error
	err = l.Scan(ctx, features.Query{Fields: fields, SkipGeometry: true}, func(f geo.Feature) bool {
		i, ok := index[fmt.Sprint(f.Values[0])]
		if !ok {
			return true
		}
		if rows[i] != nil {
			bad = fault.Errorf(op, fault.Invalid, "dataset %q has code %v twice", d.ID, f.Values[0])
			return false
		}
		rows[i] = make([]float64, len(fields)-1)
		for k := range rows[i] {
			rows[i][k] = positive(number(f.Values[k+1]))
		}
		return true
	})
	if err = firstError(err, bad); err != nil {
		return nil, nil, err
	}
	var missing []string
	for i, row := range rows {
		if row == nil {
			missing = append(missing, areas[i].Code+" "+areas[i].Name)
		}
	}
	if len(missing) == len(areas) {
		return nil, nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "no code of the territories is in column %q of dataset %q (territories have codes like %q)", t.Code, d.ID, areas[0].Code),
			"ingest the table again with the right --code-field; leading zeros count")
	}
	if len(missing) > 0 {
		list := strings.Join(missing[:min(10, len(missing))], ", ")
		r.notice("population-missing",
			notice.Text("%d [territory is not in the table of people and counts|territories are not in the table of people and count] as empty: %s.", len(missing), list),
			notice.Italian("%d [territorio non è nella tabella della popolazione e conta come vuoto|territori non sono nella tabella della popolazione e contano come vuoti]: %s.", len(missing), list))
	}
	return rows, bands, nil
}

func firstError(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}
