package osm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"
	"contado/ingest/spool"
	"contado/ingest/vector"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

var borderKeys = append(append([]string{"boundary"}, nameKeys...), "ref", "ISO3166-2", "official_name")

// The places of values that are filled once all boundaries are known.
const (
	borderCode = 2 + iota
	borderLevel
	borderAdmin
	borderParent
	borderParentName
	borderISTAT
	borderPopulation
	borderBoundary
	borderName
)

func boundariesLayer() *layer {
	return &layer{
		name: "boundaries", role: catalog.TerritoryRole, geometry: "MultiPolygon", keys: append([]string{"admin_level"}, borderKeys...),
		title: spool.Text{EN: "Administrative boundaries", IT: "Confini amministrativi"},
		text:  spool.Text{EN: "Regions, provinces, municipalities and other administrative areas", IT: "Regioni, province, comuni e altre aree amministrative"},
		roles: vector.Fields{Code: "code", Name: "name", Parents: []string{"parent"}, Level: "level"},
		fields: append(append([]geo.Field{
			text("code", "Code", "ISTAT code where tagged, else R and the number of the relation"), text("level", "Level", "region, province, municipality or admin_level_n"),
			typed("admin_level", geo.Integer, "Administrative level", "as in OpenStreetMap: 4 region, 6 province, 8 municipality"),
			text("parent", "Parent", "code of the smallest area of a lower level number that holds this one"), text("parent_name", "Name of the parent", ""),
			text("ref_istat", "ISTAT code", "as tagged"), typed("population", geo.Integer, "Population", "inhabitants"),
			text("boundary", "Boundary", ""),
		}, nameFields()...), text("ref", "Reference", ""), text("iso3166_2", "ISO 3166-2", ""), text("official_name", "Official name", "")),
		class: func(tags stream.Tags, f form) string {
			if f == areaForm && tags.Get("boundary") == "administrative" {
				if n, ok := adminLevel(tags); ok {
					return "admin_level=" + strconv.Itoa(n)
				}
			}
			return ""
		},
		values: func(e *element, _ string) []any {
			n, _ := adminLevel(e.tags)
			code := istat(e.tags)
			people := any(nil)
			if p, ok := Population(e.tags.Get("population")); ok {
				people = p
			}
			return append([]any{strings.Clone(code), levelName(n), int64(n), nil, nil, orNil(code), people}, raw(e.tags, borderKeys)...)
		},
	}
}

func adminLevel(tags stream.Tags) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(tags.Get("admin_level")))
	return n, err == nil && n >= 1 && n <= 15
}

// levelName is the level as territories name it, by the practice of Italy
// (wiki.openstreetmap.org/wiki/Tag:boundary=administrative).
func levelName(n int) string {
	switch n {
	case 4:
		return geo.LevelRegion
	case 6:
		return geo.LevelProvince
	case 8:
		return geo.LevelMunicipality
	}
	return fmt.Sprintf("admin_level_%d", n)
}

// border is a boundary that waits for its parent to be known. There are some
// ten thousand in a country, so they are kept in memory.
type border struct {
	feature geo.Feature
	level   int64
	box     orb.Bound
	at      orb.Point // inside
	area    float64
}

// writeBorders gives every boundary a code of its own and a parent, and
// writes them from the largest level down.
func (c *converter) writeBorders(ctx context.Context) error {
	out := slices.IndexFunc(c.layers, func(l *layer) bool { return l.name == "boundaries" })
	if out < 0 {
		return nil
	}
	for i := range c.borders {
		b := &c.borders[i]
		area, ok := b.feature.Geometry.(orb.MultiPolygon)
		if !ok {
			return fault.Errorf("osm.Convert", fault.Other, "a boundary is no area")
		}
		b.level, b.box, b.area = b.feature.Values[borderAdmin].(int64), area.Bound(), planar.Area(area)
		b.at, _ = interior(area)
	}
	slices.SortStableFunc(c.borders, func(a, b border) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(b.area, a.area), cmp.Compare(a.feature.ID, b.feature.ID))
	})
	c.borderCodes()
	for i := range c.borders {
		if ctx.Err() != nil {
			return fault.E("osm.Convert", fault.Canceled, ctx.Err())
		}
		v := c.borders[i].feature.Values
		if p := c.parent(i); p != nil {
			v[borderParent], v[borderParentName] = p.feature.Values[borderCode], p.feature.Values[borderName]
		}
		if err := c.out[out].Add(c.borders[i].feature); err != nil {
			return err
		}
	}
	return nil
}

// borderCodes makes codes that are there and different: rows of one code
// would be taken for parts of one territory.
func (c *converter) borderCodes() {
	seen := map[string]bool{}
	for i := range c.borders {
		f := &c.borders[i].feature
		code, _ := f.Values[borderCode].(string)
		code = strings.TrimSpace(code)
		kind, _ := f.Values[0].(string)
		own := strings.ToUpper(kind[:1]) + strconv.FormatInt(f.Values[1].(int64), 10)
		switch {
		case code == "":
			code = own
		case seen[code]:
			c.notes.Count(catalog.Warning, "codes-repeated", "boundaries have a code that another has already: they got one of their own", fmt.Sprintf("%s: %s, now %s", kind, code, own))
			code = own
		}
		seen[code] = true
		f.Values[borderCode] = code
		if f.Values[borderName] == nil {
			f.Values[borderName] = code
		}
	}
}

// parent is the boundary of the highest level below i's that i lies in, the
// smallest of these; nil when the file has none.
func (c *converter) parent(i int) *border {
	b := &c.borders[i]
	var best *border
	for j := i - 1; j >= 0; j-- { // levels fall, areas grow
		p := &c.borders[j]
		if p.level >= b.level || p.area < b.area {
			continue
		}
		if best != nil && p.level < best.level {
			break
		}
		if !p.box.Contains(b.at) || best != nil && p.area >= best.area {
			continue
		}
		if planar.MultiPolygonContains(p.feature.Geometry.(orb.MultiPolygon), b.at) {
			best = p
		}
	}
	return best
}
