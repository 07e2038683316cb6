package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"contado/api"
	"contado/api/apitest"
	"contado/geo/pmtiles"
	"contado/ingest"
	"contado/scripts/shareddata"
	"contado/tiles"
	"contado/tiles/tms"
	"contado/tiles/vector/mvttest"
)

// work builds all pyramids that are due.
func work(t *testing.T, w *tiles.PyramidWork, now time.Time) (done []string) {
	t.Helper()
	due, err := w.Due(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range due {
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // as after a crash
			out, err := w.Handle(t.Context(), text, func(float64, string) {})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			done = append(done, fmt.Sprintf("%s %t", text, strings.Contains(string(out), "skipped")))
		}
	}
	return done
}

func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A pyramid is built, served, edited over and built again; each time a tile
// shows the rows as they are.
func TestPyramidFromIngestToEdit(t *testing.T) {
	t.Parallel()
	l, err := apitest.NewLand(t.Context(), t.TempDir(), api.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &apitest.Client{Handler: l.Server.Handler()}
	path := "/xyz/wells/" + tms.AtLonLat(13, 8.94315, 46.0932).String() + ".mvt"
	live := c.Get(t, path, "Accept-Encoding", "gzip")
	if live.Header().Get("X-Contado-Source") != "live" || live.Header().Get("X-Contado-Version") != "1" {
		t.Errorf("headers %v", live.Header())
	}
	now := time.Now()
	w := l.Pyramids()
	done := work(t, w, now)
	if len(done) < 8 || done[0] == done[1] || strings.Contains(strings.Join(done, "\n"), "people") {
		t.Errorf("built %q", done)
	}
	if again := work(t, w, now.Add(time.Minute)); len(again) > 0 {
		t.Errorf("built again: %q", again)
	}
	r := c.Get(t, path, "Accept-Encoding", "gzip")
	if r.Header().Get("X-Contado-Source") != "pyramid" || r.Header().Get("X-Contado-Complete") != "true" || r.Header().Get("ETag") == live.Header().Get("ETag") {
		t.Errorf("headers %v", r.Header())
	}
	if !bytes.Equal(unzipped(t, r.Body.Bytes()), unzipped(t, live.Body.Bytes())) {
		t.Error("the pyramid has other bytes than were drawn")
	}
	c.Do(t, apitest.Request{Path: path, Header: map[string]string{"Accept-Encoding": "gzip", "If-None-Match": r.Header().Get("ETag")}}).Want(http.StatusNotModified)
	head := c.Do(t, apitest.Request{Method: http.MethodHead, Path: path, Header: map[string]string{"Accept-Encoding": "gzip"}}).Want(http.StatusOK)
	if head.Header().Get("ETag") != r.Header().Get("ETag") || head.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("HEAD: %v", head.Header())
	}
	c.Do(t, apitest.Request{
		Method: http.MethodPost, Path: "/collections/wells/items", Header: map[string]string{apitest.WhoHeader: "ada", "Content-Type": "application/geo+json"},
		Body: `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[8.9434,46.09338],[8.9436,46.09338],[8.9436,46.0935],[8.9434,46.09338]]]},"properties":{"name":"fresh"}}`,
	}).Want(http.StatusCreated)
	seen := func(want string) {
		t.Helper()
		r := c.Get(t, path)
		tile, err := mvttest.Decode(r.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range tile.Layer("wells").Features {
			found = found || f.Tags["name"] == "fresh"
		}
		if !found || r.Header().Get("X-Contado-Source") != want || r.Header().Get("X-Contado-Version") != "1.1" {
			t.Errorf("found %t, headers %v", found, r.Header())
		}
	}
	seen("live")
	if soon := work(t, w, now.Add(2*time.Minute)); len(soon) > 0 {
		t.Errorf("built while rows change: %q", soon)
	}
	if rested := work(t, w, now.Add(3*time.Minute)); len(rested) != 2 || !strings.Contains(rested[0], `"dataset":"wells","version":1,"seq":1`) {
		t.Errorf("built after a rest: %q", rested)
	}
	seen("pyramid")
	if left, err := l.Deps.Blobs.List(t.Context(), "datasets/wells/v1/pyramid"); err != nil || len(left) != 1 {
		t.Errorf("archives %v, %v", left, err)
	}
	checkRanges(t, c, "/pyramids/wells.pmtiles")
}

// ranges reads a file through range requests, as web maps do.
type ranges struct {
	t    *testing.T
	c    *apitest.Client
	path string
}

func (r ranges) ReadAt(b []byte, at int64) (int, error) {
	got := r.c.Do(r.t, apitest.Request{Path: r.path, Header: map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", at, at+int64(len(b))-1)}}).Want(http.StatusPartialContent)
	n := copy(b, got.Body.Bytes())
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func checkRanges(t *testing.T, c *apitest.Client, path string) {
	t.Helper()
	all := c.Get(t, path)
	tag := all.Header().Get("ETag")
	if all.Header().Get("Content-Type") != pmtiles.MediaType || all.Header().Get("Accept-Ranges") != "bytes" || !strings.HasPrefix(tag, `"`) {
		t.Errorf("headers %v", all.Header())
	}
	a, err := pmtiles.Open(ranges{t, c, path}, int64(all.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := a.Entries(func(e pmtiles.Entry) bool {
		if _, err := a.Read(e); err != nil {
			t.Error(err)
		}
		n++
		return n < 20
	}); err != nil || n == 0 {
		t.Errorf("%d tiles, %v", n, err)
	}
	for _, want := range []struct {
		status int
		header map[string]string
	}{
		{http.StatusPartialContent, map[string]string{"Range": "bytes=0-99", "If-Range": tag}},
		{http.StatusOK, map[string]string{"Range": "bytes=0-99", "If-Range": `"other"`}},
		{http.StatusPartialContent, map[string]string{"Range": "bytes=0-99", "If-Match": tag}},
		{http.StatusPreconditionFailed, map[string]string{"Range": "bytes=0-99", "If-Match": `"other"`}},
		{http.StatusRequestedRangeNotSatisfiable, map[string]string{"Range": "bytes=99999999-"}},
		{http.StatusNotModified, map[string]string{"If-None-Match": tag}},
	} {
		r := c.Do(t, apitest.Request{Path: path, Header: want.header}).Want(want.status)
		if want.status == http.StatusPartialContent && !bytes.Equal(r.Body.Bytes(), all.Body.Bytes()[:100]) {
			t.Errorf("%v: other bytes", want.header)
		}
		if r.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%v: no other site may read that", want.header)
		}
	}
	head := c.Do(t, apitest.Request{Method: http.MethodHead, Path: path}).Want(http.StatusOK)
	if head.Header().Get("Content-Length") != fmt.Sprint(all.Body.Len()) || head.Body.Len() > 0 {
		t.Errorf("HEAD: %v", head.Header())
	}
	c.Do(t, apitest.Request{Path: "/pyramids/elevation.pmtiles"}).Want(http.StatusNotFound)
	c.Do(t, apitest.Request{Path: "/pyramids/unheard.pmtiles"}).Want(http.StatusNotFound)
}

// Several datasets come in one tile, with a TileJSON of all.
func TestCompositeTiles(t *testing.T) {
	t.Parallel()
	var j struct {
		Tiles  []string
		Layers []struct {
			ID     string
			Fields map[string]string
		} `json:"vector_layers"`
	}
	ask.JSON(t, "/xyz/municipalities,sites,clinic.json?labels=true", &j)
	if len(j.Tiles) != 1 || !strings.Contains(j.Tiles[0], "/xyz/municipalities,sites,clinic/{z}/{x}/{y}.mvt?") || len(j.Layers) != 6 || j.Layers[0].Fields["code"] != "String" {
		t.Fatalf("%+v", j)
	}
	address := strings.Replace(strings.TrimPrefix(j.Tiles[0], "http://example.com"), "{z}/{x}/{y}", middle(10), 1)
	r := ask.Get(t, address)
	tile, err := mvttest.Decode(r.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"municipalities", "municipalities_labels", "sites", "clinic", "meta"} {
		if tile.Layer(name) == nil {
			t.Errorf("no layer %s", name)
		}
	}
	for path, want := range map[string]int{
		"/xyz/municipalities,elevation/" + middle(10) + ".mvt":              http.StatusBadRequest,
		"/xyz/municipalities,unheard/" + middle(10) + ".mvt":                http.StatusNotFound,
		"/xyz/sites,sites/" + middle(10) + ".mvt":                           http.StatusBadRequest,
		"/xyz/sites,clinic/" + middle(10) + ".png":                          http.StatusBadRequest,
		"/xyz/sites,clinic/" + middle(10) + ".mvt?filter=number%3E3":        http.StatusBadRequest,
		"/xyz/sites," + strings.Repeat("a,", 700) + "b.json":                http.StatusNotFound,
		"/xyz/sites/" + middle(10) + ".mvt?filter=nonsense%20%3E":           http.StatusBadRequest,
		"/xyz/sites/" + middle(10) + ".mvt?points=stars":                    http.StatusBadRequest,
		"/collections/sites/tiles/WebMercatorQuad/" + middle(10) + "?f=mvt": http.StatusOK,
	} {
		if strings.HasPrefix(path, "/collections") { // row before column
			p := tms.AtLonLat(10, 9, 46.05)
			path = fmt.Sprintf("/collections/sites/tiles/WebMercatorQuad/10/%d/%d?f=mvt", p.Y, p.X)
		}
		ask.Do(t, apitest.Request{Path: path}).Want(want)
	}
}

// A filter leaves out rows and nothing else, and agrees with the items.
func TestFilteredTiles(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"number>30", "number%3C=10%20AND%20NOT%20number=3"} {
		var items struct {
			Features []struct{ ID int64 }
		}
		ask.JSON(t, "/collections/sites/items?limit=1000&filter="+filter, &items)
		r := ask.Get(t, "/xyz/sites/"+middle(10)+".mvt?filter="+filter)
		tile, err := mvttest.Decode(r.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		want := map[uint64]bool{}
		for _, f := range items.Features {
			if f.ID != apitest.Sites { // the last has no geometry
				want[uint64(f.ID)] = true
			}
		}
		for _, f := range tile.Layer("sites").Features {
			if !want[f.ID] {
				t.Errorf("%s: feature %d is in the tile", filter, f.ID)
			}
			delete(want, f.ID)
		}
		if len(want) > 0 || len(items.Features) == 0 {
			t.Errorf("%s: not in the tile: %v of %d", filter, want, len(items.Features))
		}
	}
	if empty := ask.Do(t, apitest.Request{Path: "/xyz/sites/" + middle(10) + ".mvt?filter=number%3C0"}).Want(http.StatusNoContent); empty.Header().Get("ETag") == "" {
		t.Error("an empty tile has no validator")
	}
}

// Within the limits of a tileset what is empty is 204, beyond them 404.
func TestEmptyVectorTiles(t *testing.T) {
	t.Parallel()
	var set struct {
		Limits []struct {
			Matrix string `json:"tileMatrix"`
			MinRow int    `json:"minTileRow"`
			MaxRow int    `json:"maxTileRow"`
			MinCol int    `json:"minTileCol"`
			MaxCol int    `json:"maxTileCol"`
		} `json:"tileMatrixSetLimits"`
		Layers []struct {
			Dimension *int                                           `json:"geometryDimension"`
			Last      string                                         `json:"maxTileMatrix"`
			Schema    struct{ Properties map[string]map[string]any } `json:"propertiesSchema"`
		}
	}
	ask.JSON(t, "/collections/municipalities/tiles/WebMercatorQuad", &set)
	if len(set.Layers) != 1 || *set.Layers[0].Dimension != 2 || set.Layers[0].Schema.Properties["code"]["type"] != "string" || set.Layers[0].Last == "" {
		t.Errorf("%+v", set.Layers)
	}
	last := set.Limits[len(set.Limits)-1]
	base := "/collections/municipalities/tiles/WebMercatorQuad/" + last.Matrix + "/"
	ask.Do(t, apitest.Request{Path: fmt.Sprintf("%s%d/%d", base, last.MinRow, last.MaxCol+3)}).Want(http.StatusNotFound)
	ask.Do(t, apitest.Request{Path: fmt.Sprintf("%s%d/%d", base, (last.MinRow+last.MaxRow)/2, last.MinCol)}).Want(http.StatusOK)
	ask.Do(t, apitest.Request{Path: fmt.Sprintf("%s%d/%d?filter=code='none'", base, last.MinRow, last.MinCol)}).Want(http.StatusNoContent)
	ask.Do(t, apitest.Request{Path: "/xyz/municipalities/5/0/0.mvt"}).Want(http.StatusNoContent)
}

// Archives of tiles made elsewhere are datasets like others.
func TestArchivesOfOthers(t *testing.T) {
	t.Parallel()
	l, err := apitest.NewLand(t.Context(), t.TempDir(), api.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for id, file := range map[string]string{"boston": "planetiler/bostonbuildings.mbtiles", "relief": "martin/pmtiles/png.pmtiles"} {
		if _, err := ingest.Run(t.Context(), l.Stores(), []string{shareddata.Path(t, "tiles-variety/"+file)}, ingest.Options{Dataset: id}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Deps.Atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := &apitest.Client{Handler: l.Server.Handler()}
	var j struct {
		Tiles            []string
		MinZoom, MaxZoom int
		Layers           []struct{ ID string } `json:"vector_layers"`
	}
	c.JSON(t, "/xyz/boston.json", &j)
	if j.MinZoom != 13 || j.MaxZoom != 13 || len(j.Layers) != 1 || j.Layers[0].ID != "building" || !strings.Contains(j.Tiles[0], "{z}/{x}/{y}.mvt") {
		t.Errorf("%+v", j)
	}
	c.JSON(t, "/xyz/relief.json", &j)
	if !strings.Contains(j.Tiles[0], ".png") || j.MaxZoom != 1 {
		t.Errorf("%+v", j)
	}
	picture := c.Get(t, "/xyz/relief/1/1/0.png")
	if picture.Header().Get("Content-Type") != "image/png" || picture.Header().Get("Content-Encoding") != "" || !bytes.HasPrefix(picture.Body.Bytes(), []byte("\x89PNG")) {
		t.Errorf("%v", picture.Header())
	}
	c.Do(t, apitest.Request{Path: "/xyz/relief/1/1/0.png", Header: map[string]string{"If-None-Match": picture.Header().Get("ETag")}}).Want(http.StatusNotModified)
	c.Do(t, apitest.Request{Path: "/xyz/relief/5/1/0.png"}).Want(http.StatusNotFound)
	c.Do(t, apitest.Request{Path: "/xyz/relief/1/1/0.mvt"}).Want(http.StatusBadRequest)
	c.Do(t, apitest.Request{Path: "/xyz/boston/13/1/1.mvt"}).Want(http.StatusNoContent)
	checkRanges(t, c, "/pyramids/relief.pmtiles")
	c.Get(t, "/pyramids/boston.mbtiles")
	for _, page := range []string{"/collections/boston", "/collections/boston?f=html", "/collections", "/styles/boston", "/legend/boston.json"} {
		if r := c.Do(t, apitest.Request{Path: page}); r.Code != http.StatusOK {
			t.Errorf("%s: %d %s", page, r.Code, r.Body)
		}
	}
}
