// Package rules judges a territory by tables of standards: who has to be
// within what of which service, by which law. Tables are YAML, read strictly;
// those of Italy are part of the program, others are read from files.
package rules

import "contado/geo/coverage"

// Input is a territory as the rules see it. Evaluate reads, never changes it.
type Input struct {
	// Demand is where people live: People, Area, X, Y and Bands are read; its
	// Seconds are not.
	Demand    coverage.Demand
	BandNames []string // of Demand.Bands, such as "0-14", "65+" or "80-"
	Areas     []Area
	Services  []Service
	// Figures are numbers that no map tells, by the name that a rule asks
	// for, such as "home_care_people".
	Figures map[string]float64
}

// Area is a part of the territory: a comune, for rules that speak of comuni.
type Area struct {
	Code, Name string
	KM2        float64 // 0: not known
}

// Service is one dataset of facilities.
type Service struct {
	Dataset string
	Kind    string // as the OpenStreetMap import calls it: "pharmacy", "post_office", …
	// Facilities are those inside the territory and those around it.
	Facilities []Facility
	Times      []Times // none when the rule asks for no time
}

// Facility is one point of a service.
type Facility struct {
	Name     string
	Lon, Lat float64 // degrees
	Area     int32   // index into Input.Areas, −1 outside of the territory
}

// Times are travel times to the nearest facility of a service.
type Times struct {
	Profile string
	Mode    Mode
	Seconds []float32 // one a cell of Demand; +Inf cannot be reached
}

// Mode is the way of moving that a rule asks for.
type Mode string

// The modes.
const (
	Foot    Mode = "foot"
	Bicycle Mode = "bicycle"
	Car     Mode = "car"
	Transit Mode = "transit"
)
