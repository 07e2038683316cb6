package raster_test

import (
	"errors"
	"image/color"
	"math"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"
)

// colourAt is the colour of a pixel of any kind of image; a missing image is
// transparent.
func colourAt(m *encode.Image, i int) color.NRGBA {
	switch {
	case m == nil:
		return color.NRGBA{}
	case m.Kind == encode.Paletted:
		return m.Palette[m.Pix[i]]
	case m.Kind == encode.RGB:
		return color.NRGBA{R: m.Pix[3*i], G: m.Pix[3*i+1], B: m.Pix[3*i+2], A: 255}
	}
	return color.NRGBA{R: m.Pix[4*i], G: m.Pix[4*i+1], B: m.Pix[4*i+2], A: m.Pix[4*i+3]}
}

func apart(a, b color.NRGBA) int {
	d := func(x, y uint8) int { return int(max(x, y) - min(x, y)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B), d(a.A, b.A))
}

// series are two scenes a week apart that overlap in part, of three bands in
// files of their own.
func series(t testing.TB, pool *gdal.Pool) []mosaic.Source {
	t.Helper()
	parts := make([]mosaic.Source, 0, 3)
	for _, b := range []string{"B2", "B4", "B5"} {
		parts = append(parts, source(t, pool, shareddata.Path(t, "us-alabama-landsat8/l8_"+b+".tif")))
	}
	it := catalog.Item{ID: "scene", Grid: parts[0].Item.Grid, BBox: parts[0].Item.BBox}
	for i, name := range []string{"blue", "red", "nir"} {
		it.Assets = append(it.Assets, catalog.Asset{Key: name, File: parts[i].Item.File, Grid: parts[i].Item.Grid})
		it.Bands = append(it.Bands, catalog.Band{Name: name, CommonName: name, DataType: "uint16", Scale: 2e-5, Offset: -0.1, P02: 5000, P98: 22000, Asset: i, Number: 1})
	}
	moved := it
	moved.ID = "shifted" // 8 km to the east, as if it was another path
	moved.Assets = append([]catalog.Asset(nil), it.Assets...)
	for i := range moved.Assets {
		moved.Assets[i].Grid.Transform[0] += 8000
	}
	moved.Grid.Transform[0] += 8000
	moved.BBox.MinX, moved.BBox.MaxX = it.BBox.MinX+0.083, it.BBox.MaxX+0.084
	locate := func(a catalog.Asset) (string, error) { return a.File, nil }
	return []mosaic.Source{{Item: it, Path: locate}, {Item: moved, Path: locate}}
}

// Whatever is drawn, a tile of 512 pixels is the same picture as the four
// tiles of 256 under it.
func TestEveryRendererJoins(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	scenes := series(t, pool)
	dem := []mosaic.Source{source(t, pool, shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif"))}
	dem[0].Item.Bands[0].P02, dem[0].Item.Bands[0].P98 = 500, 3500
	bands := []string{"red", "nir", "blue"}
	shown := [][2]float64{{5000, 22000}}
	for name, c := range map[string]struct {
		srcs []mosaic.Source
		p    raster.Params
		most int // pixels of 262,144 that may differ by more than the tolerance
	}{
		"composite":     {scenes, raster.Params{Bands: bands, Rescale: shown}, 80},
		"gamma":         {scenes, raster.Params{Bands: bands, Rescale: shown, Gamma: 1.6}, 80},
		"index":         {scenes, raster.Params{Index: "ndvi"}, 80},
		"expression":    {scenes, raster.Params{Expr: "(nir-red)/(nir+red+1)", Rescale: [][2]float64{{-0.5, 0.5}}, Colormap: "#ff0000,#0000ff"}, 80},
		"stops":         {scenes, raster.Params{Expr: "nir", Colormap: `[[[0,12000],"#ff0000"],[[12000,60000],"#0000ff"]]`}, 200},
		"median":        {scenes, raster.Params{Bands: []string{"nir"}, Rescale: shown, Select: mosaic.Median}, 80},
		"mean":          {scenes, raster.Params{Bands: []string{"nir"}, Rescale: shown, Select: mosaic.Mean}, 80},
		"highest":       {scenes, raster.Params{Bands: bands, Rescale: shown, Highest: "nir/red"}, 200},
		"nearest":       {scenes, raster.Params{Bands: bands, Rescale: shown, Resampling: grid.Nearest}, 400},
		"cubic":         {scenes, raster.Params{Bands: bands, Rescale: shown, Resampling: grid.Cubic}, 80},
		"average":       {scenes, raster.Params{Bands: bands, Rescale: shown, Resampling: grid.Average}, 80},
		"hillshade":     {dem, raster.Params{Terrain: raster.Hillshade}, 80},
		"multi":         {dem, raster.Params{Terrain: raster.Multidirectional}, 80},
		"slope":         {dem, raster.Params{Terrain: raster.Slope}, 80},
		"slope percent": {dem, raster.Params{Terrain: raster.SlopePercent}, 80},
		"aspect":        {dem, raster.Params{Terrain: raster.Aspect}, 400}, // flat places turn with a hair
		"contours":      {dem, raster.Params{Terrain: "contours:100"}, 200},
		"terrain-rgb":   {dem, raster.Params{Terrain: raster.TerrainRGB}, 0},
		"terrarium":     {dem, raster.Params{Terrain: raster.Terrarium}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			style, err := raster.Resolve(c.p, c.srcs[0].Item.Bands, catalog.Imagery)
			if err != nil {
				t.Fatal(err)
			}
			tile := tms.AtLonLat(11, -87.36, 30.72)
			if &c.srcs[0] == &dem[0] {
				tile = tms.AtLonLat(11, 10.7, 46.65)
			}
			set := tms.WebMercatorQuad()
			whole, res := draw(t, pool, c.srcs, style, set.Grid(tile, 2))
			if res.Valid < 50000 {
				t.Fatalf("only %d pixels", res.Valid)
			}
			differ := 0
			for i, child := range tile.Children() {
				m, _ := draw(t, pool, c.srcs, style, set.Grid(child, 1))
				for k := range 256 * 256 {
					a, b := colourAt(m, k), colourAt(whole, (i/2*256+k/256)*512+i%2*256+k%256)
					if style.Exact() {
						if math.Abs(decoded(a, c.p.Terrain)-decoded(b, c.p.Terrain)) > 2 { // metres
							differ++
						}
					} else if apart(a, b) > 4 {
						differ++
					}
				}
			}
			if differ > c.most {
				t.Errorf("%d of 262144 pixels differ", differ)
			}
		})
	}
}

// decoded is the height that a colour codes.
func decoded(c color.NRGBA, how string) float64 {
	r, g, b := float64(c.R), float64(c.G), float64(c.B)
	if how == raster.Terrarium {
		return r*256 + g + b/256 - 32768
	}
	return -10000 + 0.1*(r*65536+g*256+b)
}

// Pixels that both scenes cover come from the newer one, and the seam between
// the two is right to the pixel: no pixel is without a value that has one.
func TestPartialTilesJoinAcrossItems(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	scenes := series(t, pool)
	g := tms.WebMercatorQuad().Grid(tms.AtLonLat(10, -87.36, 30.72), 2)
	style, err := raster.Resolve(raster.Params{Bands: []string{"nir"}, Rescale: [][2]float64{{5000, 22000}}}, scenes[0].Item.Bands, catalog.Imagery)
	if err != nil {
		t.Fatal(err)
	}
	_, both := draw(t, pool, scenes, style, g)
	_, first := draw(t, pool, scenes[:1], style, g)
	_, second := draw(t, pool, scenes[1:], style, g)
	n := [3]int{}
	for i := range both.Mask {
		want, in := float32(0), 0
		switch { // "shifted" comes later by name, and so lies on top
		case second.Mask[i] != 0:
			want, in = second.Bands[0][i], 2
		case first.Mask[i] != 0:
			want, in = first.Bands[0][i], 1
		}
		n[in]++
		if (both.Mask[i] != 0) != (in > 0) || both.Bands[0][i] != want {
			t.Fatalf("pixel %d: %g (mask %d), want %g of %d", i, both.Bands[0][i], both.Mask[i], want, in)
		}
	}
	if n[1] < 1000 || n[2] < 1000 || len(both.Used) != 2 || both.Used[0].Pixels != n[2] || both.Used[1].Pixels != n[1] {
		t.Errorf("%v, %+v", n, both.Used)
	}
}

func TestGround(t *testing.T) {
	t.Parallel()
	// At 46° N a degree of longitude is 77,466 m, of latitude 111,153 m
	// (NIMA TR8350.2), and Web Mercator stretches by 1/cos 46° = 1.43956,
	// on the ellipsoid 1.43706 to the east.
	deg, err := raster.GroundOf(grid.Grid{CRS: geo.WGS84, Width: 1, Height: 1, Transform: grid.Transform{11, 0.01, 0, 46.005, 0, -0.01}})
	if err != nil || math.Abs(deg.X(0)-774.66) > 0.5 || math.Abs(deg.Y(0)-1111.53) > 0.5 || math.Abs(deg.Nominal-1113.19) > 0.1 {
		t.Errorf("%g %g %g, %v", deg.X(0), deg.Y(0), deg.Nominal, err)
	}
	_, y := tms.Forward(11, 46)
	merc, err := raster.GroundOf(grid.Grid{CRS: geo.WebMercator, Width: 1, Height: 1, Transform: grid.Transform{0, 100, 0, y + 50, 0, -100}})
	if err != nil || math.Abs(merc.X(0)-100*math.Cos(46*math.Pi/180)*1.001738) > 0.01 || math.Abs(merc.Y(0)/merc.X(0)-111153.0/77466*math.Cos(46*math.Pi/180)) > 1e-3 {
		t.Errorf("%g %g, %v", merc.X(0), merc.Y(0), err)
	}
	feet, err := raster.GroundOf(grid.Grid{CRS: "EPSG:2263", Width: 1, Height: 1, Transform: grid.Transform{0, 10, 0, 10, 0, -10}})
	if err != nil || math.Abs(feet.X(0)-3.048) > 1e-3 {
		t.Errorf("%v", err)
	}
}

// The colours of a palette are those of the map's own painter, and gamma
// bends the middle and not the ends.
func TestPainting(t *testing.T) {
	t.Parallel()
	g := grid.Grid{CRS: geo.WebMercator, Width: 5, Height: 1, Transform: grid.Transform{0, 1, 0, 0, 0, -1}}
	res := func(bands int) *mosaic.Result {
		r := &mosaic.Result{Grid: g, Mask: []uint8{255, 255, 255, 255, 0}, Valid: 4}
		for range bands {
			r.Bands = append(r.Bands, []float32{0, 50, 100, 200, 0})
		}
		return r
	}
	scene := []catalog.Band{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	paint := func(p raster.Params) *encode.Image {
		p.Rescale = [][2]float64{{0, 100}}
		s, err := raster.Resolve(p, scene, catalog.Imagery)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Paint(&raster.Drawing{Values: res(s.Outputs())})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, c := range map[string]struct {
		p    raster.Params
		want [5]uint8 // red
	}{
		"ramp":       {raster.Params{Bands: []string{"a"}, Colormap: "greys"}, [5]uint8{0, 128, 255, 255, 0}},
		"gamma ramp": {raster.Params{Bands: []string{"a"}, Colormap: "greys", Gamma: 2}, [5]uint8{0, 181, 255, 255, 0}},
		"rgb":        {raster.Params{Bands: []string{"a", "b", "c"}}, [5]uint8{0, 128, 255, 255, 0}},
		"gamma rgb":  {raster.Params{Bands: []string{"a", "b", "c"}, Gamma: 2}, [5]uint8{0, 180, 255, 255, 0}},
		"intervals":  {raster.Params{Bands: []string{"a"}, Colormap: `[[[0,60],"#0a0000"],[[60,150],"#140000"]]`}, [5]uint8{10, 10, 20, 0, 0}},
		"classes":    {raster.Params{Bands: []string{"a"}, Colormap: `{"50":"#0a0000","200":"#140000"}`}, [5]uint8{0, 10, 0, 20, 0}},
	} {
		m := paint(c.p)
		for i, want := range c.want {
			if got := colourAt(m, i); apart(color.NRGBA{R: got.R}, color.NRGBA{R: want}) > 1 {
				t.Errorf("%s: pixel %d is %v, want red %d", name, i, got, want)
			}
		}
		if colourAt(m, 4).A != 0 {
			t.Errorf("%s: a pixel without a value shows", name)
		}
	}
}

func TestResolveComputed(t *testing.T) {
	t.Parallel()
	raw := []catalog.Band{{Name: "B2", CommonName: "blue", Scale: 1, P02: 1, P98: 9}, {Name: "B4", CommonName: "red", Scale: 1, P02: 2, P98: 8, Min: 1, Max: 10}, {Name: "B8", CommonName: "nir", Scale: 1}}
	real := append([]catalog.Band(nil), raw...)
	for i := range real {
		real[i].Quantity = catalog.Reflectance
	}
	s, err := raster.Resolve(raster.Params{Index: "ndvi"}, raw, catalog.Imagery)
	if err != nil || s.Mode != raster.ByRamp || s.Index.Name != "NDVI" || s.Ranges[0] != [2]float64{s.Index.Min, s.Index.Max} || s.Colormap != s.Index.Colormap || s.Labels[0] != "NDVI" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = raster.Resolve(raster.Params{Index: "EVI"}, real, catalog.Imagery); err != nil || s.Index.Name != "EVI" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = raster.Resolve(raster.Params{Index: "EVI"}, raw, catalog.Imagery)
	var f *fault.Error
	if !fault.Is(err, fault.Invalid) || !errors.As(err, &f) || !strings.Contains(f.Hint, "(nir/10000)") || !strings.Contains(f.Hint, "ingest") {
		t.Errorf("%v", err)
	}
	s, err = raster.Resolve(raster.Params{Bands: []string{"red"}, Percentiles: [][2]float64{{0, 98}}}, raw, catalog.Imagery)
	if err != nil || s.Ranges[0] != [2]float64{1, 8} || s.Percentiles != nil {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = raster.Resolve(raster.Params{Expr: "red/nir"}, raw, catalog.Imagery)
	if err != nil || s.Percentiles[0] != [2]float64{2, 98} {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = s.WithRanges([][2]float64{{3, 4}}); err != nil || s.Ranges[0] != [2]float64{3, 4} || s.Percentiles != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = raster.Resolve(raster.Params{Bands: []string{"1", "2"}, Format: raster.NPY}, raw, catalog.Imagery); err != nil || s.Mode != raster.ByValue {
		t.Errorf("%+v, %v", s, err)
	}
	for name, p := range map[string]raster.Params{
		"two ways": {Expr: "red", Index: "ndvi"}, "unknown band": {Expr: "swir16/red"}, "index without bands": {Index: "MNDWI"}, "unknown index": {Index: "NDXX"},
		"constant": {Expr: "1+1"}, "mask": {Mask: "clouds"}, "selection": {Select: "best"}, "highest": {Select: mosaic.Highest}, "highest of none": {Highest: "1"},
		"terrain": {Terrain: "hills"}, "terrain of three": {Terrain: raster.Slope, Bands: []string{"1", "2", "3"}}, "interval": {Terrain: "contours:x", Bands: []string{"1"}},
		"lossy heights": {Terrain: raster.Terrarium, Bands: []string{"1"}, Format: raster.JPEG}, "format": {Format: "gif"}, "gamma": {Gamma: 99}, "percentiles": {Bands: []string{"1"}, Percentiles: [][2]float64{{50, 20}}},
		"two outputs": {Expr: "red;nir"}, "both ranges": {Bands: []string{"1"}, Percentiles: [][2]float64{{2, 98}}, Rescale: [][2]float64{{1, 2}}},
	} {
		if s, err := raster.Resolve(p, raw, catalog.Imagery); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}
