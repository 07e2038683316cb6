package ogc

import (
	"fmt"
	"math"

	"contado/api/ogc/encode"
	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
)

// shortEdge is the length in metres up to which a straight edge stays straight
// enough in any other system: the sagitta of a grid line is about
// L² tan(latitude) ÷ 8 R, 2 cm at 45° and 11 cm at 80°. Longer edges get
// vertices (crs.DefaultMaxError).
const shortEdge = 1000.0

// projector brings stored geometries into one system, in memory of its own.
type projector struct {
	t      *crs.Transformer // nil: as stored
	places int              // decimals kept; −1 all
	// edge is the longest edge, in stored units, that needs no more vertices.
	edge    float64
	degrees bool // of the target: lines may run over ±180°
	round   bool // Project gives what is written, to the last digit
	x, y    []float64
	out     encode.Geometry
}

func newProjector(stored geo.CRS, to reference) (*projector, error) {
	t, err := crs.New(stored, to.crs)
	if err != nil {
		return nil, err
	}
	if t.Identity() {
		return &projector{places: -1}, nil
	}
	p := &projector{t: t, places: to.places(), degrees: to.degrees, edge: shortEdge}
	geographic, err := crs.IsGeographic(stored)
	switch {
	case err != nil:
		return nil, err
	case geographic && to.degrees: // a change of datum bends nothing
		p.edge = math.Inf(1)
	case geographic:
		p.edge = shortEdge / 111_320
	}
	return p, nil
}

// project gives the geometry in the system of the projector. The result lives
// until the next call; where nothing changes it is g itself.
//
// Errors: Invalid when a position has no place in the system.
func (p *projector) project(g *encode.Geometry) (*encode.Geometry, error) {
	if p.t == nil {
		return g, nil
	}
	if err := p.into(&p.out, g); err != nil {
		return nil, err
	}
	if p.round {
		p.cut(&p.out)
	}
	return &p.out, nil
}

func (p *projector) into(out, g *encode.Geometry) error {
	if g.Kind == encode.Collection {
		out.Reset()
		out.Kind, out.Members = g.Kind, make([]encode.Geometry, len(g.Members))
		for i := range g.Members {
			if err := p.into(&out.Members[i], &g.Members[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if g.Kind != encode.Point && g.Kind != encode.MultiPoint && len(g.Z) == 0 && p.longest(g) > p.edge {
		return p.bend(out, g)
	}
	n := g.Len()
	p.x, p.y = p.x[:0], p.y[:0]
	for i := range n {
		p.x, p.y = append(p.x, g.XY[2*i]), append(p.y, g.XY[2*i+1])
	}
	if err := p.t.Points(p.x, p.y); err != nil {
		return err
	}
	xy := out.XY[:0]
	for i, x := range p.x {
		if x != x {
			return fault.Errorf("ogc", fault.Invalid, "position %g, %g has no place there", g.XY[2*i], g.XY[2*i+1])
		}
		xy = append(xy, x, p.y[i])
	}
	*out = encode.Geometry{Kind: g.Kind, XY: xy, Ends: g.Ends, Parts: g.Parts, Z: g.Z}
	if p.degrees && jumps(out) {
		out.Ends, out.Parts = nil, nil
		return p.bend(out, g)
	}
	return nil
}

// bend adds vertices to long edges, and keeps lines over ±180° in one piece.
func (p *projector) bend(out, g *encode.Geometry) error {
	o, err := p.t.Geometry(g.Orb(), nil)
	if err != nil {
		return err
	}
	// Ends and Parts may be views of the stored geometry: never write there.
	*out = encode.Geometry{XY: out.XY[:0]}
	if !out.Flatten(o) {
		return fmt.Errorf("ogc: a %v without positions", g.Kind)
	}
	return nil
}

// longest is the largest step in x or y between two positions of a line.
func (p *projector) longest(g *encode.Geometry) (d float64) {
	for from, to := range g.Lines {
		for i := from + 1; i < to; i++ {
			d = max(d, math.Abs(g.XY[2*i]-g.XY[2*i-2]), math.Abs(g.XY[2*i+1]-g.XY[2*i-1]))
		}
	}
	return d
}

// jumps reports whether a line leaps over ±180°.
func jumps(g *encode.Geometry) bool {
	if g.Kind == encode.Point || g.Kind == encode.MultiPoint {
		return false
	}
	for from, to := range g.Lines {
		for i := from + 1; i < to; i++ {
			if math.Abs(g.XY[2*i]-g.XY[2*i-2]) > 180 {
				return true
			}
		}
	}
	return false
}

// cut rounds to the decimals that are written, so that a box made of what a
// client has read holds what it was read from.
func (p *projector) cut(g *encode.Geometry) {
	for i, v := range g.XY {
		g.XY[i] = encode.Round(v, p.places)
	}
	for i := range g.Members {
		p.cut(&g.Members[i])
	}
}
