package analysis

import (
	"context"
	"encoding/json"

	"contado/api/territory"
	"contado/geo/analysis"
	"contado/geo/degurba"
	"contado/geo/disclosure"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// Ids of the processes over where people live.
const (
	Degurba    = "degurba"
	Indicators = "sdg-indicators"
)

// peopleProcesses are those over where people live.
func peopleProcesses() []process {
	var rules []string
	for _, r := range degurba.All() {
		rules = append(rules, r.ID)
	}
	population := optional("Dataset of people: a grid or census sections; the catalog's when left out", text())
	land := optional("Dataset that tells land from water: land cover, or the share of land in each cell; none for all land", text())
	hide := hideInput()
	edition := optional("Edition of the rules", object{"type": "string", "enum": rules, "default": degurba.Latest})
	return []process{
		{
			id: Degurba, title: "Degree of urbanisation",
			description: "Cells of 1 km² and municipalities as cities, towns and rural areas at levels 1 and 2, by the manual of Eurostat and others.",
			inputs: map[string]input{
				"territory": required("Code of the territory", text()), "population": population, "land": land, "rules": edition,
				"built":  optional("Dataset of built-up land: land cover, or the share of each cell that is built up", text()),
				"locale": locale(), "hide_below": hide,
			},
			output: required("Classes of the areas, and people by class of cells", object{"type": "object"}), formats: tableFormats, parse: parseDegurba,
		},
		{
			id: Indicators, title: "Indicators of the Sustainable Development Goals",
			description: "9.1.1 rural access to roads, 11.2.1 public transport, 11.3.1 land consumption with built-up land per person beside it, 11.7.1 open space. What data are lacking for has no value, and says why.",
			inputs: map[string]input{
				"territory": required("Code of the territory", text()), "population": population, "land": land, "rules": edition,
				"only":         optional("Only these", list(object{"type": "string", "enum": analysis.IndicatorIDs()})),
				"roads":        optional("Datasets of roads; the catalog's when left out", list(text())),
				"road-classes": optional("Classes of roads that are open in all seasons", list(text())),
				"stops":        optional("Dataset of stops of buses and trams", text()),
				"stations":     optional("Dataset of stations of trains, metros and ferries", text()),
				"built-from":   optional("Built-up land at the first time: DATASET or DATASET@TIME", text()),
				"built-to":     optional("Built-up land at the second time", text()),
				"people-from":  optional("Dataset of people at the first time", text()),
				"years":        optional("Years between the two times", object{"type": "number", "format": "double", "minimum": 0, "exclusiveMinimum": true, "default": 10}),
				"open-spaces":  optional("Dataset of open spaces that all may use", text()),
				"locale":       locale(),
				"hide_below":   hide,
			},
			output: required("The indicators, for the whole and by area", object{"type": "object"}), formats: tableFormats, parse: parseIndicators,
		},
	}
}

// peopleInputs are the inputs of both; each process knows its own.
type peopleInputs struct {
	Territory  string `json:"territory"`
	Population string `json:"population"`
	Land       string `json:"land"`
	Rules      string `json:"rules"`
	Locale     string `json:"locale"`
	// HideBelow is nil for what is usual.
	HideBelow *float64 `json:"hide_below"`
}

// hideInput is the input hide_below.
func hideInput() input {
	return optional("Counts of people above 0 and below this are hidden, with as many others as it takes; 0 hides none. 3 when left out, unless their owner has published them or the server tells exact people; less than 3 is refused where it does not",
		object{"type": "number", "format": "double", "minimum": 0, "maximum": disclosure.MaxThreshold})
}

// hideBelow is the count as requests have it: below 0 for none.
func (in *peopleInputs) hideBelow(h *Handler) float64 {
	switch {
	case in.HideBelow == nil && h.Atlas.Hides():
		return 0
	case in.HideBelow == nil, *in.HideBelow == 0:
		return -1
	}
	return *in.HideBelow
}

// peopleWork is a table to be made of where people live.
type peopleWork struct {
	code     string
	datasets map[string]string // by name of the input
	locale   table.Locale
	make     func(ctx context.Context, h *Handler, p analysis.Progress) (any, *table.Table, error)
}

func (in *peopleInputs) work() (*peopleWork, error) {
	w := &peopleWork{code: in.Territory, datasets: map[string]string{}}
	var err error
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	if err := territory.CheckCode(in.Territory); err != nil {
		return nil, invalid("territory: %w", err)
	}
	if _, err := degurba.RulesByID(in.Rules); err != nil {
		return nil, invalid("rules: %w", err)
	}
	if h := in.HideBelow; h != nil && !(*h >= 0 && *h <= disclosure.MaxThreshold) {
		return nil, invalid("hide_below: %g; want 0 to %d", *h, disclosure.MaxThreshold)
	}
	return w, w.name("population", in.Population, "land", in.Land)
}

// name notes the datasets of inputs: pairs of input and id.
func (w *peopleWork) name(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if id := pairs[i+1]; id != "" && id != "none" {
			if !catalog.ValidID(id) {
				return invalid("%s: %.80q is no dataset id", pairs[i], id)
			}
			w.datasets[pairs[i]] = id
		}
	}
	return nil
}

func (w *peopleWork) check(ctx context.Context, h *Handler) error {
	state := h.Atlas.Current()
	for name, id := range w.datasets {
		if _, err := state.Dataset(id); err != nil {
			return asInvalid(name, err)
		}
	}
	return asInvalid("territory", checkTerritories(ctx, state, w.code))
}

func (w *peopleWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	doc, t, err := w.make(ctx, h, p)
	if err != nil {
		return nil, err
	}
	return tabled(doc, t, w.locale)
}

func parseDegurba(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	var in struct {
		peopleInputs
		Built string `json:"built"`
	}
	if err := strict(raw, &in); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	w, err := in.work()
	if err != nil {
		return nil, err
	}
	q := analysis.DegurbaRequest{Territory: in.Territory, Population: in.Population, Land: in.Land, Built: in.Built, Rules: in.Rules}
	w.make = func(ctx context.Context, h *Handler, p analysis.Progress) (any, *table.Table, error) {
		q.HideBelow = in.hideBelow(h)
		res, err := h.Engine.Degurba(ctx, q, p)
		if err != nil {
			return nil, nil, err
		}
		return res, res.Table(w.locale), nil
	}
	return w, w.name("built", in.Built)
}
