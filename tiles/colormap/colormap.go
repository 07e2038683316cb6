// Package colormap holds the colour ramps that maps are drawn with, reads
// those that users write, and turns values into palette indices.
package colormap

import (
	"image/color"
	"slices"
	"strings"
	"sync"
)

// Kind is what a map's colours are for.
type Kind string

// The kinds.
const (
	Sequential  Kind = "sequential"  // from little to much
	Diverging   Kind = "diverging"   // away from a middle, two ways
	Cyclic      Kind = "cyclic"      // the end meets the start: angles, seasons
	Qualitative Kind = "qualitative" // no order: classes
)

// Info describes a named map.
type Info struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// CVDSafe says that readers with protanopia or deuteranopia keep the
	// order of the colours (classes: can tell them apart).
	CVDSafe bool   `json:"cvd_safe"`
	Source  string `json:"source"`
	Licence string `json:"licence"`
}

type table struct {
	name   string
	kind   Kind
	safe   bool
	origin *origin
	hexes  string
}

type origin struct{ source, licence string }

// Where the colours come from.
var (
	matplotlib = &origin{"matplotlib: Smith, van der Walt and Firing 2015", "CC0-1.0"}
	cividis    = &origin{"Nuñez, Anderton and Renslow 2018, doi:10.1371/journal.pone.0199239", "CC-BY-4.0"}
	turbo      = &origin{"Mikhailov, Google 2019", "Apache-2.0"}
	twilight   = &origin{"Bechtold 2017", "CC0-1.0"}
	cmocean    = &origin{"cmocean: Thyng et al. 2016, doi:10.5670/oceanog.2016.66", "MIT"}
	brewer     = &origin{"ColorBrewer 2.0: Brewer, Harrower and The Pennsylvania State University", "Apache-2.0"}
	okabe      = &origin{"Okabe and Ito 2008, Color Universal Design", "public domain"}
	tol        = &origin{"Tol 2021, Colour Schemes, SRON/EPS/TN/09-002", "BSD-3-Clause"}
	own        = &origin{"Contado", "EUPL-1.2"}
)

type entry struct {
	info  Info
	stops []color.NRGBA
}

// index is the tables by name, read once.
var index = sync.OnceValue(func() map[string]entry {
	out := make(map[string]entry, len(tables))
	for _, t := range tables {
		e := entry{info: Info{Name: t.name, Kind: t.kind, CVDSafe: t.safe, Source: t.origin.source, Licence: t.origin.licence}}
		for _, hex := range strings.Fields(t.hexes) {
			c, ok := ParseColor("#" + hex)
			if !ok {
				panic("colormap: table " + t.name + " holds " + hex)
			}
			e.stops = append(e.stops, c)
		}
		out[t.name] = e
	}
	return out
})

const reverse = "_r"

func find(name string) (e entry, reversed, ok bool) {
	name, reversed = strings.CutSuffix(strings.ToLower(name), reverse)
	e, ok = index()[name]
	return e, reversed, ok
}

// Names lists the maps, sorted. Each may be turned round by adding "_r".
func Names() []string {
	out := make([]string, 0, len(tables))
	for _, t := range tables {
		out = append(out, t.name)
	}
	slices.Sort(out)
	return out
}

// All describes the maps, by name.
func All() []Info {
	out := make([]Info, 0, len(tables))
	for _, n := range Names() {
		out = append(out, index()[n].info)
	}
	return out
}

// Find describes a map, whatever the case of its name; of a reversed one
// ("_r") the name says so.
func Find(name string) (Info, bool) {
	e, reversed, ok := find(name)
	if ok && reversed {
		e.info.Name += reverse
	}
	return e.info, ok
}

// Ramp returns n colours of a named map from its low to its high end; those
// of a qualitative one are not mixed but repeated, each over an equal share
// (or, when n is within their number, the first n). nil when there is none
// of that name (see Names) or n is less than 2.
func Ramp(name string, n int) []color.NRGBA {
	e, reversed, ok := find(name)
	if !ok || n < 2 {
		return nil
	}
	var out []color.NRGBA
	if e.info.Kind == Qualitative {
		out = make([]color.NRGBA, n)
		for i := range out {
			k := i
			if n > len(e.stops) {
				k = i * len(e.stops) / n
			}
			out[i] = e.stops[k]
		}
	} else {
		out = interpolate(even(e.stops), n)
	}
	if reversed {
		slices.Reverse(out)
	}
	return out
}

// Stop is a colour at a position.
type Stop struct {
	At     float64
	Colour color.NRGBA
}

func even(colours []color.NRGBA) []Stop {
	out := make([]Stop, len(colours))
	for i, c := range colours {
		out[i] = Stop{At: float64(i) / float64(max(1, len(colours)-1)), Colour: c}
	}
	return out
}

// interpolate samples n colours at equal steps from the first to the last
// stop; of two stops at one place the second holds from there on.
func interpolate(stops []Stop, n int) []color.NRGBA {
	out := make([]color.NRGBA, n)
	lo, hi := stops[0].At, stops[len(stops)-1].At
	k := 0
	for i := range out {
		at := lo + float64(i)/float64(n-1)*(hi-lo)
		for k < len(stops)-2 && at >= stops[k+1].At {
			k++
		}
		a, b := stops[k], stops[k+1]
		f := 1.0
		if b.At > a.At {
			f = min(1, (at-a.At)/(b.At-a.At))
		}
		out[i] = mix(a.Colour, b.Colour, f)
	}
	return out
}

func mix(a, b color.NRGBA, f float64) color.NRGBA {
	one := func(a, b uint8) uint8 { return uint8(float64(a) + f*(float64(b)-float64(a)) + 0.5) }
	return color.NRGBA{one(a.R, b.R), one(a.G, b.G), one(a.B, b.B), one(a.A, b.A)}
}

// ParseColor reads #rrggbb, or #rrggbbaa with alpha.
func ParseColor(s string) (color.NRGBA, bool) {
	if (len(s) != 7 && len(s) != 9) || s[0] != '#' {
		return color.NRGBA{}, false
	}
	v := [4]uint8{3: 255}
	for i := range (len(s) - 1) / 2 {
		hi, lo := digit(s[1+2*i]), digit(s[2+2*i])
		if hi < 0 || lo < 0 {
			return color.NRGBA{}, false
		}
		v[i] = uint8(hi<<4 | lo)
	}
	return color.NRGBA{v[0], v[1], v[2], v[3]}, true
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// Hex writes a colour as #rrggbb, or #rrggbbaa when it is not opaque.
func Hex(c color.NRGBA) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 1, 9)
	b[0] = '#'
	for _, v := range [4]uint8{c.R, c.G, c.B, c.A} {
		b = append(b, digits[v>>4], digits[v&15])
	}
	if c.A == 255 {
		b = b[:7]
	}
	return string(b)
}

// ClassColor is the colour of the i-th class: its own (#rrggbb), or one of a
// fixed sequence when it has none: Okabe and Ito, then Tol's muted.
func ClassColor(own string, i int) color.NRGBA {
	if c, ok := ParseColor(own); ok {
		return c
	}
	first, second := index()["okabe-ito"].stops, index()["tol-muted"].stops
	first = first[:7] // not black
	i %= len(first) + len(second)
	if i < len(first) {
		return first[i]
	}
	return second[i-len(first)]
}
