package analysis

import (
	"context"
	"fmt"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/travel"
	"contado/geo/travel/road"
)

// roadClassFields are attributes that commonly hold the class of a road.
var roadClassFields = []string{"class", "highway", "fclass", "road_class", "type", "tipo", "classe", "label"}

// each reads every row of a dataset near the territory into the grid's CRS.
func (w *walk) each(ctx context.Context, d catalog.Dataset, classFields []string, yield func(f geo.Feature, g orb.Geometry, class string)) error {
	w.used(d)
	l, err := w.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	s := l.Schema()
	class := -1
	for _, want := range classFields {
		for i, f := range s.Fields {
			if class < 0 && strings.EqualFold(f.Name, want) {
				class = i
			}
		}
	}
	tr, err := crs.New(s.CRS, w.lattice.CRS)
	if err != nil {
		return err
	}
	box, err := boxIn(w.lattice, s.CRS)
	if err != nil {
		return err
	}
	var failed error
	err = l.Scan(ctx, features.Query{BBox: &box}, func(f geo.Feature) bool {
		if f.Geometry == nil {
			return true
		}
		g, err := tr.Geometry(f.Geometry, nil)
		if err != nil {
			failed = fmt.Errorf("feature %d of %s: %w", f.ID, d.ID, err)
			return false
		}
		yield(f, g, fieldText(f, class))
		return true
	})
	return firstError(failed, err)
}

func (w *walk) roads(ctx context.Context) ([]travel.Line, error) {
	sets, err := w.all(catalog.Road, w.q.Roads, w.box)
	if err != nil {
		return nil, err
	}
	var out []travel.Line
	for _, d := range sets {
		if d.Kind != catalog.Vector {
			return nil, fault.Errorf("analysis.walking", fault.Invalid, "roads %q are no vector dataset", d.ID)
		}
		l, err := w.snapshot.Layer(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		fields := newWayFields(l.Schema())
		err = w.each(ctx, d, roadClassFields, func(f geo.Feature, g orb.Geometry, class string) {
			if w.walker.Refuses(class, fieldText(f, fields.surface)) {
				w.refused++
				return
			}
			if _, barrier := w.table.Barrier(class); barrier {
				switch {
				case isTrue(fieldText(f, fields.bridge)) || isTrue(fieldText(f, fields.tunnel)):
					return // people pass under it or over it
				case isTrue(fieldText(f, fields.link)):
					class += "_link"
				}
			} else if !fields.onFoot(f) {
				w.closed++
				return // no way, and no bridge: people have the ground beside it
			}
			switch g := g.(type) {
			case orb.LineString:
				out = append(out, travel.Line{Line: g, Class: class})
			case orb.MultiLineString:
				for _, l := range g {
					out = append(out, travel.Line{Line: l, Class: class})
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// onFoot reports whether people on foot may use a way: not where its column
// for them, or that for everyone, says no or private.
func (w *wayFields) onFoot(f geo.Feature) bool {
	a := road.AccessOf(strings.ToLower(fieldText(f, w.access[road.Foot])))
	return a != road.AccessClosed && a != road.AccessPrivate
}

func (w *walk) barriers(ctx context.Context) ([]travel.Obstacle, error) {
	sets, err := w.all(catalog.Barrier, w.q.Barriers, w.box)
	if err != nil {
		return nil, err
	}
	var out []travel.Obstacle
	for _, d := range sets {
		if d.Kind != catalog.Vector {
			return nil, fault.Errorf("analysis.walking", fault.Unsupported, "barriers %q are no vector dataset", d.ID)
		}
		err := w.each(ctx, d, []string{"class", "barrier", "waterway", "type"}, func(_ geo.Feature, g orb.Geometry, class string) {
			out = append(out, travel.Obstacle{Geometry: g, Class: class})
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
