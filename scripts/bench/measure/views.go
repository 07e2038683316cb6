package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"contado/geo/crs"
)

// view is a square of Web Mercator that is asked for as 256 × 256 pixels.
type view struct{ minX, minY, maxX, maxY float64 }

func (v view) box() string { return fmt.Sprintf("%.3f,%.3f,%.3f,%.3f", v.minX, v.minY, v.maxX, v.maxY) }

// land is where views may lie: the largest upright box of Web Mercator within
// a box of UTM zone 32 N.
type land struct{ minX, minY, maxX, maxY float64 }

func newLand(west, south, east, north float64) (land, error) {
	t, err := crs.New("EPSG:32632", "EPSG:3857")
	if err != nil {
		return land{}, err
	}
	var b land
	b.minX, b.minY, b.maxX, b.maxY = math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)
	for i := range 21 {
		f := float64(i) / 20
		x := []float64{west, east, west + f*(east-west), west + f*(east-west)}
		y := []float64{south + f*(north-south), south + f*(north-south), south, north}
		if err := t.Points(x, y); err != nil {
			return land{}, err
		}
		b.minX, b.maxX = max(b.minX, x[0]), min(b.maxX, x[1])
		b.minY, b.maxY = max(b.minY, y[2]), min(b.maxY, y[3])
	}
	return b, nil
}

// views gives n views at random places, of fine to coarse metres a pixel on
// the ground; any resolution between is as likely as its double. The same
// seed gives the same views, another one others.
func (l land) views(n int, fine, coarse float64, seed uint64) []view {
	r := rand.New(rand.NewPCG(7, seed))
	out := make([]view, n)
	for i := range out {
		// A metre on the ground is longer on the map, by the latitude.
		middle := math.Atan(math.Sinh((l.minY + l.maxY) / 2 / 6378137))
		side := 256 * fine * math.Pow(coarse/fine, r.Float64()) / math.Cos(middle)
		x := l.minX + r.Float64()*(l.maxX-l.minX-side)
		y := l.minY + r.Float64()*(l.maxY-l.minY-side)
		out[i] = view{x, y, x + side, y + side}
	}
	return out
}
