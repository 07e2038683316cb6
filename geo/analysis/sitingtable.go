package analysis

import (
	"fmt"

	"github.com/paulmach/orb"

	"contado/geo/coverage"
	"contado/geo/table"
)

// Table is a row a point: those chosen in their order, then the best
// candidates by themselves.
func (s *SitingResult) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: "siting",
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "list"},
			{Name: "rank", Kind: table.Integer},
			{Name: "id"},
			{Name: "area_code"},
			{Name: "area_name"},
			{Name: "lon", Kind: table.Real, Unit: "°", Digits: 5},
			{Name: "lat", Kind: table.Real, Unit: "°", Digits: 5},
			{Name: "newly_within", Kind: table.Real, Digits: 1},
			{Name: "newly_reached", Kind: table.Real, Digits: 1},
			{Name: "person_hours_saved", Kind: table.Real, Unit: "h", Digits: 1},
			{Name: "covered_after", Kind: table.Share, Digits: 1},
		},
		About: about(l, "siting", s.Method, s.Inputs, s.Notices, s.Program),
	}
	add := func(list string, points []coverage.SitedPoint) {
		for i, p := range points {
			t.Rows = append(t.Rows, []any{
				rowCode(list, i), p.Name, list, i + 1, p.ID, p.AreaCode, p.AreaName, p.Lon, p.Lat, p.NewlyWithin, p.NewlyReached, p.HoursSaved, cell(p.CoveredAfter),
			})
		}
	}
	add("chosen", s.Chosen)
	add("alone", s.Alone)
	return t
}

func rowCode(list string, i int) string { return fmt.Sprintf("%s-%d", list, i+1) }

// Outlines are the points of the rows of the table, for a map.
func (s *SitingResult) Outlines() Outlines {
	out := Outlines{}
	for list, points := range map[string][]coverage.SitedPoint{"chosen": s.Chosen, "alone": s.Alone} {
		for i, p := range points {
			out[[2]string{rowCode(list, i), p.Name}] = orb.Point{p.Lon, p.Lat}
		}
	}
	return out
}

// Sentence says the first of the points in one sentence.
func (s *SitingResult) Sentence() string {
	if len(s.Chosen) == 0 {
		return "No candidate adds anything."
	}
	p := s.Chosen[0]
	return fmt.Sprintf("One more in %s (%.5f, %.5f) brings %.0f people within %.0f minutes who are not now, and saves %.0f person-hours.",
		p.Name, p.Lon, p.Lat, p.NewlyWithin, s.ThresholdS/60, p.HoursSaved)
}
