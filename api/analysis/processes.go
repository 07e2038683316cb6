package analysis

import (
	"encoding/json"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/zonal"
)

// Ids of the processes; the kinds of their jobs are the same.
const (
	ZonalStatistics = "zonal-statistics"
	CoverageReport  = "coverage-report"
)

// process is one computation on offer.
type process struct {
	id, title, description string
	inputs                 map[string]input
	output                 input
	formats                []rest.Format
	parse                  func(inputs json.RawMessage) (work, error)
}

// input describes an input or output.
type input struct {
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Schema      map[string]any `json:"schema"`
	MinOccurs   *int           `json:"minOccurs,omitempty"`
}

// stats are the statistics in the order shown to people.
var stats = []zonal.Stat{
	zonal.Count, zonal.Sum, zonal.Mean, zonal.Min, zonal.Max, zonal.Std, zonal.Median, zonal.Majority, zonal.Minority, zonal.Variety,
	zonal.WeightedSum, zonal.WeightedMean, zonal.Cells, zonal.Nodata, zonal.WeightNodata, zonal.AreaHa, zonal.Inside,
}

type object = map[string]any

func list(of object) object { return object{"type": "array", "items": of} }

func text() object   { return object{"type": "string"} }
func number() object { return object{"type": "number", "format": "double"} }

func optional(title string, schema object) input {
	none := 0
	return input{Title: title, Schema: schema, MinOccurs: &none}
}

func required(title string, schema object) input { return input{Title: title, Schema: schema} }

func coverageProcess() process {
	return process{
		id: CoverageReport, title: "Who is within reach of a service, who is not, and where",
		description: "Travel times from where people live to the nearest facility, counted by municipality and age band; covered, not covered and unreachable are always everyone. The report is kept under /reports.",
		inputs: transitFields(map[string]input{
			"territory":  required("Code of the territory", text()),
			"service":    required("Facilities: dataset, dataset:kind, or dataset[CQL2 filter]", text()),
			"profile":    optional("How people move; walking where there is land cover, else straight-line", object{"type": "string", "enum": analysis.Profiles()}),
			"thresholds": optional("Times within which a facility counts as near, inclusive: seconds, or text such as 15m", object{"type": "array", "maxItems": maxThresholds, "items": object{"oneOf": []object{number(), text()}}, "default": []string{"15m", "30m", "60m"}}),
			"direction":  optional("Which way people go", object{"type": "string", "enum": []string{"to-facility", "from-facility"}, "default": "to-facility"}),
			"neighbours": optional("Directions of a step over the ground", object{"type": "integer", "format": "int32", "enum": []int{8, 16, 32}, "default": 16}),
			"speed_kmh":  optional("Speed of straight-line coverage", object{"type": "number", "format": "double", "maximum": 200, "default": 5}),
			"landcover":  optional("Dataset of land cover; the catalog's when left out", text()),
			"elevation":  optional("Dataset of elevation, or none", text()),
			"population": optional("Dataset of people", text()),
			"places":     optional("Dataset of named places, or none", text()),
			"roads":      optional("Datasets of roads, or none", list(text())),
			"barriers":   optional("Datasets of barriers, or none", list(text())),
			"season":     optional("Snow and floods: snowline:METRES, snow:DATASET@TIME, flood:DATASET@TIME", list(text())),
			"hide_below": optional("Counts of people above 0 and below this are hidden; 0 hides none, 3 when left out", object{"type": "number", "format": "double", "minimum": 0, "maximum": 1000}),
			"title":      optional("Title of the report", text()),
			"report_id":  optional("Id to keep the report under; must be new", text()),
		}),
		output: required("The coverage report", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseCoverage,
	}
}

func processes() []process {
	return append([]process{
		coverageProcess(),
		drawnProcess(),
		{
			id: ZonalStatistics, title: "Statistics of a raster within areas",
			description: "Exact: every cell counts by the share of it that lies within the area.",
			inputs: map[string]input{
				"dataset":   required("Raster dataset", text()),
				"areas":     required("Which areas: a dataset, territories, those below a territory, or GeoJSON polygons in longitude, latitude", areasSchema()),
				"mask":      optional("Cells to leave out, such as clouds", text()),
				"band":      optional("Band by name or number, index (ndvi) or expression of bands; slope of a dataset of elevation, in degrees; the first band when left out", object{"oneOf": []object{text(), {"type": "integer", "format": "int32"}}}),
				"item":      optional("Item; the newest over the areas when left out", text()),
				"datetime":  optional("Time of the item", text()),
				"stats":     optional("Statistics", list(object{"type": "string", "enum": stats})),
				"quantiles": optional("Quantiles, 0 to 1", list(number())),
				"classes":   optional("Also hectares by class", object{"type": "boolean", "default": false}),
				"weights":   optional("Raster of weights", object{"type": "object"}),
			},
			output: required("The statistics by area", object{"type": "object"}), formats: areaFormats, parse: parseZonal,
		},
		studyProcess(), againProcess(), verifyProcess(), recipeProcess(), sitingProcess(),
	}, append(append(append(append(joinProcesses(), mapProcesses()...), travelProcesses()...), append(peopleProcesses(), exploreProcesses()...)...), areaProcesses()...)...)
}

type summary struct {
	ID                 string      `json:"id"`
	Title              string      `json:"title"`
	Description        string      `json:"description"`
	Version            string      `json:"version"`
	JobControlOptions  []string    `json:"jobControlOptions"`
	OutputTransmission []string    `json:"outputTransmission"`
	Links              []rest.Link `json:"links"`
}

func (p *process) summary(c echo.Context, jobs bool) summary {
	s := summary{
		ID: p.id, Title: p.title, Description: p.description, Version: "1.0.0",
		JobControlOptions: []string{"sync-execute"}, OutputTransmission: []string{"value"},
		Links: []rest.Link{
			{Href: rest.URL(c, "processes", p.id), Rel: "self", Type: rest.MediaJSON, Title: p.title},
			{Href: rest.URL(c, "processes", p.id, "execution"), Rel: "http://www.opengis.net/def/rel/ogc/1.0/execute", Type: rest.MediaJSON, Title: "Execute"},
		},
	}
	if jobs {
		s.JobControlOptions = append(s.JobControlOptions, "async-execute", "dismiss")
	}
	return s
}

func (h *Handler) list(c echo.Context) error {
	if err := rest.Only(c, "f", "limit"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	limit, err := rest.Limit(c.QueryParam("limit"))
	if err != nil {
		return err
	}
	all := processes()
	links := []rest.Link{{Href: rest.URL(c, "processes"), Rel: "self", Type: rest.MediaJSON, Title: "Processes"}}
	list := []summary{}
	for _, p := range all[:min(limit, len(all))] {
		list = append(list, p.summary(c, h.Jobs != nil))
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Processes []summary   `json:"processes"`
		Links     []rest.Link `json:"links"`
	}{list, links})
}

func processNames() []string {
	var out []string
	for _, p := range processes() {
		out = append(out, p.id)
	}
	return out
}

// process is the one that the address names.
func (h *Handler) process(c echo.Context) (process, error) {
	id, err := rest.Path(c, "id")
	if err != nil {
		return process{}, err
	}
	for _, p := range processes() {
		if p.id == id {
			return p, nil
		}
	}
	return process{}, &rest.Typed{
		Type: "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process",
		Err: fault.WithHint(fault.Errorf("processes", fault.NotExist, "there is no process %.80q", id),
			"there are "+strings.Join(processNames(), ", ")),
	}
}

func (h *Handler) one(c echo.Context) error {
	p, err := h.process(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		summary
		Inputs  map[string]input `json:"inputs"`
		Outputs map[string]input `json:"outputs"`
	}{p.summary(c, h.Jobs != nil), p.inputs, map[string]input{outputName: p.output}})
}
