package recipe

import (
	"context"
	"fmt"
	"strings"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/travel"
)

// Engine computes what a recipe asks for.
type Engine interface {
	Coverage(ctx context.Context, q analysis.CoverageRequest, p analysis.Progress) (*coverage.Report, *report.Sketch, error)
	Study(ctx context.Context, q analysis.StudyRequest, p analysis.Progress) (*coverage.Study, []*report.Sketch, error)
}

// Question is what a kept report answers, ready to be asked again of the data
// that are there now.
type Question struct {
	Request analysis.StudyRequest
	// Single: it is a report of one service, not a study.
	Single   bool
	recipe   string
	attached []coverage.Attachment
}

// Ask finds the question of a kept report: by its recipe and the files that
// came with it, or, of a report of one service without a recipe, by its
// settings and inputs.
// Errors: fault.Invalid when they cannot be read; fault.Unsupported when the
// report does not tell its question.
func Ask(kept *coverage.Study) (*Question, error) {
	const op = "recipe.Ask"
	if len(kept.Sections) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "the report has no sections")
	}
	first := kept.Sections[0]
	a := &Question{
		// A study keeps the recipe for all; a report that became a study of one
		// section has the same in its section.
		Single: len(kept.Sections) == 1 && (kept.Recipe == "" || first.Recipe != ""),
		recipe: kept.Recipe, attached: kept.Attached,
	}
	switch {
	case kept.Recipe != "":
		r, err := Parse(strings.NewReader(kept.Recipe))
		if err != nil {
			return nil, fmt.Errorf("the recipe of the report: %w", err)
		}
		if a.Request, err = r.Request(kept.Territory.Code); err != nil {
			return nil, fault.E(op, fault.Invalid, fmt.Errorf("the recipe of the report: %w", err))
		}
		a.Request.Recipe = kept.Recipe
	case a.Single:
		a.Request = settingsOf(kept)
	default:
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "report %s does not say how it was asked for: an earlier version kept no recipe when a speed table or a profile came from a file", kept.ID),
			"ask the question anew")
	}
	a.Request.Title = kept.Title
	if a.Single {
		a.Request.Service, a.Request.Profile, a.Request.Title = a.Request.Services[0], first.Profile, first.Title
	}
	return a, a.attach()
}

// attach puts the files that came with the question in their places.
func (a *Question) attach() error {
	if err := coverage.CheckAttached(a.attached); err != nil {
		return err
	}
	for _, f := range a.attached {
		var err error
		switch f.Kind {
		case coverage.AttachedSpeeds:
			a.Request.Speeds, err = travel.ParseSpeeds(strings.NewReader(f.Text), f.Name)
		case coverage.AttachedProfile:
			var p travel.Profile
			p, err = travel.ParseProfile(strings.NewReader(f.Text), f.Name)
			a.Request.Own = append(a.Request.Own, p)
		}
		if err != nil {
			return fmt.Errorf("file %q of the report: %w", f.Name, err)
		}
	}
	return nil
}

// settingsOf reads the question out of the settings and inputs of a report.
func settingsOf(kept *coverage.Study) analysis.StudyRequest {
	r := kept.Sections[0]
	q := analysis.StudyRequest{Services: []string{r.Service}, Profiles: []string{r.Profile}}
	q.Territory, q.Thresholds, q.HideBelow = kept.Territory.Code, r.ThresholdsS, -1
	if r.Disclosure != nil {
		q.HideBelow = r.Disclosure.Threshold
	}
	for _, p := range r.Method.Parameters {
		n, isNumber := p.Value.(float64)
		switch {
		case p.Name == "direction" && p.Value == "from-facility":
			q.Direction = travel.FromFacility
		case p.Name == "neighbours" && isNumber:
			q.Neighbours = int(n)
		case p.Name == "speed" && isNumber && r.Profile == analysis.StraightLine:
			q.SpeedKmh = n
		}
	}
	roles := map[string]*string{"population": &q.Population, "landcover": &q.LandCover, "elevation": &q.Elevation, "place": &q.Places}
	for _, in := range r.Inputs {
		if field := roles[in.Role]; field != nil && *field == "" {
			*field = in.Dataset
		}
	}
	return q
}

// Run asks the question. A report of one service comes back as a study of one
// section, as report.ReadStudy gives it.
func (a *Question) Run(ctx context.Context, e Engine, p analysis.Progress) (*coverage.Study, []*report.Sketch, error) {
	if !a.Single {
		st, sketches, err := e.Study(ctx, a.Request, p)
		if err != nil {
			return nil, nil, err
		}
		st.Attached = a.attached
		return st, sketches, nil
	}
	r, sketch, err := e.Coverage(ctx, a.Request.CoverageRequest, p)
	if err != nil {
		return nil, nil, err
	}
	r.Recipe, r.Attached = a.recipe, a.attached
	return report.StudyOf(r), []*report.Sketch{sketch}, nil
}
