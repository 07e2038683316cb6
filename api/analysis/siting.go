package analysis

import (
	"context"
	"encoding/json"
	"path/filepath"

	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/siting"
	"contado/geo/table"
)

// Siting is the id of the process that finds points; the kind of its jobs is
// the same.
const Siting = "siting"

// sitingInputs are the inputs of siting.
type sitingInputs struct {
	coverageInputs
	Within     *period         `json:"within"`
	Most       period          `json:"most"`
	Points     int             `json:"points"`
	Objective  string          `json:"objective"`
	Candidates json.RawMessage `json:"candidates"`
	SpacingM   float64         `json:"spacing_m"`
	Locale     string          `json:"locale"`
}

// sitingProcess finds where more facilities would help most.
func sitingProcess() process {
	place := object{"oneOf": []object{{"type": "array", "minItems": 2, "maxItems": 2, "items": number()}, {"type": "object"}}}
	inputs := map[string]input{
		"service":   optional("The service as it is: dataset, dataset:kind, or dataset[CQL2 filter]; left out for one that does not exist yet", text()),
		"within":    optional("Time within which a facility counts as near, inclusive: seconds, or text such as 15m", object{"oneOf": []object{number(), text()}, "default": "30m"}),
		"most":      optional("Longest time that counts; who is farther, or cannot get there, counts as so far. Twice within when left out", object{"oneOf": []object{number(), text()}}),
		"points":    optional("How many points to find", object{"type": "integer", "format": "int32", "minimum": 1, "maximum": analysis.MaxSitingPoints, "default": 1}),
		"objective": optional("What is to be largest: people newly within the time (cover), or person-hours saved (time)", object{"type": "string", "enum": []siting.Objective{siting.Cover, siting.Time}, "default": siting.Cover}),
		"candidates": optional("Places to try: settlements, roads, people, a dataset of places (as service), or a list of places: [longitude, latitude], or objects with lon, lat and name. Settlements where they are known, else people, when left out",
			object{"oneOf": []object{text(), {"type": "array", "items": place}}}),
		"spacing_m": optional("One candidate in a square of so many metres, for roads and people; 500, or more to keep them few, when left out", object{"type": "number", "format": "double", "minimum": 50, "maximum": 50000}),
		"locale":    locale(),
	}
	for name, in := range coverageProcess().inputs {
		switch name {
		case "report_id", "title", "service", "thresholds":
		default:
			inputs[name] = in
		}
	}
	inputs["hide_below"] = optional("Least number of people that a figure may be about; 3 when left out", inputs["hide_below"].Schema)
	return process{
		id: Siting, title: "Where one more service point, or several, would help most",
		description: "Every candidate is tried: people who come within the time, and person-hours saved. One point is the best there is; several are found exactly while the choices are few, else with a share of the best choice that the answer tells (at least 63 %). Figures are of blocks of people, so that no comparison of candidates tells who lives where.",
		inputs:      inputs, output: required("The points chosen, and the best candidates by themselves", object{"type": "object"}),
		formats: areaFormats, parse: parseSiting,
	}
}

// sitingWork is a question for points.
type sitingWork struct {
	coverageWork
	q      analysis.SitingRequest
	locale table.Locale
}

func parseSiting(raw json.RawMessage) (work, error) {
	var in sitingInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	if in.ReportID != "" || in.Title != "" || len(in.Thresholds) > 0 {
		return nil, invalid("report_id, title and thresholds are of coverage-report: nothing is kept here, and the time is within")
	}
	w := &sitingWork{q: analysis.SitingRequest{
		Objective: siting.Objective(in.Objective), Points: in.Points, Most: float64(in.Most), SpacingM: in.SpacingM,
	}}
	within := period(1800)
	if in.Within != nil {
		within = *in.Within
	}
	in.Thresholds = []period{within}
	none := in.Service == ""
	if none {
		in.Service = "none" // any name will do for the checks of the rest
	}
	var err error
	if w.q.CoverageRequest, err = in.coverageInputs.request(); err != nil {
		return nil, err
	}
	if none {
		w.q.Service = ""
	}
	switch {
	case in.Objective != "" && w.q.Objective != siting.Cover && w.q.Objective != siting.Time:
		return nil, invalid("objective: %.20q; there are cover and time", in.Objective)
	case in.Points < 0 || in.Points > analysis.MaxSitingPoints:
		return nil, invalid("points: %d; want 1 to %d", in.Points, analysis.MaxSitingPoints)
	case in.Most != 0 && !(in.Most >= within && in.Most <= 86400):
		return nil, invalid("most: %g s; want at least the %g s of within and at most a day", float64(in.Most), float64(within))
	case in.SpacingM != 0 && !(in.SpacingM >= 50 && in.SpacingM <= 50_000):
		return nil, invalid("spacing_m: %g; want 50 to 50000", in.SpacingM)
	}
	if err := w.candidates(in.Candidates); err != nil {
		return nil, err
	}
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	w.coverageWork.q = w.q.CoverageRequest
	return w, nil
}

// candidates are a word, a dataset, or places.
func (w *sitingWork) candidates(raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if json.Unmarshal(raw, &w.q.Candidates) == nil {
		if s, err := analysis.ParseService(w.q.Candidates); err != nil || s.Dataset == "" || len(w.q.Candidates) > maxServiceText {
			return invalid("candidates: %.80q: want settlements, roads, people, a dataset, dataset:kind or dataset[filter]", w.q.Candidates)
		}
		return nil
	}
	var list []placeInput
	if err := strict(raw, &list); err != nil {
		return invalid("candidates: %w", err)
	}
	var err error
	w.q.Places, err = placesIn("candidates", list)
	if err == nil && len(w.q.Places) == 0 {
		err = invalid("candidates: an empty list")
	}
	return err
}

// checkCandidates looks whether the places to try are a word or a dataset that
// is there.
func checkCandidates(state *atlas.Snapshot, candidates string) error {
	switch candidates {
	case "", analysis.CandidateSettlements, analysis.CandidateRoads, analysis.CandidatePeople:
		return nil
	}
	s, err := analysis.ParseService(candidates)
	if err != nil {
		return err
	}
	if _, err := state.Dataset(s.Dataset); err != nil {
		return asInvalid("candidates", err)
	}
	return nil
}

func (w *sitingWork) check(ctx context.Context, h *Handler) error {
	if err := checkCandidates(h.Atlas.Current(), w.q.Candidates); err != nil {
		return err
	}
	if w.q.Service == "" {
		return asInvalid("territory", checkTerritories(ctx, h.Atlas.Current(), w.q.Territory))
	}
	return w.coverageWork.check(ctx, h)
}

func (w *sitingWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	res, err := h.Engine.Siting(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	t := res.Table(w.locale)
	out, err := tabled(res, t, w.locale)
	if err != nil {
		return nil, err
	}
	out.gpkg = func(ctx context.Context) (f *file, err error) {
		err = h.inFolder("siting-", func(dir string) error {
			path := filepath.Join(dir, "points.gpkg")
			if err := analysis.WriteGeoPackage(ctx, path, "points", t, res.Outlines()); err != nil {
				return err
			}
			f, err = readFile(path, mediaGeoPackage)
			return err
		})
		return f, err
	}
	return out, nil
}
