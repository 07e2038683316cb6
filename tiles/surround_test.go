package tiles_test

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/raster"
	"contado/tiles/tms"
)

const demSide, demCell = 240, 30.0

// demLonLat is the north-west corner of the made heights.
const demLon, demLat = 9.5, 46.1

// hill is a height of the plane: a slope to the east with waves.
func hill(x, y float64) float64 { return 1200 + x/20 + 60*math.Sin(x/900)*math.Cos(y/700) }

// heights writes a square of heights in Web Mercator without its south-east
// corner.
func heights(t *testing.T) (*scenes, float64, float64) {
	t.Helper()
	x0, y0 := tms.Forward(demLon, demLat)
	nodata := -9999.0
	path := filepath.Join(t.TempDir(), "dem.tif")
	g := grid.Grid{CRS: geo.WebMercator, Transform: grid.Transform{x0, demCell, 0, y0, 0, -demCell}, Width: demSide, Height: demSide}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Name: "elevation", Unit: "m", Nodata: &nodata}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]float32, demSide*demSide)
	for i := range cells {
		c, r := i%demSide, i/demSide
		cells[i] = float32(hill((float64(c)+0.5)*demCell, (float64(r)+0.5)*demCell))
		if c > 160 && r > 160 {
			cells[i] = float32(nodata)
		}
	}
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	it := scene(t, path, "dem", nil)
	it.Bands[0].Quantity = catalog.Height
	return &scenes{
		d:     catalog.Dataset{ID: "dem", Kind: catalog.Raster, Role: catalog.Elevation, Version: catalog.Version{Number: 1, BBoxWGS84: it.BBox}},
		items: []catalog.Item{it},
	}, x0, y0
}

// terrarium decodes a tile of coded heights.
func terrarium(t *testing.T, s *tiles.Service, src tiles.RasterSource, at tms.Tile) []float64 {
	t.Helper()
	p := tiles.RasterParams{Params: raster.Params{Terrain: raster.Terrarium}}
	got, err := s.Raster(context.Background(), src, p, at.Z, at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 256*256)
	for i := range out {
		r, g, b, _ := m.At(i%256, i/256).RGBA()
		out[i] = float64(r>>8)*256 + float64(g>>8) + float64(b>>8)/256 - 32768
	}
	return out
}

// Heights of tiles go on beside the data as they are at its edge: no wall to
// the level of the sea, at the edge, in the hole, between tiles or far away.
func TestHeightsGoOnBesideTheData(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src, x0, y0 := heights(t)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range demSide * demSide {
		v := hill((float64(i%demSide)+0.5)*demCell, (float64(i/demSide)+0.5)*demCell)
		low, high = min(low, v), max(high, v)
	}
	const z = 12
	first := tms.AtLonLat(z, demLon, demLat)
	const n = 3 // from a tile before the data to one after
	at := make(map[[2]int][]float64)
	for dy := -1; dy <= n; dy++ {
		for dx := -1; dx <= n; dx++ {
			at[[2]int{dx, dy}] = terrarium(t, s, src, tms.Tile{Z: z, X: first.X + dx, Y: first.Y + dy})
		}
	}
	pixel := 2 * tms.HalfWorld / math.Exp2(z) / 256
	value := func(col, row int) float64 { // of the mosaic of tiles, whose tile 0, 0 begins at 256
		return at[[2]int{col/256 - 1, row/256 - 1}][row%256*256+col%256]
	}
	west := float64(first.X)*256*pixel - tms.HalfWorld
	north := tms.HalfWorld - float64(first.Y)*256*pixel
	within := 0
	for row := range (n + 2) * 256 {
		for col := range (n + 2) * 256 {
			v := value(col, row)
			if v < low-5 || v > high+5 {
				t.Fatalf("height %g at pixel %d, %d: the data have %.0f to %.0f", v, col, row, low, high)
			}
			// A step between two pixels of 38 m: the slope of the data is below 0.13, between their edge and the coarse heights a cell of those more.
			if col > 0 && math.Abs(v-value(col-1, row)) > 15 || row > 0 && math.Abs(v-value(col, row-1)) > 15 {
				t.Fatalf("a wall of %g to %g at pixel %d, %d", value(max(col-1, 0), row), v, col, row)
			}
			x := west + (float64(col-256)+0.5)*pixel - x0
			y := y0 - (north - (float64(row-256)+0.5)*pixel)
			inside := x > 2*demCell && y > 2*demCell && x < (demSide-2)*demCell && y < (demSide-2)*demCell
			if inside && (x < 158*demCell || y < 158*demCell) {
				within++
				if math.Abs(v-hill(x, y)) > 3 {
					t.Fatalf("height %g within the data at %.0f, %.0f: want %.1f", v, x, y, hill(x, y))
				}
			}
		}
	}
	if within < 10_000 {
		t.Fatalf("%d pixels within the data", within)
	}
	far := terrarium(t, s, src, tms.Tile{Z: z, X: first.X - 300, Y: first.Y + 200})
	if far[0] < low || far[0] > high {
		t.Errorf("far away: %g", far[0])
	}
}

// Numbers stay without what nobody has measured.
func TestHeightsAsNumbersKeepTheirGaps(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src, _, _ := heights(t)
	p := tiles.RasterParams{Params: raster.Params{Format: "npy"}}
	at := tms.AtLonLat(12, demLon-0.5, demLat)
	got, err := s.Raster(context.Background(), src, p, at.Z, at.X, at.Y)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range npy(t, got.Data, 2, 256*256)[1] {
		if m != 0 {
			t.Fatalf("cell %d has a value beside the data", i)
		}
	}
}
