package vector_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"contado/geo"
	"contado/geo/store/journal"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/cadastre"
	"contado/tiles/vector/mvttest"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
)

// village is the made cadastre with 20,000 parcels.
var village = sync.OnceValues(func() (*territory, error) { return makeTerritory(20_000) })

func theVillage(t testing.TB) *territory {
	t.Helper()
	v, err := village()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func draw(t testing.TB, r vector.Request) ([]byte, *mvttest.Tile, vector.Stats) {
	t.Helper()
	data, stats, err := vector.Draw(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	tile, err := mvttest.Decode(data)
	if err != nil {
		t.Fatalf("%v: %v", r.Tile, err)
	}
	return data, tile, stats
}

// tiles are those of a zoom that meet the territory.
func (t *territory) tiles(z int) []tms.Tile {
	var out []tms.Tile
	r := tms.WebMercatorQuad().Range(z, t.bounds)
	for y := r.MinY; y <= r.MaxY; y++ {
		for x := r.MinX; x <= r.MaxX; x++ {
			out = append(out, tms.Tile{Z: z, X: x, Y: y})
		}
	}
	return out
}

// core is the area of a layer within the tile itself, in square metres of Web
// Mercator.
func core(l *mvttest.Layer, z int) float64 {
	if l == nil {
		return 0
	}
	sum := 0.0
	for _, f := range l.Features {
		if f.Type != 3 {
			continue
		}
		for _, r := range f.Parts {
			sum += clippedArea(r)
		}
	}
	unit := 2 * tms.HalfWorld / math.Exp2(float64(z)) / 4096
	return sum * unit * unit
}

// clippedArea is the signed area of a ring within the tile, by Sutherland and
// Hodgman: edges along the border have no area beyond it.
func clippedArea(r [][2]int) float64 {
	pts := make([][2]float64, len(r))
	for i, p := range r {
		pts[i] = [2]float64{float64(p[0]), float64(p[1])}
	}
	for axis := range 2 {
		for _, side := range []float64{0, 4096} {
			in := func(p [2]float64) bool { return (side == 0) == (p[axis] >= side) || p[axis] == side }
			var out [][2]float64
			for i, p := range pts {
				q := pts[(i+1)%len(pts)]
				if in(p) {
					out = append(out, p)
				}
				if in(p) != in(q) {
					k := (side - p[axis]) / (q[axis] - p[axis])
					out = append(out, [2]float64{p[0] + k*(q[0]-p[0]), p[1] + k*(q[1]-p[1])})
				}
			}
			pts = out
		}
	}
	sum := 0.0
	for i, p := range pts {
		q := pts[(i+1)%len(pts)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return sum / 2
}

// The tiles of each zoom together draw the area of the parcels, whether one
// takes a ten-thousandth of a pixel or thousands of them, within the budget.
func TestTerritoryKeepsItsArea(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	for _, budget := range []int{0, 60_000} {
		for z := 0; z <= 16; z++ {
			if budget != 0 && (z > 14 || z%2 == 1) {
				continue
			}
			drawn, dropped := 0.0, 0
			for _, tile := range v.tiles(z) {
				data, got, stats := draw(t, vector.Request{Tile: tile, Budget: budget, Layers: []vector.LayerRequest{{Layer: v.parcels, Fields: []int{1, 4}}}})
				drawn += core(got.Layer("parcels"), z)
				dropped += stats.Dropped
				if most := max(budget, 60_000); budget != 0 && len(data) > most || len(data) > vector.DefaultBudget {
					t.Errorf("%v: %d bytes", tile, len(data))
				}
				if l := got.Layer("parcels"); l != nil && z%3 == 0 && len(l.Features) < 3000 {
					if err := mvttest.CheckPolygons(l); err != nil {
						t.Errorf("%v: %v", tile, err)
					}
				}
			}
			// What is a fraction of the finest unit can only be drawn or not.
			unit := 2 * tms.HalfWorld / math.Exp2(float64(z)) / 4096
			if k := drawn / v.area; math.Abs(drawn-v.area) > max(0.03*v.area, unit*unit) {
				t.Errorf("zoom %d, budget %d: %.4f of the area is drawn", z, budget, k)
			}
			t.Logf("zoom %d, budget %d: %.4f of the area, %d dropped", z, budget, drawn/v.area, dropped)
		}
	}
}

// A tile is the same to the byte whatever the order of rows.
func TestOrderOfRows(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"parcels", "roads", "points"} {
		d := map[string]*cadastre.Dataset{
			"parcels": cadastre.Parcels(6000), "roads": cadastre.Roads(6000, 6000), "points": cadastre.Points(6000, 6000),
		}[kind]
		var fs []geo.Feature
		d.Rows(func(f geo.Feature) bool { fs = append(fs, f); return true })
		o := vector.Options{Fields: d.Schema.Fields, Project: utm(t), Budget: 90_000}
		o.MergeBelow, o.MergeBy, o.Points = 11, []int{0}, vector.PointsCluster
		o.Labels = kind == "parcels"
		c := fs[3050].Geometry.Bound().Center()
		x, y := []float64{c[0]}, []float64{c[1]}
		if err := utm(t).Points(x, y); err != nil {
			t.Fatal(err)
		}
		for z := 4; z <= 16; z += 2 {
			o.Tile = tms.WebMercatorQuad().At(z, x[0], y[0])
			o.Points = vector.PointMode(z / 2 % 3)
			want, _, err := encode(o, fs)
			if err != nil {
				t.Fatal(err)
			}
			mixed := slices.Clone(fs) // in another order at each zoom
			rand.New(rand.NewPCG(uint64(z), 9)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			got, _, err := encode(o, mixed)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s zoom %d: %d bytes differ from %d", kind, z, len(got), len(want))
			}
		}
	}
}

// Rows of a packed file, with changes over it, make the same tile as features
// in memory.
func TestLayerAgainstFeatures(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	var rows []geo.Feature
	cadastre.Parcels(20_000).Rows(func(f geo.Feature) bool { rows = append(rows, f); return true })
	moved := rows[777]
	moved.Geometry = orb.MultiPolygon{{{{680500, 4920500}, {680600, 4920500}, {680600, 4920600}, {680500, 4920600}, {680500, 4920500}}}}
	added := moved
	added.ID = 30_000
	added.Geometry = orb.MultiPolygon{{{{680700, 4920500}, {680800, 4920500}, {680800, 4920600}, {680700, 4920500}}}}
	changed, err := v.parcels.With([]journal.Change{
		{Seq: 1, Dataset: "parcels", Version: 1, Feature: 12, Op: journal.Delete},
		{Seq: 2, Dataset: "parcels", Version: 1, Feature: moved.ID, Op: journal.Replace, After: &moved},
		{Seq: 3, Dataset: "parcels", Version: 1, Feature: added.ID, Op: journal.Create, After: &added},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows[777] = moved
	rows = append(slices.Delete(rows, 11, 12), added)
	for _, z := range []int{6, 10, 13, 15} {
		tile := v.tiles(z)[0]
		got, _, _ := draw(t, vector.Request{Tile: tile, Layers: []vector.LayerRequest{{Layer: changed, Name: "l"}}})
		want, _, err := encode(vector.Options{Tile: tile, Fields: v.parcels.Schema().Fields, Project: utm(t), Version: "1.3"}, rows)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			a, _ := mvttest.Decode(got)
			b, _ := mvttest.Decode(want)
			t.Errorf("%v: %d bytes, %d features, and %d, %d of features in memory", tile, len(got), len(a.Layer("l").Features), len(want), len(b.Layer("l").Features))
		}
	}
}

// A filter draws what a layer of the rows that pass draws.
func TestFilteredTiles(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	var rows []geo.Feature
	cadastre.Parcels(20_000).Rows(func(f geo.Feature) bool {
		if f.Values[7].(int64) < 2020 && f.Values[2] != "water" {
			rows = append(rows, f)
		}
		return true
	})
	for _, z := range []int{5, 12, 14} {
		tile := v.tiles(z)[0]
		_, got, _ := draw(t, vector.Request{Tile: tile, Layers: []vector.LayerRequest{{Layer: v.parcels, Where: v.irrigated, Name: "l"}}})
		want, _ := build(t, vector.Options{Tile: tile, Fields: v.parcels.Schema().Fields, Project: utm(t)}, rows)
		if a, b := len(got.Layer("l").Features), len(want.Layer("l").Features); a != b || a == 0 {
			t.Errorf("%v: %d features, want %d", tile, a, b)
		}
	}
}

// Several layers share the budget; what needs little gets it.
func TestComposite(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	layers := []vector.LayerRequest{
		{Layer: v.parcels, Drawing: vector.Drawing{Labels: true}},
		{Layer: v.roads, Drawing: vector.Drawing{MergeBelow: 13, MergeBy: []int{0}, Rank: &vector.Rank{Order: cadastre.Classes}}},
		{Layer: v.points, Drawing: vector.Drawing{Points: vector.PointsCluster}},
	}
	for _, z := range []int{0, 8, 11, 12, 13, 14, 16} {
		for _, tile := range v.tiles(z)[:1] {
			data, got, stats := draw(t, vector.Request{Tile: tile, Layers: layers})
			if len(data) > vector.DefaultBudget || len(stats.Layers) != 3 || len(got.Layer("meta").Features) != 3 {
				t.Errorf("%v: %d bytes, %+v", tile, len(data), stats)
			}
			for i, s := range stats.Layers {
				tags := got.Layer("meta").Features[i].Tags
				if tags["layer"] != s.Name || tags["features"] != int64(s.Features) || tags["version"] != "1" {
					t.Errorf("%v: meta says %v of %+v", tile, tags, s)
				}
				if l := got.Layer(s.Name); l != nil && len(l.Features) != s.Features || l == nil && s.Features != 0 {
					t.Errorf("%v: %s has not %d features", tile, s.Name, s.Features)
				}
			}
			t.Logf("%v: %d bytes %v", tile, len(data), stats.Layers)
		}
	}
	if _, _, err := vector.Draw(context.Background(), vector.Request{Layers: []vector.LayerRequest{{Layer: v.roads}, {Layer: v.roads}}}); err == nil {
		t.Error("two layers of one name")
	}
}

// Each label is in exactly one tile of a zoom, and inside its polygon.
func TestLabels(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	for _, z := range []int{13, 15} {
		seen, shown := map[uint64]int{}, map[uint64]bool{}
		for _, tile := range v.tiles(z) {
			_, got, _ := draw(t, vector.Request{Tile: tile, Budget: 20 << 20, Layers: []vector.LayerRequest{{Layer: v.parcels, Fields: []int{0}, Drawing: vector.Drawing{Labels: true}}}})
			polys, labels := got.Layer("parcels"), got.Layer("parcels_labels")
			if polys == nil {
				continue
			}
			byID := map[uint64]mvttest.Feature{}
			for _, f := range polys.Features {
				byID[f.ID], shown[f.ID] = f, true
			}
			if labels == nil {
				continue
			}
			outside := 0
			for _, f := range labels.Features {
				seen[f.ID]++
				p := f.Parts[0][0]
				if p[0] < 0 || p[1] < 0 || p[0] > 4096 || p[1] > 4096 || f.Tags["code"] == nil {
					t.Errorf("%v: label %d at %v, %v", tile, f.ID, p, f.Tags)
				}
				one := &mvttest.Layer{Features: []mvttest.Feature{byID[f.ID]}}
				if at(one, float64(p[0])+0.01, float64(p[1])+0.01) != f.ID {
					outside++
				}
			}
			if outside > len(labels.Features)/200 {
				t.Errorf("%v: %d of %d labels outside", tile, outside, len(labels.Features))
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("zoom %d: label %d is in %d tiles", z, id, n)
			}
		}
		if len(seen) < 8*len(shown)/10 {
			t.Errorf("zoom %d: %d labels of %d polygons", z, len(seen), len(shown))
		}
	}
}

// GDAL and orb read every tile as our own strict reader does, and GEOS finds
// its polygons valid.
func TestSecondReaders(t *testing.T) {
	t.Parallel()
	v := theVillage(t)
	dir := t.TempDir()
	var want []string
	layers := []vector.LayerRequest{{Layer: v.parcels}, {Layer: v.roads}, {Layer: v.points}}
	for _, z := range []int{3, 9, 11, 12, 13, 14, 15} {
		ts := v.tiles(z)
		tile := ts[len(ts)/2]
		data, got, _ := draw(t, vector.Request{Tile: tile, Layers: layers})
		theirs, err := mvt.Unmarshal(data)
		if err != nil {
			t.Fatalf("%v: orb: %v", tile, err)
		}
		for i, l := range theirs {
			if n := len(got.Layers[i].Features); n != len(l.Features) {
				t.Errorf("%v: orb reads %d features of %s, not %d", tile, len(l.Features), l.Name, n)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.mvt", z)), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, l := range got.Layers {
			sum := 0
			for _, f := range l.Features {
				if f.Type == 3 {
					for _, r := range f.Parts {
						sum += mvttest.Area2(r)
					}
				}
			}
			want = append(want, fmt.Sprintf("%d %s %d %d 0", z, l.Name, len(l.Features), sum))
		}
	}
	out, err := exec.Command("/usr/bin/python3", "-c", `
import sys, glob, os
from osgeo import gdal, ogr
gdal.UseExceptions()
ogr.UseExceptions()
for f in glob.glob(sys.argv[1] + '/*.mvt'):
    d = gdal.OpenEx('MVT:' + f, open_options=['CLIP=NO'])
    for i in range(d.GetLayerCount()):
        l = d.GetLayer(i)
        n = bad = 0
        area = 0.0
        for x in l:
            n += 1
            g = x.GetGeometryRef()
            if g.GetDimension() == 2:
                area += g.GetArea()
                bad += not g.IsValid()
        print(os.path.basename(f)[:-4], l.GetName(), n, round(2 * area), bad)
`, dir).CombinedOutput()
	if err != nil {
		t.Skipf("no GDAL for Python: %v %s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("GDAL reads\n%s\nwe\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
