package analysis_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/series"
	"contado/geo/store/catalog"
)

// shot is a made satellite picture: reflectances by common name, NaN where
// nothing was seen.
type shot struct {
	id    string
	at    time.Time
	bands map[string][]float32
}

var shotBands = []string{"green", "red", "nir", "swir16", "swir22"}

// shots makes pictures of random reflectances with a hole each, and publishes
// them as dataset id.
func (l *land) shots(id string, seed uint64, dates ...time.Time) []shot {
	l.t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	g := landGrid()
	var out []shot
	var items []catalog.Item
	for i, at := range dates {
		s := shot{id: fmt.Sprintf("%s-%d", id, i), at: at, bands: map[string][]float32{}}
		for _, b := range shotBands {
			v := make([]float32, g.Cells())
			for k := range v {
				v[k] = 0.02 + 0.5*rng.Float32()
			}
			s.bands[b] = v
		}
		for k := range 700 { // a cloud over whole rows
			for _, b := range shotBands {
				s.bands[b][(i*1300+k)%int(g.Cells())] = float32(math.NaN())
			}
		}
		out = append(out, s)
		items = append(items, l.writeShot(id, s))
	}
	box := l.wgs84(g.Bounds())
	l.publishItems(id, catalog.Imagery, catalog.Version{CRS: utm, BBox: g.Bounds(), BBoxWGS84: box}, items)
	return out
}

func (l *land) writeShot(id string, s shot) catalog.Item {
	l.t.Helper()
	g := landGrid()
	tmp := filepath.Join(l.t.TempDir(), s.id+".tif")
	nan := math.NaN()
	spec := gdal.RasterSpec{Grid: g, DataType: "float32"}
	it := catalog.Item{ID: s.id, Dataset: id, File: "datasets/" + id + "/v1/" + s.id + ".tif", Grid: g, BBox: l.wgs84(g.Bounds()), Datetime: &s.at}
	for _, b := range shotBands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: b, Nodata: &nan})
		it.Bands = append(it.Bands, catalog.Band{Name: b, CommonName: b, DataType: "float32", Scale: 1, NaN: true, Quantity: catalog.Reflectance})
	}
	w, err := gdal.CreateGeoTIFF(tmp, spec)
	if err != nil {
		l.t.Fatal(err)
	}
	for i, b := range shotBands {
		if err := w.Write(i+1, g.Full(), slices.Clone(s.bands[b])); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		l.t.Fatal(err)
	}
	if err := l.blobs.PutFile(context.Background(), it.File, tmp); err != nil {
		l.t.Fatal(err)
	}
	return it
}

func (l *land) publishItems(id string, role catalog.Role, v catalog.Version, items []catalog.Item) {
	l.t.Helper()
	digest := fmt.Sprintf("%064x", len(id))
	v.SHA256, v.Program = digest, "contado test"
	for _, it := range items {
		v.Files = append(v.Files, catalog.File{Key: it.File, Size: 1, SHA256: digest})
	}
	if _, err := l.cat.Publish(context.Background(), catalog.Publication{
		Dataset: catalog.Dataset{ID: id, Kind: catalog.Raster, Role: role, Title: id, Version: v}, Items: items,
	}); err != nil {
		l.t.Fatal(err)
	}
	if err := l.atlas.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

func (s *shot) nd(a, b string, i int) float64 {
	x, y := float64(s.bands[a][i]), float64(s.bands[b][i])
	return (x - y) / (x + y)
}

// cellsOf reads a map back.
func cellsOf(t *testing.T, m *analysis.Map) []float64 {
	t.Helper()
	r, err := gdal.OpenRaster(m.Files[0].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	g := r.Grid()
	if g != landGrid() {
		t.Fatalf("the map lies on %v, not on the pictures' own grid", g)
	}
	out := make([]float64, g.Cells())
	if err := r.ReadFloat64(1, g.Full(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(a, b, tolerance float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance
}

var (
	june   = time.Date(2024, 6, 10, 10, 0, 0, 0, time.UTC)
	august = time.Date(2024, 8, 20, 10, 0, 0, 0, time.UTC)
)

// where covers the box round the whole land, a little inwards, so that the
// map has the pictures' cells.
func where(l *land) analysis.MapWhere { return analysis.MapWhere{Dir: l.t.TempDir()} }

func on(at time.Time, id string) analysis.Pictures {
	return analysis.Pictures{Dataset: id, From: at.Truncate(24 * time.Hour), To: at.Truncate(24 * time.Hour).Add(24*time.Hour - 1)}
}

// half counts cells by class in one half of the land: each is a hectare.
func half(cells []float64, east bool, class float64) (n float64) {
	for i, v := range cells {
		if (i%side >= side/2) == east && v == class {
			n++
		}
	}
	return n
}

func TestDifference(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 7, june, august)
	q := analysis.DifferenceRequest{MapWhere: where(l), Before: on(june, "scenes"), After: on(august, "scenes")}
	q.Before.Value, q.After.Value = "ndvi", "ndvi"
	m, err := l.engine.Difference(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range cellsOf(t, m) {
		if want := s[1].nd("nir", "red", i) - s[0].nd("nir", "red", i); !same(got, want, 1e-6) {
			t.Fatalf("cell %d: %v, want %v", i, got, want)
		}
	}
	if m.Derivation.Process != "difference" || len(m.Derivation.Inputs) != 1 || len(m.Derivation.Inputs[0].Items) != 2 {
		t.Errorf("derivation %+v", m.Derivation)
	}
}

// Severity by the published limits, and hectares by territory as counted.
func TestBurnedArea(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 8, june, august)
	q := analysis.DifferenceRequest{MapWhere: where(l), Before: on(june, "scenes"), After: on(august, "scenes"), Burned: true}
	q.Areas = analysis.ZonalAreas{Territories: []string{"001", "002"}}
	m, err := l.engine.Difference(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	cells := cellsOf(t, m)
	limits := []float64{-0.25, -0.1, 0.1, 0.27, 0.44, 0.66}
	for i, got := range cells {
		dnbr := s[0].nd("nir", "swir22", i) - s[1].nd("nir", "swir22", i)
		want := math.NaN()
		if dnbr == dnbr {
			want = 1
			for _, lim := range limits {
				if math.Abs(dnbr-lim) < 1e-6 {
					want = math.Inf(1) // too near to a limit to tell in 32 bits
				} else if dnbr >= lim {
					want++
				}
			}
		}
		if !same(got, want, 0) && !math.IsInf(want, 1) {
			t.Fatalf("cell %d with dNBR %v is of class %v, want %v", i, dnbr, got, want)
		}
	}
	checkHectares(t, m, cells)
}

func checkHectares(t *testing.T, m *analysis.Map, cells []float64) {
	t.Helper()
	if len(m.Areas) != 2 {
		t.Fatalf("%d areas", len(m.Areas))
	}
	for a, area := range m.Areas {
		total := area.Unseen
		for k, c := range m.Classes {
			want := half(cells, a == 1, float64(c.Value))
			if !same(area.Hectares[k], want, 1e-6*want+1e-3) {
				t.Errorf("area %s, class %s: %v ha, want %v", area.Code, c.Name, area.Hectares[k], want)
			}
			total += area.Hectares[k]
		}
		if !same(total, side*side/2, 0.01) {
			t.Errorf("area %s adds up to %v ha of %d", area.Code, total, side*side/2)
		}
	}
}

// What became of each class, with a class that only one of the maps has.
func TestTransitions(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	from, to := make([]uint8, side*side), make([]uint8, side*side)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range from {
		from[i], to[i] = []uint8{10, 20, 40}[rng.IntN(3)], []uint8{10, 20, 50, 60}[rng.IntN(4)]
	}
	class := func(values ...int) catalog.Band {
		b := catalog.Band{Name: "class"}
		for _, v := range values {
			b.Classes = append(b.Classes, catalog.Class{Value: v, Name: fmt.Sprint("c", v), Color: "#112233"})
		}
		return b
	}
	l.raster("clc-old", catalog.LandCover, from, class(10, 20, 40))
	l.raster("clc-new", catalog.LandCover, to, class(10, 20, 50, 60))
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	q := analysis.TransitionRequest{MapWhere: where(l), From: analysis.Pictures{Dataset: "clc-old"}, To: analysis.Pictures{Dataset: "clc-new"}}
	q.Areas = analysis.ZonalAreas{Below: "9"}
	m, err := l.engine.Transitions(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	tr, ok := m.Details.(*analysis.Transition)
	if !ok {
		t.Fatalf("details are %T", m.Details)
	}
	for i, a := range tr.From {
		for k, b := range tr.To {
			want := 0.0
			for c := range from {
				if int(from[c]) == a.Value && int(to[c]) == b.Value {
					want++
				}
			}
			if !same(tr.Total[i][k], want, 1e-3) {
				t.Errorf("%s to %s: %v ha, want %v", a.Name, b.Name, tr.Total[i][k], want)
			}
			if sum := tr.Areas[0].Hectares[i][k] + tr.Areas[1].Hectares[i][k]; !same(sum, tr.Total[i][k], 1e-6) {
				t.Errorf("%s to %s: the parts add up to %v, not to %v", a.Name, b.Name, sum, tr.Total[i][k])
			}
		}
	}
	checkHectares(t, m, cellsOf(t, m))
}

// What cannot be is refused before any file is made.
func TestMapErrors(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.shots("scenes", 9, june, august)
	ctx := context.Background()
	dir := t.TempDir()
	value := func(p analysis.Pictures, v string) analysis.Pictures { p.Value = v; return p }
	cases := map[string]struct {
		err  error
		kind fault.Kind
	}{}
	try := func(name string, kind fault.Kind, before, after analysis.Pictures) {
		_, err := l.engine.Difference(ctx, analysis.DifferenceRequest{MapWhere: analysis.MapWhere{Dir: dir}, Before: before, After: after}, nil)
		cases[name] = struct {
			err  error
			kind fault.Kind
		}{err, kind}
	}
	ok := on(june, "scenes")
	try("unknown dataset", fault.NotExist, analysis.Pictures{Dataset: "none"}, ok)
	try("no picture then", fault.NotExist, on(june.AddDate(1, 0, 0), "scenes"), ok)
	try("unknown band", fault.Invalid, value(ok, "b9 - b1"), ok)
	try("two results", fault.Invalid, value(ok, "b1; b2"), ok)
	try("classes", fault.Invalid, ok, analysis.Pictures{Dataset: "municipalities"})
	for name, c := range cases {
		if !fault.Is(c.err, c.kind) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// triangles are slanted areas inside the land, in longitude and latitude.
func triangles(l *land, n int) []analysis.ZonalFeature {
	l.t.Helper()
	tr, err := crs.New(utm, geo.WGS84)
	if err != nil {
		l.t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(n), 5))
	var out []analysis.ZonalFeature
	for i := range n {
		x, y := west+1000+7000*rng.Float64(), north-1000-7000*rng.Float64()
		ring := orb.Ring{{x, y}, {x - 300 - 400*rng.Float64(), y - 500}, {x + 600*rng.Float64() + 50, y - 250}, {x, y}}
		g, err := tr.Geometry(orb.Polygon{ring}, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		out = append(out, analysis.ZonalFeature{Code: fmt.Sprint(i), Geometry: g})
	}
	return out
}

// A clip has the values of the dataset within the outline, by cell centres,
// and nothing outside it.
func TestClip(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 31, june)
	q := analysis.ClipRequest{MapWhere: where(l), Pictures: analysis.Pictures{Dataset: "scenes"}, Outline: true, Bands: []string{"swir22"}}
	q.Areas = analysis.ZonalAreas{Territories: []string{"002"}}
	m, err := l.engine.Clip(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gdal.OpenRaster(m.Files[0].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	g := r.Grid()
	cells := make([]float64, g.Cells())
	if err := r.ReadFloat64(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	inv, _ := landGrid().Transform.Invert()
	seen := 0
	for i, got := range cells {
		c, row := inv.Apply(g.Center(i%g.Width, i/g.Width))
		want := math.NaN()
		if int(c) >= side/2 {
			want = float64(s[0].bands["swir22"][int(row)*side+int(c)])
			seen++
		}
		if !same(got, want, 0) {
			t.Fatalf("cell %d: %v, want %v", i, got, want)
		}
	}
	if seen != side*side/2 {
		t.Errorf("%d cells of the east half, want %d", seen, side*side/2)
	}
	// Classes stay whole numbers with their names.
	m, err = l.engine.Clip(context.Background(), analysis.ClipRequest{MapWhere: where(l), Pictures: analysis.Pictures{Dataset: "landcover"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := half(cellsOf(t, m), true, 80); got != side {
		t.Errorf("%v cells of the river, want %d", got, side)
	}
}

// The median of a month leaves out the cells that were not seen.
func TestComposite(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 32, june, june.AddDate(0, 0, 5), june.AddDate(0, 0, 9), august)
	q := analysis.CompositeRequest{MapWhere: where(l), Pictures: analysis.Pictures{Dataset: "scenes"}, Period: series.Month, Bands: []string{"nir", "red"}}
	m, err := l.engine.Composite(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 2 || !m.Files[1].Datetime.Equal(time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("files %+v", m.Files)
	}
	for i, got := range cellsOf(t, m) {
		var v []float64
		for k := range 3 {
			if x := float64(s[k].bands["nir"][i]); x == x {
				v = append(v, x)
			}
		}
		slices.Sort(v)
		want := math.NaN()
		switch len(v) {
		case 3:
			want = v[1]
		case 2:
			want = (v[0] + v[1]) / 2
		case 1:
			want = v[0]
		}
		if !same(got, want, 1e-7) {
			t.Fatalf("cell %d: %v, want the median of %v", i, got, v)
		}
	}
}

// Where water came and went, by the usual threshold and by Otsu's.
func TestExtent(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 33, june, august)
	q := analysis.ExtentRequest{MapWhere: where(l), Subject: "water", Pictures: on(august, "scenes"), Before: on(june, "scenes")}
	q.Areas = analysis.ZonalAreas{Territories: []string{"001", "002"}}
	for _, otsu := range []bool{false, true} {
		q.Otsu = otsu
		m, err := l.engine.Extent(context.Background(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		threshold := m.Figures["threshold"]
		if !otsu && threshold != 0 {
			t.Errorf("the usual threshold is %v", threshold)
		}
		cells := cellsOf(t, m)
		for i, got := range cells {
			now, was := s[1].nd("green", "swir16", i), s[0].nd("green", "swir16", i)
			want := math.NaN()
			if now == now && was == was {
				want = map[[2]bool]float64{{false, false}: 0, {true, false}: 1, {true, true}: 2, {false, true}: 3}[[2]bool{now > threshold, was > threshold}]
			}
			if !same(got, want, 0) && math.Abs(now-threshold) > 1e-6 && math.Abs(was-threshold) > 1e-6 {
				t.Fatalf("cell %d: %v then %v is %v, want %v", i, was, now, got, want)
			}
		}
		checkHectares(t, m, cells)
	}
}

// Of a date alone, cells are water or not; water that is always there is no flood.
func TestFloodBesidePermanentWater(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.shots("scenes", 34, june)
	q := analysis.ExtentRequest{
		MapWhere: where(l), Subject: "water", Pictures: analysis.Pictures{Dataset: "scenes"}, Permanent: "landcover", PermanentClasses: []int{80},
	}
	m, err := l.engine.Extent(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range cellsOf(t, m) {
		river := i%side == 90
		if river && (got == 0 || got == 1) || !river && (got == 2 || got == 3) {
			t.Fatalf("cell %d, river %v: class %v", i, river, got)
		}
	}
	q.PermanentClasses = nil
	if _, err := l.engine.Extent(context.Background(), q, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("no classes of permanent water: %v", err)
	}
	if _, err := l.engine.Extent(context.Background(), analysis.ExtentRequest{Subject: "cheese"}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown subject: %v", err)
	}
}
