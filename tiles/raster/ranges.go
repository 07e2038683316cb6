package raster

import (
	"math"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/colormap"
)

// setRanges settles the range of values shown of each output.
func (s *Style) setRanges(p Params, picked []catalog.Band) error {
	const op = "raster.Resolve"
	n := s.Outputs()
	if len(p.Rescale) > 0 && len(p.Percentiles) > 0 {
		return fault.Errorf(op, fault.Invalid, "rescale: give values or percentiles, not both")
	}
	for _, k := range []int{len(p.Rescale), len(p.Percentiles)} {
		if k != 0 && k != 1 && k != n {
			return fault.Errorf(op, fault.Invalid, "rescale: %d ranges for %d bands; give one min,max for all or one for each", k, n)
		}
	}
	s.Ranges = make([][2]float64, n)
	for i := range s.Ranges {
		var b *catalog.Band
		if picked != nil {
			b = &picked[i]
		}
		if err := s.setRange(i, p, b); err != nil {
			return err
		}
	}
	if s.Mode == ByValue || s.Mode == ByTerrain || s.Mode == ByClass {
		s.Percentiles = nil // no range is shown
	}
	return nil
}

func (s *Style) setRange(i int, p Params, b *catalog.Band) error {
	switch {
	case len(p.Rescale) > 0:
		s.Ranges[i] = p.Rescale[min(i, len(p.Rescale)-1)]
	case s.Terrain != nil && s.Mode == ByRamp && len(p.Percentiles) == 0:
		s.Ranges[i] = s.Terrain.values()
	case s.ownRange():
		lo, hi, _ := s.Map.Range()
		s.Ranges[i] = [2]float64{lo, hi}
		return nil
	case len(p.Percentiles) > 0:
		return s.setPercentile(i, p.Percentiles[min(i, len(p.Percentiles)-1)], b)
	case s.Index != nil:
		s.Ranges[i] = [2]float64{s.Index.Min, s.Index.Max}
	case s.Mode == ByRGBA && i == 3, s.Mode >= ByRGB && b != nil && b.DataType == "uint8":
		s.Ranges[i] = [2]float64{0, 255}
	case b == nil:
		return s.setPercentile(i, [2]float64{2, 98}, nil)
	case s.Mode == ByRGB && reflects(b):
		s.Ranges[i] = landRange(*b)
	default:
		s.Ranges[i] = defaultRange(*b)
	}
	return checkRange(s.Ranges[i])
}

// reflects reports whether the values of a band are reflectances: they are
// said to be, or a satellite's band brings a scale that makes them so.
func reflects(b *catalog.Band) bool {
	return b.Quantity == catalog.Reflectance || b.Quantity == "" && b.CommonName != "" && b.Scale != 0 && b.Scale != 1 && b.P98 <= 2
}

// brightLand is the reflectance that hardly any land surpasses: what is
// brighter is snow or cloud, and would leave the land dark.
var brightLand = map[string]float64{"red": 0.3, "green": 0.3, "blue": 0.3, "coastal": 0.3}

const brightInfrared = 0.6

// landRange is the default range of a band of a composite of reflectances.
func landRange(b catalog.Band) [2]float64 {
	r := defaultRange(b)
	most, visible := brightLand[b.CommonName]
	if !visible {
		most = brightInfrared
	}
	if r[1] > most && r[0] < most/2 {
		r[1] = most
	}
	return r
}

// ownRange reports whether the colour map brings its values along.
func (s *Style) ownRange() bool {
	if s.Mode != ByRamp {
		return false
	}
	_, _, ok := s.Map.Range()
	return ok || s.Map.Form() != colormap.Scale
}

// setPercentile takes percentiles from the statistics of a band where they
// are kept, or has them asked for.
func (s *Style) setPercentile(i int, want [2]float64, b *catalog.Band) error {
	if !(want[0] >= 0 && want[0] < want[1] && want[1] <= 100) {
		return fault.Errorf("raster.Resolve", fault.Invalid, "rescale: p%g,p%g are not percentiles; the lower comes first, within 0 and 100", want[0], want[1])
	}
	if b != nil && s.Terrain == nil {
		kept := map[float64]float64{0: b.Min, 2: b.P02, 98: b.P98, 100: b.Max}
		lo, okLo := kept[want[0]]
		hi, okHi := kept[want[1]]
		if okLo && okHi {
			if s.Ranges[i] = [2]float64{lo, hi}; !(lo < hi) {
				s.Ranges[i] = defaultRange(*b)
			}
			return checkRange(s.Ranges[i])
		}
	}
	if s.Percentiles == nil {
		s.Percentiles = make([][2]float64, len(s.Ranges))
	}
	s.Percentiles[i], s.Ranges[i] = want, [2]float64{0, 1}
	return nil
}

func checkRange(r [2]float64) error {
	if !(r[0] < r[1]) || r[1]-r[0] > 1e300 {
		return fault.Errorf("raster.Resolve", fault.Invalid, "rescale: %g,%g is not a range; the minimum comes first", r[0], r[1])
	}
	return nil
}

// WithRanges is the style with the ranges that Percentiles ask for, by output.
func (s *Style) WithRanges(ranges [][2]float64) (*Style, error) {
	out := *s
	out.Ranges = append([][2]float64(nil), s.Ranges...)
	for i, p := range s.Percentiles {
		if p == ([2]float64{}) {
			continue
		}
		r := ranges[i]
		if !(r[0] < r[1]) {
			r = defaultRange(catalog.Band{Min: r[0], Max: r[0]})
		}
		if err := checkRange(r); err != nil {
			return nil, err
		}
		out.Ranges[i] = r
	}
	out.Percentiles = nil
	if out.Nobody > 0 {
		out.Nobody = nobodyShare * out.Ranges[0][1]
	}
	return &out, out.prepare()
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

// Percentile is the value below which a share (0 to 100) of the sorted values
// lies, interpolated between neighbours; NaN of none.
func Percentile(sorted []float32, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := share / 100 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return float64(sorted[len(sorted)-1])
	}
	f := at - float64(i)
	return float64(sorted[i])*(1-f) + float64(sorted[i+1])*f
}
