package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/api/apitest"
	"contado/tiles/vector/mvttest"
)

// tileGrid is what a client knows of a tileset.
type tileGrid struct {
	CRS    string
	Limits []struct {
		Matrix string `json:"tileMatrix"`
		MinRow int    `json:"minTileRow"`
		MaxRow int    `json:"maxTileRow"`
		MinCol int    `json:"minTileCol"`
		MaxCol int    `json:"maxTileCol"`
	} `json:"tileMatrixSetLimits"`
	matrices map[string]gridMatrix
	swapped  bool
}

type gridMatrix struct {
	ID            string
	CellSize      float64
	PointOfOrigin [2]float64
	TileWidth     float64
}

func readGrid(t *testing.T, collection, set string) *tileGrid {
	t.Helper()
	g := &tileGrid{matrices: map[string]gridMatrix{}}
	ask.JSON(t, "/collections/"+collection+"/tiles/"+set, g)
	var doc struct {
		OrderedAxes  []string
		TileMatrices []gridMatrix
	}
	ask.JSON(t, "/tileMatrixSets/"+set, &doc)
	for _, m := range doc.TileMatrices {
		g.matrices[m.ID] = m
	}
	g.swapped = len(doc.OrderedAxes) > 0 && strings.Contains("YNLat", doc.OrderedAxes[0]) // northing first
	return g
}

// at turns a place in a tile into coordinates, in the order of the authority.
func (g *tileGrid) at(matrix string, row, col int, p [2]int) orb.Point {
	m := g.matrices[matrix]
	ox, oy := m.PointOfOrigin[0], m.PointOfOrigin[1]
	if g.swapped {
		ox, oy = oy, ox
	}
	side := m.CellSize * m.TileWidth
	x, y := ox+side*(float64(col)+float64(p[0])/4096), oy-side*(float64(row)+float64(p[1])/4096)
	if g.swapped {
		return orb.Point{y, x}
	}
	return orb.Point{x, y}
}

// Vector tiles come on every grid, and each point lies in them where it lies
// in the grid's system.
func TestVectorTilesOnEveryGrid(t *testing.T) {
	t.Parallel()
	var list struct {
		Tilesets []struct{ TileMatrixSetID string }
	}
	ask.JSON(t, "/collections/sites/tiles", &list)
	if len(list.Tilesets) != 13 {
		t.Errorf("%d tilesets", len(list.Tilesets))
	}
	for _, s := range list.Tilesets {
		t.Run(s.TileMatrixSetID, func(t *testing.T) {
			t.Parallel()
			g := readGrid(t, "sites", s.TileMatrixSetID)
			var items struct{ Features []*geojson.Feature }
			ask.JSON(t, "/collections/sites/items?limit=1000&crs="+url.QueryEscape(g.CRS), &items)
			want := map[uint64]orb.Point{}
			for _, f := range items.Features {
				if p, ok := f.Geometry.(orb.Point); ok {
					var id uint64
					if _, err := fmt.Sscan(idOf(f), &id); err != nil {
						t.Fatal(err)
					}
					want[id] = p
				}
			}
			for _, at := range []int{0, len(g.Limits) / 2, len(g.Limits) - 1} {
				g.holds(t, s.TileMatrixSetID, at, want)
			}
		})
	}
}

// holds reads all tiles of a matrix.
func (g *tileGrid) holds(t *testing.T, set string, at int, want map[uint64]orb.Point) {
	t.Helper()
	l := g.Limits[at]
	unit := g.matrices[l.Matrix].CellSize * g.matrices[l.Matrix].TileWidth / 4096
	seen := map[uint64]bool{}
	for row := l.MinRow; row <= l.MaxRow; row++ {
		for col := l.MinCol; col <= l.MaxCol; col++ {
			r := ask.Do(t, apitest.Request{Path: fmt.Sprintf("/collections/sites/tiles/%s/%s/%d/%d", set, l.Matrix, row, col)})
			if r.Code == http.StatusNoContent {
				continue
			}
			if got := r.Want(http.StatusOK).Header().Get("Content-Crs"); got != "<"+g.CRS+">" {
				t.Errorf("Content-Crs %s", got)
			}
			tile, err := mvttest.Decode(r.Body.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range tile.Layer("sites").Features {
				p, w := g.at(l.Matrix, row, col, f.Parts[0][0]), want[f.ID]
				if math.Abs(p[0]-w[0]) > unit || math.Abs(p[1]-w[1]) > unit {
					t.Errorf("%s %s/%d/%d: site %d is at %v, want %v", set, l.Matrix, row, col, f.ID, p, w)
				}
				seen[f.ID] = true
			}
		}
	}
	if len(seen) != len(want) {
		t.Errorf("%s, matrix %s: %d of %d sites", set, l.Matrix, len(seen), len(want))
	}
}

// What is drawn of polygons is as large as they are, and changes with edits.
func TestPolygonsOnAnotherGrid(t *testing.T) {
	t.Parallel()
	const set = "EuropeanETRS89_LAEAQuad"
	g := readGrid(t, "municipalities", set)
	l := g.Limits[len(g.Limits)-1]
	for _, at := range []struct{ row, col int }{{l.MinRow, l.MinCol}, {(l.MinRow + l.MaxRow) / 2, (l.MinCol + l.MaxCol) / 2}} {
		r := ask.Do(t, apitest.Request{Path: fmt.Sprintf("/collections/municipalities/tiles/%s/%s/%d/%d", set, l.Matrix, at.row, at.col)})
		if r.Code == http.StatusNoContent {
			continue
		}
		if kept := r.Want(http.StatusOK).Header().Get("X-Contado-Area-Kept"); kept < "0.9" || kept > "1.1" || r.Header().Get("X-Contado-Source") != "live" {
			t.Errorf("%+v: area kept %s", at, kept)
		}
	}
	ask.Do(t, apitest.Request{Path: fmt.Sprintf("/collections/municipalities/tiles/%s/%s/%d/%d", set, l.Matrix, l.MinRow, l.MaxCol+5)}).Want(http.StatusNotFound)
}

// GDAL reads a tile of the European grid, told of the grid as it wants to be.
func TestGDALReadsAnotherGrid(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("ogrinfo is not installed")
	}
	const set = "EuropeanETRS89_LAEAQuad"
	g := readGrid(t, "sites", set)
	l := g.Limits[8]
	dir := filepath.Join(t.TempDir(), l.Matrix, fmt.Sprint(l.MinCol))
	r := ask.Get(t, fmt.Sprintf("/collections/sites/tiles/%s/%s/%d/%d", set, l.Matrix, l.MinRow, l.MinCol))
	m := g.matrices["0"]
	meta, err := json.Marshal(map[string]any{
		"name": "x", "format": "pbf", "crs": "EPSG:3035", "tile_dimension_zoom_0": m.CellSize * m.TileWidth,
		"tile_origin_upper_left_x": m.PointOfOrigin[1], "tile_origin_upper_left_y": m.PointOfOrigin[0],
		"json": `{"vector_layers":[{"id":"sites","fields":{"number":"Number"}}]}`, "minzoom": 0, "maxzoom": 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(dir))
	for path, b := range map[string][]byte{filepath.Join(root, "metadata.json"): meta, filepath.Join(dir, fmt.Sprint(l.MinRow)+".pbf"): r.Body.Bytes()} {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "ogr2ogr", "-f", "GeoJSON", "-t_srs", "OGC:CRS84", "/vsistdout/", filepath.Join(root, l.Matrix), "sites", "-oo", "METADATA_FILE="+filepath.Join(root, "metadata.json")).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	read, err := geojson.UnmarshalFeatureCollection(out)
	if err != nil || len(read.Features) == 0 {
		t.Fatalf("%v: %.300s", err, out)
	}
	for _, f := range read.Features {
		n, ok := f.Properties["number"].(float64)
		lon, lat := apitest.SiteAt(int(n))
		p := f.Geometry.Bound().Center()
		if !ok || math.Abs(p[0]-lon) > 1e-4 || math.Abs(p[1]-lat) > 1e-4 {
			t.Errorf("GDAL has site %v at %v, want %g %g", f.Properties, p, lon, lat)
		}
	}
}
