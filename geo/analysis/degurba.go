package analysis

import (
	"context"
	"math"
	"path/filepath"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/degurba"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// DegurbaRequest asks for the degree of urbanisation of a territory.
type DegurbaRequest struct {
	Territory string // code
	// Population is a grid or census sections; "" is the catalog's.
	Population string
	// Land tells land from water: land cover, or the share of land in each
	// cell; "" is the catalog's land cover, "none" takes all as land.
	Land string
	// Built tells built-up land: land cover, or the share of each cell that is
	// built up. "" leaves out the rules on built-up land.
	Built string
	Rules string // id of degurba.All; "" is the latest
	Level int    // of the cells of the map: 1 or 2; 0 = 2
	Dir   string // existing folder for the map; "" makes none
	// HideBelow is the number of people below which counts are hidden, with as
	// many others as it takes; 0 is disclosure.DefaultThreshold where the
	// people are not published by their owner, below 0 nothing is hidden.
	HideBelow float64

	// inReport: the figures are parts of a report, which counts everyone where
	// they are.
	inReport bool
}

// DegurbaResult is the degree of urbanisation of the areas of a territory.
type DegurbaResult struct {
	Territory coverage.Territory `json:"territory"`
	Rules     degurba.Rules      `json:"rules"`
	// Cells are those of 1 km² within the territory and their people, by class
	// of level 2.
	Cells []DegurbaCells `json:"cells"`
	// Areas have a class at level 1 and one at level 2 each.
	Areas []DegurbaArea `json:"areas"`
	// Classes are the same as AreaClass, of both levels.
	Classes []coverage.AreaClass `json:"classes"`
	Inputs  []coverage.Input     `json:"inputs"`
	Method  string               `json:"method"`
	Notices []coverage.Notice    `json:"notices"`
	Program coverage.Program     `json:"program"`
	// Disclosure says what is hidden; nil: nothing had to be looked at.
	Disclosure *coverage.Disclosure `json:"disclosure,omitempty"`

	Map *Map `json:"-"` // nil when none was asked for
}

// DegurbaCells are the cells of one class.
type DegurbaCells struct {
	Class  int               `json:"class"`
	Label  map[string]string `json:"label"`
	Km2    float64           `json:"km2"`
	People *float64          `json:"people"` // null: hidden
}

// DegurbaArea is one area with its people by class of cells, in the order of
// DegurbaResult.Cells. Hidden counts are null.
type DegurbaArea struct {
	Code   string     `json:"code"`
	Name   string     `json:"name"`
	Level1 string     `json:"level_1"` // "": hidden, for it would tell counts that are
	Level2 string     `json:"level_2"`
	People *float64   `json:"people"`
	Urban  *float64   `json:"urban_share"` // in centres and clusters; null where nobody lives, or hidden
	Cells  []*float64 `json:"people_by_class"`
}

// The cells of the degree of urbanisation and the finer ones that people,
// land and areas are brought to first.
const (
	degurbaCell  = 1000.0
	degurbaPart  = 100.0
	degurbaParts = int(degurbaCell / degurbaPart)
	// degurbaRim is how far round the territory people are taken in, in
	// metres: clusters do not end at borders.
	degurbaRim = 20_000.0
	// The world equal-area CRS of the Global Human Settlement Layer, and the
	// European one of official grids with the box that it is made for.
	mollweide geo.CRS = "ESRI:54009"
	europe    geo.CRS = "EPSG:3035"
)

// degurbaRun is one classification under way.
type degurbaRun struct {
	*run
	q     *DegurbaRequest
	rules degurba.Rules
	whole geo.Territory
	areas []area
	parts grid.Grid // cells of degurbaPart
	cells grid.Grid // cells of degurbaCell
	who   people
	// told are the people that are counted by area and class: who, or as they
	// are shown.
	told  *people
	from  float64     // counts below it are hidden; 0: none
	tree  *peopleTree // what is hidden wherever these people are told; nil: nothing
	land  []float32   // of parts, 1 land, 0 water; nil: not known
	class []degurba.Class
	area  []int32 // of parts
	how   string
}

// Degurba classifies cells of 1 km² and the areas of a territory.
//
// Errors: fault.Invalid for unknown rules, and for people known by territory
// only; fault.NotExist for what is not in the catalog.
func (e *Engine) Degurba(ctx context.Context, q DegurbaRequest, p Progress) (*DegurbaResult, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	d, err := r.degurba(ctx, &q, p.part(0, 0.9))
	if err != nil {
		return nil, err
	}
	out, err := d.result(ctx)
	if err != nil {
		return nil, err
	}
	if q.Dir != "" {
		if out.Map, err = d.draw(filepath.Join(q.Dir, "degurba.tif")); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// degurba does the work in a run, for reports of other kinds too.
func (r *run) degurba(ctx context.Context, q *DegurbaRequest, p Progress) (*degurbaRun, error) {
	d := &degurbaRun{run: r, q: q}
	var err error
	if d.rules, err = degurba.RulesByID(q.Rules); err != nil {
		return nil, err
	}
	if q.Level == 0 {
		q.Level = 2
	}
	if q.Level != 1 && q.Level != 2 {
		return nil, fault.Errorf("analysis.Degurba", fault.Invalid, "level %d: there are levels 1 and 2", q.Level)
	}
	if d.whole, err = r.territory(q.Territory); err != nil {
		return nil, err
	}
	var box geo.BBox
	if d.areas, box, err = r.leaves(ctx, q.Territory); err != nil {
		return nil, err
	}
	if err := d.lattice(box); err != nil {
		return nil, err
	}
	p.tell(0.05, "people")
	if err := d.people(ctx, box); err != nil {
		return nil, err
	}
	p.tell(0.5, "land and built-up land")
	cells, err := d.amounts(ctx)
	if err != nil {
		return nil, err
	}
	p.tell(0.8, "classes")
	if d.class, err = degurba.Classify(ctx, cells, d.rules, 2); err != nil {
		return nil, err
	}
	d.area, err = areaOfCells(d.areas, d.parts)
	return d, err
}

// lattice places the cells: those of official European grids, elsewhere those
// of the Global Human Settlement Layer, with a rim round the territory.
func (d *degurbaRun) lattice(box geo.BBox) error {
	c := mollweide
	if box.MinX > -32 && box.MaxX < 45 && box.MinY > 24 && box.MaxY < 82 {
		c = europe
	}
	b, err := fromLonLat(box, c)
	if err != nil {
		return err
	}
	b = b.Buffer(degurbaRim)
	x0, y1 := math.Floor(b.MinX/degurbaCell)*degurbaCell, math.Ceil(b.MaxY/degurbaCell)*degurbaCell
	w, h := math.Ceil((b.MaxX-x0)/degurbaCell), math.Ceil((y1-b.MinY)/degurbaCell)
	if n := w * h * float64(degurbaParts*degurbaParts); !(n > 0 && n <= maxSampleCells) {
		return fault.WithHint(fault.Errorf("analysis.Degurba", fault.TooLarge, "the territory and its rim have %.0f × %.0f km", w, h), "take one territory below this one")
	}
	d.cells = grid.Grid{CRS: c, Transform: grid.Transform{x0, degurbaCell, 0, y1, 0, -degurbaCell}, Width: int(w), Height: int(h)}
	d.parts = grid.Grid{CRS: c, Transform: grid.Transform{x0, degurbaPart, 0, y1, 0, -degurbaPart}, Width: int(w) * degurbaParts, Height: int(h) * degurbaParts}
	return nil
}

// tellsWhere refuses a population that is known by territory only.
func tellsWhere(set catalog.Dataset) error {
	if set.Kind != catalog.Vector || ofSections(set) {
		return nil
	}
	return fault.WithHint(fault.Errorf("analysis.Degurba", fault.Invalid, "population %q is known by territory only; the degree of urbanisation is made from where people live", set.ID),
		"ingest a population grid, or census sections, or make a grid with contado population spread")
}

// people puts everyone of the territory and its rim onto the parts.
func (d *degurbaRun) people(ctx context.Context, box geo.BBox) error {
	set, found, err := d.pick(catalog.Population, d.q.Population, "--population", box)
	if err != nil {
		return err
	}
	if !found {
		return fault.WithHint(fault.Errorf("analysis.Degurba", fault.Invalid, "no dataset of role population covers territory %q", d.q.Territory), "ingest a population grid, or census sections, with --role population")
	}
	if err := tellsWhere(set); err != nil {
		return err
	}
	b, err := boxIn(d.parts, geo.WGS84)
	if err != nil {
		return err
	}
	all := []area{{lonLat: orb.MultiPolygon{b.Bound().ToPolygon()}}}
	f := &footing{grid: d.parts, passable: func(int) bool { return true }, area: make([]int32, d.parts.Cells())}
	if d.who, d.how, err = d.demand(ctx, set, all, f); err != nil {
		return err
	}
	d.told = &d.who
	if d.from, err = d.tellFrom("analysis.Degurba", &set, d.q.HideBelow); err != nil || d.q.inReport || !d.protected(set) {
		return err
	}
	return d.asShown(ctx, set, box, all, f)
}

// asShown counts the people as they are shown; classes of cells stay those of
// the people that are there.
func (d *degurbaRun) asShown(ctx context.Context, set catalog.Dataset, box geo.BBox, all []area, f *footing) error {
	r := d.fork()
	r.shown = true
	told, _, err := r.demand(ctx, set, all, f)
	if err != nil {
		return err
	}
	d.told = &told
	d.tree, err = d.verdict(ctx, set, box, d.from)
	return err
}

// amounts brings people, land and built-up land to the cells.
func (d *degurbaRun) amounts(ctx context.Context) (degurba.Cells, error) {
	out := degurba.Cells{Width: d.cells.Width, Height: d.cells.Height, People: make([]float32, d.cells.Cells())}
	sums := make([]float64, d.cells.Cells())
	for i, c := range d.who.cells {
		sums[d.cellOf(int(c))] += d.who.People[i]
	}
	for i, v := range sums {
		out.People[i] = float32(v)
	}
	var err error
	if d.q.Land != "none" {
		if d.land, err = d.share(ctx, d.q.Land, waterByLegend, waterWords, true); err != nil {
			return out, err
		}
	}
	out.Land = d.average(d.land)
	if d.land == nil {
		d.notice("degurba-all-land", "Water is not known here: every cell counts as land.", "L'acqua qui non è nota: ogni cella conta come terra.")
	}
	if d.q.Built == "" {
		return out, nil
	}
	built, err := d.share(ctx, d.q.Built, builtByLegend, builtWords, false)
	out.Built = d.average(built)
	return out, err
}

// cellOf is the cell that a part lies in.
func (d *degurbaRun) cellOf(part int) int {
	return part/d.parts.Width/degurbaParts*d.cells.Width + part%d.parts.Width/degurbaParts
}

// average is the mean of parts in each cell; parts without a value are 0.
func (d *degurbaRun) average(parts []float32) []float32 {
	if parts == nil {
		return nil
	}
	out := make([]float32, d.cells.Cells())
	for i, v := range parts {
		if v > 0 {
			out[d.cellOf(i)] += v / float32(degurbaParts*degurbaParts)
		}
	}
	return out
}

// share is the share of each part that is of some classes, or that is none of
// them, from land cover, or from a raster of shares (0 to 1, or percent). nil
// when no dataset is named and the catalog has none that tells.
func (d *degurbaRun) share(ctx context.Context, named string, legends map[string][]int32, words []string, none bool) ([]float32, error) {
	box, err := boxIn(d.parts, geo.WGS84)
	if err != nil {
		return nil, err
	}
	set, ok := d.only(catalog.LandCover, box)
	if named != "" {
		if set, err = d.snapshot.Dataset(named); err != nil {
			return nil, err
		}
	} else if !ok || set.Kind != catalog.Raster {
		return nil, nil
	}
	items := d.snapshot.Items(set.ID, &box)
	if set.Kind != catalog.Raster || len(items) == 0 {
		return nil, fault.Errorf("analysis.Degurba", fault.Invalid, "dataset %q is no raster over the territory", set.ID)
	}
	d.used(set)
	values := make([]float32, d.parts.Cells())
	if _, err := d.resample(ctx, items, 1, d.parts, false, values); err != nil {
		return nil, err
	}
	var in map[int32]bool
	if b := items[0].Bands[0]; set.Role == catalog.LandCover || b.Quantity == catalog.Classes || len(b.Classes) > 0 {
		in = classesLike(items[0], values, set.ID, legends, words)
	}
	if in != nil {
		for i, v := range values {
			if v == v { // NaN: nothing is known, so neither land nor built
				values[i] = float32(yes(in[int32(v)] != none))
			}
		}
		return values, nil
	}
	if named == "" {
		return nil, nil
	}
	return d.fraction(ctx, set, items, values)
}

// fraction reads a raster of shares.
func (d *degurbaRun) fraction(ctx context.Context, set catalog.Dataset, items []catalog.Item, values []float32) ([]float32, error) {
	if _, err := d.resample(ctx, items, 1, d.parts, true, values); err != nil {
		return nil, err
	}
	least, most := float32(0), float32(0)
	for _, v := range values {
		if v == v {
			least, most = min(least, v), max(most, v)
		}
	}
	if least < 0 || most > 100 {
		return nil, fault.WithHint(fault.Errorf("analysis.Degurba", fault.Invalid, "dataset %q has values from %g to %g, and no classes that are known: shares are 0 to 1, or 0 to 100 percent", set.ID, least, most),
			"give land cover with named classes, or divide square metres by the surface of a cell")
	}
	if most > 1 {
		for i := range values {
			values[i] /= 100
		}
	}
	return values, nil
}
