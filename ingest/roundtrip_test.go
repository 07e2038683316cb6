package ingest

import (
	"bytes"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/export"
	"contado/geo/fgb"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// everything are rows with every type of attribute, missing values, names and
// texts in several scripts, and heights.
func everything() (geo.Schema, []geo.Feature) {
	s := geo.Schema{GeometryType: "Point", CRS: geo.WGS84, HasZ: true, Fields: []geo.Field{
		{Name: "nome", Type: geo.String, Alias: "Nome del luogo", Description: "come lo chiamano"},
		{Name: "grande", Type: geo.Integer},
		{Name: "reale", Type: geo.Real},
		{Name: "vero", Type: geo.Boolean},
		{Name: "giorno", Type: geo.Date},
		{Name: "quando", Type: geo.DateTime},
		{Name: "dati", Type: geo.Binary},
		{Name: "lista", Type: geo.JSON},
		{Name: "città", Type: geo.String},
	}}
	return s, []geo.Feature{
		{ID: 1, Geometry: orb.Point{11.25, 46.5}, Z: []float64{250.5}, Values: []any{"Bolzano/Bozen", int64(math.MaxInt64), 0.1, true, "2024-02-29", "2024-07-09T10:15:59.123Z", []byte{0, 255, 7}, `[1,"due",null]`, "東京"}},
		{ID: 2, Geometry: orb.Point{-9.5, 38.75}, Z: []float64{0}, Values: []any{"Sào", int64(math.MinInt64 + 1), -1234567.125, false, "1901-01-01", "1969-12-31T23:59:59Z", []byte("x"), `{"a":{"b":[1,2]}}`, "Ødegård"}},
		{ID: 3, Geometry: orb.Point{0.5, -0.5}, Z: []float64{-10}, Values: []any{nil, nil, nil, nil, nil, nil, nil, nil, nil}},
	}
}

// TestRoundTrip writes the rows in every format, ingests the file, and looks
// at what is published: in the GeoPackage and in the packed rows. What a
// format cannot hold is spelled out here, and nothing else may be lost.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text := func(fields map[string]geo.FieldType) func(*geo.Schema) {
		return func(s *geo.Schema) {
			for i := range s.Fields {
				if k, ok := fields[s.Fields[i].Name]; ok {
					s.Fields[i].Type = k
				}
			}
		}
	}
	for id, lossy := range map[string]struct {
		schema  func(*geo.Schema)
		values  map[string][]any // of the rows; nil = left out
		noAlias bool
		noZ     bool
	}{
		"gpkg": {}, "fgb": {}, "parquet": {},
		"geojson":    {noAlias: true, schema: text(map[string]geo.FieldType{"dati": geo.String}), values: map[string][]any{"dati": {"AP8H", "eA==", nil}}},
		"geojsonseq": {noAlias: true, schema: text(map[string]geo.FieldType{"dati": geo.String}), values: map[string][]any{"dati": {"AP8H", "eA==", nil}}},
		"csv":        {noAlias: true, noZ: true, schema: text(map[string]geo.FieldType{"dati": geo.String, "lista": geo.String}), values: map[string][]any{"dati": {"AP8H", "eA==", nil}}},
		"xlsx":       {noAlias: true, noZ: true, schema: text(map[string]geo.FieldType{"dati": geo.String, "lista": geo.String, "grande": geo.String}), values: map[string][]any{"dati": {"AP8H", "eA==", nil}, "grande": {"9223372036854775807", "-9223372036854775807", nil}}},
		"shp": {noAlias: true, schema: text(map[string]geo.FieldType{"quando": geo.String, "lista": geo.String, "vero": geo.Integer, "grande": geo.Real}), values: map[string][]any{
			"dati": nil, "vero": {int64(1), int64(0), nil}, "grande": {float64(math.MaxInt64), -float64(math.MaxInt64), nil},
		}},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s, rows := everything()
			f, _ := export.Find(id, "")
			path := filepath.Join(t.TempDir(), "everything"+f.Extension)
			_, err := export.Write(t.Context(), path, f, s, func(yield func(geo.Feature) bool) error {
				for _, r := range rows {
					if !yield(r) {
						break
					}
				}
				return nil
			}, export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			st := stores(t, t.TempDir())
			d := mustRun(t, st, Options{Dataset: "e"}, path)
			want := map[string][]any{}
			types := map[string]geo.Field{}
			if lossy.schema != nil {
				lossy.schema(&s)
			}
			for i, field := range s.Fields {
				v, changed := lossy.values[field.Name]
				if changed && v == nil {
					continue
				}
				if !changed {
					v = []any{rows[0].Values[i], rows[1].Values[i], rows[2].Values[i]}
				}
				if lossy.noAlias {
					field.Alias, field.Description = "", ""
				}
				want[field.Name], types[field.Name] = v, field
			}
			got, back := rowsOf(t, st, d)
			packedAlike(t, st, d.Version.Vector.Packed, back)
			slices.SortFunc(back, func(a, b geo.Feature) int { // FlatGeobuf has an order of its own
				return slices.IndexFunc(rows, func(r geo.Feature) bool { return orb.Equal(r.Geometry, a.Geometry) }) -
					slices.IndexFunc(rows, func(r geo.Feature) bool { return orb.Equal(r.Geometry, b.Geometry) })
			})
			if d.Version.Vector.Schema.HasZ == lossy.noZ || len(back) != 3 {
				t.Errorf("%d rows, heights %v", len(back), d.Version.Vector.Schema.HasZ)
			}
			for name, v := range want {
				i := d.Version.Vector.Schema.FieldIndex(name)
				if i < 0 {
					t.Errorf("%s is lost", name)
					continue
				}
				if field := d.Version.Vector.Schema.Fields[i]; field.Type != types[name].Type || field.Alias != types[name].Alias || field.Description != types[name].Description {
					t.Errorf("%s is %+v, want %+v", name, field, types[name])
				}
				if k := got.FieldIndex(name); k >= 0 {
					if types[name].Type == geo.JSON { // spaces mean nothing
						for _, r := range back {
							if s, ok := r.Values[k].(string); ok {
								var b bytes.Buffer
								if err := json.Compact(&b, []byte(s)); err != nil {
									t.Error(err)
								}
								r.Values[k] = b.String()
							}
						}
					}
					if diff := cmp.Diff(v, []any{back[0].Values[k], back[1].Values[k], back[2].Values[k]}); diff != "" {
						t.Errorf("%s: %s", name, diff)
					}
				}
			}
			for i, r := range rows {
				if diff := cmp.Diff(r.Geometry, back[i].Geometry); diff != "" || !lossy.noZ && back[i].Z[0] != r.Z[0] {
					t.Errorf("row %d: %s %v", i, diff, back[i].Z)
				}
			}
		})
	}
}

// packedAlike compares the packed rows with those of the GeoPackage.
func packedAlike(t *testing.T, st Stores, key string, want []geo.Feature) {
	t.Helper()
	path, err := st.Blobs.Path(key)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fgb.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, w := range want {
		r, ok := f.ByID(w.ID)
		if !ok {
			t.Errorf("row %d is not packed", w.ID)
			continue
		}
		g, err := r.Geometry()
		if diff := cmp.Diff(w.Geometry, g); diff != "" || err != nil {
			t.Errorf("row %d: %s %v", w.ID, diff, err)
		}
		for i, v := range w.Values {
			if diff := cmp.Diff(v, r.Value(i)); diff != "" {
				t.Errorf("row %d, field %d: %s", w.ID, i, diff)
			}
		}
	}
}

// TestForeign ingests what GDAL writes of the same rows.
func TestForeign(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("ogr2ogr is not installed: no oracle")
	}
	src := writeFile(t, "src.geojson", `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"nome":"Forlì","n":7,"d":"2024-02-29"},"geometry":{"type":"LineString","coordinates":[[11,46,100],[11.5,46.5,200]]}},
{"type":"Feature","properties":{"nome":"Ærø","n":null,"d":null},"geometry":{"type":"LineString","coordinates":[[12,46,1],[12.5,46.5,2]]}}]}`)
	for name, c := range map[string]struct {
		args []string
		crs  string
		want string
		text string // must be among the values
	}{
		"a.gpkg":      {nil, "", "vector other 2×LineString Z", "Forlì"},
		"a.fgb":       {nil, "", "vector other 2×LineString Z", "Ærø"},
		"a.shp":       {nil, "", "vector other 2×LineString Z", "Forlì"},
		"l1.shp":      {[]string{"-lco", "ENCODING=ISO-8859-1"}, "", "vector other 2×LineString Z", "Ærø"},
		"a.kml":       {nil, "", "vector other 2×LineString Z", "Forlì"},
		"a.kmz":       {[]string{"-f", "LIBKML"}, "", "vector other 2×LineString Z", "Ærø"},
		"a.gpx":       {[]string{"-f", "GPX", "-dsco", "GPX_USE_EXTENSIONS=YES", "-nlt", "MULTILINESTRING25D"}, "", "vector other 2×MultiLineString", ""},
		"a.dxf":       {[]string{"-f", "DXF", "-select", ""}, "EPSG:4326", "vector other 2×LineString Z", ""},
		"a.geojsonl":  {[]string{"-f", "GeoJSONSeq"}, "", "vector other 2×LineString Z", "Forlì"},
		"mapinfo.csv": {[]string{"-f", "CSV", "-lco", "GEOMETRY=NONE"}, "", "vector other 2×", "Forlì"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			if out, err := exec.Command("ogr2ogr", append(append([]string{}, c.args...), path, src)...).CombinedOutput(); err != nil {
				t.Skipf("GDAL does not write it: %v %s", err, out)
			}
			st := stores(t, t.TempDir())
			d := mustRun(t, st, Options{Dataset: "f", CRS: c.crs}, path)
			if got := summary(t, st, d); got != c.want {
				t.Errorf("got %s, want %s: %v", got, c.want, d.Version.Notices)
			}
			_, rows := rowsOf(t, st, d)
			found := c.text == ""
			for _, r := range rows {
				for _, v := range r.Values {
					s, _ := v.(string)
					found = found || strings.Contains(s, c.text)
				}
			}
			if !found {
				t.Errorf("%q is lost: %v", c.text, rows)
			}
		})
	}
}
