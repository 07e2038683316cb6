package analysis

import (
	"context"
	"math"
	"strings"

	"contado/geo"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// maxAreaRuleCell is the largest cell, in metres, of a population grid that
// counts as a census grid: its people belong to the area that holds the
// cell's centre. Coarser cells are divided among the areas that they cover.
const maxAreaRuleCell = 300.0

// bandsOf says which bands of a population raster hold everyone and which an
// age band each: "total" (or the only band) is everyone; "age_…" are ages.
// total is 0 when everyone is the sum of the age bands.
func bandsOf(it catalog.Item) (total int, ages []int, names []string, err error) {
	for i, b := range it.Bands {
		name := strings.ToLower(b.Name)
		switch {
		case name == "total" || len(it.Bands) == 1:
			total = i + 1
		case strings.HasPrefix(name, "age_"):
			ages, names = append(ages, i+1), append(names, name)
		}
	}
	if total == 0 && len(ages) == 0 {
		return 0, nil, nil, fault.WithHint(
			fault.Errorf("analysis.population", fault.Invalid, "item %s has %d bands and none is named total or age_…", it.ID, len(it.Bands)),
			"name the bands, or ingest the band of all people alone")
	}
	return total, ages, names, nil
}

func (r *run) demandFromGrid(ctx context.Context, d catalog.Dataset, areas []area, f *footing, move *resettlement) (people, string, error) {
	wgs, err := boxIn(f.grid, geo.WGS84)
	if err != nil {
		return people{}, "", err
	}
	it, err := r.oneItem(d, "", "", &wgs)
	if err != nil {
		return people{}, "", err
	}
	total, ages, names, err := bandsOf(it)
	if err != nil {
		return people{}, "", err
	}
	bands := ages
	if total > 0 {
		bands = append([]int{total}, ages...)
	}
	box, err := boxIn(f.grid, it.Grid.CRS)
	if err != nil {
		return people{}, "", err
	}
	layers := make([]patch, len(bands))
	for i, b := range bands {
		p, ok, err := r.readPatch(ctx, it, b, box)
		if err != nil {
			return people{}, "", err
		}
		if !ok {
			return people{}, "", fault.Errorf("analysis.population", fault.Invalid, "population dataset %q does not cover the territory", d.ID)
		}
		layers[i] = p
	}
	s := &spread{footing: f, layers: layers, hasTotal: total > 0, areas: areas, resettle: move}
	out, method, err := s.do(ctx)
	out.bandNames = names
	return out, method, err
}

// spread divides the people of population cells among the cells of a footing.
type spread struct {
	footing  *footing
	layers   []patch // all people first when hasTotal, then the age bands
	hasTotal bool
	areas    []area
	resettle *resettlement
	parts    []float64 // scratch: bands of a part

	cellOf []int32 // field cell → population cell, −1 outside
	pass   []int32 // population cell → passable field cells in it
	any    []int32 // population cell → all field cells in it
	served []bool  // population cell → its first field cell has been added
}

func (s *spread) do(ctx context.Context) (people, string, error) {
	if err := s.locate(ctx); err != nil {
		return people{}, "", err
	}
	pg := s.layers[0].grid
	side, err := cellMetres(pg)
	if err != nil {
		return people{}, "", err
	}
	areaOfPop := []int32(nil)
	method := "people of each population cell spread evenly over its passable cells, and counted in the area of each"
	if side <= maxAreaRuleCell {
		if areaOfPop, err = areaOfCells(s.areas, pg); err != nil {
			return people{}, "", err
		}
		method = "people of each population cell counted in the area that holds its centre, and spread evenly over its passable cells"
	}
	out := newColumns(len(s.layers) - b2i(s.hasTotal))
	if err := s.fill(ctx, &out, areaOfPop); err != nil {
		return people{}, "", err
	}
	if err := s.strays(&out, areaOfPop); err != nil {
		return people{}, "", err
	}
	return out, method, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// locate finds the population cell under every field cell and counts.
func (s *spread) locate(ctx context.Context) error {
	f, pg := s.footing, s.layers[0].grid
	s.cellOf = make([]int32, f.grid.Cells())
	s.pass = make([]int32, pg.Cells())
	s.any = make([]int32, pg.Cells())
	s.served = make([]bool, pg.Cells())
	finder, err := newCellFinder(f.grid, pg)
	if err != nil {
		return err
	}
	for row := range f.grid.Height {
		if err := ctx.Err(); err != nil {
			return err
		}
		cols, rows, err := finder.row(row)
		if err != nil {
			return err
		}
		for c := range cols {
			cell := row*f.grid.Width + c
			s.cellOf[cell] = -1
			pc, pr := math.Floor(cols[c]), math.Floor(rows[c])
			if !(pc >= 0 && pr >= 0 && pc < float64(pg.Width) && pr < float64(pg.Height)) {
				continue
			}
			k := int32(pr)*int32(pg.Width) + int32(pc)
			s.cellOf[cell] = k
			s.any[k]++
			if f.passable(cell) {
				s.pass[k]++
			}
		}
	}
	return nil
}

// total is everyone in a population cell; 0 where nobody or nodata.
func (s *spread) total(k int) float64 {
	if s.hasTotal {
		return positive(s.layers[0].values[k])
	}
	sum := 0.0
	for i := range s.layers {
		sum += positive(s.layers[i].values[k])
	}
	return sum
}

// fill adds one row for every field cell that gets people. areaOfPop is the
// area of each population cell, or nil to use that of the field cell.
func (s *spread) fill(ctx context.Context, out *people, areaOfPop []int32) error {
	f := s.footing
	lonLat, err := newLonLat(f.grid)
	if err != nil {
		return err
	}
	for row := range f.grid.Height {
		if err := ctx.Err(); err != nil {
			return err
		}
		for c := range f.grid.Width {
			cell := row*f.grid.Width + c
			k := s.cellOf[cell]
			if k < 0 {
				continue
			}
			a := f.area[cell]
			if areaOfPop != nil {
				a = areaOfPop[k]
			}
			n := s.pass[k]
			if n == 0 {
				n = s.any[k] // nobody can be there: they are moved, or stay unreachable
			} else if !f.passable(cell) {
				continue
			}
			if a == noArea || s.total(int(k)) == 0 {
				continue
			}
			lon, lat, err := lonLat.of(c, row)
			if err != nil {
				return err
			}
			s.add(out, int(k), n, a, cell, lon, lat)
		}
	}
	return nil
}

// strays adds the population cells that no field cell's centre fell into (the
// population grid is finer): they take the time of the cell that holds them.
func (s *spread) strays(out *people, areaOfPop []int32) error {
	f, pg := s.footing, s.layers[0].grid
	finder, err := newCellFinder(pg, f.grid)
	if err != nil {
		return err
	}
	lonLat, err := newLonLat(pg)
	if err != nil {
		return err
	}
	for row := range pg.Height {
		cols, rows, err := finder.row(row)
		if err != nil {
			return err
		}
		for c := range pg.Width {
			k := row*pg.Width + c
			if s.any[k] > 0 || s.total(k) == 0 {
				continue
			}
			fc, fr := math.Floor(cols[c]), math.Floor(rows[c])
			if !(fc >= 0 && fr >= 0 && fc < float64(f.grid.Width) && fr < float64(f.grid.Height)) {
				continue // outside the field, so outside the territory
			}
			cell := int(fr)*f.grid.Width + int(fc)
			a := f.area[cell]
			if areaOfPop != nil {
				a = areaOfPop[k]
			}
			if a == noArea {
				continue
			}
			lon, lat, err := lonLat.of(c, row)
			if err != nil {
				return err
			}
			s.add(out, k, 1, a, cell, lon, lat)
		}
	}
	return nil
}

// add appends rows with one of n parts of a population cell's people.
func (s *spread) add(out *people, k int, n int32, a int32, cell int, lon, lat float64) {
	first := !s.served[k]
	s.served[k] = true
	s.parts = s.parts[:0]
	for b := range out.Bands {
		v := positive(s.layers[b+b2i(s.hasTotal)].values[k])
		s.parts = append(s.parts, demand.Portion(v, n, first))
	}
	s.resettle.add(out, a, cell, lon, lat, demand.Portion(s.total(k), n, first), s.parts)
}
