package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"contado/api/rest"
	"contado/api/territory"
	"contado/geo/analysis"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/recipe"
	"contado/geo/store/catalog"
)

// CoverageStudy is the process for studies; the kind of its jobs is the same.
const CoverageStudy = "coverage-study"

// studyProcess offers studies. Its inputs are a recipe without its name,
// outputs and schedule.
func studyProcess() process {
	texts := func(title string) input { return optional(title, list(text())) }
	return process{
		id: CoverageStudy, title: "Who is within reach of several services, by several ways of moving",
		description: "A coverage report for each service and way of moving, and what only the whole can tell: people isolated from several services, rules met or not, classes of inner areas, checks of the inputs, and where one more point of a service would help most. Small counts are hidden. The report is kept under /reports.",
		inputs: map[string]input{
			"territory":   required("Code of the territory", text()),
			"services":    required("Services: dataset, dataset:kind, or dataset[CQL2 filter]", list(text())),
			"profiles":    texts("How people move: " + strings.Join(analysis.Profiles(), ", ")),
			"thresholds":  optional("Times within which a facility counts as near, inclusive: seconds, or text such as 15m; rising", list(object{"oneOf": []object{number(), text()}})),
			"title":       optional("Title of the report", text()),
			"report_id":   optional("Id to keep the report under; must be new", text()),
			"season":      texts("Snow and floods: snowline:METRES, snow:DATASET@TIME, flood:DATASET@TIME"),
			"ranges":      optional("Compute how far the shares move with the assumptions", object{"type": "boolean", "default": false}),
			"hamlets":     optional("Count people also by hamlet: by the named place nearest to them", object{"type": "boolean", "default": false}),
			"nearest":     optional("Count who reaches the second, third … up to so many facilities", object{"type": "integer", "format": "int32", "minimum": 0, "maximum": 8}),
			"access":      optional("Measures of supply against demand", list(object{"type": "string", "enum": []string{"cumulative", "gravity", "2sfca", "e2sfca", "3sfca", "raam"}})),
			"capacity":    optional("Assign people to facilities of limited capacity: within (time), field (attribute)", object{"type": "object"}),
			"open_at":     optional("Count facilities open then alone, for example wednesday 10:30", text()),
			"registered":  optional("Facilities by an official register, by service", object{"type": "object"}),
			"rules":       texts("Tables of standards, for example it-standards"),
			"figures":     optional("Numbers that rules ask for, by name", object{"type": "object"}),
			"siting":      optional("Where further points would help most: points (of each service), services, profile, within (time), most (time), objective (cover or time), candidates (settlements, roads, people, or a dataset), spacing_m", object{"type": "object"}),
			"poles":       optional("Service of the poles of the strategy for inner areas", text()),
			"people":      optional("Who is counted: dataset, hide_below", object{"type": "object"}),
			"ground":      optional("What people move over: landcover, elevation, places, roads, barriers, direction, neighbours, straight_line_kmh", object{"type": "object"}),
			"transit":     optional("When people ride: timetable, date, departing, percentile, max_rides, wheelchair, on_demand", object{"type": "object"}),
			"description": optional("For those who read the recipe", text()),
		},
		output: required("The study", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseStudy,
	}
}

// studyWork is a study to be made.
type studyWork struct{ q analysis.StudyRequest }

// parseStudy reads the inputs as a recipe: JSON is YAML.
func parseStudy(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := strict(raw, &fields); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	var code, id string
	if err := take(fields, "territory", &code); err != nil {
		return nil, err
	}
	if err := take(fields, "report_id", &id); err != nil {
		return nil, err
	}
	if err := territory.CheckCode(code); err != nil {
		return nil, invalid("territory: %w", err)
	}
	if id != "" && !catalog.ValidID(id) {
		return nil, invalid("report_id: %.80q; want 1 to 63 of a-z, 0-9 and hyphen", id)
	}
	for _, key := range []string{"recipe", "name", "territories", "outputs", "schedule"} {
		if _, ok := fields[key]; ok {
			return nil, invalid("%s is not an input of this process", key)
		}
	}
	r, err := recipeOf(fields, code)
	if err != nil {
		return nil, err
	}
	w := &studyWork{}
	if w.q, err = r.Request(code); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	w.q.ID = id
	w.q.Recipe, err = r.Text()
	return w, err
}

// take moves a text out of the fields.
func take(fields map[string]json.RawMessage, key string, to *string) error {
	b, ok := fields[key]
	delete(fields, key)
	if !ok {
		return nil
	}
	if err := json.Unmarshal(b, to); err != nil {
		return invalid("%s: want a text", key)
	}
	return nil
}

// recipeOf reads fields as a recipe for one territory.
func recipeOf(fields map[string]json.RawMessage, code string) (*recipe.Recipe, error) {
	for key, v := range map[string]any{"recipe": recipe.Format, "name": "study", "territories": []string{code}} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		fields[key] = b
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	r, err := recipe.Parse(bytes.NewReader(b))
	if err != nil {
		return nil, fault.E("processes", fault.Invalid, fmt.Errorf("inputs: %w", err))
	}
	for _, name := range r.Rules {
		if !catalog.ValidID(name) { // a path would be one of the server's
			return nil, invalid("rules: %.60q is no table of the program", name)
		}
	}
	return r, nil
}

func (w *studyWork) check(ctx context.Context, h *Handler) error {
	state := h.Atlas.Current()
	for _, text := range w.q.Services {
		s, err := analysis.ParseService(text)
		if err != nil {
			return err
		}
		if _, err := state.Dataset(s.Dataset); err != nil {
			return asInvalid("services", err)
		}
	}
	if s := w.q.Siting; s != nil {
		if err := checkCandidates(state, s.Candidates); err != nil {
			return err
		}
	}
	if err := checkTerritories(ctx, state, w.q.Territory); err != nil {
		return asInvalid("territory", err)
	}
	return h.newReport(ctx, w.q.ID)
}

func (w *studyWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	st, sketches, err := h.Engine.Study(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	if w.q.ID == "" {
		st.ID = ownID(st.ID, st.Title, st.Territory.Code, w.q.Recipe, st.Inputs, st.Program)
	}
	if err := StoreStudy(ctx, h.Blobs, st, sketches); err != nil {
		return nil, err
	}
	out := &output{links: reportLinks(st.ID)}
	var b bytes.Buffer
	if err := report.StudyJSON(&b, st); err != nil {
		return nil, err
	}
	out.document = b.Bytes()
	out.job, err = json.Marshal(kept{Report: st.ID})
	return out, err
}
