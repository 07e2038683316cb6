package osm

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"
	"contado/ingest/spool"

	"github.com/paulmach/orb"
)

// defaultMemory is how many bytes of coordinates stay in memory: those of 170
// million nodes.
const defaultMemory = 2 << 30

// converter is one conversion.
type converter struct {
	layers  []*layer
	out     []*spool.Writer
	notes   *notice.List
	nodes   *nodeStore
	areas   areas
	borders []border
	turns   turns
	line    []stream.Position
	counts  struct{ nodes, ways, relations int64 }
}

func convert(ctx context.Context, path string, o Options, work string, p Progress) ([]Layer, []catalog.Notice, error) {
	f, err := stream.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // read only: nothing to lose
	c, err := newConverter(o, work, filepath.Base(path))
	if err != nil {
		return nil, nil, err
	}
	defer c.nodes.close()
	defer c.abandon()
	p.Stage("read nodes and relations")
	if err := f.Scan(ctx, stream.Visitor{Node: c.node, Relation: c.relation}, p.Step); err != nil {
		return nil, nil, err
	}
	if err := c.nodes.finish(); err != nil {
		return nil, nil, err
	}
	c.areas.settle()
	p.Stage("read ways")
	if err := f.Scan(ctx, stream.Visitor{Way: c.way}, p.Step); err != nil {
		return nil, nil, err
	}
	p.Stage("assemble areas")
	if err := c.assembleAll(ctx, p); err != nil {
		return nil, nil, err
	}
	if err := c.writeBorders(ctx); err != nil {
		return nil, nil, err
	}
	if err := c.writeTurns(); err != nil {
		return nil, nil, err
	}
	return c.finish(f.Header())
}

func newConverter(o Options, work, name string) (*converter, error) {
	const op = "osm.Convert"
	t, err := services()
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	if _, err := speeds(); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	for _, l := range o.Layers {
		if !slices.Contains(Names, l) {
			return nil, fault.Errorf(op, fault.Invalid, "%q is no layer of an OpenStreetMap file: use %s", l, strings.Join(Names, ", "))
		}
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	c := &converter{notes: &notice.List{}, nodes: newNodeStore(filepath.Join(work, "osm-nodes.tmp"), o.Memory)}
	for _, l := range layers(t) {
		if o.Layers != nil && !slices.Contains(o.Layers, l.name) {
			continue
		}
		w, err := spool.Create(filepath.Join(work, "osm-"+l.name+".rows"), name, l.schema())
		if err != nil {
			c.abandon()
			return nil, err
		}
		c.layers, c.out = append(c.layers, l), append(c.out, w)
	}
	return c, nil
}

// wants reports whether a layer is made.
func (c *converter) wants(name string) bool {
	return slices.ContainsFunc(c.layers, func(l *layer) bool { return l.name == name })
}

// abandon closes what finish has not.
func (c *converter) abandon() {
	for _, w := range c.out {
		if w != nil {
			_, _ = w.Close() // the work has ended with another error
		}
	}
}

// node keeps a position and makes the point features.
func (c *converter) node(n *stream.Node) error {
	c.counts.nodes++
	if !n.Valid {
		c.notes.Count(catalog.Warning, "nodes-impossible", "nodes without a position on the globe were left out", fmt.Sprintf("node %d", n.ID))
		return nil
	}
	if err := c.nodes.add(n.ID, n.At); err != nil {
		return err
	}
	if len(n.Tags) == 0 {
		return nil
	}
	e := element{kind: stream.NodeKind, id: n.ID, tags: n.Tags, form: pointForm, at: n.At}
	for i, l := range c.layers {
		if l.point {
			if err := c.emit(i, l, &e, degrees(n.At)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *converter) relation(r *stream.Relation) error {
	c.counts.relations++
	c.areas.add(r, c.anyArea(r.Tags), c.notes)
	if c.wants(restrictionsName) {
		c.turns.add(r, c.notes)
	}
	return nil
}

// way finds the positions of a way, keeps it when it is a member of an area,
// and else makes its features.
func (c *converter) way(w *stream.Way) error {
	c.counts.ways++
	c.see(w)
	member, useful := c.areas.member(w.ID), c.useful(w.Tags)
	if !member && !useful {
		return nil
	}
	missing := c.locate(w)
	if missing > 0 {
		c.notes.Count(catalog.Warning, "ways-incomplete", "ways of which nodes are not in the file were cut there",
			fmt.Sprintf("way %d: %d of %d nodes", w.ID, missing, len(w.Refs)))
	}
	if len(c.line) < 2 {
		c.notes.Count(catalog.Warning, "ways-left-out", "ways with fewer than two nodes in the file were left out", fmt.Sprintf("way %d", w.ID))
		return nil
	}
	if member {
		c.areas.keep(w, c.line, missing, useful)
		return nil
	}
	return c.wayFeatures(w.ID, w.Tags, c.line, closed(w, missing), nil)
}

// closed reports whether a way is whole and ends where it begins.
func closed(w *stream.Way, missing int) bool {
	return missing == 0 && len(w.Refs) >= 4 && w.Refs[0] == w.Refs[len(w.Refs)-1]
}

// useful reports whether a way has a place in some layer, whatever its form.
func (c *converter) useful(tags stream.Tags) bool {
	if len(tags) == 0 {
		return false
	}
	for _, l := range c.layers {
		if l.class(tags, areaForm) != "" || l.class(tags, lineForm) != "" {
			return true
		}
	}
	return false
}

// locate fills c.line with the positions of a way and counts those missing.
// Nodes that follow themselves are dropped.
func (c *converter) locate(w *stream.Way) (missing int) {
	c.line = c.line[:0]
	for i, ref := range w.Refs {
		at, ok := c.position(w, i, ref)
		if !ok {
			missing++
			continue
		}
		if n := len(c.line); n > 0 && c.line[n-1] == at {
			continue
		}
		c.line = append(c.line, at)
	}
	return missing
}

// position is that of a way's node: in the way itself, or of the node.
func (c *converter) position(w *stream.Way, i int, ref int64) (stream.Position, bool) {
	if len(w.At) == len(w.Refs) {
		return w.At[i], true
	}
	return c.nodes.find(ref)
}

// wayFeatures makes the features of a way; skip tells those that an area
// stands for already.
func (c *converter) wayFeatures(id int64, tags stream.Tags, line []stream.Position, isClosed bool, skip func(l *layer, class string) bool) error {
	e := element{kind: stream.WayKind, id: id, tags: tags, line: line, form: lineForm}
	area := orb.MultiPolygon{}
	if isClosed && tags.Get("area") != "no" {
		area, _ = assemble([]ring{newRing(slices.Clone(line), false)})
	}
	for i, l := range c.layers {
		e.form, e.area = lineForm, nil
		if len(area) > 0 && (l.point || l.geometry == "MultiPolygon") {
			e.form, e.area = areaForm, area
		}
		if l.geometry == "MultiPolygon" && e.form != areaForm {
			c.notClosed(&e, l)
			continue
		}
		if class := l.class(tags, e.form); class == "" || skip != nil && skip(l, class) {
			continue
		}
		if err := c.emit(i, l, &e, shape(l, &e)); err != nil {
			return err
		}
	}
	return nil
}

// notClosed counts areas that are none because their outline is open.
func (c *converter) notClosed(e *element, l *layer) {
	if l.class(e.tags, areaForm) != "" && l.class(e.tags, lineForm) == "" && e.tags.Get("area") != "no" && l.name != "boundaries" && !c.asLine(e.tags) {
		c.notes.Count(catalog.Warning, "areas-open", "areas of which the outline is not closed were left out", fmt.Sprintf("way %d (%s)", e.id, l.class(e.tags, areaForm)))
	}
}

// asLine reports whether the tags make sense on a line too.
func (c *converter) asLine(tags stream.Tags) bool {
	for _, l := range c.layers {
		if l.geometry == "LineString" && l.class(tags, lineForm) != "" {
			return true
		}
	}
	return false
}

// shape is the geometry that an element has in a layer; nil when none.
func shape(l *layer, e *element) orb.Geometry {
	switch {
	case !l.point && e.form == areaForm:
		return e.area
	case !l.point:
		return toLine(e.line)
	case e.form == areaForm:
		if p, ok := interior(e.area); ok {
			return p
		}
		return nil
	}
	return degrees(e.line[len(e.line)/2])
}

// emit writes an element to a layer when it belongs there.
func (c *converter) emit(i int, l *layer, e *element, g orb.Geometry) error {
	class := l.class(e.tags, e.form)
	if class == "" {
		return nil
	}
	if g == nil {
		c.notes.Count(catalog.Warning, "areas-flat", "areas without an inside were left out", fmt.Sprintf("%s %d", e.kind, e.id))
		return nil
	}
	values := append([]any{e.kind.String(), e.id}, l.values(e, class)...)
	values = append(values, rest(e.tags, l.columns))
	if l.name == "boundaries" {
		c.borders = append(c.borders, border{feature: geo.Feature{ID: e.id64(), Geometry: g, Values: values}})
		return nil
	}
	return c.out[i].Add(geo.Feature{ID: e.id64(), Geometry: g, Values: values})
}

// finish closes the spools and makes the layers that have rows.
func (c *converter) finish(h stream.Header) ([]Layer, []catalog.Notice, error) {
	var at *time.Time
	if !h.Time.IsZero() {
		at = &h.Time
	}
	var out []Layer
	var empty []string
	for i, l := range c.layers {
		rows, err := c.out[i].Close()
		c.out[i] = nil
		if err != nil {
			return nil, nil, err
		}
		if rows.Count() == 0 {
			if l.name != restrictionsName { // most small places have none
				empty = append(empty, l.name)
			}
			continue
		}
		out = append(out, Layer{
			Name: l.name, Title: l.title, Description: l.text, Role: l.role, Fields: l.roles, Rows: rows,
			License: License, Attribution: Attribution, Time: at,
		})
	}
	if c.nodes.twice > 0 {
		c.notes.Add(catalog.Warning, "nodes-repeated", "%d nodes stand in the file more than once: the last of each counts", c.nodes.twice)
	}
	if len(empty) > 0 {
		c.notes.Add(catalog.Info, "layers-empty", "nothing was found for: %s", strings.Join(empty, ", "))
	}
	c.notes.Add(catalog.Info, "osm-read", "%d nodes, %d ways and %d relations were read%s", c.counts.nodes, c.counts.ways, c.counts.relations, asOf(h))
	if len(out) == 0 {
		return nil, nil, fault.Errorf("osm.Convert", fault.Invalid, "the file holds nothing that a layer is made of: %d nodes, %d ways, %d relations", c.counts.nodes, c.counts.ways, c.counts.relations)
	}
	return out, c.notes.All(), nil
}

func asOf(h stream.Header) string {
	if h.Time.IsZero() {
		return ""
	}
	return ", as of " + h.Time.Format(time.RFC3339)
}
