package stac_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/store/gpkg"
	"contado/ingest"
	"contado/ingest/stac"
	"contado/scripts/shareddata"
)

func TestByReference(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	g10, g20 := utm(500000, 5000000, 10, 1200), utm(500000, 5000000, 20, 600)
	w.file("/d/red.tif", cog(t, g10, 1))
	w.file("/d/swir.tif", cog(t, g20, 1))
	ref := w.put("/d/item.json", stacItem("S2A one", "2024-05-06T10:20:30Z", m{
		"swir16": m{
			"href": "swir.tif", "type": cogType, "roles": []string{"data"}, "eo:bands": []m{{"name": "B11", "common_name": "swir16", "center_wavelength": 1.61}},
			"raster:bands": []m{{"scale": 0.0001, "offset": -0.1, "nodata": 0}},
		},
		"red": m{
			"href": "./red.tif", "type": cogType, "roles": []string{"data"}, "eo:bands": []m{{"name": "B04", "common_name": "red", "center_wavelength": 665, "full_width_half_max": 0.038}},
			"raster:bands": []m{{"nodata": 0, "statistics": m{"minimum": 0, "maximum": 2398, "mean": 1199, "stddev": 490, "valid_percent": 99}}},
		},
		"thumbnail": m{"href": "t.png", "type": "image/png", "roles": []string{"thumbnail"}},
	}, m{"proj:epsg": 32632}))
	st := stores(t)
	d, items := mustRun(t, st, ref, stac.Options{})
	if len(items) != 1 || d.Kind != catalog.Raster || d.Role != catalog.Imagery || len(d.Version.Files) != 0 || len(d.Version.SHA256) != 64 {
		t.Fatalf("%+v %+v", d, items)
	}
	it := items[0]
	if it.ID != "S2A-one" || it.File != "" || it.Grid != g10 || *it.CloudCover != 12.5 || it.Scene.Platform != "sentinel-2a" || *it.Scene.SunElevation != 40 {
		t.Fatalf("%+v", it)
	}
	if len(it.Assets) != 2 || it.Assets[0].Key != "red" || it.Assets[0].Href != w.url+"/d/red.tif" || it.Assets[0].ETag != `"0"` || it.Assets[0].Size == 0 || it.Assets[1].Grid != g20 {
		t.Fatalf("%+v", it.Assets)
	}
	red, swir := it.Bands[0], it.Bands[1]
	if red.Name != "red" || red.CommonName != "red" || red.Wavelength != 0.665 || red.DataType != "uint16" || red.Max != 2398 || red.Mean != 1199 || red.Asset != 0 {
		t.Errorf("%+v", red)
	}
	if swir.Name != "swir16" || swir.Quantity != catalog.Reflectance || swir.Scale != 0.0001 || swir.Offset != -0.1 || swir.Asset != 1 || swir.Nodata == nil {
		t.Errorf("%+v", swir)
	}
	if swir.Min < -0.1 || swir.Max > 0.02 || swir.P98 <= swir.P02 || swir.ValidPercent < 99 {
		t.Errorf("statistics %+v", swir)
	}
	if notice(d, "metadata-wrong") != nil || notice(d, "item-left-out") != nil {
		t.Errorf("%+v", d.Version.Notices)
	}
	// The pool reads it through the name that the atlas gives.
	a, err := atlas.Open(t.Context(), atlas.Stores{Catalog: st.Catalog, Features: gpkg.New(), Blobs: st.Blobs})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	pool := gdal.NewPool(nil)
	defer pool.Close()
	read := func(n int) (*grid.Block, error) {
		as, no := it.Locate(n)
		name, err := a.Locate(as)
		if err != nil {
			t.Fatal(err)
		}
		var b *grid.Block
		err = pool.With(t.Context(), name, func(r *gdal.Raster) (err error) {
			b, err = r.Read([]int{no}, grid.Window{Col: 400, Row: 100, Width: 2, Height: 2}, 2, 2, grid.Nearest)
			return err
		})
		return b, err
	}
	b, err := read(1)
	if err != nil || b.Bands[0][3] != 502 {
		t.Fatal(b, err)
	}
	if b, err = read(2); err != nil || math.Abs(float64(b.Bands[0][0])-(500*0.0001-0.1)) > 1e-6 {
		t.Fatal(b, err)
	}
	// Another file at the same address is an error, not other cells.
	w.etag.Store(7)
	pool.Close()
	pool = gdal.NewPool(nil)
	if err := stac.Serve(client(), 0); err != nil { // forgets what was read
		t.Fatal(err)
	}
	if _, err = read(1); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "changed") {
		t.Fatalf("a changed file: %v (%v)", err, fault.KindOf(err))
	}
}

func TestByCopyIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	g := utm(600000, 5000000, 10, 700)
	local := cog(t, g, 2)
	w.file("/two.tif", local)
	data, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	item := func(checksum string) string {
		return w.put("/item"+checksum[:8]+".json", stacItem("scene", "2024-05-06T10:20:30Z", m{"data": m{
			"href": w.url + "/two.tif", "type": "image/tiff; application=geotiff", "file:checksum": "1220" + checksum, "file:size": len(data),
			"eo:bands":     []m{{"name": "B3", "common_name": "green", "center_wavelength": 0.56}, {"name": "B4", "common_name": "red"}},
			"raster:bands": []m{{"nodata": 0}, {"nodata": 0}},
		}}))
	}
	var got [2]catalog.Item
	for i, mode := range []stac.Mode{stac.Reference, stac.Copy} {
		_, items := mustRun(t, stores(t), item(hex.EncodeToString(sum[:])), stac.Options{Mode: mode})
		got[i] = items[0]
	}
	a, b := got[0], got[1]
	if b.File == "" || a.Datetime == nil || !a.Datetime.Equal(*b.Datetime) || a.BBox != b.BBox || !reflect.DeepEqual(a.Footprint, b.Footprint) || a.Grid != b.Grid || a.ID != b.ID {
		t.Errorf("reference %+v\ncopy %+v", a, b)
	}
	for i := range a.Bands {
		x, y := a.Bands[i], b.Bands[i]
		if x.Name != y.Name || x.CommonName != y.CommonName || x.Wavelength != y.Wavelength || x.DataType != y.DataType || *x.Nodata != *y.Nodata || math.Abs(x.Mean-y.Mean) > y.StdDev/20 {
			t.Errorf("band %d: reference %+v\ncopy %+v", i, x, y)
		}
	}
	_, _, err = run(t, stores(t), item(strings.Repeat("00", 32)), stac.Options{Mode: stac.Copy})
	wantFault(t, err, fault.Invalid, "SHA-256")
}

func TestFilesThatMustBeCopied(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	big := utm(500000, 5000000, 10, 2500)
	w.file("/rows.tif", cog(t, big, 1, "-co", "COMPRESS=DEFLATE"))
	w.file("/tiled.tif", cog(t, big, 1, "-co", "TILED=YES", "-co", "COMPRESS=DEFLATE"))
	w.put("/text.tif", []byte("no raster at all"))
	w.hook = func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/whole.tif" {
			_, _ = rw.Write([]byte("II*\x00 and more"))
			return true
		}
		return false
	}
	for name, words := range map[string]string{"rows": "rows of 2500", "tiled": "overviews", "whole": "parts of files", "text": "not recognized", "gone": "404"} {
		ref := w.put("/"+name+".json", stacItem(name, "2024-05-06T10:20:30Z", m{"data": m{"href": name + ".tif", "type": cogType}}))
		_, _, err := run(t, stores(t), ref, stac.Options{})
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "/vsi") {
			t.Errorf("%s: %v", name, err)
		}
		if (name == "rows" || name == "tiled" || name == "whole") && !strings.Contains(err.Error(), "copy") {
			t.Errorf("%s: no hint: %v", name, err)
		}
	}
	_, items := mustRun(t, stores(t), w.url+"/rows.json", stac.Options{Mode: stac.Copy})
	if items[0].Overviews == 0 {
		t.Error("the copy has no overviews")
	}
}

func TestCatalogueOfFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(rel string, v any) {
		data, ok := v.([]byte)
		if !ok {
			var err error
			if data, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(root, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tif, err := os.ReadFile(cog(t, utm(500000, 5000000, 10, 300), 1))
	if err != nil {
		t.Fatal(err)
	}
	write("outside.tif", tif)
	write("cat/a/one.tif", tif)
	write("cat/a/two files.tif", tif)
	link := func(rel, href string) m { return m{"rel": rel, "href": href} }
	write("cat/catalog.json", m{
		"type": "Catalog", "stac_version": "1.0.0", "id": "root", "title": "All of it", "description": "d", "license": "CC-BY-4.0",
		"links": []m{link("root", "./catalog.json"), link("self", "https://example.org/catalog.json"), link("child", "a/collection.json"), link("child", "missing.json"), link("child", "./catalog.json")},
	})
	write("cat/a/collection.json", m{
		"type": "Collection", "stac_version": "1.0.0", "id": "a", "extent": m{}, "license": "x",
		"links": []m{link("parent", "../catalog.json"), link("item", "one.json"), link("item", "two.json"), link("item", "outside.json"), link("item", "broken.json"), link("item", "old.json")},
	})
	asset := func(href string) m { return m{"data": m{"href": href, "type": cogType, "roles": []string{"data"}}} }
	write("cat/a/one.json", stacItem("one", "2024-01-01T00:00:00Z", asset("./one.tif")))
	write("cat/a/two.json", stacItem("two", "2024-02-01T00:00:00Z", asset("two%20files.tif")))
	write("cat/a/outside.json", stacItem("outside", "2024-02-01T00:00:00Z", asset("../../outside.tif")))
	write("cat/a/broken.json", []byte(`{"type":`))
	before := stacItem("old", "2023-02-01T00:00:00Z", asset("one.tif"))
	before["stac_version"] = "0.9.0"
	write("cat/a/old.json", before)
	for _, ref := range []string{filepath.Join(root, "cat"), filepath.Join(root, "cat", "catalog.json")} {
		d, items := mustRun(t, stores(t), ref, stac.Options{})
		if len(items) != 3 || d.Title != "All of it" || d.License != "CC-BY-4.0" {
			t.Fatalf("%d items, %+v", len(items), d)
		}
		n := notice(d, "item-left-out")
		if n == nil || n.Count != 3 || notice(d, "stac-version") == nil {
			t.Fatalf("%+v", d.Version.Notices)
		}
		if all := strings.Join(n.Examples, "; "); !strings.Contains(all, "outside the folder") || !strings.Contains(all, "missing.json") || !strings.Contains(all, "JSON") {
			t.Errorf("%s", all)
		}
		if items[0].File == "" {
			t.Errorf("%+v", items[0])
		}
	}
	d, items := mustRun(t, stores(t), filepath.Join(root, "cat"), stac.Options{AllowOutside: true, Interval: "2024-01-15/.."})
	if len(items) != 2 {
		t.Errorf("%d items: %+v", len(items), d.Version.Notices)
	}
	d, items = mustRun(t, stores(t), filepath.Join(root, "cat"), stac.Options{Limit: 2})
	if len(items) != 2 || notice(d, "more-items") == nil {
		t.Errorf("%d items: %+v", len(items), d.Version.Notices)
	}
	_, _, err = run(t, stores(t), filepath.Join(root, "cat", "a", "outside.json"), stac.Options{})
	wantFault(t, err, fault.Invalid, "outside the folder")
	_, _, err = run(t, stores(t), filepath.Join(root, "cat"), stac.Options{Interval: "2030-01-01"})
	wantFault(t, err, fault.Invalid, "no item of catalog.json")
	_, _, err = run(t, stores(t), filepath.Join(root, "nothing.json"), stac.Options{})
	wantFault(t, err, fault.NotExist, "no such file")
}

// search serves n items in pages of 3 by GET, or by POST, and says how many.
func search(t *testing.T, w *web, n int, post bool, loop bool) {
	t.Helper()
	w.file("/one.tif", cog(t, utm(500000, 5000000, 10, 300), 1))
	page := func(from int) m {
		features := []m{}
		for i := from; i < min(from+3, n); i++ {
			features = append(features, stacItem(fmt.Sprintf("i%02d", i), "2024-01-01T00:00:00Z", m{"data": m{"href": w.url + "/one.tif", "type": cogType}}))
		}
		links := []m{}
		if next := from + 3; next < n || loop {
			if loop {
				next = 0
			}
			l := m{"rel": "next", "href": fmt.Sprintf("%s/search?token=%d", w.url, next)}
			if post {
				l = m{"rel": "next", "href": w.url + "/search", "method": "POST", "merge": true, "body": m{"token": fmt.Sprint(next)}}
			}
			links = append(links, l)
		}
		return m{"type": "FeatureCollection", "features": features, "links": links}
	}
	w.hook = func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/search" {
			return false
		}
		token := r.URL.Query().Get("token")
		if r.Method == http.MethodPost {
			b, _ := io.ReadAll(r.Body)
			var body struct{ Token string }
			if err := json.Unmarshal(b, &body); err != nil {
				t.Error(err)
			}
			token = body.Token
		}
		from := 0
		_, _ = fmt.Sscan(token, &from)
		rw.Header().Set("Content-Type", "application/geo+json")
		_ = json.NewEncoder(rw).Encode(page(from))
		return true
	}
}

func TestSearchPaging(t *testing.T) {
	t.Parallel()
	for _, post := range []bool{false, true} {
		t.Run(fmt.Sprint("post ", post), func(t *testing.T) {
			t.Parallel()
			w := newWeb(t)
			search(t, w, 8, post, false)
			d, items := mustRun(t, stores(t), w.url+"/search?collections=x", stac.Options{BBox: &geo.BBox{MinX: 8, MinY: 44, MaxX: 10, MaxY: 46}, Interval: "2024-01-01/2024-12-31"})
			if len(items) != 8 || notice(d, "more-items") != nil {
				t.Fatalf("%d items, %+v", len(items), d.Version.Notices)
			}
			if q := w.log[0]; !strings.Contains(q, "bbox=8%2C44%2C10%2C46") || !strings.Contains(q, "datetime=2024-01-01") || !strings.Contains(q, "collections=x") {
				t.Error(q)
			}
			for _, limit := range []int{3, 4} {
				d, items = mustRun(t, stores(t), w.url+"/search", stac.Options{Limit: limit})
				if n := notice(d, "more-items"); len(items) != limit || n == nil || !strings.Contains(n.Message, fmt.Sprint(limit)) {
					t.Fatalf("%d items, %+v", len(items), d.Version.Notices)
				}
			}
			if d, items = mustRun(t, stores(t), w.url+"/search", stac.Options{Limit: 8}); len(items) != 8 || notice(d, "more-items") != nil {
				t.Fatalf("exactly the limit: %d items, %+v", len(items), d.Version.Notices)
			}
		})
	}
	t.Run("loop", func(t *testing.T) {
		t.Parallel()
		w := newWeb(t)
		search(t, w, 3, false, true)
		d, items := mustRun(t, stores(t), w.url+"/search", stac.Options{})
		if len(items) != 3 || notice(d, "paging-loop") == nil {
			t.Fatalf("%d items, %+v", len(items), d.Version.Notices)
		}
	})
}

func TestLandingPageAndCollectionOfAnAPI(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	search(t, w, 2, false, false)
	root := w.put("/", m{"type": "Catalog", "stac_version": "1.0.0", "id": "api", "title": "The API", "conformsTo": []string{}, "links": []m{
		{"rel": "search", "href": w.url + "/search", "method": "POST"}, {"rel": "search", "href": "/search", "method": "GET"}, {"rel": "child", "href": "/collections/x"},
	}})
	col := w.put("/collections/x", m{"type": "Collection", "stac_version": "1.0.0", "id": "x", "extent": m{}, "providers": []m{{"name": "ESA"}}, "links": []m{{"rel": "items", "href": "/search"}}})
	for _, ref := range []string{root, col} {
		if _, items := mustRun(t, stores(t), ref, stac.Options{}); len(items) != 2 {
			t.Errorf("%s: %d items", ref, len(items))
		}
	}
}

func TestAppendAndReplace(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.file("/one.tif", cog(t, utm(500000, 5000000, 10, 300), 1))
	ref := func(id string) string {
		return w.put("/"+id+".json", stacItem(id, "2024-05-06T10:20:30Z", m{"data": m{"href": "one.tif", "type": cogType}}))
	}
	st := stores(t)
	mustRun(t, st, ref("a"), stac.Options{})
	_, _, err := run(t, st, ref("b"), stac.Options{})
	wantFault(t, err, fault.Exist, "there already")
	o := stac.Options{Options: ingest.Options{Append: true}}
	if _, items := mustRun(t, st, ref("b"), o); len(items) != 2 {
		t.Fatalf("%d items", len(items))
	}
	o.Mode = stac.Copy
	d, items := mustRun(t, st, ref("a"), o)
	if len(items) != 2 || items[0].File == "" || notice(d, "item-replaced") == nil || d.Version.Number != 3 {
		t.Fatalf("%+v %+v", d, items)
	}
	o.Mode = stac.Reference
	d, items = mustRun(t, st, ref("a"), o)
	if len(items) != 2 || items[0].File != "" || len(d.Version.Files) != 0 {
		t.Fatalf("%+v %+v", d, items)
	}
	f, err := ingest.Doctor(t.Context(), st, ingest.DoctorOptions{Deep: true})
	if err != nil || !f.Healthy() {
		t.Errorf("%+v %v", f, err)
	}
}

func TestWrongClaims(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.file("/one.tif", cog(t, utm(500000, 5000000, 10, 300), 1))
	for name, claim := range map[string]any{
		"text": m{"minimum": "0", "maximum": "1"}, "too narrow": m{"minimum": 0, "maximum": 10, "mean": 5}, "too wide": m{"minimum": -1e9, "maximum": 1e9},
		"upside down": m{"minimum": 700, "maximum": 0}, "mean outside": m{"minimum": 0, "maximum": 598, "mean": 5000},
	} {
		ref := w.put("/item.json", stacItem("x", "2024-05-06T10:20:30Z", m{"data": m{"href": "one.tif", "type": cogType, "raster:bands": []m{{"data_type": "uint16", "statistics": claim}}}}, m{"proj:epsg": 32633}))
		d, items := mustRun(t, stores(t), ref, stac.Options{})
		b := items[0].Bands[0]
		if n := notice(d, "metadata-wrong"); n == nil || n.Count != 2 || b.Min < 0 || b.Max > 598 || b.Max < 500 || math.Abs(b.Mean-299) > 10 {
			t.Errorf("%s: %+v %+v", name, n, b)
		}
		if items[0].Grid.CRS != "EPSG:32632" {
			t.Error(items[0].Grid.CRS)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.file("/one.tif", cog(t, utm(500000, 5000000, 10, 300), 1))
	item := stacItem("x", "", m{"data": m{"href": "one.tif", "type": cogType}}, m{"datetime": nil, "start_datetime": "2024-05-01T00:00:00Z", "end_datetime": "2024-05-31T00:00:00Z"})
	ref := w.put("/item.json", item)
	for in, want := range map[string]bool{
		"": true, "2024-05-10": true, "2024-05-31/..": true, "../2024-04-30": false, "../2024-05-01": true, "2024-06-01/2024-07-01": false,
	} {
		d, items, err := run(t, stores(t), ref, stac.Options{Interval: in})
		if (err == nil) != want {
			t.Errorf("%q: %v", in, err)
		} else if want && (!items[0].Datetime.Equal(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)) || notice(d, "time-range") == nil) {
			t.Errorf("%+v %+v", items[0].Datetime, d.Version.Notices)
		}
	}
	for _, in := range []string{"soon", "2024-05-02/2024-05-01", "a/b/c"} {
		_, _, err := run(t, stores(t), ref, stac.Options{Interval: in})
		wantFault(t, err, fault.Invalid, "interval"[:0])
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.file("/one.tif", cog(t, utm(500000, 5000000, 10, 300), 1))
	w.file("/other.tif", cog(t, grid.Grid{CRS: "EPSG:4326", Transform: grid.Transform{9, 0.001, 0, 45, 0, -0.001}, Width: 300, Height: 300}, 1))
	one := m{"href": "one.tif", "type": cogType}
	for name, tc := range map[string]struct {
		doc   any
		o     stac.Options
		words string
	}{
		"list":          {[]int{1}, stac.Options{}, "no JSON object"},
		"geojson":       {m{"type": "Point"}, stac.Options{}, "no STAC document"},
		"no id":         {m{"type": "Feature", "properties": m{}}, stac.Options{}, "no id"},
		"no assets":     {stacItem("x", "2024-01-01T00:00:00Z", m{}), stac.Options{}, "none of its assets"},
		"no such asset": {stacItem("x", "2024-01-01T00:00:00Z", m{"a": one}), stac.Options{Assets: []string{"b"}}, "its assets: a"},
		"bucket":        {stacItem("x", "2024-01-01T00:00:00Z", m{"a": m{"href": "s3://b/k.tif", "type": cogType}}), stac.Options{}, "https address"},
		"local file":    {stacItem("x", "2024-01-01T00:00:00Z", m{"a": m{"href": "file:///etc/passwd", "type": cogType}}), stac.Options{}, "only http"},
		"two systems":   {stacItem("x", "2024-01-01T00:00:00Z", m{"a": one, "b": m{"href": "other.tif", "type": cogType}}), stac.Options{}, "different reference systems"},
		"many scales":   {stacItem("x", "2024-01-01T00:00:00Z", m{"a": m{"href": "one.tif", "type": cogType, "raster:bands": []m{{"scale": 2}, {"scale": 3}}}}), stac.Options{}, "copy"},
		"cloudy":        {stacItem("x", "2024-01-01T00:00:00Z", m{"a": one}), stac.Options{CloudCover: new(float64)}, "no item that passes"},
		"elsewhere":     {stacItem("x", "2024-01-01T00:00:00Z", m{"a": one}), stac.Options{BBox: &geo.BBox{MinX: -10, MinY: 0, MaxX: 0, MaxY: 10}}, "no item that passes"},
		"mode":          {stacItem("x", "2024-01-01T00:00:00Z", m{"a": one}), stac.Options{Mode: "steal"}, "reference or copy"},
	} {
		ref := w.put("/doc.json", tc.doc)
		if _, _, err := run(t, stores(t), ref, tc.o); err == nil || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := run(t, stores(t), "ftp://example.org/x", stac.Options{})
	wantFault(t, err, fault.Unsupported, "http")
	c := stac.Options{}
	res, err := stac.Run(t.Context(), stores(t), w.url+"/doc.json", c, nil)
	if err == nil {
		t.Errorf("the default client reads this machine: %+v", res)
	}
}

// The examples of the specification and of rio-tiler: their files are not
// there, but all that they say is read, and why nothing could be taken.
func TestExamples(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "stac")
	var files []string
	err := filepath.Walk(dir, func(p string, i os.FileInfo, err error) error {
		if err == nil && strings.HasSuffix(p, ".json") {
			files = append(files, p)
		}
		return err
	})
	if err != nil || len(files) < 15 {
		t.Fatal(len(files), err)
	}
	tif, err := os.ReadFile(cog(t, utm(500000, 5000000, 10, 300), 3))
	if err != nil {
		t.Fatal(err)
	}
	w := newWeb(t)
	w.hook = func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, ".tif") {
			rw.Header().Set("ETag", `"x"`)
			http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(tif))
			return true
		}
		return false
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"http://somewhere-over-the-rainbow.io", "https://storage.googleapis.com", "http://cool-sat.com", "https://landsat-pds.s3.amazonaws.com"} {
			data = bytes.ReplaceAll(data, []byte(host), []byte(w.url))
		}
		rel, _ := filepath.Rel(dir, f)
		ref := w.put("/"+rel, data)
		if strings.HasSuffix(f, "catalog.json") || strings.Contains(f, "collection") || strings.Contains(f, "wrong_stats") {
			continue
		}
		d, items, err := run(t, stores(t), ref, stac.Options{})
		if err != nil {
			if !strings.Contains(err.Error(), "none of its assets") {
				t.Errorf("%s: %v", rel, err)
			}
			continue
		}
		t.Log(rel, len(items[0].Bands), "bands", notices(d))
	}
	d, items := mustRun(t, stores(t), w.url+"/stac-spec-examples/catalog.json", stac.Options{})
	if len(items) == 0 {
		t.Errorf("%+v", d.Version.Notices)
	}
	t.Log(len(items), notices(d))
}

func notices(d catalog.Dataset) string {
	var out []string
	for _, n := range d.Version.Notices {
		out = append(out, fmt.Sprintf("%s ×%d %v", n.Code, n.Count, n.Examples))
	}
	return strings.Join(out, "; ")
}
