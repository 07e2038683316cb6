package encode_test

import (
	"image/color"
	"math/rand/v2"
	"testing"

	"contado/geo"
	"contado/geo/grid"
	"contado/tiles/encode"
)

// BenchmarkTile measures every format on a tile of 256 × 256 pixels: a
// landscape-like picture with noise, and classes.
func BenchmarkTile(b *testing.B) {
	rgb, rgba, palette, classes := imagery(encode.RGB), imagery(encode.RGBA), imagery(encode.Paletted), patches()
	holes(rgba)
	var e encode.Encoder
	run := func(name string, fn func() ([]byte, error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := fn()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "bytes")
			}
		})
	}
	white := &encode.JPEGOptions{Background: &color.NRGBA{255, 255, 255, 255}}
	for _, c := range []struct {
		name string
		m    *encode.Image
	}{{"rgb", rgb}, {"rgba", rgba}, {"palette", palette}, {"classes", classes}} {
		run("png/"+c.name, func() ([]byte, error) { return e.PNG(c.m) })
		run("webp/"+c.name, func() ([]byte, error) { return encode.WebP(c.m, nil) })
		run("jpeg/"+c.name, func() ([]byte, error) { return encode.JPEG(c.m, white) })
	}
	run("webp/palette-lossy", func() ([]byte, error) { return encode.WebP(palette, &encode.WebPOptions{Loss: encode.Lossy}) })
	run("webp/rgb-lossless", func() ([]byte, error) { return encode.WebP(rgb, &encode.WebPOptions{Loss: encode.Lossless}) })
	bands, mask, g := values()
	run("npy", func() ([]byte, error) { return encode.NPY(bands, mask, 256, 256) })
	run("geotiff", func() ([]byte, error) { return encode.GeoTIFF(bands, mask, g, nil) })
	run("geotiff/1", func() ([]byte, error) { return encode.GeoTIFF(bands[:1], mask, g, nil) })
}

// patches is a land-cover-like picture: blocks of few colours, none outside.
func patches() *encode.Image {
	const n = 256
	rng := rand.New(rand.NewPCG(3, 4))
	m := &encode.Image{Width: n, Height: n, Pix: make([]uint8, n*n), Palette: []color.NRGBA{{}}}
	for i := range 12 {
		m.Palette = append(m.Palette, color.NRGBA{uint8(i * 20), uint8(255 - i*13), uint8(i * 91), 255})
	}
	for range 900 {
		x, y, w, h, v := rng.IntN(n), rng.IntN(n), 1+rng.IntN(30), 1+rng.IntN(30), uint8(rng.IntN(13))
		for r := y; r < min(n, y+h); r++ {
			for c := x; c < min(n, x+w); c++ {
				m.Pix[r*n+c] = v
			}
		}
	}
	return m
}

// holes makes a corner of the picture transparent.
func holes(m *encode.Image) {
	for y := range m.Height {
		for x := range m.Width {
			if x+y < m.Width/2 {
				copy(m.Pix[4*(y*m.Width+x):], []uint8{0, 0, 0, 0})
			}
		}
	}
}

// values are three bands of reflectance-like numbers on a Mercator tile.
func values() ([][]float32, []uint8, grid.Grid) {
	const n = 256
	rng := rand.New(rand.NewPCG(5, 6))
	bands := make([][]float32, 3)
	mask := make([]uint8, n*n)
	for b := range bands {
		bands[b] = make([]float32, n*n)
		for i := range bands[b] {
			bands[b][i] = float32(500+i/n*7+i%n*3+rng.IntN(200)) / 10000
		}
	}
	for i := range mask {
		if i%n+i/n > 100 {
			mask[i] = 255
		}
	}
	g := grid.Grid{CRS: geo.WebMercator, Transform: grid.Transform{1e6, 38.2, 0, 5.7e6, 0, -38.2}, Width: n, Height: n}
	return bands, mask, g
}
