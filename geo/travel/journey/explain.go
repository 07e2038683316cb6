package journey

import (
	"context"
	"math"
	"slices"

	"contado/geo/travel"
	"contado/geo/travel/road"
)

// Walk is a stretch over the ground, in the direction of travel.
type Walk struct {
	Cells    []int32 // ends included
	Metres   float64 // along the cells, and between their centres and the road
	Up, Down float64 // metres climbed and gone down; 0 where heights are not known
	Seconds  float64
}

// Explanation is a journey, leg by leg in the direction of travel: a walk, and
// with Ride a ride and another walk. Walks may have no length.
type Explanation struct {
	Facility int32
	Seconds  float64
	Start    *Walk
	Ride     *road.Route // nil when all is on foot
	End      *Walk
}

// Explain gives the journey of a cell of a result. Errors: NotExist when the
// cell has no way out.
func (w *World) Explain(r *Result, col, row int) (*Explanation, error) {
	e := w.ground.Engine
	steps, err := e.Path(r.last, r.sources, r.o, col, row)
	if err != nil {
		return nil, err
	}
	cell := int32(row*w.ground.Grid.Width + col)
	out := &Explanation{Facility: r.Nearest[cell], Seconds: float64(r.Seconds[cell])}
	near := w.walk(steps, float64(r.Seconds[cell])-float64(steps[len(steps)-1].Seconds))
	last := steps[len(steps)-1]
	d, ok := w.doorOf(r, int32(last.Row*w.ground.Grid.Width+last.Col), last.Seconds, out.Facility)
	if !ok {
		w.turnBack(r.o, near, nil)
		out.Start = near
		return out, nil
	}
	near.Seconds += float64(d.seconds)
	near.Metres += float64(d.seconds) * float64(w.ground.Surface.Speed[d.cell])
	if out.Ride, err = r.roads.Route(int(d.edge), d.along); err != nil {
		return nil, err
	}
	far, ok := w.farDoor(r, out.Ride.Seed)
	if !ok { // a facility beyond the ground
		out.End = &Walk{Seconds: float64(out.Ride.Seed.Millis) / 1000}
		w.order(r.o, out, near, out.End)
		return out, nil
	}
	width := w.ground.Grid.Width
	if steps, err = e.Path(r.first, r.given, r.o, int(far.cell)%width, int(far.cell)/width); err != nil {
		return nil, err
	}
	end := w.walk(steps, float64(r.first.Seconds[far.cell])-float64(steps[len(steps)-1].Seconds))
	end.Seconds += float64(far.seconds)
	end.Metres += float64(far.seconds) * float64(w.ground.Surface.Speed[far.cell])
	w.order(r.o, out, near, end)
	return out, nil
}

// order puts the walks of a journey into the direction of travel.
func (w *World) order(o travel.Options, x *Explanation, near, end *Walk) {
	w.turnBack(o, near, end)
	x.Start, x.End = near, end
	if o.Direction == travel.FromFacility {
		x.Start, x.End = end, near
	}
}

// turnBack puts walks into the direction of travel: they come from the place
// towards the facility.
func (w *World) turnBack(o travel.Options, near, end *Walk) {
	if o.Direction == travel.ToFacility {
		return
	}
	for _, k := range []*Walk{near, end} {
		if k != nil {
			slices.Reverse(k.Cells)
			k.Up, k.Down = k.Down, k.Up
		}
	}
}

// doorOf is the door that gave a cell its time as a source of pass 3; ok is
// false when the cell is a facility's.
func (w *World) doorOf(r *Result, cell int32, seconds float32, facility int32) (door, bool) {
	if r.roads == nil || r.first.Seconds[cell] <= seconds && r.first.Nearest[cell] == facility {
		return door{}, false
	}
	for _, d := range w.doors {
		if d.cell != cell {
			continue
		}
		if l := r.roads.At(int(d.edge), d.along); l != road.Unreached && l.Facility() == facility && float32(l.Seconds()+float64(d.seconds)) == seconds {
			return d, true
		}
	}
	return door{}, false
}

// farDoor is the door of a seed.
func (w *World) farDoor(r *Result, s road.Seed) (door, bool) {
	for _, d := range w.doorsOf(s.Edge) {
		if d.along == s.Along && w.entrance(&d, r.first) == s {
			return d, true
		}
	}
	return door{}, false
}

// walk measures the cells of a path.
func (w *World) walk(steps []travel.Step, seconds float64) *Walk {
	s := w.ground.Surface
	k := &Walk{Seconds: seconds}
	at := func(v []float64, row int) float64 {
		if len(v) == 1 {
			return v[0]
		}
		return v[row]
	}
	for i, p := range steps {
		k.Cells = append(k.Cells, int32(p.Row*s.Width+p.Col))
		if i == 0 {
			continue
		}
		q := steps[i-1]
		k.Metres += math.Hypot(float64(p.Col-q.Col)*at(s.CellW, p.Row), float64(p.Row-q.Row)*at(s.CellH, p.Row))
		if s.Elevation == nil {
			continue
		}
		switch rise := float64(s.Elevation[p.Row*s.Width+p.Col] - s.Elevation[q.Row*s.Width+q.Col]); {
		case rise > 0:
			k.Up += rise
		case rise < 0:
			k.Down -= rise
		}
	}
	return k
}

// OnFoot is the journey of a cell over the ground alone. It computes anew.
func OnFoot(ctx context.Context, ground Ground, facilities []travel.Source, o travel.Options, col, row int) (*Explanation, error) {
	res, err := ground.Engine.Compute(ctx, facilities, o)
	if err != nil {
		return nil, err
	}
	w := &World{ground: ground}
	return w.Explain(&Result{Seconds: res.Seconds, Nearest: res.Nearest, first: res, last: res, sources: facilities, given: facilities, o: o}, col, row)
}
