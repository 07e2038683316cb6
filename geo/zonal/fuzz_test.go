package zonal

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// polygonFrom reads rings out of bytes: 16-bit coordinates in 1/256 of a
// cell, some of them replaced by hostile numbers; 0xFFFF starts a new ring,
// 0xFFFE a new part.
func polygonFrom(b []byte) orb.MultiPolygon {
	mp := orb.MultiPolygon{{{}}}
	odd := []float64{math.NaN(), math.Inf(-1), 1e300, -1e11, 5e-324, math.Nextafter(3, 0), math.Copysign(0, -1)}
	for ; len(b) >= 4; b = b[4:] {
		x, y := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		part := &mp[len(mp)-1]
		ring := &(*part)[len(*part)-1]
		if x >= 0xFFFE {
			if len(*ring) > 0 && y%4 > 0 {
				*ring = append(*ring, (*ring)[0])
			}
			if x == 0xFFFE {
				mp = append(mp, orb.Polygon{{}})
			} else {
				*part = append(*part, orb.Ring{})
			}
			continue
		}
		p := orb.Point{float64(int16(x)) / 256, float64(int16(y)) / 256}
		if x>>8 == 0x7F {
			p[0] = odd[int(x)%len(odd)]
		}
		*ring = append(*ring, p)
	}
	part := mp[len(mp)-1]
	if r := &part[len(part)-1]; len(*r) > 0 {
		*r = append(*r, (*r)[0])
	}
	return mp
}

// FuzzCompute: whatever the polygon, either it is refused with a kind that
// blames the input, or the invariants hold.
func FuzzCompute(f *testing.F) {
	pt := func(xs ...int16) (b []byte) {
		for _, x := range xs {
			b = binary.LittleEndian.AppendUint16(b, uint16(x))
		}
		return b
	}
	f.Add(pt(0, 0, 1024, 0, 1024, 1024, 0, 1024))
	f.Add(pt(0, 0, 1024, 1024, 1024, 0, 0, 1024))
	f.Add(pt(100, 100, 2000, 300, 700, 2100, -1, 1, 600, 600, 700, 600, 700, 700))
	f.Add(pt(-900, -700, 2900, 300, 700, 2100, -2, 1, 0x7F01, 600, 700, 600, 700, 700))
	f.Add(pt(0, -2, 12337, 12337, 12336, 12336)) // a needle along the diagonal
	f.Add(pt(1024, 0, 2056, 2056, 0, 1024))      // classes that tie
	const w, h = 8, 6
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<12 {
			return
		}
		mp := polygonFrom(b)
		o := everything
		o.Weights = newMem(unit(w, h), weight)
		kept, refused := NewWeights(context.Background(), unit(w, h), []Area{{ID: "f", Geometry: mp}}, &WeightOptions{Side: 16, Exact: true})
		var first []Result
		for _, o.MaxCells = range []int{1 << 20, 5} {
			res, err := Compute(context.Background(), newMem(unit(w, h), value), []Area{{ID: "f", Geometry: mp}}, o)
			if err != nil {
				if !fault.Is(err, fault.Invalid) {
					t.Fatalf("%v of kind %v", err, fault.KindOf(err))
				}
				if refused == nil {
					t.Fatalf("NewWeights takes what Compute refuses: %v", err)
				}
				if first != nil {
					t.Fatalf("small reads refuse what large ones take: %v", err)
				}
				return
			}
			get := func(n string) float64 { v, _ := res[0].Get(n); return v }
			cells, count := get("cells"), get("count")
			if cells < 0 || cells > w*h*(1+1e-9) || !near(cells, count+get("nodata"), 1e-12) {
				t.Fatalf("cells %v, count %v, nodata %v", cells, count, get("nodata"))
			}
			sum := 0.0
			for _, c := range res[0].Classes {
				sum += c.Cells
				if !(c.Cells > 0) {
					t.Fatalf("class %+v", c)
				}
			}
			if !near(sum, count, 1e-12) || get("variety") != float64(len(res[0].Classes)) && count > 0 {
				t.Fatalf("classes sum to %v of %v", sum, count)
			}
			if mean, ok := res[0].Get("mean"); ok && (mean < get("min")-1e-9 || mean > get("max")+1e-9) {
				t.Fatalf("mean %v outside %v…%v", mean, get("min"), get("max"))
			}
			if _, err := res[0].MarshalJSON(); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = res
				checkKept(t, kept, refused, res[0])
				continue
			}
			// fractions are right to 1e-15 of a cell: needles know less digits
			tol := 1e-9 + 1e-12/math.Max(count, 1e-9)
			for i := range res[0].Values {
				if !near(first[0].Values[i], res[0].Values[i], tol) {
					t.Fatalf("%s: %v with small reads, %v with one", res[0].Names[i], res[0].Values[i], first[0].Values[i])
				}
			}
		}
	})
}

// checkKept compares cached weights with what Compute says.
func checkKept(t *testing.T, w *Weights, refused error, want Result) {
	if refused != nil {
		t.Fatalf("NewWeights refuses what Compute takes: %v", refused)
	}
	o := everythingButWeights()
	got, err := w.Apply(context.Background(), []Layer{{Raster: newMem(w.g, value)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	count, _ := want.Get("count")
	tol := 1e-9 + 1e-12/math.Max(count, 1e-9)
	for i, n := range got[0][0].Names {
		v, _ := want.Get(n)
		if x := got[0][0].Values[i]; !near(x, v, tol) {
			t.Fatalf("%s: %v from weights, %v from Compute", n, x, v)
		}
	}
}
