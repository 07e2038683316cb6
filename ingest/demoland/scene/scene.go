// Package scene paints satellite pictures of an invented land: surface
// reflectance as a Sentinel-2 level-2A product has it, with seasons, snow,
// relief shading, clouds and their shadows, and the scene classification.
package scene

import (
	"context"
	"math"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
)

// Ground is what is seen: N × N cells, row by row from the north-west.
type Ground struct {
	N         int
	Cell      float64   // metres
	Elevation []float32 // metres
	Cover     []uint8   // ESA WorldCover codes
}

// Spec is when and through what it is seen.
type Spec struct {
	Date   time.Time
	Clouds float64 // share of the land under clouds, 0…0.95
	Seed   uint64
	// Cut leaves a corner without data, as at the edge of an orbit's swath.
	Cut bool
}

// Latitude of the invented land, in degrees, and the hour of the overpass.
const (
	latitude = 45.6
	overpass = 10.3 // local solar time
)

// Scene holds the bands: reflectance × 10,000, 0 is no data.
type Scene struct {
	B02, B03, B04, B08 []uint16 // 2N × 2N cells of half the size
	B11                []uint16 // N × N
	SCL                []uint8  // N × N, classes of the Sentinel-2 level-2A product
	CloudShare         float64  // of the cells with data
}

// Scene classification values.
const (
	sclNodata = 0
	sclDark   = 2
	sclShadow = 3
	sclGreen  = 4
	sclBare   = 5
	sclWater  = 6
	sclCloudM = 8
	sclCloudH = 9
	sclSnow   = 11
)

// bands in the order of the spectra: blue, green, red, near and short-wave
// infrared.
const bandCount = 5

type spectrum [bandCount]float32

// Render paints a scene. The same ground and spec give the same bytes.
func Render(ctx context.Context, g Ground, s Spec) (*Scene, error) {
	const op = "scene.Render"
	cells := g.N * g.N
	switch {
	case g.N < 8 || len(g.Elevation) != cells || len(g.Cover) != cells || !(g.Cell > 0):
		return nil, fault.Errorf(op, fault.Invalid, "ground of %d × %d cells with %d heights and %d classes", g.N, g.N, len(g.Elevation), len(g.Cover))
	case !(s.Clouds >= 0 && s.Clouds <= 0.95):
		return nil, fault.Errorf(op, fault.Invalid, "cloud share %g: want 0 to 0.95", s.Clouds)
	}
	p := &painter{g: &g, s: &s, sun: sunAt(s.Date), season: seasonOf(s.Date)}
	p.base = make([]spectrum, cells)
	out := &Scene{B11: make([]uint16, cells), SCL: make([]uint8, cells)}
	if err := p.clouds(ctx); err != nil {
		return nil, err
	}
	if err := p.rows(ctx, g.N, func(row int) { p.paintRow(row, out) }); err != nil {
		return nil, err
	}
	for _, b := range []*[]uint16{&out.B02, &out.B03, &out.B04, &out.B08} {
		*b = make([]uint16, 4*cells)
	}
	if err := p.rows(ctx, 2*g.N, func(row int) { p.sharpen(row, out) }); err != nil {
		return nil, err
	}
	seen, covered := 0, 0
	for _, c := range out.SCL {
		if c != sclNodata {
			seen++
		}
		if c == sclCloudM || c == sclCloudH {
			covered++
		}
	}
	if seen > 0 {
		out.CloudShare = float64(covered) / float64(seen)
	}
	return out, nil
}

type painter struct {
	g      *Ground
	s      *Spec
	sun    sun
	season season
	base   []spectrum // before the finest texture
	veil   []float32  // cloud thickness 0…1
	shade  []float32  // cloud shadow 0…1
}

// rows runs do over all rows on all processors; each row by itself.
func (p *painter) rows(ctx context.Context, n int, do func(row int)) error {
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for row := w; row < n; row += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				do(row)
			}
			return nil
		})
	}
	return group.Wait()
}

// paintRow fills base, short-wave infrared and classification of a row.
func (p *painter) paintRow(row int, out *Scene) {
	n := p.g.N
	for col := range n {
		i := row*n + col
		if p.s.Cut && cutAway(col, row, n) {
			continue
		}
		v, class := p.surface(col, row)
		light := p.illumination(col, row)
		dark := light < 0.42
		for b := range v {
			v[b] *= light
		}
		if p.shade[i] > 0 {
			f := 1 - 0.68*p.shade[i]
			for b := range v {
				v[b] *= f
			}
		}
		switch {
		case p.veil[i] > 0.62:
			class = sclCloudH
		case p.veil[i] > 0.22:
			class = sclCloudM
		case p.shade[i] > 0.35 && class != sclWater:
			class = sclShadow
		case dark && (class == sclGreen || class == sclBare):
			class = sclDark
		}
		if t := p.veil[i]; t > 0 {
			white := spectrum{5900, 5750, 5700, 5900, 4100}
			body := 0.78 + 0.34*fbm(p.s.Seed^0xc10d5, float64(col)/34, float64(row)/34, 3)
			for b := range v {
				v[b] = v[b]*(1-t) + t*white[b]*float32(body)
			}
		}
		for b := range v { // haze: more in the blue
			v[b] += [bandCount]float32{95, 60, 35, 15, 5}[b]
		}
		p.base[i] = v
		out.B11[i] = stored(v[4] * (1 + 0.03*jitter(p.s.Seed^0x11, col, row)))
		out.SCL[i] = class
	}
}

// sharpen makes a row of the fine bands: the base between cell centres, with
// texture that only the finer cells show.
func (p *painter) sharpen(row int, out *Scene) {
	n := p.g.N
	for col := range 2 * n {
		home := (row/2)*n + col/2
		if out.SCL[home] == sclNodata {
			continue
		}
		v := p.between(col, row, out.SCL)
		grain := jitter(p.s.Seed^0xf17e, col, row)
		coarse := jitter(p.s.Seed^0xf17f, col/3, row/3)
		rough := roughness(p.g.Cover[home])
		if out.SCL[home] == sclCloudH || out.SCL[home] == sclCloudM {
			rough = 0.02
		}
		f := 1 + rough*(0.7*grain+0.5*coarse)
		i := row*2*n + col
		out.B02[i], out.B03[i] = stored(v[0]*f), stored(v[1]*f)
		out.B04[i], out.B08[i] = stored(v[2]*f), stored(v[3]*f)
	}
}

// between interpolates the base at the centre of a fine cell, among the
// neighbours that have data.
func (p *painter) between(col, row int, scl []uint8) spectrum {
	n := p.g.N
	c, r := col/2, row/2
	dc, dr := 2*(col%2)-1, 2*(row%2)-1
	var sum spectrum
	total := float32(0)
	for _, k := range [4]struct {
		c, r int
		w    float32
	}{{c, r, 9}, {c + dc, r, 3}, {c, r + dr, 3}, {c + dc, r + dr, 1}} {
		if k.c < 0 || k.r < 0 || k.c >= n || k.r >= n || scl[k.r*n+k.c] == sclNodata {
			continue
		}
		for b := range sum {
			sum[b] += k.w * p.base[k.r*n+k.c][b]
		}
		total += k.w
	}
	for b := range sum {
		sum[b] /= total
	}
	return sum
}

func roughness(class uint8) float32 {
	switch class {
	case 80:
		return 0.015
	case 50:
		return 0.24
	case 70:
		return 0.03
	case 10:
		return 0.12
	}
	return 0.07
}

// cutAway is the corner that the swath does not reach.
func cutAway(col, row, n int) bool {
	return float64(col)+0.21*float64(row) > 1.06*float64(n)
}

// stored is a reflectance as the product stores it; 0 is kept for no data.
func stored(v float32) uint16 {
	return uint16(math.Max(1, math.Min(float64(v)+0.5, 16000)))
}
