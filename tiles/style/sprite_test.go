package style_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"

	"contado/tiles/style"
)

func TestSprite(t *testing.T) {
	t.Parallel()
	for _, ratio := range []int{1, 2} {
		data, list, err := style.Sprite(ratio)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		sheet := img.(*image.NRGBA)
		seen := map[string]string{}
		for name, at := range list {
			box := image.Rect(at.X, at.Y, at.X+at.Width, at.Y+at.Height)
			if !box.In(sheet.Bounds()) || at.PixelRatio != ratio {
				t.Errorf("%s lies at %v of %v", name, at, sheet.Bounds())
				continue
			}
			var alphas []byte
			for y := box.Min.Y; y < box.Max.Y; y++ {
				for x := box.Min.X; x < box.Max.X; x++ {
					alphas = append(alphas, sheet.NRGBAAt(x, y).A)
				}
			}
			// Something drawn, something not, and nothing drawn twice.
			if slices.Max(alphas) < 100 || slices.Min(alphas) > 191 {
				t.Errorf("%s: opacity from %d to %d", name, slices.Min(alphas), slices.Max(alphas))
			}
			if other, twice := seen[string(alphas)]; twice {
				t.Errorf("%s looks as %s", name, other)
			}
			seen[string(alphas)] = name
		}
		for _, n := range style.PatternNames {
			if _, ok := list[n]; !ok {
				t.Errorf("no pattern %s", n)
			}
		}
		if middle := sheet.NRGBAAt(list["circle"].X+list["circle"].Width/2, list["circle"].Height/2).A; middle < 240 {
			t.Errorf("the middle of the circle has %d", middle)
		}
	}
}
