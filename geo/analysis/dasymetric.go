package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// SpreadRequest asks for a grid of people made of census sections.
type SpreadRequest struct {
	Sections string // vector dataset of polygons with people
	// Ground is a raster of classes (land cover, built-up land or not) or of
	// built-up shares; "" for none.
	Ground string
	// Inhabited are the classes of Ground that people live on; none = by the
	// names of its classes, or by the legends that are known.
	Inhabited []int
	// Buildings is a vector dataset of outlines: people follow the floor space
	// of dwellings; "" for none.
	Buildings string
	// Method is one of demand.Methods; "" is the one with the least error on
	// sections held out.
	Method demand.Method
	Cell   float64   // side of the grid's cells in metres; 0 = those of Ground, else 100
	Whole  bool      // no fractions of people
	Group  int       // sections merged to one for the error; 0 = 4
	BBox   *geo.BBox // WGS 84; nil = all sections
	Dir    string    // existing folder for the grid
}

// SpreadReport is the details of a grid of people.
type SpreadReport struct {
	Method   demand.Method `json:"method"`
	Sections int           `json:"sections"`
	People   float64       `json:"people"` // of the sections; the grid has as many
	Bands    []string      `json:"bands"`
	// Accuracy is the error of each method on sections held out, the least
	// first.
	Accuracy  []demand.Accuracy `json:"accuracy"`
	Densities []GroundDensity   `json:"densities,omitempty"`
	// Fallback are sections whose people could not be put where the method
	// wants: they were spread over all their surface.
	Fallback demand.Tally `json:"fallback"`
}

// GroundDensity is the density of people on a class of ground.
type GroundDensity struct {
	Class   int     `json:"class"`
	Name    string  `json:"name,omitempty"`
	PerKm2  float64 `json:"people_per_km2"`
	Samples int     `json:"sections"` // all but filled by it; 0: estimated from mixed ones
}

// Bounds of a spread.
const (
	maxPieces   = 60_000_000
	minCell     = 1.0
	maxCell     = 10_000.0
	defaultCell = 100.0
)

// spreader is one spread under way.
type spreader struct {
	*run
	q       *SpreadRequest
	list    *sections
	fine    grid.Grid // of the ground
	target  grid.Grid
	toCell  []int32 // fine cell → target cell
	classes []int32 // of the index in pieces
	named   map[int]string
	lived   []bool // by index of class
	index   []int16
	shares  []float32 // of fine cells, when Ground holds shares
	floors  [][]floor // by section
	pieces  demand.Pieces
}

// SpreadPeople makes a grid of people: Σ of the cells is Σ of the sections,
// exactly, and so for each band.
func (e *Engine) SpreadPeople(ctx context.Context, q SpreadRequest, p Progress) (*Map, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	s := &spreader{run: r, q: &q}
	if err := s.read(ctx, p.part(0, 0.4)); err != nil {
		return nil, err
	}
	p.tell(0.4, "pieces")
	if err := s.cut(ctx); err != nil {
		return nil, err
	}
	p.tell(0.6, "error on sections held out")
	rep, err := s.choose(ctx)
	if err != nil {
		return nil, err
	}
	p.tell(0.8, "people")
	got, err := demand.Run(ctx, &s.pieces, s.list.counts, s.options(rep.Method))
	if err != nil {
		return nil, err
	}
	s.describe(rep, got)
	p.tell(0.9, "grid")
	return s.write(rep, got)
}

// read resolves the inputs: sections, ground, buildings and the two grids.
func (s *spreader) read(ctx context.Context, p Progress) error {
	const op = "analysis.SpreadPeople"
	q := s.q
	if q.Cell != 0 && !(q.Cell >= minCell && q.Cell <= maxCell) {
		return fault.Errorf(op, fault.Invalid, "cells of %g m: want %g to %g", q.Cell, minCell, maxCell)
	}
	if q.Group < 0 || q.Group > 1000 {
		return fault.Errorf(op, fault.Invalid, "%d sections merged to one: want 2 to 1000", q.Group)
	}
	d, err := s.snapshot.Dataset(q.Sections)
	if err != nil {
		return err
	}
	if !ofSections(d) {
		return fault.Errorf(op, fault.Invalid, "dataset %q is no layer of polygons: sections are polygons with people", d.ID)
	}
	s.used(d)
	box := d.Version.BBoxWGS84
	if q.BBox != nil {
		if box = box.Intersect(*q.BBox); box.IsEmpty() {
			return fault.Errorf(op, fault.Invalid, "no section of %s lies in the box", d.ID)
		}
	}
	values, item, err := s.ground(ctx, box)
	if err != nil {
		return err
	}
	p.tell(0.3, "sections")
	if s.list, err = s.readSections(ctx, d, box, s.fine.CRS, true); err != nil {
		return err
	}
	if len(s.list.ids) == 0 {
		return fault.Errorf(op, fault.Invalid, "dataset %s has no section in the box", d.ID)
	}
	if err := s.classify(values, item); err != nil {
		return err
	}
	p.tell(0.7, "buildings")
	return s.readBuildings(ctx, box)
}

// ground reads the ground and settles the fine grid and the target.
func (s *spreader) ground(ctx context.Context, box geo.BBox) (values []float32, it catalog.Item, err error) {
	cell := s.q.Cell
	if s.q.Ground == "" {
		if cell == 0 {
			cell = defaultCell
		}
		s.fine, err = cellGrid(box, cell)
		s.target = s.fine
		return nil, it, err
	}
	pics, err := s.found(Pictures{Dataset: s.q.Ground}, &box)
	if err != nil {
		return nil, it, err
	}
	if s.fine, err = pics.over(nil); err != nil {
		return nil, it, err
	}
	native, err := fromLonLat(box, s.fine.CRS)
	if err != nil {
		return nil, it, err
	}
	win := s.fine.WindowOf(native)
	if win.Empty() {
		return nil, it, fault.Errorf("analysis.SpreadPeople", fault.Invalid, "ground %q does not meet the sections", s.q.Ground)
	}
	if win.Cells() > maxSampleCells {
		return nil, it, fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.TooLarge, "%d cells of ground, the limit is %d", win.Cells(), maxSampleCells), "take a part with --bbox")
	}
	s.fine = s.fine.Sub(win)
	s.target = s.fine
	if side, err := cellMetres(s.fine); err != nil {
		return nil, it, err
	} else if cell > 1.01*side {
		if s.target, err = cellGrid(box, cell); err != nil {
			return nil, it, err
		}
	}
	values = make([]float32, s.fine.Cells())
	it = pics.items[len(pics.items)-1]
	items := slices.Clone(pics.items)
	slices.Reverse(items) // the newest first: resample keeps what is there
	_, err = s.resample(ctx, items, 1, s.fine, false, values)
	return values, it, err
}

// classify turns the values of the ground into classes, or into shares.
func (s *spreader) classify(values []float32, it catalog.Item) error {
	s.index, s.named, s.classes, s.lived = nil, map[int]string{}, []int32{noClass}, []bool{true}
	if values == nil {
		return nil
	}
	b := it.Bands[0]
	for _, c := range b.Classes {
		s.named[c.Value] = c.Name
	}
	built := map[int32]bool{}
	for _, c := range s.q.Inhabited {
		built[int32(c)] = true
	}
	if len(built) == 0 {
		if built = classesLike(it, values, s.q.Ground, builtByLegend, builtWords); built == nil || b.DataType == "float32" || b.DataType == "float64" {
			s.shares = values // neither named nor known: amounts of built-up land
			return s.checkShares()
		}
	}
	s.index = make([]int16, len(values))
	s.lived[0] = false // no class
	place := map[int32]int16{noClass: 0}
	for i, v := range values {
		c := int32(noClass)
		if v == v && v > math.MinInt32 && v < math.MaxInt32 {
			c = int32(v)
		}
		k, ok := place[c]
		if !ok {
			if k = int16(len(s.classes)); len(s.classes) > 1000 {
				return fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.Invalid, "ground %q has more than 1000 classes", s.q.Ground), "a raster of shares must hold numbers with fractions")
			}
			place[c] = k
			s.classes, s.lived = append(s.classes, c), append(s.lived, built[c])
		}
		s.index[i] = k
	}
	if !slices.Contains(s.lived, true) {
		return fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.Invalid, "no cell of ground %q is of a class that people live on", s.q.Ground), "name the classes with --inhabited")
	}
	return nil
}

func (s *spreader) checkShares() error {
	for _, v := range s.shares {
		if v < 0 || math.IsInf(float64(v), 0) {
			return fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.Invalid, "ground %q has values below 0 and no classes that are known", s.q.Ground), "name the classes that people live on with --inhabited")
		}
	}
	return nil
}

// cut makes the pieces: sections in order, cell by cell, then buildings.
func (s *spreader) cut(ctx context.Context) error {
	if err := s.mapCells(); err != nil {
		return err
	}
	area, err := crs.CellAreas(s.fine)
	if err != nil {
		return err
	}
	for i, mp := range s.list.outline {
		var failed error
		covered := false
		err := zonal.Cover(ctx, s.fine, zonal.Area{ID: fmt.Sprint(s.list.ids[i]), Geometry: mp}, func(sp zonal.Span) bool {
			covered = true
			for c := sp.Col; c < sp.Col+sp.Width; c++ {
				s.piece(int32(i), sp.Row*s.fine.Width+c, sp.Fraction*area(sp.Row))
			}
			if s.pieces.Len() > maxPieces {
				failed = fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.TooLarge, "more than %d pieces of sections in cells", maxPieces), "take a part with --bbox, or coarser ground")
			}
			return failed == nil
		})
		if err := firstError(failed, err); err != nil {
			return fmt.Errorf("section %d: %w", s.list.ids[i], err)
		}
		if !covered && s.list.counts.Total[i] > 0 {
			return fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.Invalid, "section %d with %g people lies off the ground %q, and they would be lost", s.list.ids[i], s.list.counts.Total[i], s.q.Ground), "take ground that covers all sections, or a part with --bbox")
		}
		s.buildingPieces(i)
	}
	return nil
}

func (s *spreader) piece(section int32, cell int, m2 float64) {
	p := &s.pieces
	p.Section, p.Cell, p.Area = append(p.Section, section), append(p.Cell, s.toCell[cell]), append(p.Area, m2)
	if s.index != nil {
		p.Class = append(p.Class, s.index[cell])
	}
	switch {
	case s.floors != nil:
		p.Amount = append(p.Amount, 0)
	case s.shares != nil:
		share := math.Max(0, float64(s.shares[cell]))
		if math.IsNaN(share) {
			share = 0
		}
		p.Amount = append(p.Amount, m2*share)
	}
}

// mapCells finds the target cell of every fine cell's centre.
func (s *spreader) mapCells() error {
	s.toCell = make([]int32, s.fine.Cells())
	f, err := newCellFinder(s.fine, s.target)
	if err != nil {
		return err
	}
	for row := range s.fine.Height {
		cols, rows, err := f.row(row)
		if err != nil {
			return err
		}
		for c := range cols {
			col := min(max(int(math.Floor(cols[c])), 0), s.target.Width-1)
			r := min(max(int(math.Floor(rows[c])), 0), s.target.Height-1)
			s.toCell[row*s.fine.Width+c] = int32(r*s.target.Width + col)
		}
	}
	return nil
}

func (s *spreader) options(m demand.Method) demand.Options {
	o := demand.Options{Method: m, Grain: demand.Fine}
	if s.q.Whole {
		o.Grain = demand.Whole
	}
	if s.index != nil && m == demand.Binary {
		o.Inhabited = s.lived
	}
	return o
}

// methods are those that the inputs allow.
func (s *spreader) methods() []demand.Method {
	out := []demand.Method{demand.AreaWeighted}
	if s.index != nil {
		out = append(out, demand.Binary, demand.ClassDensity)
	}
	if s.pieces.Amount != nil {
		out = append(out, demand.Proportional)
	}
	return out
}

// choose measures the methods on sections held out and settles the one taken.
func (s *spreader) choose(ctx context.Context) (*SpreadReport, error) {
	const op = "analysis.SpreadPeople"
	rep := &SpreadReport{Method: s.q.Method, Sections: len(s.list.ids), People: s.list.people(), Bands: append([]string{"total"}, s.list.names...)}
	allowed := s.methods()
	if rep.Method != "" && !slices.Contains(allowed, rep.Method) {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "method %q cannot be used with what is given; these can: %v", rep.Method, allowed), "binary and class-density need --ground with classes, proportional a ground of shares or --buildings")
	}
	for _, m := range allowed {
		got, err := demand.HeldOut(ctx, &s.pieces, s.list.counts, s.options(m), []demand.Method{m}, s.target.Width, s.q.Group)
		if err != nil {
			return nil, err
		}
		rep.Accuracy = append(rep.Accuracy, got...)
	}
	slices.SortStableFunc(rep.Accuracy, func(a, b demand.Accuracy) int {
		switch {
		case a.TAE < b.TAE:
			return -1
		case a.TAE > b.TAE:
			return 1
		}
		return 0
	})
	if rep.Method == "" {
		rep.Method = rep.Accuracy[0].Method
		if len(s.list.ids) < 2*4 { // too few to tell: the most that is known
			rep.Method = allowed[len(allowed)-1]
		}
	}
	return rep, nil
}
