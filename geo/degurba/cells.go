package degurba

import (
	"context"
	"math"

	"contado/geo/fault"
)

// Cells is a raster of square cells, row by row, north to south. The rules
// are made for cells of 1 km².
type Cells struct {
	Width, Height int
	// People in each cell; NaN and less than 0 are nobody.
	People []float32
	// Land is the share of each cell that is permanent land, 0 to 1; NaN is
	// none. nil: all is land.
	Land []float32
	// Built is the share of each cell that is built up, 0 to 1; NaN is none.
	// nil: not known, so the rules on built-up land do not apply.
	Built []float32
	// Km2 is the surface of a cell; 0 = 1.
	Km2 float64
}

// MaxCells bounds a raster: labels are 32-bit numbers.
const MaxCells = 1 << 30

func (c *Cells) check() error {
	const op = "degurba.Classify"
	n := int64(c.Width) * int64(c.Height)
	switch {
	case c.Width <= 0 || c.Height <= 0 || n > MaxCells:
		return fault.Errorf(op, fault.Invalid, "a raster of %d × %d cells; 1 to %d cells are taken", c.Width, c.Height, MaxCells)
	case int64(len(c.People)) != n || c.Land != nil && int64(len(c.Land)) != n || c.Built != nil && int64(len(c.Built)) != n:
		return fault.Errorf(op, fault.Invalid, "%d × %d cells with %d of people, %d of land, %d of built-up land", c.Width, c.Height, len(c.People), len(c.Land), len(c.Built))
	}
	if c.Km2 == 0 {
		c.Km2 = 1
	}
	if !(c.Km2 >= 0.25 && c.Km2 <= 4) {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "cells of %g km²", c.Km2), "the degree of urbanisation is made for cells of 1 km²; from 0.25 to 4 are taken")
	}
	return nil
}

// Traits of a cell, one bit each.
const (
	dense    = 1 << iota // by people, or by built-up land
	semi                 // SemiDensity and more
	moderate             // ClusterDensity and more
	low                  // LowDensity and more
	water                // nobody, nothing built, less land than WaterLand
	ignored              // counts for nothing in LandMajority
)

// classifier holds what both levels need.
type classifier struct {
	Cells
	rules  Rules
	traits []uint8
	labels []int32 // scratch: component of each cell, 0 = none
	union  []int32 // scratch: union-find over provisional labels
	sums   []float64
}

// Classify gives each cell its class at level 1 or 2.
//
// Errors: fault.Invalid for sizes that do not agree and other levels.
func Classify(ctx context.Context, c Cells, r Rules, level int) ([]Class, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if level != 1 && level != 2 {
		return nil, fault.Errorf("degurba.Classify", fault.Invalid, "level %d: there are levels 1 and 2", level)
	}
	k := &classifier{Cells: c, rules: r, labels: make([]int32, len(c.People))}
	k.read()
	out := make([]Class, len(c.People))
	for i := range out {
		out[i] = unclassified
	}
	steps := []func(context.Context, []Class) error{k.centres, k.clusters}
	if level == 2 {
		steps = []func(context.Context, []Class) error{k.centres, k.semiDense, k.suburbs}
	}
	for _, step := range steps {
		if err := step(ctx, out); err != nil {
			return nil, err
		}
	}
	k.rest(out, level)
	return out, nil
}

// read turns amounts into traits. Density is people per km² of permanent
// land: without any land, people are as dense as can be.
func (k *classifier) read() {
	k.traits = make([]uint8, len(k.People))
	r := &k.rules
	for i, p := range k.People {
		people, land, built := 0.0, 1.0, 0.0
		if p > 0 {
			people = float64(p)
		}
		if k.Land != nil {
			land = share(k.Land[i])
		}
		if k.Built != nil {
			built = share(k.Built[i])
		}
		var t uint8
		if people > 0 {
			d := people / (land * k.Km2) // +Inf where there is no land
			t |= bit(d >= r.CentreDensity, dense) | bit(d >= r.SemiDensity, semi) | bit(d >= r.ClusterDensity, moderate) | bit(d >= r.LowDensity, low)
		}
		if r.BuiltShare > 0 && built > 0 && built >= r.BuiltShare*land {
			t |= dense
		}
		if people == 0 && land < r.WaterLand {
			t |= ignored | bit(built == 0, water)
		}
		k.traits[i] = t
	}
}

func bit(b bool, v uint8) uint8 {
	if b {
		return v
	}
	return 0
}

// share is v within [0, 1]; NaN is 0.
func share(v float32) float64 {
	if !(v > 0) {
		return 0
	}
	return math.Min(float64(v), 1)
}

// centres finds urban centres, and at the same time (they are components of
// the same cells) dense urban clusters, which level 1 takes back.
func (k *classifier) centres(ctx context.Context, out []Class) error {
	n, err := k.components(ctx, dense, rook)
	if err != nil {
		return err
	}
	people := k.peopleOf(n)
	for i, l := range k.labels {
		if l > 0 && people[l] >= k.rules.ClusterPeople {
			out[i] = DenseCluster
		}
		if l > 0 && people[l] < k.rules.CentrePeople {
			k.labels[i] = 0
		}
	}
	if err := k.smooth(ctx); err != nil {
		return err
	}
	if err := k.fill(ctx); err != nil {
		return err
	}
	for i, l := range k.labels {
		if l > 0 {
			out[i] = UrbanCentre2
		}
	}
	return nil
}

// clusters finds the urban clusters of level 1.
func (k *classifier) clusters(ctx context.Context, out []Class) error {
	n, err := k.components(ctx, moderate, queen)
	if err != nil {
		return err
	}
	people := k.peopleOf(n)
	for i, l := range k.labels {
		switch {
		case out[i] == UrbanCentre2:
		case l > 0 && people[l] >= k.rules.ClusterPeople:
			out[i] = UrbanCluster
		default:
			out[i] = unclassified
		}
	}
	return nil
}

// semiDense finds the semi-dense urban clusters: none of their cells may be
// within SemiDistance cells of a centre or a dense cluster.
func (k *classifier) semiDense(ctx context.Context, out []Class) error {
	n, err := k.components(ctx, semi, rook)
	if err != nil {
		return err
	}
	people := k.peopleOf(n)
	near := make([]bool, n+1)
	d := k.rules.SemiDistance
	for row := range k.Height {
		for col := range k.Width {
			if l := k.labels[row*k.Width+col]; l > 0 && people[l] >= k.rules.SemiPeople && !near[l] {
				near[l] = k.urbanWithin(out, col, row, d)
			}
		}
	}
	for i, l := range k.labels {
		if l > 0 && out[i] == unclassified && people[l] >= k.rules.SemiPeople && !near[l] {
			out[i] = SemiDense
		}
	}
	return nil
}

// urbanWithin looks for centres and dense clusters in the square of d cells
// around one.
func (k *classifier) urbanWithin(out []Class, col, row, d int) bool {
	for r := max(0, row-d); r <= min(k.Height-1, row+d); r++ {
		for c := max(0, col-d); c <= min(k.Width-1, col+d); c++ {
			if cl := out[r*k.Width+c]; cl == UrbanCentre2 || cl == DenseCluster {
				return true
			}
		}
	}
	return false
}

// suburbs finds what is left of urban clusters, and rural clusters.
func (k *classifier) suburbs(ctx context.Context, out []Class) error {
	n, err := k.components(ctx, moderate, queen)
	if err != nil {
		return err
	}
	people := k.peopleOf(n)
	for i, l := range k.labels {
		switch {
		case l == 0 || out[i] != unclassified:
		case people[l] >= k.rules.ClusterPeople:
			out[i] = Suburban
		case people[l] >= k.rules.RuralPeople:
			out[i] = RuralCluster
		}
	}
	return nil
}

// rest classifies the remaining cells and settles the codes of the level.
func (k *classifier) rest(out []Class, level int) {
	for i, c := range out {
		t := k.traits[i]
		if level == 1 {
			switch {
			case c == UrbanCentre2:
				out[i] = UrbanCentre
			case c == UrbanCluster:
			case t&water != 0:
				out[i] = Water
			default:
				out[i] = Rural
			}
			continue
		}
		switch {
		case c != unclassified:
		case t&low != 0:
			out[i] = LowDensity
		case t&water != 0:
			out[i] = Water2
		default:
			out[i] = VeryLowDensity
		}
	}
}
