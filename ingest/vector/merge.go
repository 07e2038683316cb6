package vector

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// merger makes one territory of the rows that share code and name.
type merger struct {
	code, name int
	want       map[string]int64 // rows by code, where more than one
	parts      map[string]*merged
	order      []string
	pad        int
	conflict   []string
}

type merged struct {
	f     geo.Feature
	parts orb.MultiPolygon
	n     int64
	area  float64
}

// take keeps a row that is part of several; ok is false then.
func (m *merger) take(f geo.Feature) (geo.Feature, bool) {
	code := PlainText(f.Values[m.code])
	key := code
	if _, ok := m.want[key]; !ok {
		key = strings.TrimLeft(code, "0")
		if _, ok := m.want[key]; !ok || m.pad == 0 {
			return f, true
		}
	}
	p := m.parts[code]
	if p == nil {
		p = &merged{f: f}
		m.parts[code] = p
		m.order = append(m.order, code)
	}
	if PlainText(p.f.Values[m.name]) != PlainText(f.Values[m.name]) {
		m.conflict = append(m.conflict, fmt.Sprintf("%s: %v and %v", code, p.f.Values[m.name], f.Values[m.name]))
	}
	p.n++
	for _, g := range areasOf(f.Geometry) {
		p.parts = append(p.parts, g)
		p.area += planar.Area(g)
	}
	return f, false
}

func areasOf(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

// finish returns the merged rows. Codes that stand for different names, and
// parts that overlap, are errors that name them.
func (m *merger) finish(w *writer) ([]geo.Feature, error) {
	const op = "vector.Write"
	if len(m.conflict) > 0 {
		list := m.conflict
		if len(list) > 20 {
			list = append(slices.Clone(list[:20]), "…")
		}
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%d territory codes in %s stand for more than one territory: %s",
			len(m.conflict), w.schema.Fields[m.code].Name, strings.Join(list, "; ")), "correct them, or name another attribute with --code-field")
	}
	var out []geo.Feature
	for _, code := range m.order {
		p := m.parts[code]
		g := orb.Geometry(p.parts)
		if len(p.parts) == 0 {
			g = nil
		} else if ok, _ := gdal.IsValid(g); !ok {
			fixed, err := gdal.MakeValid(g)
			if err != nil {
				return nil, fmt.Errorf("merge the parts of territory %s: %w", code, err)
			}
			g = ofDimension(fixed, 2)
			if a := area(g); math.Abs(a-p.area) > 1e-6*p.area {
				return nil, fault.Errorf(op, fault.Invalid, "the %d rows of territory %s overlap: they are not its parts", p.n, code)
			}
		}
		p.f.Geometry, p.f.Z, p.f.M = g, nil, nil
		w.notes.Count(catalog.Info, "parts-merged", "rows of the same code and name were made one territory", fmt.Sprintf("%s: %d rows", code, p.n))
		out = append(out, p.f)
	}
	return out, nil
}

func area(g orb.Geometry) float64 {
	if g == nil {
		return 0
	}
	return planar.Area(g)
}
