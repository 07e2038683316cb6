package analysis

import (
	"context"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/cql2"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/join"
	"contado/geo/notice"
	"contado/geo/store/features"
)

// SummaryRequest asks what of a vector dataset lies in areas.
type SummaryRequest struct {
	Dataset string // the rows that are counted and measured
	Areas   ZonalAreas
	Filter  string   // CQL2 text: only rows for which it is true
	By      string   // attribute: also figures for each of its values
	Sum     []string // attributes to add up

	MaxAreas int // 0 = DefaultMaxAreas
}

// SummaryResult is the answer.
type SummaryResult struct {
	Dataset string `json:"dataset"`
	Version int    `json:"version"`
	Filter  string `json:"filter,omitempty"`
	By      string `json:"by,omitempty"`
	// Shapes says what the rows are: "points", "lines", "polygons", "mixed".
	Shapes string        `json:"shapes"`
	Sums   []string      `json:"sums,omitempty"` // the attributes added up
	Areas  []SummaryArea `json:"areas"`
	// Rows is how many different rows share a point with the areas, and
	// Several how many of them with more than one: the counts of the areas add
	// up to more than Rows then.
	Rows    int               `json:"rows"`
	Several int               `json:"rows_in_several_areas"`
	Inputs  []coverage.Input  `json:"inputs"`
	Method  string            `json:"method"`
	Notices []coverage.Notice `json:"notices"`
	Program coverage.Program  `json:"program"`
}

// SummaryArea is what lies in one area.
type SummaryArea struct {
	Code    string  `json:"code"`
	Name    string  `json:"name"`
	AreaKm2 float64 `json:"area_km2"` // of the area itself
	Tally
	// Density is the count of points a km², or the km of lines, or the share
	// of polygons (as Share): what suits the rows.
	Density float64 `json:"density_per_km2"`
	Share   float64 `json:"share"` // of the area under polygons; over 1 where they overlap
	Classes []Class `json:"classes,omitempty"`
}

// Class is what lies in an area of one value of the attribute By.
type Class struct {
	Value string `json:"value"` // "" = rows without a value
	Tally
}

// Tally counts and measures rows.
type Tally struct {
	Count    int     `json:"count"` // rows that share a point with the area
	LengthKm float64 `json:"length_km"`
	AreaHa   float64 `json:"area_ha"` // of polygons inside the area
	// Sums of attributes; a row that lies partly inside counts by its share
	// inside. Rows without a value count as nothing.
	Sums []float64 `json:"sums,omitempty"`
}

const summaryMethod = "rows that share a point with the area are counted; lengths along and areas within geodesics on the WGS 84 ellipsoid, of what lies inside the area; sums take rows that lie partly inside by their share inside"

// maxClasses bounds the values of By.
const maxClasses = 500

// Summary counts and measures the rows.
func (e *Engine) Summary(ctx context.Context, q SummaryRequest, p Progress) (*SummaryResult, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	s, err := r.newSummary(ctx, &q)
	if err != nil {
		return nil, err
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: q.Areas, MaxAreas: q.MaxAreas})
	if err != nil {
		return nil, err
	}
	out := &SummaryResult{
		Dataset: q.Dataset, Version: s.layer.Dataset().Version.Number, Filter: q.Filter, By: q.By, Shapes: s.shapes(), Sums: q.Sum,
		Areas: make([]SummaryArea, len(areas)), Method: summaryMethod, Program: r.programOf(),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	done := 0
	for i := range areas {
		g.Go(func() error {
			a, err := s.area(ctx, &areas[i])
			if err != nil {
				return fmt.Errorf("area %s %s: %w", areas[i].Code, areas[i].Name, err)
			}
			out.Areas[i] = a
			mu.Lock()
			defer mu.Unlock()
			done++
			p.tell(float64(done)/float64(len(areas)), "areas")
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Rows = len(s.seen)
	for _, n := range s.seen {
		if n > 1 {
			out.Several++
		}
	}
	if out.Several > 0 {
		r.notice("rows-in-several-areas",
			notice.Text("%d of %d [row|rows] [1:shares a point with more than one area and is|share a point with more than one area and are] counted in each; lengths and areas are not.", out.Several, out.Rows),
			notice.Italian("%d [riga|righe] su %d [1:ha un punto in comune con più aree ed è contata|hanno un punto in comune con più aree e sono contate] in ognuna; lunghezze e superfici no.", out.Several, out.Rows))
	}
	out.Inputs, out.Notices = r.inputs, r.said()
	return out, nil
}

// summary is what all areas of one request share.
type summary struct {
	layer  *atlas.Layer
	query  features.Query
	native *crs.Transformer // lon/lat to the CRS of the rows
	back   *crs.Transformer
	by     int // in query.Fields, or −1
	sums   []int

	mu   sync.Mutex
	seen map[int64]int // areas that a row shares a point with
}

func (r *run) newSummary(ctx context.Context, q *SummaryRequest) (*summary, error) {
	const op = "analysis.Summary"
	l, err := r.rows(ctx, q.Dataset)
	if err != nil {
		return nil, err
	}
	s := &summary{layer: l, by: -1, seen: map[int64]int{}, query: features.Query{Fields: []string{}}}
	schema := l.Schema()
	if schema.GeometryType == "" {
		return nil, fault.Errorf(op, fault.Invalid, "dataset %s has no geometry", q.Dataset)
	}
	if s.query.Filter, err = parseFilter(q.Filter); err != nil {
		return nil, err
	}
	if q.By != "" {
		if schema.FieldIndex(q.By) < 0 {
			return nil, noAttribute(q.Dataset, q.By, schema)
		}
		s.by = len(s.query.Fields)
		s.query.Fields = append(s.query.Fields, q.By)
	}
	for _, name := range q.Sum {
		i := schema.FieldIndex(name)
		if i < 0 {
			return nil, noAttribute(q.Dataset, name, schema)
		}
		if t := schema.Fields[i].Type; t != geo.Integer && t != geo.Real {
			return nil, fault.Errorf(op, fault.Invalid, "attribute %s of %s is %s: only numbers are added up", name, q.Dataset, t)
		}
		s.sums = append(s.sums, len(s.query.Fields))
		s.query.Fields = append(s.query.Fields, name)
	}
	if s.native, err = crs.New(geo.WGS84, schema.CRS); err != nil {
		return nil, err
	}
	s.back, err = crs.New(schema.CRS, geo.WGS84)
	return s, err
}

// rows opens a vector dataset and notes it as an input.
func (r *run) rows(ctx context.Context, id string) (*atlas.Layer, error) {
	d, err := r.snapshot.Dataset(id)
	if err != nil {
		return nil, err
	}
	l, err := r.snapshot.Layer(ctx, id)
	if err != nil {
		return nil, err
	}
	r.used(d)
	return l, nil
}

func parseFilter(text string) (cql2.Expr, error) {
	if text == "" {
		return nil, nil
	}
	e, err := cql2.ParseText(text)
	if err != nil {
		return nil, fault.E("analysis.Filter", fault.Invalid, fmt.Errorf("filter: %w", err))
	}
	return e, nil
}

func noAttribute(dataset, name string, s geo.Schema) error {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return fault.Errorf("analysis.Summary", fault.Invalid, "dataset %s has no attribute %.80q; it has %v", dataset, name, names)
}

func (s *summary) shapes() string {
	switch s.layer.Schema().GeometryType {
	case "Point", "MultiPoint":
		return "points"
	case "LineString", "MultiLineString":
		return "lines"
	case "Polygon", "MultiPolygon":
		return "polygons"
	}
	return "mixed"
}

// area measures the rows in one area.
func (s *summary) area(ctx context.Context, a *ZonalFeature) (SummaryArea, error) {
	out := SummaryArea{Code: a.Code, Name: a.Name, AreaKm2: crs.Area(a.Geometry) / 1e6}
	g, err := s.native.Geometry(a.Geometry, nil)
	if err != nil {
		return out, err
	}
	outline := join.NewOutline(polygonsOf(g))
	box := outline.Box()
	if box.IsEmpty() {
		return out, fault.Errorf("analysis.Summary", fault.Invalid, "it has no surface")
	}
	t := &tallies{summary: s, m: join.NewMeasurer(outline, s.back), total: newTally(s), classes: map[string]*Tally{}}
	q := s.query
	q.BBox = &box
	var failed error
	err = s.layer.Scan(ctx, q, func(f geo.Feature) bool {
		failed = t.add(f)
		return failed == nil
	})
	if err = firstError(failed, err); err != nil {
		return out, err
	}
	out.Tally = *t.total
	if out.AreaKm2 > 0 {
		out.Share = out.AreaHa / 100 / out.AreaKm2
		switch s.shapes() {
		case "lines":
			out.Density = out.LengthKm / out.AreaKm2
		default:
			out.Density = float64(out.Count) / out.AreaKm2
		}
	}
	for _, v := range slices.Sorted(maps.Keys(t.classes)) {
		out.Classes = append(out.Classes, Class{Value: v, Tally: *t.classes[v]})
	}
	return out, nil
}

// tallies are the figures of one area while its rows come by.
type tallies struct {
	*summary
	m       *join.Measurer
	total   *Tally
	classes map[string]*Tally
}

func newTally(s *summary) *Tally {
	t := &Tally{}
	if len(s.sums) > 0 {
		t.Sums = make([]float64, len(s.sums))
	}
	return t
}

func (t *tallies) add(f geo.Feature) error {
	p, err := t.m.Of(f.Geometry)
	if err != nil {
		return fmt.Errorf("row %d: %w", f.ID, err)
	}
	if !p.Touches {
		return nil
	}
	share, err := t.shareOf(f, p)
	if err != nil {
		return err
	}
	into := []*Tally{t.total}
	if t.by >= 0 {
		value := fieldText(f, t.by)
		if t.classes[value] == nil {
			if len(t.classes) == maxClasses {
				return fault.Errorf("analysis.Summary", fault.TooLarge, "the attribute has more than %d values: choose one with classes", maxClasses)
			}
			t.classes[value] = newTally(t.summary)
		}
		into = append(into, t.classes[value])
	}
	for _, y := range into {
		y.Count++
		y.LengthKm += p.Metres / 1000
		y.AreaHa += p.SquareMetres / 1e4
		for i, field := range t.sums {
			if v := number(f.Values[field]); !math.IsNaN(v) {
				y.Sums[i] += v * share
			}
		}
	}
	t.mu.Lock()
	t.seen[f.ID]++
	t.mu.Unlock()
	return nil
}

// shareOf is how much of a row lies inside: of its surface, else of its
// length, else of its points. It is only worked out when sums need it.
func (t *tallies) shareOf(f geo.Feature, p join.Part) (float64, error) {
	if len(t.sums) == 0 {
		return 0, nil
	}
	whole, err := t.back.Geometry(f.Geometry, &crs.GeometryOptions{MaxError: math.Inf(1)})
	if err != nil {
		return 0, err
	}
	if a := crs.Area(whole); a > 0 {
		return math.Min(p.SquareMetres/a, 1), nil
	}
	if l := crs.Length(whole); l > 0 {
		return math.Min(p.Metres/l, 1), nil
	}
	if mp, ok := f.Geometry.(orb.MultiPoint); ok && len(mp) > 0 {
		return float64(p.Points) / float64(len(mp)), nil
	}
	return 1, nil
}
