package layer_test

import (
	"math/bits"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/layer"
)

func allFields() []int {
	out := make([]int, len(modelSchema.Fields))
	for i := range out {
		out[i] = i
	}
	return out
}

// A filter has the same verdict on every row, whether rows are judged one by
// one by the evaluator, one by one, or many at once from columns.
func TestColumnsJudgeAsRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var list []geo.Feature
		kinds := rapid.IntRange(1, 12).Draw(rt, "kinds of rows")
		for i := range rapid.IntRange(0, 400).Draw(rt, "rows") {
			if i < kinds {
				list = append(list, drawRow(rt, int64(i+1)))
				continue
			}
			f := list[i%kinds]
			f.ID = int64(i + 1)
			list = append(list, f)
		}
		rows, columns := packed(t, modelSchema, list), packed(t, modelSchema, list)
		if ok, err := columns.ReadColumns(t.Context(), allFields()); !ok || err != nil {
			rt.Fatal(ok, err)
		}
		for range 4 {
			e, err := cql2.ParseText(drawFilter(rt, 2))
			if err != nil {
				rt.Fatal(err)
			}
			checkAmong(rt, rows, columns, e)
		}
	})
}

func checkAmong(t *rapid.T, rows, columns *layer.Layer, e cql2.Expr) {
	one, err := rows.Where(e, modelSchema.CRS)
	if err != nil {
		t.Fatal(err)
	}
	many, err := columns.Where(e, modelSchema.CRS)
	if err != nil {
		t.Fatal(err)
	}
	words := (rows.BaseLen() + 63) / 64
	for word := range words {
		all := ^uint64(0)
		if n := rows.BaseLen() - 64*word; n < 64 {
			all = 1<<n - 1
		}
		want := all & rapid.Uint64().Draw(t, "wanted")
		var expect uint64
		for rest := want; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			if one.Has(rows.Base(64*word + i)) {
				expect |= 1 << i
			}
		}
		if got := many.Among(columns, word, want); got != expect {
			t.Fatalf("%s: rows from %d on: %b, want %b", cql2.Text(e), 64*word, got, expect)
		}
		if got := one.Among(rows, word, want); got != expect {
			t.Fatalf("%s: rows from %d on, without columns: %b, want %b", cql2.Text(e), 64*word, got, expect)
		}
	}
}

// Columns hold what the rows do, and are read once, whoever asks.
func TestReadColumns(t *testing.T) {
	t.Parallel()
	list := points(1000)
	l, memory := packed(t, pointSchema, list), inMemory(t, pointSchema, list)
	if ok, err := memory.ReadColumns(t.Context(), []int{0, 1}); !ok || err != nil || memory.Column(0) != nil || memory.IDs() != nil {
		t.Errorf("rows in memory have columns: %v, %v", ok, err)
	}
	if l.Column(0) != nil || l.IDs() != nil {
		t.Error("there are columns before they were read")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ok := false; !ok; {
				var err error
				if ok, err = l.ReadColumns(t.Context(), []int{0}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	first := l.Column(0)
	if ok, err := l.ReadColumns(t.Context(), []int{1, 0}); !ok || err != nil || l.Column(0) != first || l.Column(1) == nil {
		t.Errorf("columns were read again, or not: %v, %v", ok, err)
	}
	for i, id := range l.IDs() {
		r := l.Base(i)
		if n, _ := l.Column(0).Raw(i).Int(); r.ID() != id || r.Value(0) != n || string(l.Column(1).Raw(i).Bytes()) != r.Value(1) {
			t.Fatalf("row %d is another", i)
		}
	}
}
