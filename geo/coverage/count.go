package coverage

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
)

// count holds people as integers of 1/scale person, and cells by rising time.
type count struct {
	scale      float64 // a power of two
	thresholds []float64
	seconds    []float32
	people     []int64
	bands      [][]int64
	// bandsComplete: the bands of each cell sum to its people.
	bandsComplete       bool
	bandsSum, peopleSum float64
	order               []uint32 // all cells by time, then index
	byArea              []uint32 // the same, area after area
	areaStart           []int
}

// bandTolerance is how far the bands of all cells may lie off, relative to
// the people, and still count as complete: single-precision input passes.
const bandTolerance = 1e-6

func newCount(ctx context.Context, d *Demand, areas int, thresholds []float64) (*count, error) {
	c := &count{thresholds: thresholds, seconds: d.Seconds}
	var err error
	if c.scale, c.peopleSum, c.bandsSum, err = units(d); err != nil {
		return nil, err
	}
	c.people = quantise(d.People, c.scale)
	c.bandsComplete = bandsComplete(d, c.peopleSum)
	for _, b := range d.Bands {
		c.bands = append(c.bands, quantise(b, c.scale))
	}
	if c.bandsComplete {
		c.closeBands()
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.E(opCompute, fault.Canceled, err)
	}
	c.sortCells(d.Area, areas)
	return c, nil
}

// compensated is Neumaier's sum: right to the last bit for our sizes.
type compensated struct{ sum, lost float64 }

func (c *compensated) add(x float64) {
	t := c.sum + x
	if math.Abs(c.sum) >= math.Abs(x) {
		c.lost += (c.sum - t) + x
	} else {
		c.lost += (x - t) + c.sum
	}
	c.sum = t
}

func (c *compensated) value() float64 { return c.sum + c.lost }

func sum(v []float64) float64 {
	var c compensated
	for _, x := range v {
		c.add(x)
	}
	return c.value()
}

// units is how many parts a person is counted in, a power of two: below 2^52
// of them the totals, and ten times them, fit into 63 bits.
func units(d *Demand) (scale, people, bands float64, err error) {
	people = sum(d.People)
	for _, b := range d.Bands {
		bands += sum(b)
	}
	largest := math.Max(people, bands)
	if largest >= 1<<50 {
		return 0, 0, 0, fault.Errorf(opCompute, fault.TooLarge, "%g people: the population array cannot be right", largest)
	}
	_, exp := math.Frexp(largest)
	return math.Ldexp(1, min(52-exp, 40)), people, bands, nil
}

func quantise(v []float64, scale float64) []int64 {
	q := make([]int64, len(v))
	for i, x := range v {
		q[i] = int64(math.RoundToEven(x * scale))
	}
	return q
}

func bandsComplete(d *Demand, people float64) bool {
	if len(d.Bands) == 0 {
		return false
	}
	var off float64
	for i, p := range d.People {
		s := -p
		for _, b := range d.Bands {
			s += b[i]
		}
		off += math.Abs(s)
	}
	return off <= bandTolerance*people
}

// closeBands gives what rounding left over in a cell to its largest band, so
// that complete bands sum to the people exactly. Where the bands of a cell
// hold more than its people, the excess is taken from one band after another.
func (c *count) closeBands() {
	for i, p := range c.people {
		largest, rest := 0, p
		for b := range c.bands {
			rest -= c.bands[b][i]
			if c.bands[b][i] > c.bands[largest][i] {
				largest = b
			}
		}
		for k := 0; rest != 0 && k < len(c.bands); k++ {
			v := &c.bands[(largest+k)%len(c.bands)][i]
			take := max(rest, -*v)
			*v += take
			rest -= take
		}
	}
}

// sortCells orders cells by time (as bits: times are not negative, and +Inf
// is the largest), then deals them out to their areas in that order.
func (c *count) sortCells(area []int32, areas int) {
	keys := make([]uint64, len(c.seconds))
	for i, t := range c.seconds {
		if t == 0 {
			t = 0 // −0 would sort last
		}
		keys[i] = uint64(math.Float32bits(t))<<32 | uint64(i)
	}
	slices.Sort(keys)
	c.order = make([]uint32, len(keys))
	c.areaStart = make([]int, areas+1)
	for i, k := range keys {
		c.order[i] = uint32(k)
		c.areaStart[area[uint32(k)]+1]++
	}
	for a := range areas {
		c.areaStart[a+1] += c.areaStart[a]
	}
	next := slices.Clone(c.areaStart)
	c.byArea = make([]uint32, len(keys))
	for _, i := range c.order {
		c.byArea[next[area[i]]] = i
		next[area[i]]++
	}
}

func (c *count) cellsOf(area int) []uint32 { return c.byArea[c.areaStart[area]:c.areaStart[area+1]] }

func (c *count) float(q int64) float64 { return float64(q) / c.scale }

// figures measures the weights of cells that are sorted by time.
func (c *count) figures(cells []uint32, w []int64) Figures {
	var total, reached int64
	for _, i := range cells {
		total += w[i]
	}
	within := make([]int64, len(c.thresholds))
	next := 0
	median, p90 := math.Inf(1), math.Inf(1)
	for _, i := range cells {
		t := float64(c.seconds[i])
		if math.IsInf(t, 1) {
			break
		}
		for next < len(within) && t > c.thresholds[next] {
			within[next] = reached
			next++
		}
		reached += w[i]
		if total > 0 && 2*reached >= total {
			median = math.Min(median, t)
		}
		if total > 0 && 10*reached >= 9*total {
			p90 = math.Min(p90, t)
		}
	}
	for ; next < len(within); next++ {
		within[next] = reached
	}
	f := Figures{Population: c.float(total), Coverage: make([]Row, len(within)), MedianS: finite(median), P90S: finite(p90)}
	for j, q := range within {
		f.Coverage[j] = Row{
			ThresholdS: c.thresholds[j],
			Covered:    c.float(q), Uncovered: c.float(reached - q), Unreachable: c.float(total - reached),
		}
		if total > 0 {
			share := float64(q) / float64(total)
			f.Coverage[j].Share = &share
		}
	}
	return f
}

func finite(t float64) *float64 {
	if math.IsInf(t, 0) {
		return nil
	}
	return &t
}

func (c *count) bandFigures(cells []uint32, p *Params) []BandResult {
	out := make([]BandResult, len(c.bands))
	for b, w := range c.bands {
		out[b] = BandResult{Band: p.BandNames[b], Figures: c.figures(cells, w)}
		if len(p.BandLabels) > 0 {
			out[b].Label = p.BandLabels[b]
		}
	}
	return out
}

// curveSteps are round steps in seconds; the curve takes the least that needs
// no more than curvePoints of them.
var curveSteps = [...]float64{10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400}

const curvePoints = 60

// curve samples the people reached within a time, at round times and at the
// thresholds, up to twice the largest threshold or to the time within which
// 99 % of those who can get there do, whichever is later.
func (c *count) curve() []CurvePoint {
	var reachable int64
	for _, i := range c.order {
		if !math.IsInf(float64(c.seconds[i]), 1) {
			reachable += c.people[i]
		}
	}
	end, last := 2*c.thresholds[len(c.thresholds)-1], 0.0
	var cum int64
	for _, i := range c.order {
		if cum*100 >= reachable*99 {
			break
		}
		cum += c.people[i]
		last = float64(c.seconds[i])
	}
	end = math.Max(end, last)
	step := curveSteps[len(curveSteps)-1]
	for _, s := range curveSteps {
		if end/s <= curvePoints {
			step = s
			break
		}
	}
	steps := min(math.Ceil(end/step), 10*curvePoints)
	times := slices.Clone(c.thresholds)
	for k := 0.0; k <= steps; k++ {
		times = append(times, k*step)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	return c.sample(times)
}

func (c *count) sample(times []float64) []CurvePoint {
	out := make([]CurvePoint, len(times))
	var cum int64
	k := 0
	for j, t := range times {
		for k < len(c.order) && float64(c.seconds[c.order[k]]) <= t {
			cum += c.people[c.order[k]]
			k++
		}
		out[j] = CurvePoint{TimeS: t, People: c.float(cum)}
	}
	return out
}

func (c *count) notices(r *Report) []Notice {
	var out []Notice
	if r.PopulationTotal == 0 {
		out = append(out, Notice{Code: NoticeNobody, Text: "Nobody lives in this territory, according to the population data."})
	}
	if len(c.bands) > 0 && !c.bandsComplete {
		out = append(out, Notice{
			Code: NoticeBandsIncomplete,
			Text: fmt.Sprintf("Age bands hold %.0f people, the territory %.0f: they do not sum to the total.",
				c.bandsSum, c.peopleSum),
			Values: map[string]float64{"population": c.peopleSum, "bands": c.bandsSum},
		})
	}
	empty := 0
	for i := range r.Areas {
		if r.Areas[i].Population == 0 {
			empty++
		}
	}
	if empty > 0 && r.PopulationTotal > 0 {
		out = append(out, Notice{
			Code:   NoticeEmptyAreas,
			Text:   fmt.Sprintf("%d areas have no people in the population data; they have no share.", empty),
			Values: map[string]float64{"count": float64(empty)},
		})
	}
	return out
}
