package colormap_test

import (
	"bytes"
	"flag"
	"image/color"
	"image/png"
	"os"
	"testing"

	"contado/tiles/colormap"
	"contado/tiles/encode"
)

var update = flag.Bool("update", false, "write the golden image anew; look at it")

// All maps one below the other, by name.
func TestGoldenSheet(t *testing.T) {
	t.Parallel()
	const wide, row = 192, 6
	names := colormap.Names()
	m := &encode.Image{Width: wide, Height: row * len(names), Kind: encode.RGB}
	for _, name := range names {
		for range row {
			for _, c := range colormap.Ramp(name, wide) {
				m.Pix = append(m.Pix, c.R, c.G, c.B)
			}
		}
	}
	var e encode.Encoder
	data, err := e.PNG(m)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/maps.png"
	if *update {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; make it with -update", err)
	}
	img, err := png.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() != wide || img.Bounds().Dy() != row*len(names) {
		t.Fatalf("golden image of %v; there are %d maps", img.Bounds(), len(names))
	}
	for i, name := range names {
		for x, c := range colormap.Ramp(name, wide) {
			if g := color.NRGBAModel.Convert(img.At(x, i*row)).(color.NRGBA); near(c, g) > 1 {
				t.Errorf("%s at %d is %v, golden %v", name, x, c, g)
				break
			}
		}
	}
}
