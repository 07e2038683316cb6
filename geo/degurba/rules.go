// Package degurba classifies cells of 1 km² and the units that they make up
// by the Degree of Urbanisation, the definition of cities, towns and rural
// areas endorsed by the UN Statistical Commission in 2020.
//
// Sources: European Union, FAO, UN-Habitat, OECD, World Bank, "Applying the
// Degree of Urbanisation. A methodological manual", 2021 edition and its
// online edition with the unit rules of July 2024; GHSL Data Packages 2022
// (footnotes 24, 25) and 2023 (footnotes 29, 30) for smoothing and built-up
// land. Rule sets are versioned: RulesByID names them.
package degurba

import (
	"strings"

	"contado/geo/fault"
)

// Class is the class of a cell, in the codes of the Global Human Settlement
// Layer. Level 1 has four, level 2 eight.
type Class uint8

// The classes of cells of level 1.
const (
	Water        Class = 0
	Rural        Class = 1
	UrbanCluster Class = 2
	UrbanCentre  Class = 3
)

// The classes of cells of level 2.
const (
	Water2         Class = 10
	VeryLowDensity Class = 11
	LowDensity     Class = 12
	RuralCluster   Class = 13
	Suburban       Class = 21
	SemiDense      Class = 22
	DenseCluster   Class = 23
	UrbanCentre2   Class = 30

	unclassified Class = 255 // while computing
)

// Level1 is the class of level 1 that a class of level 2 belongs to.
func (c Class) Level1() Class {
	switch {
	case c == UrbanCentre2:
		return UrbanCentre
	case c >= Suburban && c <= DenseCluster:
		return UrbanCluster
	case c >= VeryLowDensity && c <= RuralCluster:
		return Rural
	case c == Water2:
		return Water
	}
	return c
}

// Smoothing is how the edges of urban centres are smoothed.
type Smoothing uint8

// The majority rules.
const (
	// FiveOfEight adds a cell when five of its eight neighbours belong to one
	// centre (GHSL Data Package 2022).
	FiveOfEight Smoothing = iota
	// LandMajority adds a cell that is no water when more than half of its
	// neighbours belong to one centre, counting those alone that are peopled,
	// or land by half or more (GHSL Data Package 2023).
	LandMajority
)

// UnitRules says how units are classified at level 2.
type UnitRules uint8

// The editions of the unit rules.
const (
	Units2021 UnitRules = iota // manual of 2021: the largest share wins
	Units2024                  // online edition, July 2024: shares of one half
)

// Rules is a set of rules. Densities are people per km² of permanent land;
// limits are inclusive.
type Rules struct {
	ID     string            `json:"id"`
	Title  map[string]string `json:"title"`
	Source string            `json:"source"`

	CentreDensity float64 `json:"centre_density"` // 1,500; also of dense clusters
	CentrePeople  float64 `json:"centre_people"`  // 50,000
	// BuiltShare is the share of a cell's land that is built up from which it
	// counts as dense whoever lives there; 0 = people alone count.
	BuiltShare     float64   `json:"built_share"`
	Smoothing      Smoothing `json:"smoothing"`
	GapKm2         float64   `json:"gap_km2"`         // 15: smaller gaps of a centre are filled
	ClusterDensity float64   `json:"cluster_density"` // 300
	ClusterPeople  float64   `json:"cluster_people"`  // 5,000; also of dense clusters
	SemiDensity    float64   `json:"semi_density"`    // 900
	SemiPeople     float64   `json:"semi_people"`     // 2,500
	SemiDistance   int       `json:"semi_distance"`   // 2 cells from centres and dense clusters
	RuralPeople    float64   `json:"rural_people"`    // 500
	LowDensity     float64   `json:"low_density"`     // 50
	WaterLand      float64   `json:"water_land"`      // 0.5: less land than this may be water
	Units          UnitRules `json:"units"`
}

func base(id, en, it, source string) Rules {
	return Rules{
		ID: id, Title: map[string]string{"en": en, "it": it}, Source: source,
		CentreDensity: 1500, CentrePeople: 50_000, GapKm2: 15,
		ClusterDensity: 300, ClusterPeople: 5000, SemiDensity: 900, SemiPeople: 2500, SemiDistance: 2,
		RuralPeople: 500, LowDensity: 50, WaterLand: 0.5,
	}
}

// Latest is the id of the rules taken when none is named.
const Latest = "2024-07"

// All returns every set of rules, the newest first.
func All() []Rules {
	r24 := base(Latest, "Degree of urbanisation, rules of July 2024", "Grado di urbanizzazione, regole di luglio 2024",
		"Applying the Degree of Urbanisation, online edition with the level 2 unit rules of July 2024; cells as GHSL Data Package 2023")
	r24.BuiltShare, r24.Smoothing, r24.Units = 0.2, LandMajority, Units2024
	r23 := base("2023", "Degree of urbanisation, GHSL 2023", "Grado di urbanizzazione, GHSL 2023",
		"GHSL Data Package 2023, sections 2.7.1 and 2.7.2; unit rules of the manual of 2021")
	r23.BuiltShare, r23.Smoothing = 0.2, LandMajority
	r21 := base("2021", "Degree of urbanisation, manual of 2021", "Grado di urbanizzazione, manuale del 2021",
		"Applying the Degree of Urbanisation, 2021 edition; built-up land and smoothing as GHSL Data Package 2022")
	r21.BuiltShare = 0.5
	return []Rules{r24, r23, r21}
}

// RulesByID returns the rules of an id; "" is the latest. An unknown one is
// fault.Invalid and names those that there are.
func RulesByID(id string) (Rules, error) {
	if id == "" {
		id = Latest
	}
	var ids []string
	for _, r := range All() {
		if r.ID == id {
			return r, nil
		}
		ids = append(ids, r.ID)
	}
	return Rules{}, fault.Errorf("degurba.RulesByID", fault.Invalid, "there are no rules %.40q of the degree of urbanisation (there are %s)", id, strings.Join(ids, ", "))
}
