package analysis

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
)

// area is one territory of an answer with its polygons.
type area struct {
	geo.Territory
	lonLat orb.MultiPolygon
}

// leaves returns the lowest territories below a code with their polygons in
// longitude and latitude, and their common box.
func (r *run) leaves(ctx context.Context, code string) ([]area, geo.BBox, error) {
	const op = "analysis.areas"
	list := r.tree.Leaves(code)
	if len(list) == 0 {
		if _, err := r.tree.Get(code); err != nil {
			return nil, geo.BBox{}, err // says which codes there are
		}
		return nil, geo.BBox{}, fault.Errorf(op, fault.Invalid, "territory %q has no polygon, nor any below it", code)
	}
	box := geo.EmptyBBox()
	out := make([]area, 0, len(list))
	for _, t := range list {
		mp, err := r.tree.Geometry(ctx, t.Code)
		if err != nil {
			return nil, box, fmt.Errorf("territory %s (%s): %w", t.Code, t.Name, err)
		}
		if len(mp) == 0 {
			continue
		}
		d, err := r.snapshot.Dataset(t.Dataset)
		if err != nil {
			return nil, box, err
		}
		r.used(d)
		box = box.Union(geo.BBoxOf(mp.Bound()))
		out = append(out, area{Territory: t, lonLat: mp})
	}
	if len(out) == 0 {
		return nil, box, fault.Errorf(op, fault.Invalid, "territory %q has no polygon, nor any below it", code)
	}
	return out, box, nil
}

// in returns the area's polygons in a CRS, edges densified so that they stay
// on the line that they are in longitude and latitude.
func (a *area) in(tr *crs.Transformer) (orb.MultiPolygon, error) {
	g, err := tr.Geometry(a.lonLat, nil)
	if err != nil {
		return nil, fmt.Errorf("territory %s (%s): %w", a.Code, a.Name, err)
	}
	mp, ok := g.(orb.MultiPolygon)
	if !ok {
		return nil, fault.Errorf("analysis.areas", fault.Other, "territory %s came back as %s", a.Code, g.GeoJSONType())
	}
	return mp, nil
}

// noArea marks cells outside every area.
const noArea = -1

// areaOfCells gives each cell of the grid the index of the area that holds
// its centre, or noArea. Where areas overlap, the first one keeps the cell.
func areaOfCells(areas []area, g grid.Grid) ([]int32, error) {
	tr, err := crs.New(geo.WGS84, g.CRS)
	if err != nil {
		return nil, err
	}
	out := make([]int32, g.Cells())
	for i := range out {
		out[i] = noArea
	}
	for i := range areas {
		mp, err := areas[i].in(tr)
		if err != nil {
			return nil, err
		}
		g.Fill(mp, func(row, c0, c1 int) {
			line := out[row*g.Width:]
			for c := c0; c < c1; c++ {
				if line[c] == noArea {
					line[c] = int32(i)
				}
			}
		})
	}
	return out, nil
}
