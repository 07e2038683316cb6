package analysis

import (
	"context"

	"github.com/paulmach/orb"

	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/index"
)

// DrawnCoverage is the coverage of the people in polygons that someone drew.
type DrawnCoverage struct {
	Service     string            `json:"service"`
	Profile     string            `json:"profile"`
	ThresholdsS []float64         `json:"thresholds_s"`
	Areas       []DrawnArea       `json:"areas"`
	Inputs      []coverage.Input  `json:"inputs"`
	Notices     []coverage.Notice `json:"notices"`
	Program     coverage.Program  `json:"program"`
}

// DrawnArea is one polygon. Its people are those of the fixed blocks whose
// centre it holds, so that no two polygons tell who lives between them.
type DrawnArea struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
	disclosure.Drawn
	// Without names the areas of the territory that are not counted.
	Without []string `json:"areas_not_counted,omitempty"`
}

// maxDrawn bounds the polygons of one question.
const maxDrawn = 100

// CoverageOf is the coverage of a territory's people inside drawn polygons, in
// longitude and latitude. Small counts are always protected. Errors as
// Coverage's; Invalid for geometries that are no polygons.
func (e *Engine) CoverageOf(ctx context.Context, q CoverageRequest, drawn []ZonalFeature, p Progress) (*DrawnCoverage, error) {
	const op = "analysis.CoverageOf"
	if len(drawn) == 0 || len(drawn) > maxDrawn {
		return nil, fault.Errorf(op, fault.Invalid, "%d polygons: want 1 to %d", len(drawn), maxDrawn)
	}
	s, err := e.setting(ctx, &q)
	if err != nil {
		return nil, err
	}
	s.shown = s.protected(s.population)
	service, err := s.service(q.Service)
	if err != nil {
		return nil, err
	}
	w, err := s.way(ctx, q.Profile, p.part(0, 0.4))
	if err != nil {
		return nil, err
	}
	c, err := w.section(ctx, service, p.part(0.4, 0.9))
	if err != nil {
		return nil, err
	}
	hidden, err := s.untold(ctx, s.population, s.areas, s.box, nil)
	if err != nil {
		return nil, err
	}
	notices := append(c.report.Notices, noticesOf(s.run, w.run, c.run)...)
	// The blocks know what the published report of the whole hides.
	k := max(q.HideBelow, 0)
	if err := disclosure.ProtectReport(ctx, c.report, k); err != nil {
		return nil, err
	}
	codes := make([]string, len(s.areas))
	for i, a := range s.areas {
		codes[i] = a.Code
	}
	blocks, err := disclosure.NewPartition(ctx, c.demand, codes, c.report.ThresholdsS, disclosure.VerdictOf(c.report), k)
	if err != nil {
		return nil, err
	}
	out := &DrawnCoverage{
		Service: service.String(), Profile: w.profile, ThresholdsS: c.report.ThresholdsS,
		Inputs: inputsOf(s.run, w.run, c.run), Notices: notices, Program: s.programOf(),
	}
	for _, f := range drawn {
		area, err := s.inDrawn(blocks, f)
		if err != nil {
			return nil, err
		}
		for i := range s.areas {
			if a := &s.areas[i]; hidden != nil && hidden(a.Code, "") && a.lonLat.Bound().Intersects(f.Geometry.Bound()) {
				area.Without = append(area.Without, a.Name)
			}
		}
		out.Areas = append(out.Areas, area)
	}
	return out, nil
}

func (s *setting) inDrawn(blocks *disclosure.Partition, f ZonalFeature) (DrawnArea, error) {
	switch f.Geometry.(type) {
	case orb.Polygon, orb.MultiPolygon:
	default:
		return DrawnArea{}, fault.Errorf("analysis.CoverageOf", fault.Invalid, "area %q is no polygon", f.Code)
	}
	b, drawn := f.Geometry.Bound(), index.Prepare(index.Flatten(f.Geometry)...)
	out := DrawnArea{Code: f.Code, Name: f.Name}
	out.Drawn = blocks.Count(b.Min[0], b.Min[1], b.Max[0], b.Max[1], func(lon, lat float64) bool {
		return drawn.Locate(lon, lat) == index.Inside
	})
	for _, a := range out.LeftOut {
		out.Without = append(out.Without, s.areas[a].Name)
	}
	return out, nil
}
