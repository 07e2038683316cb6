package scene

import (
	"context"
	"math"
	"slices"
)

// clouds fills the thickness of clouds over every cell and the shadow that
// they throw, with the share of the land covered that the spec asks for.
func (p *painter) clouds(ctx context.Context) error {
	n := p.g.N
	p.veil, p.shade = make([]float32, n*n), make([]float32, n*n)
	if p.s.Clouds == 0 {
		return nil
	}
	raw := make([]float32, n*n)
	if err := p.rows(ctx, n, func(row int) {
		for col := range n {
			raw[row*n+col] = float32(p.vapour(float64(col), float64(row)))
		}
	}); err != nil {
		return err
	}
	edge := quantile(raw, 1-p.s.Clouds)
	const soft = 0.16 // how fast clouds thicken inwards
	for i, v := range raw {
		p.veil[i] = float32(smooth((float64(v) - edge + 0.018) / soft))
	}
	// Shadows lie away from the sun by the height of the base over the ground.
	const base = 1500.0
	shift := base / math.Tan(p.sun.elevation) / p.g.Cell
	dc, dr := int(math.Round(math.Sin(p.sun.azimuth)*shift)), int(math.Round(-math.Cos(p.sun.azimuth)*shift))
	return p.rows(ctx, n, func(row int) {
		for col := range n {
			v := p.vapourAt(raw, col+dc, row+dr)
			p.shade[row*n+col] = float32(smooth((v - edge) / soft))
		}
	})
}

// vapourAt reads the field, or makes it beyond the border, whose clouds throw
// shadows in as well.
func (p *painter) vapourAt(raw []float32, col, row int) float64 {
	if n := p.g.N; col >= 0 && row >= 0 && col < n && row < n {
		return float64(raw[row*n+col])
	}
	return p.vapour(float64(col), float64(row))
}

// vapour is the density that clouds are cut from: masses of kilometres,
// broken into heaps, their edges frayed.
func (p *painter) vapour(col, row float64) float64 {
	x, y := col*p.g.Cell/1000, row*p.g.Cell/1000 // kilometres
	wx := x + 1.6*fbm(p.s.Seed^0xa1, x/5, y/5, 3)
	wy := y + 1.6*fbm(p.s.Seed^0xa2, x/5, y/5, 3)
	mass := fbm(p.s.Seed^0xa3, wx/13, wy/13, 2)
	heap := fbm(p.s.Seed^0xa4, wx/2.6, wy/2.6, 5)
	return 0.62*mass + 0.5*heap
}

func smooth(t float64) float64 {
	t = math.Max(0, math.Min(1, t))
	return t * t * (3 - 2*t)
}

// quantile of a sample of the values.
func quantile(values []float32, q float64) float64 {
	step := max(1, len(values)/40_000)
	var sample []float32
	for i := 0; i < len(values); i += step {
		sample = append(sample, values[i])
	}
	slices.Sort(sample)
	return float64(sample[min(len(sample)-1, int(q*float64(len(sample))))])
}
