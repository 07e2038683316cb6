package vector_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/scripts/shareddata"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/mvttest"

	"github.com/paulmach/orb"
)

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
