package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
)

// address is a tile of the web map: zoom, column, row.
type address [3]int

// Where the data lies, in degrees: west, south, east, north. The scene spans
// less when it has fewer cells than 4096.
var (
	areasBox    = [4]float64{9.20, 43.74, 12.75, 45.14}
	sceneOrigin = [2]float64{10.27, 44.78} // north-west, inside
)

// rasterList is an even choice of at most 30 tiles of the scene at each zoom
// from 8 to 15, shuffled, none twice.
func (b *bench) rasterList() []address { return shuffled(cover(b.sceneBox(), 8, 15, 30)) }

func (b *bench) sceneBox() [4]float64 {
	deg := float64(b.scene) * 10 / 111_320
	w, n := sceneOrigin[0], sceneOrigin[1]
	return [4]float64{w, n - 0.96*deg, w + 0.96*deg/math.Cos(n*math.Pi/180), n}
}

// middles are tiles in the middle of the scene (zoom 13) and of the areas
// (zoom 10), where there is something to draw.
func (b *bench) middles() (raster, vector address) {
	at := func(box [4]float64, z int) address {
		x, y := tileAt((box[0]+box[2])/2, (box[1]+box[3])/2, z)
		return address{z, x, y}
	}
	return at(b.sceneBox(), 13), at(areasBox, 10)
}

// vectorList is every tile of the areas at zooms 6 to 11, shuffled.
func (b *bench) vectorList() []address { return shuffled(cover(areasBox, vectorMin, vectorMax, 1000)) }

const vectorMin, vectorMax = 6, 11

// cover lists the tiles that touch a box, at most perZoom of each zoom.
func cover(box [4]float64, zMin, zMax, perZoom int) []address {
	var out []address
	for z := zMin; z <= zMax; z++ {
		x0, y0 := tileAt(box[0], box[3], z)
		x1, y1 := tileAt(box[2], box[1], z)
		var all []address
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				all = append(all, address{z, x, y})
			}
		}
		n := min(len(all), perZoom)
		for i := range n {
			out = append(out, all[i*len(all)/n])
		}
	}
	return out
}

func tileAt(lon, lat float64, z int) (x, y int) {
	n, r := math.Exp2(float64(z)), lat*math.Pi/180
	return int((lon + 180) / 360 * n), int((1 - math.Asinh(math.Tan(r))/math.Pi) / 2 * n)
}

// shuffled is the same order on every run: neighbours do not follow each other.
func shuffled(list []address) []address {
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// All draw the same: bands 1 to 3, 0 to 6000 to bytes, bilinear, 256 pixels.
func contadoRaster(a address) string {
	return fmt.Sprintf("/xyz/%s/%d/%d/%d.png?bands=1,2,3&rescale=0,6000&resampling=bilinear", sceneDataset, a[0], a[1], a[2])
}

func contadoVector(a address) string {
	return fmt.Sprintf("/xyz/%s/%d/%d/%d.mvt", areasDataset, a[0], a[1], a[2])
}

func titilerRaster(file string, a address) string {
	return fmt.Sprintf("/tiles/WebMercatorQuad/%d/%d/%d.png?url=%s&bidx=1&bidx=2&bidx=3&rescale=0,6000&resampling=bilinear&reproject=bilinear",
		a[0], a[1], a[2], url.QueryEscape(file))
}
