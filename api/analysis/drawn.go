package analysis

import (
	"context"
	"encoding/json"

	"contado/api/rest"
	"contado/geo/analysis"
)

// CoverageArea is the process for drawn polygons; the kind of its jobs is the
// same.
const CoverageArea = "coverage-area"

// drawnInputs are the inputs of coverage-area.
type drawnInputs struct {
	coverageInputs
	Areas areasInput `json:"areas"`
}

// drawnProcess offers the coverage of people inside polygons.
func drawnProcess() process {
	inputs := map[string]input{
		"areas": required("Polygons in longitude and latitude: a GeoJSON FeatureCollection", object{"type": "object"}),
	}
	for name, in := range coverageProcess().inputs {
		if name != "report_id" && name != "title" {
			inputs[name] = in
		}
	}
	return process{
		id: CoverageArea, title: "Who of the people in a drawn polygon is within reach of a service",
		description: "People are those of fixed blocks whose centre the polygon holds, so that no two polygons tell who lives between them; places with few people are named and not counted.",
		inputs:      inputs, output: required("Coverage by polygon", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseDrawn,
	}
}

// drawnWork is the coverage of drawn polygons to be computed.
type drawnWork struct {
	coverageWork
	areas []analysis.ZonalFeature
}

func parseDrawn(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	var in drawnInputs
	if err := strict(raw, &in); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	if len(in.Areas.Features) == 0 {
		return nil, invalid("areas: want a GeoJSON FeatureCollection of polygons; for territories there is coverage-report")
	}
	if in.ReportID != "" || in.Title != "" {
		return nil, invalid("report_id and title are of coverage-report: nothing is kept here")
	}
	q, err := in.request()
	return &drawnWork{coverageWork{q}, in.Areas.Features}, err
}

func (w *drawnWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	res, err := h.Engine.CoverageOf(ctx, w.q, w.areas, p)
	if err != nil {
		return nil, err
	}
	out := &output{}
	out.document, err = json.Marshal(res)
	return out, err
}
