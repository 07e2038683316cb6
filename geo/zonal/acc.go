package zonal

import "math"

// ksum is a compensated sum (Neumaier 1974): its error does not grow with the
// number of terms.
type ksum struct{ s, c float64 }

func (k *ksum) add(v float64) {
	t := k.s + v
	if math.Abs(k.s) >= math.Abs(v) {
		k.c += (k.s - t) + v
	} else {
		k.c += (v - t) + k.s
	}
	k.s = t
}

func (k *ksum) merge(o ksum) { k.add(o.s); k.c += o.c }

func (k ksum) value() float64 {
	if v := k.s + k.c; v-v == 0 {
		return v
	}
	return k.s
}

// acc is what is known of one area so far, or of the part of it in one block.
// Parts are merged in the fixed order of the blocks.
type acc struct {
	need              needs
	cells             ksum // Σ f of all cells
	nodata            ksum
	count             ksum // Σ f of valid cells
	sum               ksum
	origin            float64 // first valid value: moments are taken from it
	mean, m2, n       float64 // Welford's moments of v − origin; n is their weight
	min, max          float64
	areaM2            ksum
	wsum, wtot, wmiss ksum
	table             *table
}

func newAcc(n needs) acc { return acc{need: n, min: math.Inf(1), max: math.Inf(-1)} }

// cell adds one cell: value, covered fraction, weight, area in m².
func (a *acc) cell(v, f, w, m2 float64) {
	a.cells.add(f)
	if !finite(v) {
		a.nodata.add(f)
		return
	}
	a.count.add(f)
	a.sum.add(f * v)
	if a.need.moments {
		if a.n == 0 {
			a.origin = v
		}
		a.moments(f, v-a.origin, 0)
	}
	if a.need.extremes {
		a.min, a.max = math.Min(a.min, v), math.Max(a.max, v)
	}
	if a.need.area {
		a.areaM2.add(f * m2)
	}
	if a.need.table {
		a.table.add(v, f, f*m2)
	}
	if a.need.weights {
		if finite(w) {
			a.wsum.add(f * v * w)
			a.wtot.add(f * w)
		} else {
			a.wmiss.add(f)
		}
	}
}

// moments merges a group of weight n with its mean and its sum of squared
// differences from it (Chan, Golub and LeVeque 1983, equation 2.1). Means are
// relative to the origin, so that a small spread around a large value keeps
// its digits.
func (a *acc) moments(n, mean, m2 float64) {
	t := a.n + n
	d := mean - a.mean
	a.mean += d * n / t
	a.m2 += m2 + d*d*(a.n*n/t)
	a.n = t
}

// run adds whole cells of one row. ws is nil without weights.
func (a *acc) run(vs, ws []float64, m2 float64) {
	n := a.runSums(vs)
	a.cells.add(float64(len(vs)))
	if n < len(vs) {
		a.nodata.add(float64(len(vs) - n))
	}
	if n == 0 {
		return
	}
	a.count.add(float64(n))
	if a.need.area {
		a.areaM2.add(float64(n) * m2)
	}
	if a.need.extremes {
		lo, hi := extremes(vs, n == len(vs))
		a.min, a.max = math.Min(a.min, lo), math.Max(a.max, hi)
	}
	if a.need.table {
		a.table.addRun(vs, m2)
	}
	if a.need.weights {
		a.runWeights(vs, ws)
	}
}

// runSums adds the sum and the moments of a run; n is its valid cells.
// Squares are taken around the mean so far, which keeps their digits.
func (a *acc) runSums(vs []float64) (n int) {
	if !a.need.moments {
		n, s := sumRun(vs)
		a.sum.add(s)
		return n
	}
	if a.n == 0 {
		for _, v := range vs {
			if finite(v) {
				a.origin = v
				break
			}
		}
	}
	k := a.origin + a.mean
	n, s, d, dd := momentRun(vs, k)
	if n > 0 {
		a.sum.add(s)
		w := float64(n)
		a.moments(w, (k-a.origin)+d/w, math.Max(0, dd-d*d/w))
	}
	return n
}

func (a *acc) runWeights(vs, ws []float64) {
	var s, t float64
	miss := 0
	ws = ws[:len(vs)]
	for i, v := range vs {
		w := ws[i]
		switch {
		case !finite(v):
		case !finite(w):
			miss++
		default:
			s += v * w
			t += w
		}
	}
	a.wsum.add(s)
	a.wtot.add(t)
	a.wmiss.add(float64(miss))
}

// sumRun counts and sums the finite values. A sum of finite values is finite
// (but for overflow), so the check is made once for the whole run.
func sumRun(vs []float64) (n int, s float64) {
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(vs); i += 4 {
		v := vs[i : i+4 : i+4]
		s0 += v[0]
		s1 += v[1]
		s2 += v[2]
		s3 += v[3]
	}
	for ; i < len(vs); i++ {
		s0 += vs[i]
	}
	if s = (s0 + s1) + (s2 + s3); finite(s) {
		return len(vs), s
	}
	s = 0
	for _, v := range vs {
		if finite(v) {
			n++
			s += v
		}
	}
	return n, s
}

// momentRun also gives Σ (v−k) and Σ (v−k)².
func momentRun(vs []float64, k float64) (n int, s, d, dd float64) {
	var s0, s1, d0, d1, q0, q1 float64
	i := 0
	for ; i+2 <= len(vs); i += 2 {
		v := vs[i : i+2 : i+2]
		a, b := v[0]-k, v[1]-k
		s0 += v[0]
		s1 += v[1]
		d0 += a
		d1 += b
		q0 += a * a
		q1 += b * b
	}
	if i < len(vs) {
		a := vs[i] - k
		s0 += vs[i]
		d0 += a
		q0 += a * a
	}
	if s, d, dd = s0+s1, d0+d1, q0+q1; finite(s) && finite(dd) {
		return len(vs), s, d, dd
	}
	s, d, dd = 0, 0, 0
	for _, v := range vs {
		if finite(v) {
			a := v - k
			n++
			s += v
			d += a
			dd += a * a
		}
	}
	return n, s, d, dd
}

// extremes of the finite values; clean says that all are.
func extremes(vs []float64, clean bool) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range vs {
		if !clean && !finite(v) {
			continue
		}
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	return lo, hi
}

// merge adds what another accumulator knows.
func (a *acc) merge(o *acc) {
	a.cells.merge(o.cells)
	a.nodata.merge(o.nodata)
	a.count.merge(o.count)
	a.sum.merge(o.sum)
	if o.n > 0 {
		if a.n == 0 {
			a.origin = o.origin
		}
		a.moments(o.n, (o.origin-a.origin)+o.mean, o.m2)
	}
	a.min, a.max = math.Min(a.min, o.min), math.Max(a.max, o.max)
	a.areaM2.merge(o.areaM2)
	a.wsum.merge(o.wsum)
	a.wtot.merge(o.wtot)
	a.wmiss.merge(o.wmiss)
	switch {
	case a.table == nil:
		a.table, o.table = o.table, nil
	case o.table != nil:
		a.table.merge(o.table)
	}
}
