package demand

import (
	"context"
	"math"
	"slices"
	"strings"

	"contado/geo/fault"
)

// Method is a way of spreading the people of a section over its cells.
type Method string

// The methods.
const (
	// AreaWeighted spreads people evenly over the surface of their section.
	AreaWeighted Method = "area-weighted"
	// Binary spreads them evenly over the inhabited classes of ground.
	Binary Method = "binary"
	// ClassDensity gives each class of ground its own density, estimated from
	// the sections themselves: intelligent dasymetric mapping, J. Mennis and
	// T. Hultgren, Cartography and GIS 33(3), 2006; see Densities.
	ClassDensity Method = "class-density"
	// Proportional spreads them in proportion to an amount that is known of
	// each piece: built-up surface, floor space of dwellings.
	Proportional Method = "proportional"
)

// Methods lists them for help texts and errors.
var Methods = []Method{AreaWeighted, Binary, ClassDensity, Proportional}

// Pieces are the parts of sections in cells, in parallel columns, sorted by
// section. A section may have several pieces in one cell, for instance one a
// class of ground. Cell is −1 for what lies outside the raster.
type Pieces struct {
	Section, Cell []int32
	// Area is the surface of the piece, in any unit.
	Area []float64
	// Class is the index of the piece's class of ground; nil: all alike.
	Class []int16
	// Amount is what Proportional goes by; nil: nothing is known.
	Amount []float64
}

// Len is the number of pieces.
func (p *Pieces) Len() int { return len(p.Section) }

// Counts are the people of sections.
type Counts struct {
	Total []float64
	// Bands[b][section] are ages or sexes; each is conserved by itself.
	Bands [][]float64
}

// Options say how to spread.
type Options struct {
	Method Method
	// Inhabited says of each class whether people live on it; Binary puts
	// nobody elsewhere, and ClassDensity has no density there. nil: all.
	Inhabited []bool
	// Grain is Fine (0) or Whole.
	Grain float64
	// Cover is the share of a section's surface that a class must have for
	// the section to be a sample of it; 0 = 0.8.
	Cover float64
}

// Spread is where people came to be.
type Spread struct {
	People []float64   // by piece
	Bands  [][]float64 // [band][piece]
	// Classes are the densities that ClassDensity went by.
	Classes []Density
	// Fallback are sections without any piece that the method could use: their
	// people were spread evenly over their surface.
	Fallback Tally
	// Lost are people of sections without any piece at all.
	Lost Tally
}

// Tally counts sections and their people.
type Tally struct {
	Sections int     `json:"sections"`
	People   float64 `json:"people"`
}

// Run spreads people over pieces: Σ of the pieces of a section is its count,
// exactly, for all people and for each band. Bands follow all people: within
// a section each cell has the same share of every band, to the grain.
//
// Errors: fault.Invalid for columns that do not agree.
func Run(ctx context.Context, p *Pieces, c Counts, o Options) (*Spread, error) {
	if err := check(p, c, &o); err != nil {
		return nil, err
	}
	s := &Spread{People: make([]float64, p.Len()), Bands: make([][]float64, len(c.Bands))}
	for b := range s.Bands {
		s.Bands[b] = make([]float64, p.Len())
	}
	var err error
	if o.Method == ClassDensity {
		if s.Classes, err = Densities(ctx, p, c.Total, o); err != nil {
			return nil, err
		}
	}
	w := weigher{p: p, o: &o, classes: s.Classes}
	seen := make([]bool, len(c.Total))
	for from := 0; from < p.Len(); {
		to := from
		for to < p.Len() && p.Section[to] == p.Section[from] {
			to++
		}
		if from&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		section := int(p.Section[from])
		seen[section] = true
		s.section(&w, c, section, from, to)
		from = to
	}
	for i, n := range c.Total {
		if !seen[i] && positive(n) {
			s.Lost.Sections++
			s.Lost.People += n
		}
	}
	return s, nil
}

// section spreads one section over its pieces [from, to).
func (s *Spread) section(w *weigher, c Counts, section, from, to int) {
	people := s.People[from:to]
	weights := w.of(from, to)
	if !Apportion(people, c.Total[section], weights, w.o.Grain) && positive(c.Total[section]) {
		s.Fallback.Sections++
		s.Fallback.People += c.Total[section]
		weights = w.p.Area[from:to]
		if !Apportion(people, c.Total[section], weights, w.o.Grain) {
			people[0] = c.Total[section] // pieces without a surface: a point
		}
	}
	for b := range c.Bands {
		n := c.Bands[b][section]
		if !Apportion(s.Bands[b][from:to], n, people, w.o.Grain) && positive(n) && !Apportion(s.Bands[b][from:to], n, weights, w.o.Grain) {
			s.Bands[b][from] = n
		}
	}
}

// weigher gives pieces their weights by the method.
type weigher struct {
	p       *Pieces
	o       *Options
	classes []Density
	buffer  []float64
}

func (w *weigher) of(from, to int) []float64 {
	w.buffer = slices.Grow(w.buffer[:0], to-from)[:to-from]
	for i := range w.buffer {
		w.buffer[i] = w.weight(from + i)
	}
	return w.buffer
}

func (w *weigher) weight(i int) float64 {
	switch w.o.Method {
	case Binary:
		if w.o.Inhabited != nil && !w.o.Inhabited[w.p.class(i)] {
			return 0
		}
	case ClassDensity:
		return w.p.Area[i] * w.classes[w.p.class(i)].PerArea
	case Proportional:
		return w.p.Amount[i]
	}
	return w.p.Area[i]
}

func (p *Pieces) class(i int) int {
	if p.Class == nil {
		return 0
	}
	return int(p.Class[i])
}

// classes is one more than the largest class.
func (p *Pieces) classes() int {
	n := 1
	for _, c := range p.Class {
		n = max(n, int(c)+1)
	}
	return n
}

func check(p *Pieces, c Counts, o *Options) error {
	const op = "demand.Run"
	n := p.Len()
	if len(p.Cell) != n || len(p.Area) != n || p.Class != nil && len(p.Class) != n || p.Amount != nil && len(p.Amount) != n {
		return fault.Errorf(op, fault.Invalid, "columns of pieces of %d, %d, %d, %d and %d rows", n, len(p.Cell), len(p.Area), len(p.Class), len(p.Amount))
	}
	if !slices.Contains(Methods, o.Method) {
		var names []string
		for _, m := range Methods {
			names = append(names, string(m))
		}
		return fault.Errorf(op, fault.Invalid, "unknown method %q (methods: %s)", o.Method, strings.Join(names, ", "))
	}
	if o.Method == Proportional && p.Amount == nil {
		return fault.Errorf(op, fault.Invalid, "method %s needs amounts of built-up surface or floor space", o.Method)
	}
	for b := range c.Bands {
		if len(c.Bands[b]) != len(c.Total) {
			return fault.Errorf(op, fault.Invalid, "band %d has %d sections of %d", b, len(c.Bands[b]), len(c.Total))
		}
	}
	last := int32(0)
	for i, s := range p.Section {
		if s < last || int(s) >= len(c.Total) {
			return fault.Errorf(op, fault.Invalid, "piece %d is of section %d: sections are 0 to %d, in order", i, s, len(c.Total)-1)
		}
		if a := p.Area[i]; !(a >= 0) || math.IsInf(a, 0) {
			return fault.Errorf(op, fault.Invalid, "piece %d has a surface of %g", i, a)
		}
		last = s
	}
	if k := slices.ContainsFunc(p.Class, func(c int16) bool { return c < 0 }); k {
		return fault.Errorf(op, fault.Invalid, "a piece has a class below 0")
	}
	if o.Inhabited != nil && len(o.Inhabited) < p.classes() {
		return fault.Errorf(op, fault.Invalid, "%d classes are said to be inhabited or not, and there are %d", len(o.Inhabited), p.classes())
	}
	if o.Grain == 0 {
		o.Grain = Fine
	}
	if o.Grain != Fine && o.Grain != Whole {
		return fault.Errorf(op, fault.Invalid, "grain %g: people are divided by %g or kept whole", o.Grain, Fine)
	}
	if o.Cover == 0 {
		o.Cover = defaultCover
	}
	if !(o.Cover > 0 && o.Cover <= 1) {
		return fault.Errorf(op, fault.Invalid, "cover %g: want more than 0 and at most 1", o.Cover)
	}
	return nil
}
