package demand

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/index"
)

// Accuracy is how well a method finds the people of sections that it was only
// told the sums of.
type Accuracy struct {
	Method   Method  `json:"method"`
	Sections int     `json:"sections"` // held out
	Merged   int     `json:"merged"`   // units that they were merged to
	People   float64 `json:"people"`
	// RMSE and MAE are in people a section; TAE is the total absolute error,
	// in people, and Share it as a part of all people: half of it, at least,
	// live in another section than the method says.
	RMSE  float64 `json:"rmse"`
	MAE   float64 `json:"mae"`
	TAE   float64 `json:"tae"`
	Share float64 `json:"tae_share"`
}

// HeldOut merges every few neighbouring sections (4 when group is 0) to one
// unit, spreads the people of the units by each method, and compares what
// comes to lie in each section with its count. Neighbours are consecutive
// along a Hilbert curve through the middles of sections. Densities are
// estimated from the merged units alone. width is that of the raster.
func HeldOut(ctx context.Context, p *Pieces, c Counts, o Options, methods []Method, width, group int) ([]Accuracy, error) {
	if group == 0 {
		group = defaultGroup
	}
	unit, units := merge(p, len(c.Total), width, group)
	merged := Counts{Total: make([]float64, units)}
	for s, n := range c.Total {
		if unit[s] >= 0 && positive(n) {
			merged.Total[unit[s]] += n
		}
	}
	coarse, origin := regroup(p, unit)
	var out []Accuracy
	for _, m := range methods {
		o.Method = m
		spread, err := Run(ctx, coarse, merged, o)
		if err != nil {
			return nil, err
		}
		found := make([]float64, len(c.Total))
		for i, n := range spread.People {
			found[p.Section[origin[i]]] += n
		}
		out = append(out, compare(m, found, c.Total, unit, units))
	}
	return out, nil
}

const defaultGroup = 4

// merge gives each section the unit that it is merged to, −1 without pieces.
func merge(p *Pieces, sections, width, group int) (unit []int32, units int) {
	x, y, w := make([]float64, sections), make([]float64, sections), make([]float64, sections)
	for i, s := range p.Section {
		if p.Cell[i] < 0 {
			continue
		}
		a := p.Area[i] + 1e-12 // points count too
		x[s] += a * float64(int(p.Cell[i])%width)
		y[s] += a * float64(int(p.Cell[i])/width)
		w[s] += a
	}
	type place struct {
		section int
		key     uint32
	}
	var list []place
	unit = make([]int32, sections)
	side := 1.0
	for s := range sections {
		unit[s] = -1
		if w[s] > 0 {
			x[s], y[s] = x[s]/w[s], y[s]/w[s]
			side = math.Max(side, math.Max(x[s], y[s])+1)
		}
	}
	for s := range sections {
		if w[s] > 0 {
			list = append(list, place{s, index.Hilbert(uint32(x[s]/side*math.MaxUint16), uint32(y[s]/side*math.MaxUint16))})
		}
	}
	slices.SortFunc(list, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.section, b.section))
	})
	for i, l := range list {
		unit[l.section] = int32(i / group)
	}
	return unit, (len(list) + group - 1) / group
}

// regroup sorts pieces by unit; origin tells where each came from.
func regroup(p *Pieces, unit []int32) (*Pieces, []int32) {
	var origin []int32
	for i, s := range p.Section {
		if unit[s] >= 0 {
			origin = append(origin, int32(i))
		}
	}
	slices.SortStableFunc(origin, func(a, b int32) int { return cmp.Compare(unit[p.Section[a]], unit[p.Section[b]]) })
	out := &Pieces{}
	for _, i := range origin {
		out.Section = append(out.Section, unit[p.Section[i]])
		out.Cell, out.Area = append(out.Cell, p.Cell[i]), append(out.Area, p.Area[i])
		if p.Class != nil {
			out.Class = append(out.Class, p.Class[i])
		}
		if p.Amount != nil {
			out.Amount = append(out.Amount, p.Amount[i])
		}
	}
	return out, origin
}

func compare(m Method, found, want []float64, unit []int32, units int) Accuracy {
	a := Accuracy{Method: m, Merged: units}
	squares := 0.0
	for s, n := range want {
		if unit[s] < 0 {
			continue
		}
		n = math.Max(0, n)
		d := math.Abs(found[s] - n)
		a.Sections++
		a.People += n
		a.TAE += d
		squares += d * d
	}
	if a.Sections > 0 {
		a.RMSE, a.MAE = math.Sqrt(squares/float64(a.Sections)), a.TAE/float64(a.Sections)
	}
	if a.People > 0 {
		a.Share = a.TAE / a.People
	}
	return a
}
