package vector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
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
		most := 20_000
		if side == 2.7 {
			most = 60_000 // far more than the usual budget takes
		}
		n := min(int(0.4*4096*4096/(side*side)), most)
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
