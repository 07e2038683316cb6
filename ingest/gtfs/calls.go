package gtfs

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// callBytes is the length of a row of stop_times.txt in the sorter: stop,
// arrival, departure, headsign, line, distance, pickup, drop off.
const callBytes = 5*4 + 8 + 2

// sortCalls reads stop_times.txt and sorts it by trip and sequence.
func (f *Feed) sortCalls(ctx context.Context) (*sorter, error) {
	path, err := f.file("gtfs-calls.tmp")
	if err != nil {
		return nil, err
	}
	calls := newSorter(path, callBytes)
	heads := map[string]uint32{"": 0}
	f.strings = []string{""}
	var c struct{ trip, arr, dep, stop, seq, head, pick, drop, dist int }
	rec := make([]byte, callBytes)
	n := 0
	err = f.read("stop_times.txt", []string{"trip_id", "stop_id", "stop_sequence"}, func(t *table) {
		c.trip, c.arr, c.dep, c.stop, c.seq = t.column("trip_id"), t.column("arrival_time"), t.column("departure_time"), t.column("stop_id"), t.column("stop_sequence")
		c.head, c.pick, c.drop, c.dist = t.column("stop_headsign"), t.column("pickup_type"), t.column("drop_off_type"), t.column("shape_dist_traveled")
	}, func(t *table) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return fault.E("gtfs.StopTimes", fault.Canceled, ctx.Err())
		}
		trip, ok := f.tripIDs[t.value(c.trip)]
		stop, ok2 := f.stopIDs[t.value(c.stop)]
		seq, ok3 := number(t.value(c.seq), 0, math.MaxInt32, -1)
		if !ok || !ok2 {
			f.orphan(t, t.value(c.trip), t.value(c.stop), ok)
			return nil
		}
		if !ok3 || seq < 0 {
			f.warn("sequences-wrong", "calls without a whole number as their sequence were left out", t.at(t.value(c.seq)))
			return nil
		}
		arr, dep := f.times(t, t.value(c.arr), t.value(c.dep))
		head, known := heads[t.value(c.head)]
		if !known {
			head = uint32(len(f.strings))
			heads[t.value(c.head)] = head
			f.strings = append(f.strings, t.value(c.head))
		}
		dist, ok := decimal(t.value(c.dist))
		if !ok || dist < 0 {
			f.warn("values-wrong", msgValues, t.at(t.value(c.dist)))
			dist = math.NaN()
		}
		b := rec[:0]
		for _, v := range []uint32{uint32(stop), uint32(arr), uint32(dep), head, uint32(t.line)} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(dist))
		b = append(b, byte(f.small(t, c.pick, 0, 3, 0)), byte(f.small(t, c.drop, 0, 3, 0)))
		return calls.add(uint64(trip)<<32|uint64(seq), b)
	})
	if err == nil {
		err = calls.finish()
	}
	return calls, err
}

// orphan counts a call of an unknown trip or stop; those of trips that were
// left out apart.
func (f *Feed) orphan(t *table, trip, stop string, tripKnown bool) {
	if !tripKnown && f.left[trip] {
		f.warn("calls-of-lost-trips", "calls of trips that were left out went with them", t.at("trip "+trip))
		return
	}
	f.warn("references-unknown", msgRefs, t.at("trip "+trip+", stop "+stop))
}

// times reads the two times of a call; one that is missing is the other.
func (f *Feed) times(t *table, arrival, departure string) (arr, dep int32) {
	arr, ok1 := ParseTime(arrival)
	dep, ok2 := ParseTime(departure)
	if !ok1 || !ok2 {
		f.warn("times-wrong", "times that are none were taken as not given", t.at(arrival+" "+departure))
	}
	if arr == NoTime {
		arr = dep
	}
	if dep == NoTime {
		dep = arr
	}
	if dep < arr {
		f.warn("departures-early", "calls depart before they arrive: the time of arrival counts", t.at(arrival+" "+departure))
		dep = arr
	}
	return arr, dep
}

type rawCall struct {
	Call
	line uint32
}

// walk yields the cleaned calls trip by trip. notes, which may be nil, hears
// what was left out.
func (f *Feed) walk(ctx context.Context, notes *notice.List, yield func(trip int, calls []Call) (bool, error)) error {
	var raws []rawCall
	var calls []Call
	trip, stopped := int64(-1), false
	flush := func() (bool, error) {
		if trip < 0 {
			return true, nil
		}
		if calls = f.tidy(int(trip), raws, calls[:0], notes); len(calls) < 2 {
			return true, nil
		}
		return yield(int(trip), calls)
	}
	err := f.calls.each(ctx, func(key uint64, rec []byte) (bool, error) {
		if t := int64(key >> 32); t != trip {
			if more, err := flush(); err != nil || !more {
				stopped = true
				return false, err
			}
			trip, raws = t, raws[:0]
		}
		u := func(i int) uint32 { return binary.LittleEndian.Uint32(rec[4*i:]) }
		raws = append(raws, rawCall{Call{
			Stop: int32(u(0)), Arrival: int32(u(1)), Departure: int32(u(2)), Headsign: f.strings[u(3)], Sequence: uint32(key),
			Distance: math.Float64frombits(binary.LittleEndian.Uint64(rec[20:])), Pickup: int8(rec[28]), DropOff: int8(rec[29]),
		}, u(4)})
		return true, nil
	})
	if err == nil && !stopped {
		_, err = flush()
	}
	return err
}

// tidy makes the calls of a trip fit for use: no sequence twice, no time that
// goes back, none missing. Fewer than two calls mean that the trip is none.
func (f *Feed) tidy(trip int, raws []rawCall, out []Call, notes *notice.List) []Call {
	warn := func(code, message string, line uint32, what string) {
		if notes != nil {
			notes.Count(catalog.Warning, code, message, fmt.Sprintf("stop_times.txt, line %d: trip %s%s", line, f.Trips[trip].ID, what))
		}
	}
	last := int32(-1)
	for i, r := range raws {
		if i > 0 && r.Sequence == raws[i-1].Sequence {
			warn("sequences-repeated", "calls with the sequence of another call of the trip were left out", r.line, fmt.Sprintf(", sequence %d", r.Sequence))
			continue
		}
		if r.Arrival != NoTime && r.Arrival < last {
			warn("times-decreasing", "calls that lie before the call before them were left out", r.line, fmt.Sprintf(": %s after %s", FormatTime(r.Arrival), FormatTime(last)))
			continue
		}
		if r.Departure != NoTime {
			last = r.Departure
		}
		out = append(out, r.Call)
	}
	if len(raws) > 0 && len(out) >= 2 && (out[0].Departure == NoTime || out[len(out)-1].Arrival == NoTime) {
		warn("trips-untimed", "trips without a time at their first or last stop were left out", raws[0].line, "")
		return nil
	}
	if len(out) < 2 && len(raws) > 0 {
		warn("trips-short", "trips with fewer than two calls were left out", raws[0].line, "")
		return nil
	}
	f.interpolate(out)
	f.checkSpeed(trip, out, raws[0].line, warn)
	return out
}

// interpolate fills in the times between those given: by distance along the
// shape where all have one, else evenly.
func (f *Feed) interpolate(calls []Call) {
	for i := 1; i < len(calls); i++ {
		if calls[i].Arrival != NoTime {
			continue
		}
		j := i
		for calls[j].Arrival == NoTime {
			j++
		}
		from, to := &calls[i-1], &calls[j]
		span := float64(to.Arrival - from.Departure)
		length := to.Distance - from.Distance
		for k := i; k < j; k++ {
			t := float64(k-i+1) / float64(j-i+1)
			if d := (calls[k].Distance - from.Distance) / length; length > 0 && d >= 0 && d <= 1 {
				t = d
			}
			at := from.Departure + int32(math.Round(t*span))
			at = max(at, calls[k-1].Departure)
			calls[k].Arrival, calls[k].Departure, calls[k].Interpolated = at, at, true
		}
		i = j
	}
}

// tooFast is a speed between stops, in metres a second, that no vehicle but
// an aeroplane has: 450 km/h.
const tooFast = 125

// checkSpeed looks for stops in the wrong place. A minute is given for times
// that are rounded.
func (f *Feed) checkSpeed(trip int, calls []Call, line uint32, warn func(code, message string, line uint32, what string)) {
	if f.Routes[f.Trips[trip].Route].Mode == "air" {
		return
	}
	for i := 1; i < len(calls); i++ {
		a, b := &f.Stops[calls[i-1].Stop], &f.Stops[calls[i].Stop]
		if !a.Located || !b.Located || math.Abs(a.Lon-b.Lon)+math.Abs(a.Lat-b.Lat) < 0.02 {
			continue
		}
		d := geo.DistanceHaversine(orb.Point{a.Lon, a.Lat}, orb.Point{b.Lon, b.Lat})
		if s := float64(calls[i].Arrival-calls[i-1].Departure) + 60; d/s > tooFast {
			warn("travel-too-fast", "trips go faster than 450 km/h: a stop or a time is likely wrong", line,
				fmt.Sprintf(": %.1f km from %s to %s in %.0f s", d/1000, a.ID, b.ID, s-60))
			return
		}
	}
}
