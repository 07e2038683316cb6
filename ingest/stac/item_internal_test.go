package stac

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/store/catalog"
)

func mustParse(t *testing.T, doc string) *item {
	t.Helper()
	o, ok := parseObject([]byte(doc))
	if !ok {
		t.Fatal("no object")
	}
	u, err := url.Parse("https://example.org/a/item.json")
	if err != nil {
		t.Fatal(err)
	}
	it, err := parseItem(o, place{url: u})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestVersionsSayTheSame(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"0.9 with indices": `{"type":"Feature","id":"x","properties":{"datetime":"2020-01-01T00:00:00Z","eo:epsg":32632,"eo:cloud_cover":5,"eo:bands":[{"name":"B1","common_name":"blue"},{"name":"B4","common_name":"red","center_wavelength":0.665}]},
			"assets":{"a":{"href":"a.tif","eo:bands":[1]}}}`,
		"1.0": `{"type":"Feature","stac_version":"1.0.0","id":"x","properties":{"datetime":"2020-01-01T00:00:00Z","proj:epsg":32632,"eo:cloud_cover":5},
			"assets":{"a":{"href":"a.tif","eo:bands":[{"name":"B4","common_name":"red","center_wavelength":0.665}]}}}`,
		"1.1": `{"type":"Feature","stac_version":"1.1.0","id":"x","properties":{"datetime":"2020-01-01T00:00:00Z","proj:code":"EPSG:32632","eo:cloud_cover":5},
			"assets":{"a":{"href":"a.tif","bands":[{"name":"B4","eo:common_name":"red","eo:center_wavelength":0.665}]}}}`,
	} {
		it := mustParse(t, doc)
		b := it.assets[0].bands
		if it.epsg != "EPSG:32632" || *it.cloud != 5 || it.time.Year() != 2020 || len(b) != 1 || b[0].Name != "B4" || b[0].CommonName != "red" || b[0].Wavelength != 0.665 || b[0].Scale != 1 {
			t.Errorf("%s: %+v %+v", name, it, b)
		}
	}
}

func TestWrongTypesSpoilNothing(t *testing.T) {
	t.Parallel()
	it := mustParse(t, `{"type":"Feature","id":"x","bbox":["a",2,3,4],"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,4],[1,2]]]},
		"properties":{"datetime":5,"eo:cloud_cover":"much","view:sun_azimuth":1e9,"platform":["x"],"instruments":"msi","sat:relative_orbit":1.5,"proj:epsg":"x"},
		"assets":{"a":5,"b":{"href":7},"c":{"href":"c.tif","roles":"data","eo:bands":{"x":1},"raster:bands":[5,{"scale":0,"nodata":"nan","statistics":[]}],"file:size":-1,"classification:classes":[{"value":"1"},{"value":2,"title":"two","color_hint":"#FF00aa"}]}}}`)
	if it.time != nil || it.cloud != nil || it.scene.SunAzimuth != nil || it.scene.Platform != "" || it.scene.RelativeOrbit != nil || it.epsg != "" || *it.box != (geo.BBox{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}) {
		t.Errorf("%+v", it)
	}
	if len(it.assets) != 1 || it.assets[0].size != 0 || len(it.assets[0].bands) != 1 {
		t.Fatalf("%+v", it.assets)
	}
	b := it.assets[0].bands[0]
	if b.Scale != 1 || b.scaled || !b.NaN || !slices.Equal(b.Classes, []catalog.Class{{Value: 2, Name: "two", Color: "#ff00aa"}}) || b.Quantity != catalog.Classes {
		t.Errorf("%+v", b)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	const cog, jp2 = "image/tiff; application=geotiff; profile=cloud-optimized", "image/jp2"
	for name, tc := range map[string]struct {
		assets []*asset
		want   string
	}{
		"data before pictures": {[]*asset{{key: "visual", typ: cog, roles: []string{"visual"}}, {key: "red", typ: cog, roles: []string{"data"}}}, "red"},
		"no JPEG 2000 twice":   {[]*asset{{key: "red", typ: cog}, {key: "red-jp2", typ: jp2}}, "red"},
		"JPEG 2000 alone":      {[]*asset{{key: "red", typ: jp2}, {key: "t", typ: "image/png"}}, "red"},
		"a picture alone":      {[]*asset{{key: "visual", typ: cog, roles: []string{"visual"}}, {key: "overview", typ: cog, roles: []string{"overview"}}}, "visual"},
		"by the name":          {[]*asset{{key: "a", href: "https://x/y.TIF?z"}, {key: "b", href: "c.json"}}, "a"},
		"nothing":              {[]*asset{{key: "a", typ: "image/png"}, {key: "t", typ: cog, roles: []string{"thumbnail"}}}, ""},
	} {
		if got := keysOf(pick(tc.assets)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("https://example.org/a/b.json?x=1")
	if err != nil {
		t.Fatal(err)
	}
	for href, want := range map[string]string{
		"c.tif": "https://example.org/a/c.tif", "../c.tif": "https://example.org/c.tif", "/c.tif": "https://example.org/c.tif", "//other.org/c.tif": "https://other.org/c.tif",
		"https://other.org/c.tif?sig=1": "https://other.org/c.tif?sig=1", "file:///etc/passwd": "", "s3://b/k": "", "": "", "https://u:p@x.org/": "", "javascript:1": "",
	} {
		got, err := place{url: u}.resolve(href)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %v %v", href, got, err)
		}
	}
	for href, want := range map[string]string{
		"c.tif": "/data/a/c.tif", "../c.tif": "/data/c.tif", "/etc/passwd": "/etc/passwd", "https://x.org/c.tif": "https://x.org/c.tif", "file:///etc/passwd": "", "a%20b.tif": "/data/a/a b.tif",
	} {
		got, err := place{path: "/data/a/b.json"}.resolve(href)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %v %v", href, got, err)
		}
	}
}

func FuzzItem(f *testing.F) {
	for _, glob := range []string{"rio-tiler/*.json", "stac-spec-examples/*.json"} {
		paths, _ := filepath.Glob(filepath.Join("../../../shared/data/stac", glob))
		for _, p := range paths {
			if b, err := os.ReadFile(p); err == nil && len(b) < 20_000 {
				f.Add(b)
			}
		}
	}
	f.Add([]byte(`{"type":"Feature","id":"x","properties":{"datetime":null},"assets":{"a":{"href":"a.tif","eo:bands":[0,-1,1e9],"raster:bands":[{"scale":1e-400}]}},"links":[{"rel":"next","href":"?","body":{"a":1},"merge":true,"method":"post"}]}`))
	u, err := url.Parse("https://example.org/a/item.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, ok := parseObject(data)
		if !ok {
			return
		}
		at := place{url: u}
		kindOf(o)
		datasetOf(o)
		for _, l := range linksOf(o) {
			if r, err := follow(request{method: "POST", at: at, body: data}, at, l); err == nil && r.at.url == nil {
				t.Fatalf("%q leads to a file", l.href)
			}
		}
		it, err := parseItem(o, at)
		if err != nil {
			return
		}
		g := &gatherer{}
		assets, err := g.choose(it)
		if err != nil {
			return
		}
		for _, a := range assets {
			if a.at.url == nil {
				t.Fatalf("asset %q of the network is a file: %+v", a.key, a.at)
			}
			if c, err := a.cells(); err == nil && c != nil && c.Scale == 0 {
				t.Fatalf("%+v", c)
			}
		}
		_ = it.when(g)
		if id := itemID(it.id); id == "" || len(id) > 100 {
			t.Fatalf("id %q", id)
		}
	})
}
