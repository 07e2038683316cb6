package coverage

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/notice"
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
	// What lies in order lies side by side: it is read over and over.
	inOrder, inAreas []float32 // times
	weights          []int64   // scratch
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

// sortCells orders cells by time, then deals them out to their areas in that
// order.
func (c *count) sortCells(area []int32, areas int) {
	c.order = byTime(c.seconds)
	c.areaStart = make([]int, areas+1)
	for _, a := range area {
		c.areaStart[a+1]++
	}
	for a := range areas {
		c.areaStart[a+1] += c.areaStart[a]
	}
	next := slices.Clone(c.areaStart)
	c.byArea = make([]uint32, len(c.order))
	c.inOrder, c.inAreas = make([]float32, len(c.order)), make([]float32, len(c.order))
	for k, i := range c.order {
		at := next[area[i]]
		next[area[i]]++
		c.byArea[at] = i
		c.inOrder[k], c.inAreas[at] = c.seconds[i], c.seconds[i]
	}
	c.weights = make([]int64, len(c.order))
}

// byTime sorts the indices of times, none negative, stably: three passes over
// eleven bits each of the number's bits, whose order is that of the numbers.
func byTime(seconds []float32) []uint32 {
	const bits = 11
	type item struct{ key, index uint32 }
	from, to := make([]item, len(seconds)), make([]item, len(seconds))
	for i, t := range seconds {
		from[i] = item{math.Float32bits(t + 0), uint32(i)} // −0 + 0 is 0: it would sort last
	}
	for shift := 0; shift < 32; shift += bits {
		var start [1<<bits + 1]int
		for _, x := range from {
			start[x.key>>shift&(1<<bits-1)+1]++
		}
		for k := range 1 << bits {
			start[k+1] += start[k]
		}
		for _, x := range from {
			k := x.key >> shift & (1<<bits - 1)
			to[start[k]] = x
			start[k]++
		}
		from, to = to, from
	}
	out := make([]uint32, len(from))
	for k, x := range from {
		out[k] = x.index
	}
	return out
}

// span is the cells of an area, or all, by time.
type span struct {
	cells   []uint32
	seconds []float32
}

func (c *count) all() span { return span{c.order, c.inOrder} }

func (c *count) cellsOf(area int) span {
	from, to := c.areaStart[area], c.areaStart[area+1]
	return span{c.byArea[from:to], c.inAreas[from:to]}
}

func (c *count) float(q int64) float64 { return float64(q) / c.scale }

// figures measures the weights of cells.
func (c *count) figures(s span, w []int64) Figures {
	var total, reached int64
	weights := c.weights[:len(s.cells)]
	for k, i := range s.cells {
		weights[k] = w[i]
		total += w[i]
	}
	within := make([]int64, len(c.thresholds))
	next := 0
	median, p90 := math.Inf(1), math.Inf(1)
	// halfway and most are the least people that are half, nine tenths of all.
	halfway, most := (total+1)/2, (9*total+9)/10
	if total == 0 {
		halfway, most = math.MaxInt64, math.MaxInt64
	}
	for k, seconds := range s.seconds {
		t := float64(seconds)
		for next < len(within) && t > c.thresholds[next] {
			within[next] = reached
			next++
		}
		if seconds > math.MaxFloat32 {
			break
		}
		reached += weights[k]
		if reached >= halfway {
			median, halfway = t, math.MaxInt64
		}
		if reached >= most {
			p90, most = t, math.MaxInt64
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

func (c *count) bandFigures(cells span, p *Params) []BandResult {
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
	for k, i := range c.order {
		if c.inOrder[k] > math.MaxFloat32 {
			break
		}
		reachable += c.people[i]
	}
	end, last := 2*c.thresholds[len(c.thresholds)-1], 0.0
	var cum int64
	for k, i := range c.order {
		if cum*100 >= reachable*99 {
			break
		}
		cum += c.people[i]
		last = float64(c.inOrder[k])
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
		for k < len(c.order) && float64(c.inOrder[k]) <= t {
			cum += c.people[c.order[k]]
			k++
		}
		out[j] = CurvePoint{TimeS: t, People: c.float(cum)}
	}
	return out
}

// agesAndSexes: the bands are ages and both sexes, each of which hold everyone.
func (c *count) agesAndSexes(r *Report) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(r.AgeBands, func(b BandResult) bool { return b.Band == name })
	}
	return has("male") && has("female") && math.Abs(c.bandsSum-2*c.peopleSum) <= bandTolerance*c.peopleSum
}

func (c *count) notices(r *Report) []Notice {
	var out []Notice
	if r.PopulationTotal == 0 {
		out = append(out, Notice{Code: NoticeNobody, Text: "Nobody lives in this territory, according to the population data."})
	}
	// Bands of blocks may lie off cell by cell, and yet sum to the total.
	off := math.Abs(c.bandsSum-c.peopleSum) > bandTolerance*c.peopleSum
	if len(c.bands) > 0 && !c.bandsComplete && off && !c.agesAndSexes(r) {
		out = append(out, Notice{
			Code: NoticeBandsIncomplete,
			Text: notice.Text("Age bands hold %.0f people, the territory %.0f: they do not sum to the total.",
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
			Text:   notice.Text("%d [area has no people in the population data; it has|areas have no people in the population data; they have] no share.", empty),
			Values: map[string]float64{"count": float64(empty)},
		})
	}
	return out
}
