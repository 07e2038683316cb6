package raster

import (
	"image/color"
	"maps"
	"slices"
	"strings"
)

// anchors are the published colours of each ramp at equal steps: viridis,
// magma, inferno, plasma (matplotlib, CC0), cividis (Nuñez, Anderton, Renslow
// 2018), the others ColorBrewer 2.0 (Brewer, Apache-2.0). Viridis, magma,
// cividis and the one-hue ramps are safe for colour-blind readers. terrain is
// our own: green lowland, brown slopes, white peaks.
var anchors = map[string]string{
	"viridis":  "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
	"magma":    "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
	"inferno":  "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
	"plasma":   "0d0887 47039f 7301a8 9c179e bd3786 d8576b ed7953 fa9e3b fdc926 f0f921",
	"cividis":  "00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46",
	"greys":    "000000 ffffff",
	"terrain":  "2f7d4f 7fb069 d5d68a cfae72 a57b58 8b756c c9c4c0 ffffff",
	"rdylgn":   "a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837",
	"spectral": "9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2",
	"rdbu":     "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061",
	"blues":    "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
	"greens":   "f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b",
	"ylorrd":   "ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026",
}

// Colormaps lists the names of the ramps, sorted. Each may be turned round by
// adding "_r".
func Colormaps() []string { return slices.Sorted(maps.Keys(anchors)) }

// Ramp returns n colours of a ramp from its low to its high end; nil when
// there is none of that name (see Colormaps) or n is less than 2.
func Ramp(name string, n int) []color.NRGBA {
	name, reversed := strings.CutSuffix(name, "_r")
	text, ok := anchors[name]
	if !ok || n < 2 {
		return nil
	}
	var stops []color.NRGBA
	for _, hex := range strings.Fields(text) {
		c, _ := ParseColor("#" + hex)
		stops = append(stops, c)
	}
	out := make([]color.NRGBA, n)
	for i := range out {
		at := float64(i) / float64(n-1) * float64(len(stops)-1)
		k := min(int(at), len(stops)-2)
		f := at - float64(k)
		a, b := stops[k], stops[k+1]
		mix := func(a, b uint8) uint8 { return uint8(float64(a) + f*(float64(b)-float64(a)) + 0.5) }
		out[i] = color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
	}
	if reversed {
		slices.Reverse(out)
	}
	return out
}

// ParseColor reads #rrggbb.
func ParseColor(s string) (color.NRGBA, bool) {
	if len(s) != 7 || s[0] != '#' {
		return color.NRGBA{}, false
	}
	var v [3]uint8
	for i := range v {
		for _, ch := range []byte(s[1+2*i : 3+2*i]) {
			d := strings.IndexByte("0123456789abcdef", ch|0x20)
			if d < 0 || ch < '0' {
				return color.NRGBA{}, false
			}
			v[i] = v[i]<<4 | uint8(d)
		}
	}
	return color.NRGBA{v[0], v[1], v[2], 255}, true
}

// qualitative colours stand in for classes that come without: Okabe and Ito
// 2008 first, which colour-blind readers can tell apart, then Paul Tol's muted.
var qualitative = strings.Fields("e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 332288 88ccee 44aa99 117733 999933 ddcc77 cc6677 882255 aa4499")

// ClassColor is the colour of the i-th class: its own, or one of a fixed
// sequence when it has none.
func ClassColor(own string, i int) color.NRGBA {
	if c, ok := ParseColor(own); ok {
		return c
	}
	c, _ := ParseColor("#" + qualitative[i%len(qualitative)])
	return c
}
