package zonal_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
	"contado/scripts/shareddata"
)

// published are the results of exactextract 0.3.0 (Python package, over GDAL
// 3.6.2) for the municipalities of São Miguel: an independent exact method.
var published = map[string]struct {
	gpwCount, gpwSum, gpwMax, gpwStd          float64
	gpwVariety                                float64
	demCount, demMean, demMin, demMax, demStd float64
	demByGPW, demByGPWSum                     float64
	clcCount, clcMode, clcMinority, clcKinds  float64
}{
	"Lagoa":                {67.09945830057745, 14539.87501166888, 2523.639404296875, 507.054678500796, 97, 1038.7311607549727, 233.72047516676983, 0, 897, 178.6641075320956, 79.58996246889357, 17965486.784853585, 107359.13339792404, 21, 9, 11},
	"Nordeste":             {149.55053455838788, 4149.850504104552, 414.6698913574219, 60.97604287593289, 86, 2386.598554401913, 453.8086041261753, 0, 1061, 225.35380347014473, 197.18039518732166, 13013393.161904925, 239280.85569470254, 24, 44, 12},
	"Ponta Delgada":        {343.4093742915429, 66866.70795363998, 3102.277099609375, 434.06626416617394, 326, 5391.0873920639715, 274.4395092849217, 0, 827, 172.60226963209567, 100.52930375309941, 105679087.72451594, 549454.9990145732, 18, 5, 21},
	"Povoação":             {156.70096693607047, 5293.967633164103, 544.4216918945312, 86.56835743005773, 113, 2485.102099893924, 375.48320505094676, 0, 984, 177.52160212776738, 182.55844149082935, 15047060.125211306, 250721.54701334916, 23, 26, 15},
	"Ribeira Grande":       {265.4547561735235, 31920.496896551656, 4133.3544921875, 377.5269146638934, 275, 4210.747463982034, 312.0350541855326, 0, 869, 207.5421845583942, 79.15808702093427, 39386253.84734752, 424727.60997482564, 21, 44, 16},
	"Vila Franca do Campo": {114.79748512012884, 9093.449173829771, 1334.649658203125, 217.7246114789712, 128, 1814.3728940940346, 418.7796707268754, 0, 929, 216.63986003510541, 104.77193216103822, 14662227.02060113, 183675.9763994472, 21, 29, 12},
}

func saoMiguel(t *testing.T) (areas []zonal.Area, source func(name string) *gdal.Source) {
	t.Helper()
	v, err := gdal.OpenVector(shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"), []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	layer := v.Layers()[0]
	at := layer.Schema.FieldIndex("name")
	err = v.Scan(context.Background(), layer.Name, func(f geo.Feature) (bool, error) {
		areas = append(areas, zonal.Area{ID: f.Values[at].(string), Geometry: f.Geometry})
		return true, nil
	})
	if err != nil || len(areas) != len(published) {
		t.Fatalf("%d municipalities: %v", len(areas), err)
	}
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	return areas, func(name string) *gdal.Source {
		s, err := pool.Source(context.Background(), shareddata.Path(t, "pt-sao-miguel/"+name))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestSaoMiguelPublished(t *testing.T) {
	t.Parallel()
	areas, source := saoMiguel(t)
	gpw := source("gpw_v411_2020_count_2020.tif")
	compute := func(name string, o zonal.Options) []zonal.Result {
		res, err := zonal.Compute(context.Background(), source(name), areas, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return res
	}
	people := compute("gpw_v411_2020_count_2020.tif", zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Sum, zonal.Max, zonal.Std, zonal.Variety}})
	height := compute("eu_dem_v11.tif", zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Mean, zonal.Min, zonal.Max, zonal.Std, zonal.WeightedMean, zonal.WeightedSum}, Weights: gpw})
	cover := compute("clc2018_v2020_20u1.tif", zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Majority, zonal.Minority, zonal.Variety}})
	for i, a := range areas {
		p, ok := published[a.ID]
		if !ok {
			t.Fatalf("unexpected municipality %q", a.ID)
		}
		got := slices.Concat(people[i].Values, height[i].Values, cover[i].Values)
		want := []float64{
			p.gpwCount, p.gpwSum, p.gpwMax, p.gpwStd, p.gpwVariety, p.demCount, p.demMean, p.demMin, p.demMax, p.demStd,
			p.demByGPW, p.demByGPWSum, p.clcCount, p.clcMode, p.clcMinority, p.clcKinds,
		}
		names := slices.Concat(people[i].Names, height[i].Names, cover[i].Names)
		for k := range want {
			// exactextract keeps fractions as float32: 1e-6 is what it can tell
			if math.Abs(got[k]-want[k]) > 1e-6*math.Max(1, math.Abs(want[k])) {
				t.Errorf("%s, %s: %.9g, exactextract gives %.9g", a.ID, names[k], got[k], want[k])
			}
		}
	}
}

// TestSaoMiguelClasses counts CORINE hectares again by clipping the
// municipality to every cell, and sums them over the island.
func TestSaoMiguelClasses(t *testing.T) {
	t.Parallel()
	areas, source := saoMiguel(t)
	clc := source("clc2018_v2020_20u1.tif")
	g := clc.Grid()
	// authalic sphere: enough for a test, and the same on both sides
	cell := func(row int) float64 {
		_, y0 := g.Transform.Apply(0, float64(row))
		_, y1 := g.Transform.Apply(0, float64(row+1))
		const r, rad = 6371007.2, math.Pi / 180
		return r * r * g.Transform[1] * rad * (math.Sin(y0*rad) - math.Sin(y1*rad))
	}
	res, err := zonal.Compute(context.Background(), clc, areas, zonal.Options{Stats: []zonal.Stat{zonal.AreaHa, zonal.Inside}, Classes: true, CellArea: cell})
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, g.Width*g.Height)
	if err := clc.ReadFloat64(context.Background(), 1, g.Full(), values); err != nil {
		t.Fatal(err)
	}
	island := 0.0
	for i, a := range areas {
		want := map[float64]float64{}
		for at, f := range clipped(g, a.Geometry) {
			want[values[at]] += f * cell(at/g.Width) / 1e4
		}
		total := 0.0
		for _, c := range res[i].Classes {
			if math.Abs(c.Ha-want[c.Value]) > 1e-9*want[c.Value]+1e-9 {
				t.Errorf("%s, class %v: %.9f ha, clipping gives %.9f", a.ID, c.Value, c.Ha, want[c.Value])
			}
			delete(want, c.Value)
			total += c.Ha
		}
		for class, ha := range want {
			if ha > 1e-9 {
				t.Errorf("%s: class %v (%g ha) is missing", a.ID, class, ha)
			}
		}
		if ha, _ := res[i].Get("area_ha"); math.Abs(ha-total) > 1e-9*total {
			t.Errorf("%s: classes sum to %v ha, area is %v", a.ID, total, ha)
		}
		if in, _ := res[i].Get("inside"); in != 1 {
			t.Errorf("%s: inside %v", a.ID, in)
		}
		island += total
	}
	if math.Abs(island-74500) > 1000 { // São Miguel is given as 744.6 to 747 km²
		t.Errorf("the island has %.0f ha", island)
	}
}

// clipped are cell fractions by clipping every ring to rows and then to cells
// (Sutherland and Hodgman), north-up grids only.
func clipped(g grid.Grid, geom orb.Geometry) map[int]float64 {
	f := map[int]float64{}
	mp, ok := geom.(orb.MultiPolygon)
	if !ok {
		mp = orb.MultiPolygon{geom.(orb.Polygon)}
	}
	for _, p := range mp {
		for i, r := range p {
			ring := make([]orb.Point, len(r)-1)
			b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
			for k := range ring {
				ring[k] = orb.Point{(r[k][0] - g.Transform[0]) / g.Transform[1], (r[k][1] - g.Transform[3]) / g.Transform[5]}
				b = b.Extend(ring[k])
			}
			sign := 1.0
			if i > 0 {
				sign = -1
			}
			split(f, ring, g.Width, sign, [4]int{int(math.Floor(b.Min[0])), int(math.Floor(b.Min[1])), int(math.Ceil(b.Max[0])), int(math.Ceil(b.Max[1]))})
		}
	}
	return f
}

// split halves a box of cells until one is left or the ring fills it.
func split(f map[int]float64, ring []orb.Point, width int, sign float64, b [4]int) {
	if len(ring) < 3 {
		return
	}
	w, h := b[2]-b[0], b[3]-b[1]
	a := area(ring)
	if w == 1 && h == 1 {
		f[b[1]*width+b[0]] += sign * a
		return
	}
	if a > float64(w*h)*(1-1e-13) {
		for row := b[1]; row < b[3]; row++ {
			for col := b[0]; col < b[2]; col++ {
				f[row*width+col] += sign
			}
		}
		return
	}
	axis, lo, hi := 0, b, b
	if h > w {
		axis = 1
	}
	mid := (b[axis] + b[axis+2]) / 2
	lo[axis+2], hi[axis] = mid, mid
	split(f, cut(ring, axis, float64(mid), -1), width, sign, lo)
	split(f, cut(ring, axis, float64(mid), 1), width, sign, hi)
}

func cut(r []orb.Point, axis int, at, side float64) []orb.Point {
	var out []orb.Point
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		da, db := side*(a[axis]-at), side*(b[axis]-at)
		if da >= 0 {
			out = append(out, a)
		}
		if (da > 0 && db < 0) || (da < 0 && db > 0) {
			t := da / (da - db)
			p := orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
			p[axis] = at
			out = append(out, p)
		}
	}
	return out
}

func area(r []orb.Point) float64 {
	a := 0.0
	for i := range r {
		p, q := r[i], r[(i+1)%len(r)]
		a += (p[0]-r[0][0])*(q[1]-r[0][1]) - (q[0]-r[0][0])*(p[1]-r[0][1])
	}
	return math.Abs(a / 2)
}
