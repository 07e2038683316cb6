package ogc

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/api/ogc/encode"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/features"
)

// maxPageBytes ends a page early: a page of large geometries must not fill
// the memory. The next page goes on where it ended.
const maxPageBytes = 24 << 20

// maxSkip bounds how many rows the layer is asked for at once, of those that
// are passed over.
const maxSkip = 100_000

// rows are the features of a vector dataset that a query selects, ready to be
// written. They belong to one request.
type rows struct {
	layer  *layer.Layer
	schema geo.Schema
	q      query
	times  times
	fields []int // positions in the schema of what is written
	skip   int64 // rows to be passed over yet

	shape  bool // there are geometries
	out    *projector
	box    *projector // nil without a box, and where out does
	lonLat *projector // nil where nobody asks
	thin   *thinner   // nil without zoom-level

	shaped fgb.Shape
	stored encode.Geometry
	row    encode.Row
	raw    []fgb.Raw
}

// newRows makes rows ready; fg adds longitude and latitude to every row of
// another system.
func newRows(l *layer.Layer, q query, fg bool) (*rows, error) {
	r := &rows{layer: l, schema: l.Schema(), q: q, fields: q.fields}
	r.times = timesOf(r.schema)
	r.raw = make([]fgb.Raw, len(r.schema.Fields))
	if q.fields == nil {
		for i := range r.schema.Fields {
			r.fields = append(r.fields, i)
		}
	}
	if r.schema.GeometryType == "" {
		return r, nil
	}
	r.shape = true
	var err error
	if r.out, err = newProjector(r.schema.CRS, q.out); err != nil {
		return nil, err
	}
	if q.boxes != nil {
		if r.out.round = q.boxCRS.uri == q.out.uri || q.boxCRS.crs == q.out.crs; !r.out.round {
			if r.box, err = newProjector(r.schema.CRS, q.boxCRS); err != nil {
				return nil, err
			}
			r.box.round = true
		}
	}
	if fg && q.out.crs != geo.WGS84 {
		if r.lonLat, err = newProjector(r.schema.CRS, lonLat); err != nil {
			return nil, err
		}
	}
	if q.zoom != nil {
		r.out.edge = math.Inf(1) // what was simplified gets no vertices again
		if r.lonLat != nil {
			r.lonLat.edge = math.Inf(1)
		}
		r.thin, err = newThinner(*q.zoom, r.schema.CRS, l.Dataset().Version.BBoxWGS84)
	}
	return r, err
}

// frame is what the encoders want to know.
func (r *rows) frame() encode.Frame {
	f := encode.Frame{
		Collection: r.layer.Dataset().ID, CRS: r.q.out.uri, Swap: r.q.out.swap, Places: -1, LonLatPlaces: lonLat.places(),
		NoGeometry: r.q.skipGeometry || !r.shape, Start: -1, End: -1, Instant: -1,
	}
	if r.out != nil {
		f.Places = r.out.places
	}
	for i, at := range r.fields {
		f.Fields = append(f.Fields, r.schema.Fields[at])
		switch at {
		case r.times.instant:
			f.Instant = i
		case r.times.start:
			f.Start = i
		case r.times.end:
			f.End = i
		}
	}
	return f
}

// query is what the layer is asked: all but the exact test of the box.
func (r *rows) query(p place) (q features.Query, err error) {
	q = features.Query{
		Equal: r.q.equal, Sort: r.q.sort, SkipGeometry: !r.needsGeometry(),
		Filter: both(r.q.filter, r.times.during(r.schema, r.q.when)),
	}
	if r.q.filter != nil {
		q.FilterCRS = r.q.filterCRS.crs
	}
	if q.BBox, err = r.nativeBox(); err != nil {
		return q, err
	}
	switch {
	case !p.given:
	case len(r.q.sort) > 0:
		q.Cursor = &features.Cursor{Values: p.values, ID: p.id}
	case p.id == 0:
		q.After = -1 // 0 would mean the first row; id 0 itself is skipped by scan
	default:
		q.After = p.id
	}
	return q, nil
}

func (r *rows) needsGeometry() bool { return r.shape && (!r.q.skipGeometry || r.q.boxes != nil) }

// begin is the place that the page begins at.
func (r *rows) begin() (place, error) {
	p, err := r.q.begin(&r.schema)
	if err != nil || !p.lookup {
		return p, err
	}
	row, ok := r.layer.Find(p.id)
	if !ok {
		return p, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "the row that this page begins after is gone"), "begin again without after")
	}
	p.values = r.sortValues(row)
	return p, nil
}

// scan yields the rows that match, in order, from the place on. The written
// row is valid until yield returns.
func (r *rows) scan(ctx context.Context, yield func(written *encode.Row, row layer.Row) (bool, error)) error {
	p, err := r.begin()
	if err != nil {
		return err
	}
	r.skip = r.q.offset
	for {
		// The layer finds rows better when it knows how many are wanted. Of those
		// whose box meets the box some do not themselves: then it is asked again.
		n := r.q.limit + 1
		if r.q.boxes != nil {
			n += n/8 + 64
		}
		n += int(min(r.skip, maxSkip))
		more, err := r.some(ctx, &p, n, yield)
		if err != nil || !more {
			return err
		}
	}
}

// some yields rows from among the next n of the layer and moves the place
// behind them; more says that there may be others.
func (r *rows) some(ctx context.Context, p *place, n int, yield func(*encode.Row, layer.Row) (bool, error)) (more bool, err error) {
	q, err := r.query(*p)
	if err != nil {
		return false, err
	}
	q.Limit = n
	var failed error
	var last layer.Row
	from, seen, stopped := *p, 0, false
	err = r.layer.RowsOrUnplaced(ctx, q, func(row layer.Row) bool {
		seen, last = seen+1, row
		if from.given && len(r.q.sort) == 0 && row.ID() <= from.id {
			return true
		}
		if r.skip > 0 && r.q.boxes == nil { // each row that the layer gives counts
			r.skip--
			return true
		}
		var ok bool
		if ok, failed = r.load(row); failed != nil || !ok {
			return failed == nil
		}
		if r.skip > 0 {
			r.skip--
			return true
		}
		ok, failed = yield(&r.row, row)
		stopped = !ok || failed != nil
		return !stopped
	})
	if err := first(failed, err); err != nil || stopped || seen < n {
		return false, err
	}
	*p = place{given: true, id: last.ID(), values: r.sortValues(last)}
	return true, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// load brings a row into the form in which it is written; ok is false when it
// lies outside the box. A row without a geometry lies in every box
// (17-069r4 §7.15.3).
func (r *rows) load(row layer.Row) (ok bool, err error) {
	r.row.ID, r.row.Geometry, r.row.LonLat = row.ID(), nil, nil
	if r.needsGeometry() {
		there, err := r.readGeometry(row)
		switch {
		case err != nil:
			return false, err
		case there:
			if ok, err := r.draw(r.row.ID); !ok || err != nil {
				return false, err
			}
		}
	}
	r.row.Values, r.row.Raw = r.row.Values[:0], r.row.Raw[:0]
	if row.RawValues(r.raw) {
		for _, i := range r.fields {
			r.row.Raw = append(r.row.Raw, r.raw[i])
		}
		return true, nil
	}
	for _, i := range r.fields {
		r.row.Values = append(r.row.Values, row.Value(i))
	}
	return true, nil
}

// readGeometry reads the stored geometry, in place where that can be.
func (r *rows) readGeometry(row layer.Row) (there bool, err error) {
	err = row.Shape(&r.shaped)
	switch {
	case err == nil:
		r.stored = encode.Geometry{Kind: encode.Kind(r.shaped.Kind), XY: r.shaped.XY, Ends: r.shaped.Ends, Parts: r.shaped.Parts}
		there = r.stored.Kind != 0
	case fault.Is(err, fault.Unsupported): // a collection
		g, err := row.Geometry()
		if err != nil {
			return false, err
		}
		r.stored = encode.Geometry{}
		there = r.stored.Flatten(g)
	default:
		return false, err
	}
	if there && r.schema.HasZ {
		r.stored.Z, _, err = row.ZM()
		if err == nil && len(r.stored.Z) != r.stored.Len() { // of a collection, or damaged
			r.stored.Z = nil
		}
		return there, err
	}
	return there, nil
}

// draw tests the stored geometry against the box and puts it into the system
// of the answer.
func (r *rows) draw(id int64) (ok bool, err error) {
	if r.q.boxes != nil && r.box != nil {
		g, err := r.box.project(&r.stored)
		if err != nil {
			if fault.Is(err, fault.Invalid) { // no place in that system, so not in a box of it
				return false, nil
			}
			return false, err
		}
		if !r.within(g) {
			return false, nil
		}
	}
	if r.q.skipGeometry && (r.q.boxes == nil || r.box != nil) {
		return true, nil
	}
	g, err := r.out.project(&r.stored)
	if err != nil {
		return false, fmt.Errorf("feature %d of %s in %s: %w", id, r.layer.Dataset().ID, r.q.out.uri, err)
	}
	if r.q.boxes != nil && r.box == nil && !r.within(g) {
		return false, nil
	}
	if r.q.skipGeometry {
		return true, nil
	}
	return true, r.finish(g, id)
}

// finish simplifies, and adds longitude and latitude.
func (r *rows) finish(g *encode.Geometry, id int64) (err error) {
	base := &r.stored
	if r.thin != nil {
		base = r.thin.thin(base)
		if g, err = r.out.project(base); err != nil {
			return fmt.Errorf("feature %d of %s: %w", id, r.layer.Dataset().ID, err)
		}
	}
	r.row.Geometry = g
	if r.lonLat != nil {
		if r.row.LonLat, err = r.lonLat.project(base); err != nil {
			return fmt.Errorf("feature %d of %s: %w", id, r.layer.Dataset().ID, err)
		}
	}
	return nil
}

// within tests against the boxes what is rounded to the decimals that are
// written: so a box made of what a client has read holds it. Half of the last
// decimal besides, and a box that a client has projected by itself holds it too.
func (r *rows) within(g *encode.Geometry) bool {
	p, slack := r.out, 0.0
	if r.box != nil {
		p = r.box
	}
	if p.t != nil {
		slack = math.Pow10(-p.places) / 2
	}
	for _, b := range r.q.boxes {
		if meets(g, b.Buffer(slack)) {
			return true
		}
	}
	return false
}

// countable is how many rows a dataset may have to be counted under any
// condition.
const countable = 5000

// matched counts all rows that the query selects; ok is false when that is
// not known cheaply.
func (r *rows) matched(ctx context.Context) (n int64, ok bool, err error) {
	if r.q.boxes != nil && r.shape {
		// The box of a point is the point.
		if r.schema.GeometryType != "Point" || len(r.q.boxes) > 1 || r.q.boxCRS.crs != r.schema.CRS {
			return 0, false, nil
		}
	}
	q, err := r.query(place{})
	if err != nil || !r.layer.Cheap(q) && r.layer.Len() > countable {
		return 0, false, err
	}
	n, err = r.layer.CountOrUnplaced(ctx, q)
	return n, err == nil, err
}

// sortValues are the values that the next page goes by.
func (r *rows) sortValues(row layer.Row) []any {
	out := make([]any, len(r.q.sort))
	for i, k := range r.q.sort {
		out[i] = row.Value(r.schema.FieldIndex(k.Field))
	}
	return out
}

// parseRow reads a feature id of an address.
func parseRow(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, fault.Errorf("ogc", fault.NotExist, "there is no feature %.60q: ids here are whole numbers", text)
	}
	return id, nil
}
