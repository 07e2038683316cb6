package atlas

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

func polygonsOf(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	case orb.Collection:
		var out orb.MultiPolygon
		for _, m := range g {
			out = append(out, polygonsOf(m)...)
		}
		return out
	}
	return nil
}

// boxesWGS84 returns the longitude/latitude box of every feature.
func boxesWGS84(ctx context.Context, l *Layer) (map[int64]geo.BBox, error) {
	tr, err := crs.New(l.Schema().CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]geo.BBox, l.Len())
	var failed error
	err = l.Boxes(ctx, func(b features.Box) bool {
		out[b.ID], failed = tr.BBox(b.Box)
		return failed == nil
	})
	if failed != nil {
		err = failed
	}
	return out, err
}

// rowReader turns rows of a territory dataset into territories.
type rowReader struct {
	d                 catalog.Dataset
	code, name, level int
	parents, names    []int
}

func newRowReader(s geo.Schema, d catalog.Dataset) (*rowReader, error) {
	tf := d.Version.Territory
	r := &rowReader{d: d, code: s.FieldIndex(tf.Code), name: s.FieldIndex(tf.Name), level: -1}
	if r.code < 0 {
		return nil, fault.Errorf("atlas.Territories", fault.Invalid, "the code field %q is not in the data", tf.Code)
	}
	if tf.Level != "" {
		r.level = s.FieldIndex(tf.Level)
	}
	for i, p := range tf.Parents {
		r.parents = append(r.parents, s.FieldIndex(p))
		n := -1
		if i < len(tf.ParentNames) && tf.ParentNames[i] != "" {
			n = s.FieldIndex(tf.ParentNames[i])
		}
		r.names = append(r.names, n)
	}
	return r, nil
}

// read returns the row's territory and the parents that it names.
func (r *rowReader) read(f geo.Feature) (geo.Territory, []geo.Territory) {
	tf := r.d.Version.Territory
	t := geo.Territory{
		Code: text(f, r.code), Name: text(f, r.name), Level: tf.LevelName,
		Dataset: r.d.ID, FeatureID: f.ID,
	}
	if t.Name == "" {
		t.Name = t.Code
	}
	if v := text(f, r.level); v != "" {
		t.Level = v
	}
	var above []geo.Territory
	for i, p := range r.parents {
		code := text(f, p)
		if code == "" || code == t.Code {
			continue
		}
		v := geo.Territory{Code: code, Name: text(f, r.names[i]), Dataset: r.d.ID}
		if v.Name == "" {
			v.Name = code
		}
		if i < len(tf.ParentLevels) {
			v.Level = tf.ParentLevels[i]
		}
		above = append(above, v)
	}
	if len(above) > 0 {
		t.Parent = above[0].Code
		for i := range above[:len(above)-1] {
			above[i].Parent = above[i+1].Code
		}
	}
	return t, above
}

// text is an attribute as people write it; "" for null or no such field.
func text(f geo.Feature, i int) string {
	if i < 0 || i >= len(f.Values) {
		return ""
	}
	switch v := f.Values[i].(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(f.Values[i])
}
