package demand

import (
	"context"
	"math"
)

// Density is the density of people on a class of ground.
type Density struct {
	PerArea float64 `json:"per_area"` // people per unit of Pieces.Area
	// Samples are the sections that the class all but fills, from which its
	// density was taken; 0: it was estimated from the mixed ones.
	Samples int `json:"samples"`
}

const (
	defaultCover = 0.8
	minSamples   = 3
	maxRounds    = 1000
	converged    = 1e-9
)

// Densities estimates the density of each class of ground from sections.
//
// A class with three or more sections of which it covers Options.Cover has
// the density of these (Σ people / Σ surface), as by Mennis and Hultgren
// (2006). The densities of the others are those of greatest likelihood given
// the first, people being Poisson in each class (R. Flowerdew and M. Green,
// 1989): d_c ← Σ_s P_s·(d_c·A_sc / Σ_k d_k·A_sk) / Σ_s A_sc, until it stands.
// A class where nobody lives has 0.
func Densities(ctx context.Context, p *Pieces, total []float64, o Options) ([]Density, error) {
	n := p.classes()
	areas := areasByClass(p, len(total), n)
	out := make([]Density, n)
	open := make([]bool, n)
	overall, surface := 0.0, 0.0
	for s, row := range areas {
		if row == nil {
			continue
		}
		overall += math.Max(0, total[s])
		for c, a := range row {
			if inhabited(o, c) {
				surface += a
			}
		}
	}
	for c := range out {
		if !inhabited(o, c) {
			continue
		}
		out[c] = sampled(areas, total, c, o.Cover)
		if open[c] = out[c].Samples == 0; open[c] && surface > 0 {
			out[c].PerArea = overall / surface
		}
	}
	for range maxRounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if round(areas, total, out, open) < converged {
			break
		}
	}
	return out, nil
}

func inhabited(o Options, c int) bool { return o.Inhabited == nil || o.Inhabited[c] }

// areasByClass is [section][class]; nil for sections without pieces.
func areasByClass(p *Pieces, sections, classes int) [][]float64 {
	out := make([][]float64, sections)
	for i, s := range p.Section {
		if out[s] == nil {
			out[s] = make([]float64, classes)
		}
		out[s][p.class(i)] += p.Area[i]
	}
	return out
}

// sampled is the density of a class in the sections that it all but fills;
// without three of them it has no samples and no density.
func sampled(areas [][]float64, total []float64, class int, cover float64) Density {
	people, surface, n := 0.0, 0.0, 0
	for s, row := range areas {
		if row == nil {
			continue
		}
		all := 0.0
		for _, a := range row {
			all += a
		}
		if all > 0 && row[class] >= cover*all {
			people, surface, n = people+math.Max(0, total[s]), surface+all, n+1
		}
	}
	if n < minSamples {
		return Density{}
	}
	return Density{PerArea: people / surface, Samples: n}
}

// round improves the open densities once and returns the largest relative
// change.
func round(areas [][]float64, total []float64, d []Density, open []bool) float64 {
	people, surface := make([]float64, len(d)), make([]float64, len(d))
	for s, row := range areas {
		expected := 0.0
		for c, a := range row {
			expected += a * d[c].PerArea
		}
		for c, a := range row {
			if open[c] {
				surface[c] += a
				if expected > 0 {
					people[c] += math.Max(0, total[s]) * (a * d[c].PerArea / expected)
				}
			}
		}
	}
	change := 0.0
	for c := range d {
		if !open[c] || surface[c] == 0 {
			continue
		}
		next := people[c] / surface[c]
		if scale := math.Max(next, d[c].PerArea); scale > 0 {
			change = math.Max(change, math.Abs(next-d[c].PerArea)/scale)
		}
		d[c].PerArea = next
	}
	return change
}
