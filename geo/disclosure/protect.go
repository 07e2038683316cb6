package disclosure

import (
	"context"
	"math"
	"slices"

	"contado/geo/coverage"
	"contado/geo/fault"
)

const opProtect = "disclosure.Protect"

// MaxThreshold bounds the threshold: above it nothing would be left to read.
const MaxThreshold = 1000

// protectReport hides in place what would show fewer people than threshold (0
// is DefaultThreshold): counts above 0 and below it, differences of counts
// that are, and as many others as it takes so that none can be computed from
// what is left: see cube for the proof. Rows are hidden whole; a figure whose
// population is small is hidden with it. Medians go where any row of theirs
// goes; the curve is thinned to steps of at least threshold, or goes with a
// row of the whole; gaps go into GapsOmitted where they would tell.
// Protecting a protected report again is refused: hidden numbers are gone.
// Errors: fault.Invalid, fault.Canceled.
func protectReport(ctx context.Context, r *coverage.Report, threshold float64) error {
	k, err := checkThreshold(threshold)
	if err != nil {
		return err
	}
	return protectAll(ctx, []*coverage.Report{r}, k)
}

func checkThreshold(k float64) (float64, error) {
	if k == 0 {
		k = DefaultThreshold
	}
	if !(k >= 1 && k <= MaxThreshold) {
		return 0, fault.Errorf(opProtect, fault.Invalid, "threshold of %v people: want 1 to %d", k, MaxThreshold)
	}
	return k, nil
}

// table is a report with the cubes behind it: the whole, and those of bands
// that do not fit into it.
type table struct {
	r     *coverage.Report
	whole *cube // areas × ages; or without bands
	parts []part
	dear  []bool
	k     float64
}

// part is a cube with the bands that it tells. Bands of one part exclude each
// other: ages are of one, women and men of another.
type part struct {
	*cube
	bands []int // of the report, in the order of the cube
	// margin: the people of all ages are the sum of the bands; else of the
	// bands nothing is told but themselves.
	margin bool
}

// protectAll protects reports about one population together: a population
// hidden in one is hidden in all.
func protectAll(ctx context.Context, list []*coverage.Report, k float64) error {
	tables := make([]*table, len(list))
	for i, r := range list {
		if r.Disclosure != nil {
			return fault.Errorf(opProtect, fault.Invalid, "report %q is protected already", r.ID)
		}
		t, err := newTable(r, k)
		if err != nil {
			return err
		}
		tables[i] = t
		if err := t.protect(ctx); err != nil {
			return err
		}
	}
	for i := range tables {
		for j := range tables {
			tables[i].adopt(tables[j])
		}
	}
	for _, t := range tables {
		if t.whole.population[t.whole.figure(t.whole.areas, t.whole.bands)] {
			return fault.WithHint(fault.Errorf(opProtect, fault.Unsupported,
				"report %q: too few people live in %s for anything to be published about them", t.r.ID, t.r.Territory.Name),
				"ask for a larger territory")
		}
		t.write()
		if err := t.extras(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cubes are those of all parts, the whole first.
func (t *table) cubes() []*cube {
	out := []*cube{t.whole}
	for _, p := range t.parts {
		if p.cube != t.whole {
			out = append(out, p.cube)
		}
	}
	return out
}

// protect protects the cubes one after the other, and joins those that tell
// of the same people.
func (t *table) protect(ctx context.Context) error {
	for _, c := range t.cubes() {
		c.seed(t)
		if err := c.protect(ctx); err != nil {
			return err
		}
	}
	t.join()
	return nil
}

func newTable(r *coverage.Report, k float64) (*table, error) {
	t := &table{r: r, k: k, dear: make([]bool, max(1, len(r.Areas)))}
	listed := map[string]bool{}
	for _, g := range r.Gaps {
		listed[g.AreaCode] = true
	}
	for a := range r.Areas {
		t.dear[a] = listed[r.Areas[a].Code]
		if err := sameShape(r, &r.Areas[a]); err != nil {
			return nil, err
		}
	}
	whole := coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage}
	areas := []*coverage.Figures{&whole}
	bands := [][]coverage.BandResult{r.AgeBands}
	if len(r.Areas) > 0 {
		areas, bands = nil, nil
		for a := range r.Areas {
			areas = append(areas, &r.Areas[a].Figures)
			bands = append(bands, r.Areas[a].AgeBands)
		}
	}
	ages, sexes := kinds(r.AgeBands)
	t.whole = newCube(len(areas), 1, len(r.Coverage), k)
	t.whole.fill(0, areas)
	for n, list := range [][]int{ages, sexes} {
		if len(list) == 0 {
			continue
		}
		p := partOf(list, areas, bands, k)
		if n == 0 && p.margin {
			t.whole = p.cube
		}
		t.parts = append(t.parts, p)
	}
	for _, c := range t.cubes() {
		c.splits = true
		copy(c.dear, t.dear)
	}
	return t, nil
}

// partOf makes the cube of some bands.
func partOf(list []int, areas []*coverage.Figures, bands [][]coverage.BandResult, k float64) part {
	some := make([][]coverage.BandResult, len(bands))
	for a := range bands {
		for _, b := range list {
			some[a] = append(some[a], bands[a][b])
		}
	}
	n, rows := len(list), len(areas[0].Coverage)
	p := part{bands: list, margin: true}
	switch {
	case complete(areas, some):
		p.cube = newCube(len(areas), n, rows, k)
		p.fillBands(some)
	case !below(areas, some):
		p.cube, p.margin = newCube(len(areas), n, rows, k), false
		p.fillBands(some)
	default: // the rest of the people is a band that anyone can work out
		p.cube = newCube(len(areas), n+1, rows, k)
		p.fillBands(some)
		p.fill(n, areas)
		p.lessBands(n)
	}
	return p
}

// sameShape tests that an area has the rows and bands of the whole.
func sameShape(r *coverage.Report, a *coverage.AreaResult) error {
	ok := len(a.Coverage) == len(r.Coverage) && len(a.AgeBands) == len(r.AgeBands)
	for b := range a.AgeBands {
		ok = ok && len(a.AgeBands[b].Coverage) == len(r.Coverage)
	}
	if !ok {
		return fault.Errorf(opProtect, fault.Invalid, "report %q: area %q has not the thresholds and age bands of the whole", r.ID, a.Code)
	}
	return nil
}

// classesOf are the people of a figure by class of time.
func classesOf(f *coverage.Figures) []float64 {
	out := make([]float64, len(f.Coverage)+2)
	last := 0.0
	for j, row := range f.Coverage {
		out[j] = row.Covered - last
		last = row.Covered
		out[len(f.Coverage)], out[len(f.Coverage)+1] = row.Uncovered, row.Unreachable
	}
	return out
}

func (c *cube) fill(band int, areas []*coverage.Figures) {
	for a, f := range areas {
		for k, v := range classesOf(f) {
			*c.at(a, band, k) = v
		}
	}
}

func (c *cube) fillBands(bands [][]coverage.BandResult) {
	for a := range bands {
		for b := range bands[a] {
			for k, v := range classesOf(&bands[a][b].Figures) {
				*c.at(a, b, k) = v
			}
		}
	}
}

// lessBands takes all other bands out of one.
func (c *cube) lessBands(band int) {
	for a := range c.areas {
		for b := range band {
			for k := range c.classes() {
				*c.at(a, band, k) -= *c.at(a, b, k)
			}
		}
	}
}

func restOf(f *coverage.Figures, bands []coverage.BandResult) []float64 {
	rest := classesOf(f)
	for b := range bands {
		for k, v := range classesOf(&bands[b].Figures) {
			rest[k] -= v
		}
	}
	return rest
}

func complete(areas []*coverage.Figures, bands [][]coverage.BandResult) bool {
	for a, f := range areas {
		for _, v := range restOf(f, bands[a]) {
			if math.Abs(v) > tiny {
				return false
			}
		}
	}
	return true
}

// below: bands are part of the people, in every class.
func below(areas []*coverage.Figures, bands [][]coverage.BandResult) bool {
	for a, f := range areas {
		for _, v := range restOf(f, bands[a]) {
			if v < -tiny {
				return false
			}
		}
	}
	return true
}

// adopt hides the populations that another report about the same people hides.
func (t *table) adopt(other *table) {
	for i, c := range t.cubes() {
		if i >= len(other.cubes()) || other.cubes()[i].areas != c.areas || other.cubes()[i].bands != c.bands {
			continue
		}
		for f, hidden := range other.cubes()[i].population {
			if hidden && !c.population[f] {
				c.population[f] = true
				for j := range c.rows {
					c.row[f*c.rows+j] = true
				}
				c.split[f] = true
			}
		}
		c.countHidden()
	}
}

// write sets the flags of the report and takes the hidden numbers out of it.
func (t *table) write() {
	r := t.r
	whole := coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage, MedianS: r.MedianS, P90S: r.P90S}
	d := &coverage.Disclosure{Threshold: t.k}
	for _, c := range t.cubes() {
		d.Primary += c.primary
		d.Secondary += c.secondary
	}
	r.Disclosure = d
	c := t.whole
	c.hideFigures(c.areas, c.bands, &whole)
	r.MedianS, r.P90S = whole.MedianS, whole.P90S
	for a := range r.Areas {
		c.hideFigures(a, c.bands, &r.Areas[a].Figures)
	}
	for _, p := range t.parts {
		for i, b := range p.bands {
			p.hideFigures(p.areas, i, &r.AgeBands[b].Figures)
			for a := range r.Areas {
				p.hideFigures(a, i, &r.Areas[a].AgeBands[b].Figures)
			}
		}
	}
}

func (c *cube) hideFigures(area, band int, f *coverage.Figures) {
	i := c.figure(area, band)
	last := 0.0
	for j := range f.Coverage {
		row := &f.Coverage[j]
		last = row.ThresholdS
		switch {
		case c.row[i*c.rows+j]:
			*row = coverage.Row{ThresholdS: row.ThresholdS, Suppressed: true}
		case c.split[i]:
			row.Uncovered, row.Unreachable, row.Merged = row.Uncovered+row.Unreachable, 0, true
		}
	}
	rows := c.population[i] || slices.Contains(c.row[i*c.rows:(i+1)*c.rows], true)
	for _, seconds := range []**float64{&f.MedianS, &f.P90S} {
		// Who is beyond every threshold may be nearer or unreachable for all that is told.
		if rows || c.split[i] && *seconds != nil && **seconds > last {
			*seconds = nil
		}
	}
	if c.population[i] {
		f.Population, f.Suppressed = 0, true
	}
}
