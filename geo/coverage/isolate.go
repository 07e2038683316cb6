package coverage

import (
	"context"
	"math"

	"contado/geo/fault"
)

// MaxServices bounds the services of one Isolation.
const MaxServices = 64

// Isolate counts people by how many of several services lie beyond a time, or
// out of all reach: seconds[s][i] is the time from cell i to the nearest
// facility of services[s]. One Isolation a threshold, in the order given; a
// time of exactly the threshold is within it. Of d, people, areas (and bands,
// for the same rounding as Compute's) are read; its Seconds are not.
// In every row and in all areas together the counts sum to the population
// that Compute gives, exactly.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Isolate(ctx context.Context, d Demand, areas []Area, profile string, services []string, seconds [][]float32, thresholds []float64) ([]Isolation, error) {
	const op = "coverage.Isolate"
	if len(services) == 0 || len(services) > MaxServices || len(seconds) != len(services) {
		return nil, fault.Errorf(op, fault.Invalid, "%d services (1 to %d) with %d arrays of times", len(services), MaxServices, len(seconds))
	}
	n := len(d.People)
	if len(d.Area) != n {
		return nil, fault.Errorf(op, fault.Invalid, "%d areas for %d cells", len(d.Area), n)
	}
	for i, a := range d.Area {
		if a < 0 || int(a) >= len(areas) || !(d.People[i] >= 0) || math.IsInf(d.People[i], 0) {
			return nil, fault.Errorf(op, fault.Invalid, "cell %d: %v people in area %d of %d", i, d.People[i], a, len(areas))
		}
	}
	for s, times := range seconds {
		if len(times) != n {
			return nil, fault.Errorf(op, fault.Invalid, "service %q has %d times for %d cells", services[s], len(times), n)
		}
		for i, t := range times {
			if !(t >= 0) {
				return nil, fault.Errorf(op, fault.Invalid, "service %q: %v s in cell %d", services[s], t, i)
			}
		}
	}
	scale, _, _, err := units(&d)
	if err != nil {
		return nil, err
	}
	people := quantise(d.People, scale)
	out := make([]Isolation, len(thresholds))
	for j, limit := range thresholds {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(op, fault.Canceled, err)
		}
		if !(limit > 0) || math.IsInf(limit, 0) {
			return nil, fault.Errorf(op, fault.Invalid, "threshold %v: must be a number of seconds above 0", limit)
		}
		out[j] = isolated(people, scale, d.Area, areas, seconds, limit)
		out[j].Profile, out[j].Services = profile, append([]string(nil), services...)
	}
	return out, nil
}

func isolated(people []int64, scale float64, area []int32, areas []Area, seconds [][]float32, limit float64) Isolation {
	width := len(seconds) + 1
	counts := make([]int64, width*len(areas))
	lacks := make([]uint8, len(people))
	for _, times := range seconds {
		for i, t := range times {
			if float64(t) > limit {
				lacks[i]++
			}
		}
	}
	for i, w := range people {
		counts[int(area[i])*width+int(lacks[i])] += w
	}
	out := Isolation{ThresholdS: limit, People: make([]float64, width), Areas: make([]IsolationArea, len(areas))}
	whole := make([]int64, width)
	for a := range areas {
		row := IsolationArea{Code: areas[a].Code, Name: areas[a].Name, People: make([]float64, width)}
		for k, w := range counts[a*width : (a+1)*width] {
			row.People[k] = float64(w) / scale
			whole[k] += w
		}
		out.Areas[a] = row
	}
	for k, w := range whole {
		out.People[k] = float64(w) / scale
	}
	return out
}
