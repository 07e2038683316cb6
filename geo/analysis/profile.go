package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
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
}

// BandFact is the people of one age band.
type BandFact struct {
	Band   string  `json:"band"`
	People float64 `json:"people"`
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
	r.used(d)
	facts := &PopulationFacts{Dataset: d.ID, Version: d.Version.Number, AgeBands: []BandFact{}}
	if d.Kind == catalog.Vector {
		rows, bands, err := r.peopleRows(ctx, d, areas)
		if err != nil {
			return err
		}
		facts.AgeBands = make([]BandFact, len(bands))
		for i, b := range bands {
			facts.AgeBands[i].Band = b
		}
		for _, row := range rows {
			for k, v := range row {
				if k == 0 {
					facts.Total += v
				} else {
					facts.AgeBands[k-1].People += v
				}
			}
		}
		p.Population = facts
		return nil
	}
	it, err := r.oneItem(d, "", "", &box)
	if err != nil {
		return err
	}
	total, ages, names, err := bandsOf(it)
	if err != nil {
		return err
	}
	sum, err := r.peopleSummer(ctx, it, areas)
	if err != nil {
		return err
	}
	for i, b := range ages {
		v, err := sum(b)
		if err != nil {
			return err
		}
		facts.AgeBands = append(facts.AgeBands, BandFact{Band: names[i], People: v})
		if total == 0 {
			facts.Total += v
		}
	}
	if total > 0 {
		if facts.Total, err = sum(total); err != nil {
			return err
		}
	}
	p.Population = facts
	return nil
}

// peopleSummer sums a band over the areas by the same rule as the coverage
// report: a census grid's cell counts where its centre lies, a coarser cell
// by the exact share of it.
func (r *run) peopleSummer(ctx context.Context, it catalog.Item, areas []area) (func(band int) (float64, error), error) {
	side, err := cellMetres(it.Grid)
	if err != nil {
		return nil, err
	}
	if side > maxAreaRuleCell {
		return func(band int) (float64, error) {
			res, err := r.statsOver(ctx, it, band, areas, zonal.Options{Stats: []zonal.Stat{zonal.Sum}})
			sum := 0.0
			for i := range res {
				if v, ok := res[i].Get(string(zonal.Sum)); ok {
					sum += v
				}
			}
			return sum, err
		}, nil
	}
	box := geo.EmptyBBox()
	for _, a := range areas {
		box = box.Union(geo.BBoxOf(a.lonLat.Bound()))
	}
	native, err := fromLonLat(box, it.Grid.CRS)
	if err != nil {
		return nil, err
	}
	return func(band int) (float64, error) {
		layer, ok, err := r.readPatch(ctx, it, band, native)
		if err != nil || !ok {
			return 0, err
		}
		areaOf, err := areaOfCells(areas, layer.grid)
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for i, a := range areaOf {
			if a != noArea {
				sum += positive(layer.values[i])
			}
		}
		return sum, nil
	}, nil
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
