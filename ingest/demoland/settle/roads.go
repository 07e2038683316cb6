package settle

import (
	"container/heap"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// network is the roads as they grow, on cells of twice the land's size.
type network struct {
	n    int
	cell float64
	z    []float32
	wet  []bool
	rank []uint8 // 0 no road, else the class of the best road there

	cost []float64
	from []int32
	seen []uint32
	run  uint32

	paths []path
}

// path is a built stretch of cells.
type path struct {
	cells []int32
	class uint8
	name  string
}

// Classes of roads, best first.
var classes = []struct {
	word, surface string
	speed         int
}{
	{},
	{"primary", "asphalt", 90},
	{"secondary", "asphalt", 70},
	{"tertiary", "asphalt", 50},
	{"unclassified", "asphalt", 40},
	{"residential", "asphalt", 30},
	{"track", "gravel", 20},
	{"path", "ground", 5},
}

const (
	primary = iota + 1
	secondary
	tertiary
	unclassified
	residential
	track
	footpath
)

// steepest is the grade from which a class of road turns aside.
var steepest = [8]float64{0, 0.05, 0.065, 0.085, 0.10, 0.14, 0.17, 0.30}

func (s *settler) newNetwork() *network {
	n := s.land.N / 2
	w := &network{
		n: n, cell: s.land.Cell * 2, z: make([]float32, n*n), wet: make([]bool, n*n), rank: make([]uint8, n*n),
		cost: make([]float64, n*n), from: make([]int32, n*n), seen: make([]uint32, n*n),
	}
	for i := range w.z {
		c, r := i%n*2, i/n*2
		for k := range 4 {
			j := (r+k/2)*s.land.N + c + k%2
			w.z[i] += s.land.Elevation[j] / 4
			w.wet[i] = w.wet[i] || s.land.Water[j]
		}
	}
	return w
}

func (w *network) at(p orb.Point, l *Land) int32 {
	c := int((p[0] - l.X0) / w.cell)
	r := int((l.Y0 - p[1]) / w.cell)
	return int32(max(0, min(w.n-1, r))*w.n + max(0, min(w.n-1, c)))
}

// connect builds the cheapest way from a cell to the nearest place that done
// accepts: grades beyond the class's cost dearly (so switchbacks come), water
// more, roads that are there little. It reports whether there is a way.
func (w *network) connect(start int32, class uint8, name string, limit float64, done func(cell int32) bool) bool {
	w.run++
	f := &frontier{{0, start}}
	w.cost[start], w.from[start], w.seen[start] = 0, -1, w.run
	for f.Len() > 0 {
		it, _ := heap.Pop(f).(item)
		if it.cost > w.cost[it.cell] {
			continue
		}
		if it.cell != start && done(it.cell) {
			w.build(it.cell, class, name)
			return true
		}
		if it.cost > limit {
			return false
		}
		c, r := int(it.cell)%w.n, int(it.cell)/w.n
		for k := range 8 {
			cc, rr := c+stepC[k], r+stepR[k]
			if cc < 0 || rr < 0 || cc >= w.n || rr >= w.n {
				continue
			}
			j := int32(rr*w.n + cc)
			cost := it.cost + w.step(it.cell, j, k, class)
			if w.seen[j] != w.run || cost < w.cost[j] {
				w.cost[j], w.from[j], w.seen[j] = cost, it.cell, w.run
				heap.Push(f, item{cost, j})
			}
		}
	}
	return false
}

func (w *network) step(a, b int32, k int, class uint8) float64 {
	length := w.cell * math.Hypot(float64(stepC[k]), float64(stepR[k]))
	grade := math.Abs(float64(w.z[b]-w.z[a])) / length / steepest[class]
	cost := length * (1 + math.Pow(math.Max(0, grade-0.3), 2)*2.2 + 0.2*spot(uint64(b), 5))
	if w.wet[b] {
		cost += 14 * length
	}
	if r := w.rank[b]; r > 0 && w.rank[a] > 0 && r <= class {
		cost *= 0.3
	}
	return cost
}

// build lays the way back from a cell to the start, leaving out what is road
// already.
func (w *network) build(end int32, class uint8, name string) {
	var cells []int32
	for at := end; at >= 0; at = w.from[at] {
		cells = append(cells, at)
	}
	var open []int32
	flush := func() {
		if len(open) > 1 {
			w.paths = append(w.paths, path{cells: slices.Clone(open), class: class, name: name})
		}
		open = open[:0]
	}
	for i, c := range cells {
		had := w.rank[c] > 0
		open = append(open, c)
		if had && i > 0 && w.rank[cells[i-1]] > 0 && len(open) == 2 {
			open = open[:0] // along a road that is there
			open = append(open, c)
			continue
		}
		if had && len(open) > 1 {
			flush()
			open = append(open, c)
		}
	}
	flush()
	for _, c := range cells {
		if w.rank[c] == 0 || class < w.rank[c] {
			w.rank[c] = class
		}
	}
}

// roads builds the network from the main road down to paths.
func (s *settler) roads() error {
	w := s.newNetwork()
	s.roadCell = w
	l := s.land
	town := w.at(s.centre(s.seat[0]), l)
	exit := s.lowestBorder(w)
	reach := func(c int32) func(int32) bool { return func(x int32) bool { return x == c } }
	w.connect(exit, primary, "Strada Statale 999 della Contada", math.Inf(1), reach(town))
	onRoad := func(c int32) bool { return w.rank[c] > 0 && w.rank[c] <= unclassified }
	bySize := make([]float64, len(s.seat))
	for i, v := range s.size {
		bySize[i] = float64(v)
	}
	for k, i := range rank(bySize) {
		if i == 0 {
			continue
		}
		class, name := uint8(secondary), "Strada Provinciale "+number(k+10)
		if k < 6 {
			class, name = primary, "Strada Statale 999 della Contada"
			if k > 2 {
				class, name = secondary, "Strada Provinciale "+number(k)
			}
		}
		w.connect(w.at(s.centre(s.seat[i]), l), class, name, math.Inf(1), onRoad)
	}
	for _, p := range s.placeOf {
		class := uint8(tertiary)
		if p.people < 90 {
			class = unclassified
		}
		w.connect(w.at(s.centre(p.block), l), class, "", math.Inf(1), onRoad)
	}
	s.streets(w)
	s.tracks(w)
	s.drawRoads(w)
	return nil
}

func number(k int) string {
	digits := ""
	for ; k > 0; k /= 10 {
		digits = string(rune('0'+k%10)) + digits
	}
	return digits
}

// lowestBorder is where the main valley leaves the land.
func (s *settler) lowestBorder(w *network) int32 {
	best := int32(-1)
	for i := range int32(w.n) {
		for _, c := range [4]int32{i, (int32(w.n)-1)*int32(w.n) + i, i * int32(w.n), i*int32(w.n) + int32(w.n) - 1} {
			if !w.wet[c] && (best < 0 || w.z[c] < w.z[best]) {
				best = c
			}
		}
	}
	return best
}

// streets reach the peopled blocks of villages.
func (s *settler) streets(w *network) {
	anyRoad := func(c int32) bool { return w.rank[c] > 0 && w.rank[c] <= residential }
	for _, b := range rank(s.density) {
		if s.density[b] < 9 {
			break
		}
		if c := w.at(s.centre(b), s.land); w.rank[c] == 0 && !w.wet[c] {
			w.connect(c, residential, "", 2500, anyRoad)
		}
	}
}

// tracks lead to lonely houses and pastures, paths over the ridges.
func (s *settler) tracks(w *network) {
	rng := s.stream("tracks")
	anyRoad := func(c int32) bool { return w.rank[c] > 0 && w.rank[c] <= track }
	for b, d := range s.density {
		if d > 0 && d < 9 && rng.Float64() < 0.6 {
			if c := w.at(s.centre(b), s.land); w.rank[c] == 0 && !w.wet[c] {
				w.connect(c, track, "", 6000, anyRoad)
			}
		}
	}
	pastures := s.m * s.m / 1600
	for range pastures * 4 {
		b := rng.IntN(s.m * s.m)
		if s.z[b] < 900 || s.z[b] > 1900 || s.slope[b] > 0.4 || s.wet[b] > 0 {
			continue
		}
		class := uint8(track)
		if s.z[b] > 1500 || rng.IntN(3) == 0 {
			class = footpath
		}
		if c := w.at(s.centre(b), s.land); w.rank[c] == 0 {
			w.connect(c, class, "", 40_000, func(x int32) bool { return w.rank[x] > 0 && w.rank[x] <= class })
		}
	}
}

// drawRoads turns the paths of cells into lines between junctions, with
// bridges of their own.
func (s *settler) drawRoads(w *network) {
	ends := make(map[int32]int)
	for _, p := range w.paths {
		for i, c := range p.cells {
			ends[c]++
			if i == 0 || i == len(p.cells)-1 {
				ends[c] += 2 // lines end here
			}
		}
	}
	for _, p := range w.paths {
		from := 0
		for i := 1; i < len(p.cells); i++ {
			last := i == len(p.cells)-1
			turn := w.wet[p.cells[i]] != w.wet[p.cells[i-1]]
			if !last && ends[p.cells[i]] < 2 && !turn {
				continue
			}
			stop := i
			if turn && w.wet[p.cells[i]] && i-1 > from {
				stop = i - 1 // a bridge begins on the bank
			}
			if stop > from {
				s.addRoad(w, p, p.cells[from:stop+1])
				from = stop
			}
			if stop < i && (last || ends[p.cells[i]] >= 2) && i > from {
				s.addRoad(w, p, p.cells[from:i+1])
				from = i
			}
		}
	}
}

func (s *settler) addRoad(w *network, p path, cells []int32) {
	line := make(orb.LineString, len(cells))
	bridge := false
	for i, c := range cells {
		line[i] = orb.Point{s.land.X0 + (float64(int(c)%w.n)+0.5)*w.cell, s.land.Y0 - (float64(int(c)/w.n)+0.5)*w.cell}
		bridge = bridge || w.wet[c]
	}
	if !bridge {
		for range 2 {
			old := slices.Clone(line)
			for i := 1; i+1 < len(line); i++ {
				for k := range 2 {
					line[i][k] = (old[i-1][k] + 2*old[i][k] + old[i+1][k]) / 4
				}
			}
		}
	}
	k := classes[p.class]
	s.out.Roads = append(s.out.Roads, Road{Class: k.word, Name: p.name, Surface: k.surface, MaxSpeed: k.speed, Bridge: bridge, Line: line})
}
