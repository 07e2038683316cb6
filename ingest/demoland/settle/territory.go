package settle

import (
	"container/heap"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/grid"
)

// item and frontier are a priority queue of cells by cost, ties by number.
type item struct {
	cost float64
	cell int32
}

type frontier []item

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return f[i].cost < f[j].cost || (f[i].cost == f[j].cost && f[i].cell < f[j].cell)
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(item)) } //nolint:errcheck,forcetypeassert // container/heap's contract
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// allocate gives each block to the seat that is nearest by travel cost, so
// that borders run along ridges and rivers, then mends exclaves and corners.
func (s *settler) allocate() error {
	n := s.m * s.m
	s.label = make([]int32, n)
	cost := make([]float64, n)
	for i := range cost {
		s.label[i], cost[i] = -1, math.Inf(1)
	}
	f := &frontier{}
	for i, b := range s.seat {
		// Larger places reach further.
		cost[b] = -1200 * math.Log(float64(s.size[i]+100)/float64(s.o.Population))
		s.label[b] = int32(i)
		heap.Push(f, item{cost[b], int32(b)})
	}
	for f.Len() > 0 {
		it, _ := heap.Pop(f).(item)
		b := int(it.cell)
		if it.cost > cost[b] {
			continue
		}
		for k := range 8 {
			j, ok := s.step(b, k)
			if !ok {
				continue
			}
			length := blockSide * math.Hypot(float64(stepC[k]), float64(stepR[k]))
			grade := math.Abs(s.z[j]-s.z[b]) / length
			c := it.cost + length*(1+9*grade+6*s.wet[j]+1.5*s.slope[j])
			if c < cost[j] {
				cost[j], s.label[j] = c, s.label[b]
				heap.Push(f, item{c, int32(j)})
			}
		}
	}
	for range 3 {
		s.majority()
	}
	for range 20 {
		s.joinExclaves()
		if !s.cutCorners() {
			break
		}
	}
	s.groupUnions()
	return nil
}

var (
	stepC = [8]int{1, 0, -1, 0, 1, -1, -1, 1}
	stepR = [8]int{0, 1, 0, -1, 1, 1, -1, -1}
)

func (s *settler) step(b, k int) (int, bool) {
	c, r := b%s.m+stepC[k], b/s.m+stepR[k]
	return r*s.m + c, c >= 0 && r >= 0 && c < s.m && r < s.m
}

// majority smooths borders: a block joins the label of most of its
// neighbours when those are six or more; seats stay.
func (s *settler) majority() {
	next := append([]int32(nil), s.label...)
	for b := range s.label {
		count := map[int32]int{}
		for k := range 8 {
			if j, ok := s.step(b, k); ok {
				if count[s.label[j]]++; count[s.label[j]] >= 5 && s.seat[s.label[b]] != b {
					next[b] = s.label[j]
				}
			}
		}
	}
	s.label = next
}

// joinExclaves gives what is not connected to its seat (by sides) to a
// neighbour.
func (s *settler) joinExclaves() {
	keep := make([]bool, len(s.label))
	for i, b := range s.seat {
		queue := []int{b}
		keep[b] = true
		for len(queue) > 0 {
			b := queue[0]
			queue = queue[1:]
			for k := range 4 {
				if j, ok := s.step(b, k); ok && !keep[j] && s.label[j] == int32(i) {
					keep[j] = true
					queue = append(queue, j)
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for b := range s.label {
			if keep[b] {
				continue
			}
			for k := range 4 {
				if j, ok := s.step(b, k); ok && keep[j] {
					s.label[b], keep[b], changed = s.label[j], true, true
					break
				}
			}
		}
	}
}

// cutCorners removes places where a municipality touches itself, or two each
// other, by a corner only: there rings would be ambiguous.
func (s *settler) cutCorners() bool {
	changed := false
	for r := range s.m - 1 {
		for c := range s.m - 1 {
			a, b := r*s.m+c, r*s.m+c+1
			d, e := a+s.m, b+s.m
			switch {
			case s.label[a] == s.label[e] && s.label[a] != s.label[b] && s.label[a] != s.label[d]:
				s.give(b, d, s.label[a])
				changed = true
			case s.label[b] == s.label[d] && s.label[b] != s.label[a] && s.label[b] != s.label[e]:
				s.give(a, e, s.label[b])
				changed = true
			}
		}
	}
	return changed
}

// give hands one of two blocks over, never a seat.
func (s *settler) give(a, b int, label int32) {
	if s.seat[s.label[a]] == a {
		a = b
	}
	s.label[a] = label
}

// groupUnions joins neighbouring municipalities into unions, growing from
// seats that lie far apart.
func (s *settler) groupUnions() {
	k := len(s.seat)
	want := max(1, min(6, k/6))
	near := make([]map[int]bool, k)
	for i := range near {
		near[i] = map[int]bool{}
	}
	for b, l := range s.label {
		for d := range 2 {
			if j, ok := s.step(b, d); ok && s.label[j] != l {
				near[l][int(s.label[j])], near[s.label[j]][int(l)] = true, true
			}
		}
	}
	s.union = make([]int, k)
	for i := range s.union {
		s.union[i] = -1
	}
	centres := []int{0}
	for len(centres) < want {
		best, far := 0, -1.0
		for i := range k {
			d := math.Inf(1)
			for _, c := range centres {
				d = math.Min(d, s.metres(s.seat[i], s.seat[c]))
			}
			if d > far {
				best, far = i, d
			}
		}
		centres = append(centres, best)
	}
	sizes := make([]int, want)
	for u, c := range centres {
		s.union[c] = u
		sizes[u] = 1
	}
	for grown := true; grown; {
		grown = false
		bestU, bestI, bestD := -1, -1, math.Inf(1)
		for i := range k {
			if s.union[i] >= 0 {
				continue
			}
			for j := range k {
				if u := s.union[j]; near[i][j] && u >= 0 {
					if d := s.metres(s.seat[i], s.seat[centres[u]]) * (1 + 0.12*float64(sizes[u])); d < bestD {
						bestU, bestI, bestD = u, i, d
					}
				}
			}
		}
		if bestI >= 0 {
			s.union[bestI] = bestU
			sizes[bestU]++
			grown = true
		}
	}
}

// Codes of the invented province: no real one begins with 999.
const provinceCode = "999"

// polygons draws the borders of all levels from the same arcs, smoothed once,
// so that neighbours and levels share every vertex.
func (s *settler) polygons() error {
	for passes := 4; passes >= 0; passes-- {
		arcs := s.traceArcs()
		for i := range arcs {
			arcs[i].smooth(passes)
		}
		if err := s.assemble(arcs); err != nil {
			return err
		}
		if s.valid() {
			return s.settleHomes()
		}
	}
	return fault.Errorf("settle.Settle", fault.Other, "the borders cross even where they follow the blocks")
}

// assemble makes the areas of all levels.
func (s *settler) assemble(arcs []arc) error {
	level := func(of func(label int32) int32, id int32) (orb.MultiPolygon, error) {
		return s.rings(arcs, of, id)
	}
	s.out.Municipalities, s.out.Unions = nil, nil
	total := 0
	for i := range s.seat {
		mp, err := level(func(l int32) int32 { return l }, int32(i))
		if err != nil {
			return err
		}
		s.out.Municipalities = append(s.out.Municipalities, Area{
			Code: fmt.Sprintf("%s%03d", provinceCode, i+1), Name: s.names[i],
			Parent: fmt.Sprintf("%s-U%d", provinceCode, s.union[i]+1), Polygon: mp, Population: s.size[i],
		})
		total += s.size[i]
	}
	unions := 0
	for _, u := range s.union {
		unions = max(unions, u+1)
	}
	valleys := []string{"Valle Contada", "Alta Valle", "Oltremonte", "delle Serre", "dei Laghi", "della Costa"}
	for u := range unions {
		mp, err := level(func(l int32) int32 { return int32(s.union[l]) }, int32(u))
		if err != nil {
			return err
		}
		people := 0
		for i, of := range s.union {
			if of == u {
				people += s.size[i]
			}
		}
		s.out.Unions = append(s.out.Unions, Area{
			Code: fmt.Sprintf("%s-U%d", provinceCode, u+1), Name: "Unione Montana " + valleys[u%len(valleys)], Parent: provinceCode, Polygon: mp, Population: people,
		})
	}
	mp, err := level(func(int32) int32 { return 0 }, 0)
	s.out.Province = Area{Code: provinceCode, Name: "Provincia del Contado", Polygon: mp, Population: total}
	return err
}

// settleHomes gives each block to the municipality whose polygon holds its
// centre: the count that anyone with a GIS makes.
func (s *settler) settleHomes() error {
	g := grid.Grid{Transform: grid.Transform{s.land.X0, blockSide, 0, s.land.Y0, 0, -blockSide}, Width: s.m, Height: s.m}
	s.home = make([]int32, s.m*s.m)
	for i := range s.home {
		s.home[i] = -1
	}
	for i, a := range s.out.Municipalities {
		g.Fill(a.Polygon, func(row, c0, c1 int) {
			for c := c0; c < c1; c++ {
				s.home[row*s.m+c] = int32(i)
			}
		})
	}
	for b, h := range s.home {
		if h < 0 {
			return fault.Errorf("settle.Settle", fault.Other, "block %d is in no municipality", b)
		}
	}
	for i, b := range s.seat {
		if s.home[b] != int32(i) {
			return fault.Errorf("settle.Settle", fault.Other, "the seat of municipality %d lies outside it", i)
		}
	}
	return nil
}
