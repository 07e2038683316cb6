package atlas

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Territories is the tree of all areas with a code, over every dataset of
// role territory. It is immutable.
//
// A parent that no dataset holds is known by its children alone: it has a
// code and a name, FeatureID 0, and its area is the union of its children.
// Where two datasets hold the same code, the first by dataset id keeps it and
// the other is reached as "dataset:code"; Shadowed lists those.
//
// A dataset's id stands for all of its rows as one territory of level
// "dataset", unless a row has that very code. It is in no list.
type Territories struct {
	nodes    map[string]*node
	roots    []string
	order    []string // all codes: roots first, children by name
	shadowed []string
	tree     *index.Tree[string] // WGS84 boxes of those with a polygon
	snapshot *Snapshot
	// whole holds, by dataset id, all of a dataset as one territory.
	whole map[string]*node
}

type node struct {
	geo.Territory
	children []string
}

// Territories returns the tree of this snapshot, building it on first use.
func (s *Snapshot) Territories(ctx context.Context) (*Territories, error) {
	if t := s.territories.Load(); t != nil {
		return t, nil
	}
	s.terrOnce.Lock()
	defer s.terrOnce.Unlock()
	if t := s.territories.Load(); t != nil {
		return t, nil
	}
	t, err := buildTerritories(ctx, s)
	if err != nil {
		return nil, err
	}
	s.territories.Store(t)
	return t, nil
}

func buildTerritories(ctx context.Context, s *Snapshot) (*Territories, error) {
	b := &treeBuilder{t: &Territories{nodes: map[string]*node{}, whole: map[string]*node{}, snapshot: s}}
	for _, d := range s.ByRole(catalog.TerritoryRole) {
		if d.Kind != catalog.Vector || d.Version.Territory == nil {
			continue
		}
		if err := b.addDataset(ctx, s, d); err != nil {
			return nil, fmt.Errorf("territories of dataset %q: %w", d.ID, err)
		}
	}
	b.finish()
	return b.t, nil
}

type treeBuilder struct {
	t *Territories
	// virtual holds the parents named by rows, by code, in order of naming.
	virtual []geo.Territory
}

func (b *treeBuilder) addDataset(ctx context.Context, s *Snapshot, d catalog.Dataset) error {
	layer, err := s.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	boxes, err := boxesWGS84(ctx, layer)
	if err != nil {
		return err
	}
	row, err := newRowReader(layer.Schema(), d)
	if err != nil {
		return err
	}
	whole := &node{Territory: geo.Territory{Code: d.ID, Name: d.Title, Level: LevelDataset, Dataset: d.ID, BBox: d.Version.BBoxWGS84}}
	b.t.whole[d.ID] = whole
	q := features.Query{SkipGeometry: true}
	return layer.Scan(ctx, q, func(f geo.Feature) bool {
		t, parents := row.read(f)
		if t.Code == "" {
			return true // ingest has reported it
		}
		t.BBox = boxes[f.ID]
		whole.children = append(whole.children, b.add(t))
		b.virtual = append(b.virtual, parents...)
		return true
	})
}

// LevelDataset is the level of a whole dataset seen as one territory.
const LevelDataset = "dataset"

func (b *treeBuilder) add(t geo.Territory) (code string) {
	if _, taken := b.t.nodes[t.Code]; taken {
		t.Code = t.Dataset + ":" + t.Code
		b.t.shadowed = append(b.t.shadowed, t.Code)
	}
	b.t.nodes[t.Code] = &node{Territory: t}
	return t.Code
}

// finish adds the parents that have no row of their own and ties the tree.
func (b *treeBuilder) finish() {
	t := b.t
	for _, v := range b.virtual {
		if n, ok := t.nodes[v.Code]; !ok {
			t.nodes[v.Code] = &node{Territory: v}
		} else if n.Parent == "" && n.Code != v.Parent {
			n.Parent = v.Parent
		}
	}
	for code, n := range t.nodes {
		p := t.nodes[n.Parent]
		if p == nil || t.hasAncestor(n.Parent, code) {
			n.Parent = ""
			t.roots = append(t.roots, code)
			continue
		}
		p.children = append(p.children, code)
	}
	t.sortByName(t.roots)
	for _, n := range t.nodes {
		t.sortByName(n.children)
	}
	for _, n := range t.whole {
		n.children = slices.DeleteFunc(n.children, func(c string) bool {
			p := t.nodes[t.nodes[c].Parent]
			return p != nil && p.FeatureID != 0 && p.Dataset == n.Dataset // below another row of its own
		})
		t.sortByName(n.children)
	}
	var walk func(codes []string)
	walk = func(codes []string) {
		for _, c := range codes {
			t.order = append(t.order, c)
			walk(t.nodes[c].children)
		}
	}
	walk(t.roots)
	t.fillBoxes(t.roots)
	var boxes []geo.BBox
	var codes []string
	for _, c := range t.order {
		n := t.nodes[c]
		if n.FeatureID == 0 || n.BBox == (geo.BBox{}) {
			continue
		}
		for _, part := range index.Unwrap(n.BBox) {
			boxes, codes = append(boxes, part), append(codes, c)
		}
	}
	t.tree = index.Build(boxes, codes)
}

// hasAncestor reports whether target is code or above it; bounded, because
// the parents of a careless file may run in a circle.
func (t *Territories) hasAncestor(code, target string) bool {
	for range 32 {
		if code == target {
			return true
		}
		n := t.nodes[code]
		if n == nil || n.Parent == "" {
			return false
		}
		code = n.Parent
	}
	return true
}

// fillBoxes gives parents without a polygon the union of their children's box.
func (t *Territories) fillBoxes(codes []string) geo.BBox {
	all := geo.EmptyBBox()
	for _, c := range codes {
		n := t.nodes[c]
		below := t.fillBoxes(n.children)
		if n.FeatureID == 0 && !below.IsEmpty() {
			n.BBox = below
		}
		if n.BBox != (geo.BBox{}) {
			all = all.Union(n.BBox)
		}
	}
	return all
}

func (t *Territories) sortByName(codes []string) {
	sort.Slice(codes, func(i, j int) bool {
		a, b := t.nodes[codes[i]], t.nodes[codes[j]]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Code < b.Code
	})
}

// node finds a territory, or a whole dataset, by code.
func (t *Territories) node(code string) *node {
	if n := t.nodes[code]; n != nil {
		return n
	}
	return t.whole[code]
}

// Get returns one territory by code, or fault.NotExist.
func (t *Territories) Get(code string) (geo.Territory, error) {
	if n := t.node(code); n != nil {
		return n.Territory, nil
	}
	err := fault.Errorf("atlas.Territory", fault.NotExist, "there is no territory with code %q", code)
	if len(t.order) == 0 {
		return geo.Territory{}, fault.WithHint(err, "ingest a layer of areas with --role territory first")
	}
	return geo.Territory{}, fault.WithHint(err, fmt.Sprintf("codes here begin %s; leading zeros count", strings.Join(t.order[:min(8, len(t.order))], ", ")))
}

// All returns every territory, parents before their children.
func (t *Territories) All() []geo.Territory { return t.list(t.order) }

// Roots returns the territories without a parent, by name.
func (t *Territories) Roots() []geo.Territory { return t.list(t.roots) }

// Children returns the territories right below a code, by name.
func (t *Territories) Children(code string) []geo.Territory {
	if n := t.node(code); n != nil {
		return t.list(n.children)
	}
	return nil
}

// Ancestors returns the parents of a code from the nearest upwards.
func (t *Territories) Ancestors(code string) []geo.Territory {
	var out []geo.Territory
	for n := t.nodes[code]; n != nil && n.Parent != ""; {
		n = t.nodes[n.Parent]
		out = append(out, n.Territory)
	}
	return out
}

// Leaves returns the lowest territories below a code that have a polygon (the
// territory itself when there is none below), by code.
func (t *Territories) Leaves(code string) []geo.Territory {
	var out []geo.Territory
	var walk func(n *node)
	walk = func(n *node) {
		before := len(out)
		for _, c := range n.children {
			walk(t.nodes[c])
		}
		if len(out) == before && n.FeatureID != 0 {
			out = append(out, n.Territory)
		}
	}
	if n := t.node(code); n != nil {
		walk(n)
	}
	slices.SortFunc(out, func(a, b geo.Territory) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// Shadowed lists the qualified codes of rows whose code another dataset holds.
func (t *Territories) Shadowed() []string { return t.shadowed }

func (t *Territories) list(codes []string) []geo.Territory {
	out := make([]geo.Territory, len(codes))
	for i, c := range codes {
		out[i] = t.nodes[c].Territory
	}
	return out
}

// Find returns up to limit territories whose name or code holds the text,
// whatever its case; names that begin with it come first.
func (t *Territories) Find(text string, limit int) []geo.Territory {
	text = strings.ToLower(strings.TrimSpace(text))
	var first, rest []geo.Territory
	for _, c := range t.order {
		n := t.nodes[c]
		name, code := strings.ToLower(n.Name), strings.ToLower(n.Code)
		switch {
		case strings.HasPrefix(name, text) || code == text:
			first = append(first, n.Territory)
		case strings.Contains(name, text) || strings.Contains(code, text):
			rest = append(rest, n.Territory)
		}
	}
	first = append(first, rest...)
	return first[:min(limit, len(first))]
}

// Geometry returns a territory's polygons in longitude and latitude: its own,
// or all those of its leaves (as one collection of polygons, not dissolved)
// when it has none.
func (t *Territories) Geometry(ctx context.Context, code string) (orb.MultiPolygon, error) {
	terr, err := t.Get(code)
	if err != nil {
		return nil, err
	}
	list := []geo.Territory{terr}
	if terr.FeatureID == 0 {
		list = t.Leaves(code)
	}
	var out orb.MultiPolygon
	for _, one := range list {
		g, err := t.own(ctx, one)
		if err != nil {
			return nil, err
		}
		out = append(out, polygonsOf(g)...)
	}
	return out, nil
}

// own reads a territory's own geometry in longitude and latitude.
func (t *Territories) own(ctx context.Context, terr geo.Territory) (orb.Geometry, error) {
	l, err := t.snapshot.Layer(ctx, terr.Dataset)
	if err != nil {
		return nil, err
	}
	f, err := l.Feature(ctx, terr.FeatureID)
	if err != nil || f.Geometry == nil {
		return nil, err
	}
	tr, err := crs.New(l.Schema().CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	return tr.Geometry(f.Geometry, nil)
}

// At returns the territories whose polygon holds a point, smallest box first.
func (t *Territories) At(ctx context.Context, lon, lat float64) ([]geo.Territory, error) {
	var codes []string
	t.tree.Search(geo.BBox{MinX: lon, MinY: lat, MaxX: lon, MaxY: lat}, func(_ geo.BBox, code string) bool {
		codes = append(codes, code)
		return true
	})
	var out []geo.Territory
	for _, c := range codes {
		n := t.nodes[c]
		g, err := t.own(ctx, n.Territory)
		if err != nil {
			return nil, err
		}
		if planar.MultiPolygonContains(polygonsOf(g), orb.Point{lon, lat}) {
			out = append(out, n.Territory)
		}
	}
	area := func(b geo.BBox) float64 { return b.Width() * b.Height() }
	sort.SliceStable(out, func(i, j int) bool { return area(out[i].BBox) < area(out[j].BBox) })
	return out, nil
}
