package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/disclosure"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// Profile is all that the catalog knows of one territory.
type Profile struct {
	Territory  geo.Territory    `json:"territory"`
	AreaKm2    float64          `json:"area_km2"`
	Population *PopulationFacts `json:"population"`
	Elevation  *ElevationFacts  `json:"elevation"`
	LandCover  *LandCoverFacts  `json:"landcover"`
	Services   []ServiceFacts   `json:"services"`
	// Official is the published class of the strategy for inner areas; null
	// when the territory's row does not carry one.
	Official *OfficialClass `json:"snai_official"`
	// Neighbours share a border with it and are of its level.
	Neighbours []geo.Territory `json:"neighbours"`
	// PeopleDates and CoverDates are of the dates that the data have, the
	// oldest first; empty when there are not at least two.
	PeopleDates []DatedPeople     `json:"population_dates"`
	CoverDates  []DatedCover      `json:"landcover_dates"`
	Data        []DataFact        `json:"data"`
	Inputs      []coverage.Input  `json:"inputs"`
	Notices     []coverage.Notice `json:"notices"`
}

// PopulationFacts is who lives there.
type PopulationFacts struct {
	Total    float64    `json:"total"`
	AgeBands []BandFact `json:"age_bands"`
	Dataset  string     `json:"dataset"`
	Version  int        `json:"version"`
	// Pyramid is people by age and sex; absent when the data do not have them,
	// or when they are not to be told: PyramidHidden.
	Pyramid       []PyramidBand `json:"pyramid,omitempty"`
	PyramidHidden bool          `json:"pyramid_hidden,omitempty"`
	// Hidden, here and below: too few people to be told; null in JSON.
	Hidden bool `json:"hidden,omitempty"`
}

// MarshalJSON writes null for what is hidden.
func (f PopulationFacts) MarshalJSON() ([]byte, error) {
	type plain PopulationFacts
	return json.Marshal(struct {
		plain
		Total *float64 `json:"total"`
	}{plain(f), told(f.Total, f.Hidden)})
}

// BandFact is the people of one age band.
type BandFact struct {
	Band   string  `json:"band"`
	People float64 `json:"people"`
	Hidden bool    `json:"hidden,omitempty"`
}

// MarshalJSON writes null for what is hidden.
func (f BandFact) MarshalJSON() ([]byte, error) {
	type plain BandFact
	return json.Marshal(struct {
		plain
		People *float64 `json:"people"`
	}{plain(f), told(f.People, f.Hidden)})
}

func told(v float64, hidden bool) *float64 {
	if hidden {
		return nil
	}
	return &v
}

// ElevationFacts is how high it lies, in metres.
type ElevationFacts struct {
	MinM    float64 `json:"min_m"`
	MeanM   float64 `json:"mean_m"`
	MaxM    float64 `json:"max_m"`
	Dataset string  `json:"dataset"`
}

// LandCoverFacts is the ground by class.
type LandCoverFacts struct {
	Dataset string       `json:"dataset"`
	Classes []ZonalClass `json:"classes"`
}

// ServiceFacts counts the facilities of one service in the territory.
type ServiceFacts struct {
	Dataset string `json:"dataset"`
	Title   string `json:"title"`
	Count   int    `json:"count"`
}

// Profile gathers what is known of a territory. What the catalog has no data
// for is null; several datasets of one role are an ambiguity that a notice
// names, and the part is null.
func (e *Engine) Profile(ctx context.Context, code string) (*Profile, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	t, err := r.territory(code)
	if err != nil {
		return nil, err
	}
	areas, box, err := r.leaves(ctx, code)
	if err != nil {
		return nil, err
	}
	p := &Profile{Territory: t, Services: []ServiceFacts{}}
	if p.AreaKm2, err = areaKm2(areas); err != nil {
		return nil, err
	}
	steps := []func(context.Context, *Profile, []area, geo.BBox) error{r.peopleOf, r.heightOf, r.groundOf, r.servicesOf, r.placeOf, r.trendsOf}
	for _, step := range steps {
		if err := step(ctx, p, areas, box); err != nil {
			return nil, err
		}
	}
	p.Inputs, p.Notices, p.Data = r.inputs, r.notices, r.dataOf()
	if p.Notices == nil {
		p.Notices = []coverage.Notice{}
	}
	return p, nil
}

// only picks the dataset of a role; an ambiguity becomes a notice.
func (r *run) only(role catalog.Role, box geo.BBox) (catalog.Dataset, bool) {
	d, found, err := r.pick(role, "", "", box)
	if err != nil {
		r.notice("ambiguous-input", "More than one dataset of role "+string(role)+" covers this territory; none was chosen.",
			"Più di un dataset con ruolo "+string(role)+" copre questo territorio; nessuno è stato scelto.")
		return d, false
	}
	return d, found
}

// statsOver computes statistics of one band over all areas, each by itself.
func (r *run) statsOver(ctx context.Context, it catalog.Item, band int, areas []area, o zonal.Options) ([]zonal.Result, error) {
	src, number, err := r.source(ctx, it, band)
	if err != nil {
		return nil, err
	}
	list := make([]ZonalFeature, len(areas))
	for i, a := range areas {
		list[i] = ZonalFeature{Code: a.Code, Name: a.Name, Geometry: a.lonLat}
	}
	native, err := reproject(list, it.Grid.CRS)
	if err != nil {
		return nil, err
	}
	o.Band = number
	return zonal.Compute(ctx, src, native, o)
}

func (r *run) peopleOf(ctx context.Context, p *Profile, areas []area, box geo.BBox) error {
	d, ok := r.only(catalog.Population, box)
	if !ok {
		return nil
	}
	ctx = atlas.Exact(ctx)
	r.used(d)
	r.saidOfPeople(d)
	var it *catalog.Item
	if d.Kind == catalog.Raster {
		one, err := r.oneItem(d, "", "", &box)
		if err != nil {
			return err
		}
		it = &one
	}
	facts := &PopulationFacts{Dataset: d.ID, Version: d.Version.Number, AgeBands: []BandFact{}}
	p.Population = facts
	if r.protected(d) {
		tree, err := r.treeOf(ctx, d, it, disclosure.DefaultThreshold)
		if err != nil {
			return err
		}
		facts.Total, facts.Hidden, _ = tree.Total(p.Territory.Code)
		for b, name := range tree.bands {
			n, hidden := tree.Band(p.Territory.Code, b)
			facts.AgeBands = append(facts.AgeBands, BandFact{Band: name, People: n, Hidden: hidden})
		}
		facts.Pyramid, facts.PyramidHidden, err = r.pyramid(ctx, d, it, tree, p.Territory.Code)
		return err
	}
	people, err := r.peopleByBand(ctx, d, it, areas)
	if err != nil {
		return err
	}
	for _, v := range people.total {
		facts.Total += v
	}
	for b, name := range people.names {
		one := BandFact{Band: name}
		for _, v := range people.bands[b] {
			one.People += v
		}
		facts.AgeBands = append(facts.AgeBands, one)
	}
	counts, err := r.peopleBySex(ctx, d, it, areas, people)
	facts.Pyramid = pyramidOf(counts, people)
	return err
}

func (r *run) heightOf(ctx context.Context, p *Profile, areas []area, box geo.BBox) error {
	d, ok := r.only(catalog.Elevation, box)
	if !ok || d.Kind != catalog.Raster {
		return nil
	}
	facts := &ElevationFacts{Dataset: d.ID, MinM: math.Inf(1), MaxM: math.Inf(-1)}
	sum, count := 0.0, 0.0
	for _, it := range r.snapshot.Items(d.ID, &box) {
		res, err := r.statsOver(ctx, it, 1, areas, zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Sum, zonal.Min, zonal.Max}})
		if err != nil {
			return err
		}
		for i := range res {
			n, _ := res[i].Get(string(zonal.Count))
			if n == 0 {
				continue
			}
			s, _ := res[i].Get(string(zonal.Sum))
			lo, _ := res[i].Get(string(zonal.Min))
			hi, _ := res[i].Get(string(zonal.Max))
			sum, count = sum+s, count+n
			facts.MinM, facts.MaxM = math.Min(facts.MinM, lo), math.Max(facts.MaxM, hi)
		}
	}
	if count == 0 {
		return nil
	}
	r.used(d)
	facts.MeanM = sum / count
	p.Elevation = facts
	return nil
}

func (r *run) groundOf(ctx context.Context, p *Profile, areas []area, box geo.BBox) error {
	d, ok := r.only(catalog.LandCover, box)
	if !ok || d.Kind != catalog.Raster {
		return nil
	}
	it, err := r.oneItem(d, "", "", &box)
	if err != nil {
		return err
	}
	classes, err := r.coverClasses(ctx, it, areas)
	if err != nil || len(classes) == 0 {
		return err
	}
	r.used(d)
	p.LandCover = &LandCoverFacts{Dataset: d.ID, Classes: classes}
	return nil
}

func (r *run) servicesOf(ctx context.Context, p *Profile, areas []area, box geo.BBox) error {
	for _, d := range r.snapshot.ByRole(catalog.Service) {
		if d.Kind != catalog.Vector || !d.Version.BBoxWGS84.Intersects(box) {
			if d.Kind == catalog.Vector {
				p.Services = append(p.Services, ServiceFacts{Dataset: d.ID, Title: d.Title})
			}
			continue
		}
		n := 0
		err := r.points(ctx, d, box, func(_ geo.Feature, _ string, lon, lat float64) {
			if areaAt(areas, lon, lat) >= 0 {
				n++
			}
		})
		if err != nil {
			return err
		}
		r.used(d)
		p.Services = append(p.Services, ServiceFacts{Dataset: d.ID, Title: strings.TrimSpace(d.Title), Count: n})
	}
	return nil
}

func sortedKeys[V any](m map[float64]V) []float64 {
	out := make([]float64, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// equalArea is the cylindrical equal-area grid of the whole earth (EASE-Grid
// 2.0): areas in it are areas on the WGS84 ellipsoid.
const equalArea geo.CRS = "EPSG:6933"

// areaKm2 is the ellipsoidal area of all areas.
func areaKm2(areas []area) (float64, error) {
	tr, err := crs.New(geo.WGS84, equalArea)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i := range areas {
		mp, err := areas[i].in(tr)
		if err != nil {
			return 0, err
		}
		sum += planar.Area(mp)
	}
	return sum / 1e6, nil
}

// cellAreas is the area in m² of one cell of each row of a band's file.
func cellAreas(it catalog.Item, band int) (func(row int) float64, error) {
	asset, _ := it.Locate(band)
	f, err := crs.CellAreas(asset.Grid)
	if err != nil {
		return nil, fmt.Errorf("cell areas of item %s: %w", it.ID, err)
	}
	return f, nil
}
