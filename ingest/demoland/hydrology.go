package demoland

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Catchments, in km², from which water is drawn and from which it bars the way.
const (
	streamFrom = 2.0   // a line on the map
	riverFrom  = 55.0  // a cell wide, to be crossed at bridges
	broadFrom  = 260.0 // three cells wide
)

// hydrology is where the water runs and stands.
type hydrology struct {
	z     *field
	km2   []float64 // catchment of each cell
	to    []int32
	hand  []float32 // height above the nearest stream along the way of the water
	water []bool    // lakes and rivers too broad to ford
	lake  []bool
	lines []river
}

// river is one stretch between a source or confluence and the next.
type river struct {
	name  string
	order int // Strahler (1957)
	km2   float64
	line  []point // metres from the north-west corner, downstream
}

// waters routes the relief, flattens valley floors, dams lakes and traces
// rivers. It changes z.
func waters(o Options, z *field) *hydrology {
	d := drain(z)
	h := &hydrology{z: z, to: d.to, water: make([]bool, len(z.v)), lake: make([]bool, len(z.v))}
	copy(z.v, d.level.v) // no inland sinks but the lakes to come
	h.km2 = d.accumulate(nil)
	for i := range h.km2 {
		h.km2[i] /= 1e6
	}
	h.floors(d)
	h.dam(d)
	h.banks()
	h.trace(o, d)
	return h
}

// floors turns valley bottoms into floors: cells little above their stream
// come down towards it, the more the larger the stream. The order of heights
// above the stream stays, and so does the way of the water.
func (h *hydrology) floors(d *drainage) {
	h.hand = make([]float32, len(h.z.v))
	depth := make([]float32, len(h.z.v)) // scale of the floor of the stream below
	bed := slices.Clone(h.z.v)           // height of that stream
	for _, i := range d.order {
		j := d.to[i]
		switch {
		case h.km2[i] >= streamFrom || i == j:
			depth[i] = float32(clamp(5*math.Sqrt(h.km2[i])/2.2, 0, 42))
		default:
			depth[i], bed[i] = depth[j], bed[j]
			h.hand[i] = h.z.v[i] - bed[i]
		}
	}
	for i := range h.z.v {
		if s := float64(depth[i]); s > 0 && h.hand[i] > 0 {
			t := float64(h.hand[i])
			h.hand[i] = float32(t - s*(1-math.Exp(-t/s)))
			h.z.v[i] = bed[i] + h.hand[i]
		}
	}
}

// dam makes up to two lakes where a dam across a middling river holds between
// one and three square kilometres.
func (h *hydrology) dam(d *drainage) {
	want := 2
	cell := h.z.cell * h.z.cell / 1e6
	share := math.Pow(h.z.cell*float64(h.z.n)/DefaultSize, 2)
	least, most := int(0.9*share/cell), int(2.8*share/cell)+1
	for k := 0; k < len(d.order) && want > 0; k += 23 {
		i := int(d.order[k])
		if h.km2[i] < 14*share || h.km2[i] > 170 || h.nearBorder(i, 160) || h.lake[i] {
			continue
		}
		for _, height := range []float32{18, 30, 45, 65, 90} {
			level := h.z.v[i] + height
			pool := h.flood(i, level, most)
			if len(pool) > most {
				break
			}
			if len(pool) < least {
				continue
			}
			for _, c := range pool {
				h.lake[c], h.water[c], h.z.v[c], h.hand[c] = true, true, level, 0
			}
			want--
			k += len(d.order) / 5 // the next one lies elsewhere
			break
		}
	}
}

func (h *hydrology) nearBorder(i, cells int) bool {
	n := h.z.n
	r, c := i/n, i%n
	return min(r, c, n-1-r, n-1-c) < cells*n/2000+2
}

// flood is what a dam in cell i would put under water: cells below the level
// that drain through i; nil when there are more than most of them, or when
// another lake is among them.
func (h *hydrology) flood(i int, level float32, most int) []int {
	n := h.z.n
	seen := map[int]bool{i: true}
	queue := []int{i}
	for k := 0; k < len(queue); k++ {
		r, c := queue[k]/n, queue[k]%n
		for s := range 8 {
			rr, cc := r+stepRow[s], c+stepCol[s]
			if rr < 0 || cc < 0 || rr >= n || cc >= n {
				return nil
			}
			j := rr*n + cc
			if seen[j] || h.z.v[j] >= level || int(h.to[j]) != queue[k] {
				continue
			}
			if h.lake[j] {
				return nil
			}
			seen[j] = true
			if queue = append(queue, j); len(queue) > most {
				return queue
			}
		}
	}
	return queue
}

// banks marks rivers that cannot be forded.
func (h *hydrology) banks() {
	n := h.z.n
	for i, a := range h.km2 {
		if a < riverFrom {
			continue
		}
		h.water[i] = true
		if a < broadFrom {
			continue
		}
		r, c := i/n, i%n
		for s := range 8 {
			if rr, cc := r+stepRow[s], c+stepCol[s]; s%2 == 0 && rr >= 0 && cc >= 0 && rr < n && cc < n {
				h.water[rr*n+cc] = true
			}
		}
	}
}

// trace turns streams into lines from confluence to confluence.
func (h *hydrology) trace(o Options, d *drainage) {
	n := h.z.n
	order := make([]uint8, n*n)
	inflow := make([]uint8, n*n) // streams that end in a cell
	best, twice := make([]uint8, n*n), make([]bool, n*n)
	for k := len(d.order) - 1; k >= 0; k-- {
		i := d.order[k]
		if h.km2[i] < streamFrom {
			continue
		}
		order[i] = max(best[i], 1)
		if twice[i] {
			order[i]++
		}
		j := d.to[i]
		if j == i {
			continue
		}
		inflow[j]++
		switch {
		case order[i] > best[j]:
			best[j], twice[j] = order[i], false
		case order[i] == best[j]:
			twice[j] = true
		}
	}
	namer := newRiverNamer(o.Seed)
	for k := len(d.order) - 1; k >= 0; k-- {
		i := int(d.order[k])
		if h.km2[i] < streamFrom || inflow[i] == 1 {
			continue // only sources and confluences begin a line
		}
		r := river{order: int(order[i]), km2: h.km2[i]}
		at := i
		for {
			r.line = append(r.line, point{(float64(at%n) + 0.5) * h.z.cell, (float64(at/n) + 0.5) * h.z.cell})
			next := int(d.to[at])
			if next == at {
				break
			}
			at = next
			r.km2 = math.Max(r.km2, h.km2[at])
			if inflow[at] > 1 {
				r.line = append(r.line, point{(float64(at%n) + 0.5) * h.z.cell, (float64(at/n) + 0.5) * h.z.cell})
				break
			}
		}
		if len(r.line) > 2 {
			h.lines = append(h.lines, r)
		}
	}
	namer.name(h.lines)
	for i := range h.lines {
		h.lines[i].line = relax(h.lines[i].line)
	}
}

// relax rounds the steps of a line on cells, keeping its ends.
func relax(line []point) []point {
	out := slices.Clone(line)
	for range 4 {
		prev := out[0]
		for i := 1; i+1 < len(out); i++ {
			was := out[i]
			out[i] = point{(prev.x + 2*was.x + out[i+1].x) / 4, (prev.y + 2*was.y + out[i+1].y) / 4}
			prev = was
		}
	}
	thin := out[:1:1]
	for i := 1; i < len(out); i++ {
		if i == len(out)-1 || i%2 == 0 {
			thin = append(thin, out[i])
		}
	}
	return thin
}

// riverNamer gives invented names: one to a river along its main stem.
type riverNamer struct{ names []string }

func newRiverNamer(seed uint64) *riverNamer {
	stems := []string{"Contada", "Verdèra", "Rovàna", "Scurta", "Lamìra", "Olza", "Brenta Nera", "Savèna Alta", "Tresca", "Valdrina", "Ghiarola", "Fosca", "Merla", "Sordina", "Ardesa", "Calvana", "Nevola", "Pioverna Vecchia", "Ronca", "Strigna", "Albiera", "Corva", "Limestra", "Zerbia"}
	r := stream(seed, "river names")
	r.Shuffle(len(stems)-1, func(i, j int) { stems[i+1], stems[j+1] = stems[j+1], stems[i+1] })
	return &riverNamer{names: stems}
}

// name follows each river up from its mouth along the larger branch.
func (m *riverNamer) name(lines []river) {
	byEnd := map[point][]int{}
	for i := range lines {
		end := lines[i].line[len(lines[i].line)-1]
		byEnd[end] = append(byEnd[end], i)
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case lines[a].km2 > lines[b].km2:
			return -1
		case lines[a].km2 < lines[b].km2:
			return 1
		}
		return a - b
	})
	next := 0
	for _, i := range order {
		if lines[i].name != "" || lines[i].order < 2 || next >= len(m.names) {
			continue
		}
		kind := "Torrente "
		if lines[i].km2 > riverFrom {
			kind = "Fiume "
		}
		name := kind + m.names[next]
		next++
		for up := i; up >= 0; {
			lines[up].name = name
			above := byEnd[lines[up].line[0]]
			up = -1
			for _, a := range above {
				if lines[a].name == "" && (up < 0 || lines[a].km2 > lines[up].km2) {
					up = a
				}
			}
		}
	}
}

// onMap turns a line into map coordinates.
func onMap(line []point, x0, y0 float64) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = orb.Point{x0 + p.x, y0 - p.y}
	}
	return out
}
