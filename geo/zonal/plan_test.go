package zonal

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/grid"
)

// Areas that all lie on each other, over many blocks of a raster without
// equal values: read block by block, their values would all be held at once.
func TestPlanBoundsOpenValues(t *testing.T) {
	t.Parallel()
	full := grid.Window{Width: 1000, Height: 1000}
	ti := tiling{cols: 1000, rows: 500, across: 1}
	metas := make([]meta, 200)
	for i := range metas {
		metas[i].win = full
	}
	o := Options{Stats: []Stat{Mean}, Quantiles: []float64{0.5}}.withDefaults()
	byBlock, err := planByBlock(ti, metas)
	if err != nil {
		t.Fatal(err)
	}
	// All open with their part of the first block, and all parts of the last.
	if got, want := openValues(byBlock, metas, o.MaxDistinct), int64(200*2*DefaultMaxDistinct); got != want {
		t.Errorf("open values %d, want %d", got, want)
	}
	tasks, err := plan(ti, metas, &o)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if len(task.areas) != 1 {
			t.Fatalf("a task holds %d overlapping areas at once", len(task.areas))
		}
	}
	if n := openValues(tasks, metas, o.MaxDistinct); n > maxOpenValues {
		t.Errorf("the plan holds %d values at once, the limit is %d", n, maxOpenValues)
	}
	// Without a table there is nothing to hold: the cheaper plan is taken.
	o = Options{Stats: []Stat{Mean}}.withDefaults()
	if tasks, err = plan(ti, metas, &o); err != nil || len(tasks) != 2 {
		t.Errorf("%d tasks, %v: want the two blocks", len(tasks), err)
	}
}

func TestClassesRefuseAmounts(t *testing.T) {
	t.Parallel()
	g := unit(80, 80)
	areas := []Area{{ID: "a", Geometry: orb.Polygon{{{0, 0}, {80, 0}, {80, 80}, {0, 80}, {0, 0}}}}}
	for name, c := range map[string]struct {
		distinct int
		ok       bool
	}{"classes": {MaxClasses, true}, "amounts": {MaxClasses + 1, false}} {
		r := newMem(g, func(col, row int) float64 { return math.Mod(float64(row*80+col), float64(c.distinct)) })
		_, err := Compute(t.Context(), r, areas, Options{Classes: true, CellArea: func(int) float64 { return 1 }})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
