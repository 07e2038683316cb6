package transit

import (
	"cmp"
	"math"
	"slices"
)

// Beyond is a facility off the surface. Nobody walks there over the ground,
// but people ride to stops near it.
type Beyond struct {
	Lon, Lat float64
	Facility int32
}

const degree = 6371008.8 * math.Pi / 180 // metres of latitude

// metres is how far two positions are apart, on a plane that touches the
// globe (right to 1 % within 100 km).
func metres(lon1, lat1, lon2, lat2 float64) float64 {
	return degree * math.Hypot((lon1-lon2)*math.Cos((lat1+lat2)/2*math.Pi/180), lat1-lat2)
}

// straight is a walk in a straight line, in whole seconds; false when it
// takes longer than limit.
func (r *Router) straight(lon1, lat1, lon2, lat2 float64, limit int32) (int32, bool) {
	s := math.Ceil(metres(lon1, lat1, lon2, lat2) / r.g.Straight)
	return int32(min(s, math.MaxInt32)), s <= float64(limit)
}

// beyond are the walks between stops of which one or both are off the
// surface.
func (r *Router) beyond() []Walk {
	if r.g.Straight <= 0 {
		return nil
	}
	used := r.used()
	var order []int32
	for i := range r.t.stops {
		if used[i] && r.t.stops[i].Located {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.t.stops[a].Lat, r.t.stops[b].Lat), cmp.Compare(a, b))
	})
	var out []Walk
	far := float64(r.t.o.Transfer) * r.g.Straight / degree * 1.01
	for i, a := range order {
		x := &r.t.stops[a]
		for _, b := range order[i+1:] {
			y := &r.t.stops[b]
			if y.Lat-x.Lat > far {
				break
			}
			if r.cellOf[a] >= 0 && r.cellOf[b] >= 0 {
				continue
			}
			if s, ok := r.straight(x.Lon, x.Lat, y.Lon, y.Lat, r.t.o.Transfer); ok {
				out = append(out, Walk{a, b, s}, Walk{b, a, s})
			}
		}
	}
	return out
}

// toBeyond adds the walks between stops and facilities off the surface, up to
// Options.Walk.
func (r *Router) toBeyond(e *Ends, list []Beyond) {
	if r.g.Straight <= 0 || len(list) == 0 {
		return
	}
	for i, used := range r.used() {
		st := &r.t.stops[i]
		if !used || !st.Located {
			continue
		}
		for _, b := range list {
			s, ok := r.straight(st.Lon, st.Lat, b.Lon, b.Lat, r.t.o.Walk)
			if ok && (e.Seconds[i] < 0 || s < e.Seconds[i] || s == e.Seconds[i] && b.Facility < e.Facility[i]) {
				e.Seconds[i], e.Facility[i] = s, b.Facility
			}
		}
	}
}

// used tells of each stop whether people get on or off.
func (r *Router) used() []bool {
	used := make([]bool, len(r.t.stops))
	for i := range r.t.calls {
		c := &r.t.calls[i]
		used[c.stop] = used[c.stop] || c.board >= 0 || c.alight >= 0
	}
	return used
}
