package tiles_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
	"contado/tiles"
	"contado/tiles/raster"
	"contado/tiles/tms"

	"github.com/paulmach/orb"
)

// barbellino are two dates of one place: reflectances times 10,000 of 10 m in
// one file, scene classes of 20 m in another.
func barbellino(t testing.TB) *scenes {
	src := &scenes{d: catalog.Dataset{ID: "s2", Kind: catalog.Raster, Role: catalog.Imagery, Version: catalog.Version{Number: 1, SHA256: "b"}}}
	names := map[int][2]string{2: {"B02", "blue"}, 3: {"B03", "green"}, 4: {"B04", "red"}, 8: {"B08", "nir"}}
	for i, date := range []string{"20170703", "20190723"} {
		it := scene(t, shareddata.Path(t, "it-barbellino-sentinel2/S2A2A_"+date+"_022_Barbellino_BOA_10.tif"), "S2_"+date, nil)
		scl := scene(t, shareddata.Path(t, "it-barbellino-sentinel2/S2A2A_"+date+"_022_Barbellino_SCL_10.tif"), "", nil)
		at, err := time.Parse("20060102", date)
		if err != nil {
			t.Fatal(err)
		}
		it.Datetime = &at
		cover := float64(10 + 40*i)
		it.CloudCover = &cover
		it.Assets = []catalog.Asset{{Key: "boa", File: it.File, Grid: it.Grid}, {Key: "scl", File: scl.File, Grid: scl.Grid}}
		for n := range it.Bands {
			b := &it.Bands[n]
			b.Scale, b.Number = 1, n+1
			if name, ok := names[n+1]; ok {
				b.Name, b.CommonName = name[0], name[1]
			}
		}
		it.Bands = append(it.Bands, catalog.Band{Name: "SCL", Asset: 1, Number: 1, Scale: 1, DataType: "uint8", Quantity: catalog.Classes, Flags: "sentinel2-scl"})
		src.items = append(src.items, it)
	}
	src.d.Version.BBoxWGS84 = src.items[0].BBox
	return src
}

// cells reads a band of a file in full.
func cells(t testing.TB, path string, band int) []float32 {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	g := r.Grid()
	b, err := r.Read([]int{band}, g.Full(), g.Width, g.Height, grid.Nearest)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range b.Mask {
		if m == 0 {
			b.Bands[0][i] = float32(math.NaN())
		}
	}
	return b.Bands[0]
}

// npy reads an array as encode.NPY writes it: planes, the last the mask.
func npy(t testing.TB, data []byte, planes, n int) [][]float32 {
	t.Helper()
	head := int(binary.LittleEndian.Uint16(data[8:]))
	body := data[10+head:]
	if len(body) != 4*planes*n || !strings.Contains(string(data[10:10+head]), "'<f4'") {
		t.Fatalf("%d bytes, header %q", len(body), data[10:10+head])
	}
	out := make([][]float32, planes)
	for p := range out {
		for i := range n {
			out[p] = append(out[p], math.Float32frombits(binary.LittleEndian.Uint32(body[4*(p*n+i):])))
		}
	}
	return out
}

// The index of every cell on the raster's own grid is that of its bands,
// masked by the classes that lie over it, from the newest of two dates that
// is not masked; as an array and as a GeoTIFF.
func TestIndexOnOwnGrid(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := barbellino(t)
	g := src.items[0].Grid
	n := g.Width * g.Height
	p := tiles.RasterParams{Params: raster.Params{Index: "NDVI", Mask: "SCL:5,10", Format: raster.NPY}}
	got, err := s.Picture(context.Background(), src, p, g, nil)
	if err != nil {
		t.Fatal(err)
	}
	planes := npy(t, got.Data, 2, n)
	p.Format = raster.TIFF
	file, err := s.Picture(context.Background(), src, p, g, nil)
	if err != nil || file.ContentType != tiles.GeoTIFF || file.ETag == got.ETag {
		t.Fatalf("%s, %v", file.ContentType, err)
	}
	path := filepath.Join(t.TempDir(), "ndvi.tif")
	if err := os.WriteFile(path, file.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	written := cells(t, path, 1)
	seen := [3]int{}
	read := map[string][]float32{}
	for k, it := range src.items {
		read[fmt.Sprint(k, "red")], read[fmt.Sprint(k, "nir")], read[fmt.Sprint(k, "scl")] = cells(t, it.File, 4), cells(t, it.File, 8), cells(t, it.Assets[1].File, 1)
	}
	for i := range n {
		want, from := float32(math.NaN()), 0
		for k := len(src.items) - 1; k >= 0 && want != want; k-- { // the newest first
			it := src.items[k]
			red, nir := read[fmt.Sprint(k, "red")][i], read[fmt.Sprint(k, "nir")][i]
			scl := read[fmt.Sprint(k, "scl")][i/g.Width/2*it.Assets[1].Grid.Width+i%g.Width/2]
			if red == red && nir == nir && scl == scl && scl != 5 && scl != 10 {
				want, from = (nir-red)/(nir+red), k+1
			}
		}
		seen[from]++
		if (planes[1][i] != 0) != (want == want) || want == want && math.Abs(float64(planes[0][i]-want)) > 1e-6 {
			t.Fatalf("cell %d: %g (mask %g), want %g", i, planes[0][i], planes[1][i], want)
		}
		if written[i] != planes[0][i] && (written[i] == written[i] || planes[1][i] != 0) {
			t.Fatalf("cell %d of the GeoTIFF: %g, want %g", i, written[i], planes[0][i])
		}
	}
	if seen[2] == 0 || seen[1]+seen[0] == 0 || got.Items[0].Item != "S2_20190723" || got.Items[0].Pixels != seen[2] || !got.Complete {
		t.Errorf("%v, %+v", seen, got.Items)
	}
}

// Values at a place are those of the cell there, of every item, in the order
// of the selection.
func TestValuesAtAPlace(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := barbellino(t)
	g := src.items[0].Grid
	x, y := g.Transform.Apply(7.9, 30.2)
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	lon, lat, _ := tr.Point(x, y)
	v, err := s.Values(context.Background(), src, tiles.RasterParams{Params: raster.Params{Bands: []string{"red", "nir"}}}, lon, lat)
	if err != nil || len(v.Items) != 2 || v.Items[0].Item != "S2_20190723" || !v.Complete || v.Outputs[0] != "B04" {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, it := range v.Items {
		for k, band := range []int{4, 8} {
			for _, own := range src.items {
				if want := cells(t, own.File, band)[30*g.Width+7]; own.ID == it.Item && it.Values[k] != want {
					t.Errorf("%s band %d: %v, want %g", it.Item, band, it.Values, want)
				}
			}
		}
	}
	most := 20.0
	v, err = s.Values(context.Background(), src, tiles.RasterParams{CloudCover: &most, Params: raster.Params{Expr: "nir/red; nir", Select: "oldest"}}, lon, lat)
	if err != nil || len(v.Items) != 1 || v.Items[0].Item != "S2_20170703" || len(v.Items[0].Values) != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err = s.Values(context.Background(), src, tiles.RasterParams{}, 0, 0); err != nil || len(v.Items) != 0 || !v.Complete {
		t.Errorf("elsewhere: %+v, %v", v, err)
	}
	if _, err = s.Values(context.Background(), src, tiles.RasterParams{}, 200, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("nowhere: %v", err)
	}
}

// Every image format holds the same picture.
func TestFormats(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := alabama(t)
	tile := tms.AtLonLat(11, -87.4, 30.72)
	draw := func(f raster.Format) tiles.Tile {
		got, err := s.Raster(context.Background(), src, tiles.RasterParams{Params: raster.Params{Bands: []string{"B5"}, Rescale: [][2]float64{{5000, 25000}}, Format: f}}, tile.Z, tile.X, tile.Y)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	a, b, web := draw(raster.PNG), draw(raster.JPEG), draw(raster.WebP)
	first, err := png.Decode(bytes.NewReader(a.Data))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := first.(*image.Paletted); !ok || len(p.Palette) != 256 {
		t.Errorf("one band is not a palette: %T", first)
	}
	second, err := jpeg.Decode(bytes.NewReader(b.Data))
	if err != nil || b.ContentType != tiles.JPEG || web.ContentType != tiles.WebP || !bytes.HasPrefix(web.Data[8:], []byte("WEBP")) {
		t.Fatalf("%s %s, %v", b.ContentType, web.ContentType, err)
	}
	sum := 0.0
	for y := range 256 {
		for x := range 256 {
			r, _, _, alpha := first.At(x, y).RGBA()
			r2, _, _, _ := second.At(x, y).RGBA()
			if alpha == 0 {
				r = 0xffff // white shows through
			}
			sum += math.Abs(float64(r)-float64(r2)) / 257
		}
	}
	if sum/65536 > 6 {
		t.Errorf("the JPEG differs by %g on average", sum/65536)
	}
	for _, f := range raster.Formats {
		far, err := s.Raster(context.Background(), src, tiles.RasterParams{Params: raster.Params{Format: f}}, 12, 0, 0)
		if err != nil || !far.Empty || len(far.Data) == 0 {
			t.Errorf("%s of nothing: %+v, %v", f, far.Info, err)
		}
	}
}

// What lies outside the polygons of a picture has no value, cell by cell,
// also where terrain is derived from heights beyond them.
func TestClip(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	it := scene(t, shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif"), "dem", nil)
	src := &scenes{d: catalog.Dataset{ID: "dem", Kind: catalog.Raster, Role: catalog.Elevation, Version: catalog.Version{Number: 1, BBoxWGS84: it.BBox}}, items: []catalog.Item{it}}
	g := grid.Grid{CRS: "EPSG:32632", Width: 60, Height: 50, Transform: grid.Transform{625000, 100, 0, 5170000, 0, -100}}
	clip := orb.Polygon{{{625510, 5169490}, {629800, 5169000}, {628000, 5166000}, {625510, 5169490}}}
	for _, terrain := range []string{"", raster.Slope, raster.Contours} {
		p := tiles.RasterParams{Params: raster.Params{Terrain: terrain, Bands: []string{"1"}, Format: raster.NPY}}
		whole, err := s.Picture(context.Background(), src, p, g, nil)
		if err != nil {
			t.Fatal(err)
		}
		part, err := s.Picture(context.Background(), src, p, g, clip)
		if err != nil || part.ETag == whole.ETag {
			t.Fatalf("%s %s, %v", part.ETag, whole.ETag, err)
		}
		all, cut := npy(t, whole.Data, 2, 3000), npy(t, part.Data, 2, 3000)
		in := make([]bool, 3000)
		g.Fill(orb.MultiPolygon{clip}, func(row, c0, c1 int) {
			for c := c0; c < c1; c++ {
				in[row*60+c] = true
			}
		})
		for i := range in {
			if (cut[1][i] != 0) != (in[i] && all[1][i] != 0) || cut[1][i] != 0 && cut[0][i] != all[0][i] {
				t.Fatalf("%s: cell %d: %g (mask %g), whole %g (mask %g), inside %v", terrain, i, cut[0][i], cut[1][i], all[0][i], all[1][i], in[i])
			}
		}
		p.Format = raster.PNG
		pic, err := s.Picture(context.Background(), src, p, g, clip)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(pic.Data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range in {
			if _, _, _, alpha := m.At(i%60, i/60).RGBA(); alpha != 0 && !in[i] {
				t.Fatalf("%s: pixel %d shows", terrain, i)
			}
		}
	}
	if _, err := s.Picture(context.Background(), src, tiles.RasterParams{}, g, orb.Point{1, 2}); !fault.Is(err, fault.Invalid) {
		t.Errorf("clipped to a point: %v", err)
	}
	g.Width, g.Height = 1<<14, 1<<14
	if _, err := s.Picture(context.Background(), src, tiles.RasterParams{}, g, nil); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a huge picture: %v", err)
	}
}

// Without statistics the range of an expression comes from a look at the
// whole dataset: the same for every tile.
func TestRangeOfAnExpression(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := barbellino(t)
	for _, c := range []struct {
		p    raster.Params
		want [2]float64
	}{
		{raster.Params{Expr: "nir - red"}, [2]float64{2, 98}},
		{raster.Params{Expr: "nir - red", Percentiles: [][2]float64{{10, 50}}}, [2]float64{10, 50}},
		{raster.Params{Bands: []string{"nir"}, Percentiles: [][2]float64{{10, 50}}}, [2]float64{10, 50}},
	} {
		style, err := s.Style(src, tiles.RasterParams{Params: c.p})
		if err != nil {
			t.Fatal(err)
		}
		// Shares of the cells of the newest scene that lie below the ends.
		it := src.items[1]
		red, nir := cells(t, it.File, 4), cells(t, it.File, 8)
		below, upTo, n := [2]float64{}, [2]float64{}, 0.0
		for i := range red {
			v := float64(nir[i])
			if c.p.Expr != "" {
				v -= float64(red[i])
			}
			if v != v {
				continue
			}
			n++
			for k, end := range style.Ranges[0] {
				if v < end {
					below[k]++
				}
				if v <= end {
					upTo[k]++
				}
			}
		}
		for k := range below {
			if lo, hi := 100*below[k]/n, 100*upTo[k]/n; lo > c.want[k]+3 || hi < c.want[k]-3 {
				t.Errorf("%+v: %.1f to %.1f %% lie below %g, want %g", c.p, lo, hi, style.Ranges[0][k], c.want[k])
			}
		}
	}
}

// Tiles of other grids are where gdalwarp puts them.
func TestTileGrids(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	it := scene(t, shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif"), "dem", nil)
	src := &scenes{d: catalog.Dataset{ID: "dem", Kind: catalog.Raster, Role: catalog.Elevation, Version: catalog.Version{Number: 1, BBoxWGS84: it.BBox}}, items: []catalog.Item{it}}
	lon, lat := (it.BBox.MinX+it.BBox.MaxX)/2, (it.BBox.MinY+it.BBox.MaxY)/2
	tags := map[string]string{}
	for _, set := range tms.All() {
		if d := set.Domain; lon < d.MinX || lon > d.MaxX || lat < d.MinY || lat > d.MaxY {
			continue
		}
		tr, err := crs.New(geo.WGS84, set.CRS)
		if err != nil {
			t.Fatal(err)
		}
		x, y, _ := tr.Point(lon, lat)
		z := set.ZoomFor(100)
		tile := set.At(z, x, y)
		p := tiles.RasterParams{Params: raster.Params{Bands: []string{"1"}, Resampling: grid.Nearest, Format: raster.NPY}}
		got, err := s.RasterTile(context.Background(), src, p, set, tile)
		if err != nil {
			t.Fatalf("%s: %v", set.ID, err)
		}
		if was := tags[got.ETag]; was != "" {
			t.Errorf("%s has the tag of %s", set.ID, was)
		}
		tags[got.ETag] = set.ID
		g := set.Grid(tile, 1)
		checkTile(t, set.ID, npy(t, got.Data, 2, int(g.Cells())), g, it)
	}
	if len(tags) < 6 {
		t.Errorf("only %d grids", len(tags))
	}
}

// checkTile looks up each pixel's place in the source.
func checkTile(t *testing.T, name string, planes [][]float32, g grid.Grid, it catalog.Item) {
	t.Helper()
	tr, err := crs.New(g.CRS, it.Grid.CRS)
	if err != nil {
		t.Fatal(err)
	}
	inv, _ := it.Grid.Transform.Invert()
	own := cells(t, it.File, 1)
	wrong, n := 0, 0
	for row := range g.Height {
		for col := range g.Width {
			x, y, ok := tr.Point(g.Center(col, row))
			c, r := inv.Apply(x, y)
			i := row*g.Width + col
			in := ok && c >= 0 && r >= 0 && c < float64(it.Grid.Width) && r < float64(it.Grid.Height)
			if planes[1][i] != 0 {
				n++
			}
			near := !in && planes[1][i] == 0
			for _, dc := range []float64{-0.13, 0, 0.13} {
				for _, dr := range []float64{-0.13, 0, 0.13} {
					cc, rr := int(math.Floor(c+dc)), int(math.Floor(r+dr))
					if cc < 0 || rr < 0 || cc >= it.Grid.Width || rr >= it.Grid.Height {
						near = near || planes[1][i] == 0
						continue
					}
					v := own[rr*it.Grid.Width+cc]
					near = near || planes[1][i] != 0 && v == planes[0][i] || planes[1][i] == 0 && v != v
				}
			}
			if !near {
				wrong++
			}
		}
	}
	if wrong > 0 || n < 1000 {
		t.Errorf("%s: %d of %d pixels are wrong", name, wrong, n)
	}
}
