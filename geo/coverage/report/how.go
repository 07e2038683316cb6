package report

import (
	"contado/geo/coverage"
)

// explanation says how a kind of figure is computed.
type explanation struct {
	ID, Name string
	Text     []string
}

// explain makes the explanation of an id: its name and sentences are in the
// catalogue.
func (l *language) explain(id string, text ...string) explanation {
	return explanation{ID: id, Name: l.t("explain." + id), Text: text}
}

// explanations are those of the figures of one report.
func (v *view) explanations() []explanation {
	l := v.l
	out := []explanation{
		l.explain("coverage", l.t("method.coverage")),
		l.explain("quantiles", l.t("method.quantiles")),
		l.explain("gaps", l.t("method.gaps", l.exact(v.limit()))),
	}
	out = append(out, l.explainExtras([]*coverage.Report{v.r})...)
	out = append(out, l.explain("rounding", l.t("method.rounding")))
	return append(out, l.explainDisclosure(v.r.Disclosure)...)
}

// explanations are those of the figures of a study.
func (v *studyView) explanations() []explanation {
	l := v.l
	out := []explanation{
		l.explain("coverage", l.t("method.coverage")),
		l.explain("quantiles", l.t("method.quantiles")),
		l.explain("gaps", l.t("method.gaps.study")),
	}
	out = append(out, l.explainExtras(v.st.Sections)...)
	if len(v.st.Siting) > 0 {
		text := []string{l.t("method.siting")}
		if k := v.st.Siting[0].BlocksOf; k > 0 {
			text = append(text, l.t("method.siting.blocks", l.number(k, 1)))
		}
		out = append(out, l.explain("siting", text...))
	}
	for _, x := range []struct {
		there bool
		id    string
	}{{len(v.st.Isolation) > 0, "isolation"}, {len(v.st.Rules) > 0, "rules"}, {len(v.st.Classes) > 0, "classes"}, {len(v.st.Indicators) > 0, "indicators"}, {true, "checks"}} {
		if x.there {
			out = append(out, l.explain(x.id, l.t("method."+x.id)))
		}
	}
	out = append(out, l.explain("rounding", l.t("method.rounding")))
	return append(out, l.explainDisclosure(v.st.Disclosure)...)
}

func (l *language) explainExtras(list []*coverage.Report) []explanation {
	var hamlets, ranges, choices, access, capacity, equity bool
	for _, r := range list {
		hamlets = hamlets || len(r.Hamlets) > 0
		ranges = ranges || len(r.Ranges) > 0
		choices = choices || len(r.Choices) > 0
		access = access || len(r.Access) > 0
		capacity = capacity || r.Capacity != nil
		equity = equity || r.Equity != nil
		for i := range r.Access {
			equity = equity || r.Access[i].Equity != nil
		}
	}
	var out []explanation
	for _, x := range []struct {
		there bool
		id    string
	}{{hamlets, "hamlets"}, {ranges || len(list) > 1, "range"}, {choices, "choice"}, {access, "access"}, {capacity, "capacity"}, {equity, "equity"}} {
		if x.there {
			out = append(out, l.explain(x.id, l.t("method."+x.id)))
		}
	}
	return out
}

func (l *language) explainDisclosure(d *coverage.Disclosure) []explanation {
	if d == nil {
		return nil
	}
	return []explanation{l.explain("disclosure", l.disclosureText(d))}
}

func (l *language) disclosureText(d *coverage.Disclosure) string {
	if d == nil {
		return ""
	}
	return l.t("method.disclosure", l.number(d.Threshold, 1), l.whole(int64(d.Primary)), l.whole(int64(d.Secondary)))
}

// hiddenNote is the foot note of hidden numbers.
func (l *language) hiddenNote(d *coverage.Disclosure) string {
	if d == nil {
		return l.t("hidden.note")
	}
	return l.t("hidden.note.k", l.number(d.Threshold, 1))
}
