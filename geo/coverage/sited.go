package coverage

// Siting says where further facilities of a service would help most.
type Siting struct {
	Service      string  `json:"service"` // "" when there is none yet
	ServiceTitle string  `json:"service_title,omitempty"`
	Profile      string  `json:"profile"`
	Objective    string  `json:"objective"` // "cover" or "time"
	ThresholdS   float64 `json:"threshold_s"`
	// MostS is the longest time that counts: who is farther, or cannot get
	// there at all, counts as so far.
	MostS float64 `json:"most_s"`

	Population float64 `json:"population"` // of the cells that count
	Covered    float64 `json:"covered"`    // within ThresholdS as it is
	MeanS      float64 `json:"mean_s"`     // of all, as it is

	Candidates SitingCandidates `json:"candidates"`
	// Chosen are the points in the order in which each adds most, and Alone the
	// best candidates by themselves, the best first.
	Chosen []SitedPoint `json:"chosen"`
	Alone  []SitedPoint `json:"alone"`
	// Exact: no other choice among the candidates does more. Else the choice
	// does at least ShareOfBest (0…1) of what the best one does.
	Exact       bool    `json:"exact"`
	ShareOfBest float64 `json:"share_of_best"`
	// BlocksOf is the least number of people that a figure here can be about:
	// people are counted by blocks of so many, dealt out evenly over their
	// inhabited cells. 0: figures are exact.
	BlocksOf float64 `json:"blocks_of,omitempty"`
	// Notices are those of this computation alone, in a study.
	Notices []Notice `json:"notices,omitempty"`
}

// SitingCandidates are the places that were tried.
type SitingCandidates struct {
	Kind  string `json:"kind"` // "settlements", "roads", "people", "places", or a dataset
	Count int    `json:"count"`
	// SpacingM is the distance to which roads and people were thinned; 0 when
	// nothing was.
	SpacingM float64 `json:"spacing_m,omitempty"`
}

// SitedPoint is one candidate and what it does.
type SitedPoint struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Names    map[string]string `json:"names,omitempty"`
	Lon      float64           `json:"lon"`
	Lat      float64           `json:"lat"`
	AreaCode string            `json:"area_code,omitempty"`
	AreaName string            `json:"area_name,omitempty"`
	// NewlyWithin are people who come within the threshold, beside the points
	// before it when it is one of those chosen; NewlyReached those who could
	// not get to any facility within MostS.
	NewlyWithin  float64 `json:"newly_within"`
	NewlyReached float64 `json:"newly_reached"`
	// HoursSaved are person-hours, each person going once.
	HoursSaved float64 `json:"person_hours_saved"`
	// CoveredAfter is the share of all within the threshold then, 0…1.
	CoveredAfter *float64 `json:"covered_after"`
}
