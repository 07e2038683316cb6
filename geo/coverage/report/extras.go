package report

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo/coverage"
)

// rangeAt is the range of a share at a threshold; nil when there is none.
func (v *view) rangeAt(threshold float64) *coverage.Range { return rangeAt(v.r, threshold) }

func rangeAt(r *coverage.Report, threshold float64) *coverage.Range {
	for i := range r.Ranges {
		if r.Ranges[i].ThresholdS == threshold {
			return &r.Ranges[i]
		}
	}
	return nil
}

// band prints a range as "55.0 – 67.3 %"; a dash when there is none.
func (l *language) band(r *coverage.Range) string {
	if r == nil || r.Low == nil || r.High == nil {
		return "–"
	}
	low, high := l.percent(r.Low), l.percent(r.High)
	if low == high {
		return low
	}
	return strings.TrimSuffix(low, "\u00a0%") + "\u00a0–\u00a0" + high
}

// bandSentence says how far the headline moves.
func (v *view) bandSentence() string {
	r := v.rangeAt(v.limit())
	if r == nil || r.Low == nil || r.High == nil || v.r.Coverage[len(v.r.Coverage)-1].Suppressed {
		return ""
	}
	low, high := v.l.percent(r.Low), v.l.percent(r.High)
	if low == high {
		return v.l.t("band.same", low)
	}
	return v.l.t("band.sentence", low, high)
}

// rangeTable says which assumptions were changed, and what that does.
func (v *view) rangeTable() *table {
	if len(v.r.Ranges) == 0 {
		return nil
	}
	l := v.l
	t := v.table("t-range", l.t("range.cap"), text(l.t("col.assumption"))).narrow().how(l, "range")
	for i := range v.r.Ranges {
		t.Head = append(t.Head, numb(l.t("col.share-within", l.exact(v.r.Ranges[i].ThresholdS))))
	}
	line := func(name string, total bool, share func(r *coverage.Range) *float64) {
		cells := []cell{header(name)}
		for i := range v.r.Ranges {
			cells = append(cells, numb(l.percent(share(&v.r.Ranges[i]))))
		}
		t.Rows = append(t.Rows, row{Total: total, Cells: cells})
	}
	line(l.t("range.headline"), false, func(r *coverage.Range) *float64 { return r.Share })
	for _, c := range v.r.Ranges[0].Cases {
		name := l.said(c.Label)
		if name == "" {
			name = l.caseName(c.Name)
		}
		line(name, false, func(r *coverage.Range) *float64 {
			for i := range r.Cases {
				if r.Cases[i].Name == c.Name {
					return r.Cases[i].Share
				}
			}
			return nil
		})
	}
	line(l.t("range.low"), true, func(r *coverage.Range) *float64 { return r.Low })
	line(l.t("range.high"), true, func(r *coverage.Range) *float64 { return r.High })
	return t
}

// caseName says what a changed assumption is.
func (l *language) caseName(name string) string {
	kind, of, some := strings.Cut(name, ":")
	if some {
		if key := "case." + kind; l.has(key) {
			return l.t(key, of)
		}
	}
	return l.word("case", name)
}

// choiceTable is the coverage by the second, third … nearest facility.
func (v *view) choiceTable() *table {
	if len(v.r.Choices) == 0 {
		return nil
	}
	l := v.l
	t := v.table("t-choices", l.t("choices.cap"), text(l.t("col.choice"))).narrow().how(l, "choice")
	for _, s := range v.shownThresholds() {
		t.Head = append(t.Head, numb(l.t("col.share-within", l.exact(s))))
	}
	t.Head = append(t.Head, numb(l.t("col.median")))
	add := func(k int, f *coverage.Figures) {
		cells := []cell{header(l.count("choice", int64(k), l.whole(int64(k))))}
		for _, c := range f.Coverage[max(0, len(f.Coverage)-sharesShown):] {
			if c.Suppressed {
				cells = append(cells, v.secret(t, 1)...)
				continue
			}
			cells = append(cells, numb(l.percent(c.Share)))
		}
		t.Rows = append(t.Rows, row{Cells: append(cells, v.quantile(t, f, f.MedianS))})
	}
	whole := wholeOf(v.r)
	if v.r.Choices[0].K > 1 {
		add(1, &whole)
	}
	for i := range v.r.Choices {
		add(v.r.Choices[i].K, &v.r.Choices[i].Figures)
	}
	return t
}

// significant prints a measure with three digits that count.
func (l *language) significant(v *float64) string {
	if v == nil {
		return "–"
	}
	a := math.Abs(*v)
	digits := 2
	switch {
	case a >= 100 || a == 0:
		digits = 0
	case a >= 10:
		digits = 1
	case a < 1:
		digits = min(9, 2-int(math.Floor(math.Log10(a))))
	}
	return l.number(*v, digits)
}

func (l *language) methodName(method string) string {
	if key := "access." + method; l.has(key) {
		return l.text[key]
	}
	return method
}

// parametersOf prints settings in one line.
func (v *view) parametersOf(list []coverage.Parameter) string {
	var out []string
	for i := range list {
		out = append(out, v.parameterName(&list[i])+": "+v.value(&list[i]))
	}
	return strings.Join(out, "; ")
}

// accessTable has one row a measure of access.
func (v *view) accessTable() *table {
	if len(v.r.Access) == 0 {
		return nil
	}
	l := v.l
	t := v.table("t-access", l.t("access.cap"), text(l.t("col.measure")), text(l.t("col.parameter.many")), numb(l.t("col.mean")), numb(l.t("equity.gini"))).how(l, "access")
	for i := range v.r.Access {
		a := &v.r.Access[i]
		mean := l.significant(a.Mean)
		if unit := l.said(a.Unit); unit != "" && a.Mean != nil {
			mean += "\u00a0" + unit
		}
		gini := "–"
		if a.Equity != nil {
			gini = l.significant(a.Equity.Gini)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{header(l.methodName(a.Method)), text(v.parametersOf(a.Parameters)), numb(mean), numb(gini)}})
	}
	return t
}

// accessAreaTable has the measures by area.
func (v *view) accessAreaTable() *table {
	if len(v.r.Access) == 0 || len(v.r.Access[0].Areas) == 0 {
		return nil
	}
	l := v.l
	t := v.table("t-access-areas", l.t("access.areas.cap", l.areaWord(v.r.AreaLevel, false)), text(capital(l.areaWord(v.r.AreaLevel, false)))).narrow()
	values := make([]map[string]*float64, len(v.r.Access))
	for i := range v.r.Access {
		a := &v.r.Access[i]
		name := l.methodName(a.Method)
		if unit := l.said(a.Unit); unit != "" {
			name += " (" + unit + ")"
		}
		t.Head = append(t.Head, numb(name))
		values[i] = map[string]*float64{}
		for _, x := range a.Areas {
			values[i][x.Code] = x.Value
		}
	}
	for _, i := range v.byName() {
		cells := []cell{header(v.r.Areas[i].Name)}
		for k := range values {
			cells = append(cells, numb(l.significant(values[k][v.r.Areas[i].Code])))
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// people prints a count of persons of a population that is printed nowhere
// else in parts.
func (l *language) people(n float64) string {
	if n > 0 && n < 0.5 {
		return "<\u00a01"
	}
	return l.whole(int64(math.Round(n)))
}

func (l *language) share(part, whole float64) string {
	if whole <= 0 {
		return "–"
	}
	s := part / whole
	return l.percent(&s)
}

func (v *view) capacityText(c *coverage.Capacity) string {
	l, all := v.l, c.Assigned+c.Full+c.Beyond
	if c.Suppressed {
		return l.t("capacity.hidden", l.people(c.Total), l.exact(c.WithinS))
	}
	mean := "–"
	if c.MeanS != nil {
		mean = l.short(*c.MeanS)
	}
	return l.t("capacity.text", l.people(c.Total), l.exact(c.WithinS), l.people(c.Assigned), l.share(c.Assigned, all),
		l.people(c.Full), l.share(c.Full, all), l.people(c.Beyond), l.share(c.Beyond, all), mean)
}

func (v *view) loadTable(c *coverage.Capacity) *table {
	l := v.l
	t := v.table("t-capacity", l.t("capacity.cap"), text(l.t("col.facility.name")), numb(l.t("col.capacity")), numb(l.t("col.assigned")),
		numb(l.t("col.load")), numb(l.t("col.mean-time")), numb(l.t("col.longest"))).how(l, "capacity")
	time := func(s *float64) cell {
		if s == nil {
			return numb("–")
		}
		return numb(l.short(*s))
	}
	for i := range c.Loads {
		f := &c.Loads[i]
		cells := []cell{header(cmp.Or(l.nameOf(f.Name, f.Names), f.ID)), numb(l.people(f.Capacity)), numb(l.people(f.Assigned)), numb(l.share(f.Assigned, f.Capacity)), time(f.MeanS), time(f.MaxS)}
		if f.Suppressed {
			cells = append(cells[:2], v.secret(t, 4)...)
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	cells := []cell{header(l.t("total")), numb(l.people(c.Total)), numb(l.people(c.Assigned)), numb(l.share(c.Assigned, c.Total)), time(c.MeanS), numb("")}
	if c.Suppressed {
		cells = append(cells[:2], v.secret(t, 4)...)
	}
	t.Rows = append(t.Rows, row{Total: true, Cells: cells})
	return t
}

func (v *view) loadAreaTable(c *coverage.Capacity) *table {
	l := v.l
	word := l.areaWord(v.r.AreaLevel, false)
	t := v.table("t-capacity-areas", l.t("capacity.areas.cap", word), text(capital(word)), numb(l.t("col.people")), numb(l.t("col.assigned")), numb(l.t("col.full")), numb(l.t("col.beyond", l.exact(c.WithinS)))).narrow()
	for i := range c.Areas {
		a := &c.Areas[i]
		cells := []cell{header(a.Name), numb(l.people(a.People)), numb(l.people(a.Assigned)), numb(l.people(a.Full)), numb(l.people(a.Beyond))}
		if a.Suppressed {
			cells = append(cells[:1], v.secret(t, 4)...)
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// equityTable says how unequal times and access are, with words beside the
// measures.
func (v *view) equityTable() *table {
	list := []*coverage.Equity{}
	if v.r.Equity != nil {
		list = append(list, v.r.Equity)
	}
	for i := range v.r.Access {
		if e := v.r.Access[i].Equity; e != nil {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return nil
	}
	l := v.l
	t := v.table("t-equity", l.t("equity.cap"), text(l.t("col.quantity")), numb(l.t("equity.gini")), numb(l.t("equity.palma")), numb(l.t("equity.theil")),
		numb(l.t("equity.concentration")), text(l.t("col.in-words"))).how(l, "equity")
	for _, e := range list {
		of := l.t("equity.of-time")
		if e.Of != "time" {
			of = l.methodName(e.Of)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{
			header(of), numb(l.significant(e.Gini)), numb(l.significant(e.Palma)), numb(l.significant(e.Theil)), numb(l.significant(e.Concentration)), text(l.equityWords(e)),
		}})
	}
	return t
}

// equityWords says in a sentence what the measures mean.
func (l *language) equityWords(e *coverage.Equity) string {
	if e.Gini == nil {
		return l.t("equity.undefined")
	}
	kind := "even"
	switch g := *e.Gini; {
	case g >= 0.5:
		kind = "strong"
	case g >= 0.3:
		kind = "marked"
	case g >= 0.15:
		kind = "some"
	}
	s := l.t("equity.words." + kind)
	if e.Palma != nil {
		key := "equity.words.palma"
		if e.Of == "time" {
			key = "equity.words.palma-time"
		}
		s += " " + l.t(key, l.significant(e.Palma))
	}
	return s
}

// rides says what public transport adds to walking.
func (v *view) rides() string {
	r := v.r.Ridership
	if r == nil {
		return ""
	}
	l := v.l
	useful := "–"
	if r.Useful != nil {
		useful = l.percent(r.Useful)
	}
	without, share := "–", "–" // hidden
	if r.WithoutRide != nil {
		without, share = l.people(*r.WithoutRide), l.share(*r.WithoutRide, r.People)
	}
	return l.t("rides", l.day(r.Date), r.From, r.Until, l.number(r.Percentile, 0), without, share, useful)
}

// day prints a date as YYYY-MM-DD in words.
func (l *language) day(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return l.whole(int64(t.Day())) + " " + l.months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}
