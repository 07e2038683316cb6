package analysis_test

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// rect is a rectangle of the test land, in metres from its north-western corner.
func rect(x, y, w, h float64) orb.Polygon {
	x0, y0 := west+x, north-y-h
	return orb.Polygon{{{x0, y0}, {x0 + w, y0}, {x0 + w, y0 + h}, {x0, y0 + h}, {x0, y0}}}
}

// parcels are three fields, the second half in either municipality (the
// border lies 5,000 m east), one without a value.
func (l *land) parcels() {
	l.vector("parcels", catalog.OtherRole, geo.Schema{
		Fields:       []geo.Field{{Name: "crop", Type: geo.String}, {Name: "cows", Type: geo.Integer}},
		GeometryType: "Polygon", CRS: utm,
	}, []geo.Feature{
		{ID: 1, Geometry: rect(1000, 1000, 400, 500), Values: []any{"hay", int64(10)}},
		{ID: 2, Geometry: rect(4000, 1000, 2000, 300), Values: []any{"hay", int64(40)}},
		{ID: 3, Geometry: rect(7000, 5000, 100, 100), Values: []any{nil, nil}},
	}, nil, nil)
	l.vector("tracks", catalog.Road, geo.Schema{Fields: []geo.Field{{Name: "nome", Type: geo.String}}, GeometryType: "LineString", CRS: utm},
		[]geo.Feature{{ID: 1, Geometry: orb.LineString{{west + 1000, north - 2000}, {west + 9000, north - 2000}}, Values: []any{"Via Lunga"}}}, nil, nil)
	if err := l.atlas.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

// onGround is a length or area of the plane on the ellipsoid: the scale of
// UTM on its meridian is 0.9996.
func onGround(plane float64, power int) float64 { return plane / math.Pow(0.9996, float64(power)) }

func TestSummaryOfParcels(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.parcels()
	res, err := l.engine.Summary(t.Context(), analysis.SummaryRequest{
		Dataset: "parcels", Areas: analysis.ZonalAreas{Below: "9"}, By: "crop", Sum: []string{"cows"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Areas) != 2 || res.Rows != 3 || res.Several != 1 || res.Shapes != "polygons" {
		t.Fatalf("%d areas, %d rows, %d in several, %s", len(res.Areas), res.Rows, res.Several, res.Shapes)
	}
	for i, want := range []struct {
		code       string
		count      int
		ha, cows   float64
		hay, other float64
	}{
		{"001", 2, 20 + 30, 10 + 20, 50, 0},
		{"002", 2, 30 + 1, 20, 30, 1},
	} {
		a := res.Areas[i]
		classes := map[string]float64{}
		for _, c := range a.Classes {
			classes[c.Value] = c.AreaHa
		}
		// The scale grows by 3e-7 within 5 km of the meridian.
		if a.Code != want.code || a.Count != want.count || math.Abs(a.AreaHa-onGround(want.ha, 2)) > 1e-4 || math.Abs(a.Sums[0]-want.cows) > 1e-5 ||
			math.Abs(classes["hay"]-onGround(want.hay, 2)) > 1e-4 || math.Abs(classes[""]-onGround(want.other, 2)) > 1e-4 {
			t.Errorf("%+v, want %+v", a, want)
		}
		if math.Abs(a.Share-a.AreaHa/100/a.AreaKm2) > 1e-12 || math.Abs(a.AreaKm2-onGround(50, 2)) > 0.001 {
			t.Errorf("%s: share %g of %g km²", a.Code, a.Share, a.AreaKm2)
		}
	}
	var csv bytes.Buffer
	if err := res.Table(table.Plain).CSV(&csv, table.Plain); err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(csv.String(), "\n"); strings.TrimSpace(head) != "code,name,area_km2,count,area_ha,share,density_per_km2,sum_cows,without_value_ha,hay_ha" {
		t.Errorf("columns are %s", head)
	}
}

func TestSummaryOfTracks(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.parcels()
	res, err := l.engine.Summary(t.Context(), analysis.SummaryRequest{Dataset: "tracks", Areas: analysis.ZonalAreas{Below: "9"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range res.Areas {
		if a.Count != 1 || math.Abs(a.LengthKm-onGround(4, 1)) > 1e-5 || math.Abs(a.Density-a.LengthKm/a.AreaKm2) > 1e-12 {
			t.Errorf("%s: %d tracks of %g km, %g km a km²", a.Code, a.Count, a.LengthKm, a.Density)
		}
	}
	if len(res.Notices) != 1 || res.Notices[0].Code != "rows-in-several-areas" {
		t.Errorf("notices: %v", res.Notices)
	}
}

func TestSummaryRefuses(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.parcels()
	below := analysis.ZonalAreas{Below: "9"}
	for name, c := range map[string]struct {
		q    analysis.SummaryRequest
		kind fault.Kind
		says string
	}{
		"no dataset":    {analysis.SummaryRequest{Dataset: "none", Areas: below}, fault.NotExist, "none"},
		"raster":        {analysis.SummaryRequest{Dataset: "landcover", Areas: below}, fault.Invalid, "landcover"},
		"no attribute":  {analysis.SummaryRequest{Dataset: "parcels", Areas: below, By: "kind"}, fault.Invalid, "crop cows"},
		"text added up": {analysis.SummaryRequest{Dataset: "parcels", Areas: below, Sum: []string{"crop"}}, fault.Invalid, "only numbers"},
		"bad filter":    {analysis.SummaryRequest{Dataset: "parcels", Areas: below, Filter: "crop ="}, fault.Invalid, "filter"},
		"no areas":      {analysis.SummaryRequest{Dataset: "parcels"}, fault.Invalid, "which areas"},
	} {
		_, err := l.engine.Summary(t.Context(), c.q, nil)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (kind %v), want %v and %q", name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
}

func TestNearestAndContaining(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.parcels()
	near, err := l.engine.Nearest(t.Context(), analysis.NearestRequest{FromDataset: "parcels", To: "tracks", Within: 1000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The fields end 500 m and 700 m north of the track; the third is 3 km away.
	for i, want := range []float64{500, 700, -1} {
		switch n := near.Rows[i].Neighbours; {
		case want < 0 && len(n) != 0:
			t.Errorf("row %d has a neighbour: %v", i, n)
		case want > 0 && (len(n) != 1 || n[0].Name != "Via Lunga" || math.Abs(n[0].Metres-onGround(want, 1)) > 1e-3):
			t.Errorf("row %d: %v, want %g m", i, n, onGround(want, 1))
		}
	}
	own, err := l.engine.Nearest(t.Context(), analysis.NearestRequest{FromDataset: "parcels", To: "parcels", K: 2}, nil)
	if err != nil || len(own.Rows[0].Neighbours) != 2 || own.Rows[0].Neighbours[0].ID != 2 || own.Rows[0].Neighbours[1].ID != 3 {
		t.Errorf("neighbours within one dataset: %+v, %v", own, err)
	}
	where, err := l.engine.Containing(t.Context(), analysis.ContainingRequest{Dataset: "parcels", Areas: analysis.ZonalAreas{Below: "9"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"001"}, {"001", "002"}, {"002"}} {
		got := where.Rows[i].Areas
		if len(got) != len(want) {
			t.Errorf("row %d lies in %v, want %v", i, got, want)
			continue
		}
		for _, a := range got {
			if math.Abs(a.Share-1/float64(len(want))) > 1e-5 {
				t.Errorf("row %d: %v", i, got)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "rows.gpkg")
	if err := analysis.WriteGeoPackage(t.Context(), path, "rows", where.Table(table.Plain), where.Outlines()); err != nil {
		t.Fatal(err)
	}
	v, err := gdal.OpenVector(path, []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if info := v.Layers()[0]; info.Count != 3 {
		t.Errorf("the GeoPackage has %d rows", info.Count)
	}
}

func TestThemes(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.parcels()
	crops, err := l.engine.Theme(t.Context(), analysis.ThemeRequest{Dataset: "parcels", Field: "crop"})
	if err != nil || len(crops.Values) != 1 || crops.Values[0] != (analysis.ThemeValue{Value: "hay", Count: 2}) || crops.Without != 1 || crops.Method != analysis.Categories {
		t.Errorf("%+v, %v", crops, err)
	}
	cows, err := l.engine.Theme(t.Context(), analysis.ThemeRequest{Dataset: "parcels", Field: "cows", Classes: 2})
	if err != nil || len(cows.Counts) != 2 || cows.Counts[0] != 1 || cows.Edges[0] != 10 || cows.Edges[2] != 40 || cows.Without != 1 {
		t.Errorf("%+v, %v", cows, err)
	}
	for name, q := range map[string]analysis.ThemeRequest{
		"no attribute":    {Dataset: "parcels", Field: "none"},
		"text, quantiles": {Dataset: "parcels", Field: "crop", Method: "jenks"},
		"method":          {Dataset: "parcels", Field: "cows", Method: "best"},
		"classes":         {Dataset: "parcels", Field: "cows", Classes: 99},
	} {
		if _, err := l.engine.Theme(t.Context(), q); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
