package coverage

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
)

// Demand is where people live and how long they travel: one row an inhabited
// cell, in parallel arrays.
type Demand struct {
	Area    []int32   // index into the areas
	Seconds []float32 // time to the nearest facility; +Inf cannot be reached
	People  []float64 // may be fractions of persons
	// Bands holds the people of each age band, parallel to Params.BandNames
	// and each parallel to People; nil when ages are not known.
	Bands [][]float64
	X, Y  []float64 // longitude, latitude in degrees of the place they live
	// Place is an index into the places, −1 when not known; nil = all −1.
	Place []int32
	// Facility is an index into Params.FacilityNames, −1 when not known; nil
	// when facilities have no names.
	Facility []int32
}

// Area is a part of the territory.
type Area struct{ Code, Name string }

// Place is a named place inside an area, at Lon, Lat in degrees.
type Place struct {
	Name     string
	Lon, Lat float64
	Area     int32 // index into the areas
}

// Params are the questions asked.
type Params struct {
	Thresholds []float64 // seconds, above 0, in any order; at most MaxThresholds
	// BandNames and BandLabels name the age bands; labels may be nil.
	BandNames  []string
	BandLabels []string
	// MaxGaps is how many groups the list holds; 0 means DefaultMaxGaps.
	MaxGaps int
	// MinGapPeople keeps smaller groups out of the list (for instance 3, for
	// statistical confidentiality); they are counted in GapsOmitted.
	MinGapPeople float64
	// PlaceRadiusM is how far from a place, in a straight line, people are
	// counted with it; 0 means DefaultPlaceRadiusM.
	PlaceRadiusM float64
	// ClusterM is the side of the squares that join cells beyond every place
	// into clusters (squares that touch are one); 0 means DefaultClusterM.
	// Choose it no smaller than the cells.
	ClusterM float64
	// FacilityNames are named by Demand.Facility; may be nil.
	FacilityNames []string
}

// Limits and defaults of Params.
const (
	MaxThresholds       = 24
	MaxBands            = 64
	DefaultMaxGaps      = 25
	MaxMaxGaps          = 1000
	DefaultPlaceRadiusM = 3000
	DefaultClusterM     = 1000
)

const opCompute = "coverage.Compute"

// Compute makes the report. Arrays are read, never changed.
//
// Quantiles are of the inverse distribution function: the least time t for
// which the people with a time ≤ t are at least half (or nine tenths) of all
// people, unreachable ones counted as later than any time. So the median is
// within T exactly when the share covered at T is a half or more.
//
// Errors: fault.Invalid for arrays that do not fit together or hold a value
// that cannot be (with its row), fault.TooLarge, fault.Canceled.
func Compute(ctx context.Context, d Demand, areas []Area, places []Place, p Params) (*Report, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := d.check(len(areas), places, &p); err != nil {
		return nil, err
	}
	c, err := newCount(ctx, &d, len(areas), p.Thresholds)
	if err != nil {
		return nil, err
	}
	whole := c.figures(c.all(), c.people)
	r := &Report{
		ThresholdsS:     p.Thresholds,
		PopulationTotal: whole.Population,
		Coverage:        whole.Coverage,
		MedianS:         whole.MedianS,
		P90S:            whole.P90S,
		AgeBands:        c.bandFigures(c.all(), &p),
		Areas:           make([]AreaResult, len(areas)),
		Curve:           c.curve(),
		Facilities:      Facilities{Unplaced: []UnplacedFacility{}},
		Inputs:          []Input{},
		Notices:         []Notice{},
		Method:          methodOf(&p),
	}
	for i, a := range areas {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(opCompute, fault.Canceled, err)
		}
		cells := c.cellsOf(i)
		r.Areas[i] = AreaResult{Code: a.Code, Name: a.Name, Figures: c.figures(cells, c.people)}
		if len(d.Bands) > 0 {
			r.Areas[i].AgeBands = c.bandFigures(cells, &p)
		}
	}
	if r.Gaps, r.GapsOmitted, err = c.gaps(ctx, &d, areas, places, &p); err != nil {
		return nil, err
	}
	r.Notices = append(r.Notices, c.notices(r)...)
	return r, nil
}

func (p Params) withDefaults() (Params, error) {
	bad := func(format string, args ...any) (Params, error) {
		return p, fault.Errorf(opCompute, fault.Invalid, format, args...)
	}
	if len(p.Thresholds) == 0 || len(p.Thresholds) > MaxThresholds {
		return bad("coverage needs 1 to %d thresholds, got %d", MaxThresholds, len(p.Thresholds))
	}
	p.Thresholds = slices.Clone(p.Thresholds)
	for _, t := range p.Thresholds {
		if !(t > 0) || math.IsInf(t, 0) {
			return bad("threshold %v: must be a number of seconds above 0", t)
		}
	}
	slices.Sort(p.Thresholds)
	p.Thresholds = slices.Compact(p.Thresholds)
	if p.MaxGaps < 0 || p.MaxGaps > MaxMaxGaps {
		return bad("the list of gaps can hold 1 to %d groups, asked %d", MaxMaxGaps, p.MaxGaps)
	}
	if p.MaxGaps == 0 {
		p.MaxGaps = DefaultMaxGaps
	}
	if p.PlaceRadiusM == 0 {
		p.PlaceRadiusM = DefaultPlaceRadiusM
	}
	if p.ClusterM == 0 {
		p.ClusterM = DefaultClusterM
	}
	if !(p.PlaceRadiusM > 0) || !(p.ClusterM >= 1) || !(p.MinGapPeople >= 0) ||
		math.IsInf(p.PlaceRadiusM+p.ClusterM+p.MinGapPeople, 0) {
		return bad("place radius %v m, cluster side %v m, least people of a gap %v: must be positive and finite",
			p.PlaceRadiusM, p.ClusterM, p.MinGapPeople)
	}
	if len(p.BandLabels) != 0 && len(p.BandLabels) != len(p.BandNames) {
		return bad("%d labels for %d age bands", len(p.BandLabels), len(p.BandNames))
	}
	return p, nil
}

func (d *Demand) check(areas int, places []Place, p *Params) error {
	bad := func(format string, args ...any) error {
		return fault.Errorf(opCompute, fault.Invalid, format, args...)
	}
	n := len(d.People)
	if uint64(n) > math.MaxUint32 {
		return fault.Errorf(opCompute, fault.TooLarge, "%d inhabited cells; the limit is %d", n, uint32(math.MaxUint32))
	}
	if len(d.Area) != n || len(d.Seconds) != n || len(d.X) != n || len(d.Y) != n ||
		(d.Place != nil && len(d.Place) != n) || (d.Facility != nil && len(d.Facility) != n) {
		return bad("arrays of different lengths: people %d, area %d, seconds %d, x %d, y %d, place %d, facility %d",
			n, len(d.Area), len(d.Seconds), len(d.X), len(d.Y), len(d.Place), len(d.Facility))
	}
	if len(d.Bands) != len(p.BandNames) || len(d.Bands) > MaxBands {
		return bad("%d age bands with %d names; at most %d", len(d.Bands), len(p.BandNames), MaxBands)
	}
	for b, v := range d.Bands {
		if len(v) != n {
			return bad("age band %q has %d cells of %d", p.BandNames[b], len(v), n)
		}
		for i, x := range v {
			if !(x >= 0) || math.IsInf(x, 0) {
				return bad("age band %q: %v people in cell %d", p.BandNames[b], x, i)
			}
		}
	}
	for i, pl := range places {
		if pl.Area < 0 || int(pl.Area) >= areas || !onEarth(pl.Lon, pl.Lat) {
			return bad("place %d (%q): area %d of %d, at %v, %v", i, pl.Name, pl.Area, areas, pl.Lon, pl.Lat)
		}
	}
	for i := range n {
		if err := d.checkCell(i, areas, len(places), p); err != nil {
			return fault.E(opCompute, fault.Invalid, fmt.Errorf("cell %d: %w", i, err))
		}
	}
	return nil
}

func (d *Demand) checkCell(i, areas, places int, p *Params) error {
	switch {
	case d.Area[i] < 0 || int(d.Area[i]) >= areas:
		return fmt.Errorf("area %d of %d: leave out cells that are in no area", d.Area[i], areas)
	case !(d.Seconds[i] >= 0):
		return fmt.Errorf("travel time of %v s", d.Seconds[i])
	case !(d.People[i] >= 0) || math.IsInf(d.People[i], 0):
		return fmt.Errorf("%v people", d.People[i])
	case !onEarth(d.X[i], d.Y[i]):
		return fmt.Errorf("at %v, %v: must be longitude and latitude in degrees", d.X[i], d.Y[i])
	case d.Place != nil && (d.Place[i] < -1 || int(d.Place[i]) >= places):
		return fmt.Errorf("place %d of %d", d.Place[i], places)
	case d.Facility != nil && (d.Facility[i] < -1 || int(d.Facility[i]) >= len(p.FacilityNames)):
		return fmt.Errorf("facility %d of %d", d.Facility[i], len(p.FacilityNames))
	}
	return nil
}

func onEarth(lon, lat float64) bool {
	return lon >= -360 && lon <= 360 && lat >= -90 && lat <= 90
}

func methodOf(p *Params) Method {
	return Method{
		Coverage: "share(T) = people with travel time t <= T, divided by all people; those who cannot reach any facility " +
			"stay in the denominator and are shown apart",
		Quantiles: "median_s and p90_s are the least time t with at least 50 % (90 %) of all people at a time <= t, " +
			"unreachable people counted last; null when that share is not reached at all",
		Gaps: fmt.Sprintf("people with t > %g s or unreachable, grouped by the nearest named place of their area within %g m "+
			"in a straight line; others by clusters of touching squares of %g m; time_s is the median of the finite times",
			p.Thresholds[len(p.Thresholds)-1], p.PlaceRadiusM, p.ClusterM),
		Parameters: []Parameter{},
		Formulas:   []Formula{},
	}
}
