package analysis

import (
	"context"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// InhabitantsRequest asks how many people live in areas, and of what age.
type InhabitantsRequest struct {
	Areas      ZonalAreas
	Population string // dataset; "" = the catalog's
	// HideBelow hides counts of people above 0 and below it; 0 is
	// disclosure.DefaultThreshold. It cannot be switched off here.
	HideBelow float64
}

// InhabitantsResult is the answer.
type InhabitantsResult struct {
	Population string            `json:"population"`
	Version    int               `json:"version"`
	Bands      []string          `json:"bands"`
	HideBelow  float64           `json:"hide_below"`
	Areas      []Inhabitants     `json:"areas"`
	Inputs     []coverage.Input  `json:"inputs"`
	Method     string            `json:"method"`
	Notices    []coverage.Notice `json:"notices"`
	Program    coverage.Program  `json:"program"`
}

// Inhabitants are the people of one area.
type Inhabitants struct {
	Code    string  `json:"code"`
	Name    string  `json:"name"`
	AreaKm2 float64 `json:"area_km2"`
	// People is nil when the count is hidden.
	People *float64 `json:"people"`
	// Density is people a km²; nil with People.
	Density *float64 `json:"density_per_km2"`
	Hidden  bool     `json:"hidden"`
	Bands   []BandOf `json:"bands"`
	// ByAge are the people whose ages Bands tell: in a drawn area fewer
	// blocks are small enough to be told by age.
	ByAge *float64 `json:"people_by_age"`
	// Blocks is how many fixed blocks of a drawn area were counted; nil for
	// territories, which are counted whole.
	Blocks *int `json:"blocks"`
	// Without names municipalities that the area may touch and whose people
	// are not counted, because too few live there.
	Without []string `json:"areas_not_counted"`
}

// BandOf is the people of an age band; nil when hidden.
type BandOf struct {
	Band   string   `json:"band"`
	People *float64 `json:"people"`
	Hidden bool     `json:"hidden"`
}

// maxInhabited bounds the areas of one question.
const maxInhabited = 500

const (
	wholeMethod = "territories: the people whose cell or census section has its middle in the territory; counts above 0 and below the threshold are hidden, with as many others, of ages and of other territories, as it takes that no subtraction tells them"
	drawnMethod = "drawn areas: the people of fixed blocks of a municipality whose centre the area holds; no block has fewer people than the threshold, so that no two areas tell by subtraction who lives between them"
)

// Inhabitants counts people.
//
// Errors: Invalid when there are no data of people there, or only a table by
// territory and the areas are drawn; those of Zonal.
func (e *Engine) Inhabitants(ctx context.Context, q InhabitantsRequest, p Progress) (*InhabitantsResult, error) {
	const op = "analysis.Inhabitants"
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	if q.HideBelow == 0 {
		q.HideBelow = disclosure.DefaultThreshold
	}
	if !(q.HideBelow >= disclosure.DefaultThreshold && q.HideBelow <= 1000) {
		return nil, fault.Errorf(op, fault.Invalid, "counts below %g cannot be hidden: want %d to 1000", q.HideBelow, disclosure.DefaultThreshold)
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: q.Areas, MaxAreas: maxInhabited})
	if err != nil {
		return nil, err
	}
	box := boxOf(areas)
	d, found, err := r.pick(catalog.Population, q.Population, "population", box)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "there are no data of people for these areas"), "ingest a population grid or census sections with --role population")
	}
	ctx = atlas.Exact(ctx) // what is told is protected here
	h := &headcount{run: r, q: &q, areas: areas}
	if err := h.read(ctx, d, box); err != nil {
		return nil, err
	}
	if h.territorial() {
		if err := h.judge(ctx, d, box); err != nil {
			return nil, err
		}
	}
	p.tell(0.5, "people")
	out := &InhabitantsResult{
		Population: d.ID, Version: d.Version.Number, Bands: h.bands, HideBelow: q.HideBelow,
		Areas: make([]Inhabitants, len(areas)), Method: wholeMethod + "; " + drawnMethod, Program: r.programOf(),
	}
	if out.Bands == nil {
		out.Bands = []string{}
	}
	if err := h.count(ctx, out.Areas); err != nil {
		return nil, err
	}
	out.Inputs, out.Notices = r.inputs, r.said()
	return out, nil
}

// headcount is the places where people live, and the municipalities that
// they live in.
type headcount struct {
	*run
	q      *InhabitantsRequest
	areas  []ZonalFeature
	leaves []area
	bands  []string
	// Columns, a row a place: everyone in total, and by band.
	of       []int32 // index of leaves
	lon, lat []float64
	total    []float64
	byBand   [][]float64
	// byArea says that rows stand for whole municipalities, without places.
	byArea bool
	told   *peopleTree // what is told of territories
}

// judge finds what is told of territories: the same as of lists and profiles.
func (h *headcount) judge(ctx context.Context, d catalog.Dataset, box geo.BBox) error {
	var it *catalog.Item
	if d.Kind == catalog.Raster {
		one, err := h.oneItem(d, "", "", &box)
		if err != nil {
			return err
		}
		it = &one
	}
	var err error
	h.told, err = h.treeOf(ctx, d, it, h.q.HideBelow)
	return err
}

// count answers for each area.
func (h *headcount) count(ctx context.Context, out []Inhabitants) error {
	var blocks *blocksOfPeople
	for i, a := range h.areas {
		km2, err := areaKm2([]area{{lonLat: polygonsOf(a.Geometry)}})
		if err != nil {
			return err
		}
		in := Inhabitants{Code: a.Code, Name: a.Name, AreaKm2: km2, Without: []string{}}
		if h.territorial() {
			h.whole(a.Code, &in)
		} else {
			if blocks == nil {
				if blocks, err = h.cutBlocks(ctx); err != nil {
					return err
				}
			}
			blocks.count(a, &in)
		}
		if in.People != nil && km2 > 0 {
			v := *in.People / km2
			in.Density = &v
		}
		out[i] = in
	}
	return nil
}

// territorial reports whether the areas are those of the tree.
func (h *headcount) territorial() bool {
	return len(h.q.Areas.Territories) > 0 || h.q.Areas.Below != ""
}

// whole counts a territory.
func (h *headcount) whole(code string, in *Inhabitants) {
	inside := map[string]bool{code: true}
	for _, t := range h.tree.Leaves(code) {
		inside[t.Code] = true
	}
	total, bands := 0.0, make([]float64, len(h.bands))
	for i, a := range h.of {
		if !inside[h.leaves[a].Code] {
			continue
		}
		total += h.total[i]
		for b := range bands {
			bands[b] += h.byBand[b][i]
		}
	}
	h.hide(in, code, total, bands)
}

// hide fills in counts, without those that are not to be told.
func (h *headcount) hide(in *Inhabitants, code string, total float64, bands []float64) {
	_, in.Hidden, _ = h.told.Total(code)
	in.People = told(total, in.Hidden)
	hidden, sum := in.Hidden, 0.0
	in.Bands = []BandOf{}
	for b, v := range bands {
		sum += v
		c := BandOf{Band: h.bands[b]}
		if k := slices.Index(h.told.bands, c.Band); k >= 0 {
			_, c.Hidden = h.told.Band(code, k)
		}
		c.People = told(v, c.Hidden)
		hidden = hidden || c.Hidden
		in.Bands = append(in.Bands, c)
	}
	if len(bands) > 0 && !hidden {
		in.ByAge = &sum
	}
}

// blocksOfPeople are two cuts of the municipalities: a finer one for people
// of all ages, a coarser one by age.
type blocksOfPeople struct {
	h            *headcount
	total, byAge *disclosure.Partition
}

// cutBlocks cuts the municipalities into blocks. Ages are classes of the
// partition, told apart by times that stand for them.
func (h *headcount) cutBlocks(ctx context.Context) (*blocksOfPeople, error) {
	if h.byArea {
		return nil, fault.WithHint(fault.Errorf("analysis.Inhabitants", fault.Invalid, "the data of people are counts by municipality: they do not say where in it people live"),
			"ask for territories, or ingest a population grid or census sections")
	}
	codes := make([]string, len(h.leaves))
	for i, l := range h.leaves {
		codes[i] = l.Code
	}
	all := coverage.Demand{Area: h.of, People: h.total, Seconds: make([]float32, len(h.of)), X: h.lon, Y: h.lat}
	b := &blocksOfPeople{h: h}
	var err error
	if b.total, err = disclosure.NewPartition(ctx, all, codes, []float64{0}, nil, h.q.HideBelow); err != nil || len(h.bands) == 0 {
		return b, err
	}
	var ages coverage.Demand
	classes := make([]float64, len(h.bands))
	for k := range h.bands {
		classes[k] = float64(k)
		for i, n := range h.byBand[k] {
			if n <= 0 {
				continue
			}
			ages.Area, ages.People = append(ages.Area, h.of[i]), append(ages.People, n)
			ages.Seconds = append(ages.Seconds, float32(k))
			ages.X, ages.Y = append(ages.X, h.lon[i]), append(ages.Y, h.lat[i])
		}
	}
	b.byAge, err = disclosure.NewPartition(ctx, ages, codes, classes, nil, h.q.HideBelow)
	return b, err
}

// count answers for a drawn area.
func (b *blocksOfPeople) count(a ZonalFeature, in *Inhabitants) {
	box, drawn := a.Geometry.Bound(), index.Prepare(index.Flatten(a.Geometry)...)
	ask := func(p *disclosure.Partition) disclosure.Drawn {
		return p.Count(box.Min[0], box.Min[1], box.Max[0], box.Max[1], func(lon, lat float64) bool { return drawn.Locate(lon, lat) == index.Inside })
	}
	all := ask(b.total)
	in.People, in.Blocks, in.Bands = &all.People, &all.Blocks, []BandOf{}
	for _, l := range all.LeftOut {
		in.Without = append(in.Without, b.h.leaves[l].Name)
	}
	if b.byAge == nil {
		return
	}
	ages := ask(b.byAge)
	in.ByAge = &ages.People
	before := 0.0
	for k, row := range ages.Coverage {
		n := math.Max(0, row.Covered-before)
		before = row.Covered
		in.Bands = append(in.Bands, BandOf{Band: b.h.bands[k], People: &n})
	}
}

// ageBands are the names of bands that are ages, with their places.
func ageBands(names []string) (out []string, at []int) {
	for i, n := range names {
		if strings.HasPrefix(n, "age_") {
			out, at = append(out, n), append(at, i)
		}
	}
	return out, at
}

// municipalities are the lowest territories that meet a box.
func (r *run) municipalities(ctx context.Context, box geo.BBox) ([]area, error) {
	var out []area
	seen := map[string]bool{}
	for _, root := range r.tree.Roots() {
		list, _, err := r.leaves(ctx, root.Code)
		if fault.Is(err, fault.Invalid) {
			continue // a territory without a polygon
		}
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if !seen[a.Code] && geo.BBoxOf(a.lonLat.Bound()).Intersects(box) {
				seen[a.Code] = true
				out = append(out, a)
			}
		}
	}
	return out, nil
}
