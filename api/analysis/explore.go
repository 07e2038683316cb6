package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/store/catalog"
)

// Ids of the processes for those who look at a map; the kinds of their jobs
// are the same.
const (
	CoverageExplore = "coverage-explore"
	CoverageExplain = "coverage-explain"
	// CoverageIsolation is of several services.
	CoverageIsolation = "coverage-isolation"
)

// exploreInputs are the inputs of coverage-explore.
type exploreInputs struct {
	coverageInputs
	Without []string     `json:"without"`
	Extra   []placeInput `json:"extra"`
	Ranges  bool         `json:"ranges"`
	Rules   []string     `json:"rules"`
}

// explainedInputs are those of coverage-explain.
type explainedInputs struct {
	exploreInputs
	From placeInput `json:"from"`
}

// exploreProcesses offer explorations and journeys in them.
func exploreProcesses() []process {
	place := object{"oneOf": []object{{"type": "array", "minItems": 2, "maxItems": 2, "items": number()}, {"type": "object"}}}
	common := func(more map[string]input) map[string]input {
		out := map[string]input{
			"without": optional("Ids of facilities to take as closed", object{"type": "array", "maxItems": analysis.MaxWithout, "items": text()}),
			"extra":   optional("Facilities that are not there, to take as open: [longitude, latitude], or objects with lon, lat and name", object{"type": "array", "maxItems": analysis.MaxExtra, "items": place}),
		}
		for name, in := range coverageProcess().inputs {
			if name != "report_id" && name != "title" {
				out[name] = in
			}
		}
		for name, in := range more {
			out[name] = in
		}
		return out
	}
	steps := []string{}
	for _, s := range analysis.ExploreSteps {
		steps = append(steps, fmt.Sprintf("%gm", s/60))
	}
	return []process{
		{
			id: CoverageExplore, title: "Who is within reach of a service, for a look",
			description: "What coverage-report tells, and a surface of times as tiles, from what is kept of earlier questions: other people and times are answered at once, another service or way of moving soon. Nothing is kept under /reports. Prepared questions are answered at once also when a job was preferred.",
			inputs: common(map[string]input{
				"thresholds": optional("Times within which a facility counts as near, inclusive, at most 90 minutes: seconds, or text such as 15m", object{"type": "array", "maxItems": maxThresholds, "items": object{"oneOf": []object{number(), text()}}, "default": steps}),
				"ranges":     optional("Compute how far the shares move with the assumptions", object{"type": "boolean", "default": false}),
				"rules":      optional("Tables of standards, for example it-standards", object{"type": "array", "maxItems": 8, "items": text()}),
			}),
			output: required("The report, rules, facilities, and the address of the tiles", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseExplore,
		},
		{
			id: CoverageExplain, title: "Why a place is as far from a service as coverage-explore says",
			description: "The legs of the journey from a place to the facility that is nearest in time, as travel-explain tells them, from what is kept of the exploration.",
			inputs:      common(map[string]input{"from": required("The place", place)}),
			output:      required("A FeatureCollection of legs", object{"type": "object"}), formats: []rest.Format{rest.GeoJSONFormat}, parse: parseExplained,
		},
		isolationProcess(),
	}
}

func (in *exploreInputs) request() (analysis.ExploreRequest, error) {
	q := analysis.ExploreRequest{Without: in.Without, Ranges: in.Ranges, Rules: in.Rules}
	if in.ReportID != "" || in.Title != "" {
		return q, invalid("report_id and title are of coverage-report: nothing is kept here")
	}
	var err error
	if q.CoverageRequest, err = in.coverageInputs.request(); err != nil {
		return q, err
	}
	last := analysis.ExploreSteps[len(analysis.ExploreSteps)-1]
	for _, t := range q.Thresholds {
		if t > last {
			return q, invalid("thresholds: %g s; at most %g", t, last)
		}
	}
	if len(in.Without) > analysis.MaxWithout || len(in.Extra) > analysis.MaxExtra || len(in.Rules) > 8 {
		return q, invalid("without, extra, rules: at most %d, %d and 8", analysis.MaxWithout, analysis.MaxExtra)
	}
	for _, id := range in.Without {
		if id == "" || len(id) > 300 {
			return q, invalid("without: an id of 1 to 300 bytes")
		}
	}
	for _, id := range in.Rules {
		if !catalog.ValidID(id) { // a path would be one of the server's
			return q, invalid("rules: %.60q is no table of the program", id)
		}
	}
	q.Extra, err = placesIn("extra", in.Extra)
	return q, err
}

// exploreWork is an exploration to be made.
type exploreWork struct {
	coverageWork
	q analysis.ExploreRequest
}

func parseExplore(raw json.RawMessage) (work, error) {
	var in exploreInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	q, err := in.request()
	return &exploreWork{coverageWork{q.CoverageRequest}, q}, err
}

// prompt reports whether the answer takes less time than a job's way through
// the queue.
func (w *exploreWork) prompt(h *Handler) bool { return h.Engine.Ready(w.q) }

func (w *exploreWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	x, err := h.Engine.Explore(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	doc := struct {
		*analysis.Exploration
		Tiles string `json:"tiles"`
	}{x, "travel-times/{z}/{x}/{y}.bin?" + timesQuery(&w.q, x.Stamp).Encode()}
	out := &output{}
	out.document, err = json.Marshal(doc)
	return out, err
}

// explainedWork is a journey to be told.
type explainedWork struct {
	exploreWork
	from analysis.TravelPlace
}

func parseExplained(raw json.RawMessage) (work, error) {
	var in explainedInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	w := &explainedWork{}
	from, err := placesIn("from", []placeInput{in.From})
	if err != nil {
		return nil, err
	}
	w.from = from[0]
	w.q, err = in.request()
	w.coverageWork.q = w.q.CoverageRequest
	return w, err
}

func (w *explainedWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	j, err := h.Engine.ExploreJourney(ctx, w.q, w.from, p)
	if err != nil {
		return nil, err
	}
	return journeyOutput(j)
}

// timesQuery are the parameters of the tiles of a question.
func timesQuery(q *analysis.ExploreRequest, stamp string) url.Values {
	v := url.Values{"territory": {q.Territory}, "service": {q.Service}, "v": {stamp}}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("profile", q.Profile)
	set("landcover", q.LandCover)
	set("elevation", q.Elevation)
	set("population", q.Population)
	set("places", q.Places)
	if q.Direction != 0 {
		v.Set("direction", "from-facility")
	}
	if q.Neighbours != 0 {
		v.Set("neighbours", strconv.Itoa(q.Neighbours))
	}
	if q.SpeedKmh != 0 {
		v.Set("speed_kmh", strconv.FormatFloat(q.SpeedKmh, 'g', -1, 64))
	}
	for name, list := range map[string][]string{"roads": q.Roads, "barriers": q.Barriers, "season": q.Season, "without": q.Without, "timetable": q.Transit.Timetables} {
		if len(list) > 0 {
			v[name] = list
		}
	}
	for _, p := range q.Extra {
		v.Add("extra", strconv.FormatFloat(p.Lon, 'f', -1, 64)+","+strconv.FormatFloat(p.Lat, 'f', -1, 64)+","+p.Name)
	}
	t := &q.Transit
	set("date", t.Date)
	if t.From != 0 || t.Until != 0 {
		v.Set("departing", clock(t.From)+"-"+clock(t.Until))
	}
	if t.Percentile != nil {
		v.Set("percentile", strconv.FormatFloat(*t.Percentile, 'g', -1, 64))
	}
	if t.MaxRides != 0 {
		v.Set("max_rides", strconv.Itoa(t.MaxRides))
	}
	if t.Wheelchair {
		v.Set("wheelchair", "true")
	}
	if t.OnDemand {
		v.Set("on_demand", "true")
	}
	return v
}

func clock(seconds int32) string { return fmt.Sprintf("%d:%02d", seconds/3600, seconds/60%60) }

// prompted is work that may be answered at once though a job was preferred.
type prompted interface{ prompt(h *Handler) bool }

func (h *Handler) promptly(w work) bool {
	p, ok := w.(prompted)
	return ok && p.prompt(h)
}
