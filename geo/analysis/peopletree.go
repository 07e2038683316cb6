package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// peopleTree is how many people live in every territory by the figures of one
// dataset, and what of it must not be told: one verdict for lists, profiles,
// processes and the cells of maps.
type peopleTree struct {
	at     map[string]int // node of a territory by its code
	bands  []string
	total  []float64   // by node
	byBand [][]float64 // by band and node
	hidden *disclosure.Hidden
	// ages are told apart from all: their sums are not those of all people.
	ages *disclosure.Hidden
	// others are bands that are no ages (men and women), from first on.
	others *disclosure.Hidden
	first  int
	// leaves are the lowest territories, in the order of areas, at the nodes
	// leafAt.
	leaves    []area
	leafAt    []int
	parent    []int32 // by node
	threshold float64
	pyramids  pyramids
}

// Total is the people of a territory; hidden: they are not to be told; not ok:
// they are not known.
func (t *peopleTree) Total(code string) (n float64, hidden, ok bool) {
	i, ok := t.at[code]
	if !ok {
		return 0, false, false
	}
	return t.total[i], t.hidesAll(i), true
}

// hidesAll reports whether the number of all people of a node is hidden.
func (t *peopleTree) hidesAll(i int) bool {
	return t.hidden.All(i) || t.ages != nil && t.ages.All(i) || t.others != nil && t.others.All(i)
}

// Band is the people of an age band of a territory.
func (t *peopleTree) Band(code string, band int) (n float64, hidden bool) {
	i, ok := t.at[code]
	if !ok {
		return 0, false
	}
	switch {
	case band >= t.first: // see disclosure: where all are hidden by one, the bands of the other kind are
		return t.byBand[band][i], t.others == nil || t.others.Band(i, band-t.first) || t.hidden.All(i)
	case t.others != nil && t.others.All(i):
		return t.byBand[band][i], true
	case t.ages != nil:
		return t.byBand[band][i], t.ages.Band(i, band)
	}
	return t.byBand[band][i], t.hidden.Band(i, band)
}

// peopleTrees keeps trees of one state of the data.
type peopleTrees struct {
	mu    sync.Mutex
	state string
	kept  map[string]*peopleTree
}

// maxTrees bounds the trees kept.
const maxTrees = 64

// treeOf is the people of all territories by a dataset (an item of it, for
// rasters).
func (r *run) treeOf(ctx context.Context, d catalog.Dataset, it *catalog.Item, threshold float64) (*peopleTree, error) {
	key := fmt.Sprintf("%s\x00%s\x00%g", d.ID, r.snapshot.Stamp(d.ID), threshold)
	if it != nil {
		key += "\x00" + it.ID
	}
	k := &r.Engine.trees
	k.mu.Lock()
	defer k.mu.Unlock() // one at a time: they are costly, and mostly the same is asked
	if state := r.snapshot.State(); k.state != state || k.kept == nil || len(k.kept) >= maxTrees {
		k.state, k.kept = state, map[string]*peopleTree{}
	}
	if t := k.kept[key]; t != nil {
		return t, nil
	}
	t, err := r.newPeopleTree(atlas.Exact(ctx), d, it, threshold)
	if err == nil {
		k.kept[key] = t
	}
	return t, err
}

func (r *run) newPeopleTree(ctx context.Context, d catalog.Dataset, it *catalog.Item, threshold float64) (*peopleTree, error) {
	t := &peopleTree{at: map[string]int{}}
	tree := &disclosure.Tree{}
	var leafAt []int // node of each of leaves
	var walk func(list []geo.Territory, parent int) error
	walk = func(list []geo.Territory, parent int) error {
		for _, one := range list {
			if _, known := t.at[one.Code]; known {
				continue
			}
			i := len(tree.Parent)
			t.at[one.Code] = i
			tree.Parent, tree.People = append(tree.Parent, int32(parent)), append(tree.People, nil)
			children := r.tree.Children(one.Code)
			if len(children) > 0 {
				if err := walk(children, i); err != nil {
					return err
				}
				continue
			}
			mp, err := r.tree.Geometry(ctx, one.Code)
			if err != nil {
				return err
			}
			if len(mp) > 0 {
				t.leaves, leafAt = append(t.leaves, area{Territory: one, lonLat: mp}), append(leafAt, i)
			}
		}
		return nil
	}
	if err := walk(r.tree.Roots(), -1); err != nil {
		return nil, err
	}
	people, err := r.peopleByBand(ctx, d, it, t.leaves)
	if err != nil {
		return nil, err
	}
	t.bands, t.first = people.names, people.ages
	t.leafAt, t.parent, t.threshold = leafAt, tree.Parent, threshold
	t.fill(tree, leafAt, people)
	return t, t.protect(ctx, tree, leafAt, people, threshold)
}

// bandCounts are people by area: all, and those of bands, the ages first.
type bandCounts struct {
	names []string
	ages  int // how many of them are ages
	total []float64
	bands [][]float64 // by band and area
}

// peopleByBand counts the people of areas.
func (r *run) peopleByBand(ctx context.Context, d catalog.Dataset, it *catalog.Item, areas []area) (*bandCounts, error) {
	out := &bandCounts{total: make([]float64, len(areas))}
	if len(areas) == 0 {
		return out, nil
	}
	if it == nil {
		rows, names, err := r.peopleRows(ctx, d, areas)
		if err != nil {
			return nil, err
		}
		var at []int
		out.names, at = ageBands(names)
		out.ages = len(at)
		for k, name := range names {
			if !isAge(name) {
				out.names, at = append(out.names, name), append(at, k)
			}
		}
		out.bands = make([][]float64, len(at))
		for b := range at {
			out.bands[b] = make([]float64, len(areas))
		}
		for a, row := range rows {
			if row == nil {
				continue
			}
			out.total[a] = row[0]
			for b, k := range at {
				out.bands[b][a] = row[k+1]
			}
		}
		return out, nil
	}
	total, ages, names, err := bandsOf(*it)
	if err != nil {
		return nil, err
	}
	out.names, out.ages = names, len(names)
	for _, b := range ages {
		sums, err := r.bandByArea(ctx, *it, b, areas)
		if err != nil {
			return nil, err
		}
		out.bands = append(out.bands, sums)
		if total == 0 {
			for a, v := range sums {
				out.total[a] += v
			}
		}
	}
	if total > 0 {
		out.total, err = r.bandByArea(ctx, *it, total, areas)
	}
	return out, err
}

// bandByArea sums a band over areas by the rule of coverage reports.
func (r *run) bandByArea(ctx context.Context, it catalog.Item, band int, areas []area) ([]float64, error) {
	out := make([]float64, len(areas))
	side, err := cellMetres(it.Grid)
	if err != nil {
		return nil, err
	}
	if side <= maxAreaRuleCell {
		return out, r.addCells(ctx, it, band, areas, out)
	}
	res, err := r.statsOver(ctx, it, band, areas, zonal.Options{Stats: []zonal.Stat{zonal.Sum}})
	for i := range res {
		if v, ok := res[i].Get(string(zonal.Sum)); ok {
			out[i] = positive(v)
		}
	}
	return out, err
}

// fill sums the counts of areas up the tree.
func (t *peopleTree) fill(tree *disclosure.Tree, leafAt []int, people *bandCounts) {
	t.total, t.byBand = make([]float64, len(tree.Parent)), make([][]float64, len(people.bands))
	for b := range t.byBand {
		t.byBand[b] = make([]float64, len(tree.Parent))
	}
	for a, i := range leafAt {
		for n := int32(i); n >= 0; n = tree.Parent[n] {
			t.total[n] += people.total[a]
			for b := range people.bands {
				t.byBand[b][n] += people.bands[b][a]
			}
		}
	}
}

// protect finds what is to be hidden.
func (t *peopleTree) protect(ctx context.Context, tree *disclosure.Tree, leafAt []int, people *bandCounts, threshold float64) error {
	rest, apart := make([]float64, len(leafAt)), false
	some := false
	for a := range leafAt {
		rest[a] = people.total[a]
		for b := range people.ages {
			rest[a] -= people.bands[b][a]
		}
		switch {
		case rest[a] < -1e-6:
			apart = true
		case math.Abs(rest[a]) <= 1e-6:
			rest[a] = 0
		default:
			some = true
		}
	}
	set := func(columns func(a int) []float64) (*disclosure.Hidden, error) {
		for i := range tree.People {
			tree.People[i] = nil
		}
		for a, i := range leafAt {
			tree.People[i] = columns(a)
		}
		return tree.Protect(ctx, threshold)
	}
	ages := func(a int) []float64 {
		out := make([]float64, people.ages, people.ages+1)
		for b := range out {
			out[b] = people.bands[b][a]
		}
		return out
	}
	var err error
	switch {
	case people.ages == 0:
		t.hidden, err = set(func(a int) []float64 { return []float64{people.total[a]} })
	case apart: // ages do not sum up: they are protected by themselves
		if t.hidden, err = set(func(a int) []float64 { return []float64{people.total[a]} }); err == nil {
			t.ages, err = set(ages)
		}
	case some:
		t.hidden, err = set(func(a int) []float64 { return append(ages(a), rest[a]) })
	default:
		t.hidden, err = set(ages)
	}
	if err == nil && people.ages < len(people.bands) {
		t.others, err = set(func(a int) []float64 {
			left := people.total[a]
			var out []float64
			for _, band := range people.bands[people.ages:] {
				out = append(out, band[a])
				left -= band[a]
			}
			return append(out, math.Max(0, left))
		})
	}
	return err
}

// protected reports whether answers hide small counts of a dataset's people.
func (r *run) protected(d catalog.Dataset) bool { return r.atlas.Veiled(&d) }

// allowed refuses to tell smaller counts than the server does.
func (s *setting) allowed(hideBelow float64) error {
	if s.protected(s.population) && hideBelow != 0 && hideBelow < disclosure.DefaultThreshold {
		return tooSmall("analysis.Coverage")
	}
	return nil
}

// saidOfPeople notes how figures of people are told.
func (r *run) saidOfPeople(d catalog.Dataset) {
	if n := SaidOfPeople(&d, r.protected(d)); n != nil {
		r.notice(n.Code, n.Text, n.Texts["it"])
	}
}

// SaidOfPeople is the notice that says how figures of people of a dataset are
// told: protected, exact, or as published; nil for datasets without people.
func SaidOfPeople(d *catalog.Dataset, protected bool) *coverage.Notice {
	notice := func(code, en, it string) *coverage.Notice {
		return &coverage.Notice{Code: code, Text: en, Texts: map[string]string{"it": it}}
	}
	switch {
	case d.Role != catalog.Population:
		return nil
	case protected:
		return notice("people-protected",
			fmt.Sprintf("Figures of people of %s are protected: small counts are hidden, with as many others as it takes, and values of cells are those of blocks of people.", d.ID),
			fmt.Sprintf("I numeri di persone di %s sono protetti: i conteggi piccoli sono nascosti, con gli altri che servono, e i valori delle celle sono quelli di blocchi di persone.", d.ID))
	case d.CountsPeople():
		return notice("counts-exact", exactText[0], exactText[1])
	}
	return notice("people-published",
		fmt.Sprintf("Figures of people of %s are told as their owner has published them.", d.ID),
		fmt.Sprintf("I numeri di persone di %s sono indicati come li ha pubblicati chi li detiene.", d.ID))
}

// isAge reports whether a band's name is that of an age.
func isAge(name string) bool { return strings.HasPrefix(name, "age_") }

// errNoPeople says that a dataset has no people to show.
func errNoPeople(d *catalog.Dataset) error {
	return fault.Errorf("analysis.Veil", fault.Unsupported, "dataset %q has no band or field of people that could be protected", d.ID)
}
