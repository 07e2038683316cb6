package ingest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/export"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

const threeTowns = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"pro_com_t":"001272","comune":"Torino"},"geometry":{"type":"Polygon","coordinates":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}},
{"type":"Feature","properties":{"pro_com_t":"015146","comune":"Milano"},"geometry":{"type":"Polygon","coordinates":[[[9.1,45.4],[9.2,45.4],[9.2,45.5],[9.1,45.4]]]}},
{"type":"Feature","properties":{"pro_com_t":"058091","comune":"Roma"},"geometry":{"type":"Polygon","coordinates":[[[12.4,41.8],[12.5,41.8],[12.5,41.9],[12.4,41.8]]]}}]}`

// rowsOf reads the published rows of a dataset from its GeoPackage.
func rowsOf(t *testing.T, st Stores, d catalog.Dataset) (geo.Schema, []geo.Feature) {
	t.Helper()
	path, err := st.Blobs.Path(d.Version.Vector.File)
	if err != nil {
		t.Fatal(err)
	}
	v, err := gdal.OpenVector(path, []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out []geo.Feature
	err = v.Scan(context.Background(), d.Version.Vector.Layer, func(f geo.Feature) (bool, error) {
		out = append(out, f)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.Layers()[0].Schema, out
}

// A table finds its areas by code, also when it has lost the zeros before it,
// and says what found no partner on either side.
func TestJoin(t *testing.T) {
	t.Parallel()
	for name, csv := range map[string]string{
		"text":    "codice;abitanti;nota\n001272;848885;x\n015146;1371498;\n099999;5;lost\n",
		"numbers": "codice,abitanti,nota\n1272,848885,x\n15146,1371498,\n99999,5,lost\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := stores(t, t.TempDir())
			mustRun(t, st, Options{Dataset: "comuni", Role: catalog.TerritoryRole}, writeFile(t, "comuni.geojson", threeTowns))
			d := mustRun(t, st, Options{Dataset: "people", Join: &Join{Dataset: "comuni", Key: "codice"}}, writeFile(t, "people.csv", csv))
			s, rows := rowsOf(t, st, d)
			if len(rows) != 3 || s.GeometryType != "MultiPolygon" || s.CRS != geo.WGS84 {
				t.Fatalf("%d rows of %s", len(rows), s.GeometryType)
			}
			people, nota := s.FieldIndex("abitanti"), s.FieldIndex("nota")
			if people < 0 || nota < 0 || s.FieldIndex("comune") < 0 || s.FieldIndex("codice") >= 0 {
				t.Fatalf("fields %v", s.Fields)
			}
			if rows[0].Values[people] != int64(848885) || rows[1].Values[people] != int64(1371498) || rows[2].Values[people] != nil || rows[0].Values[nota] != "x" {
				t.Errorf("%v %v %v", rows[0].Values, rows[1].Values, rows[2].Values)
			}
			for code, example := range map[string]string{"join-unmatched-rows": "99999", "join-unmatched-features": "58091"} {
				found := false
				for _, n := range d.Version.Notices {
					found = found || n.Code == code && n.Count == 1 && strings.HasSuffix(n.Examples[0], example)
				}
				if !found {
					t.Errorf("no %s: %v", code, d.Version.Notices)
				}
			}
			wantClean(t, st)
		})
	}
}

// A sheet of a real workbook finds the municipalities of a region by their
// codes; the same table as CSV, made by others, says the same.
func TestJoinSpreadsheet(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	mustRun(t, st, Options{Dataset: "molise", Role: catalog.TerritoryRole}, shareddata.Path(t, "it-boundaries/limits_R_14_municipalities.geojson"))
	join := &Join{Dataset: "molise", Key: "procom_t"}
	book := mustRun(t, st, Options{Dataset: "book", Layer: "DATI", Join: &Join{Dataset: "molise", Key: "PROCOM_T"}}, shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-elenco-classificazione-comuni.xlsx"))
	list := mustRun(t, st, Options{Dataset: "list", Join: join}, shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv"))
	read := func(d catalog.Dataset, class, people string) map[string]string {
		s, rows := rowsOf(t, st, d)
		out := map[string]string{}
		code, c, p := s.FieldIndex("com_istat_code"), s.FieldIndex(class), s.FieldIndex(people)
		if code < 0 || c < 0 || p < 0 {
			t.Fatalf("%s has %v", d.ID, s.Fields)
		}
		for _, r := range rows {
			out[fmt.Sprint(r.Values[code])] = fmt.Sprint(r.Values[c], " ", r.Values[p])
		}
		return out
	}
	// The names stand in the third row, below a title.
	a, b := read(book, "MAPPA AI 2020 DES_AI_2020", "Popolazione residente censimento 2020"), read(list, "des_ai_2020", "pop_res_2020")
	if len(a) != 136 || a["070006"] == "" {
		t.Errorf("%d municipalities: %v", len(a), a)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("the sheet says otherwise than the table: %s", diff)
	}
	if !hasNotice(book, "join-unmatched-rows") { // the rest of the country
		t.Errorf("%v", book.Version.Notices)
	}
}

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	mustRun(t, st, Options{Dataset: "comuni", Role: catalog.TerritoryRole}, writeFile(t, "comuni.geojson", threeTowns))
	for name, c := range map[string]struct {
		csv    string
		join   Join
		kind   fault.Kind
		phrase string
	}{
		"twice":     {"k,v\n001272,1\n001272,2\n", Join{"comuni", "k", ""}, fault.Invalid, "more than once"},
		"no match":  {"k,v\nA,1\n", Join{"comuni", "k", ""}, fault.Invalid, "no key of"},
		"no column": {"k,v\n001272,1\n", Join{"comuni", "z", ""}, fault.Invalid, `no column "z"`},
		"no field":  {"k,v\n001272,1\n", Join{"comuni", "k", "zz"}, fault.Invalid, `no attribute "zz"`},
		"no set":    {"k,v\n001272,1\n", Join{"regioni", "k", ""}, fault.NotExist, "no dataset regioni"},
	} {
		_, err := Run(t.Context(), st, []string{writeFile(t, "t.csv", c.csv)}, Options{Dataset: "x", Join: &c.join}, nil)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.phrase) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantClean(t, st)
}

// Views of a GeoPackage are read as tables, and every layer of it becomes a
// dataset unless one is named.
func TestLayersAndViews(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "two.gpkg")
	src := writeFile(t, "a.geojson", threeTowns)
	for _, args := range [][]string{
		{"-f", "GPKG", path, src, "-nln", "Città grandi", "-nlt", "POLYGON"},
		{"-f", "GPKG", "-update", path, src, "-nln", "towns", "-nlt", "POLYGON"},
		{"-f", "GPKG", "-update", path, src, "-nln", "nobody", "-where", "1=0"},
	} {
		if out, err := exec.Command("ogr2ogr", args...).CombinedOutput(); err != nil {
			t.Skipf("ogr2ogr: %v %s", err, out)
		}
	}
	st := stores(t, t.TempDir())
	res, err := Run(t.Context(), st, []string{path}, Options{Dataset: "it"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range res.Datasets {
		ids = append(ids, d.ID)
		if d.Version.Vector.Count != 3 || d.Version.Vector.Packed == "" {
			t.Errorf("%+v", d.Version.Vector)
		}
	}
	if strings.Join(ids, " ") != "it-citta-grandi it-towns" || res.Dataset.ID != ids[0] {
		t.Errorf("%v", ids)
	}
	if d := mustRun(t, st, Options{Dataset: "one", Layer: "towns"}, path); d.Version.Vector.Count != 3 {
		t.Errorf("%+v", d.Version.Vector)
	}
	if _, err := Run(t.Context(), st, []string{path}, Options{Dataset: "one", Append: true}, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "--layer") {
		t.Errorf("append: %v", err)
	}
	script := `import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("CREATE VIEW north AS SELECT fid, geom, comune FROM towns WHERE pro_com_t < '05'")
c.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('north', 'features', 'north', 4326)")
c.execute("INSERT INTO gpkg_geometry_columns VALUES ('north', 'geom', 'POLYGON', 4326, 0, 0)")
c.commit()`
	if out, err := exec.Command("/usr/bin/python3", "-c", script, path).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	d := mustRun(t, st, Options{Dataset: "north", Layer: "north"}, path)
	if d.Version.Vector.Count != 2 || !hasNotice(d, "views-read") {
		t.Errorf("%+v %v", d.Version.Vector, d.Version.Notices)
	}
	wantClean(t, st)
}

// A column that is named as the code is text in every role, with the zeros
// that it lost as a number; a spreadsheet's coordinates place its rows.
func TestCodeFieldOfAnyRole(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "a", Role: catalog.OtherRole, CodeField: "pro_com"}, writeFile(t, "a.csv", "pro_com,v,mark\n1272,1,19.041\n15146,2,20.100\n"))
	s, rows := rowsOf(t, st, d)
	if s.Fields[0].Type != geo.String || rows[0].Values[0] != "001272" && rows[0].Values[0] != "1272" {
		t.Errorf("%+v %v", s.Fields, rows[0].Values)
	}
	d = mustRun(t, st, Options{Dataset: "b", CodeField: "mark"}, writeFile(t, "a.csv", "pro_com,v,mark\n1272,1,19.041\n15146,2,20.100\n"))
	if _, rows = rowsOf(t, st, d); rows[0].Values[2] != "19.041" {
		t.Errorf("%v", rows[0].Values)
	}
}

func TestSpreadsheet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.xlsx")
	f, _ := export.Find("xlsx", "")
	s := geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{{Name: "codice", Type: geo.String}, {Name: "giorno", Type: geo.Date}, {Name: "n", Type: geo.Integer}}}
	_, err := export.Write(t.Context(), path, f, s, func(yield func(geo.Feature) bool) error {
		yield(geo.Feature{ID: 1, Geometry: orb.Point{11.25, 46.5}, Values: []any{"001272", "2024-02-29", int64(7)}})
		yield(geo.Feature{ID: 2, Geometry: orb.Point{11.5, 46.25}, Values: []any{"19.041", nil, nil}})
		return nil
	}, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "x"}, path)
	if got := summary(t, st, d); got != "vector other 2×Point" {
		t.Errorf("%s: %v", got, d.Version.Notices)
	}
	_, rows := rowsOf(t, st, d)
	if rows[0].Values[0] != "001272" || rows[0].Values[1] != "2024-02-29" || rows[0].Values[2] != int64(7) || rows[1].Values[0] != "19.041" || rows[1].Values[2] != nil {
		t.Errorf("%v", rows)
	}
	if !orb.Equal(rows[0].Geometry, orb.Point{11.25, 46.5}) {
		t.Errorf("%v", rows[0].Geometry)
	}
	wantClean(t, st)
}
