package demoland

import "math"

// D8 neighbours: east, south-east, … counted clockwise.
var (
	stepCol = [8]int{1, 1, 0, -1, -1, -1, 0, 1}
	stepRow = [8]int{0, 1, 1, 1, 0, -1, -1, -1}
	stepLen = [8]float64{1, math.Sqrt2, 1, math.Sqrt2, 1, math.Sqrt2, 1, math.Sqrt2}
)

// drainage is where the water of each cell goes.
type drainage struct {
	n int
	// level is the surface with depressions filled, rising by at least
	// fillStep from each cell to the next one upstream.
	level *field
	// order lists all cells from the outlets upwards: a cell's receiver comes
	// before the cell.
	order []int32
	// to is the receiver of each cell; an outlet (on the border) is its own.
	to []int32
}

const fillStep = 0.002 // metres; well above a float32's step at 3,000 m

// minHeap is a 4-ary heap of packed keys: height bits above, cell below.
type minHeap []uint64

func (h *minHeap) push(k uint64) {
	*h = append(*h, k)
	a := *h
	i := len(a) - 1
	for i > 0 {
		p := (i - 1) / 4
		if a[p] <= k {
			break
		}
		a[i] = a[p]
		i = p
	}
	a[i] = k
}

func (h *minHeap) pop() uint64 {
	a := *h
	top, last := a[0], a[len(a)-1]
	a = a[:len(a)-1]
	*h = a
	if len(a) == 0 {
		return top
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= len(a) {
			break
		}
		m := first
		for j := first + 1; j < min(first+4, len(a)); j++ {
			if a[j] < a[m] {
				m = j
			}
		}
		if a[m] >= last {
			break
		}
		a[i] = a[m]
		i = m
	}
	a[i] = last
	return top
}

// key packs a non-negative height and a cell, ordered by height then cell.
func key(z float32, i int) uint64 {
	return uint64(math.Float32bits(max(z, 0)))<<32 | uint64(uint32(i))
}

// drain fills depressions and routes every cell to the border: priority flood
// with a rising floor (Barnes, Lehman & Mulla 2014, algorithm 3), then D8 on
// the filled surface. Heights must not be negative.
func drain(z *field) *drainage {
	n := z.n
	d := &drainage{n: n, level: z.clone(), order: make([]int32, 0, n*n), to: make([]int32, n*n)}
	seen := make([]bool, n*n)
	heap := make(minHeap, 0, n*8)
	for i := range n {
		for _, j := range [4]int{i, (n-1)*n + i, i * n, i*n + n - 1} {
			if !seen[j] {
				seen[j] = true
				heap.push(key(z.v[j], j))
			}
		}
	}
	lv := d.level.v
	for len(heap) > 0 {
		i := int(uint32(heap.pop()))
		d.order = append(d.order, int32(i))
		r, c := i/n, i%n
		for k := range 8 {
			rr, cc := r+stepRow[k], c+stepCol[k]
			if rr < 0 || rr >= n || cc < 0 || cc >= n || seen[rr*n+cc] {
				continue
			}
			j := rr*n + cc
			seen[j] = true
			lv[j] = max(lv[j], lv[i]+fillStep)
			heap.push(key(lv[j], j))
		}
	}
	d.route()
	return d
}

// route sends each inner cell to its steepest lower neighbour.
func (d *drainage) route() {
	n, lv := d.n, d.level.v
	rows(n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			for c := range n {
				i := r*n + c
				d.to[i] = int32(i)
				if r == 0 || c == 0 || r == n-1 || c == n-1 {
					continue
				}
				best := 0.0
				for k := range 8 {
					j := i + stepRow[k]*n + stepCol[k]
					if s := float64(lv[i]-lv[j]) / stepLen[k]; s > best {
						best = s
						d.to[i] = int32(j)
					}
				}
			}
		}
	})
}

// accumulate sums a weight (nil: one cell's area in m²) down the drainage;
// each cell holds its own and all that comes from above.
func (d *drainage) accumulate(weight []float32) []float64 {
	acc := make([]float64, d.n*d.n)
	for i := range acc {
		if weight == nil {
			acc[i] = d.level.cell * d.level.cell
		} else {
			acc[i] = float64(weight[i])
		}
	}
	for k := len(d.order) - 1; k >= 0; k-- {
		i := d.order[k]
		if j := d.to[i]; j != i {
			acc[j] += acc[i]
		}
	}
	return acc
}

// stepLength is the metres from a cell to its receiver.
func (d *drainage) stepLength(i int32) float64 {
	j := d.to[i]
	if dr := int(j)/d.n - int(i)/d.n; dr != 0 && int(j)%d.n != int(i)%d.n {
		return d.level.cell * math.Sqrt2
	}
	return d.level.cell
}
