package classify

import (
	"math"
	"math/bits"

	"contado/geo/fault"
)

// Histogram counts values in equal bins over [Min, Max]: bin i holds
// Min + i·w ≤ v < Min + (i+1)·w, the last one Max too.
type Histogram struct {
	Min, Max float64
	Counts   []uint64
	// Outside are the values below Min or above Max; they are counted in the
	// first and the last bin.
	Outside uint64
}

// maxBins bounds a histogram.
const maxBins = 1 << 16

// NewHistogram makes an empty histogram. 256 bins are usual for a threshold.
func NewHistogram(lo, hi float64, bins int) (*Histogram, error) {
	if !(hi > lo) || math.IsInf(hi-lo, 0) || bins < 2 || bins > maxBins {
		return nil, fault.Errorf("classify.NewHistogram", fault.Invalid, "no histogram of %d bins from %g to %g: it takes a range and 2 to %d bins", bins, lo, hi, maxBins)
	}
	return &Histogram{Min: lo, Max: hi, Counts: make([]uint64, bins)}, nil
}

// Add counts the cells whose mask is not 0 (all for a nil mask) and that are
// numbers.
func (h *Histogram) Add(values []float32, mask []uint8) {
	n := len(h.Counts)
	scale := float64(n) / (h.Max - h.Min)
	for i, v := range values {
		x := float64(v)
		if mask != nil && mask[i] == 0 || math.IsNaN(x) {
			continue
		}
		if x < h.Min || x > h.Max {
			h.Outside++
		}
		bin := math.Floor((x - h.Min) * scale)
		h.Counts[int(math.Max(0, math.Min(float64(n-1), bin)))]++
	}
}

// Merge adds the counts of a histogram of the same bins.
func (h *Histogram) Merge(o *Histogram) error {
	if o.Min != h.Min || o.Max != h.Max || len(o.Counts) != len(h.Counts) {
		return fault.Errorf("classify.Merge", fault.Invalid, "histograms of %d bins in [%g, %g] and %d in [%g, %g] are not the same",
			len(h.Counts), h.Min, h.Max, len(o.Counts), o.Min, o.Max)
	}
	for i, c := range o.Counts {
		h.Counts[i] += c
	}
	h.Outside += o.Outside
	return nil
}

// Threshold parts values in two.
type Threshold struct {
	// Value is the border: values below it are of the lower class.
	Value        float64
	Below, Above uint64 // how many lie on each side
	// MeanBelow and MeanAbove are the mean values (bin centres) of the sides.
	MeanBelow, MeanAbove float64
	// Separability is the share of the variance that lies between the two
	// classes, 0 … 1: Otsu's η. One heap cut in two has about 0.64 (normal)
	// to 0.75 (uniform); more tells two heaps.
	Separability float64
}

// Otsu is the threshold that makes the variance between the two classes
// largest (Otsu 1979, IEEE Transactions on Systems, Man, and Cybernetics 9,
// 62–66). It is the border after bin k; where empty bins follow, which makes
// no difference to the classes, the middle of the gap. The first of several
// equal maxima is taken. It is fault.Invalid when all values lie in one bin.
func (h *Histogram) Otsu() (Threshold, error) {
	const op = "classify.Otsu"
	var total, sum uint64 // cells; cells · bin
	for i, c := range h.Counts {
		total += c
		sum += c * uint64(i)
	}
	if total > 1<<47 {
		return Threshold{}, fault.Errorf(op, fault.TooLarge, "%d cells are too many to count", total)
	}
	best, bestBin := -1.0, -1
	var n, s, bestN, bestS uint64
	for i, c := range h.Counts {
		n += c
		s += c * uint64(i)
		if c == 0 || n == total {
			continue
		}
		if v := between(n, s, total, sum); v > best {
			best, bestBin, bestN, bestS = v, i, n, s
		}
	}
	if bestBin < 0 {
		return Threshold{}, fault.Errorf(op, fault.Invalid, "the %d values do not differ; there is nothing to part", total)
	}
	gap := 1
	for h.Counts[bestBin+gap] == 0 {
		gap++
	}
	w := (h.Max - h.Min) / float64(len(h.Counts))
	centre := func(sum, n uint64) float64 { return h.Min + (float64(sum)/float64(n)+0.5)*w }
	return Threshold{
		Value: h.Min + (float64(bestBin)+float64(1+gap)/2)*w,
		Below: bestN, Above: total - bestN,
		MeanBelow: centre(bestS, bestN), MeanAbove: centre(sum-bestS, total-bestN),
		Separability: best / h.variance(total, sum),
	}, nil
}

// between is the variance between the n cells of sum s and the rest, in
// bins²: (N·s − n·S)² / (N²·n·(N−n)). The difference is taken in 128 bits, so
// nothing cancels.
func between(n, s, total, sum uint64) float64 {
	ah, al := bits.Mul64(total, s)
	bh, bl := bits.Mul64(n, sum)
	if ah < bh || (ah == bh && al < bl) {
		ah, al, bh, bl = bh, bl, ah, al
	}
	lo, borrow := bits.Sub64(al, bl, 0)
	hi, _ := bits.Sub64(ah, bh, borrow)
	d := (float64(hi)*0x1p64 + float64(lo)) / float64(total)
	return d * d / float64(n) / float64(total-n)
}

// variance of the histogram in bins².
func (h *Histogram) variance(total, sum uint64) float64 {
	mean := float64(sum) / float64(total)
	var v float64
	for i, c := range h.Counts {
		d := float64(i) - mean
		v += d * d * float64(c)
	}
	return v / float64(total)
}
