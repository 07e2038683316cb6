package colormap_test

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/tiles/colormap"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	t.Parallel()
	names := colormap.Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%v", names)
	}
	for _, want := range []string{"viridis", "magma", "inferno", "plasma", "cividis", "turbo", "greys", "terrain", "rdylgn", "spectral", "rdbu", "blues", "greens", "ylorrd", "ndvi", "water", "snow", "burn", "phase"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, info := range colormap.All() {
		if info.Source == "" || info.Licence == "" || info.Kind == "" {
			t.Errorf("%+v", info)
		}
		up, down := colormap.Ramp(info.Name, 101), colormap.Ramp(strings.ToUpper(info.Name)+"_R", 101)
		slices.Reverse(down)
		if !slices.Equal(up, down) {
			t.Errorf("%s is not the reverse of its reverse", info.Name)
		}
	}
	if i, ok := colormap.Find("Viridis_r"); !ok || i.Name != "viridis_r" {
		t.Errorf("%+v", i)
	}
	if _, ok := colormap.Find("nothing"); ok || colormap.Ramp("nothing", 5) != nil || colormap.Ramp("viridis", 1) != nil {
		t.Error("a ramp of nothing")
	}
}

// Published colours of matplotlib 3.8, cmocean 4.0 and ColorBrewer at 0, ¼, ½,
// ¾ and 1 of 255.
func TestPublishedColours(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"viridis": "440154 3b528b 21918c 5ec962 fde725",
		"magma":   "000004 51127c b73779 fc8961 fcfdbf",
		"inferno": "000004 57106e bc3754 f98e09 fcffa4",
		"plasma":  "0d0887 7e03a8 cc4778 f89540 f0f921",
		"cividis": "00224e 434e6c 7d7c78 bcae6c fee838",
		"turbo":   "30123b 28bceb a4fc3c fb7e21 7a0403",
		"blues":   "f7fbff c6dbef 6baed6 2171b5 08306b",
	} {
		got := colormap.Ramp(name, 256)
		for i, hex := range strings.Fields(want) {
			c, _ := colormap.ParseColor("#" + hex)
			g := got[[]int{0, 64, 128, 191, 255}[i]]
			if near(c, g) > 4 {
				t.Errorf("%s at %d/4: %s, published %s", name, i, colormap.Hex(g), hex)
			}
		}
	}
}

// A ColorBrewer scheme of as many colours as it has is the scheme.
func TestBrewerSchemes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"rdbu": "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061",
		"ylgn": "ffffe5 f7fcb9 d9f0a3 addd8e 78c679 41ab5d 238443 006837 004529",
		"set2": "66c2a5 fc8d62 8da0cb e78ac3 a6d854 ffd92f e5c494 b3b3b3",
	} {
		hexes := strings.Fields(want)
		for i, c := range colormap.Ramp(name, len(hexes)) {
			if colormap.Hex(c) != "#"+hexes[i] {
				t.Errorf("%s colour %d is %s, want %s", name, i, colormap.Hex(c), hexes[i])
			}
		}
	}
}

func near(a, b color.NRGBA) int {
	d := func(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B))
}

// lab is CIE L*a*b* (D65) of a colour as a reader sees it: sight 0 is full,
// 1 protanopia, 2 deuteranopia (Machado, Oliveira and Fernandes 2009, full
// severity, in linear RGB).
func lab(c color.NRGBA, sight int) [3]float64 {
	machado := [][9]float64{
		{1, 0, 0, 0, 1, 0, 0, 0, 1},
		{0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
		{0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	}
	var rgb, seen [3]float64
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		f := float64(v) / 255
		if f <= 0.04045 {
			rgb[i] = f / 12.92
		} else {
			rgb[i] = math.Pow((f+0.055)/1.055, 2.4)
		}
	}
	for i := range seen {
		for k := range 3 {
			seen[i] += machado[sight][3*i+k] * rgb[k]
		}
		seen[i] = max(0, min(1, seen[i]))
	}
	x := (0.4124564*seen[0] + 0.3575761*seen[1] + 0.1804375*seen[2]) / 0.95047
	y := 0.2126729*seen[0] + 0.7151522*seen[1] + 0.0721750*seen[2]
	z := (0.0193339*seen[0] + 0.1191920*seen[1] + 0.9503041*seen[2]) / 1.08883
	f := func(v float64) float64 {
		if v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	return [3]float64{116*f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))}
}

func distance(a, b [3]float64) float64 {
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}

// What is called safe is so under simulated sight: the lightness of
// sequential maps runs one way, diverging maps have two sides that differ,
// and classes differ from each other.
func TestSafeForColourBlindReaders(t *testing.T) {
	t.Parallel()
	for _, info := range colormap.All() {
		if !info.CVDSafe {
			continue
		}
		for sight := range 3 {
			if err := readable(info, sight); err != nil {
				t.Errorf("%s with sight %d: %v", info.Name, sight, err)
			}
		}
	}
}

// The test of safety can fail: it does for maps known to mislead.
func TestUnsafeMapsAreFound(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"turbo", "rdylgn", "terrain"} {
		info, _ := colormap.Find(name)
		if info.CVDSafe || readable(info, 1) == nil && readable(info, 2) == nil {
			t.Errorf("%s is taken for safe", name)
		}
	}
}

func readable(info colormap.Info, sight int) error {
	if info.Kind == colormap.Qualitative {
		n := 7 // of those that ClassColor gives first
		return apart(colormap.Ramp(info.Name, n), sight)
	}
	const n = 33
	ramp := colormap.Ramp(info.Name, n)
	var l [n][3]float64
	for i, c := range ramp {
		l[i] = lab(c, sight)
	}
	switch info.Kind {
	case colormap.Sequential:
		sign := math.Copysign(1, l[n-1][0]-l[0][0])
		for i := 1; i < n; i++ {
			if (l[i][0]-l[i-1][0])*sign < -0.6 {
				return fmt.Errorf("lightness turns at %d: %.1f, %.1f", i, l[i-1][0], l[i][0])
			}
		}
		if math.Abs(l[n-1][0]-l[0][0]) < 40 {
			return fmt.Errorf("lightness from %.0f to %.0f", l[0][0], l[n-1][0])
		}
	default:
		for i := n / 8; i < n/2-4; i++ { // the same step on the two sides
			if d := distance(l[i], l[n-1-i]); d < 10 {
				return fmt.Errorf("the sides are alike at step %d: %s and %s, %.1f", i, colormap.Hex(ramp[i]), colormap.Hex(ramp[n-1-i]), d)
			}
		}
	}
	return nil
}

func apart(colours []color.NRGBA, sight int) error {
	for i, a := range colours {
		for _, b := range colours[:i] {
			if d := distance(lab(a, sight), lab(b, sight)); d < 8 {
				return fmt.Errorf("%s and %s are alike: %.1f", colormap.Hex(a), colormap.Hex(b), d)
			}
		}
	}
	return nil
}

func TestParseForms(t *testing.T) {
	t.Parallel()
	red, green, blue := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0, 255, 255}
	mid := color.NRGBA{128, 128, 0, 255}
	none := color.NRGBA{}
	type at struct {
		v float32
		c color.NRGBA
	}
	for text, c := range map[string]struct {
		form colormap.Form
		want []at // over 0 to 10
	}{
		"#ff0000,#00ff00":                                                 {colormap.Scale, []at{{-5, red}, {0, red}, {10, green}, {12, green}, {5, mid}}},
		" 0:#ff0000 , 0.5:#00ff00,1:#00f":                                 {"", nil},
		"0:#ff0000,0.5:#00ff00,1:#0000ff":                                 {colormap.Scale, []at{{0, red}, {5, green}, {10, blue}}},
		"-20:#ff0000,20:#00ff00":                                          {colormap.Scale, []at{{-20, red}, {0, mid}, {20, green}}},
		"0:#ff0000,0.5:#ff0000,0.5:#00ff00,1:#00ff00":                     {colormap.Scale, []at{{4.9, red}, {5.1, green}}},
		"#ff000000,#ff0000ff":                                             {colormap.Scale, []at{{0, color.NRGBA{255, 0, 0, 0}}, {10, red}}},
		`{"1":"#ff0000","-7":[0,255,0],"1000000":[0,0,255,255]}`:          {colormap.Classes, []at{{1, red}, {-7, green}, {1e6, blue}, {2, none}, {1.5, none}, {float32(math.NaN()), none}, {3e9, none}}},
		`{"1":"#ff0000","3":"#00ff00"}`:                                   {colormap.Classes, []at{{1, red}, {3, green}, {2, none}, {0, none}, {4, none}, {-1e30, none}}},
		`[[[0,1],[255,0,0,255]],[[1,2.5],"#00ff00"],[[-4,-3],[0,0,255]]]`: {colormap.Intervals, []at{{0, red}, {0.999, red}, {1, green}, {2.5, none}, {-3.5, blue}, {-2, none}, {99, none}, {float32(math.NaN()), none}}},
		"greys": {colormap.Scale, []at{{0, color.NRGBA{0, 0, 0, 255}}, {10, color.NRGBA{255, 255, 255, 255}}}},
	} {
		m, err := colormap.Parse(text)
		if c.form == "" {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err != nil || m.Form() != c.form {
			t.Errorf("%s: %v %v", text, m.Form(), err)
			continue
		}
		p, err := m.Painter(0, 10)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, w := range c.want {
			if got := p.Colour(w.v); near(got, w.c) > 1 || near(color.NRGBA{R: got.A}, color.NRGBA{R: w.c.A}) > 1 {
				t.Errorf("%s: %g is %v, want %v", text, w.v, got, w.c)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	many := `{"0":"#000000"`
	for i := 1; i < 300; i++ {
		many += fmt.Sprintf(`,"%d":"#%06x"`, i, i)
	}
	many += "}"
	for text, want := range map[string]string{
		"":                      "empty",
		"jet2":                  `there is no "jet2"`,
		"#ff0000":               "2 to 256",
		"#ff0000,red":           `"red" is not a colour`,
		"0:#ff0000,#00ff00":     "all of them",
		"1:#ff0000,0:#00ff00":   "positions go up",
		"1:#ff0000,1:#00ff00":   "all stops lie",
		"nan:#ff0000,1:#00ff00": "not a position",
		strings.Repeat("#000000,", 300) + "#ffffff": "2 to 256",
		"{}":                                    "no classes",
		`{"a":"#000000"}`:                       "whole number",
		`{"1":"#000000","1":"#000001"}`:         "twice",
		`{"1":"black"}`:                         "not a colour",
		`{"1":[1,2]}`:                           "not a colour",
		`{"1":[1,2,300]}`:                       "not a colour",
		`{"1":"#000000"`:                        "ends in the middle",
		`{"1":"#000000"} x`:                     "more text",
		`{"99999999999":"#000000"}`:             "whole number",
		many:                                    "different colours",
		"[]":                                    "intervals",
		"[[[1,2]]]":                             "parts",
		`[[[2,1],"#000000"]]`:                   "not a range",
		`[[[0,2],"#000000"],[[1,3],"#000000"]]`: "overlap",
		`[[[0,2],"#000000"]`:                    "ends in the middle",
		`[1]`:                                   "JSON",
	} {
		_, err := colormap.Parse(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
	if _, err := colormap.Parse(strings.Repeat(" #000000,", 5000) + "x"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("long: %v", err)
	}
	m, _ := colormap.Parse("viridis")
	if _, err := m.Painter(1, 1); !fault.Is(err, fault.Invalid) {
		t.Errorf("no range: %v", err)
	}
}

// The palette index of a value is that of rounding its place in the range.
func TestIndex(t *testing.T) {
	t.Parallel()
	m, err := colormap.Parse("viridis")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1e6, 1e6).Draw(t, "lo")
		hi := lo + rapid.Float64Range(1e-3, 1e6).Draw(t, "width")
		p, err := m.Painter(lo, hi)
		if err != nil {
			t.Fatal(err)
		}
		values := rapid.SliceOfN(rapid.Float32Range(-2e6, 2e6), 1, 20).Draw(t, "values")
		values = append(values, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)))
		mask := make([]uint8, len(values))
		for i := range mask {
			mask[i] = uint8(255 * (i%4/3 ^ 1))
		}
		dst := make([]uint8, len(values))
		p.Index(dst, values, mask)
		for i, v := range values {
			want := 1 + int(math.Floor(max(0, min(254, (float64(v)-lo)/(hi-lo)*254))+0.5))
			if mask[i] == 0 || v != v {
				want = 0
			}
			if d := int(dst[i]) - want; d != 0 && (mask[i] == 0 || d < -1 || d > 1 || math.Abs(math.Mod((float64(v)-lo)/(hi-lo)*254, 1)-0.5) > 1e-6) {
				t.Fatalf("%g within %g to %g: %d, want %d", v, lo, hi, dst[i], want)
			}
		}
	})
}

func TestClassColor(t *testing.T) {
	t.Parallel()
	if c := colormap.ClassColor("#010203", 5); c != (color.NRGBA{1, 2, 3, 255}) {
		t.Error(c)
	}
	seen := map[color.NRGBA]bool{}
	for i := range 16 {
		seen[colormap.ClassColor("", i)] = true
	}
	if len(seen) != 16 || colormap.ClassColor("", 16) != colormap.ClassColor("none", 0) {
		t.Errorf("%d colours", len(seen))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"viridis_r", "#ff0000,#00ff00", "0:#ff0000,0.5:#00ff0080,1:#0000ff", `{"1":"#ff0000","2":[1,2,3,4]}`,
		`[[[0,1],[255,0,0,255]],[[1,2],"#00ff00"]]`, `{"1":`, `[[[1e400,2],1]]`, "1e400:#000000,2:#000000", ",", "{}", "[]",
	} {
		f.Add(s)
	}
	values := []float32{0, 0.5, 1, -1, 1e30, float32(math.Inf(1)), float32(math.NaN())}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := colormap.Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		p, err := m.Painter(0, 1)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if n := len(p.Palette); n < 2 || n > 256 || p.Palette[0] != (color.NRGBA{}) {
			t.Fatalf("%q: %d colours", text, n)
		}
		dst := make([]uint8, len(values))
		p.Index(dst, values, nil)
		for _, v := range dst {
			if int(v) >= len(p.Palette) {
				t.Fatalf("%q: index %d of %d", text, v, len(p.Palette))
			}
		}
		if lo, hi, ok := m.Range(); ok && !(lo <= hi) {
			t.Fatalf("%q: range %g to %g", text, lo, hi)
		}
	})
}

func TestInfoAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(colormap.All()[0])
	if err != nil || !strings.Contains(string(text), `"cvd_safe":`) {
		t.Errorf("%s %v", text, err)
	}
}

func BenchmarkIndex(b *testing.B) {
	values, mask, dst := make([]float32, 65536), make([]uint8, 65536), make([]uint8, 65536)
	for i := range values {
		values[i], mask[i] = float32(i%1000)/1000, 255
	}
	for _, text := range []string{"viridis", `{"0":"#ff0000","1":"#00ff00"}`, `[[[0,0.3],"#ff0000"],[[0.3,2],"#00ff00"]]`} {
		m, err := colormap.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(m.Form()), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := m.Painter(0, 1)
				if err != nil {
					b.Fatal(err)
				}
				p.Index(dst, values, mask)
			}
		})
	}
}
