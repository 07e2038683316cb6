package report

import (
	"math"
	"strings"

	"contado/geo/coverage"
	data "contado/geo/table"
)

// Tables are all figures of a study as rows, for programs and spreadsheets:
// names of tables and columns are stable and English; people are whole
// persons, rounded as on the page; hidden numbers are empty and marked.
func Tables(st *coverage.Study) ([]*data.Table, error) {
	if err := validateStudy("report.Tables", st); err != nil {
		return nil, err
	}
	x := &rowing{st: st}
	for _, r := range st.Sections {
		x.printed = append(x.printed, round(r))
	}
	all := []*data.Table{
		x.coverage(), x.bands(), x.hamlets(), x.gaps(), x.ranges(), x.choices(), x.access(), x.capacity(), x.equity(),
		x.isolation(), x.siting(), x.rules(), x.ruleAreas(), x.classes(), x.byClass(), x.indicators(), x.checks(), x.parameters(), x.inputs(),
	}
	out := all[:0]
	for i, t := range all {
		if i == 0 || len(t.Rows) > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

type rowing struct {
	st      *coverage.Study
	printed []*printed
}

func orNil(v *float64) any {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return *v
}

// columns reads "name:kind" with kinds t, i, r, s, f.
func columns(spec string) []data.Column {
	var out []data.Column
	kinds := map[string]data.Kind{"t": data.Text, "i": data.Integer, "r": data.Real, "s": data.Share, "f": data.Flag}
	for _, word := range strings.Fields(spec) {
		name, kind, _ := strings.Cut(word, ":")
		c := data.Column{Name: name, Kind: kinds[kind]}
		if c.Kind == data.Real {
			c.Digits = 3
		}
		if strings.HasSuffix(name, "_s") {
			c.Unit, c.Digits = "s", 0
		}
		out = append(out, c)
	}
	return out
}

const figureSpec = "population:i threshold_s:r covered:i uncovered:i unreachable:i share:s"

func figureCells(f *coverage.Figures, l *line, j int) []any {
	c := &f.Coverage[j]
	population := any(l.population)
	if f.Suppressed {
		population = nil
	}
	if c.Suppressed {
		return []any{population, c.ThresholdS, nil, nil, nil, nil}
	}
	unreachable := any(l.unreachable)
	if c.Merged {
		unreachable = nil
	}
	return []any{population, c.ThresholdS, l.covered[j], l.uncovered[j], unreachable, orNil(c.Share)}
}

// unreachableOf is nil where they are told with those beyond.
func unreachableOf(r coverage.Row) any {
	if r.Merged {
		return nil
	}
	return r.Unreachable
}

// level is the whole, or one area, of a section.
type level struct {
	name, code, title string
	f                 *coverage.Figures
	l                 *line
	bands             []coverage.BandResult
	bandLines         []line
}

func (x *rowing) levels(k int) []level {
	r, p := x.st.Sections[k], x.printed[k]
	whole := wholeOf(r)
	out := []level{{"territory", r.Territory.Code, r.Territory.Name, &whole, &p.total, r.AgeBands, p.bands}}
	for i := range r.Areas {
		a := &r.Areas[i]
		out = append(out, level{"area", a.Code, a.Name, &a.Figures, &p.areas[i], a.AgeBands, p.areaBands[i]})
	}
	return out
}

func (x *rowing) coverage() *data.Table {
	t := &data.Table{Name: "coverage", Columns: columns("service:t profile:t level:t code:t name:t " + figureSpec + " low:s high:s median_s:r p90_s:r suppressed:f")}
	t.About = x.about()
	for k, r := range x.st.Sections {
		for _, v := range x.levels(k) {
			for j := range r.ThresholdsS {
				row := append([]any{r.Service, r.Profile, v.name, v.code, v.title}, figureCells(v.f, v.l, j)...)
				var low, high any
				if rg := rangeAt(r, r.ThresholdsS[j]); rg != nil && v.name == "territory" && !v.f.Coverage[j].Suppressed {
					low, high = orNil(rg.Low), orNil(rg.High)
				}
				median, p90 := orNil(v.f.MedianS), orNil(v.f.P90S)
				if hidden(v.f) {
					median, p90 = nil, nil
				}
				t.Rows = append(t.Rows, append(row, low, high, median, p90, v.f.Coverage[j].Suppressed))
			}
		}
	}
	return t
}

func (x *rowing) about() [][2]string {
	st := x.st
	out := [][2]string{
		{"Report", st.ID},
		{"Territory", territoryName(st.Territory)},
		{"Made", st.CreatedAt.UTC().Format("2006-01-02 15:04 UTC")},
		{"Program", strings.TrimSpace(st.Program.Name + " " + st.Program.Version)},
	}
	for _, n := range st.Notices {
		out = append(out, [2]string{"Notice", n.Text})
	}
	for _, in := range st.Inputs {
		out = append(out, [2]string{"Data: " + in.Role, strings.TrimSpace(in.Dataset + " " + in.Version + " " + in.Attribution + " sha256:" + in.SHA256)})
	}
	if d := st.Disclosure; d != nil {
		out = append(out, [2]string{"Hidden numbers", english()["hidden.note"]})
	}
	return out
}

func (x *rowing) bands() *data.Table {
	t := &data.Table{Name: "age_bands", Columns: columns("service:t profile:t level:t code:t name:t band:t " + figureSpec + " suppressed:f")}
	for k, r := range x.st.Sections {
		for _, v := range x.levels(k) {
			for b := range v.bands {
				for j := range r.ThresholdsS {
					row := append([]any{r.Service, r.Profile, v.name, v.code, v.title, v.bands[b].Band}, figureCells(&v.bands[b].Figures, &v.bandLines[b], j)...)
					t.Rows = append(t.Rows, append(row, v.bands[b].Coverage[j].Suppressed))
				}
			}
		}
	}
	return t
}

func (x *rowing) gaps() *data.Table {
	t := &data.Table{Name: "gaps", Columns: columns("service:t profile:t rank:i name:t kind:t area_code:t area_name:t population:i unreachable:i time_s:r facility:t lon:r lat:r groups:i")}
	for k := range t.Columns {
		if t.Columns[k].Name == "lon" || t.Columns[k].Name == "lat" {
			t.Columns[k].Digits = 6
		}
	}
	for k, r := range x.st.Sections {
		left, omitted := gapPeople(r, x.printed[k])
		for i, g := range r.Gaps {
			unreachable := any(min(left[i], int64(math.Round(g.Unreachable))))
			if g.Suppressed {
				unreachable = nil
			}
			t.Rows = append(t.Rows, []any{
				r.Service, r.Profile, i + 1, g.Name, string(g.Kind), g.AreaCode, g.AreaName, left[i], unreachable,
				orNil(g.TimeS), g.Facility, g.Lon, g.Lat, 1,
			})
		}
		if r.GapsOmitted.Count > 0 {
			people := any(omitted)
			if r.GapsOmitted.Suppressed {
				people = nil
			}
			t.Rows = append(t.Rows, []any{r.Service, r.Profile, nil, "(omitted)", nil, nil, nil, people, nil, nil, nil, nil, nil, r.GapsOmitted.Count})
		}
	}
	return t
}

func (x *rowing) ranges() *data.Table {
	t := &data.Table{Name: "ranges", Columns: columns("service:t profile:t threshold_s:r case:t share:s")}
	for _, r := range x.st.Sections {
		for i := range r.Ranges {
			g := &r.Ranges[i]
			add := func(name string, v *float64) {
				t.Rows = append(t.Rows, []any{r.Service, r.Profile, g.ThresholdS, name, orNil(v)})
			}
			add("headline", g.Share)
			add("low", g.Low)
			add("high", g.High)
			for _, c := range g.Cases {
				add(c.Name, c.Share)
			}
		}
	}
	return t
}

func (x *rowing) choices() *data.Table {
	t := &data.Table{Name: "choices", Columns: columns("service:t profile:t facilities:i threshold_s:r covered:r share:s suppressed:f")}
	for _, r := range x.st.Sections {
		for i := range r.Choices {
			for _, c := range r.Choices[i].Coverage {
				row := []any{r.Service, r.Profile, r.Choices[i].K, c.ThresholdS, c.Covered, orNil(c.Share), c.Suppressed}
				if c.Suppressed {
					row[4], row[5] = nil, nil
				}
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

func (x *rowing) access() *data.Table {
	t := &data.Table{Name: "access", Columns: columns("service:t profile:t method:t level:t code:t name:t value:r")}
	for _, r := range x.st.Sections {
		for i := range r.Access {
			a := &r.Access[i]
			t.Rows = append(t.Rows, []any{r.Service, r.Profile, a.Method, "territory", r.Territory.Code, r.Territory.Name, orNil(a.Mean)})
			for _, v := range a.Areas {
				t.Rows = append(t.Rows, []any{r.Service, r.Profile, a.Method, "area", v.Code, v.Name, orNil(v.Value)})
			}
		}
	}
	return t
}

func (x *rowing) capacity() *data.Table {
	t := &data.Table{Name: "capacity", Columns: columns("service:t profile:t within_s:r facility:t name:t capacity:r assigned:r mean_s:r max_s:r")}
	for _, r := range x.st.Sections {
		if c := r.Capacity; c != nil {
			for _, f := range c.Loads {
				row := []any{r.Service, r.Profile, c.WithinS, f.ID, f.Name, f.Capacity, f.Assigned, orNil(f.MeanS), orNil(f.MaxS)}
				if f.Suppressed {
					row[6], row[7], row[8] = nil, nil, nil
				}
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

func (x *rowing) equity() *data.Table {
	t := &data.Table{Name: "equity", Columns: columns("service:t profile:t of:t people:r gini:r palma:r theil_t:r concentration:r erreygers:r ranked_by:t")}
	for _, r := range x.st.Sections {
		list := []*coverage.Equity{r.Equity}
		for i := range r.Access {
			list = append(list, r.Access[i].Equity)
		}
		for _, e := range list {
			if e != nil {
				t.Rows = append(t.Rows, []any{r.Service, r.Profile, e.Of, e.People, orNil(e.Gini), orNil(e.Palma), orNil(e.Theil), orNil(e.Concentration), orNil(e.Erreygers), e.RankedBy})
			}
		}
	}
	return t
}

func (x *rowing) isolation() *data.Table {
	t := &data.Table{Name: "isolation", Columns: columns("profile:t threshold_s:r level:t code:t name:t services_lacked:i or_more:f of:i people:r suppressed:f")}
	for i := range x.st.Isolation {
		s := &x.st.Isolation[i]
		add := func(level, code, name string, people []float64, hidden bool) {
			for k := range s.Most() + 1 {
				row := []any{s.Profile, s.ThresholdS, level, code, name, k, s.MergedFrom > 0 && k == s.MergedFrom, len(s.Services), nil, hidden}
				if !hidden {
					row[8] = people[k]
				}
				t.Rows = append(t.Rows, row)
			}
		}
		add("territory", x.st.Territory.Code, x.st.Territory.Name, s.People, s.Suppressed)
		for _, a := range s.Areas {
			add("area", a.Code, a.Name, a.People, a.Suppressed || s.Suppressed)
		}
	}
	return t
}

func (x *rowing) parameters() *data.Table {
	t := &data.Table{Name: "parameters", Columns: columns("service:t profile:t name:t value:t unit:t source:t")}
	english, err := languageOf(English)
	if err != nil {
		return t
	}
	for _, r := range x.st.Sections {
		v := &view{r: r, l: english}
		for i := range r.Method.Parameters {
			p := r.Method.Parameters[i]
			unit := p.Unit
			p.Unit = ""
			t.Rows = append(t.Rows, []any{r.Service, r.Profile, p.Name, v.value(&p), unit, p.Source})
		}
	}
	return t
}

func (x *rowing) inputs() *data.Table {
	t := &data.Table{Name: "inputs", Columns: columns("dataset:t version:t role:t sha256:t title:t attribution:t")}
	for _, in := range x.st.Inputs {
		t.Rows = append(t.Rows, []any{in.Dataset, in.Version, in.Role, in.SHA256, in.Title, in.Attribution})
	}
	return t
}
