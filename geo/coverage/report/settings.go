package report

import (
	"fmt"
	"slices"
	"strconv"

	"contado/geo/coverage"
)

// settingsPart has what all sections of one way of moving share: it is said
// once, not in every chapter.
type settingsPart struct {
	Title, Model string
	Parameters   *table
	Formulas     []coverage.Formula
}

// shared are the settings of a profile that all its sections have alike.
type shared struct {
	model      bool
	formulas   bool
	parameters []coverage.Parameter
}

// sharedOf compares the sections of a profile.
func (v *studyView) sharedOf(profile string) (first *view, s shared) {
	for _, w := range v.views {
		if w.r.Profile != profile {
			continue
		}
		m := &w.r.Method
		if first == nil {
			first, s = w, shared{m.Model != "", len(m.Formulas) > 0, slices.Clone(m.Parameters)}
			continue
		}
		s.model = s.model && m.Model == first.r.Method.Model
		s.formulas = s.formulas && slices.Equal(m.Formulas, first.r.Method.Formulas)
		s.parameters = slices.DeleteFunc(s.parameters, func(p coverage.Parameter) bool { return !hasSetting(m.Parameters, &p) })
	}
	return first, s
}

// hasSetting reports whether a list has the setting, with the same value.
func hasSetting(list []coverage.Parameter, p *coverage.Parameter) bool {
	return slices.ContainsFunc(list, func(o coverage.Parameter) bool {
		return o.Name == p.Name && o.Unit == p.Unit && o.Source == p.Source && fmt.Sprint(o.Value) == fmt.Sprint(p.Value)
	})
}

// settings are the parts of the annex, one a profile.
func (v *studyView) settings() []settingsPart {
	var out []settingsPart
	for i, p := range v.profiles() {
		first, s := v.sharedOf(p)
		part := settingsPart{Title: capital(v.l.profile(p))}
		if s.model {
			part.Model = v.l.statement(first.r.Method.Model)
		}
		if s.formulas {
			part.Formulas = v.l.formulas(first.r.Method.Formulas)
		}
		if len(s.parameters) > 0 {
			t := v.n.table(v.l, "t-settings-"+strconv.Itoa(i+1), v.l.t("settings.cap", part.Title))
			part.Parameters = first.fillParameters(t, s.parameters)
		}
		if part.Model != "" || part.Formulas != nil || part.Parameters != nil {
			out = append(out, part)
		}
	}
	return out
}

// ownSettings leaves a chapter the settings that the annex does not have.
func (v *studyView) ownSettings(c *chapter, profile string) {
	_, s := v.sharedOf(profile)
	if s.model {
		c.Model = ""
	}
	if s.formulas {
		c.Formulas = nil
	}
	var own []coverage.Parameter
	for _, p := range c.v.r.Method.Parameters {
		if !hasSetting(s.parameters, &p) {
			own = append(own, p)
		}
	}
	if len(own) > 0 {
		c.Parameters = c.v.parameterTable(own)
	}
	if len(c.v.r.Facilities.Unplaced) > 0 {
		c.Unplaced = c.v.unplacedTable()
	}
}
