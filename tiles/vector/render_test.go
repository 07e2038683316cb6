package vector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/scripts/shareddata"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/mvttest"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"pgregory.net/rapid"
)

var nameField = []geo.Field{{Name: "name", Type: geo.String}}

// build makes a tile of features and checks it against the specification.
func build(t testing.TB, o vector.Options, fs []geo.Feature) (*mvttest.Tile, vector.Stats) {
	t.Helper()
	tile, stats, err := tryBuild(o, fs)
	if err != nil {
		t.Fatal(err)
	}
	return tile, stats
}

func tryBuild(o vector.Options, fs []geo.Feature) (*mvttest.Tile, vector.Stats, error) {
	data, stats, err := encode(o, fs)
	if err != nil {
		return nil, stats, err
	}
	tile, err := mvttest.Decode(data)
	return tile, stats, err
}

func encode(o vector.Options, fs []geo.Feature) ([]byte, vector.Stats, error) {
	if o.Layer == "" {
		o.Layer = "l"
	}
	b, err := vector.NewBuilder(o)
	if err != nil {
		return nil, vector.Stats{}, err
	}
	for _, f := range fs {
		if err := b.Add(f); err != nil {
			return nil, vector.Stats{}, err
		}
	}
	return b.Encode(context.Background())
}

// unit maps tile units of a tile to Web Mercator.
func unit(t tms.Tile) func(x, y float64) orb.Point {
	b := tms.WebMercatorQuad().Bounds(t)
	s := b.Width() / 4096
	return func(x, y float64) orb.Point { return orb.Point{b.MinX + x*s, b.MaxY - y*s} }
}

func ringOf(at func(x, y float64) orb.Point, xys ...float64) orb.Ring {
	var r orb.Ring
	for i := 0; i < len(xys); i += 2 {
		r = append(r, at(xys[i], xys[i+1]))
	}
	return append(r, r[0])
}

func TestAttributesAndKinds(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 5, X: 10, Y: 12}
	at := unit(tile)
	fields := []geo.Field{
		{Name: "s", Type: geo.String},
		{Name: "i", Type: geo.Integer},
		{Name: "r", Type: geo.Real},
		{Name: "b", Type: geo.Boolean},
		{Name: "blob", Type: geo.Binary},
		{Name: "n", Type: geo.Integer},
	}
	values := []any{"città", int64(-7), 2.5, true, []byte{1}, int64(1) << 60}
	square := orb.Polygon{ringOf(at, 100, 100, 900, 100, 900, 900, 100, 900), ringOf(at, 300, 300, 600, 300, 600, 600, 300, 600)}
	fs := []geo.Feature{
		{ID: 3, Values: values, Geometry: orb.Collection{
			at(10, 20), orb.LineString{at(0, 0), at(4000, 10)}, square, orb.Collection{orb.MultiPoint{at(11, 21), at(12, 22)}},
		}},
		{ID: 4, Values: []any{nil, nil, math.NaN(), false, nil, nil}, Geometry: at(50, 60)},
		{ID: 5, Values: values, Geometry: nil},
		{ID: 6, Values: values, Geometry: orb.MultiPolygon{}},
		{ID: 7, Values: values, Geometry: orb.Polygon{{}}},
		{ID: 8, Values: values, Geometry: orb.LineString{}},
		{ID: 9, Values: values, Geometry: orb.Collection{orb.Polygon{}, orb.Ring{}, orb.MultiLineString{{}}}},
	}
	got, stats := build(t, vector.Options{Tile: tile, Fields: fields}, fs)
	l := got.Layer("l")
	if l.Version != 2 || l.Extent != 4096 || !stats.Complete() {
		t.Errorf("version %d, extent %d, %+v", l.Version, l.Extent, stats)
	}
	kinds := map[int]int{}
	for _, f := range l.Features {
		if f.ID == 3 {
			kinds[f.Type]++
			want := map[string]any{"s": "città", "i": int64(-7), "r": 2.5, "b": true, "n": int64(1) << 60}
			if len(f.Tags) != len(want) {
				t.Errorf("attributes %v", f.Tags)
			}
			for k, v := range want {
				if f.Tags[k] != v {
					t.Errorf("%s = %v, want %v", k, f.Tags[k], v)
				}
			}
		}
		if f.ID == 4 && (len(f.Tags) != 1 || f.Tags["b"] != false) {
			t.Errorf("attributes of 4: %v", f.Tags)
		}
		if f.Type == 3 && (mvttest.Area2(f.Parts[0]) != 2*800*800 || mvttest.Area2(f.Parts[1]) != -2*300*300) {
			t.Errorf("rings %v", f.Parts)
		}
	}
	if len(l.Features) != 4 || len(l.Features[0].Parts[0]) != 3 || kinds[1] != 1 || kinds[2] != 1 || kinds[3] != 1 {
		t.Errorf("%d features, kinds of 3: %v", len(l.Features), kinds)
	}
	meta := got.Layer("meta").Features[0].Tags
	if meta["complete"] != true || meta["dropped"] != int64(0) || meta["area_kept"] != 1.0 {
		t.Errorf("meta %v", meta)
	}
}

// The reader of orb sees the same as ours.
func TestReadByOrb(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 9, X: 271, Y: 181}
	data, _, err := encode(vector.Options{Tile: tile, Fields: nameField}, randomPolygons(tile, 200, 40, 300))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := mvttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := mvt.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	l := ours.Layer("l")
	if len(theirs) != 2 || len(theirs[0].Features) != len(l.Features) || len(l.Features) < 100 {
		t.Fatalf("%d layers, %d features against %d", len(theirs), len(theirs[0].Features), len(l.Features))
	}
	for i, f := range theirs[0].Features {
		if f.ID != float64(l.Features[i].ID) || f.Properties["name"] != l.Features[i].Tags["name"] {
			t.Errorf("feature %d: %v %v, ours %+v", i, f.ID, f.Properties, l.Features[i])
		}
	}
}

// randomPolygons are star-shaped, of radius lo to hi units, all over the
// tile and a little outside.
func randomPolygons(tile tms.Tile, n int, lo, hi float64) []geo.Feature {
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	at := unit(tile)
	var fs []geo.Feature
	for i := range n {
		cx, cy := rng.Float64()*4400-150, rng.Float64()*4400-150
		var xys []float64
		k := 5 + rng.IntN(40)
		for j := range k {
			a := 2 * math.Pi * float64(j) / float64(k)
			r := lo + (hi-lo)*rng.Float64()
			xys = append(xys, cx+r*math.Cos(a), cy+r*math.Sin(a))
		}
		fs = append(fs, geo.Feature{ID: int64(i + 1), Values: []any{string(rune('a' + i%26))}, Geometry: orb.Polygon{ringOf(at, xys...)}})
	}
	return fs
}

// A comb whose teeth reach out of the tile becomes separate teeth: no edge
// runs along the buffer between them.
func TestConcaveClip(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 7, X: 60, Y: 40}
	at := unit(tile)
	xys := []float64{5000, 0}
	for i := range 6 {
		y := float64(i) * 600
		xys = append(xys, 3000, y+10, 3000, y+300, 5000, y+310, 5000, y+590)
	}
	xys = append(xys, 5200, 3700, 5200, 0)
	got, _ := build(t, vector.Options{Tile: tile}, []geo.Feature{{ID: 1, Geometry: orb.Polygon{ringOf(at, xys...)}}})
	l := got.Layer("l")
	if err := mvttest.CheckPolygons(l); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Features[0].Parts); n != 6 {
		t.Errorf("%d parts, want 6 teeth", n)
	}
}

func area(l *mvttest.Layer) float64 {
	sum := 0
	if l == nil {
		return 0
	}
	for _, f := range l.Features {
		if f.Type == 3 {
			for _, r := range f.Parts {
				sum += mvttest.Area2(r)
			}
		}
	}
	return float64(sum) / 2
}

// Fields of about a hectare, over the whole tile at each zoom: what is drawn
// covers 90 to 110 % of the true area whether a field takes a hundredth of a
// pixel or many.
func TestAreaKept(t *testing.T) {
	t.Parallel()
	for _, side := range []float64{1.1, 2.7, 5, 7.9, 8.3, 12, 25, 60} {
		n := min(int(0.4*4096*4096/(side*side)), 60000)
		tile := tms.Tile{Z: 6, X: 33, Y: 22}
		at := unit(tile)
		rng := rand.New(rand.NewPCG(uint64(side*10), 3))
		var fs []geo.Feature
		want := 0.0
		for i := range n {
			s := side * (0.5 + rng.Float64())
			x, y := s+rng.Float64()*(4096-3*s), s+rng.Float64()*(4096-3*s)
			a := rng.Float64()
			dx, dy := s*math.Cos(a), s*math.Sin(a)
			x, y = max(dy, x), max(1, y)
			fs = append(fs, geo.Feature{ID: int64(i), Geometry: orb.Polygon{ringOf(at, x, y, x+dx, y+dy, x+dx-dy, y+dy+dx, x-dy, y+dx)}})
			want += s * s
		}
		got, stats := build(t, vector.Options{Tile: tile, Budget: 50 << 20}, fs)
		ratio := area(got.Layer("l")) / want
		if ratio < 0.9 || ratio > 1.1 || math.Abs(ratio-stats.AreaKept) > 0.03 {
			t.Errorf("fields of side %v units: drawn %.3f of the area, says %.3f (%d features)", side, ratio, stats.AreaKept, stats.Features)
		}
		// also within the usual budget
		data, stats, err := encode(vector.Options{Tile: tile}, fs)
		if err != nil || len(data) > vector.DefaultBudget {
			t.Fatalf("%d bytes: %v", len(data), err)
		}
		tileB, err := mvttest.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if ratio := area(tileB.Layer("l")) / want; ratio < 0.9 || ratio > 1.1 {
			t.Errorf("fields of side %v units in the budget: drawn %.3f, says %.3f at level %d", side, ratio, stats.AreaKept, stats.Level)
		}
	}
}

// Two polygons with a common wiggly border fill the tile together, without
// gap and without overlap, at any simplification.
func TestSharedBorders(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tile := tms.Tile{Z: 8, X: 130, Y: 90}
		at := unit(tile)
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		n := rapid.IntRange(2, 200).Draw(t, "n")
		amp := rapid.Float64Range(0, 30).Draw(t, "amp")
		var border []float64
		for i := range n + 1 {
			border = append(border, 2000+amp*(rng.Float64()-0.5), 500+3000*float64(i)/float64(n))
		}
		left := append([]float64{500, 3500, 500, 500}, border...)
		right := []float64{3500, 500, 3500, 3500}
		for i := len(border) - 2; i >= 0; i -= 2 {
			right = append(right, border[i], border[i+1])
		}
		got, stats, err := tryBuild(vector.Options{Tile: tile}, []geo.Feature{
			{ID: 1, Geometry: orb.Polygon{ringOf(at, left...)}}, {ID: 2, Geometry: orb.Polygon{ringOf(at, right...)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := area(got.Layer("l")); a != 3000*3000 {
			t.Fatalf("area %v, want %v (%+v)", a, 3000*3000, stats)
		}
		if err := mvttest.CheckPolygons(got.Layer("l")); err != nil {
			t.Fatal(err)
		}
	})
}

// Whatever the rings — self-crossing, repeated, outside, tiny — the tile is
// valid and within its bounds.
func TestAlwaysValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tile := tms.Tile{Z: 3, X: 4, Y: 2}
		at := unit(tile)
		scale := rapid.SampledFrom([]float64{3, 20, 100, 5000, 50000}).Draw(t, "scale")
		coord := rapid.Float64Range(-scale, scale)
		if rapid.Bool().Draw(t, "grid") {
			coord = rapid.Map(rapid.IntRange(-6, 6), func(i int) float64 { return float64(i) * 4 })
		}
		var p orb.Polygon
		for range rapid.IntRange(1, 4).Draw(t, "rings") {
			var xys []float64
			for range rapid.IntRange(1, 14).Draw(t, "points") {
				xys = append(xys, 2048+coord.Draw(t, "x"), 2048+coord.Draw(t, "y"))
			}
			p = append(p, ringOf(at, xys...))
		}
		got, _, err := tryBuild(vector.Options{Tile: tile}, []geo.Feature{{ID: 1, Geometry: p}})
		if err != nil {
			t.Fatal(err)
		}
		l := got.Layer("l")
		if l == nil {
			return
		}
		if err := mvttest.CheckPolygons(l); err != nil {
			t.Fatal(err)
		}
		for _, r := range l.Features[0].Parts {
			for _, q := range r {
				if q[0] < -64 || q[1] < -64 || q[0] > 4160 || q[1] > 4160 {
					t.Fatalf("%v is outside the buffer", q)
				}
			}
		}
	})
}

// wgs84 reads a GeoJSON file of shared data.
func wgs84(t testing.TB, rel, name string) []geo.Feature {
	t.Helper()
	raw, err := os.ReadFile(shareddata.Path(t, rel))
	if err != nil {
		t.Fatal(err)
	}
	var fc geojson.FeatureCollection
	if err := json.Unmarshal(raw, &fc); err != nil {
		t.Fatal(err)
	}
	var fs []geo.Feature
	for i, f := range fc.Features {
		v, _ := f.Properties[name].(string)
		fs = append(fs, geo.Feature{ID: int64(i + 1), Geometry: f.Geometry, Values: []any{v}})
	}
	return fs
}

// Real municipalities at every zoom: valid, within the budget, complete, and
// true in area.
func TestMunicipalities(t *testing.T) {
	t.Parallel()
	fs := wgs84(t, "it-boundaries/limits_R_17_municipalities.geojson", "name")
	for z := 0; z <= 16; z++ {
		tile := tms.AtLonLat(z, 15.8, 40.64) // Potenza
		o := vector.Options{Tile: tile, Fields: nameField, Project: vector.FromWGS84{}, Layer: "comuni"}
		data, stats, err := encode(o, fs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mvttest.Decode(data)
		if err != nil {
			t.Fatalf("%v: %v", tile, err)
		}
		if again, _, err := encode(o, fs); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v: made again it differs (%v)", tile, err)
		}
		if len(data) > vector.DefaultBudget || !stats.Complete() || stats.AreaKept < 0.9 || stats.AreaKept > 1.1 {
			t.Errorf("%v: %d bytes, %+v", tile, len(data), stats)
		}
		if err := mvttest.CheckPolygons(got.Layer("comuni")); err != nil {
			t.Errorf("%v: %v", tile, err)
		}
		t.Logf("%v: %d bytes, %+v", tile, len(data), stats)
	}
}

// What one tile shows in the buffer beyond its edge is what its neighbour
// shows there: borders and fills go on across the seam.
func TestNeighboursAgree(t *testing.T) {
	t.Parallel()
	fs := wgs84(t, "it-boundaries/limits_R_17_municipalities.geojson", "name")
	for z := 8; z <= 12; z++ {
		left := tms.AtLonLat(z, 15.9, 40.5)
		right := left
		right.X++
		o := vector.Options{Tile: left, Project: vector.FromWGS84{}}
		a, _ := build(t, o, fs)
		o.Tile = right
		b, _ := build(t, o, fs)
		// The strip of 64 units on either side of the seam, sampled.
		la, lb := a.Layer("l"), b.Layer("l")
		n, differ := 0, 0
		for y := 3; y < 4096; y += 17 {
			for x := 4096 - 60; x < 4096+60; x += 7 {
				n++
				if at(la, float64(x)+0.5, float64(y)+0.5) != at(lb, float64(x-4096)+0.5, float64(y)+0.5) {
					differ++
				}
			}
		}
		if float64(differ) > 0.002*float64(n) {
			t.Errorf("zoom %d: %d of %d samples differ across the seam", z, differ, n)
		}
	}
}

// jumping is a stand-in for a projection whose results jump at ±180°.
type jumping struct{}

func (jumping) Points(x, y []float64) error {
	for i := range x {
		lon := x[i]
		if lon > 180 {
			lon -= 360
		}
		x[i], y[i] = tms.Forward(lon, y[i])
	}
	return nil
}

// A polygon across the antimeridian is drawn on both sides of it, and
// nowhere else.
func TestAntimeridian(t *testing.T) {
	t.Parallel()
	box := orb.Polygon{{{178, 10}, {182, 10}, {182, 12}, {178, 12}, {178, 10}}}
	for _, c := range []struct {
		tile tms.Tile
		want bool
	}{{tms.AtLonLat(5, 179, 11), true}, {tms.AtLonLat(5, -179, 11), true}, {tms.AtLonLat(5, 0, 11), false}, {tms.AtLonLat(5, 90, 11), false}} {
		got, _ := build(t, vector.Options{Tile: c.tile, Project: jumping{}}, []geo.Feature{{ID: 1, Geometry: box}})
		if (got.Layer("l") != nil) != c.want {
			t.Errorf("%v: %+v", c.tile, got)
		}
		if c.want {
			if a := area(got.Layer("l")); a < 728*728/8 || a > 1e6 {
				t.Errorf("%v: area %v", c.tile, a)
			}
		}
	}
}

// Huts and peaks of the Dolomites as mapped: points, lines, polygons and
// collections in one layer, with attributes that are mostly empty.
func TestMixedGeometries(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(shareddata.Path(t, "it-dolomites-osm-poi"), "*.geojson"))
	if err != nil || len(files) == 0 {
		t.Skipf("no GeoJSON there: %v", err)
	}
	for _, f := range files {
		fs := wgs84(t, "it-dolomites-osm-poi/"+filepath.Base(f), "name")
		for z := 0; z <= 14; z += 2 {
			p := fs[0].Geometry.Bound().Center()
			tile := tms.AtLonLat(z, p[0], p[1])
			got, stats := build(t, vector.Options{Tile: tile, Project: vector.FromWGS84{}, Fields: nameField}, fs)
			if !stats.Complete() || stats.Features == 0 && stats.Tiny == 0 {
				t.Errorf("%s %v: %+v", filepath.Base(f), tile, stats)
			}
			if l := got.Layer("l"); l != nil {
				if err := mvttest.CheckPolygons(l); err != nil {
					t.Errorf("%s %v: %v", filepath.Base(f), tile, err)
				}
			}
		}
	}
}

// at is the id of the feature that covers a point.
func at(l *mvttest.Layer, x, y float64) (id uint64) {
	if l == nil {
		return 0
	}
	for _, f := range l.Features {
		in := false
		for _, r := range f.Parts {
			for i, a := range r {
				b := r[(i+1)%len(r)]
				ax, ay, bx, by := float64(a[0]), float64(a[1]), float64(b[0]), float64(b[1])
				if (ay <= y) != (by <= y) && ax+(y-ay)/(by-ay)*(bx-ax) < x {
					in = !in
				}
			}
		}
		if in {
			return f.ID
		}
	}
	return 0
}

// A tile that would be many times over the budget holds to it and says what
// it left out.
func TestBudget(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 10, X: 500, Y: 300}
	at := unit(tile)
	rng := rand.New(rand.NewPCG(1, 1))
	var points, lines []geo.Feature
	for i := range 80000 {
		x, y := rng.Float64()*4096, rng.Float64()*4096
		points = append(points, geo.Feature{ID: int64(i), Geometry: at(x, y)})
		lines = append(lines, geo.Feature{ID: int64(i), Geometry: orb.LineString{at(x, y), at(x+rng.Float64()*90, y+60*rng.Float64()), at(x+90, y)}})
	}
	huge := []geo.Feature{{ID: 1, Geometry: at(1, 1), Values: []any{string(make([]byte, 1<<20))}}, {ID: 2, Geometry: at(2, 2), Values: []any{"small"}}}
	for name, fs := range map[string][]geo.Feature{
		"points": points, "lines": lines, "polygons": fieldGrid(tile, 160), "huge value": huge,
	} {
		data, stats, err := encode(vector.Options{Tile: tile, Fields: nameField}, fs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mvttest.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		meta := got.Layer("meta").Features[0].Tags
		if len(data) > vector.DefaultBudget || stats.Complete() || meta["complete"] != false ||
			meta["dropped"] != int64(stats.Dropped) || stats.Dropped+stats.FieldsCut == 0 || got.Layer("l") == nil {
			t.Errorf("%s: %d bytes, %+v, meta %v", name, len(data), stats, meta)
		}
		if name == "polygons" && (stats.AreaKept < 0.9 || stats.AreaKept > 1.1) {
			t.Errorf("%s: area kept %v", name, stats.AreaKept)
		}
		t.Logf("%s: %d bytes, %+v", name, len(data), stats)
	}
}

// fieldGrid is n × n square fields with paths between them.
func fieldGrid(tile tms.Tile, n int) []geo.Feature {
	at := unit(tile)
	var fs []geo.Feature
	side := 4096 / float64(n)
	for i := range n * n {
		x, y := float64(i%n)*side, float64(i/n)*side
		s := side * 0.8
		fs = append(fs, geo.Feature{
			ID: int64(i), Values: []any{fmt.Sprint("field ", i)},
			Geometry: orb.Polygon{ringOf(at, x, y, x+s, y, x+s, y+s, x, y+s)},
		})
	}
	return fs
}

func FuzzEncode(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, uint8(3))
	f.Add([]byte{128, 128, 140, 128, 140, 140, 128, 140, 130, 130, 138, 138}, uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		tile := tms.Tile{Z: 4, X: 3, Y: 3}
		at := unit(tile)
		scale := []float64{1, 40, 1e7, math.Inf(1)}[kind/8%4]
		var r orb.Ring
		for i := 0; i+1 < len(data) && i < 400; i += 2 {
			r = append(r, at(2000+(float64(data[i])-128)*scale, 2000+(float64(data[i+1])-128)*scale))
		}
		g := []orb.Geometry{
			orb.MultiPoint(r), orb.LineString(r),
			orb.Polygon{r},
			orb.Polygon{r, r},
			orb.MultiPolygon{{r}, {}},
			orb.Collection{orb.LineString(r), r},
			orb.MultiLineString{nil, orb.LineString(r)},
			nil,
		}[kind%8]
		got, _, err := tryBuild(vector.Options{Tile: tile}, []geo.Feature{{ID: 1, Geometry: g}})
		if err != nil {
			t.Fatal(err)
		}
		if l := got.Layer("l"); l != nil {
			if err := mvttest.CheckPolygons(l); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A layer of small fields, as parcels at a zoom where most are below a pixel.
func BenchmarkManyFields(b *testing.B) {
	tile := tms.Tile{Z: 8, X: 130, Y: 90}
	for _, n := range []int{200, 500, 900} {
		fs := fieldGrid(tile, n)
		b.Run(fmt.Sprint(n*n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, stats, err := encode(vector.Options{Tile: tile, Fields: nameField}, fs)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "bytes")
				b.ReportMetric(stats.AreaKept, "area")
			}
		})
	}
}

func BenchmarkColdTile(b *testing.B) {
	fs := wgs84(b, "it-boundaries/limits_R_8_municipalities.geojson", "name")
	for _, z := range []int{6, 8, 10} {
		tile := tms.AtLonLat(z, 11.0, 44.5)
		b.Run(tile.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, _, err := encode(vector.Options{Tile: tile, Fields: nameField, Project: vector.FromWGS84{}}, fs)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "bytes")
			}
		})
	}
}
