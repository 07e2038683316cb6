package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"contado/geo/coverage"
	"contado/geo/coverage/compare"
)

// setting is the name of a setting that is not the same, and its values, in
// words.
func (l *language) setting(s *compare.Setting) (name, a, b string) {
	v := view{l: l}
	value := func(p *coverage.Parameter, plain string) string {
		switch {
		case p == nil && plain == "", p != nil && (p.Value == nil || p.Value == ""):
			return l.t("compare.absent")
		case p == nil:
			return plain
		}
		return v.value(p)
	}
	p := coverage.Parameter{Name: s.Parameter, Label: s.Label}
	for _, x := range []*coverage.Parameter{s.ValueB, s.ValueA} {
		if x != nil {
			p = *x
			break
		}
	}
	return v.parameterName(&p), value(s.ValueA, s.A), value(s.ValueB, s.B)
}

// worded is the comparison with its settings in words of all languages.
func worded(c *compare.Comparison) (*compare.Comparison, error) {
	out := *c
	out.Settings = slices.Clone(c.Settings)
	for i := range out.Settings {
		s := &out.Settings[i]
		labels, a, b := map[string]string{}, map[string]string{}, map[string]string{}
		for _, lang := range []string{English, Italian} {
			l, err := languageOf(lang)
			if err != nil {
				return nil, err
			}
			labels[lang], a[lang], b[lang] = l.setting(&c.Settings[i])
		}
		s.Label, s.TextA, s.TextB = labels, a, b
	}
	return &out, nil
}

// changedSiting is where one more facility would help most in the two reports:
// two rows a question, and a sentence on each.
func (l *language) changedSiting(n *numbering, c *compare.Comparison) (*table, []string) {
	if len(c.Siting) == 0 {
		return nil, nil
	}
	t := n.table(l, "t-siting", l.t("compare.siting.cap"), text(l.t("col.service")), text(l.t("compare.report")), text(l.t("col.site")), numb(l.t("col.newly-within")),
		numb(l.t("col.hours-saved")), numb(l.t("col.share-now")), numb(l.t("col.share-then")))
	var said []string
	for i := range c.Siting {
		s := &c.Siting[i]
		for _, side := range []struct {
			name string
			best *compare.BestPoint
		}{{"A", &s.A}, {"B", &s.B}} {
			cells := []cell{header(l.sitedQuestion(s)), text(side.name)}
			if p := side.best.Point; p != nil {
				cells = append(cells, text(l.siteName(p)), numb(l.people(p.NewlyWithin)), numb(l.number(p.HoursSaved, 0)), numb(l.percent(side.best.ShareNow)), numb(l.percent(p.CoveredAfter)))
			} else {
				cells = append(cells, text(l.t("siting.none")), numb("–"), numb("–"), numb(l.percent(side.best.ShareNow)), numb("–"))
			}
			t.Rows = append(t.Rows, row{Cells: cells})
		}
		said = append(said, l.changedSite(s))
		if s.OtherCandidates {
			t.note(l.t("compare.siting.candidates"))
		}
	}
	return t, said
}

// sitedQuestion is "Pharmacy, on foot, within 30 min".
func (l *language) sitedQuestion(s *compare.Siting) string {
	return l.t("siting.name", l.serviceHead(s.Service, s.ServiceTitle), l.profile(s.Profile), l.exact(s.ThresholdS))
}

// changedSite says in a sentence what became of the best place for one more
// facility.
func (l *language) changedSite(s *compare.Siting) string {
	name, p, q := l.sitedQuestion(s), s.A.Point, s.B.Point
	switch {
	case p == nil && q == nil:
		return l.t("compare.siting.neither", name)
	case p == nil:
		return l.t("compare.siting.appeared", name, l.siteName(q), l.people(q.NewlyWithin))
	case q == nil:
		return l.t("compare.siting.gone", name, l.siteName(p), l.people(p.NewlyWithin))
	case s.Same && l.people(p.NewlyWithin) == l.people(q.NewlyWithin):
		return l.t("compare.siting.unchanged", name, l.siteName(q), l.people(q.NewlyWithin))
	case s.Same:
		return l.t("compare.siting.same", name, l.siteName(q), l.people(p.NewlyWithin), l.people(q.NewlyWithin), l.signed(&p.NewlyWithin, &q.NewlyWithin))
	}
	return l.t("compare.siting.moved", name, l.siteName(p), l.siteName(q), l.distance(*s.DistanceM), l.people(p.NewlyWithin), l.people(q.NewlyWithin), l.signed(&p.NewlyWithin, &q.NewlyWithin))
}

// siteCells are the columns of a row about further points.
func siteCells(s *compare.Siting) []any {
	out := make([]any, 5)
	for k, side := range []*compare.BestPoint{&s.A, &s.B} {
		if p := side.Point; p != nil {
			out[k], out[2+k] = p.Name, p.NewlyWithin
		}
	}
	out[4] = orNil(s.Gain())
	return out
}

// CompareText writes a comparison in sentences, for a console, in English or
// Italian.
func CompareText(w io.Writer, c *compare.Comparison, lang string) error {
	l, err := languageOf(lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	say := func(key string, args ...string) {
		fmt.Fprintln(&b, strings.ReplaceAll(l.t(key, args...), "\u00a0", " "))
	}
	for i := range c.Sections {
		s := &c.Sections[i]
		for _, r := range s.Rows {
			say("compare.line", l.t("siting.name", l.serviceHead(s.Service, s.ServiceTitle), l.profile(s.Profile), l.exact(r.ThresholdS)),
				l.percent(r.ShareA), l.percent(r.ShareB), l.signed(r.CoveredA, r.CoveredB))
		}
	}
	for i := range c.Siting {
		say("compare.line.siting", l.changedSite(&c.Siting[i]))
	}
	for _, in := range c.Inputs {
		say("compare.line.input", in.Dataset, l.word("role", in.Role), versionText(l, in.VersionA), versionText(l, in.VersionB))
	}
	if len(c.Inputs) == 0 {
		say("compare.inputs.none")
	}
	for i := range c.Settings {
		s := &c.Settings[i]
		name, was, now := l.setting(s)
		say("compare.line.setting", l.serviceHead(s.Service, s.ServiceTitle), l.profile(s.Profile), name, was, now)
	}
	if len(c.Settings) == 0 {
		say("compare.settings.none")
	}
	for _, x := range c.Cautions {
		say("compare.line.caution", l.t("caution."+string(x)))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write comparison as text: %w", err)
	}
	return nil
}

// versionText is the version of a dataset, or the word for none.
func versionText(l *language, version string) string {
	if version == "" {
		return l.t("compare.absent")
	}
	return l.t("compare.version", version)
}

// differs reports two values that are not the same, one of which may be hidden.
func differs(a, b *float64) bool {
	return (a == nil) != (b == nil) || a != nil && *a != *b
}
