package terrain

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

// MaxSegments bounds how many pieces of line one surface may give.
const MaxSegments = 1 << 20

// Levels are the heights that contour lines follow: Base + k·Interval.
type Levels struct {
	Interval float64 // metres, above 0
	Base     float64
	// Index makes every n-th line an index line, counted from Base; 0 means
	// 5, below 0 none.
	Index int
}

// DefaultInterval is an interval (1, 2 or 5 times a power of ten) that keeps
// lines on a slope of 100 % some two to five pixels apart. Give the
// resolution of the whole tile matrix, not of a tile, lest neighbours differ.
func DefaultInterval(metresPerPixel float64) float64 {
	want := max(0.5, 2.4*metresPerPixel)
	p := math.Pow(10, math.Floor(math.Log10(want)))
	for _, f := range []float64{1, 2, 5} {
		if f*p >= want*(1-1e-9) {
			return f * p
		}
	}
	return 10 * p
}

func (l *Levels) check(op string) error {
	if !(l.Interval > 1e-6) || math.IsInf(l.Interval, 0) || math.IsNaN(l.Base) || math.IsInf(l.Base, 0) {
		return fault.Errorf(op, fault.Invalid, "contours every %g metres from %g: the interval must be above 0", l.Interval, l.Base)
	}
	return nil
}

func (l *Levels) at(k int) float64 { return l.Base + float64(k)*l.Interval }

// Every is how many intervals lie between index lines; 0 when there are none.
func (l *Levels) Every() int {
	if l.Index == 0 {
		return 5
	}
	return max(0, l.Index)
}

func (l *Levels) index(k int) bool {
	n := l.Every()
	return n > 0 && k%n == 0
}

// Line is a contour line. Points are (column, row) within the surface
// without its border: (0, 0) is the outer corner of its first cell, whose
// centre is (0.5, 0.5), so that a grid's Transform places them. Higher ground
// lies on the left with north up. A closed line repeats its first point.
type Line struct {
	Level  float64
	Index  bool
	Closed bool
	Points [][2]float64
}

// Contours returns the contour lines of a surface by marching squares: a
// height is taken to change evenly between the centres of neighbouring cells,
// one equal to the level counts as above it, and a saddle is decided by the
// mean of its corners. Lines end where the data does and at the outermost
// centres of the border. They come by level, and by place of the first point.
//
// Errors: Invalid for sizes or levels that cannot be, TooLarge over
// MaxSegments.
func Contours(s *Surface, l Levels) ([]Line, error) {
	const op = "terrain.Contours"
	if err := s.check(op, 0); err != nil {
		return nil, err
	}
	if err := l.check(op); err != nil {
		return nil, err
	}
	byLevel := map[int][]segment{}
	if err := s.march(op, l, func(g segment) { byLevel[g.k] = append(byLevel[g.k], g) }); err != nil {
		return nil, err
	}
	ks := make([]int, 0, len(byLevel))
	for k := range byLevel {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	var out []Line
	for _, k := range ks {
		for _, line := range s.join(byLevel[k]) {
			line.Level, line.Index = l.at(k), l.index(k)
			out = append(out, line)
		}
	}
	return out, nil
}

// segment is a piece of the line of level k through the square whose first
// corner is the centre of cell (col, row) of the bordered window, from one of
// its sides to another; from and to are within [0, 1]² of the square.
type segment struct {
	k, col, row      int
	fromSide, toSide uint8
	from, to         [2]float64
}

// The sides of a square.
const (
	top uint8 = iota
	right
	bottom
	left
)

// ways lists the sides that lines run between, by which corners lie at or
// above the level: 8 top left, 4 top right, 2 bottom right, 1 bottom left.
// Higher ground is on the left. Saddles (5 and 10) have two answers.
var ways = [16][]uint8{
	1: {bottom, left}, 2: {right, bottom}, 3: {right, left}, 4: {top, right},
	6: {top, bottom}, 7: {top, left}, 8: {left, top}, 9: {bottom, top},
	11: {right, top}, 12: {left, right}, 13: {bottom, right}, 14: {left, bottom},
	5: {top, right, bottom, left}, 10: {left, top, right, bottom},
}

// highSaddles replace 5 and 10 when the middle is high.
var highSaddles = [16][]uint8{
	5: {top, left, bottom, right}, 10: {right, top, left, bottom},
}

// march calls yield with every segment, row by row.
func (s *Surface) march(op string, l Levels, yield func(segment)) error {
	stride, rows := s.stride(), s.Height+2*s.Border
	left, inverse := MaxSegments, 1/l.Interval
	for r := range rows - 1 {
		for c := range stride - 1 {
			i := r*stride + c
			q := [4]float64{float64(s.Heights[i]), float64(s.Heights[i+1]), float64(s.Heights[i+stride+1]), float64(s.Heights[i+stride])}
			lo, hi := min(q[0], q[1], q[2], q[3]), max(q[0], q[1], q[2], q[3])
			if !(lo < hi) { // flat, or not a number
				continue
			}
			// One step to each side: rounding may put a level beside its number.
			first, last := math.Floor((lo-l.Base)*inverse), math.Ceil((hi-l.Base)*inverse)
			if last-first < 2 && l.at(int(first)) <= lo && l.at(int(last)) > hi {
				continue
			}
			if !s.valid(i) || !s.valid(i+1) || !s.valid(i+stride+1) || !s.valid(i+stride) {
				continue
			}
			if last-first > float64(left) || math.Abs(first) > 1e9 || math.Abs(last) > 1e9 {
				return fault.WithHint(fault.Errorf(op, fault.TooLarge, "contour lines every %g metres through %g to %g metres are too many: the limit is %d pieces", l.Interval, lo, hi, MaxSegments), "ask for a larger interval or a smaller area")
			}
			for k := int(first); k <= int(last); k++ {
				if level := l.at(k); lo < level && level <= hi {
					left -= cross(q, level, segment{k: k, col: c, row: r}, yield)
				}
			}
		}
	}
	return nil
}

// cross yields the one or two segments of a level through a square.
func cross(q [4]float64, level float64, g segment, yield func(segment)) int {
	n := 0
	for i, v := range q {
		if v >= level {
			n |= 8 >> i
		}
	}
	w := ways[n]
	if len(w) == 4 && (q[0]+q[1]+q[2]+q[3])/4 >= level {
		w = highSaddles[n]
	}
	for i := 0; i < len(w); i += 2 {
		g.fromSide, g.toSide = w[i], w[i+1]
		g.from, g.to = onSide(q, level, w[i]), onSide(q, level, w[i+1])
		yield(g)
	}
	return len(w) / 2
}

// onSide is where the level crosses a side. Squares that share the side
// compute the same number: always from the left or upper end.
func onSide(q [4]float64, level float64, side uint8) [2]float64 {
	between := func(a, b float64) float64 { return (level - a) / (b - a) }
	switch side {
	case top:
		return [2]float64{between(q[0], q[1]), 0}
	case right:
		return [2]float64{1, between(q[1], q[2])}
	case bottom:
		return [2]float64{between(q[3], q[2]), 1}
	}
	return [2]float64{0, between(q[0], q[3])}
}

// edge numbers the side of a square among all: two for each centre, to the
// right and down.
func (s *Surface) edge(col, row int, side uint8) int {
	n := 2 * (row*s.stride() + col)
	switch side {
	case right:
		return n + 2 + 1
	case bottom:
		return n + 2*s.stride()
	case left:
		return n + 1
	}
	return n
}

// join links the segments of one level into lines. A side is crossed once at
// most, so that each has one segment that starts there and one that ends.
func (s *Surface) join(segments []segment) []Line {
	starts := make(map[int]int, len(segments))
	ends := make(map[int]bool, len(segments))
	for i, g := range segments {
		starts[s.edge(g.col, g.row, g.fromSide)] = i
		ends[s.edge(g.col, g.row, g.toSide)] = true
	}
	used := make([]bool, len(segments))
	var out []Line
	follow := func(i int) {
		line := Line{Points: [][2]float64{s.place(segments[i], segments[i].from)}}
		origin := s.edge(segments[i].col, segments[i].row, segments[i].fromSide)
		for {
			g := segments[i]
			used[i] = true
			if p := s.place(g, g.to); p != line.Points[len(line.Points)-1] {
				line.Points = append(line.Points, p)
			}
			at := s.edge(g.col, g.row, g.toSide)
			next, ok := starts[at]
			if !ok || used[next] {
				line.Closed = at == origin
				break
			}
			i = next
		}
		if len(line.Points) > 1 {
			out = append(out, line)
		}
	}
	for i, g := range segments { // first the lines that begin somewhere
		if !used[i] && !ends[s.edge(g.col, g.row, g.fromSide)] {
			follow(i)
		}
	}
	for i := range segments {
		if !used[i] {
			follow(i)
		}
	}
	slices.SortStableFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Points[0][1], b.Points[0][1]), cmp.Compare(a.Points[0][0], b.Points[0][0]))
	})
	return out
}

// place turns a point of a segment into columns and rows without border.
func (s *Surface) place(g segment, p [2]float64) [2]float64 {
	return [2]float64{float64(g.col-s.Border) + 0.5 + p[0], float64(g.row-s.Border) + 0.5 + p[1]}
}
