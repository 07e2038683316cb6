package analysis

import (
	"context"
	"sync"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/disclosure"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// Counts holds how many people live in territories, so that trees and lists
// need not count them again. The zero value is ready; it is safe for
// concurrent use.
type Counts struct {
	mu    sync.Mutex
	state string
	leaf  map[string]float64
}

// maxCounted bounds the lowest territories that one question counts.
const maxCounted = 10_000

// Counted is the people of a territory; nil when there are too few to be told.
type Counted struct{ People *float64 }

// PeopleOf counts the people of territories by the same rule as Profile.
// Territories that cannot be counted (no population data, or not one, or too
// many areas below) are not in the answer.
func (e *Engine) PeopleOf(ctx context.Context, c *Counts, codes []string) (map[string]Counted, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	ctx = atlas.Exact(ctx)
	if out, done, err := r.protectedPeopleOf(ctx, codes); done || err != nil {
		return out, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state := r.snapshot.State(); c.state != state || c.leaf == nil {
		c.state, c.leaf = state, map[string]float64{}
	}
	below := make(map[string][]geo.Territory, len(codes))
	var missing []geo.Territory
	seen := map[string]bool{}
	for _, code := range codes {
		below[code] = r.tree.Leaves(code)
		for _, l := range below[code] {
			if _, known := c.leaf[l.Code]; !known && !seen[l.Code] {
				seen[l.Code] = true
				missing = append(missing, l)
			}
		}
	}
	if len(missing) > maxCounted {
		missing = nil
	}
	if err := r.count(ctx, c, missing); err != nil {
		return nil, err
	}
	out := make(map[string]Counted, len(codes))
	for code, leaves := range below {
		sum, all := 0.0, len(leaves) > 0
		for _, l := range leaves {
			v, known := c.leaf[l.Code]
			sum, all = sum+v, all && known
		}
		if all {
			out[code] = Counted{&sum}
		}
	}
	return out, nil
}

// protectedPeopleOf counts as the tables of territories tell it; not done
// where the figures need no protection.
func (r *run) protectedPeopleOf(ctx context.Context, codes []string) (out map[string]Counted, done bool, err error) {
	out = make(map[string]Counted, len(codes))
	for _, code := range codes {
		t, err := r.tree.Get(code)
		if err != nil {
			continue
		}
		d, found, err := r.pick(catalog.Population, "", "", t.BBox)
		if err != nil || !found { // none, or not one
			continue
		}
		if !r.protected(d) {
			return nil, false, nil
		}
		var it *catalog.Item
		if d.Kind == catalog.Raster {
			one, err := r.oneItem(d, "", "", &t.BBox)
			if err != nil {
				continue
			}
			it = &one
		}
		tree, err := r.treeOf(ctx, d, it, disclosure.DefaultThreshold)
		if err != nil {
			return nil, false, err
		}
		if n, hidden, ok := tree.Total(code); ok {
			out[code] = Counted{told(n, hidden)}
		}
	}
	return out, len(out) > 0, nil
}

// count fills in the people of the lowest territories.
func (r *run) count(ctx context.Context, c *Counts, list []geo.Territory) error {
	var areas []area
	box := geo.EmptyBBox()
	for _, t := range list {
		mp, err := r.tree.Geometry(ctx, t.Code)
		if err != nil {
			return err
		}
		if len(mp) > 0 {
			areas = append(areas, area{Territory: t, lonLat: mp})
			box = box.Union(geo.BBoxOf(mp.Bound()))
		}
	}
	if len(areas) == 0 {
		return nil
	}
	d, ok := r.only(catalog.Population, box)
	if !ok {
		return nil
	}
	sums, err := r.peopleByArea(ctx, d, areas, box)
	if err != nil {
		return err
	}
	for i, a := range areas {
		c.leaf[a.Code] = sums[i]
	}
	return nil
}

// peopleByArea counts everyone, area by area.
func (r *run) peopleByArea(ctx context.Context, d catalog.Dataset, areas []area, box geo.BBox) ([]float64, error) {
	out := make([]float64, len(areas))
	if d.Kind == catalog.Vector {
		rows, _, err := r.peopleRows(ctx, d, areas)
		for i, row := range rows {
			if len(row) > 0 {
				out[i] = row[0]
			}
		}
		return out, err
	}
	it, err := r.oneItem(d, "", "", &box)
	if err != nil {
		return nil, err
	}
	return out, r.addPeople(ctx, it, areas, out)
}

// addPeople adds the people of a raster to those of each area, by the rule of
// peopleSummer.
func (r *run) addPeople(ctx context.Context, it catalog.Item, areas []area, into []float64) error {
	total, ages, _, err := bandsOf(it)
	if err != nil {
		return err
	}
	bands := ages
	if total > 0 {
		bands = []int{total}
	}
	side, err := cellMetres(it.Grid)
	if err != nil {
		return err
	}
	for _, b := range bands {
		if side > maxAreaRuleCell {
			res, err := r.statsOver(ctx, it, b, areas, zonal.Options{Stats: []zonal.Stat{zonal.Sum}})
			if err != nil {
				return err
			}
			for i := range res {
				if v, ok := res[i].Get(string(zonal.Sum)); ok {
					into[i] += v
				}
			}
			continue
		}
		if err := r.addCells(ctx, it, b, areas, into); err != nil {
			return err
		}
	}
	return nil
}

// addCells counts cells where their centres lie.
func (r *run) addCells(ctx context.Context, it catalog.Item, band int, areas []area, into []float64) error {
	box := geo.EmptyBBox()
	for _, a := range areas {
		box = box.Union(geo.BBoxOf(a.lonLat.Bound()))
	}
	native, err := fromLonLat(box, it.Grid.CRS)
	if err != nil {
		return err
	}
	layer, ok, err := r.readPatch(ctx, it, band, native)
	if err != nil || !ok {
		return err
	}
	of, err := areaOfCells(areas, layer.grid)
	if err != nil {
		return err
	}
	for i, a := range of {
		if a != noArea {
			into[a] += positive(layer.values[i])
		}
	}
	return nil
}
