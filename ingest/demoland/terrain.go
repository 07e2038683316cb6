package demoland

import (
	"context"
	"math"
)

// Heights that the finished relief is stretched to, in metres.
const (
	outletHeight = 180.0
	summitHeight = 2880.0
)

// point is a place in metres from the land's north-west corner, y southwards.
type point struct{ x, y float64 }

// The two valleys that the range is built around, as shares of the land's
// side: the main one leaves southwards, its branch comes from the west.
var (
	mainAxis   = []point{{0.70, 1.30}, {0.69, 1.02}, {0.60, 0.86}, {0.47, 0.74}, {0.42, 0.60}, {0.47, 0.47}, {0.60, 0.38}, {0.74, 0.30}, {0.86, 0.16}}
	branchAxis = []point{{0.44, 0.66}, {0.34, 0.56}, {0.22, 0.50}, {0.12, 0.38}}
)

// relief carries the surface from coarse to fine grids while it is eroded.
type relief struct {
	o    Options
	z    *field
	pad  int // border cells outside the land
	warp [2]*noise
	rock *noise
}

// erosion is one stage of the evolution: a grid and how long it runs.
type erosion struct {
	steps     int
	years     float64 // per step
	diffusion float64 // share of the curvature removed per step
}

// The schedule from 8 cells down to 1: valleys are cut on the coarse grids,
// gullies and facets on the fine ones.
var schedule = [4]erosion{
	{90, 30_000, 0.05},
	{24, 12_000, 0.04},
	{7, 5_000, 0.04},
	{2, 3_000, 0.05},
}

// makeTerrain evolves a mountain range under uplift and river erosion and
// returns its heights in metres (without valley fill and lakes).
func makeTerrain(ctx context.Context, o Options, tell func(float64)) (*field, error) {
	w := &relief{o: o, warp: [2]*noise{newNoise(o.Seed, "warp-x"), newNoise(o.Seed, "warp-y")}, rock: newNoise(o.Seed, "rock")}
	n := o.cells() / 8
	w.pad = n * 17 / 100
	w.z = newField(n+2*w.pad, o.Cell*8)
	w.start()
	for i, s := range schedule {
		if i > 0 {
			w.z, w.pad = w.z.refine(), w.pad*2
			w.roughen(i)
		}
		if i == len(schedule)-1 {
			w.z, w.pad = w.z.crop(w.pad), 0
		}
		uplift, limit := w.uplift(), w.stability()
		for step := range s.steps {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			w.erode(s, uplift, limit)
			tell((float64(i) + float64(step)/float64(s.steps)) / float64(len(schedule)))
		}
	}
	w.stretch()
	return w.z, nil
}

// unit turns metres on the current padded grid into shares of the land's side.
func (w *relief) unit(x, y float64) (u, v float64) {
	off := float64(w.pad) * w.z.cell
	return (x - off) / w.o.Size, (y - off) / w.o.Size
}

// bend displaces a place by smooth noise, so that axes and bands wind.
func (w *relief) bend(u, v float64) (float64, float64) {
	a := 0.055 * w.warp[0].fbm(u*3.1, v*3.1, 4)
	b := 0.055 * w.warp[1].fbm(u*3.1, v*3.1, 4)
	return u + a, v + b
}

// axisDistance is the distance to the valley axes in shares of the side; the
// branch counts as further away, being the smaller valley.
func (w *relief) axisDistance(u, v float64) float64 {
	u, v = w.bend(u, v)
	return math.Min(lineDistance(mainAxis, point{u, v}), 0.02+lineDistance(branchAxis, point{u, v}))
}

// start lays out the surface before uplift: gentle, tilted to the axes.
func (w *relief) start() {
	small := newNoise(w.o.Seed, "start")
	w.z.fill(func(x, y float64) float64 {
		u, v := w.unit(x, y)
		d := w.axisDistance(u, v)
		h := 60 + 500*(1.15-v) + 900*d + 60*small.fbm(u*12, v*12, 5)
		// Neighbouring valleys beyond the border lie higher than the outlet.
		rim := math.Max(math.Abs(u-0.5), math.Abs(v-0.5))
		open := smoothstep(0.35, 0.10, math.Abs(u-0.70)) * smoothstep(0.7, 1.1, v)
		h += (1 - open) * smoothstep(0.55, 0.68, rim) * (500 + 250*small.fbm(u*4, v*4, 2))
		return math.Max(h, 20)
	})
}

// uplift is metres a year: slow along the valleys, fast in ranges that strike
// west-south-west to east-north-east, faster northwards.
func (w *relief) uplift() *field {
	ranges := newNoise(w.o.Seed, "ranges")
	f := newField(w.z.n, w.z.cell)
	f.fill(func(x, y float64) float64 {
		u, v := w.unit(x, y)
		d := w.axisDistance(u, v)
		a, b := w.bend(u, v)
		along, across := 0.93*a-0.37*b, 0.37*a+0.93*b
		crest := ranges.ridged(along*1.7, across*4.2, 4)
		north := lerp(1.35, 0.55, smoothstep(-0.1, 1.1, v))
		return 1e-3 * lerp(0.08, 1, smoothstep(0.01, 0.16, d)) * (0.35 + 1.0*crest) * north
	})
	return f
}

// stability is the steepest slope that the rock bears (rise over run).
func (w *relief) stability() *field {
	f := newField(w.z.n, w.z.cell)
	f.fill(func(x, y float64) float64 {
		u, v := w.unit(x, y)
		return 0.74 + 0.34*w.rock.fbm(u*22, v*22, 5)
	})
	return f
}

// roughen gives a finer grid its own detail, stronger where it is steep.
func (w *relief) roughen(level int) {
	fine := newNoise(w.o.Seed, "rough"+string(rune('0'+level)))
	slope, _, _ := w.z.slopes()
	cell, n := w.z.cell, w.z.n
	rows(n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			for c := range n {
				i := r*n + c
				k := clamp(float64(slope.v[i]), 0.03, 0.8) * cell * 0.45
				w.z.v[i] += float32(k * fine.fbm(float64(c)/3.7, float64(r)/3.7, 3))
			}
		}
	})
}

// erode advances one step: uplift and detachment-limited river erosion by the
// implicit scheme of Braun & Willett (2013) for slope exponent 1, then slope
// failure, then hillslope diffusion.
func (w *relief) erode(s erosion, uplift, limit *field) {
	const erodibility, areaExponent = 2.6e-6, 0.5
	d := drain(w.z)
	area := d.accumulate(nil)
	z := w.z.v
	for _, i := range d.order {
		j := d.to[i]
		if i == j {
			continue
		}
		length := d.stepLength(i)
		k := erodibility * s.years * math.Pow(area[i], areaExponent) / length
		h := float64(z[i]) + s.years*float64(uplift.v[i])
		base := float64(z[j])
		if h > base {
			h = (h + k*base) / (1 + k)
		}
		z[i] = float32(math.Min(h, base+length*float64(limit.v[i])))
	}
	w.diffuse(s.diffusion, area)
}

// diffuse rounds hillslopes; channels keep their beds.
func (w *relief) diffuse(k float64, area []float64) {
	n, old := w.z.n, w.z.clone()
	rows(n, func(lo, hi int) {
		for r := max(lo, 1); r < min(hi, n-1); r++ {
			for c := 1; c < n-1; c++ {
				i := r*n + c
				near := float64(old.v[i-1] + old.v[i+1] + old.v[i-n] + old.v[i+n])
				far := float64(old.v[i-n-1] + old.v[i-n+1] + old.v[i+n-1] + old.v[i+n+1])
				lap := (near*2+far)/12 - float64(old.v[i])
				w.z.v[i] += float32(k * 4 * lap * smoothstep(4e6, 1e5, area[i]))
			}
		}
	})
}

// stretch maps heights monotonically onto the wanted range: it keeps every
// flow direction, lowers the floors and sharpens the summits.
func (w *relief) stretch() {
	lo, hi := w.z.v[0], w.z.v[0]
	for _, v := range w.z.v {
		lo, hi = min(lo, v), max(hi, v)
	}
	top := summitHeight
	if s := w.o.Size / DefaultSize; s < 1 {
		top = outletHeight + (summitHeight-outletHeight)*math.Sqrt(s)
	}
	rows(w.z.n, func(a, b int) {
		for i := a * w.z.n; i < b*w.z.n; i++ {
			t := float64((w.z.v[i] - lo) / (hi - lo))
			w.z.v[i] = float32(outletHeight + (top-outletHeight)*math.Pow(t, 1.08))
		}
	})
}

// lineDistance is the distance of a place to a polyline.
func lineDistance(line []point, p point) float64 {
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		best = math.Min(best, segmentDistance(line[i-1], line[i], p))
	}
	return best
}

func segmentDistance(a, b, p point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = clamp(((p.x-a.x)*dx+(p.y-a.y)*dy)/l, 0, 1)
	}
	return math.Hypot(a.x+t*dx-p.x, a.y+t*dy-p.y)
}
