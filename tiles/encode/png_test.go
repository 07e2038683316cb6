package encode_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/fault"
	"contado/tiles/encode"

	"pgregory.net/rapid"
)

func at(m *encode.Image, x, y int) color.NRGBA {
	i := y*m.Width + x
	switch m.Kind {
	case encode.Paletted:
		return m.Palette[m.Pix[i]]
	case encode.RGB:
		return color.NRGBA{m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2], 255}
	default:
		return color.NRGBA{m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3]}
	}
}

// What we write, the standard library reads back to the bit.
func TestDecodedByStandardLibrary(t *testing.T) {
	t.Parallel()
	var e encode.Encoder
	rapid.Check(t, func(t *rapid.T) {
		m := &encode.Image{
			Width:  rapid.IntRange(1, 70).Draw(t, "w"),
			Height: rapid.IntRange(1, 40).Draw(t, "h"),
			Kind:   encode.Kind(rapid.IntRange(0, 2).Draw(t, "kind")),
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := 256
		if m.Kind == encode.Paletted {
			n = rapid.IntRange(1, 256).Draw(t, "colours")
			for range n {
				m.Palette = append(m.Palette, color.NRGBA{uint8(rng.Int()), uint8(rng.Int()), uint8(rng.Int()), uint8(rng.Int())})
			}
		}
		m.Pix = make([]uint8, m.Width*m.Height*[]int{1, 3, 4}[m.Kind])
		for i := range m.Pix {
			m.Pix[i] = uint8(rng.IntN(n))
		}
		data, err := e.PNG(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got.Bounds() != image.Rect(0, 0, m.Width, m.Height) {
			t.Fatalf("bounds %v", got.Bounds())
		}
		for y := range m.Height {
			for x := range m.Width {
				if c := color.NRGBAModel.Convert(got.At(x, y)); c != at(m, x, y) && at(m, x, y).A != 0 {
					t.Fatalf("(%d, %d) = %v, want %v", x, y, c, at(m, x, y))
				}
			}
		}
	})
}

func TestRefusesWhatIsNotAnImage(t *testing.T) {
	t.Parallel()
	var e encode.Encoder
	for name, m := range map[string]*encode.Image{
		"no size":       {},
		"short pixels":  {Width: 2, Height: 2, Kind: encode.RGB, Pix: make([]uint8, 11)},
		"huge":          {Width: 1 << 20, Height: 1, Kind: encode.RGB},
		"no palette":    {Width: 1, Height: 1, Pix: []uint8{0}},
		"index outside": {Width: 1, Height: 1, Pix: []uint8{3}, Palette: make([]color.NRGBA, 3)},
		"layout":        {Width: 1, Height: 1, Kind: 9, Pix: []uint8{0}},
	} {
		if _, err := e.PNG(m); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func TestTransparent(t *testing.T) {
	t.Parallel()
	for _, size := range []int{256, 512} {
		data := encode.Transparent(size)
		m, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if m.Bounds().Dx() != size || len(data) > 1000 {
			t.Errorf("size %d: %v, %d bytes", size, m.Bounds(), len(data))
		}
		if _, _, _, a := m.At(size/2, size/2).RGBA(); a != 0 {
			t.Error("not transparent")
		}
	}
}

// imagery is a landscape-like picture: smooth waves with some noise.
func imagery(kind encode.Kind) *encode.Image {
	const n = 256
	rng := rand.New(rand.NewPCG(1, 2))
	ch := []int{1, 3, 4}[kind]
	m := &encode.Image{Width: n, Height: n, Kind: kind, Pix: make([]uint8, n*n*ch)}
	for y := range n {
		for x := range n {
			for c := range ch {
				v := 128 + 60*math.Sin(float64(x)/17+float64(c)) + 40*math.Cos(float64(y)/23) + 12*rng.Float64()
				m.Pix[(y*n+x)*ch+c] = uint8(v)
			}
			if kind == encode.RGBA {
				m.Pix[(y*n+x)*ch+3] = 255
			}
		}
	}
	for i := range 256 {
		m.Palette = append(m.Palette, color.NRGBA{uint8(i), uint8(i), uint8(i), 255})
	}
	return m
}

func BenchmarkPNG(b *testing.B) {
	var e encode.Encoder
	for _, c := range []struct {
		name string
		kind encode.Kind
	}{{"palette", encode.Paletted}, {"rgb", encode.RGB}, {"rgba", encode.RGBA}} {
		m := imagery(c.kind)
		b.Run(c.name+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := e.PNG(m)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "bytes")
			}
		})
		std := standard(m)
		b.Run(c.name+"/std", func(b *testing.B) {
			b.ReportAllocs()
			var buf bytes.Buffer
			for b.Loop() {
				buf.Reset()
				if err := png.Encode(&buf, std); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(buf.Len()), "bytes")
			}
		})
	}
}

func standard(m *encode.Image) image.Image {
	r := image.Rect(0, 0, m.Width, m.Height)
	if m.Kind == encode.Paletted {
		p := make(color.Palette, len(m.Palette))
		for i, c := range m.Palette {
			p[i] = c
		}
		return &image.Paletted{Pix: m.Pix, Stride: m.Width, Rect: r, Palette: p}
	}
	out := image.NewNRGBA(r)
	for y := range m.Height {
		for x := range m.Width {
			out.SetNRGBA(x, y, at(m, x, y))
		}
	}
	return out
}
