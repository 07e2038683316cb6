package analysis

import (
	"context"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/disclosure"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// rowVeiling is rows of people (sections, or a table by territory) of which
// small counts are hidden.
type rowVeiling struct {
	*run
	l         *atlas.Layer
	d         catalog.Dataset
	threshold float64

	total int   // field of all people; −1: not known
	ages  []int // fields of age bands, in the order of their names
	// numbers are all fields that may count people: all numeric ones but codes.
	numbers []int
	sexes   []int // fields of women or men of an age, which rows never tell
	code    int   // field of the territory's code; −1: none
	// flags tell by row and column (all, then ages) what is hidden; small, that
	// some number of the row is.
	flags [][]bool
	small []bool
}

// judge finds what is hidden of each row.
func (w *rowVeiling) judge(ctx context.Context) error {
	w.fields()
	var values [][]float64 // by column, then row
	for range len(w.ages) + 1 {
		values = append(values, nil)
	}
	var codes []string
	var of []int32
	var tr *crs.Transformer // nil: a table without places
	if c := w.l.Schema().CRS; c != "" && ofSections(w.d) {
		var err error
		if tr, err = crs.New(c, geo.WGS84); err != nil {
			return err
		}
	}
	tree, err := w.people(ctx)
	if err != nil {
		return err
	}
	var leaves []area
	if tree != nil {
		leaves = tree.leaves
	}
	find := newLeafFinder(leaves)
	err = w.l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		all := 0.0
		if w.total >= 0 {
			all = positive(number(f.Values[w.total]))
		}
		values[0] = append(values[0], all)
		for k, field := range w.ages {
			values[k+1] = append(values[k+1], positive(number(f.Values[field])))
		}
		few := false
		for _, field := range w.numbers {
			n := positive(number(f.Values[field]))
			few = few || n > 0 && n < w.threshold
		}
		w.small = append(w.small, few)
		codes = append(codes, fieldText(f, w.code))
		of = append(of, find.of(f, tr))
		return true
	})
	if err != nil {
		return err
	}
	if w.byTerritory() && tree != nil {
		return w.byTree(tree, codes, values)
	}
	if err := w.among(ctx, of, values); err != nil {
		return err
	}
	for row, a := range of { // what is hidden of a municipality is hidden of all its rows
		if a == noArea {
			continue
		}
		code := leaves[a].Code
		_, all, _ := tree.Total(code)
		w.flags[row][0] = w.flags[row][0] || all
		for k := range w.ages {
			_, band := tree.Band(code, k)
			w.flags[row][k+1] = w.flags[row][k+1] || band
		}
	}
	return nil
}

// leafFinder finds the municipality that holds a row's middle.
type leafFinder struct {
	areas []area
	tree  *index.Tree[int]
}

func newLeafFinder(areas []area) *leafFinder {
	boxes, values := make([]geo.BBox, len(areas)), make([]int, len(areas))
	for i := range areas {
		boxes[i], values[i] = geo.BBoxOf(areas[i].lonLat.Bound()), i
	}
	return &leafFinder{areas, index.Build(boxes, values)}
}

func (f *leafFinder) of(row geo.Feature, tr *crs.Transformer) int32 {
	if row.Geometry == nil || tr == nil || len(f.areas) == 0 {
		return noArea
	}
	p, ok := pointOf(row.Geometry)
	x, y := []float64{p[0]}, []float64{p[1]}
	if !ok || tr.Points(x, y) != nil {
		return noArea
	}
	out := int32(noArea)
	f.tree.Search(geo.BBox{MinX: x[0], MinY: y[0], MaxX: x[0], MaxY: y[0]}, func(_ geo.BBox, i int) bool {
		if planar.MultiPolygonContains(f.areas[i].lonLat, orb.Point{x[0], y[0]}) {
			out = int32(i)
		}
		return out == noArea
	})
	return out
}

// byTerritory: rows are territories, by their codes.
func (w *rowVeiling) byTerritory() bool {
	return !ofSections(w.d) && w.code >= 0 && w.d.Version.Table != nil
}

// people is the tree of the dataset's people by territory; nil when it cannot
// be told, as where no code is known.
func (w *rowVeiling) people(ctx context.Context) (*peopleTree, error) {
	tree, err := w.treeOf(ctx, w.d, nil, w.threshold)
	if err != nil && ctx.Err() == nil {
		return nil, nil // people of no known territory: rows are looked at by themselves
	}
	return tree, err
}

// fields finds the columns.
func (w *rowVeiling) fields() {
	s := w.l.Schema()
	w.total, w.code = -1, -1
	var ages []string
	if t := w.d.Version.Table; t != nil {
		w.code = s.FieldIndex(t.Code)
	}
	if total, bands, err := peopleFields(w.d); err == nil {
		w.total = s.FieldIndex(total)
		for column, band := range bands {
			if isAge(band) {
				ages = append(ages, band+"\x00"+column)
			}
		}
	}
	slices.Sort(ages)
	for _, a := range ages {
		_, column, _ := strings.Cut(a, "\x00")
		w.ages = append(w.ages, s.FieldIndex(column))
	}
	for i, f := range s.Fields {
		if (f.Type == geo.Integer || f.Type == geo.Real) && i != w.code {
			w.numbers = append(w.numbers, i)
		}
	}
	for column := range sexColumns(&w.d) {
		w.sexes = append(w.sexes, s.FieldIndex(column))
	}
}

// byTree takes the verdict of the territories.
func (w *rowVeiling) byTree(tree *peopleTree, codes []string, values [][]float64) error {
	w.flags = make([][]bool, len(codes))
	for row, code := range codes {
		flags := make([]bool, len(values))
		if _, known := tree.at[code]; known {
			_, flags[0], _ = tree.Total(code)
			for k := range w.ages {
				_, flags[k+1] = tree.Band(code, k)
			}
		} else {
			for k := range flags { // of no territory known here
				flags[k] = values[k][row] > 0 && values[k][row] < w.threshold
			}
		}
		w.flags[row] = flags
	}
	return nil
}

// among protects rows within their municipalities.
func (w *rowVeiling) among(ctx context.Context, area []int32, values [][]float64) error {
	parents := 1 // of rows in no municipality
	for _, a := range area {
		parents = max(parents, int(a)+2)
	}
	t := &disclosure.Tree{Parent: make([]int32, parents), People: make([][]float64, parents)}
	for i := range t.Parent {
		t.Parent[i] = -1
	}
	rest, apart := make([]float64, len(area)), false
	for row := range area {
		rest[row] = values[0][row]
		for k := range w.ages {
			rest[row] -= values[k+1][row]
		}
		apart = apart || rest[row] < -1e-6
		rest[row] = max(0, rest[row])
		t.Parent, t.People = append(t.Parent, area[row]+1), append(t.People, nil)
	}
	w.flags = make([][]bool, len(area))
	for row := range w.flags {
		w.flags[row] = make([]bool, len(values))
	}
	protect := func(columns func(row int) []float64, note func(h *disclosure.Hidden, row, node int)) error {
		for row := range area {
			t.People[parents+row] = columns(row)
		}
		h, err := t.Protect(ctx, w.threshold)
		if err != nil {
			return err
		}
		for row := range area {
			note(h, row, parents+row)
		}
		return nil
	}
	all := func(row int) []float64 { return []float64{values[0][row]} }
	ages := func(row int) []float64 {
		out := make([]float64, 0, len(w.ages)+1)
		for k := range w.ages {
			out = append(out, values[k+1][row])
		}
		return append(out, rest[row])
	}
	noteAges := func(h *disclosure.Hidden, row, node int) {
		w.flags[row][0] = w.flags[row][0] || h.All(node)
		for k := range w.ages {
			w.flags[row][k+1] = h.Band(node, k)
		}
	}
	switch {
	case len(w.ages) == 0:
		return protect(all, func(h *disclosure.Hidden, row, node int) { w.flags[row][0] = h.All(node) })
	case apart:
		if err := protect(all, func(h *disclosure.Hidden, row, node int) { w.flags[row][0] = h.All(node) }); err != nil {
			return err
		}
		clear(rest)
	}
	return protect(ages, noteAges)
}

// hide takes the hidden numbers of a row out.
func (w *rowVeiling) hide(row int, values []any) []any {
	flags, some := w.flags[row], w.small[row]
	for _, f := range flags {
		some = some || f
	}
	if !some && len(w.sexes) == 0 {
		return values
	}
	out := slices.Clone(values)
	for _, field := range w.sexes {
		out[field] = nil
	}
	if !some {
		return out
	}
	for _, field := range w.numbers {
		switch k := slices.Index(w.ages, field); {
		case field == w.total:
			if flags[0] {
				out[field] = nil
			}
		case k >= 0:
			if flags[k+1] {
				out[field] = nil
			}
		default:
			out[field] = nil
		}
	}
	return out
}
