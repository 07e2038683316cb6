package road

import (
	"context"
	"fmt"
	"math"

	"contado/geo/fault"
	"contado/geo/travel"
)

// Horizon is the longest time in milliseconds (24 days): what lies beyond it
// is not reached.
const Horizon = math.MaxInt32

// never is the time of an arc that may not be taken.
const never = math.MaxUint32

const opWeigh = "road.Weigh"

// WeighOptions say what else bears on times; nil means the zero value.
type WeighOptions struct {
	// Span is which of the low, middle and high speeds of the profile: -1, 0 or 1.
	Span int
	// Open gives the share of the usual speed that is left on an edge, 0 for
	// closed: what seasons do. nil leaves all as it is.
	Open func(edge int) float64
	// Unheeded lets turn restrictions out, whatever the profile says.
	Unheeded bool
}

// Speed is how fast an arc is on the level, and why.
type Speed struct {
	KMH    float64
	Source string // where the figure is from
	// Limited says that it comes from the speed limit rather than the class.
	Limited bool
}

// Graph is a network with the times of a profile, ready to be searched. It is
// immutable and safe for concurrent use.
type Graph struct {
	*Network
	profile travel.Profile
	mode    Mode
	span    int
	millis  []uint32 // of each arc; never where it may not be taken
	states  states
	forward links // by the state that they leave
	reverse links // by the state that they reach
	open    func(edge int) float64
}

// Weigh gives the arcs of a network their times for a profile. Turns that may
// not be made are folded in by splitting nodes: a path through the graph never
// makes one. Errors: Invalid for a profile that has no roads, Canceled.
func (n *Network) Weigh(ctx context.Context, p travel.Profile, o *WeighOptions) (*Graph, error) {
	if len(p.Road.KMH) == 0 {
		return nil, fault.Errorf(opWeigh, fault.Invalid, "profile %s has no speeds on roads", p.Name)
	}
	if o == nil {
		o = &WeighOptions{}
	}
	g := &Graph{Network: n, profile: p, mode: modeOf(p.Mode), span: o.Span, open: o.Open}
	g.millis = make([]uint32, 2*len(n.edges))
	for i := range n.edges {
		if i%65536 == 0 && ctx.Err() != nil {
			return nil, fault.E(opWeigh, fault.Canceled, ctx.Err())
		}
		g.millis[2*i], g.millis[2*i+1] = g.time(uint32(2*i)), g.time(uint32(2*i+1))
	}
	g.states = n.split(g.mode, p.Road.TurnRestrictions && !o.Unheeded)
	if uint64(g.states.count()) > math.MaxInt32 {
		return nil, fault.Errorf(opWeigh, fault.TooLarge, "road network: more than %d states", math.MaxInt32)
	}
	g.link()
	return g, nil
}

// Profile is the one that the times are of.
func (g *Graph) Profile() travel.Profile { return g.profile }

// Passable reports whether an arc may be taken.
func (g *Graph) Passable(arc int) bool { return g.millis[arc] != never }

// Millis is the time of an arc in milliseconds; ok is false when it may not
// be taken.
func (g *Graph) Millis(arc int) (ms uint32, ok bool) { return g.millis[arc], g.millis[arc] != never }

// time is that of an arc in milliseconds, at least 1: sums then always rise.
func (g *Graph) time(arc uint32) uint32 {
	share := 1.0
	if g.open != nil {
		share = g.open(int(arc >> 1))
	}
	if !(share > 0) || !g.allowed(arc) {
		return never
	}
	seconds := 0.0
	w := &g.ways[g.edges[arc>>1].way]
	if g.textOf(w.class) == ferry {
		seconds = g.crossing(arc)
	} else {
		s, ok := g.speed(arc)
		if !ok {
			return never
		}
		seconds = g.slopeTime(arc, s.KMH*share/3.6)
	}
	ms := math.Round(seconds * 1000)
	if !(ms <= Horizon) {
		return never
	}
	return max(uint32(ms), 1)
}

// crossing is the time of a ferry: its timetable's share by length, else its
// speed; +Inf when there is neither.
func (g *Graph) crossing(arc uint32) float64 {
	e := &g.edges[arc>>1]
	w := &g.ways[e.way]
	if !g.profile.Road.Ferries {
		return math.Inf(1)
	}
	if w.seconds > 0 && w.metres > 0 {
		return float64(w.seconds) * float64(e.metres) / float64(w.metres)
	}
	if s, ok := g.classSpeed(ferry); ok {
		return float64(e.metres) * 3.6 / s.KMH
	}
	return math.Inf(1)
}

// slopeTime sums the pieces of an arc, each at the speed of its own slope:
// Σ d/v, so that times add up and speeds are never averaged. Pieces of unknown
// height are level.
func (g *Graph) slopeTime(arc uint32, v float64) float64 {
	p := &g.profile
	metres := float64(g.edges[arc>>1].metres)
	if p.Slope == travel.Level && p.Road.MaxSlope == 0 {
		return metres / v
	}
	seconds := 0.0
	sign := 1 - 2*float64(arc&1)
	g.heights(int(arc>>1), func(piece, rise float64) {
		slope := sign * rise / max(piece, 0.01)
		if slope != slope {
			slope = 0
		}
		if piece < shortPiece { // a height apart over so little is noise
			slope = 0
		}
		if p.Road.MaxSlope > 0 && math.Abs(slope) > p.Road.MaxSlope {
			seconds = math.Inf(1)
		}
		seconds += piece / v * p.Slope.Factor(slope)
	})
	return seconds
}

// shortPiece is the length in metres below which an edge counts as level.
const shortPiece = 2.0

// Speed is the speed of an arc on the level; ok is false when its class or its
// surface is closed to the profile.
func (g *Graph) Speed(arc int) (Speed, bool) { return g.speed(uint32(arc)) }

func (g *Graph) speed(arc uint32) (Speed, bool) {
	w := &g.ways[g.edges[arc>>1].way]
	r := &g.profile.Road
	class := g.textOf(w.class)
	s, ok := Speed{}, false
	if w.flags&flagLink != 0 {
		s, ok = g.classSpeed(class + "_link")
	}
	if !ok {
		s, ok = g.classSpeed(class)
	}
	if !ok {
		return Speed{}, false
	}
	surface, track := g.textOf(w.surface), g.textOf(w.track)
	if len(r.Surfaces) > 0 && surface != "" && !listed(r.Surfaces, surface) {
		return Speed{}, false
	}
	limit := float64(w.maxForward)
	if arc&1 == 1 {
		limit = float64(w.maxBackward)
	}
	if r.UseMaxspeed && limit > 0 {
		factor := g.factor()
		share := r.MaxspeedShare
		if share == 0 {
			share = 1
		}
		s = Speed{KMH: limit * share * factor, Limited: true, Source: fmt.Sprintf("speed limit %g km/h × %g", limit, share*factor)}
	}
	for _, key := range [2]string{surface, track} {
		if m, ok := r.Surface[key]; ok && key != "" {
			if slow := s.KMH * m; m < 1 {
				s.KMH = slow
				s.Source += fmt.Sprintf("; %s × %g", key, m)
				break
			}
		}
	}
	return s, s.KMH > 0
}

// factor is the profile's on speeds, of the span that was asked for.
func (g *Graph) factor() float64 {
	switch {
	case g.span < 0:
		return g.profile.Low
	case g.span > 0:
		return g.profile.High
	}
	return g.profile.SpeedFactor
}

func (g *Graph) classSpeed(class string) (Speed, bool) {
	s, ok := g.profile.Speed(class)
	if !ok {
		return Speed{}, false
	}
	v := s.Mid
	switch {
	case g.span < 0:
		v = s.Low
	case g.span > 0:
		v = s.High
	}
	return Speed{KMH: v, Source: s.Source}, v > 0
}

func listed(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// allowed reports whether the mode may take an arc: access and one-way roads.
func (g *Graph) allowed(arc uint32) bool {
	w := &g.ways[g.edges[arc>>1].way]
	if a := Access(w.access[g.mode]); a == AccessClosed || a == AccessPrivate {
		return false
	}
	if !g.profile.Road.OneWay || g.mode == Bicycle && w.flags&flagBicycleBoth != 0 {
		return true
	}
	if arc&1 == 0 {
		return w.flags&flagBackward == 0
	}
	return w.flags&flagForward == 0
}
