package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

// rulePart is a rule with the areas where it is not met.
type rulePart struct {
	Title, Why string
	Table      *table
}

// verdict is a word with a sign that needs no colour.
func (l *language) verdict(met *bool) cell {
	switch {
	case met == nil:
		return cell{Text: "– " + l.t("rule.open"), Class: "v-open"}
	case *met:
		return cell{Text: "✓ " + l.t("rule.met"), Class: "v-met"}
	}
	return cell{Text: "✗ " + l.t("rule.unmet"), Class: "v-unmet"}
}

// measured prints a value with its unit; shares are percentages.
func (l *language) measured(v *float64, unit string) string {
	if v == nil {
		return "–"
	}
	switch strings.ToLower(unit) {
	case "s", "seconds":
		return l.exact(*v)
	case "min", "minutes":
		return l.number(*v, 1) + "\u00a0min"
	case "share", "1":
		return l.percent(v)
	case "%":
		return l.number(*v, 1) + "\u00a0%"
	case "":
		return l.significant(v)
	}
	if *v == 1 && unit == "facilities" {
		unit = "facility"
	}
	return l.significant(v) + "\u00a0" + l.word("unit", unit)
}

// unitOf is the unit of what a rule asks of the whole: a part of all areas has
// none of its own, since in each area it is a count.
func unitOf(r *coverage.RuleResult) string {
	if r.Unit == "" && r.Required != nil && *r.Required < 1 {
		return "share"
	}
	return r.Unit
}

// secret is a hidden number, with the reason below the table.
func (v *studyView) secret(t *table) cell {
	t.note(v.l.hiddenNote(v.st.Disclosure))
	return cell{Text: v.l.t("hidden"), Class: "n h"}
}

func (v *studyView) ruleTable() *table {
	if len(v.st.Rules) == 0 {
		return nil
	}
	l := v.l
	t := v.n.table(l, "t-rules", l.t("rules.cap"), text(l.t("col.rule")), text(l.t("col.status")), numb(l.t("col.found")), numb(l.t("col.required")),
		text(l.t("col.verdict")), numb(l.t("col.not-met"))).how(l, "rules")
	for i := range v.st.Rules {
		r := &v.st.Rules[i]
		name := header(cmp.Or(l.said(r.Title), r.ID))
		name.Detail = r.Source
		if r.Date != "" {
			name.Detail += " (" + r.Date + ")"
		}
		found, people := numb(l.measured(r.Value, unitOf(r))), numb("–")
		verdict := l.verdict(r.Met)
		if r.Met == nil {
			verdict.Detail = l.said(r.Why)
		}
		if r.Met != nil {
			people = numb(l.people(r.People))
		}
		if r.Suppressed {
			found, people = v.secret(t), v.secret(t)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{name, text(l.word("status", r.Status)), found, numb(l.measured(r.Required, unitOf(r))), verdict, people}})
	}
	return t
}

// ruleParts list the areas where rules are not met.
func (v *studyView) ruleParts() []rulePart {
	l := v.l
	word := l.areaWord(v.st.AreaLevel, false)
	var out []rulePart
	for i := range v.st.Rules {
		r := &v.st.Rules[i]
		var t *table
		for k := range r.Areas {
			a := &r.Areas[k]
			if a.Met == nil || *a.Met {
				continue
			}
			if t == nil {
				t = v.n.table(l, "t-rule-"+strconv.Itoa(i+1), l.t("rule.areas.cap", cmp.Or(l.said(r.Title), r.ID)), text(capital(word)), numb(l.t("col.found")), numb(l.t("col.not-met"))).narrow()
			}
			cells := []cell{header(a.Name), numb(l.measured(a.Value, r.Unit)), numb(l.people(a.People))}
			if a.Suppressed {
				cells[1], cells[2] = v.secret(t), v.secret(t)
			}
			t.Rows = append(t.Rows, row{Cells: cells})
		}
		if t != nil {
			out = append(out, rulePart{Title: cmp.Or(l.said(r.Title), r.ID), Why: l.said(r.Why), Table: t})
		}
	}
	return out
}

// classPart is one scheme at one level.
type classPart struct {
	Title        string
	Counts, List *table
	Shares       []*table // by way of moving
}

func (v *studyView) classes() []classPart {
	l := v.l
	type key struct{ scheme, level string }
	groups := map[key][]*coverage.AreaClass{}
	var order []key
	for i := range v.st.Classes {
		c := &v.st.Classes[i]
		k := key{c.Scheme, c.Level}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	var out []classPart
	for n, k := range order {
		name := l.word("scheme", k.scheme)
		if k.level != "" && k.level != v.st.AreaLevel {
			name += ", " + l.areaWord(k.level, true)
		}
		part := classPart{Title: name, Counts: v.classCounts(n+1, name, groups[k])}
		if k.level == "" || k.level == v.st.AreaLevel {
			part.Shares = v.classShares(n+1, k.scheme, name)
		}
		part.List = v.classList(n+1, name, groups[k])
		out = append(out, part)
	}
	return out
}

// className is the code of a class and its name; a code that is a word of
// many letters (rural, dispersed-rural) says what the name says, which stands
// alone.
func (l *language) className(c *coverage.AreaClass) string {
	label := l.said(c.Label)
	switch {
	case c.Class == "":
		return l.t("class.unknown")
	case label == "" || label == c.Class:
		return c.Class
	case len(c.Class) > 2 && strings.IndexFunc(c.Class, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) < 0:
		return label
	}
	return c.Class + " – " + label
}

func (v *studyView) classCounts(n int, name string, list []*coverage.AreaClass) *table {
	l := v.l
	t := v.n.table(l, "t-class-count-"+strconv.Itoa(n), l.t("classes.counts.cap", name), text(l.t("col.class")), numb(capital(l.areaWord(list[0].Level, true)))).narrow().how(l, "classes")
	count := map[string]int64{}
	for _, c := range list {
		count[l.className(c)]++
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		t.Rows = append(t.Rows, row{Cells: []cell{header(name), numb(l.whole(count[name]))}})
	}
	return t
}

// classShares have classes in rows and services in columns, one a profile: the
// share within the largest threshold.
func (v *studyView) classShares(n int, scheme, name string) []*table {
	l := v.l
	var out []*table
	for _, profile := range v.profiles() {
		var t *table
		at := map[string]int{} // row of a class
		var services []string
		for i := range v.st.ByClass {
			c := &v.st.ByClass[i]
			if c.Scheme != scheme || c.Profile != profile {
				continue
			}
			row0 := c.Coverage[len(c.Coverage)-1]
			if t == nil {
				t = v.n.table(l, "t-class-share-"+strconv.Itoa(n)+"-"+strconv.Itoa(len(out)+1), l.t("classes.shares.cap", name, l.profile(profile), l.exact(row0.ThresholdS)),
					text(l.t("col.class")), numb(l.t("col.people"))).how(l, "classes")
			}
			if !slices.Contains(services, c.Service) {
				services = append(services, c.Service)
				t.Head = append(t.Head, numb(v.serviceName(c.Service)))
			}
			k, known := at[c.Class]
			if !known {
				k = len(t.Rows)
				at[c.Class] = k
				people := numb(l.people(c.Population))
				if c.Suppressed {
					people = v.secret(t)
				}
				t.Rows = append(t.Rows, row{Cells: []cell{header(l.className(&coverage.AreaClass{Class: c.Class, Label: c.Label})), people}})
			}
			for len(t.Rows[k].Cells) < 2+slices.Index(services, c.Service) {
				t.Rows[k].Cells = append(t.Rows[k].Cells, numb("–"))
			}
			share := v.views[0].shareCell(t, &row0)
			t.Rows[k].Cells = append(t.Rows[k].Cells, share)
		}
		if t == nil {
			continue
		}
		for k := range t.Rows {
			for len(t.Rows[k].Cells) < len(t.Head) {
				t.Rows[k].Cells = append(t.Rows[k].Cells, numb("–"))
			}
		}
		out = append(out, t)
	}
	return out
}

func (v *studyView) classList(n int, name string, list []*coverage.AreaClass) *table {
	l := v.l
	valued, official := false, false
	for _, c := range list {
		valued = valued || c.Value != nil
		official = official || c.Official != ""
	}
	word := l.areaWord(list[0].Level, false)
	t := v.n.table(l, "t-class-"+strconv.Itoa(n), l.t("classes.cap", name, word), text(capital(word)), text(l.t("col.class.computed"))).narrow()
	if valued {
		t.Head = append(t.Head, numb(l.t("col.class.value")))
	}
	if official {
		t.Head = append(t.Head, text(l.t("col.class.official")), text(l.t("col.class.agree")))
	}
	for _, c := range list {
		cells := []cell{header(c.Name), text(l.className(c))}
		if valued {
			cells = append(cells, numb(l.significant(c.Value)))
		}
		if official {
			said, agrees := "–", "–"
			if c.Official != "" {
				if said = c.Official; c.OfficialValue != nil {
					said += " (" + l.significant(c.OfficialValue) + ")"
				}
				agrees = l.t("value." + strconv.FormatBool(c.Official == c.Class))
			}
			cells = append(cells, text(said), text(agrees))
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

func (v *studyView) indicatorTable() *table {
	if len(v.st.Indicators) == 0 {
		return nil
	}
	l := v.l
	t := v.n.table(l, "t-indicators", l.t("indicators.cap"), text(l.t("col.indicator")), numb(l.t("col.value")), text(l.t("col.parts")), text(l.t("col.source"))).how(l, "indicators")
	for i := range v.st.Indicators {
		x := &v.st.Indicators[i]
		value := numb(l.measured(x.Value, x.Unit))
		if x.Value == nil {
			value = cell{Text: l.t("indicator.undefined"), Detail: l.said(x.Why)}
		}
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(x.Parts)) {
			p := x.Parts[k]
			parts = append(parts, l.word("part", k)+": "+l.significant(&p))
		}
		name := header(cmp.Or(l.said(x.Title), x.ID))
		name.Detail = x.ID
		t.Rows = append(t.Rows, row{Cells: []cell{name, value, text(strings.Join(parts, "; ")), text(x.Source)}})
	}
	return t
}

func (v *studyView) indicatorAreas() []*table {
	l := v.l
	word := l.areaWord(v.st.AreaLevel, false)
	var out []*table
	for i := range v.st.Indicators {
		x := &v.st.Indicators[i]
		if len(x.Areas) == 0 {
			continue
		}
		t := v.n.table(l, "t-indicator-"+strconv.Itoa(i+1), l.t("indicator.areas.cap", cmp.Or(l.said(x.Title), x.ID), word), text(capital(word)), numb(l.t("col.value"))).narrow()
		for _, a := range x.Areas {
			t.Rows = append(t.Rows, row{Cells: []cell{header(a.Name), numb(l.measured(a.Value, x.Unit))}})
		}
		out = append(out, t)
	}
	return out
}

// severities in the order in which they matter.
var severities = []coverage.Severity{coverage.SeverityError, coverage.SeverityWarning, coverage.SeverityNote}

// checksShown is how many checks a page lists; the JSON form has all.
const checksShown = 200

func (v *studyView) checkTable() *table {
	if len(v.st.Checks) == 0 {
		return nil
	}
	l := v.l
	list := slices.Clone(v.st.Checks)
	slices.SortStableFunc(list, func(a, b coverage.Check) int {
		return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
	})
	t := v.n.table(l, "t-checks", l.t("checks.cap"), text(l.t("col.severity")), text(l.t("col.dataset")), text(l.t("col.feature")), text(l.t("col.noticed"))).how(l, "checks")
	for i := range list[:min(len(list), checksShown)] {
		c := &list[i]
		name := cmp.Or(l.nameOf(c.Name, c.Names), c.Feature)
		where := text(name)
		if c.Lon != nil && c.Lat != nil {
			where.Detail = l.position(*c.Lon, *c.Lat)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{
			{Text: l.word("severity", string(c.Severity)), Class: "v-" + string(c.Severity), Header: true}, text(c.Dataset), where, text(cmp.Or(l.said(c.Text), c.Code)),
		}})
	}
	if len(list) > checksShown {
		t.note(l.t("checks.some", l.whole(checksShown), l.whole(int64(len(list)))))
	}
	return t
}

func (v *studyView) checksText() string {
	l := v.l
	if len(v.st.Checks) == 0 {
		return l.t("checks.none")
	}
	n := map[coverage.Severity]int64{}
	for i := range v.st.Checks {
		n[v.st.Checks[i].Severity]++
	}
	var parts []string
	for _, s := range severities {
		if n[s] > 0 {
			parts = append(parts, l.count("checks."+string(s), n[s], l.whole(n[s])))
		}
	}
	return l.t("checks.text", strings.Join(parts, ", "))
}
