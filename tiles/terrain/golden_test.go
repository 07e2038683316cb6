package terrain_test

import (
	"bytes"
	"flag"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"contado/tiles/colormap"
	"contado/tiles/encode"
	"contado/tiles/terrain"
)

var update = flag.Bool("update", false, "write the golden images anew; look at them")

// The size of the golden images.
const wide, high = 128, 96

// valley is an invented landscape: ridges, a valley with a lake at 600 m, and
// a corner without heights.
func valley(border int) *terrain.Surface {
	s := surface(wide, high, border, func(x, y float64) float64 {
		h := 585 + 7*math.Abs(y-high/2-14*math.Sin(x/21))
		for i, a := range []float64{60, 26, 9} {
			f := 0.05 * math.Pow(2, float64(i))
			h += a * math.Sin(x*f+1.3*float64(i)+math.Sin(y*f*0.7)) * math.Cos(y*f*0.8+float64(i))
		}
		return max(600, h)
	})
	s.CellX, s.CellY = constant(20), constant(20)
	s.Mask = make([]uint8, len(s.Heights))
	for i := range s.Mask {
		if x, y := i%(wide+2*border)-border, i/(wide+2*border)-border; x+y > 26 {
			s.Mask[i] = 255
		}
	}
	return s
}

// golden compares a picture with the one in testdata, to two levels a sample.
func golden(t *testing.T, name string, m *encode.Image) {
	t.Helper()
	var e encode.Encoder
	data, err := e.PNG(m)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; make it with -update", err)
	}
	a, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%s: %v, golden %v", name, a.Bounds(), b.Bounds())
	}
	near := func(a, b uint8) bool { return max(int(a), int(b))-min(int(a), int(b)) <= 2 }
	for y := range m.Height {
		for x := range m.Width {
			p, q := color.NRGBAModel.Convert(a.At(x, y)).(color.NRGBA), color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			if p.A == 0 && q.A == 0 {
				continue
			}
			if !near(p.R, q.R) || !near(p.G, q.G) || !near(p.B, q.B) || !near(p.A, q.A) {
				t.Fatalf("%s: pixel (%d, %d) is %v, golden %v", name, x, y, p, q)
			}
		}
	}
}

func paint(t *testing.T, ramp string, lo, hi float64, values []float32, mask []uint8) *encode.Image {
	t.Helper()
	m, err := colormap.Parse(ramp)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Painter(lo, hi)
	if err != nil {
		t.Fatal(err)
	}
	out := &encode.Image{Width: wide, Height: high, Palette: p.Palette, Pix: make([]uint8, wide*high)}
	p.Index(out.Pix, values, mask)
	return out
}

func TestGoldenImages(t *testing.T) {
	t.Parallel()
	s := valley(3)
	const n = wide * high
	shade, mask := make([]float32, n), make([]uint8, n)
	for name, draw := range map[string]func() (*encode.Image, error){
		"hillshade.png": func() (*encode.Image, error) {
			err := terrain.Hillshade(shade, mask, s, nil)
			return paint(t, "greys", 1, 255, shade, mask), err
		},
		"multidirectional.png": func() (*encode.Image, error) {
			err := terrain.Hillshade(shade, mask, s, &terrain.Light{Multidirectional: true, Exaggeration: 1.5})
			return paint(t, "greys", 1, 255, shade, mask), err
		},
		"slope.png": func() (*encode.Image, error) {
			err := terrain.Slope(shade, mask, s, terrain.Degrees)
			return paint(t, "ylorbr", 0, 60, shade, mask), err
		},
		"aspect.png": func() (*encode.Image, error) {
			err := terrain.Aspect(shade, mask, s)
			return paint(t, "twilight", 0, 360, shade, mask), err
		},
		"contours.png": func() (*encode.Image, error) {
			m := &encode.Image{Width: wide, Height: high, Kind: encode.RGBA, Pix: make([]uint8, 4*n)}
			return m, terrain.DrawContours(m, s, terrain.Levels{Interval: 50}, nil)
		},
		"contours-on-relief.png": func() (*encode.Image, error) {
			if err := terrain.Hillshade(shade, mask, s, &terrain.Light{Multidirectional: true}); err != nil {
				return nil, err
			}
			m := &encode.Image{Width: wide, Height: high, Kind: encode.RGB, Pix: make([]uint8, 3*n)}
			for i, v := range shade {
				for k := range 3 {
					m.Pix[3*i+k] = uint8(100 + 0.6*v)
				}
			}
			return m, terrain.DrawContours(m, s, terrain.Levels{Interval: 50}, &terrain.Pen{Width: 1.2, IndexWidth: 2.4})
		},
		"terrarium.png": func() (*encode.Image, error) {
			plain := valley(0)
			return terrain.Code(terrain.Terrarium, plain.Heights, plain.Mask, wide, high, 600)
		},
	} {
		m, err := draw()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name, m)
	}
}
