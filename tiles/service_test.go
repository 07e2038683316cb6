package tiles_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/gpkg"
	"contado/scripts/shareddata"
	"contado/tiles"
	"contado/tiles/raster"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/mvttest"

	"github.com/paulmach/orb/geojson"
)

// memory is a table of features in memory.
type memory struct {
	features.Table
	d  catalog.Dataset
	s  geo.Schema
	fs []geo.Feature
}

func (m *memory) Schema() geo.Schema { return m.s }

func (m *memory) Scan(_ context.Context, _ features.Query, yield func(geo.Feature) bool) error {
	for _, f := range m.fs {
		if !yield(f) {
			break
		}
	}
	return nil
}

func (m *memory) layer(t testing.TB) *layer.Layer {
	t.Helper()
	m.d.Version.Vector = &catalog.VectorInfo{Schema: m.s, Count: int64(len(m.fs)), Layer: "rows"}
	l, err := layer.Load(context.Background(), m.d, m)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// vectorTile makes a tile of a layer without compression.
func vectorTile(t testing.TB, s *tiles.Service, l *layer.Layer, p tiles.VectorParams, at tms.Tile) tiles.Tile {
	t.Helper()
	v, err := s.PlanVector(context.Background(), []*layer.Layer{l}, p, at)
	if err != nil {
		t.Fatal(err)
	}
	tile, err := v.Tile(context.Background(), tiles.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return tile
}

var bolzano = sync.OnceValues(func() (fc geojson.FeatureCollection, err error) {
	raw, err := os.ReadFile(bolzanoPath)
	if err != nil {
		return fc, err
	}
	return fc, json.Unmarshal(raw, &fc)
})

var (
	bolzanoPath string
	bolzanoOnce sync.Once
)

func comuni(t testing.TB, c geo.CRS) *memory {
	t.Helper()
	path := shareddata.Path(t, "it-boundaries/limits_P_21_municipalities.geojson")
	bolzanoOnce.Do(func() { bolzanoPath = path })
	fc, err := bolzano()
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{
		s: geo.Schema{CRS: c, GeometryType: "MultiPolygon", Fields: []geo.Field{{Name: "name", Type: geo.String}, {Name: "raw", Type: geo.Binary}, {Name: "n", Type: geo.Integer}}},
		d: catalog.Dataset{ID: "comuni", Kind: catalog.Vector, Role: catalog.TerritoryRole, Version: catalog.Version{Number: 1, SHA256: "aa", CRS: c}},
	}
	box := geo.EmptyBBox()
	tr, err := crs.New(geo.WGS84, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fc.Features {
		box = box.Union(geo.BBoxOf(f.Geometry.Bound()))
		g, err := tr.Geometry(f.Geometry, nil)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := f.Properties["name"].(string)
		m.fs = append(m.fs, geo.Feature{ID: int64(i + 1), Geometry: g, Values: []any{name, []byte{1}, int64(i)}})
	}
	m.d.Version.BBoxWGS84 = box
	return m
}

func newService(t testing.TB, o *tiles.Options) *tiles.Service {
	t.Helper()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	s, err := tiles.New(tiles.FromPool(pool), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The same municipalities in degrees, in UTM and in Web Mercator give the
// same tiles, give or take a unit.
func TestVectorInAnyCRS(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	for _, z := range []int{0, 5, 8, 11} {
		tile := tms.AtLonLat(z, 11.4, 46.7)
		var areas []float64
		for _, c := range []geo.CRS{geo.WGS84, "EPSG:25832", geo.WebMercator} {
			src := comuni(t, c)
			src.d.ID = "comuni-" + strings.ToLower(strings.ReplaceAll(string(c), ":", "-"))
			got := vectorTile(t, s, src.layer(t), tiles.VectorParams{Properties: []string{"name"}}, tile)
			decoded, err := mvttest.Decode(got.Data)
			if err != nil {
				t.Fatal(err)
			}
			l := decoded.Layer(src.d.ID)
			if err := mvttest.CheckPolygons(l); err != nil {
				t.Fatal(err)
			}
			sum := 0
			for _, f := range l.Features {
				if len(f.Tags) != 1 {
					t.Fatalf("attributes %v", f.Tags)
				}
				for _, r := range f.Parts {
					sum += mvttest.Area2(r)
				}
			}
			if !got.Complete || got.Empty || got.ContentType != tiles.MVT {
				t.Errorf("%v: %+v", tile, got.Info)
			}
			areas = append(areas, float64(sum))
		}
		for _, a := range areas {
			if a < areas[0]*0.99-500 || a > areas[0]*1.01+500 {
				t.Errorf("%v: areas %v", tile, areas)
			}
		}
	}
	got := vectorTile(t, s, comuni(t, "EPSG:25832").layer(t), tiles.VectorParams{}, tms.Tile{Z: 8, X: 3, Y: 3})
	if !got.Empty || len(got.Data) != 0 || got.ETag == "" {
		t.Errorf("a tile elsewhere: %+v", got)
	}
}

// scenes is a raster source of items in files.
type scenes struct {
	d     catalog.Dataset
	items []catalog.Item
}

func (s *scenes) Dataset() catalog.Dataset { return s.d }

func (s *scenes) Items(within *geo.BBox) []catalog.Item {
	var out []catalog.Item
	for _, it := range s.items {
		if within == nil || it.BBox.Intersects(*within) {
			out = append(out, it)
		}
	}
	return out
}

func (s *scenes) Path(a catalog.Asset) (string, error) { return a.File, nil }

func scene(t testing.TB, path, id string, at *time.Time) catalog.Item {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info := r.Info()
	it := catalog.Item{ID: id, File: path, Grid: info.Grid, Datetime: at}
	tr, err := crs.New(info.Grid.CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	if it.BBox, err = tr.BBox(info.Grid.Bounds()); err != nil {
		t.Fatal(err)
	}
	for i, b := range info.Bands {
		block, err := r.Read([]int{i + 1}, info.Grid.Full(), 64, 64, grid.Nearest)
		if err != nil {
			t.Fatal(err)
		}
		band := catalog.Band{Name: b.Name, DataType: b.DataType, ValidPercent: 100, Min: 1e30, Max: -1e30}
		for k, v := range block.Bands[0] {
			if block.Mask[k] != 0 {
				band.Min, band.Max = min(band.Min, float64(v)), max(band.Max, float64(v))
			}
		}
		band.P02, band.P98 = band.Min, band.Max
		it.Bands = append(it.Bands, band)
	}
	return it
}

func alabama(t testing.TB) *scenes {
	it := scene(t, shareddata.Path(t, "us-alabama-landsat8/l8_B5.tif"), "b5", nil)
	it.Bands[0].Name = "B5"
	return &scenes{
		d:     catalog.Dataset{ID: "landsat", Kind: catalog.Raster, Role: catalog.Imagery, Version: catalog.Version{Number: 1, BBoxWGS84: it.BBox}},
		items: []catalog.Item{it},
	}
}

func TestRaster(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := alabama(t)
	tile := tms.AtLonLat(12, -87.4, 30.72)
	for _, size := range []int{256, 512} {
		got, err := s.Raster(context.Background(), src, tiles.RasterParams{Size: size, Params: raster.Params{Bands: []string{"B5"}, Colormap: "viridis"}}, tile.Z, tile.X, tile.Y)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(got.Data))
		if err != nil || m.Bounds().Dx() != size || got.Empty || !got.Complete || got.Info.Items != 1 {
			t.Errorf("%v %v %+v", err, m.Bounds(), got)
		}
	}
	far, err := s.Raster(context.Background(), src, tiles.RasterParams{}, 12, 0, 0)
	if err != nil || !far.Empty || far.ContentType != tiles.PNG {
		t.Errorf("%+v, %v", far, err)
	}
	for name, p := range map[string]tiles.RasterParams{
		"band": {Params: raster.Params{Bands: []string{"B9"}}}, "size": {Size: 300},
	} {
		if _, err := s.Raster(context.Background(), src, p, tile.Z, tile.X, tile.Y); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Raster(context.Background(), &scenes{d: catalog.Dataset{Kind: catalog.Vector}}, tiles.RasterParams{}, 0, 0, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("raster tile of vectors: %v", err)
	}
}

// With a time window only the scenes in it are drawn, newest on top.
func TestDatetime(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := alabama(t)
	day := func(d int) *time.Time { at := time.Date(2020, 1, d, 12, 0, 0, 0, time.UTC); return &at }
	src.items = nil
	for d := 1; d <= 3; d++ {
		it := scene(t, shareddata.Path(t, fmt.Sprintf("us-alabama-landsat8/l8_B%d.tif", d)), fmt.Sprint(d), day(d))
		src.items = append(src.items, it)
	}
	tile := tms.AtLonLat(13, -87.4, 30.72)
	draw := func(query string) tiles.Tile {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tiles.ParseRasterParams(q)
		if err != nil {
			t.Fatal(err)
		}
		p.Rescale = [][2]float64{{5000, 20000}}
		got, err := s.Raster(context.Background(), src, p, tile.Z, tile.X, tile.Y)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	all, third, second := draw(""), draw("datetime=2020-01-03"), draw("datetime=../2020-01-02T23:00:00Z")
	if !bytes.Equal(all.Data, third.Data) || bytes.Equal(all.Data, second.Data) {
		t.Error("the newest scene is not on top")
	}
	if none := draw("datetime=2021-01-01/.."); !none.Empty {
		t.Error("scenes out of time are drawn")
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	good := "bands=b4,b3,b2&rescale=0,1&rescale=0,2,1,3&resampling=nearest&size=512&datetime=2020-01-01/2020-02-01"
	q, _ := url.ParseQuery(good)
	p, err := tiles.ParseRasterParams(q)
	if err != nil || len(p.Bands) != 3 || len(p.Rescale) != 3 || p.Size != 512 || p.To.Day() != 1 || p.To.Hour() != 23 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{
		"band=1", "bands=,", "rescale=1", "rescale=2,1", "rescale=a,b", "rescale=NaN,1", "rescale=0,Inf", "rescale=p2,5", "rescale=p0,p101", "gamma=0", "gamma=x", "cloud_cover=101", "cloud_cover=-1", "expr=b1%2B", "highest=(", "index=NDXX", "select=best",
		"colormap=jet", "colormap=greys&colormap=greys", "resampling=lanczos", "size=1024", "datetime=yesterday", "datetime=../..", "datetime=2020-02-01/2020-01-01",
		"colormap=" + strings.Repeat("x", 300), "bands=" + strings.Repeat("1,", 70) + "1",
	} {
		q, _ := url.ParseQuery(bad)
		_, err := tiles.ParseRasterParams(q)
		name, _, _ := strings.Cut(bad, "=")
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
	schema := geo.Schema{Fields: []geo.Field{{Name: "name"}, {Name: "pop"}}}
	v, err := tiles.ParseVectorParams(url.Values{"properties": {"name,pop"}}, schema)
	if err != nil || len(v.Properties) != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := tiles.ParseVectorParams(url.Values{"properties": {"nome"}}, schema); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "pop") {
		t.Error(err)
	}
}

func FuzzParams(f *testing.F) {
	f.Add("bands=b4&rescale=0,1&colormap=viridis")
	f.Add("datetime=2020-01-01T00:00:00Z/..&size=512&properties=name")
	f.Add("rescale=1e308,-1e308&bands=%00,B04")
	f.Add("expr=(B04-b2)/(B04%2Bb2);b3&mask=SCL:3,8-10&select=median&rescale=p2,p98&gamma=1.4")
	f.Add("index=ndvi&highest=b1*2&cloud_cover=20&colormap=0:%23000000,1:%23ffffff")
	f.Add("terrain=contours:20&bands=1&colormap=%7B%221%22:%22%23ff0000%22%7D&resampling=mode")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if _, err := tiles.ParseVectorParams(q, geo.Schema{Fields: []geo.Field{{Name: "name"}}}); err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		p, err := tiles.ParseRasterParams(q)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		tag := tiles.TileETag(catalog.Dataset{}, p, tms.Tile{})
		if again, _ := tiles.ParseRasterParams(q); tiles.TileETag(catalog.Dataset{}, again, tms.Tile{}) != tag {
			t.Fatal("the tag changes")
		}
		for _, r := range p.Rescale {
			if !(r[0] < r[1]) {
				t.Fatalf("range %v", r)
			}
		}
		if _, err := raster.Resolve(p.Params, []catalog.Band{{Name: "B04", P98: 1}, {}, {}, {}}, catalog.Imagery); err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	})
}

func TestTileJSON(t *testing.T) {
	t.Parallel()
	m := comuni(t, geo.WGS84)
	m.d.Version.Vector = &catalog.VectorInfo{Schema: m.s}
	j := tiles.NewTileJSON(m.d, nil, []string{"http://x/{z}/{x}/{y}.mvt"})
	if j.TileJSON != "3.0.0" || len(j.VectorLayers) != 1 || j.VectorLayers[0].ID != "comuni" || j.VectorLayers[0].Fields["n"] != "Number" || len(j.VectorLayers[0].Fields) != 2 {
		t.Errorf("%+v", j)
	}
	if j.Center[0] < 10 || j.Center[0] > 13 || j.Center[2] < 6 || j.Center[2] > 9 || j.Bounds[1] < 45 {
		t.Errorf("centre %v, bounds %v", j.Center, j.Bounds)
	}
	src := alabama(t)
	j = tiles.NewTileJSON(src.d, src.items, nil)
	if j.MaxZoom != 12 || j.MinZoom != 7 || j.TileSize != 256 || j.VectorLayers != nil {
		t.Errorf("%+v", j) // 30 m cells at 30.7° N are 35 m in Web Mercator; pixels of zoom 12 are 38 m
	}
	if raw, err := json.Marshal(j); err != nil || !strings.Contains(string(raw), `"tilejson":"3.0.0"`) {
		t.Errorf("%s, %v", raw, err)
	}
	world := tiles.NewTileJSON(catalog.Dataset{ID: "x", Kind: catalog.Vector}, nil, nil)
	if world.Bounds[0] != -180 || world.Center[2] != 1 && world.Center[2] != 0 {
		t.Errorf("%+v", world)
	}
}

func TestFromGeoPackage(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	tb, err := gpkg.New().Open(context.Background(), shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"), "concelhos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tb.Close() })
	d := catalog.Dataset{ID: "concelhos", Kind: catalog.Vector, Role: catalog.TerritoryRole, Version: catalog.Version{
		Number: 1, Vector: &catalog.VectorInfo{Schema: tb.Schema(), Count: 6, Layer: "concelhos"},
	}}
	src, err := layer.Load(context.Background(), d, tb)
	if err != nil {
		t.Fatal(err)
	}
	got := vectorTile(t, s, src, tiles.VectorParams{}, tms.AtLonLat(8, -25.5, 37.8))
	decoded, err := mvttest.Decode(got.Data)
	if err != nil {
		t.Fatal(err)
	}
	l := decoded.Layer("concelhos")
	if err := mvttest.CheckPolygons(l); err != nil || !got.Complete || len(l.Features) < 4 || len(l.Features[0].Tags) == 0 {
		t.Errorf("%v, %+v, %d features", err, got.Info, len(l.Features))
	}
}

var _ vector.Projector = (*crs.Transformer)(nil)

func BenchmarkService(b *testing.B) {
	b.Run("vector/cold", func(b *testing.B) {
		s := newService(b, &tiles.Options{CacheBytes: -1})
		src := comuni(b, geo.WGS84).layer(b)
		b.ReportAllocs()
		for b.Loop() {
			vectorTile(b, s, src, tiles.VectorParams{}, tms.AtLonLat(9, 11.4, 46.7))
		}
	})
	b.Run("raster/cold", func(b *testing.B) {
		s := newService(b, &tiles.Options{CacheBytes: -1})
		src := alabama(b)
		tile := tms.AtLonLat(13, -87.4, 30.72)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Raster(context.Background(), src, tiles.RasterParams{}, tile.Z, tile.X, tile.Y); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raster/warm", func(b *testing.B) {
		s := newService(b, nil)
		src := alabama(b)
		tile := tms.AtLonLat(13, -87.4, 30.72)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Raster(context.Background(), src, tiles.RasterParams{}, tile.Z, tile.X, tile.Y); err != nil {
				b.Fatal(err)
			}
		}
	})
}
