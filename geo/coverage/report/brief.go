package report

import (
	"cmp"
	"strconv"

	"contado/geo/coverage"
)

// brief is what comes first in a study, for those who decide and have a few
// pages' time: where people are left out of the service that fewest reach,
// which rules are not met, and how the figures came about. All else is annexed.
type brief struct {
	Map, RangeChart *figure
	MapText         string
	Gaps, LeftOut   *table
	Rules           string
	Unmet           *table
}

// briefGaps is how many gaps the first pages list and mark on their map.
const briefGaps = 8

// briefRules is how many rules that are not met the first pages list.
const briefRules = 8

// newBrief draws the parts in the order of the page.
func newBrief(v *studyView, sketches []*Sketch) brief {
	b := brief{LeftOut: v.leftOutTable()}
	if k := v.hardest(); k >= 0 {
		s := *v.views[k]
		s.prefix, s.gaps = "b-", briefGaps
		if k < len(sketches) && sketches[k] != nil {
			b.Map = s.briefMap(sketches[k], v.sectionName(s.r))
		}
		if len(s.r.Gaps) > 0 {
			b.Gaps = s.briefGapTable(v.sectionName(s.r))
		}
		b.MapText = v.l.t("brief.where", small(v.sectionName(s.r)))
	}
	b.Rules, b.Unmet = v.rulesText(), v.unmetTable()
	b.RangeChart = v.rangeChart()
	return b
}

// briefMap is the map of shares of one section.
func (v *view) briefMap(s *Sketch, name string) *figure {
	c := newCartography(v, s)
	if c == nil || len(v.r.Areas) == 0 {
		return nil
	}
	l, limit, word := v.l, v.l.exact(v.limit()), v.l.areaWord(v.r.AreaLevel, false)
	f := c.choropleth(v.figure("f-map", l.t("brief.map.cap", name, limit, word),
		l.t("map.desc", v.territory(), word, limit, l.whole(int64(len(s.Facilities))), word)))
	f.Class, f.How = c.class(), "coverage"
	if len(v.r.Gaps) > 0 {
		f.Notes[0] = l.t("brief.map.same") // the table is not that of a chapter
	}
	return &f
}

// briefGapTable lists where most of those left out live.
func (v *view) briefGapTable(name string) *table {
	l := v.l
	t := v.table("t-gaps", l.t("brief.gaps.cap", name, l.exact(v.limit())), numb(l.t("col.rank")), text(l.t("col.group")),
		text(capital(l.areaWord(v.r.AreaLevel, false))), numb(l.t("col.left-out")), numb(l.t("col.time"))).how(l, "gaps")
	people, _ := gapPeople(v.r, v.p)
	for i, g := range v.r.Gaps[:v.gapsShown()] {
		time := "–"
		if g.TimeS != nil {
			time = l.short(*g.TimeS)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{
			numb(strconv.Itoa(i + 1)), header(l.gapName(&g)), text(g.AreaName), numb(v.few(people[i], g.Population)), numb(time),
		}})
	}
	t.note(v.omitted())
	return t
}

// rulesText counts the rules; "" when there are none.
func (v *studyView) rulesText() string {
	met, judged := v.rulesMet()
	switch open := len(v.st.Rules) - judged; {
	case len(v.st.Rules) == 0:
		return ""
	case judged == 0:
		return v.l.t("brief.rules.open", v.l.whole(int64(open)))
	default:
		return v.l.t("brief.rules", v.l.whole(int64(met)), v.l.whole(int64(judged)), v.l.whole(int64(open)))
	}
}

// rulesMet are the rules that are met, of those that could be judged.
func (v *studyView) rulesMet() (met, judged int) {
	for i := range v.st.Rules {
		if m := v.st.Rules[i].Met; m != nil {
			judged++
			if *m {
				met++
			}
		}
	}
	return met, judged
}

// unmetTable has the rules that are not met, those of law first.
func (v *studyView) unmetTable() *table {
	l := v.l
	var list []*coverage.RuleResult
	for _, law := range []bool{true, false} {
		for i := range v.st.Rules {
			if r := &v.st.Rules[i]; r.Met != nil && !*r.Met && (r.Status == "law") == law {
				list = append(list, r)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	t := v.n.table(l, "t-unmet", l.t("brief.unmet.cap"), text(l.t("col.rule")), text(l.t("col.status")), numb(l.t("col.found")), numb(l.t("col.required")),
		numb(l.t("col.not-met"))).how(l, "rules")
	for _, r := range list[:min(len(list), briefRules)] {
		found, people := numb(l.measured(r.Value, unitOf(r))), numb(l.people(r.People))
		if r.Suppressed {
			found, people = v.secret(t), v.secret(t)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{header(cmp.Or(l.said(r.Title), r.ID)), text(l.word("status", r.Status)), found, numb(l.measured(r.Required, unitOf(r))), people}})
	}
	if n := len(list) - briefRules; n > 0 {
		t.note(l.count("brief.unmet.more", int64(n), l.whole(int64(n))))
	}
	return t
}

// contents are what comes first, and the annexes,
// each with its number and title.
func (p *studyPage) contents() []section {
	front := section{ID: "s-result", Text: p.T("brief")}
	for _, s := range []struct {
		there   bool
		id, key string
	}{
		{true, "s-result", "study.result"},
		{true, "s-leftout", "study.leftout"},
		{p.Brief.Map != nil || p.Brief.Gaps != nil, "s-where", "brief.where.head"},
		{p.Brief.Rules != "", "s-unmet", "brief.rules.head"},
		{p.SitingTable != nil, "s-siting", "siting"},
		{p.Brief.RangeChart != nil, "s-sure", "brief.sure"},
		{true, "s-plain", "brief.how"},
	} {
		if s.there {
			front.Parts = append(front.Parts, section{ID: s.id, Text: p.T(s.key)})
		}
	}
	annexes := section{ID: "s-annexes", Text: p.T("annexes")}
	add := func(id, text string) string {
		text = p.T("annex", strconv.Itoa(len(annexes.Parts)+1), text)
		annexes.Parts = append(annexes.Parts, section{ID: id, Text: text})
		return text
	}
	for _, s := range []struct {
		there   bool
		id, key string
	}{
		{len(p.AreaTables) > 0, "s-areas", "study.areas"},
		{len(p.AgeTables) > 0, "s-ages", "study.ages"},
		{len(p.Siting) > 0, "s-sites", "siting"},
		{len(p.Isolation) > 0, "s-isolation", "study.isolation"},
		{p.RuleSummary != nil, "s-rules", "study.rules"},
		{len(p.Classes) > 0, "s-classes", "study.classes"},
		{p.Indicators != nil, "s-indicators", "study.indicators"},
		{true, "s-checks", "study.checks"},
		{true, "s-method", "method"},
		{len(p.Settings) > 0, "s-settings", "study.settings.all"},
		{true, "s-inputs", "inputs"},
		{true, "s-limits", "limits"},
	} {
		if s.there {
			p.annexes[s.id] = add(s.id, p.T(s.key, p.AreaWord))
		}
	}
	for _, c := range p.Chapters {
		c.Title = add(c.ID, c.Title)
	}
	return []section{front, annexes}
}

// Annex is the heading of an annex: its number and title.
func (p *studyPage) Annex(id string) string { return p.annexes[id] }
