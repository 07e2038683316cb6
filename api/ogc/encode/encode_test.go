package encode_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/geojson"
	"pgregory.net/rapid"

	"contado/api/ogc/encode"
	"contado/api/rest"
	"contado/geo"
)

func point(t *rapid.T) orb.Point {
	c := rapid.OneOf(rapid.Float64Range(-180, 180), rapid.Float64Range(-1e7, 1e7), rapid.Float64())
	at := func(name string) float64 {
		v := c.Draw(t, name)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		return v
	}
	return orb.Point{at("x"), at("y")}
}

func points(t *rapid.T, least int) []orb.Point {
	out := make([]orb.Point, rapid.IntRange(least, 6).Draw(t, "n"))
	for i := range out {
		out[i] = point(t)
	}
	return out
}

func ring(t *rapid.T) orb.Ring {
	r := orb.Ring(points(t, 3))
	return append(r, r[0])
}

func polygon(t *rapid.T) orb.Polygon {
	p := orb.Polygon{ring(t)}
	if rapid.Bool().Draw(t, "hole") {
		p = append(p, ring(t))
	}
	return p
}

func shape(t *rapid.T) orb.Geometry {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return point(t)
	case 1:
		return orb.MultiPoint(points(t, 1))
	case 2:
		return orb.LineString(points(t, 2))
	case 3:
		return orb.MultiLineString{points(t, 2), points(t, 3)}
	case 4:
		return polygon(t)
	case 5:
		return orb.MultiPolygon{polygon(t), polygon(t)}
	}
	return orb.Collection{point(t), polygon(t)}
}

// GeoJSON as written is read back by an independent reader as the same, to the
// last bit; the flat form turns back into what it was made of.
func TestGeometryAsGeoJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := shape(t)
		var f encode.Geometry
		if !f.Flatten(g) {
			t.Fatal("nothing")
		}
		if diff := cmp.Diff(g, f.Orb()); diff != "" {
			t.Fatal(diff)
		}
		b := encode.AppendGeometry(nil, &f, false, -1)
		var back geojson.Geometry
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if diff := cmp.Diff(g, back.Geometry()); diff != "" {
			t.Fatalf("%s\n%s", b, diff)
		}
	})
}

// Coordinates come in the order of the authority, rounded as asked, and what
// Round tells is what is written.
func TestCoordinates(t *testing.T) {
	t.Parallel()
	p := orb.Point{9.123456789123, 46}
	for _, c := range []struct {
		swap   bool
		places int
		g      orb.Geometry
		want   string
	}{
		{false, -1, p, `{"type":"Point","coordinates":[9.123456789123,46]}`},
		{false, 4, p, `{"type":"Point","coordinates":[9.1235,46]}`},
		{true, 2, p, `{"type":"Point","coordinates":[46,9.12]}`},
		{false, 3, orb.Point{-0.0004, -5.5}, `{"type":"Point","coordinates":[0,-5.5]}`},
		{false, 9, orb.Point{1e300, -1e300}, ""},
		{false, -1, orb.Point{1e-300, 123456789012345680}, `{"type":"Point","coordinates":[1e-300,123456789012345680]}`},
		{false, -1, orb.Point{math.NaN(), math.Inf(1)}, `{"type":"Point","coordinates":[null,null]}`},
		{false, -1, nil, `null`},
	} {
		var f encode.Geometry
		f.Flatten(c.g)
		got := string(encode.AppendGeometry(nil, &f, c.swap, c.places))
		if c.want != "" && got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v, places := point(t)[0], rapid.IntRange(0, 9).Draw(t, "places")
		f := encode.Geometry{Kind: encode.Point, XY: []float64{v, 0}}
		text := string(encode.AppendGeometry(nil, &f, false, places))
		text, _, _ = strings.Cut(strings.TrimPrefix(text, `{"type":"Point","coordinates":[`), ",")
		read, err := strconv.ParseFloat(text, 64)
		if err != nil || read != encode.Round(v, places) {
			t.Fatalf("%g to %d places: %s, Round %g, %v", v, places, text, encode.Round(v, places), err)
		}
		if scale := math.Pow10(places); math.Abs(v)*scale < 1<<50 && math.Abs(read-v) > 0.5/scale*(1+1e-9)+math.Abs(v)*1e-15 {
			t.Fatalf("%g to %d places is %s", v, places, text)
		}
		if _, decimals, ok := strings.Cut(text, "."); ok && math.Abs(v) < 1e5 && (len(decimals) > places || strings.HasSuffix(decimals, "0")) {
			t.Fatalf("%s has not the digits of %d places", text, places)
		}
	})
}

var fields = []geo.Field{
	{Name: `a"b`, Type: geo.String},
	{Name: "i", Type: geo.Integer},
	{Name: "r", Type: geo.Real},
	{Name: "n", Type: geo.Real},
	{Name: "x", Type: geo.Binary},
	{Name: "j", Type: geo.JSON},
	{Name: "bad", Type: geo.JSON},
	{Name: "b", Type: geo.Boolean},
	{Name: "d", Type: geo.Date},
}

func frame() encode.Frame {
	return encode.Frame{
		Collection: "mills", Fields: fields, CRS: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", Places: -1, LonLatPlaces: 8,
		Start: -1, End: -1, Instant: 8,
	}
}

func row() *encode.Row {
	return &encode.Row{
		ID: 7, Geometry: &encode.Geometry{Kind: encode.Point, XY: []float64{9, 46.5}, Z: []float64{300.5}},
		Values: []any{"</script>\u2028\x01\xff", int64(1) << 60, 1.5, math.NaN(), []byte("x"), `["a", 1]`, `{"a":`, true, "2024-05-01"},
	}
}

func TestFeature(t *testing.T) {
	t.Parallel()
	b, err := encode.NewGeoJSON(frame()).One(nil, row(), []rest.Link{{Href: "http://a/", Rel: "self"}})
	want := `{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[9,46.5,300.5]},"properties":{"a\"b":"</script>` + "\u2028" + `\u0001` + "\ufffd" +
		`","i":1152921504606846976,"r":1.5,"n":null,"x":"eA==","j":["a", 1],"bad":"{\"a\":","b":true,"d":"2024-05-01"},"links":[{"href":"http://a/","rel":"self"}]}`
	if err != nil || string(b) != want {
		t.Errorf("%s %v\nwant %s", b, err, want)
	}
	var back any
	if err := json.Unmarshal(b, &back); err != nil {
		t.Error(err)
	}
}

// page writes two rows as a page.
func page(t *testing.T, e encode.Encoder) []byte {
	t.Helper()
	b := e.Begin(nil)
	var err error
	for n := range 2 {
		if b, err = e.Row(b, n, row()); err != nil {
			t.Fatal(err)
		}
	}
	matched := int64(9)
	if b, err = e.End(b, encode.Tail{Returned: 2, Matched: &matched, Links: []rest.Link{{Href: "http://a/?after=7", Rel: "next"}}}); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPageOfGeoJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Type                          string
		Features                      []geojson.Feature
		NumberReturned, NumberMatched int
		Links                         []rest.Link
	}
	if err := json.Unmarshal(page(t, encode.NewGeoJSON(frame())), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "FeatureCollection" || len(got.Features) != 2 || got.NumberReturned != 2 || got.NumberMatched != 9 || got.Links[0].Rel != "next" {
		t.Errorf("%+v", got)
	}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	parts := strings.Split(string(page(t, encode.NewSequence(frame()))), "\x1e")
	if len(parts) != 3 || parts[0] != "" {
		t.Fatalf("%d parts: %q", len(parts), parts)
	}
	for _, p := range parts[1:] {
		if _, err := geojson.UnmarshalFeature([]byte(p)); err != nil || !strings.HasSuffix(p, "\n") {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestJSONFG(t *testing.T) {
	t.Parallel()
	type feature struct {
		Time            *struct{ Date string }
		Place, Geometry *geojson.Geometry
		ConformsTo      []string
		FeatureType     string
		CoordRefSys     string
	}
	one := func(f encode.Frame, r *encode.Row) (got feature) {
		b, err := encode.NewJSONFG(f).One(nil, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		return got
	}
	a := one(frame(), row())
	if a.Place != nil || a.Geometry == nil || a.Time == nil || a.Time.Date != "2024-05-01" || a.FeatureType != "mills" || len(a.ConformsTo) != 1 {
		t.Errorf("%+v", a)
	}
	f, r := frame(), row()
	f.CRS, f.Swap, f.Instant, f.Start = "http://www.opengis.net/def/crs/EPSG/0/6707", true, -1, 8
	r.LonLat, r.Geometry = r.Geometry, &encode.Geometry{Kind: encode.Point, XY: []float64{500000, 5000000}}
	b := one(f, r)
	if b.Place.Geometry().(orb.Point) != (orb.Point{5000000, 500000}) || b.Geometry.Geometry().(orb.Point) != (orb.Point{9, 46.5}) || b.CoordRefSys != f.CRS {
		t.Errorf("%+v", b)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	r := csv.NewReader(bytes.NewReader(page(t, encode.NewCSV(frame()))))
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 || lines[0][0] != "id" || lines[0][1] != `a"b` || lines[0][10] != "geometry" || lines[1][2] != "1152921504606846976" || lines[1][4] != "" ||
		lines[1][10] != "POINT Z (9 46.5 300.5)" {
		t.Errorf("%q", lines)
	}
	rapid.Check(t, func(t *rapid.T) {
		g := shape(t)
		var flat encode.Geometry
		flat.Flatten(g)
		b, err := encode.NewCSV(encode.Frame{Places: -1}).One(nil, &encode.Row{ID: 1, Geometry: &flat}, nil)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("%s: %v", b, err)
		}
		back, err := wkt.Unmarshal(strings.ReplaceAll(lines[1][1], "e-", "E-"))
		if err != nil {
			t.Skip("the reader of well-known text does not take this number")
		}
		if diff := cmp.Diff(g, back); diff != "" {
			t.Fatalf("%s\n%s", lines[1][1], diff)
		}
	})
}

// GDAL reads what is written as FlatGeobuf.
func TestFlatGeobuf(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("ogrinfo is not here")
	}
	path := filepath.Join(t.TempDir(), "a.fgb")
	if err := os.WriteFile(path, page(t, encode.NewFlatGeobuf(frame())), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Feature Count: 2", "POINT Z (9.0 46.5 300.5)", "i (Integer64) = 1152921504606846976", `ID["EPSG",4326]`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
