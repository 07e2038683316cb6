package coverage

import "time"

// StudySchema names the form of a Study; it changes when a reader has to.
const StudySchema = "contado/coverage-study/1"

// Study is a report on several services and ways of moving over one
// territory. Its JSON is a contract like that of Report.
type Study struct {
	Schema    string    `json:"schema"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`

	Territory       Territory `json:"territory"`
	AreaLevel       string    `json:"area_level,omitempty"`
	PopulationTotal float64   `json:"population_total"`

	// Sections has one report a service and profile, in the order asked.
	Sections []*Report `json:"sections"`
	// Isolation counts people by the number of services out of their reach,
	// one entry a profile and threshold; none when there is one service.
	Isolation []Isolation `json:"isolation,omitempty"`
	// Siting says where further facilities would help most, one entry a service.
	Siting []Siting `json:"siting,omitempty"`
	// Rules says which standards are met, where not, and for how many.
	Rules []RuleResult `json:"rules,omitempty"`
	// Classes are classes of areas computed here, beside the official ones.
	Classes []AreaClass `json:"classes,omitempty"`
	// ByClass is the coverage by these classes: by degree of urbanisation, by
	// class of inner areas.
	ByClass []ClassCoverage `json:"by_class,omitempty"`
	// Indicators are figures of the whole territory, such as those of the SDGs.
	Indicators []Indicator `json:"indicators,omitempty"`
	// Checks is what was noticed about the inputs before the computation.
	Checks []Check `json:"checks,omitempty"`
	// Disclosure says how small groups were protected; nil when nothing was.
	Disclosure *Disclosure `json:"disclosure,omitempty"`
	// Recipe is the YAML text that makes this study again, with the files in
	// Attached.
	Recipe   string       `json:"recipe,omitempty"`
	Attached []Attachment `json:"attached,omitempty"`
	// Renews is the id of the earlier study of which the question was asked
	// again.
	Renews string `json:"renews,omitempty"`

	Inputs  []Input  `json:"inputs"`
	Notices []Notice `json:"notices"`
	Program Program  `json:"program"`
}

// Range is how far a share moves when the assumptions move.
type Range struct {
	ThresholdS float64  `json:"threshold_s"`
	Low        *float64 `json:"low"`
	Share      *float64 `json:"share"` // the headline; Low ≤ Share ≤ High
	High       *float64 `json:"high"`
	// Cases are the computations behind, the headline's not among them.
	Cases []RangeCase `json:"cases"`
}

// RangeCase is one changed assumption and the share that it gives.
type RangeCase struct {
	Name  string            `json:"name"` // "speeds-low", "walker-slow", "population:<dataset>", …
	Label map[string]string `json:"label,omitempty"`
	Share *float64          `json:"share"`
}

// Choice is the coverage by the K-th nearest facility, not the nearest.
type Choice struct {
	K int `json:"k"`
	Figures
}

// Equity measures how unequally a quantity is spread over people. A nil
// measure is not defined (nobody, or a mean of 0).
type Equity struct {
	Of string `json:"of"` // "time" or the name of an access measure
	// People are those counted: without a value nobody can be.
	People        float64  `json:"people"`
	Gini          *float64 `json:"gini"`
	Palma         *float64 `json:"palma"`
	Theil         *float64 `json:"theil_t"`
	Concentration *float64 `json:"concentration,omitempty"`
	Erreygers     *float64 `json:"erreygers,omitempty"`
	// RankedBy is the quantity that orders people for Concentration.
	RankedBy string `json:"ranked_by,omitempty"`
}

// AccessMeasure is supply within reach weighed against demand.
type AccessMeasure struct {
	// Method is "cumulative", "gravity", "2sfca", "e2sfca", "3sfca" or "raam".
	Method     string            `json:"method"`
	Unit       map[string]string `json:"unit,omitempty"`
	Parameters []Parameter       `json:"parameters,omitempty"`
	Mean       *float64          `json:"mean"` // weighted by people
	Areas      []AreaValue       `json:"areas"`
	Equity     *Equity           `json:"equity,omitempty"`
	Formula    *Formula          `json:"formula,omitempty"`
}

// AreaValue is a value of an area, nil where nobody lives.
type AreaValue struct {
	Code  string   `json:"code"`
	Name  string   `json:"name"`
	Value *float64 `json:"value"`
	// Counted are the people that the value is about, for who protects it; it
	// is not written.
	Counted float64 `json:"-"`
}

// Capacity is an assignment of people to facilities of limited capacity that
// serves the most people and, among those, costs the least time in all.
type Capacity struct {
	Total    float64        `json:"capacity_total"`
	WithinS  float64        `json:"within_s"`
	Assigned float64        `json:"assigned"`
	Full     float64        `json:"in_reach_but_full"` // in reach of some facility, but no room
	Beyond   float64        `json:"beyond"`            // no facility within WithinS
	MeanS    *float64       `json:"mean_s"`
	Loads    []FacilityLoad `json:"facilities"`
	Areas    []CapacityArea `json:"areas"`
	// Suppressed, here and below, marks people hidden to protect a small
	// group: their numbers are null in JSON and mean nothing here.
	Suppressed bool `json:"suppressed,omitempty"`
}

// FacilityLoad is one facility of a Capacity.
type FacilityLoad struct {
	ID       string            `json:"id,omitempty"`
	Name     string            `json:"name"`
	Names    map[string]string `json:"names,omitempty"`
	Capacity float64           `json:"capacity"`
	Assigned float64           `json:"assigned"`
	MeanS    *float64          `json:"mean_s"`
	MaxS     *float64          `json:"max_s"`

	Suppressed bool `json:"suppressed,omitempty"`
}

// CapacityArea is one area of a Capacity.
type CapacityArea struct {
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	People   float64 `json:"people"`
	Assigned float64 `json:"assigned"`
	Full     float64 `json:"in_reach_but_full"`
	Beyond   float64 `json:"beyond"`

	Suppressed bool `json:"suppressed,omitempty"`
}

// Isolation counts people by how many of several services lie beyond a time.
type Isolation struct {
	Profile    string   `json:"profile"`
	ThresholdS float64  `json:"threshold_s"`
	Services   []string `json:"services"`
	// People[k] lack exactly k of the services; len(Services)+1 entries that
	// sum to the population. Where MergedFrom is more than 0, there are
	// MergedFrom+1 entries, here and in all areas, and the last has everyone
	// who lacks MergedFrom or more: told apart they would show small groups.
	People     []float64       `json:"people"`
	MergedFrom int             `json:"merged_from,omitempty"`
	Areas      []IsolationArea `json:"areas"`
	// Suppressed: People is hidden, here and in all areas.
	Suppressed bool `json:"suppressed,omitempty"`
}

// Most is the number of services lacked that the last entry of People tells:
// so many, or more where classes are merged.
func (i *Isolation) Most() int {
	if i.MergedFrom > 0 {
		return i.MergedFrom
	}
	return len(i.Services)
}

// IsolationArea is one area of an Isolation.
type IsolationArea struct {
	Code       string    `json:"code"`
	Name       string    `json:"name"`
	People     []float64 `json:"people"`
	Suppressed bool      `json:"suppressed,omitempty"`
}

// RuleResult is what became of one rule of a rule table.
type RuleResult struct {
	ID      string            `json:"id"`
	Table   string            `json:"table"`   // rule table and version
	Title   map[string]string `json:"title"`   // by language
	Service string            `json:"service"` // dataset, "" for rules of a territory
	Profile string            `json:"profile,omitempty"`
	Source  string            `json:"source"`
	Status  string            `json:"status"` // "law", "official-indicator", "guideline", "customary", "superseded"
	Date    string            `json:"date"`   // of the source
	// Met is nil when the rule cannot be judged; Why then says what is missing.
	Met      *bool             `json:"met"`
	Value    *float64          `json:"value"`
	Required *float64          `json:"required,omitempty"`
	Unit     string            `json:"unit,omitempty"`
	People   float64           `json:"people_not_met"`
	Why      map[string]string `json:"why,omitempty"`
	Areas    []RuleArea        `json:"areas,omitempty"`
	// Suppressed: People and Value are hidden, to protect a small group.
	Suppressed bool `json:"suppressed,omitempty"`
}

// RuleArea is one area of a RuleResult.
type RuleArea struct {
	Code   string   `json:"code"`
	Name   string   `json:"name"`
	Met    *bool    `json:"met"`
	Value  *float64 `json:"value"`
	People float64  `json:"people_not_met"`

	Suppressed bool `json:"suppressed,omitempty"`
}

// AreaClass is the class of an area in a scheme, beside the official one.
type AreaClass struct {
	Scheme string            `json:"scheme"`          // "snai-2020", "snai-2014", "degurba-l1", "degurba-l2"
	Level  string            `json:"level,omitempty"` // "municipality", "hamlet"
	Code   string            `json:"code"`
	Name   string            `json:"name"`
	Class  string            `json:"class"` // "" when it cannot be told
	Label  map[string]string `json:"label,omitempty"`
	Value  *float64          `json:"value,omitempty"` // what the class is made from, for instance minutes
	// Official is the published class and value, when the territory carries them.
	Official      string   `json:"official,omitempty"`
	OfficialValue *float64 `json:"official_value,omitempty"`
}

// Indicator is a figure with its definition.
type Indicator struct {
	ID     string             `json:"id"` // "sdg-9.1.1", "sdg-11.3.1", …
	Title  map[string]string  `json:"title"`
	Value  *float64           `json:"value"` // nil: not defined; Why says so
	Unit   string             `json:"unit"`
	Parts  map[string]float64 `json:"parts,omitempty"`
	Source string             `json:"source"`
	Why    map[string]string  `json:"why,omitempty"`
	Areas  []AreaValue        `json:"areas,omitempty"`
}

// Severity says how much a check matters.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // figures that rest on it are wrong
	SeverityWarning Severity = "warning" // figures may be wrong
	SeverityNote    Severity = "note"
)

// Check is one thing noticed about an input.
type Check struct {
	Code     string            `json:"code"`
	Severity Severity          `json:"severity"`
	Dataset  string            `json:"dataset"`
	Feature  string            `json:"feature,omitempty"` // id of the feature
	Name     string            `json:"name,omitempty"`
	Names    map[string]string `json:"names,omitempty"`
	Lon      *float64          `json:"lon,omitempty"`
	Lat      *float64          `json:"lat,omitempty"`
	Text     map[string]string `json:"text"` // by language, "en" and "it"
}

// Disclosure says how small groups were protected.
type Disclosure struct {
	Threshold float64 `json:"threshold"` // counts above 0 and below it are hidden
	Primary   int     `json:"primary"`   // cells hidden because they are small
	Secondary int     `json:"secondary"` // hidden so that the first cannot be computed
}
