// Package coverage answers who is within reach of a service and who is not:
// from one travel time per inhabited cell to shares, quantiles, age bands and
// a named list of the people left out. It computes on arrays only.
//
// Three laws hold in every row of the result, exactly:
//
//   - covered + uncovered + unreachable = population: nobody is lost;
//   - thresholds are inclusive: a person at exactly T seconds is covered;
//   - areas sum to the whole, and so do age bands when they are complete.
//
// They hold exactly, and whatever the order of the cells, because people are
// counted in integers: multiples of 2^−k person, with k chosen so that the
// whole population stays below 2^52 of them. Such numbers add without error
// in float64, so the sums of the written document are exact too.
package coverage

import "time"

// Report is the coverage document. Its JSON is a contract: fields are added,
// never renamed. A pointer that is nil is null: not defined, or not reachable.
//
// Compute fills the numbers; ID, Title, CreatedAt, Territory, Service,
// Profile, Inputs, Facilities, Program and the parameters of Method are
// the caller's, who knows where the arrays came from.
type Report struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`

	Territory Territory `json:"territory"`
	// AreaLevel is the level of the areas ("municipality", …), for headings.
	AreaLevel string `json:"area_level,omitempty"`
	// Service is the id or kind of the service; ServiceTitle its name for
	// people, when it has one.
	Service      string `json:"service"`
	ServiceTitle string `json:"service_title,omitempty"`
	Profile      string `json:"profile"`

	// ThresholdsS are seconds, ascending and without repeats.
	ThresholdsS     []float64 `json:"thresholds_s"`
	PopulationTotal float64   `json:"population_total"`
	// Coverage has one row a threshold, in the order of ThresholdsS.
	Coverage []Row    `json:"coverage"`
	MedianS  *float64 `json:"median_s"`
	P90S     *float64 `json:"p90_s"`

	AgeBands []BandResult `json:"age_bands"`
	Areas    []AreaResult `json:"areas"`

	// Hamlets are the people by the named place nearest to them, when asked
	// for; counted by blocks where small counts are hidden.
	Hamlets []Hamlet `json:"hamlets,omitempty"`

	Gaps        []Gap       `json:"gaps"`
	GapsOmitted GapsOmitted `json:"gaps_omitted"`

	// Curve is how many people are reached within a time: rising, closed.
	Curve []CurvePoint `json:"curve"`

	// Ranges has one entry a threshold when assumptions were varied.
	Ranges   []Range         `json:"ranges,omitempty"`
	Choices  []Choice        `json:"choices,omitempty"`
	Access   []AccessMeasure `json:"access,omitempty"`
	Capacity *Capacity       `json:"capacity,omitempty"`
	Equity   *Equity         `json:"equity,omitempty"` // of travel times
	// Ridership is there for profiles of public transport.
	Ridership *Ridership `json:"ridership,omitempty"`
	// Disclosure says how small groups were protected; nil when nothing was.
	Disclosure *Disclosure `json:"disclosure,omitempty"`

	Facilities Facilities `json:"facilities"`
	Inputs     []Input    `json:"inputs"`
	Method     Method     `json:"method"`
	Notices    []Notice   `json:"notices"`
	Program    Program    `json:"program"`
	// Recipe is the YAML text that asks the same question again, with the files
	// in Attached; "" when it is not told.
	Recipe   string       `json:"recipe,omitempty"`
	Attached []Attachment `json:"attached,omitempty"`
	// Renews is the id of the earlier report of which the question was asked
	// again.
	Renews string `json:"renews,omitempty"`
}

// Territory is what the report is about.
type Territory struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Row is the state of one population at one threshold T (seconds).
type Row struct {
	ThresholdS float64 `json:"threshold_s"`
	// Covered have t ≤ T; Uncovered T < t < ∞; Unreachable t = ∞. Their sum
	// is the population, exactly.
	Covered     float64 `json:"covered"`
	Uncovered   float64 `json:"uncovered"`
	Unreachable float64 `json:"unreachable"`
	// Share is Covered ÷ population, 0…1; null where nobody lives.
	Share *float64 `json:"share"`
	// Suppressed marks a row hidden to protect a small group: its numbers are
	// null in JSON and mean nothing here.
	Suppressed bool `json:"suppressed,omitempty"`
	// Merged: Uncovered holds the unreachable too, for those few are not told;
	// Unreachable is null in JSON and 0 here.
	Merged bool `json:"unreachable_suppressed,omitempty"`
}

// Figures are the numbers of one population.
type Figures struct {
	Population float64 `json:"population"`
	Coverage   []Row   `json:"coverage"`
	// MedianS and P90S are the least times within which half and nine tenths
	// of all people (unreachable ones too) are reached; null when that share
	// is not reached at all, or where nobody lives.
	MedianS *float64 `json:"median_s"`
	P90S    *float64 `json:"p90_s"`
	// Suppressed marks figures hidden to protect a small group, population
	// and all: their numbers are null in JSON and mean nothing here.
	Suppressed bool `json:"suppressed,omitempty"`
}

// AreaResult is one area.
type AreaResult struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Figures
	AgeBands []BandResult `json:"age_bands,omitempty"`
}

// BandResult is one age band of the whole or of one area.
type BandResult struct {
	Band  string `json:"band"`
	Label string `json:"label,omitempty"`
	Figures
}

// GapKind says what the name of a gap stands for.
type GapKind string

// The kinds of gap: the cells of a named place; a cluster of cells some way
// off from a place; a cluster in an area where no place is known.
const (
	GapPlace GapKind = "place"
	GapNear  GapKind = "near"
	GapArea  GapKind = "area"
)

// Gap is a group of people beyond the largest threshold, or out of reach.
type Gap struct {
	// Name is for people, in English; other languages build theirs from
	// Kind, Place, DistanceM, Bearing and Part.
	Name string  `json:"name"`
	Kind GapKind `json:"kind"`
	// Lon and Lat are the centre of the people left out, in degrees; for a
	// cluster the cell of it that is nearest to the centre.
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
	// Population is everyone in the group who is not covered; Unreachable of
	// them have no way to a facility.
	Population  float64 `json:"population"`
	Unreachable float64 `json:"unreachable"`
	// TimeS is the median time of those who can get there; null when none.
	TimeS    *float64 `json:"time_s"`
	AreaCode string   `json:"area_code"`
	AreaName string   `json:"area_name"`
	// Facility is the one nearest in time to most of the group, when known.
	Facility string `json:"facility,omitempty"`
	// FacilityNames are its names by language where it has none of its own:
	// Facility is then the English one.
	FacilityNames map[string]string `json:"facility_names,omitempty"`
	// Place is the place of the name; DistanceM and Bearing (N, NE, …) lead
	// from it to the group, for kind "near".
	Place     string  `json:"place,omitempty"`
	DistanceM float64 `json:"distance_m,omitempty"`
	Bearing   string  `json:"bearing,omitempty"`
	// Part numbers several groups of kind "area" in one area, from 1.
	Part int `json:"part,omitempty"`
	// Suppressed marks a gap whose Unreachable is hidden: null in JSON.
	Suppressed bool `json:"unreachable_suppressed,omitempty"`
}

// GapsOmitted counts the groups that the list leaves out.
type GapsOmitted struct {
	Count      int     `json:"count"`
	Population float64 `json:"population"`
	// Suppressed: Population is hidden, null in JSON.
	Suppressed bool `json:"suppressed,omitempty"`
}

// CurvePoint says that People are reached within TimeS seconds.
type CurvePoint struct {
	TimeS  float64 `json:"time_s"`
	People float64 `json:"people"`
}

// Facilities are the service points that the times lead to.
type Facilities struct {
	Count int `json:"count"`
	// Unplaced are those that could not be used, with the reason.
	Unplaced []UnplacedFacility `json:"unplaced"`
}

// UnplacedFacility is a service point left out of the computation.
type UnplacedFacility struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Names, here and below, are what a facility without a name of its own is
	// called, by language; Name is then the English one.
	Names map[string]string `json:"names,omitempty"`
	// Reason is English, Reasons are the words of other languages.
	Reason  string            `json:"reason"`
	Reasons map[string]string `json:"reasons,omitempty"`
	Lon     *float64          `json:"lon,omitempty"`
	Lat     *float64          `json:"lat,omitempty"`
}

// Input is a dataset version that went into the report.
type Input struct {
	Dataset string `json:"dataset"`
	Version string `json:"version"`
	Role    string `json:"role"`
	SHA256  string `json:"sha256"`
	Title   string `json:"title,omitempty"`
	// Attribution is the credit line that the licence asks for.
	Attribution string `json:"attribution,omitempty"`
}

// Method is how the numbers were made, enough to make them again.
type Method struct {
	// Coverage, Quantiles and Gaps define the figures; Compute writes them.
	Coverage  string `json:"coverage"`
	Quantiles string `json:"quantiles"`
	Gaps      string `json:"gaps"`
	// Model says in words how travel times were computed.
	Model      string      `json:"model,omitempty"`
	Parameters []Parameter `json:"parameters"`
	Formulas   []Formula   `json:"formulas"`
}

// Parameter is one setting, in the order in which to print them.
type Parameter struct {
	Name string `json:"name"`
	// Label is the name for people by language ("en", "it"), when the name
	// is not one that the renderer knows.
	Label  map[string]string `json:"label,omitempty"`
	Value  any               `json:"value"`
	Unit   string            `json:"unit,omitempty"`
	Source string            `json:"source,omitempty"`
}

// Formula is one equation in plain text, with where it comes from.
type Formula struct {
	Name   string `json:"name"`
	Text   string `json:"text"`
	Source string `json:"source,omitempty"`
}

// Codes of notices that the program itself gives.
const (
	// NoticeInventedData marks a report on made-up data: a banner says so.
	NoticeInventedData = "invented-data"
	// NoticeBandsIncomplete: the age bands do not sum to the population.
	// Values: population, bands.
	NoticeBandsIncomplete = "age-bands-incomplete"
	// NoticeEmptyAreas: areas where nobody lives. Values: count.
	NoticeEmptyAreas = "areas-without-people"
	// NoticeNobody: no people in the whole territory.
	NoticeNobody = "no-people"
	// NoticeUnplaced: facilities left out. Values: count.
	NoticeUnplaced = "facilities-unplaced"
)

// Notice is something that a reader has to know.
type Notice struct {
	Code string `json:"code"`
	// Text is English; Texts holds other languages ("it") for codes that the
	// renderer does not know.
	Text   string             `json:"text"`
	Texts  map[string]string  `json:"texts,omitempty"`
	Values map[string]float64 `json:"values,omitempty"`
}

// Program is what computed the report.
type Program struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version"`
}
