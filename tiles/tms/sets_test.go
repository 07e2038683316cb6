package tms_test

import (
	"encoding/json"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/tiles/tms"

	"pgregory.net/rapid"
)

// published are figures of the register of OGC (2D-TMS, registry/json), and
// of the reference systems for our own grids.
var published = []struct {
	id, crs, axes         string
	first, last           string // matrix identifiers
	count                 int
	scale0, cell0, cellN  float64
	originFirst, originIn float64 // pointOfOrigin as published
	cols0, rows0          int
	colsN, rowsN          int
}{
	{"WebMercatorQuad", "http://www.opengis.net/def/crs/EPSG/0/3857", "X,Y", "0", "24", 25, 559082264.028717, 156543.033928041, 0.00933069192934, -20037508.3427892, 20037508.3427892, 1, 1, 16777216, 16777216},
	{"WorldCRS84Quad", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "Lon,Lat", "0", "23", 24, 279541132.014358, 0.703125, 8.381903171539e-08, -180, 90, 2, 1, 16777216, 8388608},
	{"EuropeanETRS89_LAEAQuad", "http://www.opengis.net/def/crs/EPSG/0/3035", "Y,X", "0", "15", 16, 62779017.8571428, 17578.125, 0.536441803, 5500000, 2000000, 1, 1, 32768, 32768},
	{"UTM32WGS84Quad", "http://www.opengis.net/def/crs/EPSG/0/32632", "E,N", "1", "24", 24, 279072704.500914, 78140.3572602559, 0.00931505647423934, -9501965.72931276, 20003931.4586255, 1, 2, 8388608, 16777216},
	{"UTM33WGS84Quad", "http://www.opengis.net/def/crs/EPSG/0/32633", "E,N", "1", "24", 24, 279072704.500914, 78140.3572602559, 0.00931505647423934, -9501965.72931276, 20003931.4586255, 1, 2, 8388608, 16777216},
	{"RDN2008UTM32NEQuad", "http://www.opengis.net/def/crs/EPSG/0/6707", "N,E", "0", "17", 18, 10240 / 0.00028, 10240, 0.078125, 6000000, -500000, 1, 1, 131072, 131072},
	{"MonteMarioItaly2Quad", "http://www.opengis.net/def/crs/EPSG/0/3004", "X,Y", "0", "17", 18, 10240 / 0.00028, 10240, 0.078125, 1020000, 6000000, 1, 1, 131072, 131072},
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) }

func TestPublishedFigures(t *testing.T) {
	t.Parallel()
	for _, p := range published {
		s, err := tms.Get(p.id)
		if err != nil {
			t.Fatal(err)
		}
		d := s.Definition("https://example.org/tileMatrixSets/" + p.id)
		a, z := d.TileMatrices[0], d.TileMatrices[len(d.TileMatrices)-1]
		if d.CRS != p.crs || strings.Join(d.OrderedAxes[:], ",") != p.axes || a.ID != p.first || z.ID != p.last || len(d.TileMatrices) != p.count {
			t.Errorf("%s is %s %v, matrices %s to %s (%d)", p.id, d.CRS, d.OrderedAxes, a.ID, z.ID, len(d.TileMatrices))
		}
		if !near(a.ScaleDenominator, p.scale0) || !near(a.CellSize, p.cell0) || !near(z.CellSize, p.cellN) {
			t.Errorf("%s: scale %v, cells %v to %v", p.id, a.ScaleDenominator, a.CellSize, z.CellSize)
		}
		if !near(a.PointOfOrigin[0], p.originFirst) || !near(a.PointOfOrigin[1], p.originIn) {
			t.Errorf("%s: origin %v", p.id, a.PointOfOrigin)
		}
		if a.MatrixWidth != p.cols0 || a.MatrixHeight != p.rows0 || z.MatrixWidth != p.colsN || z.MatrixHeight != p.rowsN {
			t.Errorf("%s: %d × %d to %d × %d tiles", p.id, a.MatrixWidth, a.MatrixHeight, z.MatrixWidth, z.MatrixHeight)
		}
		if s.URI == "" && d.URI != "https://example.org/tileMatrixSets/"+p.id {
			t.Errorf("%s: uri %s", p.id, d.URI)
		}
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	if _, err := tms.Get("webmercatorquad"); !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "EuropeanETRS89_LAEAQuad") {
		t.Errorf("a grid that is not there: %v", err)
	}
	seen := map[string]bool{}
	for _, s := range tms.All() {
		if seen[s.ID] {
			t.Errorf("%s twice", s.ID)
		}
		seen[s.ID] = true
		for z, m := range s.Matrices {
			if got, err := s.Zoom(m.ID); err != nil || got != z {
				t.Errorf("%s: matrix %s is %d (%v), want %d", s.ID, m.ID, got, err, z)
			}
			if got := s.ZoomFor(m.CellSize * s.MetresPerUnit); got != z {
				t.Errorf("%s: cells of %v m are zoom %d, want %d", s.ID, m.CellSize, got, z)
			}
		}
		if _, err := s.Zoom("01"); !fault.Is(err, fault.NotExist) {
			t.Errorf("%s: matrix 01: %v", s.ID, err)
		}
	}
	if len(seen) != 13 {
		t.Errorf("%d grids", len(seen))
	}
}

// Italy, corner to corner, lies inside each of our grids, and a tile's box
// goes to the reference system and back.
func TestItalyIsInside(t *testing.T) {
	t.Parallel()
	for _, s := range tms.All() {
		tr, err := crs.New(geo.WGS84, s.CRS)
		if err != nil {
			t.Fatal(err)
		}
		b, err := tr.BBox(geo.BBox{MinX: 6.6, MinY: 35.4, MaxX: 18.6, MaxY: 47.1})
		if err != nil {
			t.Fatal(err)
		}
		for z := range s.Matrices {
			e := s.Extent(z)
			if b.MinX < e.MinX || b.MinY < e.MinY || b.MaxX > e.MaxX || b.MaxY > e.MaxY {
				t.Fatalf("%s %d is %v, Italy %v", s.ID, z, e, b)
			}
		}
	}
}

func TestLawsOfAllSets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := tms.All()[rapid.IntRange(0, len(tms.All())-1).Draw(t, "set")]
		z := rapid.IntRange(0, len(s.Matrices)-2).Draw(t, "z")
		m := s.Matrices[z]
		tile := tms.Tile{Z: z, X: rapid.IntRange(0, m.Columns-1).Draw(t, "x"), Y: rapid.IntRange(0, m.Rows-1).Draw(t, "y")}
		if err := s.Check(tile); err != nil {
			t.Fatal(err)
		}
		b := s.Bounds(tile)
		if at := s.At(z, (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2); at != tile {
			t.Fatalf("the centre of %v is in %v", tile, at)
		}
		if r, ok := s.Limits(z, b); !ok || r != (tms.Range{Z: z, MinX: tile.X, MinY: tile.Y, MaxX: tile.X, MaxY: tile.Y}) {
			t.Fatalf("the tiles of %v's box are %v %v", tile, r, ok)
		}
		if g := s.Grid(tile, 2); g.Width != 2*m.TileWidth || math.Abs(g.Bounds().MaxX-b.MaxX) > 1e-9*b.Width() || math.Abs(g.Bounds().MinY-b.MinY) > 1e-9*b.Width() || g.CRS != s.CRS {
			t.Fatalf("grid of %v: %+v", tile, g)
		}
		for _, c := range tile.Children() {
			cb := s.Bounds(c)
			if err := s.Check(c); err != nil || s.At(z, (cb.MinX+cb.MaxX)/2, (cb.MinY+cb.MaxY)/2) != tile {
				t.Fatalf("child %v of %v: %v", c, tile, err)
			}
		}
		if tile.Y+1 < m.Rows {
			if below := s.Bounds(tms.Tile{Z: z, X: tile.X, Y: tile.Y + 1}); below.MaxY != b.MinY {
				t.Fatalf("gap between neighbours: %v, %v", b.MinY, below.MaxY)
			}
		}
	})
}

// Limits against every tile of a matrix.
func TestLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := tms.All()[rapid.IntRange(0, len(tms.All())-1).Draw(t, "set")]
		z := rapid.IntRange(0, 3).Draw(t, "z")
		e := s.Extent(z)
		at := func(name string, lo, hi float64) float64 {
			return lo + (hi-lo)*float64(rapid.IntRange(-3, 35).Draw(t, name))/32
		}
		b := geo.BBox{MinX: at("x0", e.MinX, e.MaxX), MinY: at("y0", e.MinY, e.MaxY), MaxX: at("x1", e.MinX, e.MaxX), MaxY: at("y1", e.MinY, e.MaxY)}
		if b.MinX >= b.MaxX || b.MinY >= b.MaxY {
			t.Skip("no box")
		}
		want, any := tms.Range{Z: z, MinX: math.MaxInt, MinY: math.MaxInt, MaxX: -1, MaxY: -1}, false
		for y := range s.Matrices[z].Rows {
			for x := range s.Matrices[z].Columns {
				if tb := s.Bounds(tms.Tile{Z: z, X: x, Y: y}); tb.Intersects(b.Buffer(-1e-9 * tb.Width())) {
					any = true
					want.MinX, want.MaxX, want.MinY, want.MaxY = min(want.MinX, x), max(want.MaxX, x), min(want.MinY, y), max(want.MaxY, y)
				}
			}
		}
		got, ok := s.Limits(z, b)
		if any && (!ok || got != want) {
			t.Fatalf("%s %d: tiles of %v are %v %v, want %v", s.ID, z, b, got, ok, want)
		}
		if far := (geo.BBox{MinX: e.MaxX + 1, MinY: e.MinY, MaxX: e.MaxX + 2, MaxY: e.MaxY}); z == 0 {
			if _, ok := s.Limits(z, far); ok {
				t.Fatal("a box beyond the grid has tiles")
			}
		}
	})
}

// The axis order is that of PROJ's database.
func TestAxesAgainstPROJ(t *testing.T) {
	t.Parallel()
	const script = `
import json, sys
from osgeo import osr
osr.UseExceptions()
out = {}
for code in sys.argv[1:]:
    s = osr.SpatialReference()
    s.ImportFromEPSG(int(code))
    out[code] = bool(s.EPSGTreatsAsNorthingEasting())
print(json.dumps(out))`
	args := []string{"-c", script}
	want := map[string]bool{}
	for _, s := range tms.All() {
		if code, ok := strings.CutPrefix(s.CRSURI, "http://www.opengis.net/def/crs/EPSG/0/"); ok {
			args = append(args, code)
			want[code] = s.AxesSwapped
		}
	}
	got := map[string]bool{}
	oracle(t, "osgeo", args, &got)
	for code, swapped := range want {
		if got[code] != swapped {
			t.Errorf("EPSG:%s northing first: %v, PROJ says %v", code, swapped, got[code])
		}
	}
}

// morecantile reads our definitions and finds the same tiles.
func TestAgainstMorecantile(t *testing.T) {
	t.Parallel()
	const script = `
import json, sys, warnings
warnings.simplefilter("ignore")
from morecantile import TileMatrixSet, Tile
out = []
for q in json.loads(sys.argv[1]):
    s = TileMatrixSet.model_validate(q["definition"])
    b = s.xy_bounds(Tile(q["x"], q["y"], q["z"]))
    out.append([b.left, b.bottom, b.right, b.top])
print(json.dumps(out))`
	type query struct {
		Definition tms.Definition `json:"definition"`
		X          int            `json:"x"`
		Y          int            `json:"y"`
		Z          int            `json:"z"`
	}
	var queries []query
	var want []geo.BBox
	for _, s := range tms.All() {
		z := 9
		id := z
		if s.Matrices[0].ID == "1" {
			id = z + 1
		}
		x, y := s.Matrices[z].Columns*2/3, s.Matrices[z].Rows/5
		queries = append(queries, query{s.Definition("https://example.org/" + s.ID), x, y, id})
		want = append(want, s.Bounds(tms.Tile{Z: z, X: x, Y: y}))
	}
	text, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	var got [][4]float64
	oracle(t, "morecantile", []string{"-c", script, string(text)}, &got)
	for i, b := range want {
		if !slices.EqualFunc(got[i][:], []float64{b.MinX, b.MinY, b.MaxX, b.MaxY}, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }) {
			t.Errorf("%s: %v, morecantile says %v", queries[i].Definition.ID, b, got[i])
		}
	}
}

// The accuracy that the grids of Monte Mario state is what PROJ states.
func TestStatedAccuracy(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("projinfo")
	if err != nil {
		t.Skip("projinfo is not installed")
	}
	for _, c := range []struct{ crs, id string }{{"EPSG:3003", "MonteMarioItaly1Quad"}, {"EPSG:3004", "MonteMarioItaly2Quad"}} {
		s, err := tms.Get(c.id)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-s", c.crs, "-t", "EPSG:4326", "--spatial-test", "intersects", "--summary").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			land := strings.Contains(line, "Italy - mainland") || strings.Contains(line, "Monte Mario to WGS 84 (2)") || strings.Contains(line, "Italy - Sicily onshore")
			if land && (!strings.Contains(line, ", 4 m,") || !strings.Contains(s.Accuracy, "4 m to WGS 84 on the mainland")) {
				t.Errorf("%s states %q, PROJ %s", c.id, s.Accuracy, line)
			}
			if strings.Contains(line, "offshore") && strings.Contains(line, "Monte Mario to WGS 84") && !strings.Contains(line, ", 10 m,") && !strings.Contains(line, "Ballpark") {
				t.Errorf("%s states %q, PROJ %s", c.id, s.Accuracy, line)
			}
		}
		if !strings.Contains(string(out), ", 4 m, Italy - mainland") {
			t.Errorf("PROJ has no transformation of 4 m for the mainland:\n%s", out)
		}
	}
}

// oracle runs a script in the first interpreter that has a module.
func oracle(t *testing.T, module string, args []string, out any) {
	t.Helper()
	for _, name := range []string{"../../.cache/tools/clients/venv/bin/python", "python3", "/usr/bin/python3"} {
		tool, err := exec.LookPath(name)
		if err != nil || exec.CommandContext(t.Context(), tool, "-c", "import "+module).Run() != nil {
			continue
		}
		text, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", module, err, text)
		}
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s said %.300s: %v", module, text, err)
		}
		return
	}
	t.Skipf("no python3 with %s is installed", module)
}
