package report

import (
	"maps"
	"slices"

	data "contado/geo/table"
)

func flagOf(v *bool) any {
	if v == nil {
		return nil
	}
	return *v
}

func (x *rowing) rules() *data.Table {
	t := &data.Table{Name: "rules", Columns: columns("id:t table:t title:t service:t profile:t source:t status:t date:t met:f value:r required:r unit:t people_not_met:r why:t")}
	for i := range x.st.Rules {
		r := &x.st.Rules[i]
		row := []any{r.ID, r.Table, r.Title[English], r.Service, r.Profile, r.Source, r.Status, r.Date, flagOf(r.Met), orNil(r.Value), orNil(r.Required), r.Unit, r.People, r.Why[English]}
		if r.Suppressed {
			row[9], row[12] = nil, nil
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (x *rowing) ruleAreas() *data.Table {
	t := &data.Table{Name: "rule_areas", Columns: columns("rule:t code:t name:t met:f value:r people_not_met:r")}
	for i := range x.st.Rules {
		for _, a := range x.st.Rules[i].Areas {
			row := []any{x.st.Rules[i].ID, a.Code, a.Name, flagOf(a.Met), orNil(a.Value), a.People}
			if a.Suppressed {
				row[4], row[5] = nil, nil
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (x *rowing) classes() *data.Table {
	t := &data.Table{Name: "classes", Columns: columns("scheme:t level:t code:t name:t class:t value:r official:t official_value:r")}
	for _, c := range x.st.Classes {
		t.Rows = append(t.Rows, []any{c.Scheme, c.Level, c.Code, c.Name, c.Class, orNil(c.Value), c.Official, orNil(c.OfficialValue)})
	}
	return t
}

func (x *rowing) byClass() *data.Table {
	t := &data.Table{Name: "class_coverage", Columns: columns("scheme:t class:t areas:i service:t profile:t population:r threshold_s:r covered:r uncovered:r unreachable:r share:s suppressed:f")}
	for i := range x.st.ByClass {
		c := &x.st.ByClass[i]
		population := any(c.Population)
		if c.Suppressed {
			population = nil
		}
		for _, r := range c.Coverage {
			row := []any{c.Scheme, c.Class, c.Areas, c.Service, c.Profile, population, r.ThresholdS, r.Covered, r.Uncovered, unreachableOf(r), orNil(r.Share), r.Suppressed}
			if r.Suppressed {
				row[7], row[8], row[9], row[10] = nil, nil, nil, nil
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (x *rowing) indicators() *data.Table {
	t := &data.Table{Name: "indicators", Columns: columns("id:t part:t code:t name:t value:r unit:t source:t why:t")}
	for i := range x.st.Indicators {
		d := &x.st.Indicators[i]
		t.Rows = append(t.Rows, []any{d.ID, nil, x.st.Territory.Code, x.st.Territory.Name, orNil(d.Value), d.Unit, d.Source, d.Why[English]})
		for _, k := range slices.Sorted(maps.Keys(d.Parts)) {
			t.Rows = append(t.Rows, []any{d.ID, k, x.st.Territory.Code, x.st.Territory.Name, d.Parts[k], nil, nil, nil})
		}
		for _, a := range d.Areas {
			t.Rows = append(t.Rows, []any{d.ID, nil, a.Code, a.Name, orNil(a.Value), d.Unit, nil, nil})
		}
	}
	return t
}

func (x *rowing) checks() *data.Table {
	t := &data.Table{Name: "checks", Columns: columns("severity:t code:t dataset:t feature:t name:t lon:r lat:r text:t")}
	t.Columns[5].Digits, t.Columns[6].Digits = 6, 6
	for _, c := range x.st.Checks {
		t.Rows = append(t.Rows, []any{string(c.Severity), c.Code, c.Dataset, c.Feature, c.Name, orNil(c.Lon), orNil(c.Lat), c.Text[English]})
	}
	return t
}
