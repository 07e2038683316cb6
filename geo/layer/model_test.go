package layer_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/layer"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// model is the oracle: a map of rows, every query by looking at each.
type model struct {
	rows     map[int64]geo.Feature
	revision map[int64]int64
	changes  []journal.Change
	used     int64
}

func (m *model) change(c journal.Change) {
	c.Dataset, c.Version, c.Seq = "rows", 3, int64(len(m.changes)+1)
	m.changes = append(m.changes, c)
	m.revision[c.Feature] = c.Seq
	if c.After == nil {
		delete(m.rows, c.Feature)
	} else {
		m.rows[c.Feature] = *c.After
	}
}

func (m *model) edit(t *rapid.T) journal.Change {
	var ids []int64
	for id := range m.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	op := rapid.IntRange(0, 2).Draw(t, "op")
	if op == 0 || len(ids) == 0 {
		m.used++
		f := drawRow(t, m.used)
		return journal.Change{Feature: f.ID, Op: journal.Create, After: &f}
	}
	id := rapid.SampledFrom(ids).Draw(t, "id")
	before := m.rows[id]
	if op == 1 {
		f := drawRow(t, id)
		return journal.Change{Feature: id, Op: journal.Replace, Before: &before, After: &f}
	}
	return journal.Change{Feature: id, Op: journal.Delete, Before: &before}
}

// compareValues is the order of two values of one attribute; none is last.
func compareValues(field int, a, b any, descending bool) int {
	if a == nil || b == nil {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return 1
		}
		return -1
	}
	c := 0
	switch x := a.(type) {
	case int64:
		c = cmp.Compare(x, b.(int64))
	case float64:
		c = cmp.Compare(x, b.(float64))
	case bool:
		if y := b.(bool); x != y {
			c = 1
			if y {
				c = -1
			}
		}
	case string:
		c = strings.Compare(x, b.(string))
		if modelSchema.Fields[field].Type == geo.DateTime {
			ta, _ := time.Parse(time.RFC3339, x)
			tb, _ := time.Parse(time.RFC3339, b.(string))
			c = ta.Compare(tb)
		}
	}
	if descending {
		return -c
	}
	return c
}

func (m *model) compare(sort []features.SortKey, a, b geo.Feature) int {
	for _, k := range sort {
		i := modelSchema.FieldIndex(k.Field)
		if c := compareValues(i, a.Values[i], b.Values[i], k.Descending); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

// selected looks at each row.
func (m *model) selected(t *rapid.T, q features.Query, unplaced bool, filter *cql2.Filter) []geo.Feature {
	var out []geo.Feature
	for id, f := range m.rows {
		if q.IDs != nil && !slices.Contains(q.IDs, id) {
			continue
		}
		if q.BBox != nil && f.Geometry == nil && !unplaced {
			continue
		}
		if q.BBox != nil && f.Geometry != nil && !geo.BBoxOf(f.Geometry.Bound()).Intersects(*q.BBox) {
			continue
		}
		if slices.ContainsFunc(q.Equal, func(e features.Equal) bool {
			return fmt.Sprint(f.Values[modelSchema.FieldIndex(e.Field)]) != e.Value
		}) {
			continue
		}
		if filter != nil {
			ok, err := filter.Match(func(name string) any {
				switch name {
				case "geometry":
					if f.Geometry == nil {
						return nil
					}
					return f.Geometry
				case "id":
					return id
				}
				v := f.Values[modelSchema.FieldIndex(name)]
				if _, binary := v.([]byte); binary { // no filter but IS NULL has to do with it
					return true
				}
				return v
			})
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

// query gives the selected rows in order, and how many there are on all pages.
func (m *model) query(t *rapid.T, q features.Query, unplaced bool) (page []geo.Feature, all int64) {
	var filter *cql2.Filter
	if q.Filter != nil {
		var err error
		if filter, err = cql2.Compile(q.Filter, nil); err != nil {
			t.Fatal(err)
		}
	}
	out := m.selected(t, q, unplaced, filter)
	slices.SortFunc(out, func(a, b geo.Feature) int { return m.compare(q.Sort, a, b) })
	all = int64(len(out))
	for _, f := range out {
		if q.After != 0 && f.ID <= q.After {
			continue
		}
		if c := q.Cursor; c != nil {
			at := geo.Feature{ID: c.ID, Values: make([]any, len(modelSchema.Fields))}
			for k, key := range q.Sort {
				at.Values[modelSchema.FieldIndex(key.Field)] = c.Values[k]
			}
			if m.compare(q.Sort, f, at) <= 0 {
				continue
			}
		}
		if q.Limit > 0 && len(page) == q.Limit {
			break
		}
		page = append(page, f)
	}
	return page, all
}

func check(t *rapid.T, l *layer.Layer, m *model, q features.Query) {
	checkUnplaced(t, l, m, q)
	want, all := m.query(t, q, false)
	var got []geo.Feature
	if err := l.Scan(t.Context(), q, func(f geo.Feature) bool { got = append(got, f); return true }); err != nil {
		t.Fatalf("Scan(%+v): %v", q, err)
	}
	if q.SkipGeometry {
		want = slices.Clone(want)
		for i := range want {
			want[i].Geometry, want[i].Z = nil, nil
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Fatalf("Scan(%+v) (-want +got):\n%s", q, d)
	}
	n, err := l.Count(t.Context(), q)
	if err != nil || n != all {
		t.Fatalf("Count(%+v) = %d, %v; want %d", q, n, err, all)
	}
}

// checkUnplaced asks for rows without a geometry besides; also in a box of
// no point.
func checkUnplaced(t *rapid.T, l *layer.Layer, m *model, q features.Query) {
	if q.BBox != nil && rapid.IntRange(0, 3).Draw(t, "nowhere") == 0 {
		none := geo.EmptyBBox()
		q.BBox = &none
	}
	want, all := m.query(t, q, true)
	var ids, got []int64
	for _, f := range want {
		ids = append(ids, f.ID)
	}
	if err := l.RowsOrUnplaced(t.Context(), q, func(r layer.Row) bool { got = append(got, r.ID()); return true }); err != nil {
		t.Fatalf("RowsOrUnplaced(%+v): %v", q, err)
	}
	if !slices.Equal(got, ids) {
		t.Fatalf("RowsOrUnplaced(%+v) = %v, want %v", q, got, ids)
	}
	n, err := l.CountOrUnplaced(t.Context(), q)
	if err != nil || n != all {
		t.Fatalf("CountOrUnplaced(%+v) = %d, %v; want %d", q, n, err, all)
	}
}

// checkState compares what is known beside the queries.
func checkState(t *rapid.T, l *layer.Layer, m *model) {
	if l.Len() != len(m.rows) || l.Head() != int64(len(m.changes)) {
		t.Fatalf("%d rows after change %d, want %d after %d", l.Len(), l.Head(), len(m.rows), len(m.changes))
	}
	for _, b := range []*geo.BBox{nil, {MinX: -5, MinY: -5, MaxX: 5, MaxY: 5}} {
		got, want := map[int64]bool{}, map[int64]bool{}
		l.Visit(b, func(r layer.Row) bool {
			if got[r.ID()] {
				t.Fatalf("row %d came twice", r.ID())
			}
			got[r.ID()] = true
			f, err := r.Feature(nil)
			w := m.rows[r.ID()]
			if err != nil || !gocmp.Equal(f, w) {
				t.Fatalf("row %+v, %v; want %+v", f, err, w)
			}
			for i := range modelSchema.Fields {
				if !gocmp.Equal(r.Value(i), w.Values[i]) {
					t.Fatalf("row %d, value %d: %v, want %v", r.ID(), i, r.Value(i), w.Values[i])
				}
			}
			return true
		})
		for id, f := range m.rows {
			if b == nil || f.Geometry != nil && geo.BBoxOf(f.Geometry.Bound()).Intersects(*b) {
				want[id] = true
			}
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Fatalf("Visit(%v) (-want +got):\n%s", b, d)
		}
	}
	for id := range m.used + 1 {
		f, err := l.Feature(t.Context(), id)
		w, there := m.rows[id]
		if (err == nil) != there || there && !gocmp.Equal(f, w) {
			t.Fatalf("Feature(%d) = %+v, %v; want %+v", id, f, err, w)
		}
		if l.Revision(id) != m.revision[id] {
			t.Fatalf("Revision(%d) = %d, want %d", id, l.Revision(id), m.revision[id])
		}
	}
	if l.MaxID() != m.used {
		t.Fatalf("MaxID %d, want %d", l.MaxID(), m.used)
	}
}

func checkTouched(t *rapid.T, l *layer.Layer, m *model) {
	since := rapid.Int64Range(0, int64(len(m.changes))).Draw(t, "since")
	x, y := float64(rapid.IntRange(-25, 20).Draw(t, "tx")), float64(rapid.IntRange(-25, 20).Draw(t, "ty"))
	b := geo.BBox{MinX: x, MinY: y, MaxX: x + 3, MaxY: y + 3}
	want := slices.ContainsFunc(m.changes, func(c journal.Change) bool {
		meets := func(f *geo.Feature) bool {
			return f != nil && f.Geometry != nil && geo.BBoxOf(f.Geometry.Bound()).Intersects(b)
		}
		return c.Seq > since && (meets(c.Before) || meets(c.After))
	})
	if got := l.TouchedSince(since, b); got != want {
		t.Fatalf("TouchedSince(%d, %v) = %v, want %v", since, b, got, want)
	}
}

// Whatever the edits, every query gives what looking at each row gives; and
// the states before stay as they were.
func TestLayerAgainstModel(t *testing.T) {
	t.Parallel()
	for _, make := range []maker{inMemory, packed} {
		rapid.Check(t, func(rt *rapid.T) {
			m := &model{rows: map[int64]geo.Feature{}, revision: map[int64]int64{}}
			var list []geo.Feature
			for range rapid.IntRange(0, 30).Draw(rt, "published") {
				m.used += rapid.Int64Range(1, 2).Draw(rt, "gap")
				f := drawRow(rt, m.used)
				m.rows[f.ID] = f
				list = append(list, f)
			}
			l := make(t, modelSchema, list)
			if rapid.Bool().Draw(rt, "as if large") {
				l.Limit(0, rapid.IntRange(0, 5).Draw(rt, "hits"), 5, rapid.Int32Range(0, 1).Draw(rt, "asked"))
			}
			if rapid.Bool().Draw(rt, "columns") {
				if _, err := l.ReadColumns(t.Context(), allFields()); err != nil {
					rt.Fatal(err)
				}
			}
			before, beforeModel := l, *m
			beforeModel.rows, beforeModel.revision = clone(m.rows), clone(m.revision)
			for range rapid.IntRange(0, 5).Draw(rt, "edits") {
				from := len(m.changes)
				for range rapid.IntRange(1, 4).Draw(rt, "at once") {
					m.change(m.edit(rt))
				}
				next, err := l.With(m.changes[from:])
				if err != nil {
					rt.Fatal(err)
				}
				l = next
				check(rt, l, m, drawQuery(rt, m))
			}
			checkState(rt, l, m)
			checkTouched(rt, l, m)
			for range 6 {
				check(rt, l, m, drawQuery(rt, m))
			}
			checkState(rt, before, &model{rows: beforeModel.rows, revision: beforeModel.revision, used: beforeModel.used})
			check(rt, before, &beforeModel, drawQuery(rt, &beforeModel))
		})
	}
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// Pages by a cursor give every row once, in the order of the whole.
func TestPagesInOrder(t *testing.T) {
	t.Parallel()
	for _, sort := range [][]features.SortKey{{{Field: "i"}}, {{Field: "s", Descending: true}}, {{Field: "t"}, {Field: "r", Descending: true}}} {
		rapid.Check(t, func(rt *rapid.T) {
			m := &model{rows: map[int64]geo.Feature{}, revision: map[int64]int64{}}
			var list []geo.Feature
			for range 40 {
				m.used++
				f := drawRow(rt, m.used)
				m.rows[f.ID], list = f, append(list, f)
			}
			l := inMemory(t, modelSchema, list)
			for range 5 {
				m.change(m.edit(rt))
			}
			l, err := l.With(m.changes)
			if err != nil {
				rt.Fatal(err)
			}
			want, _ := m.query(rt, features.Query{Sort: sort}, false)
			q := features.Query{Sort: sort, Limit: rapid.IntRange(1, 9).Draw(rt, "limit")}
			var got []geo.Feature
			for range 100 {
				n := len(got)
				if err := l.Scan(t.Context(), q, func(f geo.Feature) bool { got = append(got, f); return true }); err != nil {
					rt.Fatal(err)
				}
				if len(got) == n {
					break
				}
				last := got[len(got)-1]
				q.Cursor = &features.Cursor{ID: last.ID}
				for _, k := range sort {
					q.Cursor.Values = append(q.Cursor.Values, last.Values[modelSchema.FieldIndex(k.Field)])
				}
			}
			if d := gocmp.Diff(want, got, gocmp.Comparer(bytes.Equal)); d != "" {
				rt.Fatalf("pages (-want +got):\n%s", d)
			}
		})
	}
}
