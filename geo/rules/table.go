package rules

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"contado/geo/fault"
)

// Schema names the form of a table; it changes when a reader has to.
const Schema = "contado/rules/1"

//go:embed tables/*.yaml
var embedded embed.FS

// Table is a set of rules of one edition.
type Table struct {
	Schema  string            `yaml:"schema" json:"schema"`
	ID      string            `yaml:"id" json:"id"`           // [a-z0-9-]
	Version string            `yaml:"version" json:"version"` // such as "2026-11"
	Title   map[string]string `yaml:"title" json:"title"`     // "it" and "en"
	// Names are what people call the figures and kinds of service of the rules,
	// each in "it" and "en"; what has none is called as it is written.
	Names map[string]map[string]string `yaml:"names,omitempty" json:"names,omitempty"`
	Rules []Rule                       `yaml:"rules" json:"rules"`
}

// words are the names for people of figures or kinds of service.
func (t *Table) words(names ...string) text {
	var it, en []string
	for _, name := range names {
		if m := t.Names[name]; m != nil {
			it, en = append(it, m["it"]), append(en, m["en"])
		} else {
			it, en = append(it, name), append(en, name)
		}
	}
	return text{strings.Join(it, " / "), strings.Join(en, " / ")}
}

// Name is how results name the table: id and version.
func (t *Table) Name() string { return t.ID + " " + t.Version }

// Measure is what a rule measures.
type Measure string

// The measures; value is what RuleResult.Value holds.
const (
	// WithinDistance: at least Share of people live within Threshold metres
	// of a facility, in a straight line on the ellipsoid. Value: the share.
	WithinDistance Measure = "within-distance"
	// WithinTime: at least Share of people are within Threshold minutes by
	// Mode, inclusive. Value: the share.
	WithinTime Measure = "within-time"
	// TimePercentile: the least time within which Percentile % of people are
	// is at most Threshold minutes. Value: that time, in minutes.
	TimePercentile Measure = "time-percentile"
	// PeoplePerFacility: a facility for each Threshold people (rounded by
	// Rounding), and for each begun KM2 of land when given. Value: facilities
	// there are; Required: those due.
	PeoplePerFacility Measure = "people-per-facility"
	// Apart: no two facilities nearer to each other than Threshold metres in
	// a straight line. Value: the least distance. Straight lines are never
	// longer than ways: pairs that are too near may still comply on foot, so
	// then the rule is not judged.
	Apart Measure = "apart"
	// AreasServed: at least Share of the areas have a facility. Value: the share.
	AreasServed Measure = "areas-served"
	// Figure: the named figure is at least Share of people. Value: the ratio.
	Figure Measure = "figure"
)

// Measures lists them.
var Measures = []Measure{WithinDistance, WithinTime, TimePercentile, PeoplePerFacility, Apart, AreasServed, Figure}

// The ways of rounding how many facilities are due.
const (
	RoundUp = "up"          // each begun lot counts
	RoundEx = "excess-half" // a rest counts when it is more than half a lot
)

// Rule is one standard.
type Rule struct {
	ID    string            `yaml:"id" json:"id"` // [a-z0-9-], once in a table
	Title map[string]string `yaml:"title" json:"title"`
	// Services are kinds of service, any of which will do; none for figures.
	Services []string `yaml:"services,omitempty" json:"services,omitempty"`
	Measure  Measure  `yaml:"measure" json:"measure"`
	// Threshold has the Unit of the measure: m, min or people.
	Threshold  float64 `yaml:"threshold,omitempty" json:"threshold,omitempty"`
	Unit       string  `yaml:"unit,omitempty" json:"unit,omitempty"`
	Share      float64 `yaml:"share,omitempty" json:"share,omitempty"`           // 0…1
	Percentile float64 `yaml:"percentile,omitempty" json:"percentile,omitempty"` // 0…100
	Mode       Mode    `yaml:"mode,omitempty" json:"mode,omitempty"`
	Rounding   string  `yaml:"rounding,omitempty" json:"rounding,omitempty"`
	KM2        float64 `yaml:"km2,omitempty" json:"km2,omitempty"`
	Figure     string  `yaml:"figure,omitempty" json:"figure,omitempty"`
	// Per says what is judged: the whole "territory" (areas are shown beside
	// it), or each "area", of which all have to comply.
	Per       string    `yaml:"per" json:"per"`
	AppliesTo AppliesTo `yaml:"applies_to,omitempty" json:"applies_to,omitzero"`
	// Source, Status and Date say where it stands written.
	Source string `yaml:"source" json:"source"`
	URL    string `yaml:"url,omitempty" json:"url,omitempty"`
	Status Status `yaml:"status" json:"status"`
	Date   string `yaml:"date" json:"date"` // 2008-10-07, 2008-10 or 2008
	// Note says what a reader has to know, by language.
	Note map[string]string `yaml:"note,omitempty" json:"note,omitempty"`
}

// AppliesTo narrows a rule.
type AppliesTo struct {
	// PeopleMin and PeopleMax bound the people of an area, both inclusive; 0
	// is no bound.
	PeopleMin float64 `yaml:"people_min,omitempty" json:"people_min,omitempty"`
	PeopleMax float64 `yaml:"people_max,omitempty" json:"people_max,omitempty"`
	// Ages, such as "65+" or "6-10", counts only these; where the age bands
	// of the population do not tell them, everyone is counted, and Why says so.
	Ages string `yaml:"ages,omitempty" json:"ages,omitempty"`
}

// Status is how binding a rule is.
type Status string

// The statuses.
const (
	Law        Status = "law"
	Official   Status = "official-indicator"
	Guideline  Status = "guideline"
	Customary  Status = "customary" // widely cited, in no law in force
	Superseded Status = "superseded"
)

const (
	opParse = "rules.Parse"
	// MaxTableBytes and MaxRules bound a table.
	MaxTableBytes = 1 << 20
	MaxRules      = 500
)

// plainYAML takes the names of our types out of what the decoder says.
var plainYAML = strings.NewReplacer("yaml: unmarshal errors:\n  ", "", "\n  ", "; ", "not found in type rules.Table", "is not one of a table",
	"not found in type rules.Rule", "is not one of a rule", "not found in type rules.AppliesTo", "is not one of applies_to")

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	datePattern = regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?$`)
	agePattern  = regexp.MustCompile(`^\d{1,3}(\+|-\d{1,3})$`)
)

// Parse reads one table. Unknown fields, a second document, values out of
// range and ids that come twice are errors, each with its rule.
// Errors: fault.Invalid, fault.TooLarge.
func Parse(r io.Reader, name string) (*Table, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxTableBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read rule table %s: %w", name, err)
	}
	if len(text) > MaxTableBytes {
		return nil, fault.Errorf(opParse, fault.TooLarge, "rule table %s is over %d bytes", name, MaxTableBytes)
	}
	t := &Table{}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	if err := d.Decode(t); err != nil {
		return nil, fault.Errorf(opParse, fault.Invalid, "rule table %s: %s", name, plainYAML.Replace(err.Error()))
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fault.Errorf(opParse, fault.Invalid, "rule table %s: there is more than one document", name)
	}
	if err := t.check(); err != nil {
		return nil, fault.Errorf(opParse, fault.Invalid, "rule table %s: %w", name, err)
	}
	return t, nil
}

func (t *Table) check() error {
	switch {
	case t.Schema != Schema:
		return fmt.Errorf("schema %q: want %q", t.Schema, Schema)
	case !idPattern.MatchString(t.ID):
		return fmt.Errorf("id %.60q: want small letters, digits and hyphens", t.ID)
	case t.Version == "":
		return errors.New("version is missing")
	case !titled(t.Title):
		return errors.New("title: want it and en")
	case len(t.Rules) == 0 || len(t.Rules) > MaxRules:
		return fmt.Errorf("%d rules: want 1 to %d", len(t.Rules), MaxRules)
	}
	for name, m := range t.Names {
		if !titled(m) {
			return fmt.Errorf("name of %.60q: want it and en", name)
		}
	}
	seen := map[string]bool{}
	for i := range t.Rules {
		r := &t.Rules[i]
		if seen[r.ID] {
			return fmt.Errorf("rule %q is there twice", r.ID)
		}
		seen[r.ID] = true
		if err := r.check(); err != nil {
			return fmt.Errorf("rule %d (%.60q): %w", i+1, r.ID, err)
		}
	}
	return nil
}

func titled(m map[string]string) bool { return m["it"] != "" && m["en"] != "" }

// needs says which fields a measure takes, beside those of every rule.
var needs = map[Measure]struct {
	unit   string
	fields []string
}{
	WithinDistance:    {"m", []string{"services", "threshold", "share"}},
	WithinTime:        {"min", []string{"services", "threshold", "share", "mode"}},
	TimePercentile:    {"min", []string{"services", "threshold", "percentile", "mode"}},
	PeoplePerFacility: {"people", []string{"services", "threshold", "rounding"}},
	Apart:             {"m", []string{"services", "threshold"}},
	AreasServed:       {"", []string{"services", "share"}},
	Figure:            {"", []string{"figure", "share"}},
}

func (r *Rule) check() error {
	need, ok := needs[r.Measure]
	switch {
	case !idPattern.MatchString(r.ID):
		return errors.New("id: want small letters, digits and hyphens")
	case !titled(r.Title):
		return errors.New("title: want it and en")
	case !ok:
		return fmt.Errorf("measure %.40q: want one of %v", r.Measure, Measures)
	case r.Unit != need.unit:
		return fmt.Errorf("unit %.20q: %s is in %q", r.Unit, r.Measure, need.unit)
	case r.Per != "area" && r.Per != "territory":
		return fmt.Errorf("per %.20q: want area or territory", r.Per)
	case r.Per == "area" && (r.Measure == AreasServed || r.Measure == Figure):
		return fmt.Errorf("%s is of a territory, not of an area", r.Measure)
	case r.Source == "":
		return errors.New("source is missing")
	case !slices.Contains([]Status{Law, Official, Guideline, Customary, Superseded}, r.Status):
		return fmt.Errorf("status %.40q: want law, official-indicator, guideline, customary or superseded", r.Status)
	case !goodDate(r.Date):
		return fmt.Errorf("date %.40q: want a year, year-month or year-month-day", r.Date)
	}
	if err := r.checkFields(need.fields); err != nil {
		return err
	}
	return r.checkValues()
}

func goodDate(s string) bool {
	if !datePattern.MatchString(s) {
		return false
	}
	_, err := time.Parse("2006-01-02"[:len(s)], s)
	return err == nil
}

// checkFields tests that a rule has what its measure takes and nothing else.
func (r *Rule) checkFields(need []string) error {
	have := map[string]bool{
		"services": len(r.Services) > 0, "threshold": r.Threshold != 0, "share": r.Share != 0, "percentile": r.Percentile != 0,
		"mode": r.Mode != "", "rounding": r.Rounding != "", "figure": r.Figure != "",
	}
	for _, field := range slices.Sorted(maps.Keys(have)) {
		if wanted := slices.Contains(need, field); wanted && !have[field] {
			return fmt.Errorf("%s is missing: %s takes %s", field, r.Measure, strings.Join(need, ", "))
		} else if !wanted && have[field] {
			return fmt.Errorf("%s has no meaning for %s", field, r.Measure)
		}
	}
	if r.KM2 != 0 && r.Measure != PeoplePerFacility {
		return fmt.Errorf("km2 has no meaning for %s", r.Measure)
	}
	return nil
}

func (r *Rule) checkValues() error {
	finite := func(v, low, high float64) bool { return v >= low && v <= high }
	switch {
	case !finite(r.Threshold, 0, 1e7) || !finite(r.Share, 0, 1) || !finite(r.Percentile, 0, 100) || !finite(r.KM2, 0, 1e6):
		return fmt.Errorf("threshold %v, share %v, percentile %v, km2 %v: one is out of range", r.Threshold, r.Share, r.Percentile, r.KM2)
	case r.Mode != "" && !slices.Contains([]Mode{Foot, Bicycle, Car, Transit}, r.Mode):
		return fmt.Errorf("mode %.20q: want foot, bicycle, car or transit", r.Mode)
	case r.Rounding != "" && r.Rounding != RoundUp && r.Rounding != RoundEx:
		return fmt.Errorf("rounding %.20q: want %s or %s", r.Rounding, RoundUp, RoundEx)
	case !finite(r.AppliesTo.PeopleMin, 0, 1e9) || !finite(r.AppliesTo.PeopleMax, 0, 1e9) ||
		(r.AppliesTo.PeopleMax > 0 && r.AppliesTo.PeopleMin > r.AppliesTo.PeopleMax):
		return fmt.Errorf("applies to %v to %v people", r.AppliesTo.PeopleMin, r.AppliesTo.PeopleMax)
	case r.AppliesTo.Ages != "" && !agePattern.MatchString(r.AppliesTo.Ages):
		return fmt.Errorf("ages %.20q: want 65+ or 6-10", r.AppliesTo.Ages)
	}
	for _, s := range r.Services {
		if s == "" || len(s) > 60 {
			return fmt.Errorf("service kind %.60q", s)
		}
	}
	if low, high, ok := ageRange(r.AppliesTo.Ages); ok && low > high {
		return fmt.Errorf("ages %q", r.AppliesTo.Ages)
	}
	return nil
}

// ageRange reads "65+" (to 150) or "6-10".
func ageRange(s string) (low, high float64, ok bool) {
	if n, err := fmt.Sscanf(s, "%g-%g", &low, &high); n == 2 && err == nil {
		return low, high, true
	}
	before, isOpen := strings.CutSuffix(s, "+")
	if _, err := fmt.Sscanf(before, "%g", &low); isOpen && err == nil {
		return low, math.Inf(1), true
	}
	return 0, 0, false
}

// Builtin are the tables that are part of the program, by id.
func Builtin() ([]*Table, error) {
	names, err := fs.Glob(embedded, "tables/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*Table
	for _, name := range names {
		t, err := parseEmbedded(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func parseEmbedded(name string) (*Table, error) {
	f, err := embedded.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Parse(f, strings.TrimPrefix(name, "tables/"))
}

// Load is a table by its id, or by the path of a file of one's own (anything
// with a slash or ending in .yaml or .yml). Errors: fault.NotExist, and those
// of Parse.
func Load(name string) (*Table, error) {
	if !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
		return ByName(name)
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Errorf("rules.Load", fault.NotExist, "there is no rule table at %s", name)
	case err != nil:
		return nil, fmt.Errorf("rule table: %w", err)
	}
	defer f.Close()
	return Parse(f, name)
}

// ByName is the table of the program with an id. Errors: fault.NotExist.
func ByName(id string) (*Table, error) {
	list, err := Builtin()
	if err != nil {
		return nil, err
	}
	var known []string
	for _, t := range list {
		if t.ID == id {
			return t, nil
		}
		known = append(known, t.ID)
	}
	return nil, fault.Errorf("rules.ByName", fault.NotExist, "no rule table %.60q is part of the program (there are: %s)", id, strings.Join(known, ", "))
}
