package analysis

import (
	"context"
	"fmt"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/demand"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// sectionShare is the share of a section's surface from which all its people
// belong to the area that has it: outlines of sections and of municipalities
// never agree to the last metre.
const sectionShare = 0.9

// maxHeldOutPieces bounds the pieces that are kept to measure the error on
// sections held out.
const maxHeldOutPieces = 5_000_000

// sectionSpread puts the people of sections onto the cells of a footing, one
// section at a time.
type sectionSpread struct {
	*run
	f         *footing
	list      *sections
	inhabited []bool // by cell; nil: not known
	area      func(row int) float64
	lonLat    *lonLatRow
	move      *resettlement
	out       people

	all       *demand.Pieces // of all sections, as long as they are not too many
	fallback  demand.Tally
	spans     []zonal.Span
	weights   []float64
	parts     []float64
	bandParts [][]float64
	rowBands  []float64
}

// demandFromSections spreads the people of census sections over the cells
// that they cover, by the exact share of each cell: over built-up land where
// land cover is known, else over all ground where people can be.
func (r *run) demandFromSections(ctx context.Context, d catalog.Dataset, areas []area, f *footing, move *resettlement) (people, string, error) {
	box := geo.EmptyBBox()
	for i := range areas {
		box = box.Union(geo.BBoxOf(areas[i].lonLat.Bound()))
	}
	s := &sectionSpread{run: r, f: f, move: move, all: &demand.Pieces{}}
	var err error
	if s.list, err = r.readSections(ctx, d, box, f.grid.CRS, false); err != nil {
		return people{}, "", err
	}
	if r.shown {
		if err := s.list.blocks(ctx, r, &d, f.grid.CRS, disclosure.DefaultThreshold); err != nil {
			return people{}, "", err
		}
	}
	if s.lonLat, err = newLonLat(f.grid); err != nil {
		return people{}, "", err
	}
	if s.area, err = crs.CellAreas(f.grid); err != nil {
		return people{}, "", err
	}
	ground, err := s.builtUp(ctx, box)
	if err != nil {
		return people{}, "", err
	}
	s.out = newColumns(len(s.list.names))
	s.out.bandNames = s.list.names
	s.bandParts = make([][]float64, len(s.list.names))
	for i := range s.list.ids {
		if err := s.one(ctx, i); err != nil {
			return people{}, "", err
		}
	}
	s.tell(d.ID)
	return s.out, s.method(ctx, ground), nil
}

// builtUp finds the inhabited cells from land cover, if there is any; it
// returns the dataset's id.
func (s *sectionSpread) builtUp(ctx context.Context, box geo.BBox) (string, error) {
	d, ok := s.only(catalog.LandCover, box)
	if !ok || d.Kind != catalog.Raster {
		return "", nil
	}
	it, err := s.oneItem(d, "", "", &box)
	if err != nil {
		return "", nil //nolint:nilerr // no picture of it here: then it tells nothing
	}
	values := make([]float32, s.f.grid.Cells())
	if _, err := s.resample(ctx, []catalog.Item{it}, 1, s.f.grid, false, values); err != nil {
		return "", err
	}
	built := builtClasses(it, values, d.ID)
	if built == nil {
		return "", nil
	}
	s.used(d)
	s.inhabited = make([]bool, len(values))
	for i, v := range values {
		s.inhabited[i] = v == v && built[int32(v)]
	}
	return d.ID, nil
}

// one spreads one section.
func (s *sectionSpread) one(ctx context.Context, i int) error {
	s.spans = s.spans[:0]
	covered := 0.0
	err := zonal.Cover(ctx, s.f.grid, zonal.Area{ID: fmt.Sprint(s.list.ids[i]), Geometry: s.list.outline[i]}, func(sp zonal.Span) bool {
		s.spans = append(s.spans, sp)
		covered += sp.Fraction * float64(sp.Width) * s.area(sp.Row)
		return true
	})
	if err != nil {
		return fmt.Errorf("section %d: %w", s.list.ids[i], err)
	}
	if covered == 0 {
		return nil // off the footing, so outside the territory
	}
	whole := s.wholeArea(covered)
	cells, areas := s.cells()
	if !s.weigh(cells, areas) {
		s.fallback.Sections++
		s.fallback.People += s.list.counts.Total[i]
	}
	s.remember(i, cells, areas)
	s.parts = grow(s.parts, len(cells))
	if !demand.Apportion(s.parts, s.list.counts.Total[i], s.weights, demand.Fine) {
		return fault.Errorf("analysis.population", fault.Invalid, "section %d: %g people cannot be spread over %g m²", s.list.ids[i], s.list.counts.Total[i], covered)
	}
	for b := range s.bandParts {
		s.bandParts[b] = grow(s.bandParts[b], len(cells))
		demand.Apportion(s.bandParts[b], s.list.counts.Bands[b][i], s.parts, demand.Fine)
	}
	return s.rows(cells, whole)
}

// wholeArea is the area that has all but the whole of a section, noArea − 1
// when it is divided.
func (s *sectionSpread) wholeArea(covered float64) int32 {
	const divided = noArea - 1
	by := map[int32]float64{}
	for _, sp := range s.spans {
		for c := sp.Col; c < sp.Col+sp.Width; c++ {
			by[s.f.area[sp.Row*s.f.grid.Width+c]] += sp.Fraction * s.area(sp.Row)
		}
	}
	for a, m2 := range by {
		if m2 >= sectionShare*covered {
			return a
		}
	}
	return divided
}

// cells are the cells of the spans and the surface of the section in each.
func (s *sectionSpread) cells() (cells []int32, areas []float64) {
	for _, sp := range s.spans {
		for c := sp.Col; c < sp.Col+sp.Width; c++ {
			cells = append(cells, int32(sp.Row*s.f.grid.Width+c))
			areas = append(areas, sp.Fraction*s.area(sp.Row))
		}
	}
	return cells, areas
}

// weigh gives cells their weights: built-up ground first, else ground where
// people can be, else all. It reports whether the best kind was there.
func (s *sectionSpread) weigh(cells []int32, areas []float64) bool {
	s.weights = grow(s.weights, len(cells))
	try := func(use func(cell int) bool) bool {
		any := false
		for k, c := range cells {
			s.weights[k] = 0
			if use(int(c)) {
				s.weights[k], any = areas[k], true
			}
		}
		return any
	}
	if s.inhabited != nil && try(func(c int) bool { return s.inhabited[c] && s.f.passable(c) }) {
		return true
	}
	if try(s.f.passable) {
		return s.inhabited == nil
	}
	copy(s.weights, areas)
	return false
}

// remember keeps the pieces of a section to measure errors on, until there
// are too many.
func (s *sectionSpread) remember(i int, cells []int32, areas []float64) {
	if s.all == nil || s.all.Len()+len(cells) > maxHeldOutPieces {
		s.all = nil
		return
	}
	for k, c := range cells {
		class := int16(0)
		if s.inhabited != nil && s.inhabited[c] {
			class = 1
		}
		s.all.Section, s.all.Cell = append(s.all.Section, int32(i)), append(s.all.Cell, c)
		s.all.Area, s.all.Class = append(s.all.Area, areas[k]), append(s.all.Class, class)
	}
}

// rows adds the section's people, cell by cell.
func (s *sectionSpread) rows(cells []int32, whole int32) error {
	w := s.f.grid.Width
	for k, c := range cells {
		if s.parts[k] == 0 {
			continue
		}
		a := s.f.area[c]
		if whole >= noArea {
			a = whole
		}
		if a == noArea {
			continue
		}
		lon, lat, err := s.lonLat.of(int(c)%w, int(c)/w)
		if err != nil {
			return err
		}
		s.rowBands = s.rowBands[:0]
		for b := range s.bandParts {
			s.rowBands = append(s.rowBands, s.bandParts[b][k])
		}
		s.move.add(&s.out, a, int(c), lon, lat, s.parts[k], s.rowBands)
	}
	return nil
}

// tell says what did not go by the best rule.
func (s *sectionSpread) tell(id string) {
	if s.fallback.Sections > 0 {
		s.notice("sections-without-built-up",
			notice.Text("%d [section|sections] of %s with %.0f [person|people] [1:has|have] no built-up land to live on; people were spread over all the ground there.", s.fallback.Sections, id, s.fallback.People),
			notice.Italian("%d [sezione|sezioni] di %s con %.0f [abitante|abitanti] non [1:ha|hanno] suolo costruito: lì gli abitanti sono stati distribuiti su tutto il terreno.", s.fallback.Sections, id, s.fallback.People))
	}
}

// method words how people were spread, with the error on sections held out.
func (s *sectionSpread) method(ctx context.Context, ground string) string {
	text := "people of each census section spread over the cells that it covers, by the exact share of each cell that can be walked"
	methods := []demand.Method{demand.AreaWeighted}
	if ground != "" {
		text = fmt.Sprintf("people of each census section spread over its built-up land in %s, by the exact share of each cell", ground)
		methods = append(methods, demand.Binary)
	}
	if s.all == nil || s.all.Len() == 0 {
		return text
	}
	got, err := demand.HeldOut(ctx, s.all, demand.Counts{Total: s.list.counts.Total}, demand.Options{Inhabited: []bool{ground == "", true}}, methods, s.f.grid.Width, 0)
	if err != nil || len(got) == 0 || got[0].Sections < 2 {
		return text // canceled, or nothing to compare: the error stays unknown
	}
	last := got[len(got)-1]
	text += fmt.Sprintf("; of sections that it was not told, every %d merged to one, it puts at least %.1f %% of people into the wrong one (RMSE %.1f people a section)", 4, 50*last.Share, last.RMSE)
	if len(got) > 1 {
		text += fmt.Sprintf(", spreading by surface alone %.1f %%", 50*got[0].Share)
	}
	return text
}

// grow returns a slice of n values, the old one if it is long enough.
func grow(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n, n+n/2)
	}
	return s[:n]
}
