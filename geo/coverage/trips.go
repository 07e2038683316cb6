package coverage

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

// Trips are the times from inhabited cells to facilities, sparse: those of
// cell i are the entries Start[i] to Start[i+1] (half-open) of Facility and
// Seconds. No facility comes twice in a cell. Make them with NewTrips or
// TripsFromNearest.
type Trips struct {
	Start    []int     // one more than cells
	Facility []int32   // index into the facilities
	Seconds  []float32 // finite, ≥ 0
}

// Trip is one time, from a cell to a facility.
type Trip struct {
	Cell, Facility int32
	Seconds        float32
}

// MaxTrips bounds how many trips one computation holds.
const MaxTrips = 1 << 28

// Cells is how many cells the trips start in.
func (t *Trips) Cells() int { return len(t.Start) - 1 }

// NewTrips orders trips by cell and facility; of several of one pair the
// fastest stays, and those of infinite time are left out. The list is sorted
// in place.
// Errors: fault.Invalid for indices or times that cannot be; fault.TooLarge.
func NewTrips(cells, facilities int, list []Trip) (*Trips, error) {
	const op = "coverage.NewTrips"
	if len(list) > MaxTrips {
		return nil, fault.Errorf(op, fault.TooLarge, "%d trips; the limit is %d", len(list), MaxTrips)
	}
	for k, t := range list {
		if t.Cell < 0 || int(t.Cell) >= cells || t.Facility < 0 || int(t.Facility) >= facilities || !(t.Seconds >= 0) {
			return nil, fault.Errorf(op, fault.Invalid, "trip %d: from cell %d of %d to facility %d of %d in %v s",
				k, t.Cell, cells, t.Facility, facilities, t.Seconds)
		}
	}
	slices.SortFunc(list, func(a, b Trip) int {
		return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Facility, b.Facility), cmp.Compare(a.Seconds, b.Seconds))
	})
	out := &Trips{Start: make([]int, cells+1)}
	for k, t := range list {
		if math.IsInf(float64(t.Seconds), 1) || (k > 0 && list[k-1].Cell == t.Cell && list[k-1].Facility == t.Facility) {
			continue
		}
		out.Facility = append(out.Facility, t.Facility)
		out.Seconds = append(out.Seconds, t.Seconds)
		out.Start[t.Cell+1]++
	}
	for i := range cells {
		out.Start[i+1] += out.Start[i]
	}
	return out, nil
}

// TripsFromNearest makes trips of the k nearest facilities of each cell:
// seconds[r][i] and nearest[r][i] are of the r-th nearest of cell i, nearest
// −1 or seconds +Inf where there is none. Errors as NewTrips.
func TripsFromNearest(facilities int, nearest [][]int32, seconds [][]float32) (*Trips, error) {
	const op = "coverage.TripsFromNearest"
	cells := 0
	if len(nearest) > 0 {
		cells = len(nearest[0])
	}
	if len(nearest) != len(seconds) {
		return nil, fault.Errorf(op, fault.Invalid, "%d ranks of facilities, %d of times", len(nearest), len(seconds))
	}
	if len(nearest) > 0 && cells > MaxTrips/len(nearest) {
		return nil, fault.Errorf(op, fault.TooLarge, "%d cells with %d facilities each; the limit is %d trips", cells, len(nearest), MaxTrips)
	}
	var list []Trip
	for r := range nearest {
		if len(nearest[r]) != cells || len(seconds[r]) != cells {
			return nil, fault.Errorf(op, fault.Invalid, "rank %d has %d facilities and %d times for %d cells",
				r+1, len(nearest[r]), len(seconds[r]), cells)
		}
		for i, f := range nearest[r] {
			if f >= 0 && !math.IsInf(float64(seconds[r][i]), 1) {
				list = append(list, Trip{int32(i), f, seconds[r][i]})
			}
		}
	}
	return NewTrips(cells, facilities, list)
}

func (t *Trips) check(op string, cells, facilities int) error {
	bad := func(format string, args ...any) error {
		return fault.Errorf(op, fault.Invalid, "trips: "+format, args...)
	}
	if t == nil || len(t.Start) != cells+1 || t.Start[0] != 0 || t.Start[cells] != len(t.Facility) || len(t.Facility) != len(t.Seconds) {
		return bad("arrays do not fit together, or not to %d cells", cells)
	}
	for i := range cells {
		if t.Start[i] > t.Start[i+1] {
			return bad("cell %d ends before it starts", i)
		}
		last := int32(-1)
		for e := t.Start[i]; e < t.Start[i+1]; e++ {
			f, s := t.Facility[e], float64(t.Seconds[e])
			if f <= last || int(f) >= facilities || !(s >= 0) || math.IsInf(s, 0) {
				return bad("cell %d: facility %d of %d (after %d) in %v s", i, f, facilities, last, s)
			}
			last = f
		}
	}
	return nil
}
