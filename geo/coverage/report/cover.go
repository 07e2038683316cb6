package report

import (
	"strings"

	"contado/geo/coverage"
)

// fact is a line of the cover.
type fact struct{ Name, Text string }

// facts are the lines of the cover of a report.
func (v *view) facts() []fact {
	return v.l.facts(v.r.Territory, v.r.PopulationTotal, []string{v.l.serviceHead(v.r.Service, v.r.ServiceTitle)}, []string{v.r.Profile}, v.r.ThresholdsS)
}

// facts are the lines of the cover of a study.
func (v *studyView) facts() []fact {
	var services []string
	for _, s := range v.services() {
		services = append(services, s.head)
	}
	return v.l.facts(v.st.Territory, v.st.PopulationTotal, services, v.profiles(), v.thresholds())
}

// facts says what a report is about; what is not known has no line.
func (l *language) facts(t coverage.Territory, people float64, services, profiles []string, thresholds []float64) []fact {
	list := func(names []string, say func(string) string) string {
		var out []string
		for _, n := range names {
			if s := say(n); s != "" {
				out = append(out, s)
			}
		}
		return strings.Join(out, ", ")
	}
	var within []string
	for _, t := range thresholds {
		within = append(within, l.exact(t))
	}
	var out []fact
	for _, f := range []fact{
		{l.t("study.fact.territory"), territoryName(t)},
		{l.t("study.fact.people"), l.people(people)},
		{l.t("study.fact.services"), capital(list(services, small))},
		{l.t("study.fact.profiles"), capital(list(profiles, l.profile))},
		{l.t("study.fact.thresholds"), strings.Join(within, ", ")},
	} {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	return out
}
