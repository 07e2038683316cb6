package analysis

import (
	"context"
	"encoding/json"

	"contado/geo/analysis"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// Ids of the processes that relate one layer to another.
const (
	Summary    = "summary"
	Nearest    = "nearest"
	Containing = "containing"
)

// maxFilter bounds the text of a filter.
const maxFilter = 8000

func joinProcesses() []process {
	filter := func(of string) input {
		return optional("Only rows of "+of+" for which this is true, as CQL2 text", object{"type": "string", "maxLength": maxFilter})
	}
	areas := func(title string) input { return required(title+", as of zonal-statistics", object{"type": "object"}) }
	return []process{
		{
			id: Summary, title: "What of a layer lies in areas",
			description: "Counts, lengths, surfaces and sums of the rows of a vector dataset in each area, on the ellipsoid; also by the values of an attribute.",
			inputs: map[string]input{
				"dataset": required("Vector dataset that is counted and measured", text()),
				"areas":   areas("Which areas"),
				"filter":  filter("dataset"),
				"by":      optional("Attribute: also figures for each of its values", text()),
				"sum":     optional("Attributes to add up; rows that lie partly inside count by their share inside", object{"type": "array", "maxItems": 64, "items": text()}),
				"locale":  locale(),
			},
			output: required("Figures by area", object{"type": "object"}), formats: areaFormats, parse: parseSummary,
		},
		{
			id: Nearest, title: "What is nearest, and how far",
			description: "Geodesic distances from each row of a vector dataset, or from areas, to the nearest rows of another.",
			inputs: map[string]input{
				"from":        optional("Vector dataset whose rows look for neighbours; or give areas", text()),
				"from-filter": filter("from"),
				"areas":       optional("Areas that look for neighbours, as of zonal-statistics", object{"type": "object"}),
				"to":          required("Vector dataset in which neighbours are looked for", text()),
				"to-filter":   filter("to"),
				"k":           optional("How many neighbours; 1, or all within the distance, when left out", object{"type": "integer", "format": "int32", "minimum": 1, "maximum": 1000}),
				"within":      optional("The farthest, in metres", object{"type": "number", "format": "double", "minimum": 0, "exclusiveMinimum": true}),
				"locale":      locale(),
			},
			output: required("Neighbours by row", object{"type": "object"}), formats: tableFormats, parse: parseNearest,
		},
		{
			id: Containing, title: "In which area each row lies",
			description: "The areas that hold each row of a vector dataset, the one with most of it first.",
			inputs: map[string]input{
				"dataset": required("Vector dataset whose rows are looked up", text()),
				"filter":  filter("dataset"),
				"areas":   areas("Which areas"),
				"locale":  locale(),
			},
			output: required("Areas by row", object{"type": "object"}), formats: tableFormats, parse: parseContaining,
		},
	}
}

// joinInputs are the inputs of all three; each process knows its own.
type joinInputs struct {
	Dataset    string      `json:"dataset"`
	Areas      *areasInput `json:"areas"`
	Filter     string      `json:"filter"`
	By         string      `json:"by"`
	Sum        []string    `json:"sum"`
	From       string      `json:"from"`
	FromFilter string      `json:"from-filter"`
	To         string      `json:"to"`
	ToFilter   string      `json:"to-filter"`
	K          int         `json:"k"`
	Within     float64     `json:"within"`
	Locale     string      `json:"locale"`
}

// joinWork is a table to be made of two layers.
type joinWork struct {
	datasets map[string]string // by name of the input
	areas    place
	hasAreas bool
	byArea   bool // the first column of the table is the code of an area
	locale   table.Locale
	make     func(ctx context.Context, h *Handler, areas analysis.ZonalAreas, p analysis.Progress) (any, *table.Table, error)
}

func (w *joinWork) check(ctx context.Context, h *Handler) error {
	for name, id := range w.datasets {
		if _, err := h.Atlas.Current().Dataset(id); err != nil {
			return asInvalid(name, err)
		}
	}
	if !w.hasAreas {
		return nil
	}
	return w.areas.check(ctx, h)
}

func (w *joinWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	var areas analysis.ZonalAreas
	var err error
	if w.hasAreas {
		if areas, err = w.areas.resolve(ctx, h); err != nil {
			return nil, err
		}
	}
	doc, t, err := w.make(ctx, h, areas, p)
	if err != nil {
		return nil, err
	}
	if w.byArea {
		return h.tabledAreas(doc, t, w.locale, areas)
	}
	return tabled(doc, t, w.locale)
}

// readJoin reads inputs, refusing those that the process does not have.
func readJoin(raw json.RawMessage, known ...string) (*joinInputs, *joinWork, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, nil, err
	}
	in := &joinInputs{}
	if err := strict(raw, in); err != nil {
		return nil, nil, invalid("inputs: %w", err)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, nil, invalid("inputs: %w", err)
	}
	allowed := map[string]bool{"locale": true}
	for _, n := range known {
		allowed[n] = true
	}
	for n := range given {
		if !allowed[n] {
			return nil, nil, invalid("inputs: there is no input %.40q; there are %v", n, append(known, "locale"))
		}
	}
	for n, text := range map[string]string{"filter": in.Filter, "from-filter": in.FromFilter, "to-filter": in.ToFilter} {
		if len(text) > maxFilter {
			return nil, nil, invalid("%s: longer than %d bytes", n, maxFilter)
		}
	}
	w := &joinWork{datasets: map[string]string{}}
	for n, id := range map[string]string{"dataset": in.Dataset, "from": in.From, "to": in.To} {
		if !allowed[n] || n == "from" && id == "" {
			continue
		}
		if !catalog.ValidID(id) {
			return nil, nil, invalid("%s: %.80q is no dataset id", n, id)
		}
		w.datasets[n] = id
	}
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, nil, invalid("locale: %w", err)
	}
	if in.Areas != nil {
		w.hasAreas = true
		if w.areas, err = in.Areas.place(); err != nil {
			return nil, nil, err
		}
	}
	return in, w, nil
}

func parseSummary(raw json.RawMessage) (work, error) {
	in, w, err := readJoin(raw, "dataset", "areas", "filter", "by", "sum")
	if err != nil {
		return nil, err
	}
	if !w.hasAreas {
		return nil, invalid("areas: say which")
	}
	if len(in.Sum) > 64 {
		return nil, invalid("sum: more than 64 attributes")
	}
	w.byArea = true
	w.make = func(ctx context.Context, h *Handler, areas analysis.ZonalAreas, p analysis.Progress) (any, *table.Table, error) {
		res, err := h.Engine.Summary(ctx, analysis.SummaryRequest{Dataset: in.Dataset, Areas: areas, Filter: in.Filter, By: in.By, Sum: in.Sum}, p)
		if err != nil {
			return nil, nil, err
		}
		return res, res.Table(w.locale), nil
	}
	return w, nil
}

func parseNearest(raw json.RawMessage) (work, error) {
	in, w, err := readJoin(raw, "from", "from-filter", "areas", "to", "to-filter", "k", "within")
	if err != nil {
		return nil, err
	}
	switch {
	case (in.From == "") != w.hasAreas:
		return nil, invalid("say whose neighbours: from, or areas")
	case in.K < 0 || in.K > 1000:
		return nil, invalid("k: %d; want 1 to 1000", in.K)
	case in.Within < 0:
		return nil, invalid("within: %g; want more than 0", in.Within)
	}
	w.make = func(ctx context.Context, h *Handler, areas analysis.ZonalAreas, p analysis.Progress) (any, *table.Table, error) {
		res, err := h.Engine.Nearest(ctx, analysis.NearestRequest{
			From: areas, FromDataset: in.From, FromFilter: in.FromFilter, To: in.To, ToFilter: in.ToFilter, K: in.K, Within: in.Within,
		}, p)
		if err != nil {
			return nil, nil, err
		}
		return res, res.Table(w.locale), nil
	}
	return w, nil
}

func parseContaining(raw json.RawMessage) (work, error) {
	in, w, err := readJoin(raw, "dataset", "filter", "areas")
	if err != nil {
		return nil, err
	}
	if !w.hasAreas {
		return nil, invalid("areas: say which")
	}
	w.make = func(ctx context.Context, h *Handler, areas analysis.ZonalAreas, p analysis.Progress) (any, *table.Table, error) {
		res, err := h.Engine.Containing(ctx, analysis.ContainingRequest{Dataset: in.Dataset, Filter: in.Filter, Areas: areas}, p)
		if err != nil {
			return nil, nil, err
		}
		return res, res.Table(w.locale), nil
	}
	return w, nil
}
