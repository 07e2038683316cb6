package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// read finds the municipalities round the areas and where people live there.
func (h *headcount) read(ctx context.Context, d catalog.Dataset, box geo.BBox) error {
	if err := h.municipalitiesOf(ctx, box); err != nil {
		return err
	}
	h.used(d)
	whole := geo.EmptyBBox()
	for i := range h.leaves {
		whole = whole.Union(geo.BBoxOf(h.leaves[i].lonLat.Bound()))
	}
	var err error
	switch {
	case d.Kind == catalog.Raster:
		err = h.fromGrid(ctx, d, whole)
	case ofSections(d):
		err = h.fromSections(ctx, d, whole)
	default:
		err = h.fromTable(ctx, d)
	}
	if err != nil {
		return err
	}
	return h.checkAges()
}

// municipalitiesOf finds those of the territories asked for, or all that meet
// the box: blocks must not hang on what is drawn.
func (h *headcount) municipalitiesOf(ctx context.Context, box geo.BBox) error {
	var err error
	if h.territorial() {
		seen := map[string]bool{}
		for _, a := range h.areas {
			list, _, err := h.run.leaves(ctx, a.Code)
			if err != nil {
				return err
			}
			for _, l := range list {
				if !seen[l.Code] {
					seen[l.Code] = true
					h.leaves = append(h.leaves, l)
				}
			}
		}
		return nil
	}
	if h.leaves, err = h.municipalities(ctx, box); err != nil {
		return err
	}
	if len(h.leaves) == 0 {
		return fault.WithHint(fault.Errorf("analysis.Inhabitants", fault.Invalid, "no municipality is known where the areas lie, and people are counted by municipality"),
			"ingest municipal boundaries with --role territory")
	}
	return nil
}

func (h *headcount) row(a int, lon, lat, total float64) {
	h.of, h.total = append(h.of, int32(a)), append(h.total, total)
	h.lon, h.lat = append(h.lon, lon), append(h.lat, lat)
}

func (h *headcount) fromGrid(ctx context.Context, d catalog.Dataset, box geo.BBox) error {
	it, err := h.oneItem(d, "", "", &box)
	if err != nil {
		return err
	}
	total, ages, names, err := bandsOf(it)
	if err != nil {
		return err
	}
	native, err := fromLonLat(box, it.Grid.CRS)
	if err != nil {
		return err
	}
	bands := ages
	if total > 0 {
		bands = append([]int{total}, ages...)
	}
	layers := make([]patch, len(bands))
	for i, b := range bands {
		var ok bool
		if layers[i], ok, err = h.readPatch(ctx, it, b, native); err != nil {
			return err
		} else if !ok {
			return fault.Errorf("analysis.Inhabitants", fault.Invalid, "dataset %s has no people where the areas lie", d.ID)
		}
	}
	g := layers[0].grid
	areaOf, err := areaOfCells(h.leaves, g)
	if err != nil {
		return err
	}
	lonLat, err := newLonLat(g)
	if err != nil {
		return err
	}
	h.bands, h.byBand = names, make([][]float64, len(names))
	values := make([]float64, len(layers))
	for k, a := range areaOf {
		if a == noArea {
			continue
		}
		sum := 0.0
		for i := range layers {
			values[i] = positive(layers[i].values[k])
			sum += values[i]
		}
		if sum == 0 {
			continue
		}
		lon, lat, err := lonLat.of(k%g.Width, k/g.Width)
		if err != nil {
			return err
		}
		if total > 0 {
			sum = values[0]
			copy(values, values[1:])
		}
		h.row(int(a), lon, lat, sum)
		for b := range names {
			h.byBand[b] = append(h.byBand[b], values[b])
		}
	}
	return nil
}

func (h *headcount) fromSections(ctx context.Context, d catalog.Dataset, box geo.BBox) error {
	s, err := h.readSections(ctx, d, box, geo.WGS84, false)
	if err != nil {
		return err
	}
	names, at := ageBands(s.names)
	h.bands, h.byBand = names, make([][]float64, len(names))
	for i, n := range s.counts.Total {
		p, ok := pointOf(s.outline[i])
		if !ok {
			continue
		}
		a := areaAt(h.leaves, p[0], p[1])
		if a == noArea {
			continue
		}
		h.row(a, p[0], p[1], n)
		for b, k := range at {
			h.byBand[b] = append(h.byBand[b], s.counts.Bands[k][i])
		}
	}
	return nil
}

func (h *headcount) fromTable(ctx context.Context, d catalog.Dataset) error {
	rows, all, err := h.tableRows(ctx, d, h.leaves)
	if err != nil {
		return err
	}
	names, at := ageBands(all)
	h.byArea, h.bands, h.byBand = true, names, make([][]float64, len(names))
	for a, row := range rows {
		if row == nil {
			continue
		}
		h.row(a, 0, 0, row[0])
		for b, k := range at {
			h.byBand[b] = append(h.byBand[b], row[1+k])
		}
	}
	return nil
}

// agesTolerance is how far, as a share, the ages may be from all people.
const agesTolerance = 0.005

// checkAges drops ages that do not add up to the people: their difference
// would be a band of its own, which nothing protects.
func (h *headcount) checkAges() error {
	if len(h.bands) == 0 {
		return nil
	}
	all, aged := 0.0, 0.0
	for i, n := range h.total {
		all += n
		for b := range h.bands {
			v := h.byBand[b][i]
			if math.IsNaN(v) {
				return fault.Errorf("analysis.Inhabitants", fault.Invalid, "a count of band %s is no number", h.bands[b])
			}
			aged += v
		}
	}
	if math.Abs(all-aged) <= agesTolerance*all {
		return nil
	}
	h.notice("age-bands-incomplete",
		notice.Text("The age bands hold %.0f people and the areas %.0f: ages are left out.", aged, all),
		notice.Italian("Le fasce d'età contano %.0f persone e le aree %.0f: le età sono omesse.", aged, all))
	h.bands, h.byBand = nil, nil
	return nil
}
