package tms_test

import (
	"math"
	"testing"

	"contado/geo/fault"
	"contado/tiles/tms"

	"pgregory.net/rapid"
)

func drawTile(t *rapid.T, maxZ int) tms.Tile {
	z := rapid.IntRange(0, maxZ).Draw(t, "z")
	n := 1 << z
	return tms.Tile{Z: z, X: rapid.IntRange(0, n-1).Draw(t, "x"), Y: rapid.IntRange(0, n-1).Draw(t, "y")}
}

// The figures are from the registered WebMercatorQuad definition and from
// the well-known tile of a place (the cathedral of Florence).
func TestKnownFigures(t *testing.T) {
	t.Parallel()
	s := tms.WebMercatorQuad()
	if got := s.Matrices[0].ScaleDenominator; math.Abs(got-559082264.0287178) > 1e-6 {
		t.Errorf("scale denominator of zoom 0 = %v", got)
	}
	if got := s.Matrices[0].CellSize; math.Abs(got-156543.03392804097) > 1e-9 {
		t.Errorf("cell size of zoom 0 = %v", got)
	}
	if got, want := tms.AtLonLat(14, 11.2558, 43.7696), (tms.Tile{Z: 14, X: 8704, Y: 5972}); got != want {
		t.Errorf("Florence is in %v, want %v", got, want)
	}
	b := tms.Tile{}.BoundsWGS84()
	if math.Abs(b.MaxY-tms.MaxLatitude) > 1e-9 || math.Abs(b.MinX+180) > 1e-9 {
		t.Errorf("the world is %v", b)
	}
	for cell, want := range map[float64]int{156543.03392804097: 0, 30: 13, 10: 14, 1: 18, 1e-9: 24} {
		if got := tms.ZoomFor(cell); got != want {
			t.Errorf("ZoomFor(%v) = %d, want %d", cell, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := tms.WebMercatorQuad()
	for _, bad := range []tms.Tile{{25, 0, 0}, {-1, 0, 0}, {3, 8, 0}, {3, 0, 8}, {3, -1, 0}, {3, 0, -1}} {
		if err := s.Check(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("Check(%v) = %v, want invalid", bad, err)
		}
	}
	if err := s.Check(tms.Tile{Z: 24, X: 1<<24 - 1, Y: 1<<24 - 1}); err != nil {
		t.Error(err)
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	s := tms.WebMercatorQuad()
	rapid.Check(t, func(t *rapid.T) {
		tile := drawTile(t, tms.MaxZoom-1)
		b := s.Bounds(tile)
		if at := s.At(tile.Z, (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2); at != tile {
			t.Fatalf("the centre of %v is in %v", tile, at)
		}
		union := b
		for i, c := range tile.Children() {
			if p, ok := c.Parent(); !ok || p != tile {
				t.Fatalf("parent of child %v is %v", c, p)
			}
			if err := s.Check(c); err != nil {
				t.Fatal(err)
			}
			cb := s.Bounds(c)
			if i == 0 {
				union = cb
			}
			union = union.Union(cb)
		}
		tol := 1e-6
		if math.Abs(union.MinX-b.MinX) > tol || math.Abs(union.MaxX-b.MaxX) > tol ||
			math.Abs(union.MinY-b.MinY) > tol || math.Abs(union.MaxY-b.MaxY) > tol {
			t.Fatalf("children cover %v, parent is %v", union, b)
		}
		if tile.X+1 < 1<<tile.Z {
			if e := s.Bounds(tms.Tile{Z: tile.Z, X: tile.X + 1, Y: tile.Y}); e.MinX != b.MaxX {
				t.Fatalf("gap between neighbours: %v, %v", b.MaxX, e.MinX)
			}
		}
	})
}

func TestForwardInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lon := rapid.Float64Range(-180, 180).Draw(t, "lon")
		lat := rapid.Float64Range(-85, 85).Draw(t, "lat")
		x, y := tms.Forward(lon, lat)
		lon2, lat2 := tms.Inverse(x, y)
		if math.Abs(lon-lon2) > 1e-10 || math.Abs(lat-lat2) > 1e-10 {
			t.Fatalf("(%v, %v) came back as (%v, %v)", lon, lat, lon2, lat2)
		}
		z := rapid.IntRange(0, tms.MaxZoom).Draw(t, "z")
		if err := tms.WebMercatorQuad().Check(tms.AtLonLat(z, lon, lat)); err != nil {
			t.Fatal(err)
		}
	})
}
