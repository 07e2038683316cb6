package atlas_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

func TestApplyIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	before := layerOf(t, a, "parcels")
	if before.Stamp() != "1" || before.Head() != 0 {
		t.Errorf("as published: %s, %d", before.Stamp(), before.Head())
	}
	start := time.Now().Add(-time.Second)
	row := parcel(0, 100, 10)
	changes := apply(t, a,
		atlas.Edit{Op: journal.Create, Row: row},
		atlas.Edit{Op: journal.Replace, ID: 3, Row: parcel(3, 50, 50)},
		atlas.Edit{Op: journal.Delete, ID: 4, Expect: ptr(int64(0))},
		atlas.Edit{Op: journal.Create, Row: row},
	)
	if len(changes) != 4 || changes[0].Feature != 11 || changes[3].Feature != 12 {
		t.Fatalf("changes %+v", changes)
	}
	for i, c := range changes {
		if c.Seq != int64(i+1) || c.Who != "anna" || c.Origin != "api" || c.At.Before(start) || c.Dataset != "parcels" || c.Version != 1 {
			t.Errorf("change %d is %+v", i, c)
		}
	}
	if b := changes[1].Before; b == nil || !cmp.Equal(b.Geometry, parcel(3, 4, 40).Geometry) {
		t.Errorf("before is %+v", changes[1].Before)
	}
	l := layerOf(t, a, "parcels")
	if got := ids(t, l, features.Query{}); !slices.Equal(got, []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}) {
		t.Errorf("rows %v", got)
	}
	if l.Stamp() != "1.4" || l.Revision(3) != 2 || l.Revision(4) != 3 || l.Revision(5) != 0 {
		t.Errorf("stamp %s, revisions %d %d %d", l.Stamp(), l.Revision(3), l.Revision(4), l.Revision(5))
	}
	for _, b := range []geo.BBox{{MinX: 100, MinY: 10, MaxX: 101, MaxY: 11}, {MinX: 4, MinY: 40, MaxX: 5, MaxY: 41}, {MinX: 50, MinY: 50, MaxX: 51, MaxY: 51}} {
		if !l.TouchedSince(0, b) || l.TouchedSince(4, b) {
			t.Errorf("touched %v: %v, %v", b, l.TouchedSince(0, b), l.TouchedSince(4, b))
		}
	}
	if got := ids(t, before, features.Query{}); len(got) != 10 {
		t.Errorf("the layer from before has %v", got)
	}
	trail, err := a.Changes(t.Context(), "parcels", 1, 2)
	if err != nil || !cmp.Equal(trail, changes[1:3]) {
		t.Errorf("trail (%v): %s", err, cmp.Diff(changes[1:3], trail))
	}
}

func TestApplyPatch(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	floors := parcels.FieldIndex("floors")
	more := func(f geo.Feature) (geo.Feature, error) {
		f.Values[floors] = f.Values[floors].(int64) + 1
		return f, nil
	}
	for range 3 {
		apply(t, a, atlas.Edit{Op: journal.Replace, ID: 2, Patch: more})
	}
	f, err := layerOf(t, a, "parcels").Feature(t.Context(), 2)
	if err != nil || f.Values[floors] != int64(5) || f.Values[0] != "P2" {
		t.Errorf("%v, %v", f.Values, err)
	}
	trail, err := a.Changes(t.Context(), "parcels", 0, 0)
	if err != nil || trail[2].Before.Values[floors] != int64(4) || trail[2].After.Values[floors] != int64(5) {
		t.Errorf("trail %+v, %v", trail, err)
	}
	mine := errors.New("mine")
	_, err = a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 2, Patch: func(geo.Feature) (geo.Feature, error) { return geo.Feature{}, mine }}}, "")
	if !errors.Is(err, mine) {
		t.Error(err)
	}
}

// Values come as JSON has them and are kept as the schema has them.
func TestApplyFitsValues(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	row := parcel(0, 1, 1)
	row.Geometry = square(1, 1) // a single one where the dataset has multiple ones
	row.Values = []any{"è", 3.0, int64(2), "2024-02-29", "2024-02-29T13:30:15.5+01:00", true, []byte{0, 1}, map[string]any{"a": []any{1.0}}}
	apply(t, a, atlas.Edit{Op: journal.Create, Row: row})
	got, err := layerOf(t, a, "parcels").Feature(t.Context(), 11)
	want := geo.Feature{ID: 11, Geometry: orb.MultiPolygon{square(1, 1)}, Values: []any{
		"è", int64(3), 2.0, "2024-02-29", "2024-02-29T12:30:15.5Z", true, []byte{0, 1}, `{"a":[1]}`,
	}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, got))
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	with := func(field string, v any) geo.Feature {
		f := parcel(0, 1, 1)
		f.Values[parcels.FieldIndex(field)] = v
		return f
	}
	shape := func(g orb.Geometry) geo.Feature {
		f := parcel(0, 1, 1)
		f.Geometry = g
		return f
	}
	create := func(f geo.Feature) []atlas.Edit { return []atlas.Edit{{Op: journal.Create, Row: f}} }
	bowtie := orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}
	huge := make(orb.Ring, 1<<20+2)
	heights := shape(orb.MultiPolygon{square(0, 0)})
	heights.Z = make([]float64, 5)
	for name, c := range map[string]struct {
		edits []atlas.Edit
		kind  fault.Kind
		says  string
	}{
		"nothing":             {nil, fault.Invalid, "nothing"},
		"too many":            {make([]atlas.Edit, atlas.MaxEdits+1), fault.TooLarge, "10000"},
		"no operation":        {[]atlas.Edit{{ID: 1}}, fault.Invalid, "operation"},
		"twice":               {[]atlas.Edit{{Op: journal.Delete, ID: 1}, {Op: journal.Delete, ID: 1}}, fault.Invalid, "twice"},
		"no such row":         {[]atlas.Edit{{Op: journal.Delete, ID: 99}}, fault.NotExist, "99"},
		"taken":               {[]atlas.Edit{{Op: journal.Create, ID: 1, Row: parcel(1, 1, 1)}}, fault.Exist, "1"},
		"negative id":         {[]atlas.Edit{{Op: journal.Create, ID: -4, Row: parcel(1, 1, 1)}}, fault.Invalid, "-4"},
		"values missing":      {create(geo.Feature{Values: []any{"x"}}), fault.Invalid, "8 attributes"},
		"text for a number":   {create(with("floors", "three")), fault.Invalid, `"floors"`},
		"half a floor":        {create(with("floors", 2.5)), fault.Invalid, `"floors"`},
		"a number too large":  {create(with("floors", 1e30)), fault.Invalid, `"floors"`},
		"no finite number":    {create(with("area", math.Inf(1))), fault.Invalid, `"area"`},
		"a number for a text": {create(with("code", 5.0)), fault.Invalid, `"code"`},
		"no date":             {create(with("built", "29/02/2024")), fault.Invalid, "2006-01-02"},
		"no such day":         {create(with("built", "2023-02-29")), fault.Invalid, "2006-01-02"},
		"no time":             {create(with("seen", "2024-02-29")), fault.Invalid, "15:04:05"},
		"no truth value":      {create(with("sold", "yes")), fault.Invalid, `"sold"`},
		"no JSON":             {create(with("tags", "{")), fault.Invalid, `"tags"`},
		"bad text":            {create(with("code", "a\xff")), fault.Invalid, "UTF-8"},
		"a long text":         {create(with("code", strings.Repeat("x", 1<<20+1))), fault.TooLarge, "1048577"},
		"a point":             {create(shape(orb.Point{1, 2})), fault.Invalid, "Point"},
		"bow tie":             {create(shape(bowtie)), fault.Invalid, "elf-intersection"},
		"open ring":           {create(shape(orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}})), fault.Invalid, "ring"},
		"short ring":          {create(shape(orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}})), fault.Invalid, "short"},
		"no ring":             {create(shape(orb.MultiPolygon{square(0, 0), {}})), fault.Invalid, "ring"},
		"not a number":        {create(shape(orb.Polygon{{{0, 0}, {math.NaN(), 0}, {1, 1}, {0, 0}}})), fault.Invalid, "position"},
		"axes swapped":        {create(shape(orb.Polygon{{{40, 0}, {40, 140}, {41, 140}, {40, 0}}})), fault.Invalid, "longitude"},
		"too many positions":  {create(shape(orb.Polygon{huge})), fault.TooLarge, "1048578"},
		"heights":             {create(heights), fault.Invalid, "heights"},
	} {
		_, err := a.Apply(t.Context(), "parcels", c.edits, "")
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (kind %v), want kind %v and %q", name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
	// All or none: the good one beside a bad one is not made either.
	_, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Delete, ID: 1}, {Op: journal.Delete, ID: 99}}, "")
	if !fault.Is(err, fault.NotExist) {
		t.Error(err)
	}
	if l := layerOf(t, a, "parcels"); l.Head() != 0 || l.Len() != 10 {
		t.Errorf("after refusals: change %d, %d rows", l.Head(), l.Len())
	}
	if _, err := a.Apply(t.Context(), "nothing", create(parcel(0, 1, 1)), ""); !fault.Is(err, fault.NotExist) {
		t.Errorf("no such dataset: %v", err)
	}
	s := h.stores(t)
	s.Journal = nil
	if _, err := h.openWith(t, s).Apply(t.Context(), "parcels", create(parcel(0, 1, 1)), ""); !fault.Is(err, fault.Unsupported) {
		t.Errorf("without a journal: %v", err)
	}
}

func TestApplyExpect(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	seen := layerOf(t, a, "parcels").Revision(5)
	apply(t, a, atlas.Edit{Op: journal.Replace, ID: 5, Row: parcel(5, 1, 1), Expect: &seen})
	_, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 5, Row: parcel(5, 2, 2), Expect: &seen}}, "")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "read it again") {
		t.Errorf("an edit of what is no longer so: %v", err)
	}
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 5, Expect: ptr(int64(1))})
	if _, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Create, ID: 5, Row: parcel(5, 1, 1)}}, ""); !fault.Is(err, fault.Exist) {
		t.Errorf("an id given twice: %v", err)
	}
}

// Territories follow the edits of their rows.
func TestTerritoriesFollowEdits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	schema := areas().schema
	d := territoryDataset("comuni")
	h.publish(t, s, d, schema, areas([4]string{"001", "Beta", "P1", "R"}).rows)
	a := h.openWith(t, s)
	tr, err := a.Current().Territories(t.Context())
	if err != nil || codes(tr.Children("P1")) != "001" {
		t.Fatal(err)
	}
	if _, err := a.Apply(t.Context(), "comuni", []atlas.Edit{{Op: journal.Create, Row: geo.Feature{Geometry: square(5, 5), Values: []any{"002", "Alfa", "P1", "R"}}}}, ""); err != nil {
		t.Fatal(err)
	}
	if tr, err = a.Current().Territories(t.Context()); err != nil || codes(tr.Children("P1")) != "002 001" {
		t.Errorf("children %q, %v", codes(tr.Children("P1")), err)
	}
}
