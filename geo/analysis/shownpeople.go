package analysis

import (
	"context"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Answers that anyone may ask for again with another point, time or class are
// computed from the people as they are shown (Veil), not as they are: blocks of
// enough people, which are the same for every question. Whatever answers are
// compared, and by whomever, they tell sums of blocks alone. Documents that
// stand by themselves (reports, studies) count everyone where they are and are
// protected as a whole.

// peopleAs is the context to read people in.
func (r *run) peopleAs(ctx context.Context, d *catalog.Dataset) context.Context {
	if r.shown && !ofSections(*d) {
		return ctx
	}
	return atlas.Exact(ctx) // what is told is protected by disclosure
}

// blocks deals the people of sections out evenly within blocks of at least
// threshold people of a municipality, and those of each band, in proportion to
// them, within blocks of at least as many of every band, and of none.
// What the tables of territories hide is nobody.
func (s *sections) blocks(ctx context.Context, r *run, d *catalog.Dataset, from geo.CRS, threshold float64) error {
	tree, err := r.treeOf(ctx, *d, nil, threshold)
	if err != nil {
		return err
	}
	p, err := s.places(tree, from)
	if err != nil {
		return err
	}
	names := append([]string{""}, s.names...)
	counts := append([][]float64{s.counts.Total}, s.counts.Bands...)
	shown := make([][]float64, len(counts))
	for k, column := range counts {
		shown[k] = slices.Clone(column)
		for i, a := range p.Area {
			if int(a) < len(tree.leaves) && tree.hides(tree.leaves[a].Code, names[k]) {
				shown[k][i] = 0
			}
		}
	}
	p.Columns = append(slices.Clone(shown), s.rests(p, shown, threshold)...)
	g, err := disclosure.NewGroups(ctx, p, threshold)
	if err != nil {
		return err
	}
	p.Whole = shown[0]
	fine, err := disclosure.NewGroups(ctx, p, threshold)
	if err != nil {
		return err
	}
	s.counts.Total = fine.Even(shown[0], 0)
	for b := range s.counts.Bands {
		s.counts.Bands[b] = g.Along(shown[b+1], s.counts.Total, 0)
	}
	return nil
}

// places are the middles of sections, and the municipality of each; those in
// none are of one more.
func (s *sections) places(tree *peopleTree, from geo.CRS) (disclosure.Places, error) {
	p := disclosure.Places{Areas: len(tree.leaves) + 1, Apart: true}
	tr, err := crs.New(from, geo.WGS84)
	if err != nil {
		return p, err
	}
	find := newLeafFinder(tree.leaves)
	for i := range s.outline {
		a := find.of(geo.Feature{Geometry: s.outline[i]}, tr)
		if a == noArea {
			a = int32(len(tree.leaves))
		}
		at, _ := pointOf(s.outline[i])
		x, y := []float64{at[0]}, []float64{at[1]}
		if err := tr.Points(x, y); err != nil {
			return p, err
		}
		p.Area, p.X, p.Y = append(p.Area, a), append(p.X, x[0]), append(p.Y, y[0])
	}
	return p, nil
}

// rests are, for ages and for sexes, the people whom the bands shown leave of
// all: anyone can subtract. Where an area has few of them altogether, its
// tables tell so without blocks.
func (s *sections) rests(p disclosure.Places, shown [][]float64, threshold float64) [][]float64 {
	var out [][]float64
	for _, ages := range [2]bool{true, false} {
		rest, some := slices.Clone(shown[0]), false
		for b, name := range s.names {
			if isAge(name) != ages {
				continue
			}
			some = true
			for i, n := range shown[b+1] {
				rest[i] -= n
			}
		}
		if !some {
			continue
		}
		sums := make([]float64, p.Areas)
		for i, n := range rest {
			rest[i] = math.Max(0, n)
			sums[p.Area[i]] += rest[i]
		}
		for i, a := range p.Area {
			if sums[a] < threshold {
				rest[i] = 0
			}
		}
		out = append(out, rest)
	}
	return out
}

// hides reports whether the people of a territory in a band ("" is all) are
// hidden; bands that the tree does not know are not.
func (t *peopleTree) hides(code, band string) bool {
	if _, hidden, ok := t.Total(code); !ok || hidden || band == "" {
		return hidden
	}
	b := slices.Index(t.bands, band)
	if b < 0 {
		return false
	}
	_, hidden := t.Band(code, b)
	return hidden
}

// verdict is the tree of a dataset's people over a box.
func (r *run) verdict(ctx context.Context, d catalog.Dataset, box geo.BBox, threshold float64) (*peopleTree, error) {
	var it *catalog.Item
	if d.Kind == catalog.Raster {
		one, err := r.oneItem(d, "", "", &box)
		if err != nil {
			return nil, err
		}
		it = &one
	}
	return r.treeOf(ctx, d, it, threshold)
}

// untold says how many areas, and how many of their age groups, are counted
// nowhere, and tells which; nil: all are counted.
func (r *run) untold(ctx context.Context, d catalog.Dataset, areas []area, box geo.BBox, bands []string) (func(area, band string) bool, error) {
	if !r.shown {
		return nil, nil
	}
	tree, err := r.verdict(ctx, d, box, disclosure.DefaultThreshold)
	if err != nil {
		return nil, err
	}
	wholes, parts := 0, 0
	for i := range areas {
		if tree.hides(areas[i].Code, "") {
			wholes++
			continue
		}
		for _, b := range bands {
			if tree.hides(areas[i].Code, b) {
				parts++
			}
		}
	}
	if wholes > 0 {
		r.notice("areas-not-counted",
			notice.Text("Areas whose people are not told, so that they are in no figure here: %d.", wholes),
			notice.Italian("Aree di cui non si indicano le persone, che quindi non sono in alcuna cifra qui: %d.", wholes))
	}
	if parts > 0 {
		r.notice("bands-not-counted",
			notice.Text("Age groups of areas that are not told, so that they are in no figure by age here: %d.", parts),
			notice.Italian("Classi di età di aree che non si indicano, e che quindi non sono in alcuna cifra per età qui: %d.", parts))
	}
	r.inBlocks(disclosure.DefaultThreshold)
	return tree.hides, nil
}

// inBlocks says that people are counted by blocks of so many.
func (r *run) inBlocks(of float64) {
	r.notice("people-in-blocks",
		notice.Text("People are counted by blocks of at least %g, ages by larger ones, dealt out over their inhabited cells, so that no answers, compared, tell who lives where.", of),
		notice.Italian("Le persone sono contate per blocchi di almeno %g, le età per blocchi più grandi, distribuite sulle loro celle abitate, così che nessun confronto fra risposte dica chi abita dove.", of))
}

// tellFrom is the count below which people of a dataset are not told: asked
// for, or what is usual; 0 for none, as where their owner has published them.
// An installation that protects them does not tell smaller counts.
func (r *run) tellFrom(op string, d *catalog.Dataset, asked float64) (float64, error) {
	switch protected := r.protected(*d); {
	case math.IsNaN(asked) || asked > disclosure.MaxThreshold:
		return 0, fault.Errorf(op, fault.Invalid, "counts below %g cannot be hidden: want at most %d", asked, disclosure.MaxThreshold)
	case protected && asked != 0 && asked < disclosure.DefaultThreshold:
		return 0, tooSmall(op)
	case asked < 0 || asked == 0 && !d.CountsPeople():
		return 0, nil
	case asked == 0:
		return disclosure.DefaultThreshold, nil
	}
	return asked, nil
}

// tooSmall refuses to tell smaller counts than the server does.
func tooSmall(op string) error {
	return fault.WithHint(fault.Errorf(op, fault.Invalid, "counts of fewer than %d people are not told here", disclosure.DefaultThreshold),
		"leave hide_below out; who runs the server may start it with --exact-people")
}
