package classify

import (
	"fmt"
	"math"
)

// gauss is maximum likelihood with a normal distribution for each class
// (Richards 2013, Remote Sensing Digital Image Analysis, section 8.3), all
// classes taken as equally frequent. The covariance of a class is shrunk
// towards the one within all classes by d/(n+d) for n samples of d bands
// (after Friedman 1989, Journal of the American Statistical Association 84,
// 165–175), so that small training areas do not make a class too narrow.
type gauss struct {
	bands   int
	classes []gaussClass
}

// gaussClass has the discriminant k − |A·x − b|²/2, A lower triangular.
type gaussClass struct {
	k float64
	a []float64 // rows of 1, 2, … bands numbers
	b []float64
}

// ridge is the least variance of a scaled band.
const ridge = 1e-6

func trainGauss(s *Samples, classes []uint8) (*gauss, error) {
	d := s.Bands
	mean, sd := s.scaling()
	g := &gauss{bands: d}
	count := make([]float64, len(classes))
	centre := make([][]float64, len(classes))
	cov := make([][]float64, len(classes))
	index := indexOf(classes)
	for c := range classes {
		centre[c], cov[c] = make([]float64, d), make([]float64, d*d)
	}
	scaled := func(i, j int) float64 { return (float64(s.Values[i*d+j]) - mean[j]) / sd[j] }
	for i, l := range s.Labels {
		c := index[l]
		count[c]++
		for j := range d {
			centre[c][j] += scaled(i, j)
		}
	}
	for c := range classes {
		if count[c] < 2 {
			return nil, fmt.Errorf("class %d has one sample; it takes two at least, and ten for each of the %d bands to do well", classes[c], d)
		}
		for j := range d {
			centre[c][j] /= count[c]
		}
	}
	for i, l := range s.Labels {
		c := index[l]
		for j := range d {
			dj := scaled(i, j) - centre[c][j]
			for k := range j + 1 {
				cov[c][j*d+k] += dj * (scaled(i, k) - centre[c][k])
			}
		}
	}
	pooled := make([]float64, d*d)
	for c := range classes {
		for j := range pooled {
			pooled[j] += cov[c][j] / float64(s.Len()-len(classes))
		}
	}
	for c := range classes {
		gamma := float64(d) / (count[c] + float64(d))
		for j := range pooled {
			cov[c][j] = (1-gamma)*cov[c][j]/(count[c]-1) + gamma*pooled[j]
		}
		gc, err := discriminant(cov[c], centre[c], mean, sd)
		if err != nil {
			return nil, fmt.Errorf("class %d: %w", classes[c], err)
		}
		g.classes = append(g.classes, gc)
	}
	return g, nil
}

func indexOf(classes []uint8) (index [256]uint8) {
	for c, l := range classes {
		index[l] = uint8(c)
	}
	return index
}

// discriminant factors a covariance (lower triangle) of scaled bands and
// folds the scaling in: A = L⁻¹·diag(1/sd), b = L⁻¹·(mean/sd + centre).
func discriminant(cov, centre, mean, sd []float64) (gaussClass, error) {
	d := len(centre)
	l := make([]float64, d*d)
	var logDet float64
	for i := range d {
		for j := range i + 1 {
			v := cov[i*d+j]
			if i == j {
				v += ridge
			}
			for k := range j {
				v -= l[i*d+k] * l[j*d+k]
			}
			if i != j {
				l[i*d+j] = v / l[j*d+j]
				continue
			}
			if !(v > 0) {
				return gaussClass{}, fmt.Errorf("the bands depend on each other; leave band %d out", i+1)
			}
			l[i*d+i] = math.Sqrt(v)
			logDet += math.Log(v)
		}
	}
	inv := make([]float64, d*d)
	for c := range d { // column by column: L·inv = 1
		for i := c; i < d; i++ {
			v := 0.0
			if i == c {
				v = 1
			}
			for k := c; k < i; k++ {
				v -= l[i*d+k] * inv[k*d+c]
			}
			inv[i*d+c] = v / l[i*d+i]
		}
	}
	g := gaussClass{k: -logDet / 2, b: make([]float64, d)}
	for i := range d {
		for j := range i + 1 {
			g.a = append(g.a, inv[i*d+j]/sd[j])
			g.b[i] += inv[i*d+j] * (mean[j]/sd[j] + centre[j])
		}
	}
	return g, nil
}

// quadratic is |A·x − b|², or any number over limit once it is passed.
func (g *gaussClass) quadratic(x []float64, limit float64) float64 {
	var q float64
	at := 0
	for i := range x {
		z := -g.b[i]
		row := g.a[at : at+i+1]
		for j, a := range row {
			z += a * x[j]
		}
		at += i + 1
		if q += z * z; q > limit {
			return q
		}
	}
	return q
}

func (g *gauss) predict(dst []uint8, confidence []float32, mask []uint8, bands [][]float32) {
	var buf [MaxBands]float64
	x := buf[:g.bands]
	var scores [256]float64
	last := 0 // the class of the cell before: likely this one's too
	for i := range dst {
		if mask[i] == 0 {
			continue
		}
		for j, b := range bands {
			x[j] = float64(b[i])
		}
		if confidence != nil {
			dst[i], confidence[i] = g.posterior(x, scores[:len(g.classes)])
			continue
		}
		last = g.best(x, last)
		dst[i] = uint8(last)
	}
}

// best is the class of the largest discriminant, the lower one of two equal.
// Beginning with any class gives the same answer: a class is given up early
// only when it is clearly behind.
func (g *gauss) best(x []float64, first int) int {
	c := &g.classes[first]
	best, score := first, c.k-c.quadratic(x, math.Inf(1))/2
	for k := range g.classes {
		if k == first {
			continue
		}
		c := &g.classes[k]
		behind := 2 * (c.k - score)
		behind += 1e-9 * (1 + math.Abs(behind))
		if behind < 0 {
			continue
		}
		q := c.quadratic(x, behind)
		if v := c.k - q/2; q <= behind && (v > score || (v == score && k < best)) {
			best, score = k, v
		}
	}
	return best
}

// posterior is best with its probability.
func (g *gauss) posterior(x, scores []float64) (uint8, float32) {
	best := 0
	for k := range g.classes {
		c := &g.classes[k]
		scores[k] = c.k - c.quadratic(x, math.Inf(1))/2
		if scores[k] > scores[best] {
			best = k
		}
	}
	var sum float64
	for _, v := range scores {
		sum += math.Exp(v - scores[best])
	}
	return uint8(best), float32(1 / sum)
}
