package raster

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// Params is what a request asks for; the zero value asks for the defaults of
// the dataset.
type Params struct {
	// Bands are one (coloured by a ramp), three (red, green, blue) or four
	// (and alpha) bands: numbers from 1 ("4", "b4"), names ("B04") or common
	// names ("red").
	Bands []string
	// Rescale is the value range shown, by band; one range serves all bands.
	Rescale [][2]float64
	// Colormap is a name of Colormaps, for one band.
	Colormap string
	// Resampling is grid.Nearest or grid.Bilinear; "" means bilinear, or
	// nearest for classes.
	Resampling grid.Resampling
}

// Mode is how values become colours.
type Mode uint8

// The modes.
const (
	ByRamp  Mode = iota // one band through a colour ramp
	ByClass             // one band, a colour a value
	ByRGB               // three bands
	ByRGBA              // four bands; alpha 0 to 255
)

// Style is Params resolved on the bands of a dataset. It is immutable.
type Style struct {
	Mode       Mode
	Bands      []string     // as asked for, or the default; resolved by item
	Ranges     [][2]float64 // by band
	Colormap   string
	Resampling grid.Resampling
	Classes    []catalog.Class
	Labels     []string // names of the bands, for legends
	Unit       string
}

// Resolve fills in the defaults and checks the request against the bands of
// the dataset. Errors are fault.Invalid, naming the parameter and what it may be.
func Resolve(p Params, bands []catalog.Band, role catalog.Role) (*Style, error) {
	const op = "raster.Resolve"
	if len(bands) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "the dataset has no bands to draw")
	}
	s := &Style{Bands: p.Bands, Colormap: p.Colormap, Resampling: p.Resampling}
	if len(s.Bands) == 0 {
		s.Bands = defaultBands(bands, p)
	}
	picked := make([]catalog.Band, len(s.Bands))
	for i, ref := range s.Bands {
		n, ok := FindBand(bands, ref)
		if !ok {
			return nil, fault.Errorf(op, fault.Invalid, "bands: there is no band %q; the dataset has %s", ref, bandList(bands))
		}
		picked[i] = bands[n-1]
		s.Labels = append(s.Labels, picked[i].Name)
	}
	if err := s.setMode(p, picked, role); err != nil {
		return nil, err
	}
	if err := s.setRanges(p, picked); err != nil {
		return nil, err
	}
	return s, s.setResampling()
}

func (s *Style) setMode(p Params, picked []catalog.Band, role catalog.Role) error {
	const op = "raster.Resolve"
	s.Unit = picked[0].Unit
	switch len(picked) {
	case 1:
		s.Mode = ByRamp
		if p.Colormap == "" && len(p.Rescale) == 0 && len(picked[0].Classes) > 0 {
			s.Mode, s.Classes = ByClass, picked[0].Classes
			return nil
		}
	case 3:
		s.Mode = ByRGB
	case 4:
		s.Mode = ByRGBA
	default:
		return fault.Errorf(op, fault.Invalid, "bands: %d bands given; one (with colormap), three (red, green, blue) or four (and alpha) can be drawn", len(picked))
	}
	if s.Mode != ByRamp {
		if p.Colormap != "" {
			return fault.Errorf(op, fault.Invalid, "colormap: needs one band, and %d are drawn; name one with bands", len(picked))
		}
		return nil
	}
	if s.Colormap == "" {
		s.Colormap = defaultColormap(role)
	}
	if Ramp(s.Colormap, 2) == nil {
		return fault.Errorf(op, fault.Invalid, "colormap: there is no %q; there are %s, each also with _r for the reverse", s.Colormap, strings.Join(Colormaps(), ", "))
	}
	return nil
}

func defaultColormap(role catalog.Role) string {
	switch role {
	case catalog.Elevation:
		return "terrain"
	case catalog.Imagery:
		return "greys"
	case catalog.Hazard:
		return "blues"
	}
	return "viridis"
}

func (s *Style) setRanges(p Params, picked []catalog.Band) error {
	const op = "raster.Resolve"
	if n := len(p.Rescale); n != 0 && n != 1 && n != len(picked) {
		return fault.Errorf(op, fault.Invalid, "rescale: %d ranges for %d bands; give one min,max for all or one for each", n, len(picked))
	}
	s.Ranges = make([][2]float64, len(picked))
	for i, b := range picked {
		switch {
		case len(p.Rescale) == 1:
			s.Ranges[i] = p.Rescale[0]
		case len(p.Rescale) > 1:
			s.Ranges[i] = p.Rescale[i]
		case s.Mode == ByRGBA && i == 3, s.Mode >= ByRGB && b.DataType == "uint8":
			s.Ranges[i] = [2]float64{0, 255}
		default:
			s.Ranges[i] = defaultRange(b)
		}
		if r := s.Ranges[i]; !(r[0] < r[1]) || r[1]-r[0] > 1e300 {
			return fault.Errorf(op, fault.Invalid, "rescale: %g,%g is not a range; the minimum comes first", r[0], r[1])
		}
	}
	return nil
}

// defaultRange is the middle 96 % of the values, or all of them when those
// are one value; a constant band gets a range around it.
func defaultRange(b catalog.Band) [2]float64 {
	switch {
	case b.P02 < b.P98:
		return [2]float64{b.P02, b.P98}
	case b.Min < b.Max:
		return [2]float64{b.Min, b.Max}
	case b.Min-1 < b.Min+1:
		return [2]float64{b.Min - 1, b.Min + 1}
	}
	return [2]float64{0, 1}
}

func (s *Style) setResampling() error {
	switch {
	case s.Mode == ByClass:
		s.Resampling = grid.Nearest
	case s.Resampling == "":
		s.Resampling = grid.Bilinear
	case s.Resampling != grid.Nearest && s.Resampling != grid.Bilinear:
		return fault.Errorf("raster.Resolve", fault.Invalid, "resampling: there is no %q for tiles; there are nearest and bilinear", s.Resampling)
	}
	return nil
}

// defaultBands are red, green and blue when the dataset names them, or when
// it is a plain 8-bit picture; else the first band.
func defaultBands(bands []catalog.Band, p Params) []string {
	if p.Colormap == "" {
		rgb := []string{"red", "green", "blue"}
		found := 0
		for _, c := range rgb {
			for _, b := range bands {
				if strings.EqualFold(b.CommonName, c) || strings.EqualFold(b.Name, c) {
					found++
					break
				}
			}
		}
		if found == 3 {
			return rgb
		}
		if len(bands) == 3 || len(bands) == 4 {
			plain := true
			for _, b := range bands {
				plain = plain && b.DataType == "uint8" && len(b.Classes) == 0
			}
			if plain {
				return []string{"1", "2", "3"}
			}
		}
	}
	return []string{"1"}
}

// FindBand is the number from 1 of the band that ref means: "4" or "b4" by
// position, else a name, else a common name, whatever the case. A name wins
// over "b4" as a position ("B4" may be the name of band 3).
func FindBand(bands []catalog.Band, ref string) (int, bool) {
	for i, b := range bands {
		if ref != "" && strings.EqualFold(b.Name, ref) {
			return i + 1, true
		}
	}
	for i, b := range bands {
		if ref != "" && strings.EqualFold(b.CommonName, ref) {
			return i + 1, true
		}
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(ref, "b"), "B")
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 1 && n <= len(bands)
}

func bandList(bands []catalog.Band) string {
	const most = 20
	var b strings.Builder
	for i, band := range bands {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(bands)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "b%d", i+1)
		if band.Name != "" {
			fmt.Fprintf(&b, " (%s)", band.Name)
		}
	}
	return b.String()
}

// Profile merges the bands of all items of a dataset: the statistics that
// default ranges come from, so that neighbouring tiles with different items
// are drawn alike. Percentiles are averaged by valid cells, or for elevation
// spread to hold all, as terrain has no outliers.
func Profile(items []catalog.Item, role catalog.Role) []catalog.Band {
	if len(items) == 0 {
		return nil
	}
	var most []catalog.Band
	for i := range items {
		if len(items[i].Bands) > len(most) {
			most = items[i].Bands
		}
	}
	out := append([]catalog.Band(nil), most...)
	for n := range out {
		b := &out[n]
		weight, p02, p98 := 0.0, 0.0, 0.0
		seen := map[int]bool{}
		b.Classes = nil
		first := true
		for i := range items {
			if n >= len(items[i].Bands) {
				continue
			}
			o := &items[i].Bands[n]
			for _, c := range o.Classes {
				if !seen[c.Value] {
					seen[c.Value] = true
					b.Classes = append(b.Classes, c)
				}
			}
			w := float64(items[i].Grid.Cells()) * o.ValidPercent / 100
			if !(w > 0) {
				continue
			}
			if first {
				b.Min, b.Max, b.P02, b.P98 = o.Min, o.Max, o.P02, o.P98
				first = false
			}
			b.Min, b.Max = min(b.Min, o.Min), max(b.Max, o.Max)
			b.P02, b.P98 = min(b.P02, o.P02), max(b.P98, o.P98)
			weight, p02, p98 = weight+w, p02+w*o.P02, p98+w*o.P98
		}
		if role != catalog.Elevation && weight > 0 {
			b.P02, b.P98 = p02/weight, p98/weight
		}
	}
	return out
}

// rampPalette is the palette of a ByRamp tile: transparent, then 255 colours.
func (s *Style) rampPalette() []color.NRGBA {
	return append([]color.NRGBA{{}}, Ramp(s.Colormap, 255)...)
}
