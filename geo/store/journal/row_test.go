package journal_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/journal"
)

func TestRowsSurvive(t *testing.T) {
	t.Parallel()
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), box[bool]), rapid.Map(rapid.Int64(), box[int64]), rapid.Map(rapid.Float64(), box[float64]),
		rapid.Map(rapid.String(), box[string]), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return string(b) }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), box[[]byte]), rapid.SampledFrom([]any{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e21, 3.0}),
	)
	rapid.Check(t, func(t *rapid.T) {
		f := &geo.Feature{ID: rapid.Int64().Draw(t, "id"), Values: rapid.SliceOf(value).Draw(t, "values")}
		if rapid.Bool().Draw(t, "placed") {
			f.Geometry = orb.Point{rapid.Float64().Draw(t, "x"), 1}
			f.Z = []float64{rapid.Float64().Draw(t, "z")}
		}
		geometry, values, err := journal.EncodeRow(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := journal.DecodeRow(f.ID, geometry, values)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
		for i, v := range f.Values {
			if x, ok := v.(float64); ok && math.Signbit(x) != math.Signbit(got.Values[i].(float64)) && x == x {
				t.Fatalf("%v lost its sign", x)
			}
		}
	})
}

func box[T any](v T) any { return v }

func FuzzDecodeRow(f *testing.F) {
	geometry, values, err := journal.EncodeRow(&geo.Feature{Geometry: orb.Point{1, 2}, Z: []float64{3}, Values: []any{
		nil, true, int64(1) << 60, 1.5, "è", "\xff", []byte{1, 2}, math.NaN(),
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(geometry, values)
	f.Add([]byte(nil), []byte(`[{"binary":"!"}]`))
	f.Add([]byte{1}, []byte(`[1e999]`))
	f.Add([]byte(nil), []byte(`[[]] x`))
	f.Fuzz(func(t *testing.T, geometry, values []byte) {
		row, err := journal.DecodeRow(7, geometry, values)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) {
				t.Fatalf("%v is of kind %v", err, fault.KindOf(err))
			}
			return
		}
		g, v, err := journal.EncodeRow(row)
		if err != nil {
			t.Fatal(err)
		}
		again, err := journal.DecodeRow(7, g, v)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(row, again, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("(-first +second):\n%s", d)
		}
	})
}
