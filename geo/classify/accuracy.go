package classify

import (
	"math"
	"slices"

	"contado/geo/fault"
)

// Confusion is an error matrix.
type Confusion struct {
	// Classes are ascending.
	Classes []uint8
	// Counts has the samples of mapped class i (row) and true class j (column).
	Counts [][]int64
}

// NewConfusion makes an empty matrix of ascending classes.
func NewConfusion(classes []uint8) *Confusion {
	c := &Confusion{Classes: slices.Clone(classes), Counts: make([][]int64, len(classes))}
	for i := range c.Counts {
		c.Counts[i] = make([]int64, len(classes))
	}
	return c
}

// Add counts one sample; both must be of Classes.
func (c *Confusion) Add(mapped, truth uint8) error {
	i, ok := slices.BinarySearch(c.Classes, mapped)
	j, ok2 := slices.BinarySearch(c.Classes, truth)
	if !ok || !ok2 {
		return fault.Errorf("classify.Confusion", fault.Invalid, "class %d or %d is not in the matrix of %v", mapped, truth, c.Classes)
	}
	c.Counts[i][j]++
	return nil
}

// ClassAccuracy is how well one class is mapped. A share of nothing is NaN.
type ClassAccuracy struct {
	Class  uint8
	Mapped int64 // samples mapped as the class
	True   int64 // samples of the class
	// Producers is the share of the class's samples that are mapped so (1 −
	// omission), Users the share of those mapped so that are (1 − commission).
	Producers, Users float64
	F1               float64 // harmonic mean of the two
}

// Accuracy is what an error matrix says.
type Accuracy struct {
	Samples int64
	// Overall is the share of samples mapped right, in [Low, High] with the
	// Confidence.
	Overall, Low, High float64
	Confidence         float64
	// Kappa is Cohen's coefficient, with its standard error.
	Kappa, KappaError float64
	Classes           []ClassAccuracy
}

// Accuracy computes the measures of Congalton 1991, Remote Sensing of
// Environment 37, 35–46; Kappa's error by the delta method (Fleiss, Cohen,
// Everitt 1969, Psychological Bulletin 72, 323–327; some textbooks print its
// last term with row and column exchanged, which makes a percent); the interval by Wilson 1927, Journal of
// the American Statistical Association 22, 209–212, which takes the samples
// as independent. An empty matrix is fault.Invalid.
func (c *Confusion) Accuracy(confidence float64) (Accuracy, error) {
	const op = "classify.Accuracy"
	if !(confidence > 0 && confidence < 1) {
		return Accuracy{}, fault.Errorf(op, fault.Invalid, "the confidence is %g; it is a number between 0 and 1, such as 0.95", confidence)
	}
	a := Accuracy{Confidence: confidence}
	rows, cols := make([]float64, len(c.Classes)), make([]float64, len(c.Classes))
	var diagonal float64
	for i, r := range c.Counts {
		for j, n := range r {
			a.Samples += n
			rows[i] += float64(n)
			cols[j] += float64(n)
		}
		diagonal += float64(r[i])
	}
	if a.Samples == 0 {
		return Accuracy{}, fault.Errorf(op, fault.Invalid, "the error matrix is empty")
	}
	n := float64(a.Samples)
	a.Overall = diagonal / n
	a.Low, a.High = wilson(a.Overall, n, confidence)
	a.Kappa, a.KappaError = c.kappa(rows, cols, n)
	for i, class := range c.Classes {
		right := float64(c.Counts[i][i])
		a.Classes = append(a.Classes, ClassAccuracy{
			Class: class, Mapped: int64(rows[i]), True: int64(cols[i]),
			Producers: right / cols[i], Users: right / rows[i], F1: 2 * right / (rows[i] + cols[i]),
		})
	}
	return a, nil
}

// kappa is the coefficient and its standard error; NaN when all samples are
// and are mapped as one class.
func (c *Confusion) kappa(rows, cols []float64, n float64) (kappa, stderr float64) {
	var t1, t2, t3, t4 float64
	for i, r := range c.Counts {
		t1 += float64(r[i]) / n
		t2 += rows[i] * cols[i] / (n * n)
		t3 += float64(r[i]) * (rows[i] + cols[i]) / (n * n)
		for j, v := range r {
			m := rows[j] + cols[i]
			t4 += float64(v) * m * m / (n * n * n)
		}
	}
	u := 1 - t2
	if u <= 0 {
		return math.NaN(), math.NaN()
	}
	v := t1*(1-t1)/(u*u) + 2*(1-t1)*(2*t1*t2-t3)/(u*u*u) + (1-t1)*(1-t1)*(t4-4*t2*t2)/(u*u*u*u)
	return (t1 - t2) / u, math.Sqrt(math.Max(0, v/n))
}

// wilson is the score interval of a share p of n.
func wilson(p, n, confidence float64) (lo, hi float64) {
	z := math.Sqrt2 * math.Erfinv(confidence)
	d := 1 + z*z/n
	mid := (p + z*z/(2*n)) / d
	half := z / d * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return math.Max(0, math.Min(p, mid-half)), math.Min(1, math.Max(p, mid+half))
}
