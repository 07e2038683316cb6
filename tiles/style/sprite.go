package style

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"slices"
)

// SpriteImage is where an image lies in the sheet, in pixels of the sheet.
type SpriteImage struct {
	X          int  `json:"x"`
	Y          int  `json:"y"`
	Width      int  `json:"width"`
	Height     int  `json:"height"`
	PixelRatio int  `json:"pixelRatio"`
	SDF        bool `json:"sdf,omitempty"`
}

// Sizes in pixels of a screen of ratio 1.
const (
	iconSize    = 24
	patternSize = 16
	// An icon's opacity is sdfEdge on its edge and falls to nothing within
	// sdfReach pixels of the sheet, as MapLibre reads signed distances.
	sdfReach = 8
	sdfEdge  = 0.75
)

// icons are shapes by their distance from the edge, in units of the icon's
// radius: negative inside. They are told apart without colour.
var icons = map[string]func(x, y float64) float64{
	"circle":   func(x, y float64) float64 { return math.Hypot(x, y) - 0.8 },
	"square":   func(x, y float64) float64 { return math.Max(math.Abs(x), math.Abs(y)) - 0.7 },
	"diamond":  func(x, y float64) float64 { return (math.Abs(x)+math.Abs(y))/math.Sqrt2 - 0.65 },
	"triangle": func(x, y float64) float64 { return regular(x, y-0.15, 3, 0.45) },
	"pentagon": func(x, y float64) float64 { return regular(x, y, 5, 0.68) },
	"hexagon":  func(x, y float64) float64 { return regular(x, y, 6, 0.72) },
	"plus":     func(x, y float64) float64 { return plus(x, y) },
	"cross":    func(x, y float64) float64 { return plus((x+y)/math.Sqrt2, (x-y)/math.Sqrt2) },
	"ring":     func(x, y float64) float64 { return math.Abs(math.Hypot(x, y)-0.62) - 0.2 },
}

// regular is a polygon with a corner at the top; inner is its inner radius.
func regular(x, y float64, corners int, inner float64) float64 {
	step := 2 * math.Pi / float64(corners)
	a := math.Mod(math.Atan2(x, -y)+4*math.Pi, step) - step/2
	return math.Hypot(x, y)*math.Cos(a) - inner
}

func plus(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	return math.Min(math.Max(x-0.85, y-0.28), math.Max(x-0.28, y-0.85))
}

// patterns say how dark a pixel of a tile that repeats is, 0 to 1; x and y
// run from 0 to 1.
var patterns = map[string]func(x, y float64) float64{
	"hatch":       func(x, y float64) float64 { return stripe(x + y) },
	"hatch-back":  func(x, y float64) float64 { return stripe(x - y) },
	"cross-hatch": func(x, y float64) float64 { return math.Max(stripe(x+y), stripe(x-y)) },
	"lines":       func(_, y float64) float64 { return stripe(2 * y) },
	"columns":     func(x, _ float64) float64 { return stripe(2 * x) },
	"dots": func(x, y float64) float64 {
		a, b := math.Mod(2*x, 1)-0.5, math.Mod(2*y, 1)-0.5
		return soft(0.2 - math.Hypot(a, b))
	},
	"grid": func(x, y float64) float64 { return math.Max(stripe(2*x), stripe(2*y)) },
}

// PatternNames are the fill patterns in the order in which classes take them.
var PatternNames = []string{"hatch", "dots", "hatch-back", "lines", "cross-hatch", "columns", "grid"}

func stripe(v float64) float64 { return soft(0.09 - math.Abs(v-math.Round(v))) }

func soft(v float64) float64 { return math.Min(math.Max(v*16+0.5, 0), 1) }

// Sprite draws the sheet of icons and patterns for a screen's pixel ratio (1
// or 2), and lists where each lies (MapLibre style specification, sprite).
func Sprite(ratio int) ([]byte, map[string]SpriteImage, error) {
	list := map[string]SpriteImage{}
	side := iconSize * ratio
	names := slices.Sorted(maps.Keys(icons))
	fills := slices.Sorted(maps.Keys(patterns))
	img := image.NewNRGBA(image.Rect(0, 0, side*max(len(names), len(fills)), side+patternSize*ratio))
	for i, n := range names {
		at := SpriteImage{X: i * side, Width: side, Height: side, PixelRatio: ratio, SDF: true}
		list[n] = at
		drawIcon(img, at, icons[n])
	}
	size := patternSize * ratio
	for i, n := range fills {
		at := SpriteImage{X: i * size, Y: side, Width: size, Height: size, PixelRatio: ratio}
		list[n] = at
		for y := range size {
			for x := range size {
				v := patterns[n]((float64(x)+0.5)/float64(size), (float64(y)+0.5)/float64(size))
				img.SetNRGBA(at.X+x, at.Y+y, color.NRGBA{R: 0x33, G: 0x30, B: 0x2b, A: uint8(math.Round(v * 150))})
			}
		}
	}
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), list, err
}

// drawIcon writes the distance from the edge into the opacity.
func drawIcon(img *image.NRGBA, at SpriteImage, shape func(x, y float64) float64) {
	radius := float64(at.Width) / 2
	inner := radius - 3*float64(at.PixelRatio) // the field needs room around
	for y := range at.Height {
		for x := range at.Width {
			d := shape((float64(x)+0.5-radius)/inner, (float64(y)+0.5-radius)/inner) * inner
			v := 255 * (sdfEdge - d/sdfReach)
			img.SetNRGBA(at.X+x, at.Y+y, color.NRGBA{A: uint8(math.Min(math.Max(math.Round(v), 0), 255))})
		}
	}
}
