// Package arc makes lines of circular arcs.
package arc

import (
	"errors"
	"math"

	"github.com/paulmach/orb"
)

// step is the angle between positions that stand for an arc: as GDAL has it,
// so that both see the same places. The chord stays within 0.06 % of the
// radius of the arc.
const step = 4 * math.Pi / 180

// Line makes a line of a circular string: arcs of three positions each, the
// last of one being the first of the next. z and m are heights and measures of
// the positions, nil for none; they change evenly along each half of an arc.
// The positions that are given are kept as they are. No positions give none.
//
// Errors: a number of positions that makes no whole number of arcs, or not one
// height or measure for each.
func Line(points []orb.Point, z, m []float64) (line []orb.Point, lineZ, lineM []float64, err error) {
	if len(points) == 0 {
		return nil, nil, nil, nil
	}
	if len(points) < 3 || len(points)%2 == 0 {
		return nil, nil, nil, errors.New("a circular string has no whole number of arcs")
	}
	if z != nil && len(z) != len(points) || m != nil && len(m) != len(points) {
		return nil, nil, nil, errors.New("a circular string has not one height or measure for each position")
	}
	add := func(p orb.Point, i int, f float64) { // f of the way from position i to the next
		line = append(line, p)
		if z != nil {
			lineZ = append(lineZ, blend(z, i, f))
		}
		if m != nil {
			lineM = append(lineM, blend(m, i, f))
		}
	}
	add(points[0], 0, 0)
	for i := 0; i+2 < len(points); i += 2 {
		arc := newArc(points[i], points[i+1], points[i+2])
		for half := range 2 {
			steps := arc.steps(half)
			for k := 1; k < steps; k++ {
				f := float64(k) / float64(steps)
				add(arc.at(half, f), i+half, f)
			}
			add(points[i+half+1], i+half+1, 0)
		}
	}
	return line, lineZ, lineM, nil
}

func blend(list []float64, i int, f float64) float64 {
	if f == 0 {
		return list[i]
	}
	return list[i]*(1-f) + list[i+1]*f
}

// arc is a part of a circle through three positions, in two halves; a full
// circle when the first and the last are one (ISO 13249-3: the second is then
// opposite to them). Positions on a line have no circle: the arc is straight.
type arc struct {
	x, y, radius float64
	from         [2]float64 // angles where the halves begin
	turn         [2]float64 // and how far they go, with sign
	straight     bool
}

func newArc(a, b, c orb.Point) arc {
	if a == c {
		mx, my := a[0]/2+b[0]/2, a[1]/2+b[1]/2
		from := math.Atan2(a[1]-my, a[0]-mx)
		radius := math.Hypot(a[0]-mx, a[1]-my)
		return arc{x: mx, y: my, radius: radius, from: [2]float64{from, from + math.Pi}, turn: [2]float64{math.Pi, math.Pi}, straight: radius == 0}
	}
	// The centre is where the bisectors of two chords meet.
	bx, by, cx, cy := b[0]-a[0], b[1]-a[1], c[0]-a[0], c[1]-a[1]
	d := 2 * (bx*cy - by*cx)
	if math.Abs(d) <= 1e-12*(math.Hypot(bx, by)*math.Hypot(cx, cy)) {
		return arc{straight: true}
	}
	b2, c2 := bx*bx+by*by, cx*cx+cy*cy
	ux, uy := (cy*b2-by*c2)/d, (bx*c2-cx*b2)/d
	o := arc{x: a[0] + ux, y: a[1] + uy, radius: math.Hypot(ux, uy)}
	angle := func(p orb.Point) float64 { return math.Atan2(p[1]-o.y, p[0]-o.x) }
	at := [3]float64{angle(a), angle(b), angle(c)}
	for half := range 2 {
		turn := math.Remainder(at[half+1]-at[half], 2*math.Pi)
		if d > 0 && turn < 0 { // counter-clockwise
			turn += 2 * math.Pi
		} else if d < 0 && turn > 0 {
			turn -= 2 * math.Pi
		}
		o.from[half], o.turn[half] = at[half], turn
	}
	return o
}

func (o *arc) steps(half int) int {
	if o.straight {
		return 1
	}
	return max(1, int(math.Ceil(math.Abs(o.turn[half])/step-1e-9)))
}

func (o *arc) at(half int, f float64) orb.Point {
	sin, cos := math.Sincos(o.from[half] + f*o.turn[half])
	return orb.Point{o.x + o.radius*cos, o.y + o.radius*sin}
}
