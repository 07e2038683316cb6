package mosaic_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// onto moves a grid so that its middle is that of a WGS 84 box.
func onto(t testing.TB, g grid.Grid, b geo.BBox) grid.Grid {
	t.Helper()
	tr, err := crs.New(geo.WGS84, g.CRS)
	if err != nil {
		t.Fatal(err)
	}
	x, y, ok := tr.Point((b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2)
	if !ok {
		t.Fatal("no middle")
	}
	g.Transform[0] = x - float64(g.Width)/2*g.Transform[1] + 0.37*g.Transform[1]
	g.Transform[3] = y - float64(g.Height)/2*g.Transform[5] + 0.21*g.Transform[1]
	return g
}

// several is an item with red and nir in one file, swir16 in a coarser one.
func several(s shelf, fine, coarse grid.Grid) mosaic.Source {
	s["fine"] = filled(fine, 2, func(b, c, r int) float32 {
		if b == 0 {
			return float32(c)
		}
		return float32(r)
	})
	s["coarse"] = filled(coarse, 1, func(_, c, r int) float32 {
		if (c+r)%7 == 0 {
			return nan
		}
		return float32(c*100 + r)
	})
	return sourceOf(catalog.Item{
		ID: "several", Grid: fine, BBox: boxOf(fine),
		Assets: []catalog.Asset{{Key: "fine", File: "fine", Grid: fine}, {Key: "coarse", File: "coarse", Grid: coarse, Stats: "stats"}},
		Bands: []catalog.Band{
			{Name: "B04", CommonName: "red", Scale: 1, Asset: 0, Number: 1},
			{Name: "B08", CommonName: "nir", Scale: 1, Asset: 0, Number: 2},
			{Name: "B11", CommonName: "swir16", Scale: 1, Asset: 1, Number: 1},
		},
	})
}

// blank says that nothing is there.
type blank struct{}

func (blank) Empty(context.Context, int, grid.Window) (bool, error) { return true, nil }

// nearHole reports whether a neighbour has no value.
func nearHole(res *mosaic.Result, at int) bool {
	for _, d := range []int{-1, 1, -res.Grid.Width, res.Grid.Width} {
		if i := at + d; i >= 0 && i < len(res.Mask) && res.Mask[i] == 0 {
			return true
		}
	}
	return res.Mask[at] == 0
}

// A raster of the whole world, and pieces of it over the antimeridian written
// in each of the ways that there are, give at each place the value of the
// cell there, on targets that cross it in each of their ways.
func TestAntimeridian(t *testing.T) {
	t.Parallel()
	value := func(lon, lat float64) float64 { // of cells of half a degree
		lon = math.Floor(lon*2) / 2
		lat = math.Floor(lat*2) / 2
		if lon >= 180 {
			lon -= 360
		}
		if lon < -180 {
			lon += 360
		}
		return lon*1000 + lat
	}
	cells := func(west float64, w int) grid.Grid {
		return grid.Grid{CRS: geo.WGS84, Width: w, Height: 360, Transform: grid.Transform{west, 0.5, 0, 90, 0, -0.5}}
	}
	fill := func(g grid.Grid) *memory {
		return filled(g, 1, func(_, c, r int) float32 {
			x, y := g.Center(c, r)
			return float32(value(x, y))
		})
	}
	targets := map[string]grid.Grid{
		"degrees over 180":      {CRS: geo.WGS84, Width: 100, Height: 40, Transform: grid.Transform{172.13, 0.17, 0, 10.03, 0, -0.17}},
		"degrees under -180":    {CRS: geo.WGS84, Width: 100, Height: 40, Transform: grid.Transform{-187.91, 0.17, 0, 10.03, 0, -0.17}},
		"degrees far over":      {CRS: geo.WGS84, Width: 60, Height: 40, Transform: grid.Transform{535.3, 0.17, 0, 10.03, 0, -0.17}},
		"mercator over the end": {CRS: geo.WebMercator, Width: 100, Height: 40, Transform: grid.Transform{20037508.34 - 50.3*19000, 19000, 0, 300000, 0, -19000}},
		"UTM 60":                {CRS: "EPSG:32660", Width: 80, Height: 40, Transform: grid.Transform{500000, 12000, 0, 900000, 0, -12000}},
		"UTM 1":                 {CRS: "EPSG:32601", Width: 80, Height: 40, Transform: grid.Transform{-400000, 12000, 0, 900000, 0, -12000}},
	}
	sources := map[string]grid.Grid{
		"world": cells(-180, 720), "0 to 360": cells(0, 720), "170 to 190": cells(170, 40), "-190 to -170": cells(-190, 40),
	}
	for name, g := range sources {
		s := shelf{}
		src := s.add(name, fill(g), "v")
		if b := g.Bounds(); name != "world" && name != "0 to 360" {
			src.Item.BBox = geo.BBox{MinX: 170, MaxX: -170, MinY: b.MinY, MaxY: b.MaxY}
		}
		r := mosaic.New(s.open, nil)
		for on, to := range targets {
			t.Run(fmt.Sprintf("%s on %s", name, on), func(t *testing.T) {
				t.Parallel()
				res, err := r.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Bands: []string{"v"}, Resampling: grid.Nearest}, to)
				if err != nil {
					t.Fatal(err)
				}
				check(t, res, value)
			})
		}
	}
}

// check compares each cell with the value at its place, which is near a
// position that the mesh may lay an eighth of a cell off.
func check(t *testing.T, res *mosaic.Result, value func(lon, lat float64) float64) {
	t.Helper()
	tr, err := crs.New(res.Grid.CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for row := range res.Grid.Height {
		for col := range res.Grid.Width {
			lon, lat, ok := tr.Point(res.Grid.Center(col, row))
			if !ok {
				t.Fatal("no place")
			}
			at := row*res.Grid.Width + col
			if lon = math.Mod(lon+900, 360) - 180; math.Abs(lon) < 171 {
				continue // beyond the smaller sources
			}
			near := false
			for _, dx := range []float64{-0.07, 0, 0.07} {
				for _, dy := range []float64{-0.07, 0, 0.07} {
					near = near || float64(res.Bands[0][at]) == float64(float32(value(lon+dx, lat+dy)))
				}
			}
			if res.Mask[at] == 0 || !near {
				wrong++
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d cells are wrong", wrong)
	}
}
