package analysis

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/coverage/report"
	"contado/geo/crs"
	"contado/geo/fault"
)

// pictureSide is the longer side of the travel time picture, in pixels.
const pictureSide = 760

// timeColours run from near to far: a ramp of falling lightness that people
// with any colour vision tell apart (after ColorBrewer's YlGnBu, reversed in
// meaning: dark is near). The last two are "later" and "cannot be reached".
var timeColours = []color.NRGBA{
	{8, 64, 129, 255}, {34, 125, 179, 255}, {78, 179, 190, 255}, {153, 213, 183, 255}, {214, 236, 190, 255},
}

var (
	laterColour       = color.NRGBA{250, 219, 160, 255}
	unreachableColour = color.NRGBA{190, 174, 172, 255}
)

// drawTimes adds the picture of the travel time surface to a sketch: classes
// by threshold, clear outside the areas, rows of equal latitude.
func drawTimes(s *report.Sketch, f *footing, m *movement, box geo.BBox, thresholds []float64) error {
	limits := timeClasses(thresholds)
	width, height := pictureSize(box)
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette(len(limits)))
	tr, err := crs.New(geo.WGS84, f.grid.CRS)
	if err != nil {
		return err
	}
	inv, ok := f.grid.Transform.Invert()
	if !ok {
		return fault.Errorf("analysis.picture", fault.Invalid, "the grid's georeference is degenerate")
	}
	xs, ys := make([]float64, width), make([]float64, width)
	for y := range height {
		for x := range width {
			xs[x] = box.MinX + (float64(x)+0.5)/float64(width)*box.Width()
			ys[x] = box.MaxY - (float64(y)+0.5)/float64(height)*box.Height()
		}
		if err := tr.Points(xs, ys); err != nil {
			return err
		}
		for x := range width {
			c, r := inv.Apply(xs[x], ys[x])
			img.SetColorIndex(x, y, colourOf(f, m, int(math.Floor(c)), int(math.Floor(r)), limits))
		}
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, img); err != nil {
		return err
	}
	if b.Len() > report.MaxBackdrop {
		return nil // too much detail to carry along: the report goes without
	}
	s.Backdrop, s.BackdropBounds = b.Bytes(), box.Bound()
	for i, t := range limits {
		s.BackdropLegend = append(s.BackdropLegend, report.LegendEntry{Color: hex(timeColours[i]), Seconds: t})
	}
	s.BackdropLegend = append(s.BackdropLegend,
		report.LegendEntry{Color: hex(laterColour), Seconds: math.Inf(1)},
		report.LegendEntry{Color: hex(unreachableColour), Seconds: math.NaN()})
	return nil
}

// timeClasses are the upper limits of the classes: the thresholds, at most as
// many as there are colours (the largest are kept).
func timeClasses(thresholds []float64) []float64 {
	t := slices.Clone(thresholds)
	slices.Sort(t)
	t = slices.Compact(t)
	if len(t) > len(timeColours) {
		t = t[len(t)-len(timeColours):]
	}
	return t
}

func pictureSize(box geo.BBox) (width, height int) {
	ratio := box.Height() / (box.Width() * math.Cos((box.MinY+box.MaxY)/2*math.Pi/180))
	if ratio > 1 {
		return max(1, int(pictureSide/ratio)), pictureSide
	}
	return pictureSide, max(1, int(pictureSide*ratio))
}

// palette: 0 clear, then the classes, then later, then unreachable.
func palette(classes int) color.Palette {
	p := color.Palette{color.NRGBA{}}
	for i := range classes {
		p = append(p, timeColours[i])
	}
	return append(p, laterColour, unreachableColour)
}

func colourOf(f *footing, m *movement, col, row int, limits []float64) uint8 {
	if col < 0 || row < 0 || col >= f.grid.Width || row >= f.grid.Height {
		return 0
	}
	cell := row*f.grid.Width + col
	if f.area[cell] == noArea {
		return 0
	}
	t := float64(m.seconds[cell])
	for i, limit := range limits {
		if t <= limit {
			return uint8(i + 1)
		}
	}
	if math.IsInf(t, 1) {
		return uint8(len(limits) + 2)
	}
	return uint8(len(limits) + 1)
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
