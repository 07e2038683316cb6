package disclosure

import (
	"context"
	"math"
	"slices"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Partition answers how many people live in a polygon that someone draws, and
// how many of them are covered, without letting two polygons that differ by a
// house tell who lives in it. The territory is cut once into fixed blocks
// (squares, cut in two as long as every class of time in either part has
// nobody or at least threshold people), and a polygon counts the blocks whose
// centre it holds. Whatever is drawn, and whatever answers are subtracted
// from each other, a number is a sum of whole blocks.
//
// The other way, to refuse a polygon that differs by few people from one
// answered before, needs a memory of all that was asked by anyone, which a
// restart, a second server or two people who share their answers defeat, and
// it gives different answers by the order of the questions. Blocks need no
// memory, and the same question has one answer.
//
// Areas where the published report hides a row of the people of all ages take
// no part: their blocks would tell it. They are named in the answer.
type Partition struct {
	thresholds []float64
	blocks     []block
	left       []leftArea
}

type block struct {
	x, y    float64   // centre, degrees
	classes []float64 // K+2
}

type leftArea struct {
	area                   int32
	minX, minY, maxX, maxY float64
}

// Drawn is the answer to a drawn polygon.
type Drawn struct {
	Blocks   int            `json:"blocks"`
	Coverage []coverage.Row `json:"coverage"`
	People   float64        `json:"population"`
	// LeftOut are areas (indices) that the polygon may touch and that are not
	// counted, because few people of some kind live there.
	LeftOut []int32 `json:"left_out,omitempty"`
}

const (
	opPartition = "disclosure.NewPartition"
	maxDepth    = 48
)

// NewPartition cuts a territory. Of d, Area, People, Seconds, X and Y are
// read; areas is how many there are; verdict (may be nil) and codes tell the
// areas that the published report hides. The blocks do not hang on the order
// of cells. threshold 0 is DefaultThreshold.
// Errors: fault.Invalid, fault.Canceled.
func NewPartition(ctx context.Context, d coverage.Demand, codes []string, thresholds []float64, verdict *Verdict, threshold float64) (*Partition, error) {
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	n := len(d.People)
	if len(d.Area) != n || len(d.Seconds) != n || len(d.X) != n || len(d.Y) != n || len(thresholds) == 0 || !slices.IsSorted(thresholds) {
		return nil, fault.Errorf(opPartition, fault.Invalid, "arrays of different lengths, or thresholds that do not rise")
	}
	byArea := make([][]int32, len(codes))
	for i := range n {
		if d.Area[i] < 0 || int(d.Area[i]) >= len(codes) || !(d.People[i] >= 0) || !(math.Abs(d.X[i]) <= 360) || !(math.Abs(d.Y[i]) <= 90) {
			return nil, fault.Errorf(opPartition, fault.Invalid, "cell %d: %v people in area %d at %v, %v", i, d.People[i], d.Area[i], d.X[i], d.Y[i])
		}
		if d.People[i] > 0 {
			byArea[d.Area[i]] = append(byArea[d.Area[i]], int32(i))
		}
	}
	w := &cutter{d: &d, p: &Partition{thresholds: slices.Clone(thresholds)}}
	q := halves{x: d.X, y: d.Y, count: w.count, safe: func(v []float64) bool { return allSafe(v, k) }}
	for a, cells := range byArea {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(opPartition, fault.Canceled, err)
		}
		if len(cells) == 0 {
			continue
		}
		if verdict.Any(codes[a], "") || !q.safe(w.count(cells)) {
			minX, minY, maxX, maxY := q.box(cells)
			w.p.left = append(w.p.left, leftArea{int32(a), minX, minY, maxX, maxY})
			continue
		}
		q.cut(cells, q.square(cells), 0, func(cells []int32, x, y float64) {
			w.p.blocks = append(w.p.blocks, block{x, y, w.count(cells)})
		})
	}
	return w.p, nil
}

type cutter struct {
	d *coverage.Demand
	p *Partition
}

func (w *cutter) count(cells []int32) []float64 {
	rows := len(w.p.thresholds)
	units := make([]int64, rows+2)
	const scale = 1 << 20 // whole parts, so that the order does not matter
	for _, i := range cells {
		t := float64(w.d.Seconds[i])
		k, _ := slices.BinarySearch(w.p.thresholds, t)
		if math.IsInf(t, 1) {
			k = rows + 1
		}
		units[k] += int64(math.RoundToEven(w.d.People[i] * scale))
	}
	out := make([]float64, len(units))
	for k, u := range units {
		out[k] = float64(u) / scale
	}
	return out
}

// Blocks is how many blocks there are.
func (p *Partition) Blocks() int { return len(p.blocks) }

// Count answers for a polygon: inside tells whether a point (degrees) lies in
// it; minX to maxY is its box.
func (p *Partition) Count(minX, minY, maxX, maxY float64, inside func(lon, lat float64) bool) Drawn {
	classes := make([]float64, len(p.thresholds)+2)
	out := Drawn{Coverage: make([]coverage.Row, len(p.thresholds))}
	for _, b := range p.blocks {
		if b.x < minX || b.x > maxX || b.y < minY || b.y > maxY || !inside(b.x, b.y) {
			continue
		}
		out.Blocks++
		for k, v := range b.classes {
			classes[k] += v
			out.People += v
		}
	}
	for _, a := range p.left {
		if a.minX <= maxX && a.maxX >= minX && a.minY <= maxY && a.maxY >= minY {
			out.LeftOut = append(out.LeftOut, a.area)
		}
	}
	within, unreachable := 0.0, classes[len(classes)-1]
	for j, t := range p.thresholds {
		within += classes[j]
		row := coverage.Row{ThresholdS: t, Covered: within, Uncovered: out.People - within - unreachable, Unreachable: unreachable}
		if out.People > 0 {
			share := within / out.People
			row.Share = &share
		}
		out.Coverage[j] = row
	}
	return out
}
