package coverage

import (
	"cmp"
	"context"
	"slices"
)

// Hamlet is the coverage of the people who live nearest to a named place of
// their area: everybody of an area that has named places lives in one.
type Hamlet struct {
	Name     string  `json:"name"`
	Lon      float64 `json:"lon"` // of the place, degrees
	Lat      float64 `json:"lat"`
	AreaCode string  `json:"area_code"`
	AreaName string  `json:"area_name"`
	Figures
}

// Hamlets counts people by the named place nearest to them, in a straight
// line, among those of their area; areas without one have no hamlets, and
// places where nobody lives are left out. people are the counts to be told,
// parallel to the demand's: its own, or those of blocks. Hamlets come in the
// order of areas, then by name. Errors: those of Compute.
func Hamlets(ctx context.Context, d Demand, people []float64, areas []Area, places []Place, thresholds []float64) ([]Hamlet, error) {
	finder := newPlaceFinder(places, len(areas))
	var in Demand
	names := make([]Area, len(places))
	for i, p := range places {
		names[i] = Area{Name: p.Name}
	}
	for i, a := range d.Area {
		place := int32(-1)
		if d.Place != nil {
			place = d.Place[i]
		}
		if place < 0 {
			place, _ = finder.nearest(a, d.X[i], d.Y[i], earthRadiusM)
		}
		if place < 0 {
			continue
		}
		in.Area, in.Seconds, in.People = append(in.Area, place), append(in.Seconds, d.Seconds[i]), append(in.People, people[i])
		in.X, in.Y = append(in.X, d.X[i]), append(in.Y, d.Y[i])
	}
	r, err := Compute(ctx, in, names, nil, Params{Thresholds: thresholds, MaxGaps: 1})
	if err != nil {
		return nil, err
	}
	var out []Hamlet
	for i := range r.Areas {
		if r.Areas[i].Population == 0 {
			continue
		}
		p := places[i]
		out = append(out, Hamlet{Name: p.Name, Lon: p.Lon, Lat: p.Lat, AreaCode: areas[p.Area].Code, AreaName: areas[p.Area].Name, Figures: r.Areas[i].Figures})
	}
	slices.SortStableFunc(out, func(a, b Hamlet) int {
		return cmp.Or(cmp.Compare(a.AreaCode, b.AreaCode), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}
