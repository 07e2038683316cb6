package api_test

import (
	"bytes"
	"compress/gzip"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"

	"contado/api/apitest"
	"contado/api/xyz"
	"contado/geo/fault"
	"contado/tiles/tms"
)

func decode(t *testing.T, r *apitest.Response) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(r.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// middle is the tile at a zoom that holds the middle of the plain.
func middle(z int) string {
	p := tms.AtLonLat(z, 9, 46.05)
	return strconv.Itoa(z) + "/" + strconv.Itoa(p.X) + "/" + strconv.Itoa(p.Y)
}

func TestRasterTile(t *testing.T) {
	t.Parallel()
	path := "/xyz/elevation/" + middle(13)
	r := ask.Get(t, path+".png?rescale=200,300&colormap=viridis")
	if got := r.Header(); got.Get("X-Contado-Complete") != "true" || got.Get("X-Contado-Items") != "1" || got.Get("Cache-Control") != "no-cache" || got.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", got)
	}
	if b := decode(t, r).Bounds(); b.Dx() != 256 {
		t.Errorf("size %v", b)
	}
	for _, double := range []string{path + "@2x.png", path + ".png?size=512"} {
		if b := decode(t, ask.Get(t, double)).Bounds(); b.Dx() != 512 {
			t.Errorf("%s: size %v", double, b)
		}
	}
	ask.Do(t, apitest.Request{Path: path + "@2x.png?size=256"}).Want(http.StatusBadRequest)
	far := ask.Get(t, "/xyz/elevation/3/0/0.png")
	if far.Header().Get("X-Contado-Items") != "0" {
		t.Errorf("far away: %v", far.Header())
	}
	if _, _, _, a := decode(t, far).At(100, 100).RGBA(); a != 0 {
		t.Error("far away something is drawn")
	}
}

// An item, or a time that selects it, draws what it holds and nothing else;
// what is kept for one is not given for the other.
func TestItemAndDatetimeOfTiles(t *testing.T) {
	t.Parallel()
	var all struct{ Features []struct{ ID string } }
	ask.JSON(t, "/collections/scenes/items", &all)
	path := "/xyz/scenes/" + middle(13) + ".png?bands=B04,B03,B02"
	tags := map[string]string{}
	for _, more := range []string{"", "&item=" + all.Features[0].ID, "&item=" + all.Features[1].ID, "&datetime=2024-05-01", "&datetime=2024-05-01/P1D", "&datetime=2030-01-01"} {
		r := ask.Get(t, path+more)
		tag := r.Header().Get("ETag")
		for other, same := range tags {
			if same == tag {
				t.Errorf("%q and %q have one validator", more, other)
			}
		}
		tags[more] = tag
		want := "1"
		if strings.Contains(more, "2030") {
			want = "0"
		}
		if got := r.Header().Get("X-Contado-Items"); got != want {
			t.Errorf("%q: %s items, want %s", more, got, want)
		}
	}
	ask.Do(t, apitest.Request{Path: path + "&item=unheard"}).Want(http.StatusNotFound)
	ask.Do(t, apitest.Request{Path: path + "&datetime=sometime"}).Want(http.StatusBadRequest)
}

func TestVectorTile(t *testing.T) {
	t.Parallel()
	path := "/xyz/sites/" + middle(10) + ".mvt"
	plain := ask.Get(t, path)
	zipped := ask.Get(t, path, "Accept-Encoding", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("ETag") == plain.Header().Get("ETag") {
		t.Errorf("plain %v\nzipped %v", plain.Header(), zipped.Header())
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(b, plain.Body.Bytes()) {
		t.Errorf("zipped once it holds other bytes: %v", err)
	}
	layers, err := mvt.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range layers {
		if l.Name == "sites" {
			n = len(l.Features)
		}
	}
	if n != apitest.Sites-1 {
		t.Errorf("%d sites in the tile, want %d", n, apitest.Sites-1)
	}
	if only := ask.Get(t, path+"?properties=number"); only.Body.Len() >= plain.Body.Len() {
		t.Error("with one attribute the tile is no smaller")
	}
	ask.Do(t, apitest.Request{Path: path + "?properties=unheard"}).Want(http.StatusBadRequest)
	empty := ask.Do(t, apitest.Request{Path: "/xyz/sites/5/0/0.mvt"}).Want(http.StatusNoContent)
	if empty.Header().Get("ETag") == "" {
		t.Error("an empty tile has no validator")
	}
}

// The addresses in TileJSON can be kept for ever, and say what was asked for.
func TestTileJSON(t *testing.T) {
	t.Parallel()
	var j struct {
		Tiles   []string
		Bounds  []float64
		MaxZoom int
		Layers  []struct{ ID string } `json:"vector_layers"`
	}
	ask.JSON(t, "/xyz/scenes.json?bands=B04,B03,B02&rescale=0,2000", &j)
	if len(j.Tiles) != 1 || !strings.HasPrefix(j.Tiles[0], "http://example.com/xyz/scenes/{z}/{x}/{y}.png?") || !strings.Contains(j.Tiles[0], "rescale=0%2C2000") {
		t.Fatalf("tiles %q", j.Tiles)
	}
	address := strings.TrimPrefix(j.Tiles[0], "http://example.com")
	address = strings.Replace(address, "{z}/{x}/{y}", middle(13), 1)
	if got := ask.Get(t, address).Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control %q", got)
	}
	old := ask.Get(t, "/xyz/scenes/"+middle(13)+".png?bands=B04,B03,B02&v=1-000000")
	if got := old.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("with an old stamp: Cache-Control %q", got)
	}
	ask.JSON(t, "/xyz/sites.json", &j)
	if len(j.Layers) != 1 || j.Layers[0].ID != "sites" {
		t.Errorf("layers %v", j.Layers)
	}
}

func TestStylesAndLegends(t *testing.T) {
	t.Parallel()
	var s struct {
		Sources map[string]struct{ Type, URL string }
		Layers  []struct {
			ID, Source string
			Layout     map[string]any
		}
		Center []float64
		Zoom   float64
	}
	ask.JSON(t, "/styles/map", &s)
	if len(s.Sources) != 12 || len(s.Center) != 2 { // of them three with names of polygons
		t.Errorf("%d sources, centre %v", len(s.Sources), s.Center)
	}
	ids, rasters := map[string]bool{}, 0
	for _, l := range s.Layers {
		if ids[l.ID] {
			t.Errorf("two layers %s", l.ID)
		}
		ids[l.ID] = true
		if src := s.Sources[l.Source]; src.Type == "raster" && l.Layout["visibility"] != "none" {
			rasters++
		}
	}
	if rasters != 1 || s.Layers[0].ID != "background" {
		t.Errorf("%d rasters are visible", rasters)
	}
	for id, src := range s.Sources {
		var j struct{ Tiles []string }
		ask.JSON(t, strings.TrimPrefix(src.URL, "http://example.com"), &j)
		id, inside := strings.CutSuffix(id, ":labels")
		if len(j.Tiles) != 1 || !strings.Contains(j.Tiles[0], "/xyz/"+id+"/") || strings.Contains(j.Tiles[0], "labels=true") != inside {
			t.Errorf("source %s: %v", id, j.Tiles)
		}
	}
	var plain struct{ Layers []struct{ Type string } }
	ask.JSON(t, "/styles/municipalities?labels=false", &plain)
	for _, l := range plain.Layers {
		if l.Type == "symbol" {
			t.Error("labels=false has names")
		}
	}
	ask.Do(t, apitest.Request{Path: "/styles/map?labels=some"}).Want(http.StatusBadRequest)
	ask.JSON(t, "/styles/elevation", &s)
	if len(s.Center) != 2 || s.Zoom < 9 || s.Zoom > 14 {
		t.Errorf("elevation: centre %v, zoom %g", s.Center, s.Zoom)
	}
	var l struct {
		Title   string
		Entries []struct {
			Label, Color, Kind string
			Stops              []struct{ Value float64 }
		}
	}
	ask.JSON(t, "/legend/elevation?rescale=100,200", &l)
	if len(l.Entries) != 1 || l.Entries[0].Kind != "ramp" || l.Entries[0].Stops[0].Value != 100 || l.Entries[0].Stops[len(l.Entries[0].Stops)-1].Value != 200 {
		t.Errorf("%+v", l)
	}
	if r := ask.Get(t, "/legend/sites.svg"); !strings.Contains(r.Body.String(), "Sites &lt;&amp;&gt;") {
		t.Errorf("SVG %s", r.Body)
	}
}

// A tile's parameters have one address each: other spellings are refused.
func TestTileAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dataset, z, x, file string }{
		{"Dem", "0", "0", "0.png"},
		{"dem", "00", "0", "0.png"},
		{"dem", "+1", "0", "0.png"},
		{"dem", "1", "-1", "0.png"},
		{"dem", "1", "0", "0"},
		{"dem", "1", "0", "0.png.png"},
		{"dem", "1", "0", ".png"},
		{"dem", "1", "0", "0@3x.png"},
		{"dem", "1", "0", "0@2x.mvt"},
		{"dem", "1", "2", "0.png"},
		{"dem", "25", "0", "0.png"},
		{"dem", "1", "1", "999999999.png"},
		{"dem", "1.0", "0", "0.png"},
		{"dem", "1", "0", "1e0.png"},
		{"dem", "1", "0", "0.PNG"},
		{"", "1", "0", "0.png"},
	} {
		a, err := xyz.ParseAddress(c.dataset, c.z, c.x, c.file)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotExist) {
			t.Errorf("%v: %+v, %v", c, a, err)
		}
	}
	a, err := xyz.ParseAddress("dem", "24", "16777215", "16777215@2x.png")
	if err != nil || a.Tile != (tms.Tile{Z: 24, X: 16777215, Y: 16777215}) || !a.Double || a.Format != xyz.PNG {
		t.Errorf("%+v %v", a, err)
	}
}

func FuzzTileAddress(f *testing.F) {
	for _, s := range [][4]string{{"dem", "3", "1", "2.png"}, {"a-b", "24", "0", "0@2x.png"}, {"dem", "0", "0", "0.mvt"}, {"..", "1", "%2f", "x"}} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	f.Fuzz(func(t *testing.T, dataset, z, x, file string) {
		a, err := xyz.ParseAddress(dataset, z, x, file)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotExist) {
				t.Fatalf("%q %q %q %q: %v", dataset, z, x, file, err)
			}
			return
		}
		if err := tms.WebMercatorQuad().Check(a.Tile); err != nil {
			t.Fatal(err)
		}
		again := strconv.Itoa(a.Y)
		if a.Double {
			again += "@2x"
		}
		if again += "." + a.Format; strconv.Itoa(a.Z) != z || strconv.Itoa(a.X) != x || again != file || a.Dataset != dataset {
			t.Fatalf("%q %q %q %q has another address: %+v", dataset, z, x, file, a)
		}
	})
}

// Land cover is drawn in the colours that its legend has.
func TestLegendHasTheColoursOfTheMap(t *testing.T) {
	t.Parallel()
	var l struct {
		Entries []struct {
			Color, Kind string
			Stops       []struct{ Color string }
		}
	}
	ask.JSON(t, "/legend/landcover", &l)
	colors := map[string]bool{}
	for _, e := range l.Entries {
		colors[e.Color] = true
		for _, s := range e.Stops {
			colors[s.Color] = true
		}
	}
	img := decode(t, ask.Get(t, "/xyz/landcover/"+middle(13)+".png?resampling=nearest"))
	r, g, b, a := img.At(128, 128).RGBA()
	if a == 0 {
		t.Fatal("nothing is drawn")
	}
	c := color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8)}
	name := "#" + hex2(c.R) + hex2(c.G) + hex2(c.B)
	if !colors[name] {
		t.Errorf("%s is on the map, the legend has %v", name, colors)
	}
}

func hex2(v uint8) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[v>>4], digits[v&15]})
}
