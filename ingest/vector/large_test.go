package vector

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/notice"
)

// rowsOf reads a GeoJSON file; geometries of more than large bytes of text
// come by themselves.
func rowsOf(ctx context.Context, path, dir string, large int) (rows []geo.Feature, schema geo.Schema, own int, err error) {
	l, err := Open(ctx, path, "a.geojson", []string{"GeoJSON"}, OpenOptions{Dir: dir, largeText: large}, &notice.List{})
	if err != nil {
		return nil, schema, 0, err
	}
	defer l.Close()
	if s, ok := l.src.(*largeSource); ok {
		own = len(s.shapes)
	}
	err = l.Scan(ctx, func(int64, error) error { return nil }, func(f geo.Feature) (bool, error) {
		rows = append(rows, f)
		return true, nil
	})
	return rows, l.Schema(), own, err
}

func drawNumbers(t *rapid.T, depth, dims int) string {
	if depth == 1 {
		var n []string
		for range dims {
			n = append(n, rapid.SampledFrom([]string{"1", "-2.5", "0.125", "1e1", "9.000000000000001", " 7 ", "-0", "12.5E-1"}).Draw(t, "number"))
		}
		return "[" + strings.Join(n, ",") + "]"
	}
	var parts []string
	n := rapid.IntRange(1, 3).Draw(t, "parts")
	if depth == 2 {
		n = rapid.IntRange(2, 6).Draw(t, "positions")
	}
	for range n {
		parts = append(parts, drawNumbers(t, depth-1, dims))
	}
	return "[" + strings.Join(parts, rapid.SampledFrom([]string{",", " ,\n"}).Draw(t, "comma")) + "]"
}

// Geometries read by themselves are what GDAL makes of them, among all that
// may stand around them.
func TestLargeGeometriesAreWhatGDALReads(t *testing.T) {
	t.Parallel()
	dir, taken := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		kinds := map[string]int{"LineString": 2, "MultiPoint": 2, "Polygon": 3, "MultiLineString": 3, "MultiPolygon": 4}
		kind := rapid.SampledFrom([]string{"LineString", "MultiPoint", "Polygon", "MultiLineString", "MultiPolygon"}).Draw(t, "kind")
		dims := rapid.IntRange(2, 3).Draw(t, "dims")
		var features []string
		for i := range rapid.IntRange(1, 4).Draw(t, "features") {
			g := fmt.Sprintf(`{"type":%q,"coordinates":%s}`, kind, drawNumbers(t, kinds[kind], dims))
			if rapid.Bool().Draw(t, "type last") {
				g = fmt.Sprintf(`{"coordinates" : %s , "type":%q}`, drawNumbers(t, kinds[kind], dims), kind)
			}
			if rapid.IntRange(0, 5).Draw(t, "none") == 0 {
				g = "null"
			}
			features = append(features, fmt.Sprintf(`{"type":"Feature","id":%d,"properties":{"n":%d,"coordinates":[[1,2],[3,4]],"text":"\"coordinates\":[[["},"geometry":%s}`, i+1, i, g))
		}
		text := `{"type":"FeatureCollection","name":"x","features":[` + strings.Join(features, ",\n") + `]}`
		path := filepath.Join(dir, fmt.Sprint(rapid.Int64().Draw(t, "name"))+".geojson")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		want, ws, n, err := rowsOf(t.Context(), path, dir, math.MaxInt)
		if err != nil || n != 0 {
			t.Fatal(n, err)
		}
		got, gs, n, err := rowsOf(t.Context(), path, dir, 20)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if d := cmp.Diff(want, got) + cmp.Diff(ws, gs); d != "" {
			t.Fatalf("%d by themselves: %s\n%s", n, d, text)
		}
		taken += n
	})
	if taken == 0 {
		t.Error("no geometry was read by itself")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// What is not GeoJSON is left to GDAL, as it is.
func TestOddCoordinatesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"type":"Polygon","coordinates":[[[1,2],[3,4]],[[1,2,3],[4,5,6]]]}`, `{"type":"LineString","coordinates":[[1,2],[3,"4"]],"x":[1,2,3,4,5,6,7]}`,
		`{"type":"LineString","coordinates":[[1,2],[3,1e999]]}`, `{"type":"LineString","coordinates":[[],[],[],[],[],[],[],[],[]]}`,
		`{"type":"LineString","coordinates":[[1,2],[[3,4]],[5,6],[7,8]]}`, `{"type":"LineString","coordinates":[[1,2],[3,4],[5,6],[7,8]`,
		`{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4],[5,6],[7,8]]}]}`, `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`,
		`{"type":"LineString","coordinates":[[1,2,3,4,5],[3,4,5,6,7],[5,6,7,8,9]]}`, `{"type":"Point","coordinates":[1000000000000000000000,20000000000000000000]}`,
	} {
		path := filepath.Join(t.TempDir(), "a.geojson")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := slim(t.Context(), path, t.TempDir(), 20)
		if err != nil || s != nil {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
}

func FuzzSlim(f *testing.F) {
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a\"b":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}}]}`)
	f.Add(`{"type":"MultiPolygon","coordinates":[[[[0,0,1],[1,1,1],[1,0,2],[0,0,1]]],[[[5,5,1],[6,6,6],[7,7,7],[5,5,1]]]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		path, dir := filepath.Join(t.TempDir(), "a.geojson"), t.TempDir()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := slim(t.Context(), path, dir, 16)
		if err != nil {
			t.Fatal(err)
		}
		if s != nil {
			for i := range s.shapes {
				n := 0
				for _, r := range s.shapes[i].rings {
					n += r
				}
				if l := &s.shapes[i]; n != l.vertices || l.dims < 2 || l.dims > 3 {
					t.Fatalf("%+v", l)
				}
			}
			if err := s.discard(); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Fatalf("%v is left, %v", left, err)
		}
	})
}
