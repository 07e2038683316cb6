package settle

import (
	"math"
)

// hamlets founds settlements around each seat: most in good places, some high
// and remote.
func (s *settler) hamlets() error {
	rng := s.stream("hamlets")
	names := newNamer(rng)
	for i, seat := range s.seat {
		score := make(map[int]float64)
		var blocks []int
		for b, h := range s.home {
			if h != int32(i) || s.wet[b] > 0.2 || s.slope[b] > 0.45 || s.z[b] > 1700 {
				continue
			}
			// Remote places are settled too: altitude costs less than for seats.
			f := math.Exp(-math.Pow(s.slope[b]/0.26, 2)) * (0.5 + 0.5*s.south[b]*0.5)
			f *= (0.25 + 0.75/(1+math.Exp((s.z[b]-1250)/150))) * (0.5 + rng.Float64())
			f *= 0.35 + 0.65*math.Exp(-s.metres(b, seat)/5200)
			score[b] = f
			blocks = append(blocks, b)
		}
		chosen := []int{seat}
		want := 6 + rng.IntN(7)
		want = max(2, min(want, len(blocks)/60))
		for len(chosen) <= want {
			best := -1
			for _, b := range blocks {
				ok := true
				for _, c := range chosen {
					if s.metres(b, c) < 950 {
						ok = false
						break
					}
				}
				if ok && (best < 0 || score[b] > score[best]) {
					best = b
				}
			}
			if best < 0 || score[best] <= 0 {
				break
			}
			chosen = append(chosen, best)
		}
		weights := make([]float64, len(chosen))
		weights[0] = 1.15
		if i == 0 {
			weights[0] = 4
		}
		for k := 1; k < len(chosen); k++ {
			weights[k] = math.Pow(float64(k)+0.6, -1.05) * (0.3 + 0.9*rng.Float64()) * (0.25 + 0.75/(1+math.Exp((s.z[chosen[k]]-900)/160)))
		}
		for k, people := range share(s.size[i], weights) {
			h := Hamlet{
				Name: s.names[i], Municipality: s.out.Municipalities[i].Code, Kind: "capoluogo",
				Point: s.centre(chosen[k]), Population: people, Elevation: math.Round(s.z[chosen[k]]),
			}
			if k > 0 {
				h.Name, h.Kind = names.hamlet(), "frazione"
				if people < 25 {
					h.Kind = "borgata"
				}
			}
			s.out.Hamlets = append(s.out.Hamlets, h)
			s.placeOf = append(s.placeOf, place{block: chosen[k], municipality: i, people: people})
		}
	}
	return nil
}

// bands of the population grid and how many of a hundred are in each: in the
// town and in the most remote place.
var bands = []struct {
	name         string
	town, remote float64
}{
	{"age_0_2", 2.3, 1.0},
	{"age_3_5", 2.4, 1.1},
	{"age_6_10", 4.4, 2.3},
	{"age_11_13", 2.9, 1.7},
	{"age_14_18", 4.8, 3.0},
	{"age_19_64", 59.2, 51.9},
	{"age_65_79", 16.2, 25.0},
	{"age_80_plus", 7.8, 14.0},
}

// womenAmong is how many of a hundred of each band are women: boys are born a
// little more often, and women live longer.
var womenAmong = []float64{48.6, 48.6, 48.5, 48.4, 48.3, 49.4, 53.1, 63.5}

// people puts everyone into a block near their hamlet, and ages to them.
func (s *settler) people() error {
	rng := s.stream("people")
	n := s.m * s.m
	count := make([]int, n)
	for _, p := range s.placeOf {
		blocks, weights := s.around(p, rng)
		for k, people := range share(p.people, weights) {
			count[blocks[k]] += people
		}
	}
	s.density = make([]float64, n)
	out := Population{Width: s.m, Height: s.m, Cell: blockSide, Bands: []string{"total"}}
	out.Values = append(out.Values, make([]uint16, n))
	for _, b := range bands {
		out.Bands = append(out.Bands, b.name)
		out.Values = append(out.Values, make([]uint16, n))
	}
	weights := make([]float64, len(bands))
	for b, c := range count {
		if c == 0 {
			continue
		}
		s.density[b] = float64(c)
		out.Values[0][b] = uint16(c)
		remote := math.Min(1, s.metres(b, s.seat[0])/22_000*0.6+math.Max(0, s.z[b]-350)/1400*0.7)
		for k, band := range bands {
			weights[k] = (band.town*(1-remote) + band.remote*remote) * math.Exp(0.35*rng.NormFloat64())
		}
		for k, v := range drawn(c, weights, rng.Float64) {
			out.Values[k+1][b] = uint16(v)
		}
	}
	out.Women = s.women(&out)
	s.out.Population = out
	return nil
}

// women are those of each age band, block by block.
func (s *settler) women(p *Population) [][]uint16 {
	rng := s.stream("women")
	out := make([][]uint16, len(bands))
	for k, all := range p.Values[1:] {
		out[k] = make([]uint16, len(all))
		for b, n := range all {
			if n > 0 {
				out[k][b] = uint16(drawn(int(n), []float64{womenAmong[k], 100 - womenAmong[k]}, rng.Float64)[0])
			}
		}
	}
	return out
}

// drawn divides a few people among bands by chance, many by proportion: in
// small blocks largest remainders would give everyone to the largest band.
func drawn(total int, weights []float64, random func() float64) []int {
	if total > 60 {
		return share(total, weights)
	}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out := make([]int, len(weights))
	for range total {
		u := random() * sum
		for k, w := range weights {
			if u -= w; u <= 0 || k == len(weights)-1 {
				out[k]++
				break
			}
		}
	}
	return out
}

// around are the blocks that a hamlet's people live in: dense in the middle,
// scattered houses further out, in the municipality and on ground to build on.
func (s *settler) around(p place, rng interface{ Float64() float64 }) (blocks []int, weights []float64) {
	spread := 75 + 7.2*math.Sqrt(float64(p.people))
	reach := int(math.Ceil(3.4*spread/blockSide)) + 6
	c0, r0 := p.block%s.m, p.block/s.m
	for r := max(0, r0-reach); r <= min(s.m-1, r0+reach); r++ {
		for c := max(0, c0-reach); c <= min(s.m-1, c0+reach); c++ {
			b := r*s.m + c
			u := rng.Float64()
			if s.home[b] != int32(p.municipality) || s.wet[b] > 0.3 || s.slope[b] > 0.35 || s.z[b] > 1800 {
				continue
			}
			d := s.metres(b, p.block)
			w := math.Exp(-d*d/(2*spread*spread)) * math.Exp(-s.slope[b]/0.16) * (0.15 + u)
			if u > 0.985 && d < 900 {
				w += 0.05 * math.Exp(-d/500) // a lonely house
			}
			if w > 1e-3 {
				blocks, weights = append(blocks, b), append(weights, w)
			}
		}
	}
	if len(blocks) == 0 {
		return []int{p.block}, []float64{1}
	}
	return blocks, weights
}

// PaintCover writes what people made into the land cover: houses (50) where
// they live, fields (40) and meadows (30) on gentle ground around.
func (s *Society) PaintCover(l Land, cover []uint8) {
	per := int(blockSide/l.Cell + 0.5)
	m := s.Population.Width
	people := s.Population.Values[0]
	near := make([]float64, m*m)
	for i := range near {
		near[i] = math.Inf(1)
		if people[i] > 3 {
			near[i] = 0
		}
	}
	chamfer(near, m)
	for i := range cover {
		if cover[i] == 80 || l.Water[i] {
			continue
		}
		c, r := i%l.N, i/l.N
		b := r/per*m + c/per
		u := spot(uint64(c), uint64(r))
		patch := spot(uint64(c/5)+7919, uint64(r/4)+104729)
		built := math.Min(0.88, math.Pow(float64(people[b])/75, 0.75))
		slope := cellSlope(&l, c, r)
		switch d := near[b] * blockSide; {
		case float64(people[b]) > 0 && u < built && slope < 0.5:
			cover[i] = 50
		case slope < 0.16 && d < 900 && patch > d/1100 && l.Elevation[i] < 950:
			cover[i] = 40
		case slope < 0.34 && d < 650 && patch > d/900 && l.Elevation[i] < 1750:
			cover[i] = 30
		}
	}
}

func cellSlope(l *Land, c, r int) float64 {
	at := func(c, r int) float64 {
		c, r = max(0, min(l.N-1, c)), max(0, min(l.N-1, r))
		return float64(l.Elevation[r*l.N+c])
	}
	return math.Hypot(at(c+1, r)-at(c-1, r), at(c, r+1)-at(c, r-1)) / (2 * l.Cell)
}

// spot is noise without memory, 0…1 (SplitMix64's finaliser).
func spot(x, y uint64) float64 {
	h := x*0x9e3779b97f4a7c15 + y*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return float64((h^h>>31)>>11) / (1 << 53)
}
