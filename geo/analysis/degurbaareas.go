package analysis

import (
	"context"
	"fmt"

	"contado/geo/coverage"
	"contado/geo/degurba"
	"contado/geo/table"
)

// legendEntry is a class of cells as people see it; colours are those of the
// Global Human Settlement Layer's maps.
type legendEntry struct {
	class         degurba.Class
	en, it, color string
}

func degurbaLegend(level int) []legendEntry {
	if level == 1 {
		return []legendEntry{
			{degurba.Water, "water", "acqua", "#7ab6f5"},
			{degurba.Rural, "rural cell", "cella rurale", "#cdf57a"},
			{degurba.UrbanCluster, "urban cluster", "agglomerato urbano", "#ffaa00"},
			{degurba.UrbanCentre, "urban centre", "centro urbano", "#ff0000"},
		}
	}
	return []legendEntry{
		{degurba.Water2, "water", "acqua", "#7ab6f5"},
		{degurba.VeryLowDensity, "very low density rural cell", "cella rurale a densità molto bassa", "#cdf57a"},
		{degurba.LowDensity, "low density rural cell", "cella rurale a bassa densità", "#abcd66"},
		{degurba.RuralCluster, "rural cluster", "agglomerato rurale", "#375623"},
		{degurba.Suburban, "suburban or peri-urban cell", "cella suburbana o periurbana", "#ffff00"},
		{degurba.SemiDense, "semi-dense urban cluster", "agglomerato urbano semidenso", "#a87000"},
		{degurba.DenseCluster, "dense urban cluster", "agglomerato urbano denso", "#732600"},
		{degurba.UrbanCentre2, "urban centre", "centro urbano", "#ff0000"},
	}
}

// result counts people and land by class and area, and classes the areas.
func (d *degurbaRun) result(ctx context.Context) (*DegurbaResult, error) {
	legend := degurbaLegend(2)
	place := map[degurba.Class]int{}
	out := &DegurbaResult{
		Territory: coverage.Territory{Code: d.whole.Code, Name: d.whole.Name}, Rules: d.rules,
		Method: fmt.Sprintf("%s; cells of 1 km² of %s; %s; people and land of areas by cells of %g m", d.rules.Source, d.crsName(), d.how, degurbaPart),
	}
	for i, l := range legend {
		place[l.class] = i
		out.Cells = append(out.Cells, DegurbaCells{Class: int(l.class), Label: map[string]string{"en": l.en, "it": l.it}})
	}
	units := d.units(out, place)
	for a := range d.areas {
		out.Areas = append(out.Areas, d.classed(a, units[a], legend))
	}
	if err := d.hide(ctx, out, units, legend); err != nil {
		return nil, err
	}
	out.Classes = d.classes(out.Areas)
	out.Inputs, out.Notices, out.Program = d.inputs, d.said(), d.programOf()
	return out, nil
}

// units sums people and km² of land by area and class, and those of the
// territory's cells into the result.
func (d *degurbaRun) units(out *DegurbaResult, place map[degurba.Class]int) []degurba.Unit {
	units := make([]degurba.Unit, len(d.areas))
	for a := range d.areas {
		units[a] = degurba.Unit{People: map[degurba.Class]float64{}, Land: map[degurba.Class]float64{}}
	}
	const km2 = degurbaPart * degurbaPart / 1e6
	for i, a := range d.area {
		if a == noArea {
			continue
		}
		c := d.class[d.cellOf(i)]
		out.Cells[place[c]].Km2 += km2
		if d.land == nil {
			units[a].Land[c] += km2
		} else if v := d.land[i]; v > 0 {
			units[a].Land[c] += km2 * float64(v)
		}
	}
	sums := make([]float64, len(out.Cells))
	for i, part := range d.told.cells {
		if a := d.area[part]; a != noArea {
			c := d.class[d.cellOf(int(part))]
			units[a].People[c] += d.told.People[i]
			sums[place[c]] += d.told.People[i]
		}
	}
	for k := range sums {
		out.Cells[k].People = &sums[k]
	}
	return units
}

func (d *degurbaRun) classed(a int, unit degurba.Unit, legend []legendEntry) DegurbaArea {
	l1, l2 := degurba.ClassifyUnit(unit, d.rules)
	out := DegurbaArea{Code: d.areas[a].Code, Name: d.areas[a].Name, Level1: l1.Code(), Level2: l2.Code()}
	urban, people := 0.0, 0.0
	for _, l := range legend {
		n := unit.People[l.class]
		out.Cells = append(out.Cells, &n)
		people += n
		if l.class.Level1() >= degurba.UrbanCluster {
			urban += n
		}
	}
	out.People = &people
	if people > 0 {
		urban /= people
		out.Urban = &urban
	}
	return out
}

// classes are the areas' classes of both levels in the form of studies.
func (d *degurbaRun) classes(areas []DegurbaArea) []coverage.AreaClass {
	var out []coverage.AreaClass
	for level, scheme := range []string{"degurba-l1", "degurba-l2"} {
		for i, a := range areas {
			code := a.Level1
			if level == 1 {
				code = a.Level2
			}
			if code == "" {
				continue // hidden
			}
			out = append(out, coverage.AreaClass{
				Scheme: scheme, Level: d.areas[i].Level, Code: a.Code, Name: a.Name, Class: code, Label: degurba.UnitClassByCode(code).Label(), Value: a.Urban,
			})
		}
	}
	return out
}

// Table is one row an area.
func (r *DegurbaResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: "degurba", About: about(l, r.Rules.Title["en"], r.Method, r.Inputs, r.Notices, r.Program),
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "level_1"},
			{Name: "level_2"},
			{Name: "label"},
			{Name: "people", Kind: table.Real, Digits: 1},
			{Name: "urban_share", Kind: table.Share},
		},
	}
	if l == table.Italian {
		t.About[0][1] = r.Rules.Title["it"]
	}
	for _, c := range r.Cells {
		t.Columns = append(t.Columns, table.Column{Name: fmt.Sprintf("people_%d", c.Class), Kind: table.Real, Digits: 1})
	}
	lang := "en"
	if l == table.Italian {
		lang = "it"
	}
	for _, a := range r.Areas {
		label := ""
		if a.Level2 != "" {
			label = degurba.UnitClassByCode(a.Level2).Label()[lang]
		}
		row := []any{a.Code, a.Name, a.Level1, a.Level2, label, orEmpty(a.People), orEmpty(a.Urban)}
		for _, n := range a.Cells {
			row = append(row, orEmpty(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
