package analysis

import (
	"context"
	"encoding/json"

	"contado/api/rest"
	"contado/geo/analysis"
)

// isolationInputs are the inputs of coverage-isolation.
type isolationInputs struct {
	coverageInputs
	Services []string `json:"services"`
}

// isolationProcess counts people by how many services they do not reach.
func isolationProcess() process {
	inputs := map[string]input{
		"services": required("Services: dataset, dataset:kind, or dataset[CQL2 filter]; each once",
			object{"type": "array", "minItems": 2, "maxItems": analysis.MaxIsolationServices, "items": text()}),
		"thresholds": optional("Times within which a facility counts as near, inclusive, at most 90 minutes: seconds, or text such as 15m",
			object{"type": "array", "maxItems": maxThresholds, "items": object{"oneOf": []object{number(), text()}}, "default": []string{"30m"}}),
	}
	for name, in := range coverageProcess().inputs {
		switch name {
		case "report_id", "title", "service", "thresholds":
		default:
			inputs[name] = in
		}
	}
	return process{
		id: CoverageIsolation, title: "How many of several services people do not reach, for a look",
		description: "People by how many of the services lie beyond a time or out of all reach: nobody lacks, one is lacking, two … all; for the whole and by area. Computed from what coverage-explore keeps; nothing is kept under /reports. Small counts are hidden.",
		inputs:      inputs, output: required("People by the number of services that they lack", object{"type": "object"}),
		formats: []rest.Format{rest.JSONFormat}, parse: parseIsolation,
	}
}

// isolationWork is a count to be made.
type isolationWork struct {
	coverageWork
	q analysis.IsolationRequest
}

func parseIsolation(raw json.RawMessage) (work, error) {
	var in isolationInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	if in.Service != "" {
		return nil, invalid("service: this process takes services")
	}
	if n := len(in.Services); n < 2 || n > analysis.MaxIsolationServices {
		return nil, invalid("services: %d; want 2 to %d", n, analysis.MaxIsolationServices)
	}
	w := &isolationWork{}
	for i, s := range in.Services { // each must be one that a report could be asked for
		one := exploreInputs{coverageInputs: in.coverageInputs}
		one.Service = s
		q, err := one.request()
		if err != nil {
			return nil, err
		}
		if i == 0 {
			w.coverageWork.q, w.q.ExploreRequest = q.CoverageRequest, q
		}
	}
	w.q.Services = in.Services
	return w, nil
}

func (w *isolationWork) check(ctx context.Context, h *Handler) error {
	for _, s := range w.q.Services {
		one := w.coverageWork
		one.q.Service = s
		if err := one.check(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (w *isolationWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	a, err := h.Engine.Isolation(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	out := &output{}
	out.document, err = json.Marshal(a)
	return out, err
}
