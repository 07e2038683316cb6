package api_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/tiles/tms"
)

// red is what the picture of "scenes" shows in its red channel at a place of
// its grid: the value of B04, which rises with column and row, stretched.
type red struct{ low, high float64 }

func redOf(t *testing.T) red {
	t.Helper()
	var c struct {
		Contado struct {
			Bands []struct {
				Name     string
				P02, P98 float64
			}
		}
	}
	ask.JSON(t, "/collections/scenes", &c)
	for _, b := range c.Contado.Bands {
		if b.Name == "B04" {
			return red{b.P02, b.P98}
		}
	}
	t.Fatal("scenes have no B04")
	return red{}
}

func (r red) at(col, row float64) float64 {
	v := 600 + math.Floor(col)*10 + math.Floor(row)
	return 255 * math.Min(1, math.Max(0, (v-r.low)/(r.high-r.low)))
}

// inPlace checks every pixel of a georeferenced picture of "scenes" that some
// client has made: that it is there where the plain is and nowhere else, and
// that its colour is that of the place.
func inPlace(t *testing.T, what, path string, want geo.CRS) {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info := r.Info()
	if want != "" && info.Grid.CRS != want {
		t.Fatalf("%s: the picture is in %s, want %s", what, info.Grid.CRS, want)
	}
	if len(info.Bands) < 4 {
		t.Fatalf("%s: %d bands", what, len(info.Bands))
	}
	n := info.Grid.Cells()
	reds, alphas := make([]float64, n), make([]float64, n)
	if err := r.ReadFloat64(1, info.Grid.Full(), reds); err != nil {
		t.Fatal(err)
	}
	if err := r.ReadFloat64(4, info.Grid.Full(), alphas); err != nil {
		t.Fatal(err)
	}
	back, err := crs.New(info.Grid.CRS, apitest.LandGrid().CRS)
	if err != nil {
		t.Fatal(err)
	}
	inverse, _ := apitest.LandGrid().Transform.Invert()
	colour := redOf(t)
	inside, bad := 0, 0
	for row := range info.Grid.Height {
		for col := range info.Grid.Width {
			i := row*info.Grid.Width + col
			x, y := info.Grid.Center(col, row)
			x, y, ok := back.Point(x, y)
			if !ok {
				continue
			}
			c, l := inverse.Apply(x, y)
			within := math.Min(math.Min(c, l), math.Min(apitest.Side-c, apitest.Side-l))
			switch {
			case within < -1.5 && alphas[i] > 0:
				bad++
			case within > 1.5:
				inside++
				if !(alphas[i] == 255) || math.Abs(reds[i]-colour.at(c, l)) > 6 {
					if bad == 0 {
						t.Logf("%s: at column %.1f, row %.1f red %v alpha %v, want %.0f", what, c, l, reds[i], alphas[i], colour.at(c, l))
					}
					bad++
				}
			}
		}
	}
	if bad > 0 || inside < 1000 {
		t.Errorf("%s: %d of %d pixels are not in their place", what, bad, inside)
	}
}

// GDAL's WMS driver, told by a description as its manual has it, in systems
// of both axis orders.
func TestGDALReadsWMSInPlace(t *testing.T) {
	t.Parallel()
	l := listen(t)
	for _, c := range []struct {
		crs     geo.CRS
		swapped bool
	}{
		{"EPSG:4326", true},
		{"EPSG:3857", false},
		{"EPSG:3035", true},
		{"EPSG:6707", true},
		{"EPSG:6706", true},
		{"EPSG:7791", false},
		{"EPSG:25832", false},
		{"EPSG:32632", false},
		{"EPSG:3003", false},
	} {
		for _, version := range []string{"1.3.0", "1.1.1"} {
			if version == "1.1.1" && c.crs != "EPSG:4326" && c.crs != "EPSG:6707" {
				continue
			}
			dir := t.TempDir()
			to, err := crs.New(apitest.LandGrid().CRS, c.crs)
			if err != nil {
				t.Fatal(err)
			}
			b, err := to.BBox(apitest.LandGrid().Bounds().Buffer(1000))
			if err != nil {
				t.Fatal(err)
			}
			param, order := "CRS", "xyXY"
			if c.swapped {
				order = "yxYX"
			}
			if version == "1.1.1" {
				param, order = "SRS", "xyXY"
			}
			description := filepath.Join(dir, "wms.xml")
			xml := fmt.Sprintf(`<GDAL_WMS><Service name="WMS"><Version>%s</Version><ServerUrl>%s/wms?</ServerUrl><%s>%s</%s><BBoxOrder>%s</BBoxOrder>
<ImageFormat>image/png</ImageFormat><Transparent>TRUE</Transparent><Layers>scenes</Layers><Styles></Styles></Service>
<DataWindow><UpperLeftX>%.12f</UpperLeftX><UpperLeftY>%.12f</UpperLeftY><LowerRightX>%.12f</LowerRightX><LowerRightY>%.12f</LowerRightY><SizeX>400</SizeX><SizeY>400</SizeY></DataWindow>
<Projection>%s</Projection><BlockSizeX>200</BlockSizeX><BlockSizeY>200</BlockSizeY><BandsCount>4</BandsCount><OverviewCount>0</OverviewCount></GDAL_WMS>`,
				version, l.URL, param, c.crs, param, order, b.MinX, b.MaxY, b.MaxX, b.MinY, c.crs)
			if err := os.WriteFile(description, []byte(xml), 0o600); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "out.tif")
			tool(t, "gdal_translate", "-q", "-a_srs", string(c.crs), description, out)
			inPlace(t, "WMS "+version+" in "+string(c.crs), out, c.crs)
		}
	}
	if !l.saw("crs=EPSG:4326") || !l.saw("srs=EPSG:4326") {
		t.Errorf("GDAL asked %.10v", l.asked[:min(3, len(l.asked))])
	}
}

// GDAL finds the layers by itself in the capabilities, and opens one.
func TestGDALReadsWMSCapabilities(t *testing.T) {
	t.Parallel()
	l := listen(t)
	info := tool(t, "gdalinfo", "WMS:"+l.URL+"/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities")
	var name string
	for line := range strings.Lines(info) {
		if _, after, ok := strings.Cut(strings.TrimSpace(line), "_NAME="); ok && strings.Contains(after, "LAYERS=scenes") {
			name = after
		}
	}
	if name == "" {
		t.Fatalf("GDAL lists no layer scenes:\n%s", info)
	}
	out := filepath.Join(t.TempDir(), "out.tif")
	tool(t, "gdal_translate", "-q", "-outsize", "500", "0", name+"&TRANSPARENT=TRUE", out)
	if r, err := gdal.OpenRaster(out, nil); err != nil {
		t.Error(err)
	} else {
		g := r.Info().Grid
		r.Close()
		if g.CRS == "" || g.Width != 500 {
			t.Errorf("GDAL reads %+v", g)
		}
	}
}

// GDAL's WMTS driver on every grid that the plain lies in: it takes corners
// and scales from the capabilities alone.
func TestGDALReadsWMTSInPlace(t *testing.T) {
	t.Parallel()
	l := listen(t)
	dir := t.TempDir()
	list := tool(t, "gdalinfo", "WMTS:"+l.URL+"/wmts/1.0.0/WMTSCapabilities.xml")
	for _, s := range tms.All() {
		if !strings.Contains(list, "tilematrixset="+s.ID) {
			t.Errorf("GDAL does not list %s:\n%.3000s", s.ID, list)
			continue
		}
		to, err := crs.New(apitest.LandGrid().CRS, s.CRS)
		if err != nil {
			t.Fatal(err)
		}
		b, err := to.BBox(apitest.LandGrid().Bounds().Buffer(1000))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, s.ID+".tif")
		num := func(v float64) string { return fmt.Sprintf("%.12f", v) }
		tool(t, "gdal_translate", "-q", "-projwin", num(b.MinX), num(b.MaxY), num(b.MaxX), num(b.MinY), "-outsize", "300", "300",
			"WMTS:"+l.URL+"/wmts/1.0.0/WMTSCapabilities.xml,layer=scenes,style=default,tilematrixset="+s.ID, out)
		inPlace(t, "WMTS on "+s.ID, out, "")
	}
	if !l.saw("/wmts/1.0.0/scenes/default/current/RDN2008UTM32NEQuad/") {
		t.Errorf("GDAL asked %v", l.asked[:min(5, len(l.asked))])
	}
}

// GDAL's driver of OGC APIs reads maps, which it takes for CRS84.
func TestGDALReadsMapsInPlace(t *testing.T) {
	t.Parallel()
	l := listen(t)
	out := filepath.Join(t.TempDir(), "out.tif")
	tool(t, "gdal_translate", "-q", "-oo", "API=MAP", "-outsize", "300", "300", "OGCAPI:"+l.URL+"/collections/scenes", out)
	inPlace(t, "OGC API Maps", out, geo.WGS84)
	if !l.saw("/collections/scenes/map?") {
		t.Errorf("GDAL asked %v", l.asked[:min(5, len(l.asked))])
	}
}

// OWSLib reads both services as a program of Python would.
func TestOWSLib(t *testing.T) {
	t.Parallel()
	l := listen(t)
	out := python(t, "owslib", `
import sys
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
base = sys.argv[1]
w = WebMapService(base + "/wms", version="1.3.0")
s = w["scenes"]
print("wms", w.identification.type, sorted(w.contents), s.queryable, s.boundingBoxWGS84, sorted(s.styles)[:2], s.dimensions["time"]["values"])
print("ops", sorted(o.name for o in w.operations))
m = w.getmap(layers=["scenes"], styles=["default"], srs="EPSG:4326", bbox=(8.94, 46.01, 9.06, 46.09), size=(200, 150), format="image/png", transparent=True)
b = m.read()
print("map", m.info()["Content-Type"], b[1:4])
i = w.getfeatureinfo(layers=["scenes"], query_layers=["scenes"], srs="EPSG:4326", bbox=(8.94, 46.01, 9.06, 46.09), size=(200, 150), format="image/png", info_format="application/json", xy=(100, 75))
print("info", i.read()[:60])
try:
    w.getmap(layers=["nothing"], styles=[""], srs="EPSG:4326", bbox=(8, 46, 9, 47), size=(10, 10), format="image/png")
except Exception as e:
    print("error", type(e).__name__, str(e).strip())
t = WebMapTileService(base + "/wmts")
c = t["scenes"]
print("wmts", t.identification.type, sorted(t.contents), len(t.tilematrixsets), sorted(c.tilematrixsetlinks)[:2], c.formats, sorted(c.styles)[0])
g = t.tilematrixsets["EuropeanETRS89_LAEAQuad"]
print("laea", g.crs, g.tilematrix["0"].topleftcorner, g.tilematrix["0"].scaledenominator)
tile = t.gettile(layer="scenes", tilematrixset="WebMercatorQuad", tilematrix="10", row=363, column=537, format="image/png")
print("tile", tile.read()[1:4])
try:
    t.gettile(layer="scenes", tilematrixset="WebMercatorQuad", tilematrix="3", row=99, column=0, format="image/png")
except Exception as e:
    print("error", type(e).__name__, str(e)[:200])
`, l.URL)
	for _, want := range []string{
		"wms WMS", "'scenes'", "ops ['GetCapabilities', 'GetFeatureInfo', 'GetLegendGraphic', 'GetMap']", "TileOutOfRange", "map image/png b'PNG'", `info b'{"features":[{`, "2024-05-01T00:00:00Z",
		"wmts OGC WMTS", "laea urn:ogc:def:crs:EPSG::3035 (5500000.0, 2000000.0) 62779017.857142", "tile b'PNG'", `error ServiceException there is no layer "nothing"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("OWSLib does not say %q:\n%s", want, out)
		}
	}
}
