package analysis

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// training is areas whose class is known.
type training struct {
	areas   []trainingArea
	classes []catalog.Class
	box     geo.BBox // WGS 84
}

type trainingArea struct {
	lonLat orb.Geometry
	class  uint8
}

// training reads the polygons and numbers their classes.
func (r *run) training(ctx context.Context, q *ClassifyRequest) (*training, error) {
	const op = "analysis.Classify"
	d, err := r.snapshot.Dataset(q.Training)
	if err != nil {
		return nil, err
	}
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	s := l.Schema()
	field := s.FieldIndex(q.ClassField)
	if field < 0 {
		return nil, fault.Errorf(op, fault.Invalid, "dataset %s has no attribute %q; it has %s", d.ID, q.ClassField, fieldNames(s))
	}
	tr, err := crs.New(s.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	r.used(d)
	t := &training{box: geo.EmptyBBox()}
	var labels []string
	var failed error
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		label := fieldText(f, field)
		switch f.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
		default:
			label = ""
		}
		if label == "" {
			return true // no polygon, or no class: no training
		}
		var g orb.Geometry
		if g, failed = tr.Geometry(f.Geometry, nil); failed != nil {
			return false
		}
		labels = append(labels, label)
		t.areas = append(t.areas, trainingArea{lonLat: g})
		t.box = t.box.Union(geo.BBoxOf(g.Bound()))
		return len(t.areas) <= maxTraining
	})
	if err = firstError(failed, err); err != nil {
		return nil, err
	}
	if len(t.areas) == 0 || len(t.areas) > maxTraining {
		return nil, fault.Errorf(op, fault.Invalid, "%s has %d polygons with a class; 1 to %d are taken", d.ID, len(t.areas), maxTraining)
	}
	return t, t.number(labels, q.ClassColors)
}

func fieldNames(s geo.Schema) string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// number gives classes their values: those of whole numbers are kept, names
// are numbered in the order of the alphabet.
func (t *training) number(labels []string, colours map[string]string) error {
	distinct := slices.Compact(slices.Sorted(slices.Values(labels)))
	if len(distinct) < 2 || len(distinct) > math.MaxUint8 {
		return fault.Errorf("analysis.Classify", fault.Invalid, "%d classes among the training areas; 2 to %d can be told apart", len(distinct), math.MaxUint8)
	}
	values := map[string]uint8{}
	numbers := true
	for i, name := range distinct {
		values[name] = uint8(i + 1)
		n, err := strconv.Atoi(name)
		numbers = numbers && err == nil && n >= 1 && n <= math.MaxUint8
	}
	for i, name := range distinct {
		if numbers {
			n, err := strconv.Atoi(name)
			if err != nil {
				return err
			}
			values[name] = uint8(n)
		}
		colour := colours[name]
		if colour == "" {
			colour = paired[i%len(paired)]
		}
		t.classes = append(t.classes, catalog.Class{Value: int(values[name]), Name: name, Color: colour})
	}
	slices.SortFunc(t.classes, func(a, b catalog.Class) int { return a.Value - b.Value })
	for i := range t.areas {
		t.areas[i].class = values[labels[i]]
	}
	return nil
}

// paired are the colours of classes that come without: Paul Tol's muted
// scheme (2021), which colour-blind readers can tell apart.
var paired = []string{"#117733", "#ddcc77", "#332288", "#cc6677", "#44aa99", "#882255", "#88ccee", "#999933", "#aa4499", "#dddddd"}
