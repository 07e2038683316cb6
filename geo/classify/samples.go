package classify

import (
	"math"
	"slices"

	"contado/geo/fault"
)

// The bounds of training data.
const (
	MaxBands   = 64
	MaxSamples = 5_000_000
)

// Samples are cells whose class is known. All slices but Values have one
// entry for each sample.
type Samples struct {
	Bands  int
	Values []float32 // sample by sample, Bands each
	// Labels are the classes, 1 … 255.
	Labels []uint8
	// Groups tells which training area (polygon, or block: see Blocks) a
	// sample comes from; validation never parts a group.
	Groups []int
	// X and Y are positions in a projected CRS; nil when not known.
	X, Y []float64
}

// Len is the number of samples.
func (s *Samples) Len() int { return len(s.Labels) }

// Add appends a sample of the class from the area at (x, y); samples with a
// missing value are not added, which it tells.
func (s *Samples) Add(label uint8, group int, x, y float64, values []float32) bool {
	for _, v := range values {
		if v-v != 0 {
			return false
		}
	}
	s.Values = append(s.Values, values...)
	s.Labels = append(s.Labels, label)
	s.Groups = append(s.Groups, group)
	s.X, s.Y = append(s.X, x), append(s.Y, y)
	return true
}

// row is the values of sample i.
func (s *Samples) row(i int) []float32 { return s.Values[i*s.Bands : (i+1)*s.Bands] }

// Classes are the labels that occur, ascending.
func (s *Samples) Classes() []uint8 {
	var seen [256]bool
	for _, l := range s.Labels {
		seen[l] = true
	}
	var out []uint8
	for l, ok := range seen {
		if ok {
			out = append(out, uint8(l))
		}
	}
	return out
}

// check tells what is wrong with training data.
func (s *Samples) check(op string) error {
	n := s.Len()
	switch {
	case s.Bands < 1 || s.Bands > MaxBands:
		return fault.Errorf(op, fault.Invalid, "samples of %d bands; 1 to %d are taken", s.Bands, MaxBands)
	case n > MaxSamples:
		return fault.Errorf(op, fault.TooLarge, "%d samples are more than %d", n, MaxSamples)
	case len(s.Values) != n*s.Bands || len(s.Groups) != n || len(s.X) != len(s.Y) || (s.X != nil && len(s.X) != n):
		return fault.Errorf(op, fault.Invalid, "the samples' values, labels, areas and positions are not of one length")
	case slices.Contains(s.Labels, 0):
		return fault.Errorf(op, fault.Invalid, "class 0 means no class; number classes from 1 to 255")
	case len(s.Classes()) < 2:
		return fault.Errorf(op, fault.Invalid, "the training areas give %d classes; it takes two to tell apart", len(s.Classes()))
	}
	for _, v := range s.Values {
		if v-v != 0 {
			return fault.Errorf(op, fault.Invalid, "a sample has a missing value")
		}
	}
	return nil
}

// subset is the samples at the indices.
func (s *Samples) subset(at []int) *Samples {
	out := &Samples{Bands: s.Bands, Values: make([]float32, 0, len(at)*s.Bands)}
	for _, i := range at {
		out.Values = append(out.Values, s.row(i)...)
		out.Labels = append(out.Labels, s.Labels[i])
		out.Groups = append(out.Groups, s.Groups[i])
	}
	return out
}

// scaling is the mean and standard deviation of each band (1 where it is
// constant), which brings bands of different units to one measure.
func (s *Samples) scaling() (mean, sd []float64) {
	mean, sd = make([]float64, s.Bands), make([]float64, s.Bands)
	n := float64(s.Len())
	for i := range s.Len() {
		for j, v := range s.row(i) {
			mean[j] += float64(v) / n
		}
	}
	for i := range s.Len() {
		for j, v := range s.row(i) {
			d := float64(v) - mean[j]
			sd[j] += d * d / n
		}
	}
	for j := range sd {
		if sd[j] = math.Sqrt(sd[j]); sd[j] == 0 {
			sd[j] = 1
		}
	}
	return mean, sd
}

// Blocks numbers the square blocks of the given size in which positions lie:
// the groups of samples that come from no polygons.
func Blocks(x, y []float64, size float64) ([]int, error) {
	if !(size > 0) || len(x) != len(y) {
		return nil, fault.Errorf("classify.Blocks", fault.Invalid, "no blocks of size %g for %d and %d coordinates", size, len(x), len(y))
	}
	number := map[[2]float64]int{}
	out := make([]int, len(x))
	for i := range x {
		key := [2]float64{math.Floor(x[i] / size), math.Floor(y[i] / size)}
		if _, ok := number[key]; !ok {
			number[key] = len(number) + 1
		}
		out[i] = number[key]
	}
	return out, nil
}
