package analysis

import (
	"slices"

	"contado/geo/recipe"
)

// recipe is the text that asks the same question as the inputs; "" when no
// recipe says it: the report then tells its question by its settings.
func (in *coverageInputs) recipe() string {
	r := &recipe.Recipe{
		Recipe: recipe.Format, Name: "report", Title: in.Title, Territories: []string{in.Territory}, Services: []string{in.Service}, Season: in.Season,
		People: recipe.People{Dataset: in.Population, HideBelow: in.HideBelow},
		Ground: recipe.Ground{
			LandCover: in.LandCover, Elevation: in.Elevation, Places: in.Places, Roads: in.Roads, Barriers: in.Barriers,
			Direction: in.Direction, Neighbours: in.Neighbours, SpeedKmh: in.SpeedKmh,
		},
		Transit: recipe.Transit{
			Timetable: recipe.Names(in.Timetable), Date: in.Date, Departing: in.Departing, Percentile: in.Percentile, MaxRides: in.MaxRides,
			Wheelchair: in.Wheelchair, OnDemand: in.OnDemand,
		},
	}
	if in.Profile != "" {
		r.Profiles = []string{in.Profile}
	}
	for _, s := range in.Thresholds {
		r.Thresholds = append(r.Thresholds, recipe.Time(s))
	}
	slices.Sort(r.Thresholds)
	r.Thresholds = slices.Compact(r.Thresholds)
	if r.Check() != nil {
		return ""
	}
	text, err := r.Text()
	if err != nil {
		return ""
	}
	return text
}
