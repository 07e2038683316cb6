package fgb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
)

// sameColumns compares the columns of a file with its rows.
func sameColumns(t *testing.T, f *File) {
	t.Helper()
	fields := make([]int, len(f.Schema().Fields))
	for i := range fields {
		fields[i] = i
	}
	columns, err := f.Columns(t.Context(), fields)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := f.IDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.Rows(func(r Row) bool {
		row := r.Ordinal()
		if ids != nil && ids[row] != r.ID() || ids == nil && r.ID() != int64(row)+1 {
			t.Errorf("row %d has the id %d", row, r.ID())
		}
		for i, c := range columns {
			if c == nil {
				continue
			}
			got, want := c.Raw(row), r.Raw(i)
			if got.IsNull() != want.IsNull() || got.kind != want.kind && !want.IsNull() || !bytes.Equal(got.data, want.data) {
				t.Fatalf("row %d, field %d: %v, want %v", row, i, got, want)
			}
			if d := c.Distinct(); d != nil && !bytes.Equal(d[c.Code(row)].data, want.data) {
				t.Fatalf("row %d, field %d: code %d", row, i, c.Code(row))
			}
		}
		return true
	})
}

func TestColumns(t *testing.T) {
	t.Parallel()
	sameColumns(t, write(t, everyType, nil, everyKind()))
	sameColumns(t, write(t, everyType, nil, nil))
	for _, n := range []int{63, 64, 65, 9000, 150_000} {
		f := write(t, columnSchema, nil, columnRows(n))
		sameColumns(t, f)
		columns, err := f.Columns(t.Context(), []int{0, 3, 2})
		if err != nil {
			t.Fatal(err)
		}
		if n > 1000 && (columns[0].Distinct() == nil || columns[2].Distinct() != nil || columns[1].Distinct() != nil || columns[0].Len() != n || columns[0].Size() > int64(3*n)) {
			t.Errorf("%d rows: %d, %d and %d values are told apart", n, len(columns[0].Distinct()), len(columns[1].Distinct()), len(columns[2].Distinct()))
		}
	}
}

var columnSchema = geo.Schema{GeometryType: "Point", Fields: []geo.Field{
	{Name: "few", Type: geo.String}, {Name: "some", Type: geo.Integer}, {Name: "number", Type: geo.Real}, {Name: "text", Type: geo.String}, {Name: "yes", Type: geo.Boolean},
}}

// columnRows have texts and numbers of all sorts, some of them none.
func columnRows(n int) []geo.Feature {
	r := rand.New(rand.NewPCG(uint64(n), 4))
	out := make([]geo.Feature, n)
	for i := range out {
		v := []any{fmt.Sprint("few ", r.IntN(5)), int64(r.IntN(400)), r.NormFloat64(), fmt.Sprint("text ", r.IntN(1<<30)), r.IntN(2) == 0}
		for k := range v {
			if r.IntN(7) == 0 {
				v[k] = nil
			}
		}
		if r.IntN(50) == 0 {
			v[0], v[3] = "", ""
		}
		out[i] = geo.Feature{ID: int64(n - i), Geometry: orb.Point{r.Float64(), r.Float64()}, Values: v}
	}
	return out
}

func BenchmarkColumns(b *testing.B) {
	f := write(b, columnSchema, nil, columnRows(200_000))
	for b.Loop() {
		if _, err := f.Columns(b.Context(), []int{0, 1, 2, 3, 4}); err != nil {
			b.Fatal(err)
		}
	}
}
