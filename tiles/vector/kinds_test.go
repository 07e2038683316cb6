package vector_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/mvttest"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// A road in a hundred pieces, some drawn backwards, becomes one line, and a
// crossing road stays apart.
func TestMergedLines(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 9, X: 270, Y: 180}
	at := unit(tile)
	var fs []geo.Feature
	for i := range 100 {
		a, b := at(500+float64(i)*30, 2000+float64(i%7)*20), at(500+float64(i+1)*30, 2000+float64((i+1)%7)*20)
		if i%3 == 0 {
			a, b = b, a
		}
		fs = append(fs, geo.Feature{ID: int64(i + 1), Geometry: orb.LineString{a, b}, Values: []any{"primary", fmt.Sprint("Via ", i)}})
	}
	fs = append(fs, geo.Feature{ID: 500, Geometry: orb.LineString{at(100, 100), at(1000, 1000)}, Values: []any{"track", "x"}})
	o := vector.Options{Tile: tile, Fields: []geo.Field{{Name: "class", Type: geo.String}, {Name: "name", Type: geo.String}}}
	o.MergeBelow, o.MergeBy = 10, []int{0}
	got, stats := build(t, o, fs)
	l := got.Layer("l")
	if len(l.Features) != 2 || stats.Layers[0].Merged != 99 || stats.Layers[0].LengthKept != 1 || len(stats.Layers[0].FieldsLeftOut) != 1 {
		t.Fatalf("%d features, %+v", len(l.Features), stats.Layers[0])
	}
	for _, f := range l.Features {
		if f.HasID || len(f.Parts) != 1 || f.Tags["name"] != nil {
			t.Errorf("%+v", f)
		}
		if f.Tags["class"] == "primary" && (f.Parts[0][0] != [2]int{500, 2000} && f.Parts[0][0] != [2]int{3500, 2040}) {
			t.Errorf("the road begins at %v", f.Parts[0][0])
		}
	}
	o.MergeBelow = 9 // not at this zoom
	if got, _ := build(t, o, fs); len(got.Layer("l").Features) != 101 {
		t.Errorf("%d features", len(got.Layer("l").Features))
	}
}

// Where there is no room for all lines, those of the first ranks stay.
func TestRankedLines(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 9, X: 270, Y: 180}
	at := unit(tile)
	rng := rand.New(rand.NewPCG(5, 5))
	order := []string{"a", "b", "c", "d"}
	var fs []geo.Feature
	for i := range 20000 {
		x, y := rng.Float64()*4000, rng.Float64()*4000
		fs = append(fs, geo.Feature{
			ID: int64(i + 1), Geometry: orb.LineString{at(x, y), at(x+5+rng.Float64()*90, y+rng.Float64()*90)},
			Values: []any{order[i%4]},
		})
	}
	o := vector.Options{Tile: tile, Fields: nameField, Budget: 250_000}
	o.Rank = &vector.Rank{Order: order}
	got, stats := build(t, o, fs)
	n := map[any]int{}
	for _, f := range got.Layer("l").Features {
		n[f.Tags["name"]]++
	}
	if n["a"] != 5000 || n["d"] != 0 || n["b"] < 2000 || stats.Complete() || stats.Dropped+stats.Features != 20000 {
		t.Errorf("%v, %+v", n, stats)
	}
	if k := stats.Layers[0].LengthKept; k < 0.3 || k > 0.8 {
		t.Errorf("length kept %v", k)
	}
}

// Clusters count each point once over all tiles of a zoom; thinning leaves
// points that are apart, the same in neighbouring tiles.
func TestPointModes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	base := tms.Tile{Z: 7, X: 66, Y: 44}
	at := unit(base)
	const n = 5000
	var fs []geo.Feature
	for i := range n {
		fs = append(fs, geo.Feature{ID: int64(i + 1), Geometry: at(rng.Float64()*8192, rng.Float64()*4096), Values: []any{"x"}})
	}
	tiles := []tms.Tile{base, {Z: 7, X: 67, Y: 44}}
	total, seam := 0, [2]map[[2]int]bool{{}, {}}
	for k, tile := range tiles {
		o := vector.Options{Tile: tile, Fields: nameField}
		o.Points = vector.PointsCluster
		got, _ := build(t, o, fs)
		for _, f := range got.Layer("l").Features {
			p := f.Parts[0][0]
			if p[0] < 0 || p[0] >= 4096 {
				continue // the neighbour's, in our buffer
			}
			if f.Tags["cluster"] == true {
				total += int(f.Tags["point_count"].(int64))
				if f.HasID {
					t.Errorf("a cluster with id %d", f.ID)
				}
			} else {
				total++
			}
		}
		o.Points, o.Spacing = vector.PointsThin, 128
		got, stats := build(t, o, fs)
		cells := map[[2]int]int{}
		for _, f := range got.Layer("l").Features {
			p := f.Parts[0][0]
			if p[0] > 0 && p[1] > 0 && p[0] < 4095 && p[1] < 4095 {
				cells[[2]int{p[0] / 128, p[1] / 128}]++
			}
			if x := p[0] + 4096*k; x > 4096-60 && x < 4096+60 {
				seam[k][[2]int{x, p[1]}] = true
			}
		}
		for c, m := range cells {
			if m > 2 { // a point on the border of a cell is rounded to either side
				t.Errorf("%d points in cell %v", m, c)
			}
		}
		if len(cells) < 800 || !stats.Complete() || stats.Layers[0].Merged == 0 {
			t.Errorf("%d cells, %+v", len(cells), stats)
		}
	}
	if total != n {
		t.Errorf("clusters count %d of %d points", total, n)
	}
	if len(seam[0]) == 0 || fmt.Sprint(seam[0]) != fmt.Sprint(seam[1]) {
		t.Errorf("neighbours show %d and %d points at their seam", len(seam[0]), len(seam[1]))
	}
}

// The attributes that a zoom does not need are left out, and said.
func TestFieldsByZoom(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 9, X: 270, Y: 180}
	at := unit(tile)
	o := vector.Options{Tile: tile, Fields: []geo.Field{{Name: "class", Type: geo.String}, {Name: "name", Type: geo.String}}}
	o.FieldsFrom = map[int]int{1: 10}
	fs := []geo.Feature{{ID: 1, Geometry: at(5, 5), Values: []any{"a", "b"}}}
	got, stats := build(t, o, fs)
	if f := got.Layer("l").Features[0]; len(f.Tags) != 1 || !stats.Complete() || got.Layer("meta").Features[0].Tags["fields_left_out"] != "name" {
		t.Errorf("%v, %+v", f.Tags, stats)
	}
	o.FieldsFrom[1] = 9
	if got, _ := build(t, o, fs); len(got.Layer("l").Features[0].Tags) != 2 {
		t.Error("a field is missing")
	}
}

// The tiles of a zoom together cover a mosaic of polygons without gap or
// overlap, to the buffer and across their borders: at random places just one
// polygon is drawn, in the tile and in what its neighbours show of it.
func TestMosaicHasNoGaps(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	rng := rand.New(rand.NewPCG(7, 7))
	inside, bare := 0, 0
	for _, tile := range v.tiles(15) {
		_, got, stats := draw(t, vector.Request{Tile: tile, Layers: []vector.LayerRequest{{Layer: v.parcels, Fields: []int{}}}})
		l := got.Layer("parcels")
		if l == nil || !stats.Complete() {
			continue
		}
		_, next, _ := draw(t, vector.Request{Tile: tms.Tile{Z: tile.Z, X: tile.X + 1, Y: tile.Y}, Layers: []vector.LayerRequest{{Layer: v.parcels, Fields: []int{}}}})
		for range 150 {
			x, y := rng.Float64()*4220-62, rng.Float64()*4220-62
			n := covers(l, x, y)
			inside++
			if n == 0 {
				bare++
			}
			if n > 1 {
				t.Errorf("%v: %d polygons at %.2f, %.2f", tile, n, x, y)
			}
		}
		differ := 0
		for range 200 {
			x, y := 4096-60+rng.Float64()*120, rng.Float64()*4096
			if next.Layer("parcels") != nil && covers(l, x, y) != covers(next.Layer("parcels"), x-4096, y) {
				differ++
			}
		}
		if differ > 3 {
			t.Errorf("%v: %d of 200 places differ from the neighbour", tile, differ)
		}
	}
	if inside == 0 || float64(bare) > 0.4*float64(inside) { // roads and what is beyond the territory
		t.Errorf("%d of %d places are bare", bare, inside)
	}
}

// covers counts the polygons over a place.
func covers(l *mvttest.Layer, x, y float64) int {
	n := 0
	for _, f := range l.Features {
		if at(&mvttest.Layer{Features: []mvttest.Feature{f}}, x, y) == f.ID {
			n++
		}
	}
	return n
}

// Fields of all sizes at once keep their area, within any budget; a polygon of
// few units is off by the rounding of its corners.
func TestMixedSizesKeepArea(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tile := tms.Tile{Z: 6, X: 33, Y: 22}
		at := unit(tile)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		spread := rapid.Float64Range(0.1, 2).Draw(t, "spread")
		median := rapid.SampledFrom([]float64{0.05, 1, 4, 9, 30}).Draw(t, "side")
		var fs []geo.Feature
		want := 0.0
		for i := range n {
			s := min(400, median*math.Exp(spread*rng.NormFloat64()))
			x, y := 500+rng.Float64()*3000, 500+rng.Float64()*3000
			fs = append(fs, geo.Feature{ID: int64(i), Geometry: orb.Polygon{ringOf(at, x, y, x+s, y+s/9, x+s, y+s, x-s/9, y+s)}, Values: []any{"f"}})
			want += orbArea(fs[i].Geometry, tile)
		}
		if want > 3e6 { // so much that they lie on one another: squares do not
			return
		}
		budget := rapid.SampledFrom([]int{6_000, 60_000, 500_000}).Draw(t, "budget")
		data, stats, err := encode(vector.Options{Tile: tile, Fields: nameField, Budget: budget}, fs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mvttest.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > budget {
			t.Fatalf("%d bytes of %d", len(data), budget)
		}
		if drawn := area(got.Layer("l")); math.Abs(drawn-want) > 0.05*want+16 {
			t.Fatalf("drawn %.1f of %.1f, %+v", drawn, want, stats)
		}
	})
}

// orbArea is the area of a polygon in square units of a tile.
func orbArea(g orb.Geometry, tile tms.Tile) float64 {
	r := g.(orb.Polygon)[0]
	sum := 0.0
	for i := 0; i+1 < len(r); i++ {
		sum += (r[i][0]-r[0][0])*(r[i+1][1]-r[0][1]) - (r[i+1][0]-r[0][0])*(r[i][1]-r[0][1])
	}
	u := tms.WebMercatorQuad().Bounds(tile).Width() / 4096
	return math.Abs(sum) / 2 / u / u
}

// The shapes that break makers of tiles: bow-tie, sliver that crosses itself,
// wiggle below a unit, a spike to the edge of the tile, a ring that retraces
// itself, a hole that touches.
func TestNastyShapes(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 5, X: 16, Y: 11}
	at := unit(tile)
	for name, g := range map[string]orb.Polygon{
		"bow-tie":  {ringOf(at, 100, 100, 900, 900, 900, 100, 100, 900)},
		"sliver":   {ringOf(at, 100, 100, 3000, 101, 100, 102, 3000, 99)},
		"wiggle":   {ringOf(at, 100, 100, 100.3, 500, 99.8, 900, 900, 900.2, 900.1, 100.4, 500, 99.7)},
		"edge":     {ringOf(at, 4000, 2000, 4160, 2100, 4000, 2200, 4096, 2100)},
		"retraced": {ringOf(at, 100, 100, 900, 100, 900, 900, 900, 100, 100, 100, 100, 900)},
		"hole":     {ringOf(at, 100, 100, 900, 100, 900, 900, 100, 900), ringOf(at, 100, 500, 500, 300, 500, 700)},
		"spike":    {ringOf(at, 100, 100, 900, 100, 900, 500, 8000, 500, 900, 500, 900, 900, 100, 900)},
		"outside":  {ringOf(at, -9000, -9000, 9000, -9000, 9000, 9000, -9000, 9000), ringOf(at, -100, -100, 5000, -100, 5000, 5000, -100, 5000)},
	} {
		got, _ := build(t, vector.Options{Tile: tile}, []geo.Feature{{ID: 1, Geometry: g}})
		l := got.Layer("l")
		if l == nil {
			if name != "outside" && name != "sliver" && name != "retraced" { // these have no area, or none here
				t.Errorf("%s: nothing is drawn", name)
			}
			continue
		}
		if err := mvttest.CheckPolygons(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDraw throws random geometry at the drawer, with labels, ranks and little
// room: what comes out is valid and within its budget.
func FuzzDraw(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, uint8(3), uint8(4))
	f.Add([]byte{128, 128, 140, 128, 140, 140, 128, 140, 130, 130, 138, 138}, uint8(2), uint8(1))
	f.Add([]byte{0, 0, 255, 0, 255, 255, 0, 255, 0, 0, 100, 100, 120, 100, 120, 130}, uint8(13), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, kind, zoom uint8) {
		tile := tms.AtLonLat(int(zoom%20), 11, 44)
		at := unit(tile)
		scale := []float64{0.3, 16, 300, 1e6}[kind/4%4]
		var fs []geo.Feature
		for k := 0; k*12 < len(data) && k < 40; k++ {
			var r orb.Ring
			for i := k * 12; i+1 < min(len(data), k*12+16); i += 2 {
				r = append(r, at(2000+(float64(data[i])-128)*scale, 2000+(float64(data[i+1])-128)*scale))
			}
			g := []orb.Geometry{orb.MultiPoint(r), orb.LineString(r), orb.Polygon{r}, orb.MultiPolygon{{r}, {r, r}}}[kind%4]
			fs = append(fs, geo.Feature{ID: int64(k), Geometry: g, Values: []any{fmt.Sprint(k % 3)}})
		}
		o := vector.Options{Tile: tile, Fields: nameField, Budget: 2000 + int(zoom)*20}
		o.Labels, o.MergeBelow, o.MergeBy = true, int(kind%20), []int{0}
		o.Points, o.Rank = vector.PointMode(zoom%3), &vector.Rank{Order: []string{"1"}}
		out, _, err := encode(o, fs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mvttest.Decode(out)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > o.Budget {
			t.Fatalf("%d bytes of %d", len(out), o.Budget)
		}
		if l := got.Layer("l"); l != nil {
			if err := mvttest.CheckPolygons(l); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What says how honest a tile is draws nothing in it, nor in the margin that
// renderers take.
func TestMetaIsOutside(t *testing.T) {
	t.Parallel()
	tile := tms.Tile{Z: 9, X: 271, Y: 181}
	data, _, err := encode(vector.Options{Tile: tile, Fields: nameField}, randomPolygons(tile, 20, 40, 300))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mvttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Layer(vector.MetaLayer).Features {
		if p := f.Parts[0][0]; f.Type != 1 || p[0] > -4096 && p[0] < 8192 && p[1] > -4096 && p[1] < 8192 {
			t.Errorf("meta is at %v", p)
		}
	}
}
