package draw

import (
	"cmp"
	"image"
	"image/color"
	stddraw "image/draw"
	"strconv"
	"unicode/utf8"

	"contado/geo/store/catalog"
	"contado/tiles/encode"
	"contado/tiles/style"
)

// LegendWidth is the width of legends as PNG, in pixels.
const LegendWidth = 260

const (
	legendRow  = 18
	legendHead = 20
	rampHeight = 16
	// maxEntries bounds the lines of a legend as a picture.
	maxEntries = 256
)

// Legend explains how a dataset is drawn.
func (p *Painter) Legend(d catalog.Dataset, one One) (style.Legend, error) {
	s, err := p.Renderer.Style(one.Source, one.Params)
	if err != nil {
		return style.Legend{}, err
	}
	return style.RasterLegend(d, s), nil
}

// legendHeight is the height of a legend as PNG.
func legendHeight(l style.Legend) int {
	h := legendHead + (len(heading(l))-1)*lineHeight + min(len(l.Entries), maxEntries)*legendRow + 4
	if l.Ramp != nil {
		h += rampHeight + lineHeight + 6
	}
	return h
}

// LegendPNG draws a legend for clients that show no SVG.
func (p *Painter) LegendPNG(l style.Legend) ([]byte, error) {
	ink, rim := color.NRGBA{R: 30, G: 30, B: 30, A: 255}, color.NRGBA{R: 110, G: 110, B: 110, A: 255}
	m := image.NewNRGBA(image.Rect(0, 0, LegendWidth, legendHeight(l)))
	stddraw.Draw(m, m.Bounds(), image.White, image.Point{}, stddraw.Src)
	for i, line := range heading(l) {
		write(m, 4, 7+i*lineHeight, LegendWidth-8, line, ink)
	}
	y := legendHead + (len(heading(l))-1)*lineHeight
	if r := l.Ramp; r != nil && len(r.Colours) > 0 {
		const wide = LegendWidth - 10
		for x := range wide {
			c := between(r.Colours, float64(x)/(wide-1))
			stddraw.Draw(m, image.Rect(5+x, y, 6+x, y+rampHeight), image.NewUniform(c), image.Point{}, stddraw.Src)
		}
		low, high := cmp.Or(r.Low, number(r.Min)), cmp.Or(r.High, number(r.Max))
		write(m, 5, y+rampHeight+5, LegendWidth/2-8, low, ink)
		write(m, LegendWidth-5-letterWidth*utf8.RuneCountInString(high), y+rampHeight+5, LegendWidth/2, high, ink)
		y += rampHeight + lineHeight + 6
	}
	for i, e := range l.Entries {
		if i == maxEntries {
			break
		}
		swatch := image.Rect(5, y+2, 29, y+legendRow-2)
		stddraw.Draw(m, swatch, image.NewUniform(rim), image.Point{}, stddraw.Src)
		stddraw.Draw(m, swatch.Inset(1), image.NewUniform(parseHex(e.Colour)), image.Point{}, stddraw.Src)
		write(m, 35, y+6, LegendWidth-38, e.Label, ink)
		y += legendRow
	}
	return p.encoder.PNG(&encode.Image{Width: m.Rect.Dx(), Height: m.Rect.Dy(), Kind: encode.RGBA, Pix: m.Pix})
}

// heading is the title with the unit, in at most three lines.
func heading(l style.Legend) []string {
	title := l.Title
	if l.Unit != "" {
		title += " (" + l.Unit + ")"
	}
	lines := wrap(title, (LegendWidth-8)/letterWidth)
	if len(lines) == 0 {
		return []string{""}
	}
	return lines[:min(len(lines), 3)]
}

// between is the colour at a share of a ramp.
func between(ramp []string, share float64) color.NRGBA {
	at := share * float64(len(ramp)-1)
	i := min(int(at), len(ramp)-1)
	a, b := parseHex(ramp[i]), parseHex(ramp[min(i+1, len(ramp)-1)])
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*(at-float64(i)) + 0.5) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

func parseHex(s string) color.NRGBA {
	c, err := Colour(s)
	if err != nil {
		return color.NRGBA{A: 255}
	}
	return c
}

// Note is a picture with a text on it, for errors told as images; "" leaves
// it blank. A nil background is transparent.
func (p *Painter) Note(text string, width, height int, background *color.NRGBA, f Format) ([]byte, error) {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	ink := color.NRGBA{R: 180, A: 255}
	if background != nil {
		stddraw.Draw(m, m.Bounds(), image.NewUniform(*background), image.Point{}, stddraw.Src)
		if int(background.R) > 150 && int(background.G)+int(background.B) < 200 {
			ink = color.NRGBA{A: 255}
		}
	}
	for i, line := range wrap(text, max(1, (width-8)/letterWidth)) {
		if y := 6 + i*lineHeight; y < height {
			write(m, 4, y, width-4, line, ink)
		}
	}
	return p.encode(&encode.Image{Width: width, Height: height, Kind: encode.RGBA, Pix: m.Pix}, f)
}
