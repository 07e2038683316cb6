package analysis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/features"
	"contado/geo/zonal"
)

// zonalAreas collects the areas in longitude and latitude.
func (r *run) zonalAreas(ctx context.Context, q *ZonalRequest) ([]ZonalFeature, error) {
	const op = "analysis.Zonal"
	limit := q.MaxAreas
	if limit == 0 {
		limit = DefaultMaxAreas
	}
	a := q.Areas
	set := 0
	for _, is := range []bool{a.Dataset != "", len(a.Territories) > 0, a.Below != "", len(a.Features) > 0} {
		if is {
			set++
		}
	}
	if set != 1 {
		return nil, fault.Errorf(op, fault.Invalid, "say which areas: a dataset, territories, or polygons of your own (exactly one)")
	}
	var out []ZonalFeature
	var err error
	switch {
	case len(a.Features) > 0:
		out = a.Features
	case a.Below != "":
		var list []area
		if list, _, err = r.leaves(ctx, a.Below); err != nil {
			return nil, err
		}
		for _, t := range list {
			out = append(out, ZonalFeature{Code: t.Code, Name: t.Name, Geometry: t.lonLat})
		}
	case len(a.Territories) > 0:
		if out, err = r.namedTerritories(ctx, a.Territories); err != nil {
			return nil, err
		}
	default:
		if out, err = r.datasetAreas(ctx, a.Dataset, limit); err != nil {
			return nil, err
		}
	}
	if len(out) > limit {
		return nil, fault.Errorf(op, fault.TooLarge, "%d areas, the limit is %d", len(out), limit)
	}
	if len(out) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "there is no polygon among the areas asked for")
	}
	return out, nil
}

func (r *run) namedTerritories(ctx context.Context, codes []string) ([]ZonalFeature, error) {
	var out []ZonalFeature
	seen := make(map[string]bool, len(codes))
	for _, code := range codes {
		if seen[code] {
			return nil, fault.Errorf("analysis.Zonal", fault.Invalid, "territory %q is named twice", code)
		}
		seen[code] = true
		t, err := r.territory(code)
		if err != nil {
			return nil, err
		}
		mp, err := r.tree.Geometry(ctx, code)
		if err != nil {
			return nil, err
		}
		out = append(out, ZonalFeature{Code: t.Code, Name: t.Name, Geometry: mp})
	}
	return out, nil
}

// datasetAreas reads every polygon of a vector dataset, named by its code and
// name fields when it has them.
func (r *run) datasetAreas(ctx context.Context, id string, limit int) ([]ZonalFeature, error) {
	d, err := r.snapshot.Dataset(id)
	if err != nil {
		return nil, err
	}
	l, err := r.snapshot.Layer(ctx, id)
	if err != nil {
		return nil, err
	}
	r.used(d)
	s := l.Schema()
	tr, err := crs.New(s.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	code, name := -1, nameField(s)
	if t := d.Version.Territory; t != nil {
		code, name = s.FieldIndex(t.Code), s.FieldIndex(t.Name)
	}
	var out []ZonalFeature
	var failed error
	var without int64
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		switch f.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
		default:
			without++
			return true
		}
		g, err := tr.Geometry(f.Geometry, nil)
		if err != nil {
			failed = fmt.Errorf("feature %d of %s: %w", f.ID, id, err)
			return false
		}
		a := ZonalFeature{Code: fieldText(f, code), Name: fieldText(f, name), Geometry: g}
		if a.Code == "" {
			a.Code = strconv.FormatInt(f.ID, 10)
		}
		out = append(out, a)
		return len(out) <= limit
	})
	if without > 0 {
		r.notice("areas-without-polygon",
			notice.Text("%d [row|rows] of %s [has no polygon and was|have no polygon and were] left out.", without, id),
			notice.Italian("%d [riga|righe] di %s non [ha un poligono ed è stata esclusa|hanno un poligono e sono state escluse].", without, id))
	}
	return out, firstError(failed, err)
}

func fieldText(f geo.Feature, i int) string {
	if i < 0 || i >= len(f.Values) || f.Values[i] == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(f.Values[i]))
}

func reproject(areas []ZonalFeature, to geo.CRS) ([]zonal.Area, error) {
	tr, err := crs.New(geo.WGS84, to)
	if err != nil {
		return nil, err
	}
	out := make([]zonal.Area, len(areas))
	for i, a := range areas {
		g, err := tr.Geometry(a.Geometry, nil)
		if err != nil {
			return nil, fault.Errorf("analysis.Zonal", fault.Invalid, "area %s %s: %w", a.Code, a.Name, err)
		}
		out[i] = zonal.Area{ID: a.Code, Geometry: g}
	}
	return out, nil
}
