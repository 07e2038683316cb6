package scene

import (
	"math"
	"time"
)

// season is how far the year has gone, for plants and snow.
type season struct {
	green    float64 // 0 bare winter … 1 full leaf, in the valley
	dry      float64 // summer drought of fields and meadows
	autumn   float64 // leaves turning
	snowLine float64 // metres
	month    int
}

func seasonOf(t time.Time) season {
	day := float64(t.YearDay())
	bump := func(centre, width float64) float64 {
		d := math.Abs(day - centre)
		d = math.Min(d, 365-d)
		return math.Exp(-d * d / (2 * width * width))
	}
	s := season{month: int(t.Month())}
	s.green = math.Min(1, 1.25*bump(185, 58))
	s.dry = bump(215, 28)
	s.autumn = bump(298, 16)
	// Lowest in late January, above the summits in August.
	s.snowLine = 700 + 2300*math.Pow(0.5-0.5*math.Cos(2*math.Pi*(day-28)/365), 0.8)
	return s
}

// Spectra of the ground by season: blue, green, red, near and short-wave
// infrared, reflectance × 10,000 (typical values of temperate mountains).
var (
	leafOn   = spectrum{260, 520, 280, 4100, 1750}
	leafOff  = spectrum{480, 600, 700, 1750, 2050}
	leafTurn = spectrum{380, 720, 900, 2900, 2100}
	conifer  = spectrum{210, 360, 230, 2450, 980}
	shrub    = spectrum{380, 640, 560, 2800, 2050}
	meadow   = spectrum{380, 820, 480, 4000, 2150}
	straw    = spectrum{760, 1080, 1290, 2650, 3050}
	soil     = spectrum{720, 940, 1180, 1750, 2550}
	houses   = spectrum{1150, 1250, 1380, 2050, 2150}
	rock     = spectrum{1250, 1420, 1560, 1950, 2350}
	snow     = spectrum{8300, 8500, 8450, 8000, 1050}
	water    = spectrum{430, 420, 270, 130, 70}
	marsh    = spectrum{420, 660, 540, 2550, 1500}
	moss     = spectrum{560, 760, 800, 2150, 2150}
)

func mix(a, b spectrum, t float64) spectrum {
	f := float32(math.Max(0, math.Min(1, t)))
	for i := range a {
		a[i] = a[i]*(1-f) + b[i]*f
	}
	return a
}

// surface is the reflectance of a cell in full light and what it is.
func (p *painter) surface(col, row int) (spectrum, uint8) {
	z := p.height(col, row)
	patch := fbm(7, float64(col)/22, float64(row)/22, 3) // −1…1, the same in all seasons
	green := math.Max(0, math.Min(1, p.season.green-math.Max(0, z-400)/100*0.012*(1+2*(1-p.season.green))+0.08*patch))
	v, class := p.ground(p.g.Cover[row*p.g.N+col], col, row, z, green, patch)
	// Forests show little of the snow below them; its line wavers with the sun.
	if p.g.Cover[row*p.g.N+col] != 80 {
		line := p.season.snowLine + 170*patch + 160*p.southness(col, row)
		depth := (z - line) / 260
		if p.g.Cover[row*p.g.N+col] == 70 {
			depth = math.Max(depth, 0.9)
		}
		if depth > 0 {
			cover := math.Min(1, depth)
			switch p.g.Cover[row*p.g.N+col] {
			case 10:
				cover *= 0.42
			case 50:
				cover *= 0.55
			}
			v = mix(v, snow, cover)
			if cover > 0.4 {
				class = sclSnow
			}
		}
	}
	tint := 1 + 0.09*patch
	for b := range v {
		v[b] *= float32(tint)
	}
	return v, class
}

// southness is 1 on steep southern slopes, −1 on northern ones.
func (p *painter) southness(col, row int) float64 {
	dy := (p.height(col, row-1) - p.height(col, row+1)) / (2 * p.g.Cell)
	return math.Max(-1, math.Min(1, 2*dy))
}

func (p *painter) ground(cover uint8, col, row int, z, green, patch float64) (spectrum, uint8) {
	switch cover {
	case 10:
		broad := mix(mix(leafOff, leafOn, green), leafTurn, (0.55+0.5*patch)*p.season.autumn*(1-math.Min(1, math.Max(0, z-1300)/500)))
		share := math.Max(0, math.Min(1, (z-950+260*patch)/420))
		v := mix(broad, conifer, share)
		if v[3] < 1.6*v[2] {
			return v, sclBare
		}
		return v, sclGreen
	case 20:
		return mix(mix(soil, shrub, 0.45+0.55*green), leafTurn, 0.5*p.season.autumn), sclGreen
	case 30:
		v := mix(mix(straw, meadow, 0.25+0.75*green), straw, 0.45*p.season.dry*(1-math.Min(1, z/1600)))
		if green < 0.2 {
			return v, sclBare
		}
		return v, sclGreen
	case 40:
		return p.field(col, row)
	case 50:
		return mix(houses, meadow, 0.16+0.14*patch), sclBare
	case 60:
		return mix(rock, moss, 0.2+0.2*patch), sclBare
	case 70:
		return snow, sclSnow
	case 80:
		return water, sclWater
	case 90, 95:
		return mix(soil, marsh, 0.4+0.6*green), sclGreen
	}
	return mix(moss, meadow, 0.3*green), sclBare
}

// field is one of many small fields, each with a crop of its own.
func (p *painter) field(col, row int) (spectrum, uint8) {
	id := fieldAt(float64(col)*p.g.Cell, float64(row)*p.g.Cell)
	kind, state := id%10, float64(id>>8%1000)/1000
	var v spectrum
	switch {
	case kind < 4: // winter cereals: green in spring, straw in July, bare in autumn
		switch p.season.month {
		case 12, 1, 2:
			v = mix(soil, meadow, 0.3+0.2*state)
		case 3, 4, 5:
			v = mix(soil, meadow, 0.8+0.2*state)
		case 6, 7, 8:
			v = mix(straw, soil, 0.5*state)
		default:
			v = mix(soil, meadow, 0.15*state)
		}
	case kind < 7: // maize: bare in spring, full in summer, stubble in autumn
		switch p.season.month {
		case 6, 7, 8:
			v = mix(soil, leafOn, 0.8+0.2*state)
		case 9, 10:
			v = mix(straw, soil, state)
		default:
			v = mix(soil, straw, 0.4*state)
		}
	case kind < 9: // meadows, mown in turn
		v = mix(mix(straw, meadow, 0.3+0.7*p.season.green), straw, 0.5*state*p.season.dry)
	default: // vines and orchards
		v = mix(soil, leafOn, (0.25+0.4*state)*p.season.green)
	}
	if v[3] > 1.9*v[2] {
		return v, sclGreen
	}
	return v, sclBare
}
