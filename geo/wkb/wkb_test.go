package wkb_test

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"contado/geo/fault"
	"contado/geo/wkb"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	orbwkb "github.com/paulmach/orb/encoding/wkb"
	"pgregory.net/rapid"
)

func anyGeometry(t *rapid.T, depth int) orb.Geometry {
	coord := rapid.Float64Range(-1e7, 1e7)
	points := func(least int) []orb.Point {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) orb.Point { return orb.Point{coord.Draw(t, "x"), coord.Draw(t, "y")} }), least, 6).Draw(t, "points")
	}
	polygon := func() orb.Polygon {
		var p orb.Polygon
		for range rapid.IntRange(1, 3).Draw(t, "rings") {
			p = append(p, points(4))
		}
		return p
	}
	switch rapid.IntRange(0, 6-min(depth, 1)).Draw(t, "kind") {
	case 0:
		return points(1)[0]
	case 1:
		return orb.LineString(points(2))
	case 2:
		return polygon()
	case 3:
		return orb.MultiPoint(points(1))
	case 4:
		return orb.MultiLineString{points(2), points(2)}
	case 5:
		return orb.MultiPolygon{polygon(), polygon()}
	}
	return orb.Collection{anyGeometry(t, depth+1), anyGeometry(t, depth+1)}
}

// What is written is what orb writes when flat, and is read back with its
// heights and measures.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t, 0)
		n := wkb.Positions(g)
		var z, m []float64
		if rapid.Bool().Draw(t, "z") {
			z = rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "zs")
		}
		if rapid.Bool().Draw(t, "m") {
			m = rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "ms")
		}
		b, err := wkb.Append(nil, g, z, m)
		if err != nil {
			t.Fatal(err)
		}
		if z == nil && m == nil {
			want, err := orbwkb.Marshal(g)
			if err != nil || hex.EncodeToString(want) != hex.EncodeToString(b) {
				t.Fatalf("%x, want %x (%v)", b, want, err)
			}
		}
		g2, z2, m2, err := wkb.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]any{g, z, m}, []any{g2, z2, m2}); d != "" {
			t.Fatal(d)
		}
	})
}

func TestForeign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hex  string
		want orb.Geometry
		z, m []float64
		kind fault.Kind
	}{
		"EWKB with SRID, heights": {hex: "01010000A0E6100000000000000000F03F00000000000000400000000000000840", want: orb.Point{1, 2}, z: []float64{3}},
		"big endian":              {hex: "00000000013FF00000000000004000000000000000", want: orb.Point{1, 2}},
		"ISO measures":            {hex: "01D1070000000000000000F03F00000000000000400000000000001040", want: orb.Point{1, 2}, m: []float64{4}},
		"POINT EMPTY":             {hex: "0101000000000000000000F87F000000000000F87F"},
		"empty polygon":           {hex: "010300000000000000"},
		"cut short":               {hex: "0101000000000000000000F03F", kind: fault.Invalid},
		"left over":               {hex: "010300000000000000FF", kind: fault.Invalid},
		"huge count":              {hex: "0102000000FFFFFFFF", kind: fault.Invalid},
		"wrong part":              {hex: "0104000000010000000102000000" + "00000000", kind: fault.Invalid},
		"curve":                   {hex: "010800000000000000", kind: fault.Unsupported},
		"no order":                {hex: "0701000000", kind: fault.Invalid},
		"nothing":                 {hex: "", kind: fault.Invalid},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		g, z, m, err := wkb.Decode(b)
		if fault.KindOf(err) != c.kind || (c.kind != fault.Other) != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff([]any{c.want, c.z, c.m}, []any{g, z, m}); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// Parts with and without heights in one collection stay in step.
func TestMixedHeights(t *testing.T) {
	t.Parallel()
	a, _ := wkb.Append(nil, orb.Point{1, 2}, nil, nil)
	b, _ := wkb.Append(nil, orb.Point{3, 4}, []float64{5}, nil)
	all := append([]byte{1, 7, 0, 0, 0, 2, 0, 0, 0}, append(a, b...)...)
	_, z, m, err := wkb.Decode(all)
	if err != nil || len(z) != 2 || !math.IsNaN(z[0]) || z[1] != 5 || m != nil {
		t.Errorf("%v %v %v", z, m, err)
	}
}

func TestDeepNesting(t *testing.T) {
	t.Parallel()
	var b []byte
	for range 100 {
		b = append(b, 1, 7, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, 1)
	}
	b, _ = wkb.Append(b, orb.Point{1, 2}, nil, nil)
	if _, _, _, err := wkb.Decode(b); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, g := range []orb.Geometry{orb.Point{1, 2}, orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, orb.Collection{orb.MultiPoint{{1, 2}}}} {
		b, _ := wkb.Append(nil, g, nil, nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, z, m, err := wkb.Decode(b)
		if err != nil || g == nil {
			return
		}
		if _, err := wkb.Append(nil, g, z, m); err != nil {
			t.Fatalf("%v was read and cannot be written: %v", g, err)
		}
	})
}
