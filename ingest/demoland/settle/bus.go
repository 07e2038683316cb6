package settle

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Line is a bus line that leads from the town to a seat.
type Line struct {
	Number, Name string
	Path         orb.LineString // along the roads, from the town
	Stops        []Stop         // in the order of the path; the first and the last are its ends
}

// Stop is where a line stops.
type Stop struct {
	Name, Hamlet, Municipality string
	Point                      orb.Point // vertex At of the path
	At                         int
	// Seconds from the start of the line to here, with the halts between.
	Seconds int
	Seat    bool // the stop of a seat: made for wheelchairs
}

const (
	busShare    = 0.75 // of the speed limit that a bus drives on average
	busMost     = 50.0 // km/h
	busHalt     = 20   // seconds at a stop
	stopApart   = 700.0
	stopReach   = 700.0 // a stop serves a hamlet that is as near as that
	lineAtLeast = 500.0 // metres of road that no line before has served
)

// busRoads are the roads that a bus can drive on.
var busRoads = map[string]bool{"primary": true, "secondary": true, "tertiary": true, "unclassified": true}

// drives is the network of roads that buses drive on; its nodes are the
// vertices of the roads.
type drives struct {
	at   []orb.Point
	node map[orb.Point]int32
	next [][]drive

	cost []float64 // seconds from the start
	from []int32   // −1 at the start, −2 where no bus comes
}

type drive struct {
	to      int32
	seconds float64
}

func newDrives(roads []Road) *drives {
	d := &drives{node: map[orb.Point]int32{}}
	for _, r := range roads {
		if !busRoads[r.Class] {
			continue
		}
		speed := math.Min(busShare*float64(r.MaxSpeed), busMost) / 3.6
		last := int32(-1)
		for i, p := range r.Line {
			n := d.add(p)
			if i > 0 && n != last {
				s := metresOf(d.at[last], p) / speed
				d.next[last] = append(d.next[last], drive{n, s})
				d.next[n] = append(d.next[n], drive{last, s})
			}
			last = n
		}
	}
	return d
}

func (d *drives) add(p orb.Point) int32 {
	n, ok := d.node[p]
	if !ok {
		n = int32(len(d.at))
		d.node[p], d.at, d.next = n, append(d.at, p), append(d.next, nil)
	}
	return n
}

func metresOf(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// nearest is the node nearest to a point; −1 when there is none.
func (d *drives) nearest(p orb.Point) int32 {
	best, far := int32(-1), math.Inf(1)
	for i, q := range d.at {
		if m := metresOf(p, q); m < far {
			best, far = int32(i), m
		}
	}
	return best
}

// begin finds the quickest ways from a node (Dijkstra).
func (d *drives) begin(start int32) {
	d.cost, d.from = make([]float64, len(d.at)), make([]int32, len(d.at))
	for i := range d.cost {
		d.cost[i], d.from[i] = math.Inf(1), -2
	}
	d.cost[start], d.from[start] = 0, -1
	f := &frontier{{0, start}}
	for f.Len() > 0 {
		it, _ := heap.Pop(f).(item)
		if it.cost > d.cost[it.cell] {
			continue
		}
		for _, e := range d.next[it.cell] {
			if c := it.cost + e.seconds; c < d.cost[e.to] {
				d.cost[e.to], d.from[e.to] = c, it.cell
				heap.Push(f, item{c, e.to})
			}
		}
	}
}

// way is the way from the start to a node; nil when there is none.
func (d *drives) way(to int32) []int32 {
	if to < 0 || d.from[to] == -2 {
		return nil
	}
	var out []int32
	for n := to; n >= 0; n = d.from[n] {
		out = append(out, n)
	}
	slices.Reverse(out)
	return out
}

// buses lays lines from the town to the seats, the one that serves most road
// first, until the rest adds little. Remote places go without.
func (s *settler) buses() error {
	d := newDrives(s.out.Roads)
	start := d.nearest(s.centre(s.seat[0]))
	if start < 0 {
		return nil // no road, no bus
	}
	d.begin(start)
	ways := make([][]int32, len(s.seat))
	for i, b := range s.seat[1:] {
		ways[i+1] = d.way(d.nearest(s.centre(b)))
	}
	served := map[int32]bool{}
	names := &stopNames{count: map[string]int{}, of: map[orb.Point]string{}}
	for most := 2 + len(s.seat)/5; len(s.out.Lines) < most; {
		best, more := 0, lineAtLeast
		for i, w := range ways {
			m := 0.0
			for k := 1; k < len(w); k++ {
				if !served[w[k]] {
					m += metresOf(d.at[w[k-1]], d.at[w[k]])
				}
			}
			if m > more {
				best, more = i, m
			}
		}
		if best == 0 {
			return nil
		}
		for _, n := range ways[best] {
			served[n] = true
		}
		s.out.Lines = append(s.out.Lines, s.line(d, ways[best], s.names[best], names))
	}
	return nil
}

// line stops where people live, at its two ends in any case.
func (s *settler) line(d *drives, way []int32, to string, names *stopNames) Line {
	l := Line{Number: fmt.Sprint(len(s.out.Lines) + 1), Name: s.names[0] + " – " + to}
	at := []int{}
	since := math.Inf(1)
	for i, n := range way {
		p := d.at[n]
		if i > 0 {
			since += metresOf(l.Path[i-1], p)
		}
		l.Path = append(l.Path, p)
		last := i == len(way)-1
		if b, ok := s.block(p); !last && (since < stopApart || !ok || !s.dryAt(p) || !s.lived(b)) {
			continue
		}
		if last && since < stopApart/2 && len(at) > 1 {
			at = at[:len(at)-1] // the end takes the place of a stop close by
		}
		at, since = append(at, i), 0
	}
	if len(at) > 0 && at[0] != 0 {
		at = append([]int{0}, at...)
	}
	for k, i := range at {
		p := d.at[way[i]]
		b, _ := s.block(p)
		h, _ := s.nearestHamlet(b)
		end := k == 0 || k == len(at)-1
		l.Stops = append(l.Stops, Stop{
			Name: names.name(p, h.Name), Hamlet: h.Name, Municipality: s.out.Municipalities[s.home[b]].Code, Point: p, At: i,
			Seconds: int(math.Round(d.cost[way[i]])) + busHalt*max(0, k-1), Seat: end,
		})
	}
	return l
}

// lived reports whether a hamlet is near a block.
func (s *settler) lived(block int) bool {
	_, far := s.nearestHamlet(block)
	return far <= stopReach
}

// stopNames gives each stop a name of its own: that of its hamlet, and for
// further ones what stands there.
type stopNames struct {
	count map[string]int
	of    map[orb.Point]string
}

var stopMarks = []string{"", ", bivio", ", chiesa", ", ponte", ", fontana", ", mulino", ", campo sportivo", ", cimitero"}

func (n *stopNames) name(p orb.Point, hamlet string) string {
	if name, ok := n.of[p]; ok {
		return name
	}
	k := n.count[hamlet]
	n.count[hamlet]++
	name := hamlet
	if k < len(stopMarks) {
		name += stopMarks[k]
	} else {
		name = fmt.Sprintf("%s, fermata %d", hamlet, k+1)
	}
	n.of[p] = name
	return name
}

// BusStops are the stops of all lines, each once, in the order of their names.
func (s *Society) BusStops() []Stop {
	seen := map[orb.Point]int{}
	var out []Stop
	for _, l := range s.Lines {
		for _, x := range l.Stops {
			i, ok := seen[x.Point]
			if !ok {
				i = len(out)
				seen[x.Point] = i
				out = append(out, x)
			}
			out[i].Seat = out[i].Seat || x.Seat
		}
	}
	slices.SortFunc(out, func(a, b Stop) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
