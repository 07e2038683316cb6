// Package live draws vector tiles from the layers as they are now: it finds
// the rows of a tile in their own reference system and hands them to the
// generaliser. Pyramids are made by the same code.
package live

import (
	"fmt"

	"github.com/maypok86/otter/v2"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// Artist draws tiles. It is safe for concurrent use.
type Artist struct {
	budget  int
	systems *otter.Cache[geo.CRS, *system]
	homes   *otter.Cache[string, geo.BBox] // of layers that were edited, by state
}

// system is what tiles need to know of a CRS.
type system struct {
	to, from *crs.Transformer // to and from Web Mercator
}

// New makes an artist; budget is the most bytes of a tile before compression,
// 0 the default.
func New(budget int) (*Artist, error) {
	systems, err := otter.New(&otter.Options[geo.CRS, *system]{MaximumSize: 256})
	if err != nil {
		return nil, fault.E("live.New", fault.Other, err)
	}
	homes, err := otter.New(&otter.Options[string, geo.BBox]{MaximumSize: 1024})
	if err != nil {
		return nil, fault.E("live.New", fault.Other, err)
	}
	return &Artist{budget: budget, systems: systems, homes: homes}, nil
}

// system finds out about a CRS once.
func (a *Artist) system(c geo.CRS) (*system, error) {
	if sys, ok := a.systems.GetIfPresent(c); ok {
		return sys, nil
	}
	var sys system
	var err error
	if sys.to, err = crs.New(c, geo.WebMercator); err != nil {
		return nil, err
	}
	if sys.from, err = crs.New(geo.WebMercator, c); err != nil {
		return nil, err
	}
	a.systems.Set(c, &sys)
	return &sys, nil
}

// Place is where a tile with its buffer lies in the CRS of a dataset.
type Place struct {
	// Box is what rows must meet; nil when the tile has no box there, and
	// every row has to be looked at.
	Box *geo.BBox
	// Near is false when the dataset lies elsewhere.
	Near bool
	// Project leads from the CRS to Web Mercator; nil when it is that.
	Project vector.Projector
}

// Place finds a tile in the CRS of a layer. Where the tile is larger than the
// layer, the layer's own box is asked for: a projection need not hold for the
// whole world.
func (a *Artist) Place(l *layer.Layer, t tms.Tile) (Place, error) { return a.place(l, t, a.home) }

// nowhere is a home that is not known.
func nowhere(*layer.Layer, *system) geo.BBox { return geo.EmptyBBox() }

func (a *Artist) place(l *layer.Layer, t tms.Tile, homeOf func(*layer.Layer, *system) geo.BBox) (Place, error) {
	c := l.Schema().CRS
	b := tms.WebMercatorQuad().Bounds(t)
	b = b.Buffer(b.Width() * 80 / 4096) // 64 units, and some for rounding
	if c == geo.WebMercator {
		return Place{Box: &b, Near: true}, nil
	}
	w := geo.BBox{}
	w.MinX, w.MinY = tms.Inverse(b.MinX, b.MinY)
	w.MaxX, w.MaxY = tms.Inverse(b.MaxX, b.MaxY)
	if c == geo.WGS84 {
		return Place{Box: &w, Near: true, Project: vector.FromWGS84{}}, nil
	}
	sys, err := a.system(c)
	if err != nil {
		return Place{}, fmt.Errorf("dataset %s: %w", l.Dataset().ID, err)
	}
	if home := homeOf(l, sys); !home.IsEmpty() && home != (geo.BBox{}) {
		home = home.Buffer(1e-3)
		if !home.Intersects(w) {
			return Place{}, nil
		}
		w = w.Intersect(home)
		w.MinY, w.MaxY = max(w.MinY, -85), min(w.MaxY, 85)
		b.MinX, b.MinY = tms.Forward(w.MinX, w.MinY)
		b.MaxX, b.MaxY = tms.Forward(w.MaxX, w.MaxY)
	}
	native, err := sys.from.BBox(b)
	if err != nil || native.IsEmpty() { // no box there: look at every row
		return Place{Near: true, Project: sys.to}, nil //nolint:nilerr // a filter less, not a tile less
	}
	native = native.Buffer((native.Width() + native.Height()) * 1e-3)
	return Place{Box: &native, Near: true, Project: sys.to}, nil
}

// home is the box of a layer in degrees, edits included; empty when it is not
// known, or goes across the antimeridian.
func (a *Artist) home(l *layer.Layer, sys *system) geo.BBox {
	d := l.Dataset()
	home := d.Version.BBoxWGS84
	if l.Head() == 0 || home.IsEmpty() || home == (geo.BBox{}) {
		return home
	}
	key := d.ID + "\n" + d.Version.SHA256 + "\n" + l.Stamp()
	if b, ok := a.homes.GetIfPresent(key); ok {
		return b
	}
	b, err := sys.to.BBox(l.Bounds())
	if err != nil || b.IsEmpty() {
		home = geo.EmptyBBox()
	} else {
		var w geo.BBox
		w.MinX, w.MinY = tms.Inverse(b.MinX, b.MinY)
		w.MaxX, w.MaxY = tms.Inverse(b.MaxX, b.MaxY)
		home = home.Union(w)
	}
	a.homes.Set(key, home)
	return home
}

// everywhere is the box of a place that has none.
var everywhere = geo.BBox{MinX: -1e300, MinY: -1e300, MaxX: 1e300, MaxY: 1e300}

// Touched reports whether a change of the layer after seq may show in a tile.
func (a *Artist) Touched(l *layer.Layer, seq int64, t tms.Tile) (bool, error) {
	if l.Head() <= seq {
		return false, nil
	}
	p, err := a.Place(l, t)
	if err != nil {
		return false, err
	}
	if p.Near && l.TouchedSince(seq, boxOf(p)) {
		return true, nil
	}
	// Rows that are gone may have lain outside the layer's box of today.
	p, err = a.place(l, t, nowhere)
	return err == nil && p.Box != nil && l.TouchedSince(seq, *p.Box), err
}

func boxOf(p Place) geo.BBox {
	if p.Box == nil {
		return everywhere
	}
	return *p.Box
}
