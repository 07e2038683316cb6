// Package recipe reads what a report is made of from a text that people
// write, share and keep under version control: territories, services, ways of
// moving, thresholds, outputs and a schedule. The same recipe makes the same
// report wherever the datasets have the same names.
package recipe

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/siting"
	"contado/geo/travel"
)

// Format names the form of recipes; it changes when a reader has to.
const Format = "contado/1"

// MaxBytes is the most that Parse reads.
const MaxBytes = 256 << 10

// Limits of a recipe.
const (
	maxTerritories = 500
	maxThresholds  = coverage.MaxThresholds
	maxTitle       = 300
	maxRuleTables  = 20
)

// Recipe is what a recipe says. Empty fields take what the program chooses.
type Recipe struct {
	Recipe string `yaml:"recipe"` // Format
	Name   string `yaml:"name"`   // a-z, 0-9 and hyphens; reports are named after it
	Title  string `yaml:"title,omitempty"`
	// Description is for those who read the recipe.
	Description string `yaml:"description,omitempty"`

	Territories []string `yaml:"territories"` // codes: one study each
	Services    []string `yaml:"services"`    // "dataset", "dataset:kind", "dataset[filter]"
	Profiles    []string `yaml:"profiles,omitempty"`
	Thresholds  []Time   `yaml:"thresholds,omitempty"`
	Season      []string `yaml:"season,omitempty"`

	Ranges   bool           `yaml:"ranges,omitempty"`
	Nearest  int            `yaml:"nearest,omitempty"`
	Hamlets  bool           `yaml:"hamlets,omitempty"`
	Access   []string       `yaml:"access,omitempty"` // methods: 2sfca, e2sfca, …
	Capacity *Capacity      `yaml:"capacity,omitempty"`
	OpenAt   string         `yaml:"open_at,omitempty"` // "wednesday 10:30"
	Register map[string]int `yaml:"registered,omitempty"`
	// Rules are tables of standards by id or path; Figures what they ask for
	// and no map tells; Poles the service of the poles of inner areas.
	Rules   []string           `yaml:"rules,omitempty"`
	Figures map[string]float64 `yaml:"figures,omitempty"`
	Poles   string             `yaml:"poles,omitempty"`
	// Siting says where further points of the services would help most.
	Siting *Siting `yaml:"siting,omitempty"`
	// Degurba adds the degree of urbanisation; Indicators those of the
	// Sustainable Development Goals.
	Degurba    bool        `yaml:"degurba,omitempty"`
	Indicators *Indicators `yaml:"indicators,omitempty"`

	People  People  `yaml:"people,omitempty"`
	Ground  Ground  `yaml:"ground,omitempty"`
	Transit Transit `yaml:"transit,omitempty"`

	Outputs  Outputs `yaml:"outputs,omitempty"`
	Schedule string  `yaml:"schedule,omitempty"` // see ParseSchedule
}

// Capacity is the assignment of people to facilities with limited room.
type Capacity struct {
	Within Time   `yaml:"within"`
	Field  string `yaml:"field,omitempty"` // attribute of the facilities
}

// Siting asks for further points: see analysis.StudySiting.
type Siting struct {
	Services   []string `yaml:"services,omitempty"` // of the recipe's; none = all
	Profile    string   `yaml:"profile,omitempty"`  // of the recipe's; none = the first
	Points     int      `yaml:"points,omitempty"`   // of each service; 0 = 1
	Within     Time     `yaml:"within,omitempty"`   // none = the largest threshold
	Most       Time     `yaml:"most,omitempty"`     // longest time that counts; none = twice within
	Objective  string   `yaml:"objective,omitempty"`
	Candidates string   `yaml:"candidates,omitempty"` // settlements, roads, people, or a dataset
	SpacingM   float64  `yaml:"spacing_m,omitempty"`
}

func (s *Siting) request() *analysis.StudySiting {
	return &analysis.StudySiting{
		Services: s.Services, Profile: s.Profile, Points: s.Points, Within: float64(s.Within), Most: float64(s.Most),
		Objective: siting.Objective(s.Objective), Candidates: s.Candidates, SpacingM: s.SpacingM,
	}
}

// Indicators are the indicators wanted, by id, and what they need; what is
// empty is the catalog's.
type Indicators struct {
	Only       []string `yaml:"only"`
	Stops      string   `yaml:"stops,omitempty"`
	Stations   string   `yaml:"stations,omitempty"`
	BuiltFrom  string   `yaml:"built_from,omitempty"`
	BuiltTo    string   `yaml:"built_to,omitempty"`
	PeopleFrom string   `yaml:"people_from,omitempty"`
	Years      float64  `yaml:"years,omitempty"`
	OpenSpaces string   `yaml:"open_spaces,omitempty"`
}

// People says who is counted.
type People struct {
	Dataset string `yaml:"dataset,omitempty"`
	// HideBelow is the count below which people are hidden; null = the
	// program's, 0 = nothing is hidden.
	HideBelow *float64 `yaml:"hide_below,omitempty"`
}

// Ground says what people move over.
type Ground struct {
	LandCover  string   `yaml:"landcover,omitempty"`
	Elevation  string   `yaml:"elevation,omitempty"`
	Places     string   `yaml:"places,omitempty"`
	Roads      []string `yaml:"roads,omitempty"`
	Barriers   []string `yaml:"barriers,omitempty"`
	Direction  string   `yaml:"direction,omitempty"`  // to-facility, from-facility
	Neighbours int      `yaml:"neighbours,omitempty"` // 8, 16, 32
	SpeedKmh   float64  `yaml:"straight_line_kmh,omitempty"`
}

// Transit says when and how people ride.
type Transit struct {
	Timetable  Names    `yaml:"timetable,omitempty"` // one, or a list ridden together
	Date       string   `yaml:"date,omitempty"`      // YYYY-MM-DD
	Departing  string   `yaml:"departing,omitempty"`
	Percentile *float64 `yaml:"percentile,omitempty"`
	MaxRides   int      `yaml:"max_rides,omitempty"`
	Wheelchair bool     `yaml:"wheelchair,omitempty"`
	OnDemand   bool     `yaml:"on_demand,omitempty"`
}

// Names are one name or more: a text where there is one, else a list.
type Names []string

// UnmarshalYAML reads a text or a list.
func (n *Names) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*n = nil
		if node.Value != "" {
			*n = Names{node.Value}
		}
		return nil
	}
	return node.Decode((*[]string)(n))
}

// MarshalYAML writes it as people do.
func (n Names) MarshalYAML() (any, error) {
	if len(n) == 1 {
		return n[0], nil
	}
	return []string(n), nil
}

// Outputs are the files that a run writes.
type Outputs struct {
	Formats   []string `yaml:"formats,omitempty"`   // json, html, pdf, csv, zip, xlsx, gpkg
	Languages []string `yaml:"languages,omitempty"` // it, en
}

// Parse reads a recipe strictly: unknown and repeated keys, aliases and more
// than one document are fault.Invalid; so is what cannot work, and all of it
// is said at once.
func Parse(r io.Reader) (*Recipe, error) {
	const op = "recipe.Parse"
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read recipe: %w", err)
	}
	if len(b) > MaxBytes {
		return nil, fault.Errorf(op, fault.TooLarge, "recipe of more than %d KiB", MaxBytes>>10)
	}
	if err := plain(b); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("recipe: %w", err))
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	var out Recipe
	if err := d.Decode(&out); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("recipe: %w", err))
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fault.Errorf(op, fault.Invalid, "recipe: more than one document in it")
	}
	if err := out.Check(); err != nil {
		return nil, err
	}
	return &out, nil
}

// plain refuses aliases, by which a short text can become a long one.
func plain(b []byte) error {
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return err
	}
	var walk func(n *yaml.Node, depth int) error
	walk = func(n *yaml.Node, depth int) error {
		if n.Kind == yaml.AliasNode || n.Anchor != "" {
			return fmt.Errorf("line %d: anchors and aliases are not taken", n.Line)
		}
		if depth > 20 {
			return fmt.Errorf("line %d: nested too deeply", n.Line)
		}
		for _, c := range n.Content {
			if err := walk(c, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(&root, 0)
}

// Text writes the recipe as YAML.
func (r *Recipe) Text() (string, error) {
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(r); err != nil {
		return "", fmt.Errorf("write recipe: %w", err)
	}
	if err := e.Close(); err != nil {
		return "", fmt.Errorf("write recipe: %w", err)
	}
	return b.String(), nil
}

var nameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$`)

// Formats are those of Outputs.
var formats = []string{"json", "html", "pdf", "csv", "zip", "xlsx", "gpkg"}

// Check reports all that is wrong with a recipe, as fault.Invalid.
func (r *Recipe) Check() error {
	var bad []error
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			bad = append(bad, fmt.Errorf(format, args...))
		}
	}
	say(r.Recipe != Format, "recipe: %.40q is not a form that this program knows: write %q", r.Recipe, Format)
	say(!nameForm.MatchString(r.Name), "name: %.60q: want a-z, 0-9 and hyphens, at most 42", r.Name)
	say(len(r.Title) > maxTitle, "title: longer than %d bytes", maxTitle)
	say(len(r.Territories) == 0 || len(r.Territories) > maxTerritories, "territories: %d codes, want 1 to %d", len(r.Territories), maxTerritories)
	say(len(r.Services) == 0 || len(r.Services) > analysis.MaxStudyServices, "services: %d, want 1 to %d", len(r.Services), analysis.MaxStudyServices)
	say(len(r.Profiles) > analysis.MaxStudyProfiles, "profiles: %d, want at most %d", len(r.Profiles), analysis.MaxStudyProfiles)
	say(len(r.Thresholds) > maxThresholds, "thresholds: %d, want at most %d", len(r.Thresholds), maxThresholds)
	for key, list := range map[string][]string{"territories": r.Territories, "services": r.Services, "profiles": r.Profiles} {
		say(slices.Contains(list, ""), "%s: one is empty", key)
		sorted := slices.Sorted(slices.Values(list))
		say(len(slices.Compact(sorted)) != len(list), "%s: one is there twice", key)
	}
	say(!slices.IsSorted(r.Thresholds), "thresholds: must rise")
	for _, s := range r.Services {
		if _, err := analysis.ParseService(s); err != nil {
			bad = append(bad, fmt.Errorf("services: %w", err))
		}
	}
	if r.Poles != "" {
		if _, err := analysis.ParseService(r.Poles); err != nil {
			bad = append(bad, fmt.Errorf("poles: %w", err))
		}
	}
	say(len(r.Rules) > maxRuleTables, "rules: %d tables, want at most %d", len(r.Rules), maxRuleTables)
	for _, f := range r.Outputs.Formats {
		say(!slices.Contains(formats, f), "outputs.formats: %.20q: there are %s", f, strings.Join(formats, ", "))
	}
	for _, l := range r.Outputs.Languages {
		say(l != "it" && l != "en", "outputs.languages: %.20q: there are it and en", l)
	}
	if r.Schedule != "" {
		if _, err := ParseSchedule(r.Schedule); err != nil {
			bad = append(bad, fmt.Errorf("schedule: %w", err))
		}
	}
	if _, err := r.Request("x"); err != nil {
		bad = append(bad, err)
	}
	if len(bad) == 0 {
		return nil
	}
	slices.SortStableFunc(bad, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return fault.E("recipe.Check", fault.Invalid, errors.Join(bad...))
}

// Request is the question that the recipe asks about one of its territories.
func (r *Recipe) Request(territory string) (analysis.StudyRequest, error) {
	q := analysis.StudyRequest{
		CoverageRequest: analysis.CoverageRequest{
			Territory: territory, Title: r.Title, Neighbours: r.Ground.Neighbours, SpeedKmh: r.Ground.SpeedKmh, Season: r.Season,
			LandCover: r.Ground.LandCover, Elevation: r.Ground.Elevation, Population: r.People.Dataset, Places: r.Ground.Places,
			Roads: r.Ground.Roads, Barriers: r.Ground.Barriers,
		},
		Services: r.Services, Profiles: r.Profiles, Ranges: r.Ranges, Nearest: r.Nearest, Hamlets: r.Hamlets, Registered: r.Register,
		Rules: r.Rules, Figures: r.Figures, Poles: r.Poles, Degurba: r.Degurba,
	}
	if i := r.Indicators; i != nil {
		q.Indicators = i.Only
		q.IndicatorData = analysis.IndicatorsRequest{
			Stops: i.Stops, Stations: i.Stations, BuiltFrom: i.BuiltFrom, BuiltTo: i.BuiltTo, PeopleFrom: i.PeopleFrom, Years: i.Years, OpenSpaces: i.OpenSpaces,
		}
	}
	for _, t := range r.Thresholds {
		q.Thresholds = append(q.Thresholds, float64(t))
	}
	switch r.Ground.Direction {
	case "", "to-facility":
	case "from-facility":
		q.Direction = travel.FromFacility
	default:
		return q, fmt.Errorf("ground.direction: %.40q: there are to-facility and from-facility", r.Ground.Direction)
	}
	if h := r.People.HideBelow; h != nil {
		if q.HideBelow = *h; *h == 0 {
			q.HideBelow = -1
		}
		if !(*h >= 0 && *h <= 1e6) {
			return q, fmt.Errorf("people.hide_below: %g: want 0 or more", *h)
		}
	}
	for _, m := range r.Access {
		if !slices.Contains(coverage.AccessMethods, coverage.AccessMethod(m)) {
			return q, fmt.Errorf("access: %.40q: there are %v", m, coverage.AccessMethods)
		}
		q.Access = append(q.Access, coverage.AccessParams{Method: coverage.AccessMethod(m)})
	}
	if r.Capacity != nil {
		if r.Capacity.Within <= 0 {
			return q, errors.New("capacity.within: want a time")
		}
		q.Capacity, q.CapacityField = float64(r.Capacity.Within), r.Capacity.Field
	}
	if r.Siting != nil {
		q.Siting = r.Siting.request()
		if err := q.Siting.Check(&q); err != nil {
			return q, err
		}
	}
	return q, errors.Join(r.fillWhen(&q))
}

// fillWhen reads what has to do with time of day.
func (r *Recipe) fillWhen(q *analysis.StudyRequest) error {
	var err error
	if r.OpenAt != "" {
		if q.OpenAt, err = ParseOpenAt(r.OpenAt); err != nil {
			return fmt.Errorf("open_at: %w", err)
		}
	}
	t := &r.Transit
	q.Transit = analysis.TransitWindow{
		Timetables: t.Timetable, Date: t.Date, Percentile: t.Percentile, MaxRides: t.MaxRides, Wheelchair: t.Wheelchair, OnDemand: t.OnDemand,
	}
	if t.Departing != "" {
		if q.Transit.From, q.Transit.Until, err = analysis.ParseDeparting(t.Departing); err != nil {
			return fmt.Errorf("transit.departing: %w", err)
		}
	}
	return nil
}

// ReportName is the id of the report on a territory: the recipe's name alone
// when there is one territory.
func (r *Recipe) ReportName(territory string) string {
	if len(r.Territories) == 1 {
		return r.Name
	}
	clean := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, territory)
	return strings.TrimRight((r.Name + "-" + strings.Trim(clean, "-"))[:min(63, len(r.Name)+1+len(strings.Trim(clean, "-")))], "-")
}
