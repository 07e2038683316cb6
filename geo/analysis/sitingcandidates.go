package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// candidates are the places to try.
func (c *section) candidates(ctx context.Context, q *SitingRequest, people []float64) ([]facility, coverage.SitingCandidates, error) {
	about := coverage.SitingCandidates{Kind: q.Candidates}
	var list []facility
	var err error
	switch {
	case len(q.Places) > 0:
		about.Kind = candidatePlaces
		list, err = placesAsFacilities(q.Places)
	case q.Candidates == CandidateRoads:
		var spots []facility
		if spots, err = c.roadSpots(ctx); err == nil {
			list, about.SpacingM = c.thinned(spots, nil, q.SpacingM)
		}
	case q.Candidates == CandidatePeople || q.Candidates == "" && len(c.settlements) == 0:
		about.Kind = CandidatePeople
		list, about.SpacingM = c.thinned(c.inhabitedSpots(people), people, q.SpacingM)
	case q.Candidates == CandidateSettlements || q.Candidates == "":
		about.Kind = CandidateSettlements
		list, err = c.settlementSpots()
	default:
		list, err = c.serviceSpots(ctx, q.Candidates)
	}
	if err != nil {
		return nil, about, err
	}
	if about.Count = len(list); about.Count == 0 {
		return nil, about, fault.WithHint(fault.Errorf(opSiting, fault.Invalid, "there is no candidate of kind %s in %s", about.Kind, c.whole.Name),
			"try settlements, roads, people, a dataset of places, or places of your own")
	}
	if most := c.mostSited(); about.Count > most {
		return nil, about, fault.WithHint(fault.Errorf(opSiting, fault.TooLarge, "%d candidates; by this way of moving at most %d can be tried", about.Count, most),
			"take a smaller territory, a filter, or settlements")
	}
	return list, about, nil
}

// mostSited is how many candidates can be tried.
func (c *section) mostSited() int {
	if _, ok := c.mover.(reacher); ok {
		return maxSited
	}
	return maxAlone
}

func (c *section) settlementSpots() ([]facility, error) {
	if len(c.settlements) == 0 {
		return nil, fault.WithHint(fault.Errorf(opSiting, fault.Invalid, "no settlements are known in %s", c.whole.Name), "ingest named places with --role place, or try roads or people")
	}
	out := make([]facility, len(c.settlements))
	for i, s := range c.settlements {
		out[i] = facility{id: fmt.Sprintf("settlement-%d", i+1), name: s.Name, lon: s.Lon, lat: s.Lat}
	}
	return out, nil
}

func (c *section) serviceSpots(ctx context.Context, text string) ([]facility, error) {
	chosen, err := c.setting.service(text)
	if err != nil {
		return nil, err
	}
	list, err := c.run.facilitiesOf(ctx, chosen, c.box)
	return slices.DeleteFunc(list, func(f facility) bool { return areaAt(c.areas, f.lon, f.lat) < 0 }), err
}

// inhabitedSpots are the places of the people's rows.
func (c *section) inhabitedSpots(people []float64) []facility {
	out := make([]facility, len(people))
	for i := range people {
		out[i] = facility{lon: c.demand.X[i], lat: c.demand.Y[i]}
	}
	return out
}

// roadSpots are the vertices of the roads in the territory.
func (c *section) roadSpots(ctx context.Context) ([]facility, error) {
	sets, err := c.run.all(catalog.Road, c.q.Roads, c.box)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, fault.WithHint(fault.Errorf(opSiting, fault.Invalid, "no roads are known in %s", c.whole.Name), "ingest roads with --role road, or try settlements or people")
	}
	var out []facility
	for _, d := range sets {
		if d.Kind != catalog.Vector {
			return nil, fault.Errorf(opSiting, fault.Invalid, "roads %q are no vector dataset", d.ID)
		}
		if err := c.eachVertex(ctx, d, func(p orb.Point) { out = append(out, facility{lon: p[0], lat: p[1]}) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *section) eachVertex(ctx context.Context, d catalog.Dataset, yield func(orb.Point)) error {
	c.run.used(d)
	l, err := c.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	tr, err := crs.New(l.Schema().CRS, geo.WGS84)
	if err != nil {
		return err
	}
	box, err := fromLonLat(c.box, l.Schema().CRS)
	if err != nil {
		return err
	}
	var failed error
	err = l.Scan(ctx, features.Query{BBox: &box}, func(f geo.Feature) bool {
		if f.Geometry == nil {
			return true
		}
		var g orb.Geometry
		if g, failed = tr.Geometry(f.Geometry, nil); failed != nil {
			failed = fmt.Errorf("feature %d of %s: %w", f.ID, d.ID, failed)
			return false
		}
		switch g := g.(type) {
		case orb.LineString:
			for _, p := range g {
				yield(p)
			}
		case orb.MultiLineString:
			for _, l := range g {
				for _, p := range l {
					yield(p)
				}
			}
		}
		return true
	})
	return firstError(failed, err)
}

// thinned keeps one spot of each square of the territory: that with most
// people, else that nearest to the middle. The side grows until there are few
// enough.
func (c *section) thinned(spots []facility, people []float64, spacing float64) ([]facility, float64) {
	asked := spacing > 0
	if !asked {
		spacing = defaultSpacing
	}
	for {
		out := c.squares(spots, people, spacing)
		if asked || len(out) <= c.mostSited() || spacing >= maxSpacing {
			c.nameSpots(out)
			return out, spacing
		}
		spacing *= 1.4
	}
}

func (c *section) squares(spots []facility, people []float64, spacing float64) []facility {
	type key struct{ x, y int }
	lat := (c.box.MinY + c.box.MaxY) / 2 * math.Pi / 180
	dy := spacing / 111_320
	dx := dy / math.Max(0.05, math.Cos(lat))
	type best struct {
		at    int
		worth float64
	}
	of := map[key]best{}
	var order []key
	for i, s := range spots {
		if people != nil && people[i] <= 0 {
			continue
		}
		fx, fy := (s.lon-c.box.MinX)/dx, (s.lat-c.box.MinY)/dy
		k := key{int(math.Floor(fx)), int(math.Floor(fy))}
		worth := -math.Hypot(fx-math.Floor(fx)-0.5, fy-math.Floor(fy)-0.5)
		if people != nil {
			worth = people[i]
		}
		b, known := of[k]
		if known && worth <= b.worth || people == nil && areaAt(c.areas, s.lon, s.lat) < 0 {
			continue
		}
		if !known {
			order = append(order, k)
		}
		of[k] = best{i, worth}
	}
	out := make([]facility, 0, len(order))
	for _, k := range order {
		out = append(out, spots[of[k].at])
	}
	return out
}

// nameSpots calls spots after the nearest settlement, else after their area.
func (c *section) nameSpots(list []facility) {
	cos := math.Cos((c.box.MinY + c.box.MaxY) / 2 * math.Pi / 180)
	for i := range list {
		f := &list[i]
		f.id = fmt.Sprintf("spot-%d", i+1)
		least := math.Inf(1)
		for _, s := range c.settlements {
			if d := math.Hypot((s.Lon-f.lon)*cos, s.Lat-f.lat); d < least {
				least, f.name = d, s.Name
			}
		}
		if a := areaAt(c.areas, f.lon, f.lat); f.name == "" && a >= 0 {
			f.name = c.areas[a].Name
		}
	}
}
