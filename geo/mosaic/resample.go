package mosaic

import (
	"math"

	"contado/geo/grid"
)

// sampler brings the cells of a block to a rectangle of the target. Invalid
// cells take no part. For nearest, bilinear and cubic a target cell is valid
// when the cell that its centre lies in is; for average and mode, when any
// valid cell meets its box.
type sampler struct {
	b      *block
	l      *locator
	r      rect
	kernel grid.Resampling
	valid  []uint8     // in: 0 = not wanted; out: 0 = no value
	outs   [][]float32 // one for each band of the block
	// where the file lies, in block cells; open above
	loU, hiU, loV, hiV float64

	rows   *rows // where the following lie
	us, vs []float64
	idx    []int32
	dx, dy []float32
}

// run fills the rectangle; direct says that the target's cells are the block's.
func (s *sampler) run() (direct bool) {
	n := s.r.w + 1
	buf := s.rows.positions(4 * n)
	s.us, s.vs = buf[:n], buf[n:2*n]
	s.idx = s.rows.indices(s.r.w)
	direct = s.onGrid()
	switch {
	case direct || s.kernel == grid.Nearest:
		s.each(s.nearestRow)
	case s.kernel == grid.Average || s.kernel == grid.Mode:
		s.boxes(buf[2*n:3*n], buf[3*n:])
	default:
		w := s.rows.shares(2 * s.r.w)
		s.dx, s.dy = w[:s.r.w], w[s.r.w:]
		if s.kernel == grid.Cubic {
			s.each(s.cubicRow)
		} else {
			s.each(s.bilinearRow)
		}
	}
	return direct
}

// each calls row for every row of the rectangle that has a wanted cell, with
// the positions of centres located and the first index of the row.
func (s *sampler) each(row func(at int)) {
	us, vs := s.us[:s.r.w], s.vs[:s.r.w]
	for y := range s.r.h {
		at := y * s.r.w
		if none(s.valid[at : at+s.r.w]) {
			continue
		}
		s.l.row(float64(s.r.x)+0.5, float64(s.r.y+y)+0.5, us, vs)
		row(at)
	}
}

func none(v []uint8) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// onGrid reports whether each centre is that of a block cell: then nothing
// needs to be resampled.
func (s *sampler) onGrid() bool {
	const eps = 1e-4
	centred := func(v float64) bool { return math.Abs(v-math.Floor(v)-0.5) < eps }
	var u, v [4]float64
	corners := [4][2]int{{0, 0}, {s.r.w - 1, 0}, {0, s.r.h - 1}, {s.r.w - 1, s.r.h - 1}}
	for i, c := range corners {
		s.l.row(float64(s.r.x+c[0])+0.5, float64(s.r.y+c[1])+0.5, u[i:i+1], v[i:i+1])
		if !centred(u[i]) || !centred(v[i]) {
			return false
		}
	}
	return s.l.affine() && math.Abs(u[1]-u[0]-float64(s.r.w-1)) < eps && math.Abs(v[2]-v[0]-float64(s.r.h-1)) < eps &&
		math.Abs(u[2]-u[0]) < eps && math.Abs(v[1]-v[0]) < eps
}

// affine reports whether positions are an affine map of the target.
func (l *locator) affine() bool { return l.nx == 1 && l.ny == 1 }

// nearestRow takes the cell that the centre lies in.
func (s *sampler) nearestRow(at int) {
	valid, w, h := s.valid[at:at+s.r.w], s.b.w, s.b.h
	for x, want := range valid {
		u, v := s.us[x], s.vs[x]
		s.idx[x] = -1
		if want == 0 {
			continue
		}
		if !(u >= s.loU && u < s.hiU && v >= s.loV && v < s.hiV) {
			valid[x] = 0
			continue
		}
		i := min(max(int(v), 0), h-1)*w + min(max(int(u), 0), w-1)
		if s.b.mask[i] == 0 {
			valid[x] = 0
			continue
		}
		s.idx[x] = int32(i)
	}
	for k, out := range s.outs {
		band, out := s.b.bands[k], out[at:at+s.r.w]
		for x, i := range s.idx {
			if i >= 0 {
				out[x] = band[i]
			}
		}
	}
}

// bilinearRow weighs the four cells round a centre.
func (s *sampler) bilinearRow(at int) {
	n, w := s.r.w, s.b.w
	valid, us, vs := s.valid[at:at+n], s.us[:n], s.vs[:n]
	idx, dx, dy := s.idx[:n], s.dx[:n], s.dy[:n]
	right, bottom := float64(w-1), float64(s.b.h-1) // within, all four cells are in the block, which is in the file
	mask, allValid := s.b.mask, s.b.allValid
	for x, want := range valid {
		idx[x] = -1
		if want == 0 {
			continue
		}
		u, v := us[x]-0.5, vs[x]-0.5
		if u >= 0 && u < right && v >= 0 && v < bottom {
			fx, fy := int(u), int(v)
			i := fy*w + fx
			if allValid || mask[i]&mask[i+1]&mask[i+w]&mask[i+w+1] != 0 {
				idx[x], dx[x], dy[x] = int32(i), float32(u-float64(fx)), float32(v-float64(fy))
				continue
			}
		}
		s.bilinearAt(at+x, u, v)
	}
	for k, out := range s.outs {
		band := s.b.bands[k]
		mix(out[at:at+n], band, band[min(w, len(band)):], idx, dx, dy)
	}
}

// mix interpolates between the cells at i and i+1 of two rows.
func mix(out, top, bottom []float32, idx []int32, dx, dy []float32) {
	out, dx, dy = out[:len(idx)], dx[:len(idx)], dy[:len(idx)]
	for x, i := range idx {
		if i < 0 {
			continue
		}
		t, b := top[i:i+2:i+2], bottom[i:i+2:i+2]
		f := dx[x]
		p := t[0] + f*(t[1]-t[0])
		q := b[0] + f*(b[1]-b[0])
		out[x] = p + dy[x]*(q-p)
	}
}

// inFile reports whether a position, from the centre of the first cell, lies
// in the file.
func (s *sampler) inFile(u, v float64) bool {
	return u+0.5 >= s.loU && u+0.5 < s.hiU && v+0.5 >= s.loV && v+0.5 < s.hiV
}

// bilinearAt is the careful way, at the edges of the block and beside
// invalid cells; (u, v) is from the centre of the first cell.
func (s *sampler) bilinearAt(at int, u, v float64) {
	b := s.b
	if !s.inFile(u, v) {
		s.valid[at] = 0
		return
	}
	fx, fy := math.Floor(u), math.Floor(v)
	x0, y0 := min(max(int(fx), 0), b.w-1), min(max(int(fy), 0), b.h-1)
	x1, y1 := min(max(int(fx)+1, 0), b.w-1), min(max(int(fy)+1, 0), b.h-1)
	// The cell of the centre decides.
	if b.mask[min(max(int(math.Floor(v+0.5)), 0), b.h-1)*b.w+min(max(int(math.Floor(u+0.5)), 0), b.w-1)] == 0 {
		s.valid[at] = 0
		return
	}
	dx, dy := float32(u-fx), float32(v-fy)
	cells := [4]int{y0*b.w + x0, y0*b.w + x1, y1*b.w + x0, y1*b.w + x1}
	weights := [4]float32{(1 - dx) * (1 - dy), dx * (1 - dy), (1 - dx) * dy, dx * dy}
	total := float32(0)
	for i, c := range cells {
		if b.mask[c] == 0 {
			weights[i] = 0
		}
		total += weights[i]
	}
	for k, band := range b.bands {
		sum := float32(0)
		for i, c := range cells {
			if weights[i] != 0 {
				sum += weights[i] * band[c]
			}
		}
		s.outs[k][at] = sum / total
	}
}

// cubicRow convolves the sixteen cells round a centre with Keys' kernel
// (IEEE Trans. ASSP 29, 1981, a = −1/2, as GDAL's). Where not all of them
// are valid or there it is bilinear, as GDAL's is.
func (s *sampler) cubicRow(at int) {
	n, w := s.r.w, s.b.w
	valid, us, vs := s.valid[at:at+n], s.us[:n], s.vs[:n]
	right, bottom := float64(w-2), float64(s.b.h-2)
	for x, want := range valid {
		s.idx[x] = -1
		if want == 0 {
			continue
		}
		u, v := us[x]-0.5, vs[x]-0.5
		if u >= 1 && u < right && v >= 1 && v < bottom {
			fx, fy := int(u), int(v)
			if s.b.allValid || s.sixteen(fx, fy) {
				s.idx[x], s.dx[x], s.dy[x] = int32((fy-1)*w+fx-1), float32(u-float64(fx)), float32(v-float64(fy))
				continue
			}
		}
		s.bilinearAt(at+x, u, v)
	}
	for x, i := range s.idx {
		if i < 0 {
			continue
		}
		cx, cy := keys(s.dx[x]), keys(s.dy[x])
		for k, out := range s.outs {
			band := s.b.bands[k]
			sum := float32(0)
			for r := range 4 {
				row := band[int(i)+r*w : int(i)+r*w+4 : int(i)+r*w+4]
				sum += cy[r] * (cx[0]*row[0] + cx[1]*row[1] + cx[2]*row[2] + cx[3]*row[3])
			}
			out[at+x] = sum
		}
	}
}

func (s *sampler) sixteen(fx, fy int) bool {
	for r := fy - 1; r <= fy+2; r++ {
		m := s.b.mask[r*s.b.w+fx-1 : r*s.b.w+fx+3]
		if m[0]&m[1]&m[2]&m[3] == 0 {
			return false
		}
	}
	return true
}

// keys are the weights of the four cells at −1, 0, 1 and 2 for a position t
// between the second and the third.
func keys(t float32) [4]float32 {
	t2, t3 := t*t, t*t*t
	return [4]float32{
		-0.5*t + t2 - 0.5*t3,
		1 - 2.5*t2 + 1.5*t3,
		0.5*t + 2*t2 - 1.5*t3,
		-0.5*t2 + 0.5*t3,
	}
}
