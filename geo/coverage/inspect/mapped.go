package inspect

import (
	"slices"

	"contado/geo/coverage"
	"contado/geo/notice"
)

// Mapped is what a map that volunteers make (OpenStreetMap) holds of an area,
// beside the people who live there.
type Mapped struct {
	People    float64
	Buildings int // −1 when buildings are not known
	Roads     int // −1 when roads are not known
}

const (
	fewPeople     = 50.0 // smaller areas say nothing about a map
	crowdedFactor = 5.0  // people a building over the median, from which buildings seem to be missing
)

// Completeness doubts a map where people live and it holds little: areas
// without any road, and areas whose people a building are several times the
// median of all. A proxy: it cannot tell that a map is whole.
func Completeness(dataset string, areas []coverage.Area, m []Mapped) []coverage.Check {
	c := &checker{in: Input{Dataset: dataset}}
	var ratios []float64
	for _, a := range m {
		if a.People >= fewPeople && a.Buildings > 0 {
			ratios = append(ratios, a.People/float64(a.Buildings))
		}
	}
	usual := 0.0
	if len(ratios) > 0 {
		usual = median(ratios)
	}
	var roads, buildings []coverage.Check
	for i, a := range m {
		if a.People < fewPeople {
			continue
		}
		name := areas[i].Name
		if a.Roads == 0 {
			roads = append(roads, coverage.Check{Name: name, Text: text(
				notice.Text("%s has %.0f [person|people] and no road on the map.", name, a.People),
				notice.Italian("%s ha %.0f [abitante|abitanti] e nessuna strada sulla mappa.", name, a.People))})
		}
		if a.Buildings >= 0 && (a.Buildings == 0 || usual > 0 && a.People/float64(a.Buildings) > crowdedFactor*usual) {
			buildings = append(buildings, coverage.Check{Name: name, Text: text(
				notice.Text("%s has %.0f [person|people] and %d [building|buildings] on the map: some seem to be missing, and perhaps services too.", name, a.People, a.Buildings),
				notice.Italian("%s ha %.0f [abitante|abitanti] e %d [edificio|edifici] sulla mappa: sembrano mancarne, e forse mancano anche servizi.", name, a.People, a.Buildings))})
		}
	}
	sortByName := func(a, b coverage.Check) int { return slices.Compare([]string{a.Name}, []string{b.Name}) }
	slices.SortStableFunc(roads, sortByName)
	slices.SortStableFunc(buildings, sortByName)
	c.group("map-without-roads", coverage.SeverityWarning, roads)
	c.group("map-lacks-buildings", coverage.SeverityWarning, buildings)
	return c.out
}
