package gdal

import (
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/scripts/shareddata"
)

func TestParseCRS(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]geo.CRS{
		"EPSG:4326": "EPSG:4326", "epsg:25832": "EPSG:25832", " EPSG:3857 ": "EPSG:3857",
		"OGC:CRS84": "EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84": "EPSG:4326", "urn:ogc:def:crs:EPSG::32632": "EPSG:32632",
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84": "EPSG:4326", "https://www.opengis.net/def/crs/EPSG/0/3035": "EPSG:3035",
		"+proj=longlat +datum=WGS84 +no_defs": "EPSG:4326", "+init=epsg:3003": "EPSG:3003",
		"+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs": "EPSG:32632",
		"EPSG:4979":   "EPSG:4326",  // the height is dropped
		"EPSG:5555":   "EPSG:25832", // compound with a vertical system
		"EPSG:7415":   "EPSG:28992",
		"ESRI:102003": "ESRI:102003",
		"EPSG:900913": "EPSG:3857",
		"ESRI:102100": "EPSG:3857",
		`GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`:                                     "EPSG:4326",
		`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`:                       "EPSG:4326",
		`GEOGCS["ETRS89",DATUM["European_Terrestrial_Reference_System_1989",SPHEROID["GRS 1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`: "EPSG:4258",
	} {
		got, err := ParseCRS(text)
		if err != nil {
			if strings.HasPrefix(text, "EPSG:900913") {
				continue // not in every PROJ database
			}
			t.Errorf("%.60s: %v", text, err)
			continue
		}
		if got != want {
			t.Errorf("%.60s: %q, want %q", text, got, want)
		}
		if again, err := ParseCRS(string(got)); err != nil || again != got {
			t.Errorf("%s is not its own canonical id: %q, %v", got, again, err)
		}
	}
}

func TestParseCRSKeepsWhatNoCodeSays(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a shift of its own": "+proj=tmerc +lat_0=0 +lon_0=9 +k=0.9996 +x_0=1500000 +y_0=0 +ellps=intl +towgs84=-104.1,-49.1,-9.9,0.971,-2.917,0.714,-11.68 +units=m",
		"a code that lies": `PROJCS["liar",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],` +
			`PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",10],PARAMETER["scale_factor",0.9996],` +
			`PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","32632"]]`,
		"a sphere": "+proj=longlat +R=6371000 +no_defs",
	} {
		got, err := ParseCRS(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !got.IsWKT() {
			t.Errorf("%s became %s", name, got)
		}
		again, err := ParseCRS(string(got))
		if err != nil || again != got {
			t.Errorf("%s: the WKT is not stable:\n%s\n%s\n%v", name, got, again, err)
		}
	}
}

func TestParseCRSRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prj := filepath.Join(dir, "EPSG.prj")
	if err := os.WriteFile(prj, []byte(`GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],UNIT["degree",0.0174532925199433]]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, kind := range map[string]fault.Kind{
		"": fault.Invalid, "nonsense": fault.Invalid, "EPSG:0": fault.Invalid, "EPSG:99999999": fault.Invalid, prj: fault.Invalid,
		"file://" + prj: fault.Invalid, "http://127.0.0.1:1/x": fault.Invalid, "EPSG:4326\x00": fault.Invalid,
		"+proj=longlat +nadgrids=/etc/passwd": fault.Invalid, "+proj=longlat +nadgrids=../x": fault.Invalid,
		`BOUNDCRS[SOURCECRS[x],ABRIDGEDTRANSFORMATION["a",METHOD["NTv2"],PARAMETERFILE["Latitude and longitude difference file","/dev/zero"]]]`: fault.Invalid,
		`GEOGCS["a",EXTENSION["PROJ4_GRIDS","/dev/zero"]]`: fault.Invalid, "+proj=longlat +nadgrids=@/dev/zero": fault.Invalid,
		"GEOGCS[": fault.Invalid, "{}": fault.Invalid, strings.Repeat("x", 100000): fault.TooLarge,
		"EPSG:5773": fault.Unsupported, "EPSG:4978": fault.Unsupported,
	} {
		if got, err := ParseCRS(text); !fault.Is(err, kind) {
			t.Errorf("%.40q: %q, %v of kind %v, want %v", text, got, err, fault.KindOf(err), kind)
		}
	}
}

func TestDescribeCRS(t *testing.T) {
	t.Parallel()
	i, err := DescribeCRS("EPSG:32632")
	if err != nil {
		t.Fatal(err)
	}
	if i.Name != "WGS 84 / UTM zone 32N" || i.Geographic || !i.Projected || i.SemiMajor != 6378137 || math.Abs(i.InvFlattening-298.257223563) > 1e-9 ||
		i.MetresPerUnit != 1 || i.AreaOfUse == nil || i.AreaOfUse.MinX != 6 || i.AreaOfUse.MaxX != 12 || !strings.HasPrefix(i.WKT, "PROJCRS[") {
		t.Errorf("%+v", i)
	}
	g, err := DescribeCRS("EPSG:4807") // grads from Paris
	if err != nil {
		t.Fatal(err)
	}
	if !g.Geographic || math.Abs(g.RadiansPerUnit-math.Pi/200) > 1e-12 || math.Abs(g.PrimeMeridian-2.33722917) > 1e-8 {
		t.Errorf("%+v", g)
	}
	f, err := DescribeCRS("EPSG:2236")
	if err != nil || math.Abs(f.MetresPerUnit-1200.0/3937) > 1e-12 {
		t.Errorf("%+v, %v", f, err)
	}
	i.AreaOfUse.MinX = 999 // a caller's copy
	if again, _ := DescribeCRS("EPSG:32632"); again.AreaOfUse.MinX != 6 {
		t.Error("the remembered description was changed from outside")
	}
}

const osrScript = `
import sys, json
from osgeo import osr
osr.UseExceptions()
a, b = osr.SpatialReference(), osr.SpatialReference()
a.SetFromUserInput(sys.argv[1]); b.SetFromUserInput(sys.argv[2])
for s in (a, b):
    s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
ct = osr.CoordinateTransformation(a, b)
print(json.dumps([ct.TransformPoint(590000 + 950.0 * i, 4914000 + 700.0 * j)[:2] for i in range(21) for j in range(21)]))
`

func TestTransformOfDatumWithoutCode(t *testing.T) {
	t.Parallel()
	prj, err := os.ReadFile(shareddata.Path(t, "us-spearfish-accessmod/road__demo/road__demo/road__demo.prj"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := OpenVector(shareddata.Path(t, "us-spearfish-accessmod/road__demo/road__demo/road__demo.shp"), nil)
	if err != nil {
		t.Fatal(err)
	}
	layer := v.Layers()[0]
	_ = v.Close()
	var want [][2]float64
	python(t, osrScript, &want, string(prj), "EPSG:4326")
	for name, c := range map[string]geo.CRS{"the .prj": geo.CRS(prj), "the layer": layer.Schema.CRS, "EPSG:26713": "EPSG:26713"} {
		tr, err := NewTransform(c, geo.WGS84)
		if err != nil {
			t.Fatal(err)
		}
		x, y := make([]float64, len(want)), make([]float64, len(want))
		for k := range want {
			x[k], y[k] = 590000+950*float64(k/21), 4914000+700*float64(k%21)
		}
		if err := tr.Apply(x, y); err != nil {
			t.Fatal(err)
		}
		tr.Close()
		for k, w := range want {
			if math.Abs(x[k]-w[0]) > 1e-7 || math.Abs(y[k]-w[1]) > 1e-7 {
				t.Fatalf("%s: point %d: %.9f %.9f, osr says %.9f %.9f", name, k, x[k], y[k], w[0], w[1])
			}
		}
	}
}

func TestTransformFailuresAreNaN(t *testing.T) {
	t.Parallel()
	tr, err := NewTransform("EPSG:4326", "EPSG:2056")
	if err != nil {
		t.Fatal(err)
	}
	x, y := []float64{8, 8, math.NaN(), math.Inf(1), 8}, []float64{47, 95, 47, 47, 46}
	if err := tr.Apply(x, y); err != nil {
		t.Fatal(err)
	}
	for k, ok := range []bool{true, false, false, false, true} {
		if (x[k] == x[k] && y[k] == y[k]) != ok {
			t.Errorf("point %d became %v %v", k, x[k], y[k])
		}
	}
	if err := tr.Apply(nil, nil); err != nil {
		t.Errorf("no points: %v", err)
	}
	if err := tr.Apply(x, y[:1]); !fault.Is(err, fault.Invalid) {
		t.Errorf("unequal lengths: %v", err)
	}
	tr.Close()
	tr.Close()
	if err := tr.Apply(x, y); err == nil {
		t.Error("a closed transformation worked")
	}
}

func TestPathGuard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a b.tif")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	all := accept{zip: true, subdataset: true}
	for _, name := range []string{
		"", "\x00", file + "\x00", strings.Repeat("a", 5000), "/vsicurl/http://x/a.tif", "/vsis3/b/k", "/vsimem/x", "/vsistdin/", "/vsigzip/" + file,
		"/vsizip//vsicurl/http://x/a.zip/a.tif", "/vsizip/vsicurl/http://x/a.zip", "/vsizip/{/vsicurl/http://x/a.zip}/a.tif", "/vsizip/../x.zip",
		"http://x/a.tif", "https://x/a.tif", "ftp://x", "file:///etc/passwd", "PG:dbname=x", "MYSQL:x", "NETCDF:http://x/a.nc:v", `NETCDF:"/vsicurl/x":v`,
		"GTIFF_DIR:1:/vsicurl/http://x", "GTIFF_DIR:x:" + file, "HDF5:", `HDF5:"`, "WMS:http://x", "C:\\x", "/./vsicurl/x", "//vsicurl/x",
		"<VRTDataset/>", `{"type":"FeatureCollection"}`,
	} {
		if got, err := inputName("t", name, all); err == nil {
			t.Errorf("%.60q was let through as %q", name, got)
		}
	}
	for name, want := range map[string]string{
		file: file, dir + "/./a b.tif": file, `HDF5:"` + file + `"://g/v`: `HDF5:"` + file + `"://g/v`,
		"NETCDF:" + file + ":v": `NETCDF:"` + file + `":v`, "GTIFF_DIR:2:" + file: "GTIFF_DIR:2:" + file,
		"/vsizip/" + file + "/in/ner.tif": "/vsizip/{" + file + "}/in/ner.tif",
	} {
		if got, err := inputName("t", name, all); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"NETCDF:" + file + ":v", "/vsizip/" + file + "/a"} {
		if got, err := inputName("t", name, accept{}); err == nil {
			t.Errorf("%q was let through as %q without being asked for", name, got)
		}
	}
}

// Whatever a file says, no server hears of it.
func TestNothingRemoteIsFollowed(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	if c, err := net.Dial("tcp", srv.Listener.Addr().String()); err != nil {
		t.Fatal(err)
	} else {
		_ = c.Close()
	}
	dir := t.TempDir()
	for i, source := range []string{"/vsicurl/" + srv.URL + "/a.tif", srv.URL + "/a.tif", "/vsicurl_streaming/" + srv.URL + "/a.tif", "/vsizip//vsicurl/" + srv.URL + "/a.zip/a.tif"} {
		vrt := filepath.Join(dir, string(rune('a'+i))+".vrt")
		text := `<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename relativeToVRT="0">` +
			source + `</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>`
		if err := os.WriteFile(vrt, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := OpenRaster(vrt, []string{"VRT", "GTiff", "HTTP"})
		if err != nil {
			continue
		}
		if err := r.ReadFloat64(1, r.Grid().Full(), make([]float64, 16)); err == nil {
			t.Errorf("%s was read", source)
		}
		_ = r.Close()
	}
	gml := filepath.Join(dir, "a.gml")
	text := `<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://ogr.maptools.org/ ` + srv.URL + `/a.xsd">` +
		`<gml:featureMember><ogr:a fid="1"><ogr:geometryProperty xlink:href="` + srv.URL + `/g.gml#x"/><ogr:n>1</ogr:n></ogr:a></gml:featureMember></ogr:FeatureCollection>`
	if err := os.WriteFile(gml, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := OpenVector(gml, nil); err == nil {
		_ = v.Close()
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
}

func FuzzParseCRS(f *testing.F) {
	for _, s := range []string{"EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "+proj=utm +zone=32", `GEOGCS["a"]`, `{"type":"GeographicCRS"}`, "+proj=longlat +nadgrids=@null", "OGC:CRS84"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCRS(s)
		if err != nil {
			if k := fault.KindOf(err); k == fault.Other || k == fault.NotExist {
				t.Fatalf("%q: kind %v: %v", s, k, err)
			}
			return
		}
		if again, err := ParseCRS(string(c)); err != nil || again != c {
			t.Fatalf("%q: canonical %q is read as %q, %v", s, c, again, err)
		}
	})
}

func FuzzPathGuard(f *testing.F) {
	for _, s := range []string{"/etc/passwd", "/vsizip//tmp/a.zip/b", "NETCDF:\"a\":b", "http://a", "GTIFF_DIR:1:/tmp/x", "a/../../vsicurl/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := inputName("t", s, accept{zip: true, subdataset: true})
		if err != nil {
			return
		}
		rest := got
		if r, ok := strings.CutPrefix(got, "/vsizip/{/"); ok {
			rest = "/" + r
		} else if _, r, ok := strings.Cut(got, ":"); ok && !strings.HasPrefix(got, "/") {
			rest = strings.TrimPrefix(strings.TrimLeft(r, "0123456789:"), `"`)
		}
		if !strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "/vsi") || strings.Contains(got, "://") && !strings.Contains(got, `"://`) {
			t.Fatalf("%q was let through as %q", s, got)
		}
	})
}

// Degrees without a name are known by what they are: what sf and others write
// of +proj=longlat. Another meridian, unit or figure is another system.
func TestUnnamedDegrees(t *testing.T) {
	t.Parallel()
	const text = `GEOGCRS["unknown",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ID["EPSG",6326]],
PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8901]],CS[ellipsoidal,2],AXIS["longitude",east,ORDER[1],ANGLEUNIT["degree",0.0174532925199433,ID["EPSG",9122]]],
AXIS["latitude",north,ORDER[2],ANGLEUNIT["degree",0.0174532925199433,ID["EPSG",9122]]]]`
	for text, want := range map[string]geo.CRS{
		text: geo.WGS84, "+proj=longlat +datum=WGS84 +no_defs": geo.WGS84,
		strings.ReplaceAll(text, `PRIMEM["Greenwich",0`, `PRIMEM["Rome",12.45`):                   "",
		strings.ReplaceAll(text, `["WGS 84",6378137,298.257223563`, `["other",6378388,297`):       "",
		strings.ReplaceAll(text, "0.0174532925199433", "0.01570796326794897"):                     "",
		"+proj=longlat +ellps=intl +towgs84=-104.1,-49.1,-9.9,0.971,-2.917,0.714,-11.68 +no_defs": "",
	} {
		got, err := ParseCRS(text)
		if err != nil || (want == "") != got.IsWKT() || want != "" && got != want {
			t.Errorf("%.60s…: %s, %v", text, got.Short(), err)
		}
	}
}
