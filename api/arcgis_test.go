package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/tiles/vector/mvttest"
)

// What ArcGIS Pro does with the address of a VectorTileServer, step by step:
// the server, the service, its style, then tiles by the levels that the
// service describes.
func TestArcGISOpensVectorTiles(t *testing.T) {
	t.Parallel()
	const service = "/arcgis/rest/services/sites/VectorTileServer"
	var info struct {
		CurrentVersion float64
		AuthInfo       struct{ IsTokenBasedSecurity bool }
	}
	ask.JSON(t, "/arcgis/rest/info?f=json", &info)
	if info.CurrentVersion < 10 || info.AuthInfo.IsTokenBasedSecurity {
		t.Errorf("%+v", info)
	}
	var list struct{ Services []struct{ Name, Type string } }
	ask.JSON(t, "/arcgis/rest/services?f=json", &list)
	listed := map[string]bool{}
	for _, s := range list.Services {
		listed[s.Name] = s.Type == "VectorTileServer"
	}
	if !listed["sites"] || !listed["municipalities"] || listed["scenes"] {
		t.Errorf("services are %v", listed)
	}
	var doc struct {
		Tiles         []string
		DefaultStyles string
		FullExtent    struct {
			XMin, YMin, XMax, YMax float64
			SpatialReference       struct{ WKID, LatestWKID int }
		}
		TileInfo struct {
			Rows, Cols int
			Origin     struct{ X, Y float64 }
			LODs       []struct {
				Level             int
				Resolution, Scale float64
			}
		}
		MaxLOD int
	}
	ask.JSON(t, service+"?f=json", &doc)
	// Published figures of Esri's scheme with tiles of 512 pixels.
	lods := doc.TileInfo.LODs
	if len(lods) != doc.MaxLOD+1 || math.Abs(lods[0].Resolution-78271.51696399994) > 1e-6 || math.Abs(lods[0].Scale-295828763.7957775) > 1e-3 || lods[10].Level != 10 {
		t.Fatalf("levels %+v", lods)
	}
	if r := doc.FullExtent.SpatialReference; r.WKID != 102100 || r.LatestWKID != 3857 {
		t.Errorf("reference %+v", r)
	}
	// A site by its position in metres, as in EPSG:3857.
	lon, lat := apitest.SiteAt(1)
	x := lon * 20037508.342789244 / 180
	y := math.Log(math.Tan(math.Pi/4+lat*math.Pi/360)) * 6378137
	if e := doc.FullExtent; x < e.XMin-1e-6 || x > e.XMax+1e-6 || y < e.YMin-1e-6 || y > e.YMax+1e-6 {
		t.Errorf("%v, %v is outside %+v", x, y, e)
	}
	side := lods[10].Resolution * float64(doc.TileInfo.Cols)
	col, row := int((x-doc.TileInfo.Origin.X)/side), int((doc.TileInfo.Origin.Y-y)/side)
	at := service + "/" + strings.NewReplacer("{z}", "10", "{y}", fmt.Sprint(row), "{x}", fmt.Sprint(col)).Replace(doc.Tiles[0])
	r := ask.Get(t, at)
	tile, err := mvttest.Decode(r.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if same := ask.Get(t, fmt.Sprintf("/xyz/sites/10/%d/%d.mvt", col, row)); same.Header().Get("ETag") != r.Header().Get("ETag") {
		t.Error("the tile is another than that of /xyz")
	}
	// Pro asks for the folder of styles, others for the file in it.
	for _, path := range []string{service + "/" + doc.DefaultStyles, service + "/" + doc.DefaultStyles + "/root.json"} {
		if got := ask.Do(t, apitest.Request{Method: http.MethodHead, Path: path + "/?f=json"}).Code; got != http.StatusOK {
			t.Errorf("%s/ is %d", path, got)
		}
		var style struct {
			Sources map[string]struct{ Type, URL string }
			Glyphs  string
			Layers  []struct {
				Type, Source string
				SourceLayer  string `json:"source-layer"`
			}
		}
		ask.JSON(t, path+"?f=json", &style)
		if len(style.Sources) != 1 || len(style.Layers) == 0 || style.Sources["sites"].URL != "http://example.com"+service || style.Sources["sites"].Type != "vector" {
			t.Fatalf("%s: %+v", path, style)
		}
		for _, l := range style.Layers {
			if f := tile.Layer(l.SourceLayer); f == nil || len(f.Features) == 0 {
				t.Errorf("%s draws %q, which the tiles do not have", path, l.SourceLayer)
			}
			if l.Type == "symbol" && style.Glyphs == "" {
				t.Errorf("%s has names, and no fonts for them", path)
			}
		}
	}
}

// ArcGIS's Python interface reads features below an address that ends in
// /OGCFeatureServer, from collections whose ids are numbers, by counting rows.
// (Requests as arcgis 2.4.1 makes them: layers/_ogc/_service.py.)
func TestArcGISPythonReadsFeatures(t *testing.T) {
	t.Parallel()
	l := listen(t)
	get := func(path string, into any) {
		t.Helper()
		res, err := http.Get(l.URL + "/OGCFeatureServer" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v\n%.300s", path, res.Status, err, b)
		}
	}
	var landing struct{ Title string }
	get("", &landing)
	var conformance struct{ ConformsTo []string }
	get("/conformance", &conformance)
	if landing.Title == "" || len(conformance.ConformsTo) < 20 {
		t.Errorf("%+v, %d classes", landing, len(conformance.ConformsTo))
	}
	var list struct{ Collections []struct{ ID, Title string } }
	get("/collections?f=json", &list)
	numbers := map[string]string{}
	for _, c := range list.Collections {
		if strings.Trim(c.ID, "0123456789") != "" || numbers[c.ID] != "" {
			t.Errorf("%s has the id %q", c.Title, c.ID)
		}
		var one struct{ ID string }
		get("/collections/"+c.ID, &one)
		numbers[c.ID] = one.ID
	}
	for number, id := range numbers {
		if id != "sites" {
			continue
		}
		rows := map[any]int{}
		for offset := 0; ; offset += 20 {
			var p struct {
				NumberReturned int
				Features       []struct {
					ID         any
					Properties map[string]any
				}
			}
			get(fmt.Sprintf("/collections/%s/items?f=json&limit=20&offset=%d", number, offset), &p)
			for _, f := range p.Features {
				rows[f.ID]++
			}
			if p.NumberReturned < 20 {
				break
			}
		}
		for n, times := range rows {
			if times != 1 {
				t.Errorf("row %v comes %d times", n, times)
			}
		}
		if len(rows) != apitest.Sites {
			t.Errorf("%d rows, want %d", len(rows), apitest.Sites)
		}
		var one struct{ Properties map[string]any }
		get("/collections/"+number+"/items/7?f=json", &one)
		if one.Properties["number"] != 7.0 {
			t.Errorf("row 7 is %v", one.Properties)
		}
		return
	}
	t.Errorf("no collection is that of the sites: %v", numbers)
}
