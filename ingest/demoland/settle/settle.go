// Package settle peoples an invented land: settlements where people would
// settle, municipalities along ridges and rivers, roads that follow the
// ground, services with the gaps that remote places have. Everything follows
// from the seed.
package settle

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// Land is the ground before people: N × N cells, row by row from the
// north-west.
type Land struct {
	N         int
	Cell      float64 // metres
	X0, Y0    float64 // map position of the north-west corner, metres
	Elevation []float32
	Water     []bool  // lakes and rivers too broad to ford
	Cover     []uint8 // natural land cover, ESA WorldCover codes
	Rivers    []River
}

// River is a stream's line in map coordinates.
type River struct {
	Name  string
	Order int
	Line  []orb.Point
}

// Options choose the people.
type Options struct {
	Seed           uint64
	Population     int
	Municipalities int
}

// Society is what people made of the land.
type Society struct {
	Province       Area
	Unions         []Area
	Municipalities []Area
	Hamlets        []Hamlet
	Roads          []Road
	Services       []Service
	Lines          []Line
	Population     Population
}

// Area is a territory in map coordinates. Neighbours share their vertices.
type Area struct {
	Code, Name, Parent string
	Polygon            orb.MultiPolygon
	Population         int
}

// Hamlet is a named settlement.
type Hamlet struct {
	Name         string
	Municipality string // code
	Kind         string // capoluogo, frazione, borgata
	Point        orb.Point
	Population   int
	Elevation    float64
}

// Road is a stretch between junctions.
type Road struct {
	Class    string // OpenStreetMap's highway values
	Name     string
	Surface  string
	MaxSpeed int // km/h
	Bridge   bool
	Line     orb.LineString
}

// Service is a kind of service with its facilities.
type Service struct {
	ID, TitleIT, TitleEN string
	Facilities           []Facility
}

// Facility is one point of a service.
type Facility struct {
	Name, Hamlet, Municipality string
	Point                      orb.Point
	Capacity                   int
	Opening                    string
}

// Population is who lives where: blocks of 100 m, row by row from the
// north-west, one slice a band.
type Population struct {
	Width, Height int
	Cell          float64
	Bands         []string
	Values        [][]uint16
	// Women are those among the people of each band but the first.
	Women [][]uint16
}

// blockSide is the side of the blocks that people live in, metres.
const blockSide = 100.0

// Settle peoples the land.
func Settle(ctx context.Context, l Land, o Options, progress func(done float64)) (*Society, error) {
	per := int(blockSide/l.Cell + 0.5)
	if l.N < 10*per || l.N%per != 0 || len(l.Elevation) != l.N*l.N || len(l.Water) != l.N*l.N {
		return nil, fault.Errorf("settle.Settle", fault.Invalid, "a land of %d cells of %g m, with %d heights: want a multiple of %g m", l.N, l.Cell, len(l.Elevation), blockSide)
	}
	s := &settler{land: &l, o: o, per: per, m: l.N / per}
	steps := []func() error{s.survey, s.seats, s.allocate, s.polygons, s.hamlets, s.people, s.roads, s.services, s.buses}
	for i, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(float64(i) / float64(len(steps)))
		if err := step(); err != nil {
			return nil, err
		}
	}
	progress(1)
	return &s.out, nil
}

// settler carries the work from step to step. Blocks are numbered row by row.
type settler struct {
	land   *Land
	o      Options
	per, m int // cells a block side, blocks a land side

	z, slope, south []float64 // of blocks
	wet             []float64 // share of water
	fit             []float64 // how good to live there, 0…1

	seat     []int   // block of each municipality's seat
	size     []int   // people of each municipality
	label    []int32 // municipality of each block by travel cost
	home     []int32 // municipality of each block by its polygon
	union    []int   // of each municipality
	names    []string
	placeOf  []place
	density  []float64 // people a block
	out      Society
	roadCell *network
}

// place is a hamlet while it grows.
type place struct {
	block, municipality int
	people              int
}

// stream is the random stream of one step.
func (s *settler) stream(step string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(step)) // never fails
	return rand.New(rand.NewPCG(s.o.Seed, h.Sum64()))
}

func (s *settler) centre(block int) orb.Point {
	c, r := float64(block%s.m)+0.5, float64(block/s.m)+0.5
	return orb.Point{s.land.X0 + c*blockSide, s.land.Y0 - r*blockSide}
}

// metres between the centres of two blocks.
func (s *settler) metres(a, b int) float64 {
	return math.Hypot(float64(a%s.m-b%s.m), float64(a/s.m-b/s.m)) * blockSide
}

// survey measures the blocks.
func (s *settler) survey() error {
	n := s.m * s.m
	s.z, s.slope, s.south = make([]float64, n), make([]float64, n), make([]float64, n)
	s.wet, s.fit = make([]float64, n), make([]float64, n)
	for b := range n {
		c0, r0 := b%s.m*s.per, b/s.m*s.per
		for r := r0; r < r0+s.per; r++ {
			for c := c0; c < c0+s.per; c++ {
				s.z[b] += float64(s.land.Elevation[r*s.land.N+c])
				if s.land.Water[r*s.land.N+c] {
					s.wet[b]++
				}
			}
		}
		cells := float64(s.per * s.per)
		s.z[b] /= cells
		s.wet[b] /= cells
	}
	river := s.nearRiver()
	for b := range n {
		c, r := b%s.m, b/s.m
		dx := (s.height(c+1, r) - s.height(c-1, r)) / (2 * blockSide)
		dy := (s.height(c, r-1) - s.height(c, r+1)) / (2 * blockSide)
		s.slope[b] = math.Hypot(dx, dy)
		s.south[b] = math.Max(-1, math.Min(1, 2*dy))
		gentle := math.Exp(-math.Pow(s.slope[b]/0.20, 2))
		high := 1 / (1 + math.Exp((s.z[b]-1050)/180))
		s.fit[b] = gentle * (0.12 + 0.88*high) * (0.75 + 0.25*s.south[b]) * (0.35 + 0.65*river[b])
		if s.wet[b] > 0.15 || s.slope[b] > 0.5 {
			s.fit[b] = 0
		}
	}
	return nil
}

func (s *settler) height(c, r int) float64 {
	c, r = max(0, min(s.m-1, c)), max(0, min(s.m-1, r))
	return s.z[r*s.m+c]
}

// nearRiver is 1 some hundred metres from a river, less in its bed and far off.
func (s *settler) nearRiver() []float64 {
	d := make([]float64, s.m*s.m)
	for i := range d {
		d[i] = math.Inf(1)
	}
	for _, r := range s.land.Rivers {
		for _, p := range r.Line {
			if b, ok := s.block(p); ok && r.Order >= 2 {
				d[b] = 0
			}
		}
	}
	chamfer(d, s.m)
	for i, v := range d {
		m := v * blockSide
		d[i] = math.Exp(-math.Pow((m-350)/900, 2))
	}
	return d
}

func (s *settler) block(p orb.Point) (int, bool) {
	c, r := int(math.Floor((p[0]-s.land.X0)/blockSide)), int(math.Floor((s.land.Y0-p[1])/blockSide))
	return r*s.m + c, c >= 0 && r >= 0 && c < s.m && r < s.m
}

// chamfer turns zeros among +Inf into distances in blocks (Borgefors 1986).
func chamfer(d []float64, m int) {
	relax := func(i, j int, w float64) { d[i] = math.Min(d[i], d[j]+w) }
	pass := func(i, c, r, side int) {
		if c-side >= 0 && c-side < m {
			relax(i, i-side, 1)
		}
		if r-side < 0 || r-side >= m {
			return
		}
		for k := -1; k <= 1; k++ {
			if c+k >= 0 && c+k < m {
				relax(i, i-side*m+k, math.Hypot(1, float64(k)))
			}
		}
	}
	for i := range d {
		pass(i, i%m, i/m, 1)
	}
	for i := len(d) - 1; i >= 0; i-- {
		pass(i, i%m, i/m, -1)
	}
}

// seats chooses the seats of municipalities and how many people each has: the
// best places that are not near one chosen before.
func (s *settler) seats() error {
	rng := s.stream("seats")
	score := make([]float64, len(s.fit))
	apart := 0.62 * math.Sqrt(float64(s.m*s.m)/float64(s.o.Municipalities)) * blockSide
	for b, f := range s.fit {
		edge := min(b%s.m, b/s.m, s.m-1-b%s.m, s.m-1-b/s.m)
		score[b] = math.Pow(f, 0.6) * (0.85 + 0.3*rng.Float64()) * math.Min(1, float64(edge)/8)
	}
	middle := s.m/2*s.m + s.m/2
	for k := range s.o.Municipalities {
		best, most := 0, 0.0
		for b, v := range score {
			if k == 0 { // the town lies where all valleys can reach it
				d := s.metres(b, middle) / (0.3 * float64(s.m) * blockSide)
				v *= math.Exp(-d * d)
			}
			if v > most {
				best, most = b, v
			}
		}
		if score[best] <= 0 {
			return fault.Errorf("settle.Settle", fault.Invalid, "the land has room for %d municipalities, not %d", len(s.seat), s.o.Municipalities)
		}
		s.seat = append(s.seat, best)
		for b := range score {
			d := s.metres(b, best) / apart
			score[b] *= 1 - math.Exp(-d*d)
		}
	}
	weights := make([]float64, len(s.seat))
	for i, b := range s.seat {
		weights[i] = math.Pow(float64(i+1), -0.72) * (0.35 + 0.65*s.fit[b]) * (0.75 + 0.5*rng.Float64())
	}
	weights[0] = 0
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	weights[0] = sum * 0.305 // the town has 14,000 of 60,000
	s.size = share(s.o.Population, weights)
	s.names = newNamer(s.stream("names")).towns(len(s.seat))
	return nil
}

// share divides a whole number in proportion to weights, by largest remainder.
func share(total int, weights []float64) []int {
	out := make([]int, len(weights))
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	if sum <= 0 || total <= 0 {
		return out
	}
	rest := make([]float64, len(weights))
	left := total
	for i, w := range weights {
		exact := float64(total) * w / sum
		out[i] = int(exact)
		rest[i] = exact - float64(out[i])
		left -= out[i]
	}
	order := rank(rest)
	for k := range left {
		out[order[k%len(order)]]++
	}
	return out
}
