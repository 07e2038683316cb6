package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/degurba"
	"contado/geo/fault"
	"contado/geo/sdg"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// landConsumption is SDG 11.3.1 with its companion.
func (r *run) landConsumption(ctx context.Context, s *settledPeople, q *IndicatorsRequest) ([]coverage.Indicator, error) {
	if q.BuiltFrom == "" || q.BuiltTo == "" || q.PeopleFrom == "" {
		return lacking(sdg.LandConsumption, "Land consumption rate over population growth rate", "Consumo di suolo rispetto alla crescita della popolazione", "1",
			"Built-up land at two times and the people at the first were not given.", "Non sono stati indicati il suolo costruito a due date e la popolazione alla prima."), nil
	}
	g := sdg.Growth{Years: q.Years}
	var err error
	if g.Built1, err = r.builtArea(ctx, s, q.BuiltFrom); err != nil {
		return nil, err
	}
	if g.Built2, err = r.builtArea(ctx, s, q.BuiltTo); err != nil {
		return nil, err
	}
	before := &degurbaRun{run: r, q: &DegurbaRequest{Territory: q.Territory, Population: q.PeopleFrom, inReport: true}, areas: s.run.areas, parts: s.run.parts, cells: s.run.cells, area: s.run.area}
	if err := before.people(ctx, s.box(0)); err != nil {
		return nil, err
	}
	for i, part := range before.who.cells {
		if s.run.area[part] != noArea {
			g.People1 += before.who.People[i]
		}
	}
	for i, part := range s.run.who.cells { // of everyone: the whole is told as it is, or not at all
		if s.run.area[part] != noArea {
			g.People2 += s.run.who.People[i]
		}
	}
	return sdg.Consumption(g)
}

// builtArea is the built-up land of the territory in square metres, from
// DATASET or DATASET@TIME: classes, or shares of cells.
func (r *run) builtArea(ctx context.Context, s *settledPeople, text string) (float64, error) {
	id, when, _ := strings.Cut(text, "@")
	q := Pictures{Dataset: id}
	var err error
	if q.From, q.To, err = Interval(when); err != nil {
		return 0, err
	}
	box := s.box(0)
	pics, err := r.found(q, &box)
	if err != nil {
		return 0, err
	}
	it := pics.items[len(pics.items)-1]
	o := zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Mean, zonal.Max, zonal.Min, zonal.AreaHa}, Classes: true}
	if o.CellArea, err = crs.CellAreas(it.Grid); err != nil {
		return 0, err
	}
	b := it.Bands[0]
	if o.Classes = b.DataType != "float32" && b.DataType != "float64"; !o.Classes {
		return r.builtShares(ctx, s, it, o, id)
	}
	res, err := r.statsOver(ctx, it, 1, s.run.areas, o)
	if err != nil {
		return 0, err
	}
	var values []float32
	for i := range res {
		for _, c := range res[i].Classes {
			values = append(values, float32(c.Value))
		}
	}
	built := classesLike(it, values, id, builtByLegend, builtWords)
	if built == nil {
		return 0, fault.WithHint(fault.Errorf("analysis.Indicators", fault.Invalid, "dataset %q has classes that are not known, so its built-up land is not", id), "give land cover with named classes, or a raster of shares")
	}
	sum := 0.0
	for i := range res {
		for _, c := range res[i].Classes {
			if built[int32(c.Value)] {
				sum += c.Ha * 1e4
			}
		}
	}
	return sum, nil
}

// builtShares sums a raster of shares, 0 to 1 or percent.
func (r *run) builtShares(ctx context.Context, s *settledPeople, it catalog.Item, o zonal.Options, id string) (float64, error) {
	res, err := r.statsOver(ctx, it, 1, s.run.areas, o)
	if err != nil {
		return 0, err
	}
	sum, least, most := 0.0, 0.0, 0.0
	for i := range res {
		n, _ := res[i].Get(string(zonal.Count))
		if n == 0 {
			continue
		}
		mean, _ := res[i].Get(string(zonal.Mean))
		ha, _ := res[i].Get(string(zonal.AreaHa))
		lo, _ := res[i].Get(string(zonal.Min))
		hi, _ := res[i].Get(string(zonal.Max))
		sum, least, most = sum+mean*ha*1e4, math.Min(least, lo), math.Max(most, hi)
	}
	if least < 0 || most > 100 {
		return 0, fault.Errorf("analysis.Indicators", fault.Invalid, "dataset %q has values from %g to %g: shares are 0 to 1, or 0 to 100 percent", id, least, most)
	}
	if most > 1 {
		sum /= 100
	}
	return sum, nil
}

// openClasses are the classes of open space that all may use, in layers of
// land use from OpenStreetMap.
var openClasses = []string{"park", "garden", "playground", "recreation_ground", "village_green", "common", "square", "dog_park", "nature_reserve", "beach"}

// openSpace is SDG 11.7.1, both parts.
func (r *run) openSpace(ctx context.Context, s *settledPeople, q *IndicatorsRequest) ([]coverage.Indicator, error) {
	if q.OpenSpaces == "" {
		return lacking(sdg.OpenSpace, "Built-up area that is open space for public use", "Area urbanizzata che è spazio pubblico aperto", "%",
			"No dataset of open spaces was given.", "Non è stato indicato alcun dataset di spazi aperti."), nil
	}
	d, err := r.snapshot.Dataset(q.OpenSpaces)
	if err != nil {
		return nil, err
	}
	spaces, err := r.ofClass(ctx, d, s.box(2*sdg.OpenSpaceMetres), []string{"class", "leisure"}, openClasses)
	if err != nil {
		return nil, err
	}
	metres, err := s.distances(ctx, spaces, sdg.OpenSpaceMetres, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	access, err := sdg.OpenAccess(s.People, s.areas(), metres)
	if err != nil {
		return nil, err
	}
	access.Source += fmt.Sprintf("; distances in a straight line from the middle of cells of %g m", degurbaPart)
	if q.BuiltTo == "" {
		return append(lacking(sdg.OpenSpace, "Built-up area that is open space for public use", "Area urbanizzata che è spazio pubblico aperto", "%",
			"No dataset of built-up land was given.", "Non è stato indicato alcun dataset di suolo costruito."), access), nil
	}
	o := sdg.Open{Streets: math.NaN()}
	if o.Built, err = r.builtArea(ctx, s, q.BuiltTo); err != nil {
		return nil, err
	}
	if o.Spaces, err = s.spacesWithin(spaces); err != nil {
		return nil, err
	}
	// The built-up area of the definition is that of the town with its open
	// spaces: these are part of it.
	o.Built += o.Spaces
	share, err := sdg.OpenShare(o)
	if s.urban {
		share.Source += "; open spaces in urban cells of the degree of urbanisation"
	}
	return []coverage.Indicator{share, access}, err
}

// spacesWithin is the surface, in square metres, of the open spaces whose
// middle lies in the territory: in its urban cells, if it has any.
func (s *settledPeople) spacesWithin(spaces []orb.Geometry) (float64, error) {
	tr, err := crs.New(geo.WGS84, s.run.parts.CRS)
	if err != nil {
		return 0, err
	}
	inv, ok := s.run.parts.Transform.Invert()
	if !ok {
		return 0, fault.Errorf("analysis.Indicators", fault.Other, "the cells' georeference is degenerate")
	}
	sum := 0.0
	for _, g := range spaces {
		p, ok := pointOf(g)
		if !ok {
			continue
		}
		xs, ys := []float64{p[0]}, []float64{p[1]}
		if err := tr.Points(xs, ys); err != nil {
			return 0, err
		}
		c, r := inv.Apply(xs[0], ys[0])
		col, row := int(math.Floor(c)), int(math.Floor(r))
		if col < 0 || row < 0 || col >= s.run.parts.Width || row >= s.run.parts.Height {
			continue
		}
		part := row*s.run.parts.Width + col
		if s.run.area[part] == noArea || s.urban && s.run.class[s.run.cellOf(part)].Level1() <= degurba.Rural {
			continue
		}
		sum += crs.Area(g)
	}
	return sum, nil
}
