package spool_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/ingest/spool"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

var schema = geo.Schema{GeometryType: "Geometry", CRS: geo.WGS84, Fields: []geo.Field{
	{Name: "a", Type: geo.String}, {Name: "b", Type: geo.Integer}, {Name: "c", Type: geo.Real}, {Name: "d", Type: geo.Boolean}, {Name: "e", Type: geo.Binary},
}}

func points(t *rapid.T, least int) []orb.Point {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) orb.Point {
		return orb.Point{rapid.Float64().Draw(t, "x"), rapid.Float64().Draw(t, "y")}
	}), least, 5).Draw(t, "points")
}

func polygon(t *rapid.T) orb.Polygon {
	p := orb.Polygon{}
	for range rapid.IntRange(1, 3).Draw(t, "rings") {
		p = append(p, points(t, 4))
	}
	return p
}

func geometry(t *rapid.T) orb.Geometry {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return points(t, 1)[0]
	case 2:
		return orb.MultiPoint(points(t, 0))
	case 3:
		return orb.LineString(points(t, 2))
	case 4:
		return orb.MultiLineString{points(t, 2), points(t, 2)}
	case 5:
		return polygon(t)
	}
	return orb.MultiPolygon{polygon(t), polygon(t)}
}

func orNil[T any](t *rapid.T, g *rapid.Generator[T]) any {
	if rapid.IntRange(0, 3).Draw(t, "nil") == 0 {
		return nil
	}
	return g.Draw(t, "value")
}

// TestRoundTrip: what goes in comes out, as often as it is asked for.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w, err := spool.Create(filepath.Join(dir, strconv.Itoa(n)), "x.pbf", schema)
		if err != nil {
			t.Fatal(err)
		}
		var want []geo.Feature
		box := geo.EmptyBBox()
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			f := geo.Feature{ID: rapid.Int64().Draw(t, "id"), Geometry: geometry(t), Values: []any{
				orNil(t, rapid.String()), orNil(t, rapid.Int64()), orNil(t, rapid.Float64()), orNil(t, rapid.Bool()), orNil(t, rapid.SliceOfN(rapid.Byte(), 1, 9)),
			}}
			if f.Geometry != nil && f.Geometry.Bound().Min[0] <= f.Geometry.Bound().Max[0] {
				box = box.Union(geo.BBoxOf(f.Geometry.Bound()))
			}
			want = append(want, f)
			if err := w.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		if rows.Count() != int64(len(want)) || rows.Name() != "x.pbf" || rows.Bounds() != box || !cmp.Equal(rows.Schema(), schema) {
			t.Fatalf("%d rows of %s in %v", rows.Count(), rows.Name(), rows.Bounds())
		}
		for range 2 {
			var got []geo.Feature
			if err := rows.Scan(context.Background(), nil, func(f geo.Feature) (bool, error) {
				got = append(got, f)
				return true, nil
			}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func made(t *testing.T, rows int) (string, *spool.Rows) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	w, err := spool.Create(path, "x", schema)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Add(geo.Feature{ID: int64(i), Geometry: orb.LineString{{1, 2}, {3, math.Pi}}, Values: []any{"text", int64(i), 0.5, true, []byte{1}}}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return path, r
}

// TestDamaged changes one byte of the file at a time: rows or an error, never
// a panic, and an error when it is cut.
func TestDamaged(t *testing.T) {
	t.Parallel()
	path, rows := made(t, 2)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scan := func(b []byte) error {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return rows.Scan(context.Background(), nil, func(geo.Feature) (bool, error) { return true, nil })
	}
	for i := range whole {
		if err := scan(whole[:i]); err == nil || !strings.Contains(err.Error(), "row ") {
			t.Fatalf("cut at %d: %v", i, err)
		}
		for _, x := range []byte{0xff, 0x80, 0x01} {
			b := append([]byte(nil), whole...)
			b[i] ^= x
			_ = scan(b) // must not panic
		}
	}
}

func TestScanStopsAndFails(t *testing.T) {
	t.Parallel()
	path, rows := made(t, 3)
	n := 0
	if err := rows.Scan(context.Background(), nil, func(geo.Feature) (bool, error) { n++; return n < 2, nil }); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	own := errors.New("own")
	if err := rows.Scan(context.Background(), nil, func(geo.Feature) (bool, error) { return true, own }); !errors.Is(err, own) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := rows.Scan(ctx, nil, nil); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
	if _, err := spool.Create(path, "x", schema); !fault.Is(err, fault.Exist) {
		t.Error(err)
	}
}

func TestWrongRows(t *testing.T) {
	t.Parallel()
	w, err := spool.Create(filepath.Join(t.TempDir(), "x"), "x", schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []geo.Feature{
		{Values: []any{"too few"}},
		{Values: []any{1, nil, nil, nil, nil}},
		{Geometry: orb.Collection{}, Values: make([]any, 5)},
	} {
		if err := w.Add(f); err == nil {
			t.Errorf("%v was taken", f)
		}
	}
	if rows, err := w.Close(); err != nil || rows.Count() != 0 {
		t.Errorf("%v", err)
	}
}
