package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// people is a demand under construction, in parallel columns.
type people struct {
	coverage.Demand
	bandNames []string
	cells     []int32 // of the footing, where the row's people start from
}

// arrive sets the times and facilities of a movement over the same cells.
func (p *people) arrive(m *movement) {
	p.Seconds, p.Facility = make([]float32, len(p.cells)), make([]int32, len(p.cells))
	for i, c := range p.cells {
		p.Seconds[i], p.Facility[i] = m.seconds[c], m.nearest[c]
	}
}

// maxAreaRuleCell is the largest cell, in metres, of a population grid that
// counts as a census grid: its people belong to the area that holds the
// cell's centre. Coarser cells are divided among the areas that they cover.
const maxAreaRuleCell = 300.0

// demand puts people onto the cells of a footing: from a population grid or a table.
func (r *run) demand(ctx context.Context, d catalog.Dataset, areas []area, f *footing) (people, string, error) {
	r.used(d)
	if d.Kind == catalog.Vector {
		return r.demandFromTable(ctx, d, areas, f)
	}
	return r.demandFromGrid(ctx, d, areas, f)
}

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

func (r *run) demandFromGrid(ctx context.Context, d catalog.Dataset, areas []area, f *footing) (people, string, error) {
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
	s := &spread{footing: f, layers: layers, hasTotal: total > 0, areas: areas}
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

	cellOf []int32 // field cell → population cell, −1 outside
	pass   []int32 // population cell → passable field cells in it
	any    []int32 // population cell → all field cells in it
	served []bool  // population cell → its first field cell has been added
}

// grain is what people are divided into, a power of two so that the parts of
// a cell add up to it without rounding.
const grain = 1 << 20

// portion is one of n equal parts of some people, rounded down to the grain;
// the first part takes what the others leave.
func portion(people float64, n int32, first bool) float64 {
	q := math.Floor(people/float64(n)*grain) / grain
	if first {
		return people - q*float64(n-1)
	}
	return q
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

func newColumns(bands int) people {
	p := people{}
	if bands > 0 {
		p.Bands = make([][]float64, bands)
	}
	return p
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

func positive(v float64) float64 {
	if v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 0 // NaN too
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
				n = s.any[k] // nobody can walk there: unreachable, and counted
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

// add appends a row with one of n parts of a population cell's people.
func (s *spread) add(out *people, k int, n int32, a int32, cell int, lon, lat float64) {
	first := !s.served[k]
	s.served[k] = true
	out.row(a, cell, lon, lat, portion(s.total(k), n, first))
	for b := range out.Bands {
		v := positive(s.layers[b+b2i(s.hasTotal)].values[k])
		out.Bands[b] = append(out.Bands[b], portion(v, n, first))
	}
}

// row appends all but the age bands.
func (p *people) row(a int32, cell int, lon, lat, n float64) {
	p.Area = append(p.Area, a)
	p.cells = append(p.cells, int32(cell))
	p.People = append(p.People, n)
	p.X, p.Y = append(p.X, lon), append(p.Y, lat)
}

// cellMetres is the larger side of a grid's middle cell, in metres.
func cellMetres(g grid.Grid) (float64, error) {
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return 0, err
	}
	c, r := float64(g.Width)/2, float64(g.Height)/2
	xs, ys := make([]float64, 3), make([]float64, 3)
	xs[0], ys[0] = g.Transform.Apply(c, r)
	xs[1], ys[1] = g.Transform.Apply(c+1, r)
	xs[2], ys[2] = g.Transform.Apply(c, r+1)
	if err := tr.Points(xs, ys); err != nil {
		return 0, err
	}
	w := crs.Distance(xs[0], ys[0], xs[1], ys[1])
	h := crs.Distance(xs[0], ys[0], xs[2], ys[2])
	return math.Max(float64(w), float64(h)), nil
}

// lonLatRow gives longitudes and latitudes of cell centres, a row at a time.
type lonLatRow struct {
	g      grid.Grid
	tr     *crs.Transformer
	row    int
	xs, ys []float64
}

func newLonLat(g grid.Grid) (*lonLatRow, error) {
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	return &lonLatRow{g: g, tr: tr, row: -1, xs: make([]float64, g.Width), ys: make([]float64, g.Width)}, nil
}

func (l *lonLatRow) of(col, row int) (lon, lat float64, err error) {
	if l.row != row {
		for c := range l.xs {
			l.xs[c], l.ys[c] = l.g.Center(c, row)
		}
		if err := l.tr.Points(l.xs, l.ys); err != nil {
			return 0, 0, err
		}
		l.row = row
	}
	return l.xs[col], l.ys[col], nil
}

// demandFromTable spreads the people of each area's row evenly over the
// area's passable cells.
func (r *run) demandFromTable(ctx context.Context, d catalog.Dataset, areas []area, f *footing) (people, string, error) {
	rows, bands, err := r.tableRows(ctx, d, areas)
	if err != nil {
		return people{}, "", err
	}
	pass, any, served := make([]int32, len(areas)), make([]int32, len(areas)), make([]bool, len(areas))
	for cell, a := range f.area {
		if a == noArea {
			continue
		}
		any[a]++
		if f.passable(cell) {
			pass[a]++
		}
	}
	out := newColumns(len(bands))
	out.bandNames = bands
	lonLat, err := newLonLat(f.grid)
	if err != nil {
		return people{}, "", err
	}
	for cell, a := range f.area {
		if a == noArea || rows[a] == nil {
			continue
		}
		n := pass[a]
		if n == 0 {
			n = any[a]
		} else if !f.passable(cell) {
			continue
		}
		lon, lat, err := lonLat.of(cell%f.grid.Width, cell/f.grid.Width)
		if err != nil {
			return people{}, "", err
		}
		out.row(a, cell, lon, lat, portion(rows[a][0], n, !served[a]))
		for b := range bands {
			out.Bands[b] = append(out.Bands[b], portion(rows[a][b+1], n, !served[a]))
		}
		served[a] = true
	}
	for a := range areas {
		if any[a] == 0 && rows[a] != nil && rows[a][0] > 0 {
			return people{}, "", fault.WithHint(fault.Errorf("analysis.population", fault.Invalid,
				"territory %s (%s) is smaller than a cell of %s, and its %g people would be lost", areas[a].Code, areas[a].Name, f.grid.CRS.Short(), rows[a][0]),
				"use a finer cell size")
		}
	}
	return out, "people of each territory spread evenly over its passable area, because they are known by territory only", nil
}

// tableRows reads all people and the age bands of each area; nil for areas
// that the table does not have.
func (r *run) tableRows(ctx context.Context, d catalog.Dataset, areas []area) (rows [][]float64, bands []string, err error) {
	const op = "analysis.population"
	t := d.Version.Table
	if t == nil {
		return nil, nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "dataset %q does not say which columns hold codes and people", d.ID),
			"ingest it again with --role population --code-field and --population-field")
	}
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return nil, nil, err
	}
	fields := []string{t.Code, t.Total}
	cols := make([]string, 0, len(t.AgeBands))
	for c := range t.AgeBands {
		cols = append(cols, c)
	}
	slices.SortFunc(cols, func(a, b string) int { return strings.Compare(t.AgeBands[a], t.AgeBands[b]) })
	for _, c := range cols {
		fields, bands = append(fields, c), append(bands, t.AgeBands[c])
	}
	index := make(map[string]int, len(areas))
	for i, a := range areas {
		index[a.Code] = i
	}
	rows = make([][]float64, len(areas))
	var bad error
	err = l.Scan(ctx, features.Query{Fields: fields, SkipGeometry: true}, func(f geo.Feature) bool {
		i, ok := index[fmt.Sprint(f.Values[0])]
		if !ok {
			return true
		}
		if rows[i] != nil {
			bad = fault.Errorf(op, fault.Invalid, "dataset %q has code %v twice", d.ID, f.Values[0])
			return false
		}
		rows[i] = make([]float64, len(fields)-1)
		for k := range rows[i] {
			rows[i][k] = positive(number(f.Values[k+1]))
		}
		return true
	})
	if err = firstError(err, bad); err != nil {
		return nil, nil, err
	}
	var missing []string
	for i, row := range rows {
		if row == nil {
			missing = append(missing, areas[i].Code+" "+areas[i].Name)
		}
	}
	if len(missing) == len(areas) {
		return nil, nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "no code of the territories is in column %q of dataset %q (territories have codes like %q)", t.Code, d.ID, areas[0].Code),
			"ingest the table again with the right --code-field; leading zeros count")
	}
	if len(missing) > 0 {
		list := strings.Join(missing[:min(10, len(missing))], ", ")
		r.notice("population-missing",
			fmt.Sprintf("%d territories are not in the table of people and count as empty: %s.", len(missing), list),
			fmt.Sprintf("%d territori non sono nella tabella della popolazione e contano come vuoti: %s.", len(missing), list))
	}
	return rows, bands, nil
}

func firstError(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}
