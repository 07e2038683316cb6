package ogc

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/features"
)

// maxPageBytes ends a page early: a page of large geometries must not fill
// the memory. The next page goes on where it ended.
const maxPageBytes = 24 << 20

// idsPerRead bounds the rows named in one read.
const idsPerRead = 2000

// rows are the features of a vector dataset that a query selects.
type rows struct {
	layer  *atlas.Layer
	schema geo.Schema
	q      query
	toOut  *crs.Transformer // from the stored system; nil where there is no geometry
	toBox  *crs.Transformer
	time   int // field that dates a row, −1 when there is none
}

func newRows(layer *atlas.Layer, q query) (*rows, error) {
	r := &rows{layer: layer, schema: layer.Schema(), q: q, time: timeField(layer.Schema())}
	if r.schema.GeometryType == "" {
		return r, nil
	}
	var err error
	if r.toOut, err = crs.New(r.schema.CRS, q.out.crs); err != nil {
		return nil, err
	}
	if q.boxes != nil {
		r.toBox, err = crs.New(r.schema.CRS, q.boxCRS.crs)
	}
	return r, err
}

// timeField is the attribute that dates the rows: the only one of type date
// or datetime. With several nobody can say which is meant.
func timeField(s geo.Schema) int {
	found := -1
	for i, f := range s.Fields {
		if f.Type != geo.Date && f.Type != geo.DateTime {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// selected is one row that matched, in the system asked for.
type selected struct {
	id       int64
	geometry orb.Geometry
	values   []any
}

// scan yields the rows that match, by ascending id, from after on.
func (r *rows) scan(ctx context.Context, yield func(selected) bool) error {
	after, err := r.q.row()
	if err != nil {
		return err
	}
	ids, err := r.candidates()
	if err != nil {
		return err
	}
	query := features.Query{Equal: r.q.equal}
	if after != nil {
		query.After = *after
		ids = slices.DeleteFunc(ids, func(id int64) bool { return id <= *after })
	}
	var failed error
	visit := func(f geo.Feature) bool {
		if after != nil && f.ID <= *after { // After = 0 means all rows to the store
			return true
		}
		var s selected
		var ok bool
		if s, ok, failed = r.match(f); failed != nil {
			return false
		}
		return !ok || yield(s)
	}
	if r.q.boxes == nil {
		err = r.layer.Scan(ctx, query, visit)
		return first(failed, err)
	}
	stopped := false
	for part := range slices.Chunk(ids, idsPerRead) {
		query.IDs = part
		err = r.layer.Scan(ctx, query, func(f geo.Feature) bool {
			stopped = !visit(f)
			return !stopped
		})
		if stopped || err != nil {
			break
		}
	}
	return first(failed, err)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// candidates are the ids whose boxes meet the boxes asked for, ascending.
func (r *rows) candidates() ([]int64, error) {
	if r.q.boxes == nil || r.toBox == nil {
		return nil, nil
	}
	back, err := crs.New(r.q.boxCRS.crs, r.schema.CRS)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, b := range r.q.boxes {
		for _, native := range r.nativeBoxes(b, back) {
			r.layer.Search(native, func(_ geo.BBox, id int64) bool {
				ids = append(ids, id)
				return true
			})
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// nativeBoxes are boxes in the stored system that hold all that lies in b.
// Rows found by them are tested again, so they may be too large, never too
// small: a box is cut to where the dataset is before it is projected, since a
// projection need not hold for the whole world.
func (r *rows) nativeBoxes(b geo.BBox, back *crs.Transformer) []geo.BBox {
	if back.Identity() {
		return []geo.BBox{b}
	}
	parts := []geo.BBox{b}
	if home := r.layer.Dataset().Version.BBoxWGS84; r.q.boxCRS.lonLatBased() && known(home) {
		parts = nil
		for _, h := range index.Unwrap(home) {
			if cut := b.Intersect(h.Buffer(1e-3)); !cut.IsEmpty() {
				parts = append(parts, cut)
			}
		}
	}
	var out []geo.BBox
	for _, p := range parts {
		native, err := back.BBox(p)
		if err != nil || native.IsEmpty() { // no such box: look at every row
			return []geo.BBox{r.layer.Dataset().Version.BBox}
		}
		out = append(out, native.Buffer((native.Width()+native.Height())*1e-3+1e-9))
	}
	return out
}

// match tests a row against what the store could not, and brings its geometry
// to the system asked for.
func (r *rows) match(f geo.Feature) (s selected, ok bool, err error) {
	if r.q.when != nil && !r.during(f) {
		return s, false, nil
	}
	if r.q.boxes != nil {
		if ok, err = r.within(f); !ok || err != nil {
			return s, false, err
		}
	}
	s = selected{id: f.ID, geometry: f.Geometry, values: f.Values}
	if f.Geometry != nil && !r.toOut.Identity() {
		if s.geometry, err = r.toOut.Geometry(f.Geometry, nil); err != nil {
			return s, false, fmt.Errorf("feature %d of %s in %s: %w", f.ID, r.layer.Dataset().ID, r.q.out.uri, err)
		}
	}
	return s, true, nil
}

// during: a row without a time matches any (17-069r4 §7.15.4).
func (r *rows) during(f geo.Feature) bool {
	if r.time < 0 || r.time >= len(f.Values) {
		return true
	}
	text, ok := f.Values[r.time].(string)
	if !ok || text == "" {
		return true
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return r.q.when.Contains(t)
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		end := day.Add(24*time.Hour - time.Nanosecond)
		return r.q.when.Overlaps(&day, &end)
	}
	return true
}

// within tests the geometry itself, in the system of the box.
func (r *rows) within(f geo.Feature) (bool, error) {
	if f.Geometry == nil || r.toBox == nil {
		return false, nil
	}
	g := f.Geometry
	if !r.toBox.Identity() {
		var err error
		if g, err = r.toBox.Geometry(g, nil); err != nil {
			if fault.Is(err, fault.Invalid) { // no place in that system, so not in a box of it
				return false, nil
			}
			return false, err
		}
	}
	for _, b := range r.q.boxes {
		if meets(g, b) {
			return true, nil
		}
	}
	return false, nil
}

// matched counts all rows that the query selects; ok is false when that is
// not known cheaply.
func (r *rows) matched(ctx context.Context) (n int64, ok bool, err error) {
	if r.q.filtered {
		return 0, false, nil
	}
	if len(r.q.equal) == 0 {
		return r.layer.Dataset().Version.Vector.Count, true, nil
	}
	n, err = r.layer.Count(ctx, features.Query{Equal: r.q.equal})
	return n, err == nil, err
}

// places is how many decimals of transformed coordinates mean something: a
// tenth of a millimetre.
func (q *query) places(stored geo.CRS) int {
	if stored == q.out.crs {
		return -1
	}
	if q.out.lonLatBased() {
		return 9
	}
	return 4
}

// feature writes a row as a GeoJSON feature.
func (r *rows) feature(b []byte, s selected) ([]byte, error) {
	w := coordinates{swap: r.q.out.swap, places: r.q.places(r.schema.CRS)}
	b = append(b, `{"type":"Feature","id":`...)
	b = strconv.AppendInt(b, s.id, 10)
	b = append(b, `,"geometry":`...)
	b = w.geometry(b, s.geometry)
	b = append(b, `,"properties":`...)
	b, err := properties(b, r.schema.Fields, s.values)
	if err != nil {
		return nil, fmt.Errorf("feature %d of %s: %w", s.id, r.layer.Dataset().ID, err)
	}
	return append(b, '}'), nil
}

// parseRow reads a feature id of an address.
func parseRow(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, fault.Errorf("ogc", fault.NotExist, "there is no feature %.60q: ids here are whole numbers", text)
	}
	return id, nil
}
