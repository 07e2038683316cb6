package main

import (
	"image"
	"image/color"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/fgb"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ q, want float64 }{{0, 1}, {0.5, 2.5}, {0.95, 3.85}, {1, 4}} {
		if got := quantile([]float64{4, 1, 3, 2}, c.q); got < c.want-1e-12 || got > c.want+1e-12 {
			t.Errorf("quantile %g is %g, want %g", c.q, got, c.want)
		}
	}
}

// A tile that is asked for twice would be warm the second time.
func TestNoAddressRepeats(t *testing.T) {
	t.Parallel()
	b := &bench{scene: 4096}
	for name, list := range map[string][]address{"raster": b.rasterList(), "vector": b.vectorList()} {
		seen := map[address]bool{}
		for _, a := range list {
			if n := 1 << a[0]; seen[a] || a[1] < 0 || a[1] >= n || a[2] < 0 || a[2] >= n {
				t.Errorf("%s tile %v comes twice or is not on the map", name, a)
			}
			seen[a] = true
		}
		if len(list) < 100 {
			t.Errorf("%s: %d tiles are too few for a 95th percentile", name, len(list))
		}
	}
}

func TestAgreement(t *testing.T) {
	t.Parallel()
	ours := map[string]map[string]float64{"a": {"mean": 2}, "b": {"mean": 4}}
	got, err := agreement(ours, map[string]map[string]float64{"a": {"mean": 2}, "b": {"mean": 5}}, []string{"mean"})
	if err != nil || got != "mean 2e-01" {
		t.Errorf("%q, %v; want a fifth", got, err)
	}
	for name, theirs := range map[string]map[string]map[string]float64{
		"fewer areas":   {"a": {"mean": 2}},
		"other areas":   {"a": {"mean": 2}, "c": {"mean": 4}},
		"no such value": {"a": {"mean": 2}, "b": {"sum": 4}},
	} {
		if _, err := agreement(ours, theirs, []string{"mean"}); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestDifferenceOfPictures(t *testing.T) {
	t.Parallel()
	p, q := image.NewNRGBA(image.Rect(0, 0, 256, 256)), image.NewNRGBA(image.Rect(0, 0, 256, 256))
	p.SetNRGBA(3, 4, color.NRGBA{R: 10, G: 20, B: 30, A: 255})
	q.SetNRGBA(3, 4, color.NRGBA{R: 13, G: 14, B: 30, A: 255})
	q.SetNRGBA(9, 9, color.NRGBA{R: 200, A: 255}) // the other has nothing there
	if d := difference(p, q); d != 3 {
		t.Errorf("difference %g, want 3", d)
	}
}

func TestCadastre(t *testing.T) {
	t.Parallel()
	files, box, err := writeCadastre(t.Context(), t.TempDir(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fgb.Open(files["parcels"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	schema := f.Schema()
	area := schema.FieldIndex("area_m2")
	var areas []float64
	corners := map[orb.Point]int{}
	f.Rows(func(r fgb.Row) bool {
		v, _ := r.Value(area).(float64)
		areas = append(areas, v)
		g, err := r.Geometry()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range g.(orb.Polygon)[0][:4] {
			corners[p]++
		}
		return true
	})
	if m := median(areas); len(areas) != 10_000 || m < 400 || m > 800 || quantile(areas, 0) <= 0 {
		t.Errorf("%d parcels of %.0f m², the smallest %.0f m²", len(areas), m, quantile(areas, 0))
	}
	if len(corners) != 100*11*11 {
		t.Errorf("%d corners: neighbours share theirs", len(corners))
	}
	if box[0] < 10 || box[2] > 11.5 || box[1] < 44 || box[3] > 45 {
		t.Errorf("box %v", box)
	}
}
