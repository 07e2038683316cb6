package osm

import (
	"fmt"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"
	"contado/ingest/spool"

	"github.com/paulmach/orb"
)

// restrictionsName is the layer of turn restrictions.
const restrictionsName = "restrictions"

// turns keeps the relations that say where one may not turn, until all ways
// are read: some 200 bytes each.
type turns struct {
	list []turn
	via  map[int64]stream.Position // the first place of ways that turns lead over
}

type turn struct {
	id       int64
	tags     stream.Tags
	kind     string
	from, to []int64
	node     int64 // 0 when it leads over ways
	ways     []int64
}

// restrictionsLayer has a row for each turn, at the node where it is made, or
// at the beginning of the way that it leads over. Rows are made when all ways
// have been read.
func restrictionsLayer() *layer {
	return &layer{
		name: restrictionsName, role: catalog.OtherRole, geometry: "Point", keys: []string{"restriction", "restriction:motorcar", "except", "type"},
		title: spool.Text{EN: "Turn restrictions", IT: "Divieti di svolta"},
		text:  spool.Text{EN: "Where vehicles may not turn, or may only go on one way", IT: "Dove i veicoli non possono svoltare, o possono proseguire solo in un modo"},
		fields: []geo.Field{
			text("kind", "Kind", "no_left_turn, no_u_turn, only_straight_on, …"),
			typed("from_way", geo.Integer, "From", "OSM id of the way that one comes from"), typed("to_way", geo.Integer, "To", "OSM id of the way that one goes to"),
			typed("via_node", geo.Integer, "Over node", "OSM id"), text("via_ways", "Over ways", "OSM ids, parted by ;"),
			text("except", "Except", "vehicles that need not heed it"),
		},
		class:  func(stream.Tags, form) string { return "" },
		values: func(*element, string) []any { return nil },
	}
}

// add keeps a relation when it restricts turns of cars.
func (t *turns) add(r *stream.Relation, notes *notice.List) {
	if kind := r.Tags.Get("type"); kind != "restriction" && !strings.HasPrefix(kind, "restriction:") {
		return
	}
	kind := r.Tags.Get("restriction")
	if kind == "" {
		kind = r.Tags.Get("restriction:motorcar")
	}
	if !strings.HasPrefix(kind, "no_") && !strings.HasPrefix(kind, "only_") {
		notes.Count(catalog.Info, "turns-other", "turn restrictions that do not hold for cars, or not at all times, were left out", fmt.Sprintf("relation %d", r.ID))
		return
	}
	out := turn{id: r.ID, kind: strings.Clone(kind), tags: cloneTags(r.Tags)}
	for _, m := range r.Members {
		switch {
		case m.Kind == stream.WayKind && m.Role == "from":
			out.from = append(out.from, m.Ref)
		case m.Kind == stream.WayKind && m.Role == "to":
			out.to = append(out.to, m.Ref)
		case m.Kind == stream.WayKind && m.Role == "via":
			out.ways = append(out.ways, m.Ref)
		case m.Kind == stream.NodeKind && m.Role == "via":
			out.node = m.Ref
		}
	}
	if len(out.from) == 0 || len(out.to) == 0 || (out.node == 0) == (len(out.ways) == 0) {
		notes.Count(catalog.Warning, "turns-incomplete", "turn restrictions that do not say from where, over what and to where were left out", fmt.Sprintf("relation %d", r.ID))
		return
	}
	for _, w := range out.ways {
		if t.via == nil {
			t.via = map[int64]stream.Position{}
		}
		t.via[w] = stream.Position{}
	}
	t.list = append(t.list, out)
}

// maxTurnRows bounds the rows of one relation: each way from with each way to.
const maxTurnRows = 64

// writeTurns makes the rows.
func (c *converter) writeTurns() error {
	for i, l := range c.layers {
		if l.name != restrictionsName {
			continue
		}
		for k := range c.turns.list {
			if err := c.writeTurn(i, l, &c.turns.list[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *converter) writeTurn(i int, l *layer, t *turn) error {
	var at stream.Position
	var ok bool
	var over, node any
	if t.node != 0 {
		at, ok = c.nodes.find(t.node)
		node = t.node
	} else {
		at, ok = c.turns.via[t.ways[0]], c.turns.via[t.ways[0]] != (stream.Position{})
		ids := make([]string, len(t.ways))
		for k, w := range t.ways {
			ids[k] = strconv.FormatInt(w, 10)
		}
		over = strings.Join(ids, ";")
	}
	if !ok || len(t.from)*len(t.to) > maxTurnRows {
		c.notes.Count(catalog.Warning, "turns-incomplete", "turn restrictions that do not say from where, over what and to where were left out", fmt.Sprintf("relation %d", t.id))
		return nil
	}
	id, row := featureID(stream.RelationKind, t.id), int64(0)
	for _, from := range t.from {
		for _, to := range t.to {
			values := []any{
				stream.RelationKind.String(), t.id, t.kind, from, to, node, over, orNil(t.tags.Get("except")), rest(t.tags, l.columns),
			}
			if err := c.out[i].Add(geo.Feature{ID: id, Geometry: orb.Geometry(degrees(at)), Values: values}); err != nil {
				return err
			}
			// Further rows of a relation: ids that no element has.
			row++
			id = -(t.id*maxTurnRows + row)
		}
	}
	return nil
}

// see notes the first place of a way that a turn leads over.
func (c *converter) see(w *stream.Way) {
	if _, wanted := c.turns.via[w.ID]; !wanted {
		return
	}
	for i, ref := range w.Refs {
		if at, ok := c.position(w, i, ref); ok {
			c.turns.via[w.ID] = at
			return
		}
	}
}
