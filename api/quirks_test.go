package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contado/api/apitest"
)

// What clients are known to trip over, where no other test of this package
// says it.

// QGIS drops the query of the link to the data and builds the addresses of
// collections and items by itself; it wants JSON to be declared.
func TestAddressesThatClientsBuild(t *testing.T) {
	// Not parallel: others edit and publish, and this wants a catalog at rest.
	var landing struct{ Links []link }
	ask.JSON(t, "/", &landing)
	data, ok := find(landing.Links, "data")
	if !ok || data.Type != "application/json" {
		t.Fatalf("data is linked as %+v", data)
	}
	u, err := url.Parse(data.Href)
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Collections []struct{ ID string } }
	ask.JSON(t, u.Path, &list)
	if len(list.Collections) == 0 {
		t.Fatal("no collections")
	}
	for _, c := range list.Collections {
		var one struct{ ID string }
		ask.JSON(t, u.Path+"/"+c.ID, &one)
		var p page
		ask.JSON(t, u.Path+"/"+c.ID+"/items?limit=10", &p)
		if one.ID != c.ID {
			t.Errorf("at %s is %q", c.ID, one.ID)
		}
	}
}

// No address sends clients elsewhere: some lose headers or the query, and a
// slash at the end is no other resource.
func TestNothingIsRedirected(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/", "/collections", "/collections/", "/collections/sites", "/collections/sites/", "/collections/sites/items", "/collections/sites/items/",
		"/collections/sites.v1", "/collections/sites.v1/items", "/conformance/", "/api/", "/xyz/sites.json", "/styles/sites", "/tileMatrixSets/",
	} {
		r := ask.Do(t, apitest.Request{Path: path})
		if r.Code >= 300 && r.Code < 400 || r.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %s", path, r.Code, r.Header().Get("Location"))
		}
	}
}

// OpenLayers wants the singular link to the grid, and limits of all levels from
// the first on; every grid of every collection has tiles where its template says.
func TestTilesetsAsOpenLayersReadsThem(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"/collections/sites/tiles", "/collections/municipalities/tiles", "/collections/elevation/map/tiles"} {
		var list struct {
			Tilesets []struct {
				TileMatrixSetID  string
				TileMatrixSetURI string
				Links            []link
			}
		}
		ask.JSON(t, of, &list)
		if len(list.Tilesets) == 0 {
			t.Errorf("%s has no tilesets", of)
		}
		for _, s := range list.Tilesets {
			var doc struct {
				TileMatrixSetURI    string
				TileMatrixSetLimits []struct {
					TileMatrix                                     string
					MinTileRow, MaxTileRow, MinTileCol, MaxTileCol int
				}
				Links []link
			}
			ask.JSON(t, of+"/"+s.TileMatrixSetID, &doc)
			scheme, ok := find(doc.Links, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme")
			if !ok || scheme.Type != "application/json" {
				t.Errorf("%s/%s: no tiling-scheme", of, s.TileMatrixSetID)
				continue
			}
			var grid struct{ TileMatrices []struct{ ID string } }
			ask.JSON(t, strings.TrimPrefix(scheme.Href, "http://example.com"), &grid)
			// The registered grids of UTM begin with 1, all others with 0.
			if first := grid.TileMatrices[0].ID; first != "0" && !(strings.HasPrefix(s.TileMatrixSetID, "UTM") && first == "1") {
				t.Errorf("%s begins with %q", s.TileMatrixSetID, first)
			}
			for i, l := range doc.TileMatrixSetLimits {
				if i >= len(grid.TileMatrices) || l.TileMatrix != grid.TileMatrices[i].ID || l.MinTileRow > l.MaxTileRow || l.MinTileCol > l.MaxTileCol {
					t.Errorf("%s/%s: limits %d are %+v", of, s.TileMatrixSetID, i, l)
				}
			}
			item, ok := find(doc.Links, "item")
			if !ok || item.Type == "" || doc.TileMatrixSetURI == "" && s.TileMatrixSetURI == "" && !strings.Contains(s.TileMatrixSetID, "Quad") {
				t.Errorf("%s/%s: item %+v", of, s.TileMatrixSetID, item)
				continue
			}
			at := strings.NewReplacer("http://example.com", "", "{tileMatrix}", grid.TileMatrices[0].ID, "{tileRow}", "0", "{tileCol}", "0").Replace(item.Href)
			if r := ask.Do(t, apitest.Request{Path: at}); r.Code != http.StatusOK && r.Code != http.StatusNoContent && r.Code != http.StatusNotFound {
				t.Errorf("%s: %d", at, r.Code)
			}
		}
	}
}
