package osm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"

	"github.com/paulmach/orb"
)

// areas keeps the relations that make areas, and their member ways, until all
// ways are read. It takes 9 bytes a member, 8 a position of member ways, and
// some 100 a member way.
type areas struct {
	relations []relation
	wanted    []int64 // ways that are members, sorted once settled
	ways      []memberWay
	positions []stream.Position
}

type relation struct {
	id    int64
	tags  stream.Tags
	ways  []int64
	inner []bool // parallel to ways: the role says so
	label bool   // a node stands for its place already
}

type memberWay struct {
	id          int64
	first, last int64
	from, to    int // in positions
	missing     int
	closed      bool
	tags        stream.Tags
	stands      []standing // what areas stand for already
}

// standing is a layer and a class that an area has taken over from its outline.
type standing struct{ layer, class string }

// add keeps a relation when it is an area.
func (a *areas) add(r *stream.Relation, isArea bool, notes *notice.List) {
	kind := r.Tags.Get("type")
	if kind == "" && isArea {
		notes.Count(catalog.Warning, "relations-untyped", "relations with the tags of an area that do not say what they are (type) were left out", (&relation{id: r.ID, tags: r.Tags}).String())
	}
	if kind != "multipolygon" && kind != "boundary" {
		return
	}
	out := relation{id: r.ID, tags: cloneTags(r.Tags)}
	for _, m := range r.Members {
		out.label = out.label || m.Kind == stream.NodeKind && (m.Role == "label" || m.Role == "admin_centre")
		if m.Kind != stream.WayKind || slices.Contains(offOutline, m.Role) {
			continue
		}
		out.ways = append(out.ways, m.Ref)
		out.inner = append(out.inner, m.Role == "inner")
	}
	if len(out.ways) == 0 {
		notes.Count(catalog.Warning, "relations-empty", "areas without a way in their outline were left out", out.String())
		return
	}
	a.relations = append(a.relations, out)
	a.wanted = append(a.wanted, out.ways...)
}

// offOutline are the roles of members that are not part of the outline.
var offOutline = []string{"label", "admin_centre", "subarea", "land_area", "collection", "defaults", "entrance"}

func cloneTags(t stream.Tags) stream.Tags {
	if len(t) == 0 {
		return nil
	}
	out := make(stream.Tags, len(t))
	for i := range t {
		out[i] = stream.Tag{Key: strings.Clone(t[i].Key), Value: strings.Clone(t[i].Value)}
	}
	return out
}

func (r *relation) String() string {
	if name := r.tags.Get("name"); name != "" {
		return fmt.Sprintf("relation %d (%s)", r.id, name)
	}
	for _, k := range []string{"boundary", "landuse", "natural", "building", "leisure"} {
		if v := r.tags.Get(k); v != "" {
			return fmt.Sprintf("relation %d (%s=%s)", r.id, k, v)
		}
	}
	return fmt.Sprintf("relation %d", r.id)
}

// settle makes the wanted ways ready to be looked up.
func (a *areas) settle() {
	slices.Sort(a.wanted)
	a.wanted = slices.Clip(slices.Compact(a.wanted))
}

func (a *areas) member(way int64) bool {
	_, found := slices.BinarySearch(a.wanted, way)
	return found
}

// keep remembers a member way.
func (a *areas) keep(w *stream.Way, line []stream.Position, missing int, useful bool) {
	m := memberWay{
		id: w.ID, first: w.Refs[0], last: w.Refs[len(w.Refs)-1], from: len(a.positions), missing: missing,
		closed: closed(w, missing),
	}
	if useful {
		m.tags = cloneTags(w.Tags)
	}
	a.positions = append(a.positions, line...)
	m.to = len(a.positions)
	a.ways = append(a.ways, m)
}

func (a *areas) line(m *memberWay) []stream.Position { return a.positions[m.from:m.to] }

// sort makes member ways ready to be found by id.
func (a *areas) sort() {
	slices.SortStableFunc(a.ways, func(x, y memberWay) int {
		switch {
		case x.id < y.id:
			return -1
		case x.id > y.id:
			return 1
		}
		return 0
	})
}

func (a *areas) find(id int64) *memberWay {
	i, found := slices.BinarySearchFunc(a.ways, id, func(m memberWay, id int64) int {
		switch {
		case m.id < id:
			return -1
		case m.id > id:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return &a.ways[i]
}

// assembleAll makes the areas of all relations, then the features of their
// member ways that no area stands for.
func (c *converter) assembleAll(ctx context.Context, p Progress) error {
	c.areas.sort()
	for i := range c.areas.relations {
		if i%64 == 0 {
			if ctx.Err() != nil {
				return fault.E("osm.Convert", fault.Canceled, ctx.Err())
			}
			p.Step(int64(i), int64(len(c.areas.relations)))
		}
		if err := c.area(&c.areas.relations[i]); err != nil {
			return err
		}
	}
	for i := range c.areas.ways {
		m := &c.areas.ways[i]
		if !c.useful(m.tags) {
			continue
		}
		skip := func(l *layer, class string) bool {
			return l.name == "boundaries" || slices.Contains(m.stands, standing{l.name, class})
		}
		if err := c.wayFeatures(m.id, m.tags, c.areas.line(m), m.closed, skip); err != nil {
			return err
		}
	}
	return nil
}

// area assembles one relation and makes its features.
func (c *converter) area(r *relation) error {
	m := c.members(r)
	tags, own := r.tags, c.anyArea(r.tags)
	if !own {
		if tags = c.outerTags(r, m.outers); tags == nil {
			return nil // a relation of no layer
		}
	}
	switch {
	case m.missing+m.cut > 0 && own:
		c.notes.Count(catalog.Warning, "relations-incomplete", "areas of which a part is not in the file, most at its edge, were left out",
			fmt.Sprintf("%s: %d of %d ways are missing, %d cut", r, m.missing, len(m.chains)+m.missing, m.cut))
		return nil
	case m.missing+m.cut > 0:
		c.notes.Count(catalog.Warning, "holes-missing", "areas of which a part of the outline is not in the file were taken way by way, without their holes", r.String())
		return nil
	}
	rings, open := closeRings(m.chains)
	if len(open) > 0 {
		c.notes.Count(catalog.Warning, "relations-open", "areas of which the outline is not closed were left out", fmt.Sprintf("%s: way %d leads nowhere", r, open[0]))
		return nil
	}
	area, misrole := assemble(rings)
	if len(area) == 0 {
		c.notes.Count(catalog.Warning, "areas-flat", "areas without an inside were left out", r.String())
		return nil
	}
	if misrole > 0 {
		c.notes.Count(catalog.Info, "roles-wrong", "areas have members whose role, outer or inner, is not what they are", r.String())
	}
	return c.areaFeatures(r, tags, area, m.outers)
}

// members are the member ways of a relation that are in the file, each once.
type members struct {
	chains       []chain
	outers       []*memberWay // those that are no inner rings by their role
	missing, cut int          // not in the file, or not wholly
}

func (c *converter) members(r *relation) members {
	var out members
	seen := map[int64]bool{}
	for i, id := range r.ways {
		if seen[id] {
			continue
		}
		seen[id] = true
		m := c.areas.find(id)
		if m == nil {
			out.missing++
			continue
		}
		if m.missing > 0 {
			out.cut++
		}
		if !r.inner[i] {
			out.outers = append(out.outers, m)
		}
		out.chains = append(out.chains, chain{way: id, first: m.first, last: m.last, line: c.areas.line(m), inner: r.inner[i]})
	}
	return out
}

// anyArea reports whether tags make an area of some layer.
func (c *converter) anyArea(tags stream.Tags) bool {
	for _, l := range c.layers {
		if (l.point || l.geometry == "MultiPolygon") && l.class(tags, areaForm) != "" {
			return true
		}
	}
	return false
}

// outerTags are those of the outline, for relations of before 2017 that have
// no tags of their own; nil when they make no area.
func (c *converter) outerTags(r *relation, outers []*memberWay) stream.Tags {
	if r.tags.Get("type") != "multipolygon" {
		return nil
	}
	for _, m := range outers {
		if c.anyArea(m.tags) && !c.asLine(m.tags) {
			return m.tags
		}
	}
	return nil
}

// areaFeatures writes an area to its layers, and notes on the outer ways of
// the same class that they are done.
func (c *converter) areaFeatures(r *relation, tags stream.Tags, area orb.MultiPolygon, outers []*memberWay) error {
	e := element{kind: stream.RelationKind, id: r.id, tags: tags, form: areaForm, area: area}
	for i, l := range c.layers {
		if !l.point && l.geometry != "MultiPolygon" {
			continue
		}
		class := l.class(tags, areaForm)
		if class == "" || r.label && l.name == "places" {
			continue
		}
		if err := c.emit(i, l, &e, shape(l, &e)); err != nil {
			return err
		}
		for _, m := range outers {
			m.stands = append(m.stands, standing{l.name, class})
		}
	}
	return nil
}
