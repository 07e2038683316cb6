package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gazetteer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// SearchRequest asks for places by name or position.
type SearchRequest struct {
	Text  string
	Limit int // 1 to MaxSearch; 0 = DefaultSearch
	// Within keeps what lies in a box (WGS 84); nil keeps all.
	Within *geo.BBox
	Kinds  []gazetteer.Kind // none = all
}

// Bounds of a search. Datasets with more rows are not held by name.
const (
	DefaultSearch  = 10
	MaxSearch      = 50
	MaxSearchText  = 200     // bytes
	maxNames       = 250_000 // rows of a dataset
	maxNamesAtOnce = 1_000_000
)

// SearchResult are the places found, the best first.
type SearchResult struct {
	Hits []SearchHit
	// Left are datasets whose names are not searched: they have too many rows.
	Left []string
}

// SearchHit is a place found.
type SearchHit struct {
	gazetteer.Hit
	// Position is set for coordinates alone, which have no name.
	Position *gazetteer.Coordinates
	// Inside are the territories around it, the nearest first.
	Inside []geo.Territory
}

// Search finds territories, settlements and facilities by name, and reads
// coordinates. The first search after a change of a dataset reads its rows
// into names.
func (e *Engine) Search(ctx context.Context, n *Names, q SearchRequest) (*SearchResult, error) {
	const op = "analysis.Search"
	if strings.TrimSpace(q.Text) == "" || len(q.Text) > MaxSearchText {
		return nil, fault.Errorf(op, fault.Invalid, "a search is for a text of 1 to %d bytes", MaxSearchText)
	}
	if q.Limit == 0 {
		q.Limit = DefaultSearch
	}
	if q.Limit < 1 || q.Limit > MaxSearch {
		return nil, fault.Errorf(op, fault.Invalid, "limit %d: want 1 to %d", q.Limit, MaxSearch)
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	indexes, left, err := n.of(ctx, r.snapshot, r.tree)
	if err != nil {
		return nil, err
	}
	out := &SearchResult{Left: left}
	for _, c := range r.positions(&q) {
		out.Hits = append(out.Hits, SearchHit{Position: &c, Hit: gazetteer.Hit{Entry: gazetteer.Entry{Lon: c.Lon, Lat: c.Lat}}})
	}
	query := gazetteer.Query{Text: q.Text, Limit: q.Limit - min(q.Limit, len(out.Hits)), Within: q.Within}
	if len(q.Kinds) > 0 {
		query.Keep = func(en *gazetteer.Entry) bool { return slices.Contains(q.Kinds, en.Kind) }
	}
	for _, h := range gazetteer.Search(indexes, query) {
		out.Hits = append(out.Hits, SearchHit{Hit: h})
	}
	for i := range out.Hits {
		if err := r.locate(ctx, &out.Hits[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// positions are those that the text can mean: where only one of two lies
// within the data, that one.
func (r *run) positions(q *SearchRequest) []gazetteer.Coordinates {
	list := gazetteer.ParseCoordinates(q.Text)
	at := func(c gazetteer.Coordinates) geo.BBox {
		return geo.BBox{MinX: c.Lon, MinY: c.Lat, MaxX: c.Lon, MaxY: c.Lat}
	}
	if q.Within != nil {
		list = slices.DeleteFunc(list, func(c gazetteer.Coordinates) bool { return !q.Within.Intersects(at(c)) })
	}
	if len(list) < 2 {
		return list
	}
	known := func(c gazetteer.Coordinates) bool {
		for _, d := range r.snapshot.Datasets() {
			if d.Version.BBoxWGS84.Intersects(at(c)) && d.Version.BBoxWGS84 != (geo.BBox{}) {
				return true
			}
		}
		return false
	}
	if first, second := known(list[0]), known(list[1]); first != second {
		if second {
			list = list[1:]
		}
		return list[:1]
	}
	return list[:min(len(list), q.limit())]
}

func (q *SearchRequest) limit() int { return max(q.Limit, 1) }

// locate adds what a hit lies in.
func (r *run) locate(ctx context.Context, h *SearchHit) (err error) {
	if h.Kind == gazetteer.Territory {
		h.Inside = r.tree.Ancestors(h.Code)
		return nil
	}
	h.Inside, err = r.tree.At(ctx, h.Lon, h.Lat)
	return err
}

// Names holds the names of what the catalog has, by dataset, in memory. The
// zero value is ready; it is safe for concurrent use.
type Names struct {
	mu   sync.Mutex
	held map[string]heldNames
}

// heldNames is the index of a dataset's names in one state.
type heldNames struct {
	stamp string
	index *gazetteer.Index // nil: too many rows
}

// of gives the indexes of all datasets with names of places, and those that
// are left out. Searches wait while one of them reads a dataset that has
// changed.
func (n *Names) of(ctx context.Context, s *atlas.Snapshot, tree *atlas.Territories) (list []*gazetteer.Index, left []string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := map[string]heldNames{}
	total := 0
	add := func(id, stamp string, rows int64, build func() ([]gazetteer.Entry, error)) error {
		h, ok := n.held[id]
		if !ok || h.stamp != stamp {
			h = heldNames{stamp: stamp}
			if rows <= maxNames {
				entries, err := build()
				if err != nil {
					return fmt.Errorf("names of %s: %w", id, err)
				}
				h.index = gazetteer.Build(entries)
			}
		}
		now[id] = h
		if h.index == nil || total+h.index.Len() > maxNamesAtOnce {
			now[id] = heldNames{stamp: stamp}
			left = append(left, id)
			return nil
		}
		total += h.index.Len()
		list = append(list, h.index)
		return nil
	}
	// Territories come as one: codes are settled over all of their datasets.
	stamp, all := "", tree.All()
	for _, d := range s.ByRole(catalog.TerritoryRole) {
		stamp += d.ID + "=" + s.Stamp(d.ID) + " "
	}
	err = add("territories", stamp, int64(len(all)), func() ([]gazetteer.Entry, error) { return territoryNames(tree, all), nil })
	for _, role := range []catalog.Role{catalog.Place, catalog.Service} {
		for _, d := range s.ByRole(role) {
			if err != nil || d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
				continue
			}
			err = add("dataset "+d.ID, s.Stamp(d.ID), d.Version.Vector.Count, func() ([]gazetteer.Entry, error) { return rowNames(ctx, s, d) })
		}
	}
	if err != nil {
		return nil, nil, err
	}
	n.held = now
	for i := range left {
		left[i] = strings.TrimPrefix(left[i], "dataset ")
	}
	return list, left, nil
}

// territoryNames are the names of all territories; larger ones weigh more.
func territoryNames(tree *atlas.Territories, all []geo.Territory) []gazetteer.Entry {
	out := make([]gazetteer.Entry, 0, len(all))
	for _, t := range all {
		e := gazetteer.Entry{
			Kind: gazetteer.Territory, Dataset: t.Dataset, Code: t.Code, Name: t.Name, Level: t.Level,
			Weight: 100 - float64(len(tree.Ancestors(t.Code))), Other: []string{t.Code},
		}
		if b := t.BBox; b != (geo.BBox{}) && !b.IsEmpty() {
			e.BBox, e.Lon, e.Lat = b, (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2
		}
		out = append(out, e)
	}
	return out
}

// otherNames are attributes with further names of a row.
var otherNames = []string{"alt_name", "official_name", "loc_name", "old_name", "short_name", "name:it", "name:en", "name:de", "name:fr", "name:sl", "name:fur", "name:lld"}

// sizes are attributes that tell how large a settlement is, and sorts of what
// kind it is.
var (
	sizes = []string{"population", "abitanti", "popolazione", "residenti", "pop"}
	sorts = []string{"place", "tipo", "type", "kind", "fclass"}
)

func fieldNamed(s geo.Schema, wanted []string) int {
	for _, w := range wanted {
		for i, f := range s.Fields {
			if strings.EqualFold(f.Name, w) {
				return i
			}
		}
	}
	return -1
}

// rowNames are the names of a dataset's rows. Rows without one are not found.
func rowNames(ctx context.Context, s *atlas.Snapshot, d catalog.Dataset) ([]gazetteer.Entry, error) {
	l, err := s.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	schema := l.Schema()
	named := nameField(schema)
	if named < 0 {
		return nil, nil
	}
	tr, err := crs.New(schema.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	read := rowNamer{dataset: d, named: named, size: -1, sort: -1, to: tr}
	if d.Role == catalog.Place {
		read.size, read.sort = fieldNamed(schema, sizes), fieldNamed(schema, sorts)
	}
	for _, o := range otherNames {
		if i := fieldNamed(schema, []string{o}); i >= 0 {
			read.others = append(read.others, i)
		}
	}
	out := make([]gazetteer.Entry, 0, l.Len())
	var failed error
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		e, ok, err := read.entry(f)
		if failed = err; err != nil {
			return false
		}
		if ok {
			out = append(out, e)
		}
		return true
	})
	return out, firstError(failed, err)
}

// rowNamer turns rows into entries.
type rowNamer struct {
	dataset           catalog.Dataset
	named, size, sort int
	others            []int
	to                *crs.Transformer
}

func (n *rowNamer) entry(f geo.Feature) (e gazetteer.Entry, ok bool, err error) {
	name := strings.TrimSpace(fieldText(f, n.named))
	p, placed := pointOf(f.Geometry)
	if name == "" || !placed {
		return e, false, nil
	}
	xs, ys := []float64{p[0]}, []float64{p[1]}
	if err := n.to.Points(xs, ys); err != nil {
		return e, false, err
	}
	if math.IsNaN(xs[0]) || math.IsNaN(ys[0]) {
		return e, false, nil
	}
	e = gazetteer.Entry{Kind: gazetteer.Service, Dataset: n.dataset.ID, Feature: f.ID, Name: name, Lon: xs[0], Lat: ys[0]}
	if n.dataset.Role == catalog.Place {
		e.Kind, e.Weight = gazetteer.Place, 1
	}
	for _, i := range n.others {
		for part := range strings.SplitSeq(fieldText(f, i), ";") { // as OpenStreetMap lists several
			if part = strings.TrimSpace(part); part != "" {
				e.Other = append(e.Other, part)
			}
		}
	}
	if n.size >= 0 {
		if v := number(f.Values[n.size]); v > 0 {
			e.Weight += math.Log10(1 + math.Min(v, 1e9))
		}
	}
	if n.sort >= 0 {
		e.Level = fieldText(f, n.sort)
		if w, known := settlements[strings.ToLower(e.Level)]; known {
			e.Weight += w
		}
	}
	return e, true, nil
}

// settlements are the weights of OpenStreetMap's sorts of places.
var settlements = map[string]float64{"city": 8, "town": 6, "village": 4, "hamlet": 2, "suburb": 3, "isolated_dwelling": 1}
