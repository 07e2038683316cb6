package gpkg

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/store/features"
	"contado/scripts/shareddata"
)

type dumpedLayer struct {
	Name     string
	Geometry string
	CRS      string
	Fields   [][3]any
	Rows     []struct {
		ID     int64
		WKB    *string
		Box    []float64
		Values []any
	}
}

// python is an interpreter that has GDAL's bindings; distributions put them
// beside their own python3, which need not be the first in PATH.
var python = sync.OnceValue(func() string {
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(p, "-c", "import osgeo.ogr").Run() == nil {
			return p
		}
	}
	return ""
})

// dump reads a file with GDAL.
func dump(t *testing.T, path string) []dumpedLayer {
	t.Helper()
	if python() == "" {
		t.Skip("no python3 with osgeo (Debian: python3-gdal): no oracle")
	}
	cmd := exec.Command(python(), "testdata/dump.py", path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dump.py: %v: %s", err, stderr.String())
	}
	var layers []dumpedLayer
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l dumpedLayer
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return layers
		} else if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
}

var gdalTypes = map[string]geo.FieldType{
	"String": geo.String, "Integer": geo.Integer, "Integer64": geo.Integer, "Real": geo.Real,
	"Date": geo.Date, "DateTime": geo.DateTime, "Binary": geo.Binary,
}

func TestSameAsGDAL(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"cql2/ne110m4cql2.gpkg", "pt-sao-miguel/concelhos.gpkg", "it-trento-dtm/neighborhoods_bolzano.gpkg",
		"us-ny-landsat8-series/nycd.gpkg", "us-ny-landsat8-series/ny_samples.gpkg", "raster-variety/stars/s2.gpkg",
		"vector-variety/planetiler/geopackage.gpkg", "vector-variety/planetiler/geopackage-unindexed.gpkg", "vector-variety/planetiler/empty-geom.gpkg",
		"vector-variety/pyogrio/test_gpkg_nulls.gpkg", "vector-variety/pyogrio/line_zm.gpkg",
		"vector-variety/conveyal-datasource/continents.gpkg", "vector-variety/conveyal-datasource/valid-polygon-projected.gpkg",
		"vector-variety/conveyal-datasource/valid-polygon-wgs84.gpkg", "vector-variety/conveyal-datasource/new-zealand-antimeridian.gpkg",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := shareddata.Path(t, file)
			for _, want := range dump(t, path) {
				tab := open(t, path, want.Name)
				compareSchema(t, tab.Schema(), want)
				compareRows(t, tab, want)
				compareBoxes(t, tab, want)
			}
		})
	}
}

func compareSchema(t *testing.T, got geo.Schema, want dumpedLayer) {
	t.Helper()
	if string(got.CRS) != want.CRS {
		t.Errorf("%s: CRS %q, want %q", want.Name, got.CRS, want.CRS)
	}
	if !strings.EqualFold(got.GeometryType, strings.ReplaceAll(want.Geometry, " ", "")) {
		t.Errorf("%s: geometry %q, want %q", want.Name, got.GeometryType, want.Geometry)
	}
	if len(got.Fields) != len(want.Fields) {
		t.Fatalf("%s: %d fields, want %d", want.Name, len(got.Fields), len(want.Fields))
	}
	for i, f := range want.Fields {
		wantType := gdalTypes[f[1].(string)]
		if f[2].(bool) {
			wantType = geo.Boolean
		}
		if got.Fields[i].Name != f[0] || got.Fields[i].Type != wantType {
			t.Errorf("%s: field %d is %v, want %v", want.Name, i, got.Fields[i], f)
		}
	}
}

func compareRows(t *testing.T, tab features.Table, want dumpedLayer) {
	t.Helper()
	slices.SortFunc(want.Rows, func(a, b struct {
		ID     int64
		WKB    *string
		Box    []float64
		Values []any
	},
	) int {
		return int(a.ID - b.ID)
	})
	i := 0
	err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
		if i == len(want.Rows) {
			t.Errorf("%s: more rows than the %d of GDAL", want.Name, i)
			return false
		}
		w := want.Rows[i]
		i++
		if f.ID != w.ID || (f.Geometry == nil) != (w.WKB == nil) {
			t.Errorf("%s: feature %d with geometry %v, want %d", want.Name, f.ID, f.Geometry, w.ID)
			return false
		}
		if w.WKB != nil && !orb.Equal(f.Geometry, parseWKB(t, *w.WKB)) {
			t.Errorf("%s: feature %d: another geometry", want.Name, f.ID)
		}
		for k, field := range tab.Schema().Fields {
			if !sameAsDumped(t, field.Type, f.Values[k], w.Values[k]) {
				t.Errorf("%s: feature %d: %s = %v, want %v", want.Name, f.ID, field.Name, f.Values[k], w.Values[k])
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := tab.Count(t.Context(), features.Query{})
	if err != nil || i != len(want.Rows) || n != int64(i) {
		t.Errorf("%s: %d rows scanned, %d counted, %v; want %d", want.Name, i, n, err, len(want.Rows))
	}
}

func parseWKB(t *testing.T, s string) orb.Geometry {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	g, err := wkb.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func sameAsDumped(t *testing.T, kind geo.FieldType, got, want any) bool {
	t.Helper()
	if got == nil || want == nil {
		return got == nil && want == nil
	}
	switch kind {
	case geo.Integer:
		return strconv.FormatInt(got.(int64), 10) == want
	case geo.DateTime:
		ours, err := time.Parse(time.RFC3339, got.(string))
		if err != nil {
			t.Fatal(err)
		}
		for _, layout := range []string{"2006/01/02 15:04:05-07", "2006/01/02 15:04:05"} {
			if theirs, err := time.Parse(layout, want.(string)); err == nil {
				return ours.Equal(theirs)
			}
		}
		return false
	}
	return got == want
}

// compareBoxes asks for random boxes and compares with the envelopes of GDAL.
func compareBoxes(t *testing.T, tab features.Table, want dumpedLayer) {
	t.Helper()
	all := geo.EmptyBBox()
	boxes := map[int64]geo.BBox{}
	for _, r := range want.Rows {
		if r.Box != nil {
			boxes[r.ID] = geo.BBox{MinX: r.Box[0], MinY: r.Box[1], MaxX: r.Box[2], MaxY: r.Box[3]}
			all = all.Union(boxes[r.ID])
		}
	}
	n := 0
	err := tab.Boxes(t.Context(), func(b features.Box) bool {
		n++
		if b.Box != boxes[b.ID] {
			t.Errorf("%s: box of %d is %v, want %v", want.Name, b.ID, b.Box, boxes[b.ID])
		}
		return true
	})
	if err != nil || n != len(boxes) {
		t.Errorf("%s: %d boxes, %v; want %d", want.Name, n, err, len(boxes))
	}
	if len(boxes) == 0 {
		return
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for range 20 {
		x, y := all.MinX+rng.Float64()*all.Width(), all.MinY+rng.Float64()*all.Height()
		q := geo.BBox{MinX: x, MinY: y, MaxX: x + rng.Float64()*all.Width()/3, MaxY: y + rng.Float64()*all.Height()/3}
		var ids, got []int64
		for id, b := range boxes {
			if b.Intersects(q) {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		err := tab.Scan(t.Context(), features.Query{BBox: &q, SkipGeometry: true, Fields: []string{}}, func(f geo.Feature) bool {
			got = append(got, f.ID)
			return true
		})
		if err != nil || !slices.Equal(got, ids) {
			t.Errorf("%s: box %v: %v, %v; want %v", want.Name, q, got, err, ids)
		}
	}
}

func TestFilesWithArcs(t *testing.T) {
	t.Parallel()
	for file, kind := range map[string]string{"curve.gpkg": "LineString", "curvepolygon.gpkg": "Polygon", "multisurface.gpkg": "MultiPolygon"} {
		tab := open(t, shareddata.Path(t, "vector-variety/pyogrio/"+file), "")
		n, boxes := 0, 0
		err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
			if n++; f.Geometry == nil || f.Geometry.GeoJSONType() != kind {
				t.Errorf("%s: %v, want a %s", file, f.Geometry, kind)
			}
			return true
		})
		if err := errors.Join(err, tab.Boxes(t.Context(), func(features.Box) bool { boxes++; return true })); err != nil || n == 0 || boxes != n {
			t.Errorf("%s: %d rows, %d boxes, %v", file, n, boxes, err)
		}
		if got := tab.Schema().GeometryType; got != kind && got != "Geometry" {
			t.Errorf("%s: the schema says %s", file, got)
		}
	}
}

func BenchmarkScanCountries(b *testing.B) {
	path := shareddata.Path(b, "cql2/ne110m4cql2.gpkg")
	tab := open(b, path, "ne_110m_admin_0_countries")
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := tab.Scan(b.Context(), features.Query{}, func(geo.Feature) bool { n++; return true }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}

const heights = `
import sys
from osgeo import ogr, osr
ogr.UseExceptions()
ds = ogr.GetDriverByName("GPKG").CreateDataSource(sys.argv[1])
srs = osr.SpatialReference(); srs.ImportFromEPSG(25832)
l = ds.CreateLayer("zm", srs, ogr.wkbMultiLineStringZM)
for w in ("MULTILINESTRING ZM ((0 0 1 5,1 1 2 6),(5 5 3 7,6 6 4 8))", None, "MULTILINESTRING ZM EMPTY"):
    f = ogr.Feature(l.GetLayerDefn())
    if w: f.SetGeometry(ogr.CreateGeometryFromWkt(w))
    l.CreateFeature(f)
ds.CreateLayer("z", srs, ogr.wkbPoint25D)
l = ds.GetLayerByName("z"); f = ogr.Feature(l.GetLayerDefn()); f.SetGeometry(ogr.CreateGeometryFromWkt("POINT Z (1 2 3)")); l.CreateFeature(f)
ds = None
`

func TestHeightsAndMeasuresAndNamesForPeople(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heights.gpkg")
	if python() == "" {
		t.Skip("no python3 with osgeo (Debian: python3-gdal): no oracle")
	}
	if out, err := exec.Command(python(), "-c", heights, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tab := open(t, path, "zm")
	if s := tab.Schema(); !s.HasZ || !s.HasM {
		t.Errorf("schema %+v", s)
	}
	var got []geo.Feature
	if err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { got = append(got, f); return true }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || !slices.Equal(got[0].Z, []float64{1, 2, 3, 4}) || !slices.Equal(got[0].M, []float64{5, 6, 7, 8}) || got[1].Z != nil || got[2].Geometry != nil {
		t.Errorf("rows %+v", got)
	}
	tab = open(t, path, "z")
	if s := tab.Schema(); !s.HasZ || s.HasM {
		t.Errorf("schema %+v", s)
	}
	tab = open(t, fixture(t, "INSERT INTO gpkg_data_columns (table_name, column_name, title, description) VALUES ('pts', 'n', 'Zahl', 'wie viele')"), "pts")
	if f := tab.Schema().Fields[0]; f.Alias != "Zahl" || f.Description != "wie viele" {
		t.Errorf("field %+v", f)
	}
}

const arcs = `
import sys, json
from osgeo import ogr
ogr.UseExceptions()
ds = ogr.GetDriverByName("GPKG").CreateDataSource(sys.argv[1])
l = ds.CreateLayer("arcs", None, ogr.wkbUnknown)
out = []
for w in ("CIRCULARSTRING (0 0,1 1,2 0)", "CIRCULARSTRING (0 0,1 1,2 0,3 -1,4 0)", "CIRCULARSTRING (0 0,4 0,0 0)", "CIRCULARSTRING (0 0,1 0,2 0)",
    "CIRCULARSTRING (100 200,102.5 203,99 207)", "COMPOUNDCURVE (CIRCULARSTRING (0 0,1 1,2 0),(2 0,5 0,5 5))",
    "CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (0 0,5 5,10 0),(10 0,0 0)),(4 1,6 1,5 2,4 1))",
    "MULTICURVE ((0 0,1 1),CIRCULARSTRING (0 0,1 -1,2 0))", "MULTISURFACE (CURVEPOLYGON (CIRCULARSTRING (0 0,1 1,2 0,1 -1,0 0)),((5 5,6 5,6 6,5 5)))",
    "CIRCULARSTRING Z (0 0 1,1 1 2,2 0 3)"):
    g = ogr.CreateGeometryFromWkt(w)
    f = ogr.Feature(l.GetLayerDefn()); f.SetGeometry(g); l.CreateFeature(f)
    g = g.GetLinearGeometry(4)
    out.append([g.GetGeometryName(), g.Length(), g.Area(), list(g.GetEnvelope())])
ds = None
json.dump(out, sys.stdout)
`

func TestArcsAreReadAsLines(t *testing.T) {
	t.Parallel()
	if python() == "" {
		t.Skip("no python3 with osgeo (Debian: python3-gdal): no oracle")
	}
	path := filepath.Join(t.TempDir(), "arcs.gpkg")
	out, err := exec.Command(python(), "-c", arcs, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]any
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	i := 0
	err = open(t, path, "arcs").Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
		w := want[i]
		i++
		b := f.Geometry.Bound()
		box := w[3].([]any)
		near := func(got float64, want any) bool { return math.Abs(got-want.(float64)) <= 2e-3*(1+math.Abs(got)) }
		size := near(planar.Length(f.Geometry), w[1])
		if _, line := f.Geometry.(orb.LineString); !line && w[2] != 0.0 {
			size = near(planar.Area(f.Geometry), w[2])
		}
		if !strings.EqualFold(f.Geometry.GeoJSONType(), w[0].(string)) || !size ||
			!near(b.Min[0], box[0]) || !near(b.Max[0], box[1]) || !near(b.Min[1], box[2]) || !near(b.Max[1], box[3]) {
			t.Errorf("%d: a %s of length %v, area %v in %v; GDAL has %v", i, f.Geometry.GeoJSONType(), planar.Length(f.Geometry), planar.Area(f.Geometry), b, w)
		}
		return true
	})
	if err != nil || i != len(want) {
		t.Fatalf("%d rows, %v", i, err)
	}
	g, z, m, err := decodeGeometry(raw(head, le, 1009, 2, le, 1008, 3, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 0.0, 3.0, le, 1002, 2, 2.0, 0.0, 3.0, 4.0, 0.0, 5.0))
	line, ok := g.(orb.LineString)
	if err != nil || !ok || len(z) != len(line) || m != nil || z[0] != 1 || z[len(z)-1] != 5 || z[len(z)-2] != 3 || !slices.IsSorted(z) {
		t.Errorf("%v with heights %v, %v", g, z, err)
	}
}
