package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// facility is one point of a service.
type facility struct {
	id       string
	name     string
	names    map[string]string // by language, where it has no name of its own
	lon, lat float64
	values   []any // of its row, parallel to the fields of the dataset
}

// text is an attribute of the facility, the first of the names that its
// schema has and that has a value.
func (f *facility) text(s *geo.Schema, names ...string) string {
	for _, name := range names {
		for i := range s.Fields {
			if strings.EqualFold(s.Fields[i].Name, name) && i < len(f.values) && f.values[i] != nil {
				if t := strings.TrimSpace(fmt.Sprint(f.values[i])); t != "" {
					return t
				}
			}
		}
	}
	return ""
}

// nameFields are attributes that commonly hold a name, best first.
var nameFields = []string{
	"name", "nome", "denominazione", "descrizione_farmacia", "descrizione", "denom_sede",
	"descrizione struttura di ricovero", "title", "titolo", "label", "city", "comune",
}

// nameField guesses the attribute that names rows; −1 when there is none.
func nameField(s geo.Schema) int {
	for _, want := range nameFields {
		for i, f := range s.Fields {
			if strings.EqualFold(f.Name, want) && f.Type == geo.String {
				return i
			}
		}
	}
	return -1
}

// facilities reads every point of a dataset: see facilitiesOf.
func (r *run) facilities(ctx context.Context, d catalog.Dataset, box geo.BBox) ([]facility, error) {
	return r.facilitiesOf(ctx, chosen{set: d}, box)
}

// facilitiesOf reads every point of a service that lies within a box
// (longitude, latitude); areas and lines count at their centre. There may be
// none: then nobody is covered, which is an answer too.
func (r *run) facilitiesOf(ctx context.Context, c chosen, box geo.BBox) ([]facility, error) {
	const op = "analysis.facilities"
	d := c.set
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
		return nil, fault.Errorf(op, fault.Invalid, "dataset %q has no places: a service needs points", d.ID)
	}
	r.used(d)
	keep, err := c.keep(d.Version.Vector.Schema)
	if err != nil {
		return nil, err
	}
	var out []facility
	centred := 0
	err = r.pointsOf(ctx, d, features.Query{Filter: c.Filter}, box, func(f geo.Feature, name string, lon, lat float64) {
		if !keep(f) {
			return
		}
		if g := f.Geometry.GeoJSONType(); g != "Point" && g != "MultiPoint" {
			centred++
		}
		out = append(out, facility{id: fmt.Sprint(f.ID), name: name, lon: lon, lat: lat, values: f.Values})
	})
	if err != nil {
		return nil, err
	}
	if err := r.callUnnamed(ctx, d, out); err != nil {
		return nil, err
	}
	if n := withoutPosition(d); n > 0 {
		r.notice("facilities-without-position",
			notice.Text("%d [row|rows] of %s [has no position: wherever it is, it does|have no position: wherever they are, they do] not count here.", n, d.ID),
			notice.Italian("%d [riga|righe] di %s non [ha una posizione: ovunque sia, qui non conta|hanno una posizione: ovunque siano, qui non contano].", n, d.ID))
	}
	if centred > 0 {
		r.notice("facilities-not-points",
			notice.Text("%d of %d [facility|facilities] of %s [1:is a line or an area: it|are lines or areas: each] counts as one point, its centre.", centred, len(out), d.ID),
			notice.Italian("%d [punto|punti] di servizio su %d di %s [1:è una linea o un'area: conta|sono linee o aree: ognuno conta] come un solo punto, il suo centro.", centred, len(out), d.ID))
	}
	return out, nil
}

// withoutPosition is how many rows of a dataset its ingest could not place,
// or left out for impossible coordinates.
func withoutPosition(d catalog.Dataset) int64 {
	count := map[string]int64{}
	for _, n := range d.Version.Notices {
		count[n.Code] += n.Count
	}
	return max(count["coordinates-missing"], count["geometry-missing"]) + count["coordinates-impossible"]
}

// points calls yield for every feature of a vector dataset within the box,
// with its name ("" when it has none) and its position in longitude and
// latitude.
func (r *run) points(ctx context.Context, d catalog.Dataset, box geo.BBox, yield func(f geo.Feature, name string, lon, lat float64)) error {
	return r.pointsOf(ctx, d, features.Query{}, box, yield)
}

// pointsOf is points for the rows that a query keeps.
func (r *run) pointsOf(ctx context.Context, d catalog.Dataset, q features.Query, box geo.BBox, yield func(f geo.Feature, name string, lon, lat float64)) error {
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	s := l.Schema()
	to, err := crs.New(s.CRS, geo.WGS84)
	if err != nil {
		return err
	}
	native, err := fromLonLat(box, s.CRS)
	if err != nil {
		return err
	}
	named := nameField(s)
	var failed error
	q.BBox = &native
	err = l.Scan(ctx, q, func(f geo.Feature) bool {
		p, ok := pointOf(f.Geometry)
		if !ok {
			return true
		}
		xs, ys := []float64{p[0]}, []float64{p[1]}
		if failed = to.Points(xs, ys); failed != nil {
			return false
		}
		name := ""
		if named >= 0 {
			if v, ok := f.Values[named].(string); ok {
				name = strings.TrimSpace(v)
			}
		}
		yield(f, name, xs[0], ys[0])
		return true
	})
	return firstError(failed, err)
}

// fromLonLat is a longitude/latitude box in another CRS.
func fromLonLat(box geo.BBox, to geo.CRS) (geo.BBox, error) {
	if to == geo.WGS84 {
		return box, nil
	}
	tr, err := crs.New(geo.WGS84, to)
	if err != nil {
		return geo.BBox{}, err
	}
	return tr.BBox(box)
}

// pointOf is where a geometry counts: itself, or its centroid.
func pointOf(g orb.Geometry) (orb.Point, bool) {
	if g == nil {
		return orb.Point{}, false
	}
	if p, ok := g.(orb.Point); ok {
		return p, true
	}
	c, _ := planar.CentroidArea(g)
	return c, !math.IsNaN(c[0]) && !math.IsNaN(c[1])
}

// places reads the named settlements within the areas.
func (r *run) places(ctx context.Context, named string, areas []area, box geo.BBox) ([]coverage.Place, error) {
	d, found, err := r.pick(catalog.Place, named, "--places", box)
	if err != nil || !found {
		return nil, err
	}
	r.used(d)
	var out []coverage.Place
	err = r.points(ctx, d, box, func(_ geo.Feature, name string, lon, lat float64) {
		if a := areaAt(areas, lon, lat); a >= 0 && name != "" {
			out = append(out, coverage.Place{Name: name, Lon: lon, Lat: lat, Area: int32(a)})
		}
	})
	return out, err
}

// areaAt is the index of the area that holds a position, −1 when none does.
func areaAt(areas []area, lon, lat float64) int {
	p := orb.Point{lon, lat}
	for i := range areas {
		b := areas[i].lonLat.Bound()
		if b.Contains(p) && planar.MultiPolygonContains(areas[i].lonLat, p) {
			return i
		}
	}
	return noArea
}

func facilityNames(list []facility) []string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.name
	}
	return out
}

func epsg(code int) geo.CRS { return geo.CRS(fmt.Sprintf("EPSG:%d", code)) }
