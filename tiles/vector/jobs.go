package vector

import (
	"context"
	"math"
	"slices"
)

// slack is what guesses may be off by however little there is to draw.
const slack = 4000

// representatives are some of the rows that squares will stand for.
func (d *drawing) representatives() []candidate {
	if d.pixels.pixels == nil {
		return nil
	}
	const most = 128
	var out []candidate
	step := 1
	for n := d.pixels.count; n > most; n /= 2 {
		step *= 2
	}
	seen := 0
	d.pixels.each(func(p *pixel) {
		if p.row >= 0 {
			if seen%step == 0 || len(out) == 0 {
				out = append(out, candidate{e: d.src.entry(p.row), ref: p.row})
			}
			seen++
		}
	})
	return out
}

// jobs plans what a layer draws.
func (d *drawing) jobs(ctx context.Context, layer int, budget float64) []job {
	var out []job
	cost := d.sampleTags(d.polys, d.lines, d.points, d.representatives())
	if d.needs(&cost) > budget && len(d.fields) > 0 {
		if kept, left := d.thrifty(&cost); len(left) > 0 {
			for _, f := range left {
				d.leaveOut(f)
			}
			d.fields = kept
			d.stats.FieldsCut += len(left)
		}
	}
	tags := cost.of(d.fields)
	if len(d.polys) > 0 || d.pixels.pixels != nil {
		h := d.areas()
		need := h.planPolygons(d.poured(), tags, math.Inf(1), d.most).bytes
		out = append(out, job{d, layer, 1.25*need + slack, func(bytes int) error {
			return d.drawPolygons(ctx, h.planWithin(d.poured(), tags, float64(bytes), d.most), bytes, tags)
		}})
	}
	if len(d.lines) > 0 {
		out = append(out, job{d, layer, 1.25*d.lineNeed(tags) + slack, func(bytes int) error {
			return d.drawLines(ctx, bytes, tags)
		}})
	}
	if len(d.points) > 0 {
		need := 1.25*float64(len(d.points))*(featureBytes+6+tags) + slack
		out = append(out, job{d, layer, need, func(bytes int) error { return d.drawPoints(ctx, bytes, tags) }})
	}
	if d.o.Labels && len(d.polys) > 0 {
		need := 1.25*float64(len(d.polys))*(featureBytes+6+tags) + slack
		out = append(out, job{d, layer, need, func(bytes int) error { return d.drawLabels(ctx, bytes) }})
	}
	return out
}

// poured is the area in the pixels, in square units.
func (d *drawing) poured() float64 {
	if d.pixels.pixels == nil {
		return 0
	}
	return float64(d.pixels.total) / fullPixel * basePixel * basePixel
}

// needs is what the layer takes as it is, about, with all its attributes.
func (d *drawing) needs(c *tagCost) float64 {
	tags := c.of(d.fields)
	n := float64(len(d.polys)) + float64(len(d.points))
	sum := n * (featureBytes + 20 + tags)
	if len(d.lines) > 0 {
		sum += d.lineNeed(tags)
	}
	if d.pixels.pixels != nil {
		sum += min(d.poured()/(basePixel*basePixel), float64(d.pixels.count)) * (featureBytes + squareBytes + tags)
	}
	return sum
}

// splitBudget gives each what it needs if that is less than an equal share of
// what is left, and shares the rest; order is by need.
func splitBudget(budget float64, needs []float64) (order []int, shares []float64) {
	order = make([]int, len(needs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case needs[a] < needs[b]:
			return -1
		case needs[a] > needs[b]:
			return 1
		}
		return 0
	})
	shares = make([]float64, len(needs))
	for k, i := range order {
		share := budget / float64(len(order)-k)
		shares[i] = min(share, needs[i])
		budget -= shares[i]
	}
	return order, shares
}
