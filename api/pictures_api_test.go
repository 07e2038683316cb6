package api_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image"
	"image/draw"
	_ "image/jpeg" // pictures come as JPEG too
	"image/png"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/tiles/tms"
)

// georeferenced writes a picture with its place as a file for inPlace.
func georeferenced(t *testing.T, body []byte, c geo.CRS, b geo.BBox) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.tif")
	m, err := png.Decode(bytes.NewReader(body)) // of few colours it has a palette
	if err != nil {
		t.Fatal(err)
	}
	plain := image.NewNRGBA(m.Bounds())
	draw.Draw(plain, m.Bounds(), m, m.Bounds().Min, draw.Src)
	var file bytes.Buffer
	if err := png.Encode(&file, alpha{plain}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	num := func(v float64) string { return strconv.FormatFloat(v, 'f', 12, 64) }
	tool(t, "gdal_translate", "-q", "-a_srs", string(c), "-a_ullr", num(b.MinX), num(b.MaxY), num(b.MaxX), num(b.MinY), in, out)
	return out
}

// alpha keeps the encoder from leaving out an alpha that is full everywhere.
type alpha struct{ *image.NRGBA }

func (alpha) Opaque() bool { return false }

// A map says where it is in its headers, in the axis order of its system.
func TestMapSaysWhereItIs(t *testing.T) {
	t.Parallel()
	for query, c := range map[string]struct {
		crs     geo.CRS
		uri     string
		swapped bool
	}{
		"?width=300":                  {"EPSG:4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", false},
		"?width=300&crs=[EPSG:32632]": {"EPSG:32632", "http://www.opengis.net/def/crs/EPSG/0/32632", false},
		"?crs=http://www.opengis.net/def/crs/EPSG/0/6707&height=300":                                                          {"EPSG:6707", "http://www.opengis.net/def/crs/EPSG/0/6707", true},
		"?crs=[EPSG:4326]&width=300&height=350":                                                                               {"EPSG:4326", "http://www.opengis.net/def/crs/EPSG/0/4326", true},
		"?crs=[OGC:CRS84]&bbox=8.92,46,9.08,46.11&width=300":                                                                  {"EPSG:4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", false},
		"?crs=[EPSG:3035]&bbox=46,8.92,46.11,9.08&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326&width=300":              {"EPSG:3035", "http://www.opengis.net/def/crs/EPSG/0/3035", true},
		"?crs=[EPSG:3857]&subset=N(5094000:5106000),E(494000:506000)&subset-crs=[EPSG:32632]&width=300":                       {"EPSG:3857", "http://www.opengis.net/def/crs/EPSG/0/3857", false},
		"?crs=[EPSG:32632]&center=46.05,9&center-crs=[EPSG:4326]&width=300&height=300&scale-denominator=150000":               {"EPSG:32632", "http://www.opengis.net/def/crs/EPSG/0/32632", false},
		"?crs=[EPSG:3003]&scale-denominator=150000&mm-per-pixel=0.3":                                                          {"EPSG:3003", "http://www.opengis.net/def/crs/EPSG/0/3003", false},
		`?subset=time("2024-07-01T10:00:00Z")&subset=Lon(8.92:9.08)&width=300`:                                                {"EPSG:4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", false},
		"?datetime=2024-05-01&crs=[EPSG:25832]&bbox=494000,5094000,506000,5106000&bbox-crs=[EPSG:25832]&width=200&height=250": {"EPSG:25832", "http://www.opengis.net/def/crs/EPSG/0/25832", false},
	} {
		r := ask.Get(t, "/collections/scenes/map"+strings.ReplaceAll(query, `"`, "%22"))
		if got := r.Header().Get("Content-Crs"); got != "<"+c.uri+">" {
			t.Errorf("%s: Content-Crs %s", query, got)
		}
		var v [4]float64
		for i, s := range strings.Split(r.Header().Get("Content-Bbox"), ",") {
			var err error
			if v[i], err = strconv.ParseFloat(s, 64); err != nil {
				t.Fatal(err)
			}
		}
		b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
		if c.swapped {
			b = geo.BBox{MinX: v[1], MinY: v[0], MaxX: v[3], MaxY: v[2]}
		}
		if !strings.HasPrefix(r.Header().Get("Content-Datetime"), "2024-0") {
			t.Errorf("%s: Content-Datetime %q", query, r.Header().Get("Content-Datetime"))
		}
		inPlace(t, query, georeferenced(t, r.Body.Bytes(), c.crs, b), c.crs)
	}
}

// A map says of what time it is: the part of the dataset's that was asked for.
func TestMapSaysOfWhatTimeItIs(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                               "2024-05-01T00:00:00Z/2024-07-01T10:00:00Z",
		"&datetime=2024-05/..":           "2024-05-01T00:00:00Z/2024-07-01T10:00:00Z",
		"&datetime=2024-06-01/..":        "2024-06-01T00:00:00Z/2024-07-01T10:00:00Z",
		"&subset=time(*:2024-06)":        "2024-05-01T00:00:00Z/2024-06-30T23:59:59.999999999Z",
		"&datetime=2024-05-01T00:00:00Z": "2024-05-01T00:00:00Z",
	} {
		if got := ask.Get(t, "/collections/scenes/map?width=20"+query).Header().Get("Content-Datetime"); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := ask.Get(t, "/collections/elevation/map?width=20").Header().Get("Content-Datetime"); got != "" {
		t.Errorf("a dataset without time: %s", got)
	}
}

// The scale asked for is that of the ground, in systems whose metres are not.
func TestMapScale(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"EPSG:3857", "CRS:84", "EPSG:32632", "EPSG:3035"} {
		text := "[" + name + "]"
		if name == "CRS:84" {
			text = "[OGC:CRS84]"
		}
		r := ask.Get(t, "/collections/scenes/map?center=9,46.05&width=200&height=100&scale-denominator=50000&crs="+text)
		var v []float64
		for _, s := range strings.Split(r.Header().Get("Content-Bbox"), ",") {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, f)
		}
		code := geo.CRS(name)
		if name == "CRS:84" {
			code = geo.WGS84
		}
		if name == "EPSG:3035" {
			v[0], v[1], v[2], v[3] = v[1], v[0], v[3], v[2]
		}
		to, err := crs.New(code, geo.WGS84)
		if err != nil {
			t.Fatal(err)
		}
		lon0, lat0, _ := to.Point(v[0], (v[1]+v[3])/2)
		lon1, lat1, _ := to.Point(v[2], (v[1]+v[3])/2)
		wide := float64(crs.Distance(lon0, lat0, lon1, lat1))
		if want := 200 * 0.00028 * 50000; math.Abs(wide/want-1) > 2e-3 {
			t.Errorf("%s: %g m wide, want %g", name, wide, want)
		}
	}
}

func colourAt(t *testing.T, r *apitest.Response, x, y int) [4]uint32 {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(r.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var c [4]uint32
	c[0], c[1], c[2], c[3] = m.At(x, y).RGBA()
	for i := range c {
		c[i] >>= 8
	}
	return c
}

// Outside of the data lies the background that was asked for.
func TestBackground(t *testing.T) {
	t.Parallel()
	const far = "?bbox=8,45,8.1,45.1&width=20&height=20"
	for query, want := range map[string][4]uint32{
		far:                                     {0, 0, 0, 0},
		far + "&transparent=false":              {255, 255, 255, 255},
		far + "&bgcolor=0x102030":               {16, 32, 48, 255},
		far + "&bgcolor=Navy":                   {0, 0, 128, 255},
		far + "&bgcolor=red&transparent=true":   {0, 0, 0, 0},
		far + "&f=jpeg":                         {255, 255, 255, 255},
		far + "&bgcolor=0x00ff00&bands=1":       {0, 255, 0, 255},
		far + "&bgcolor=white&f=png&index=SAVI": {},
	} {
		if strings.Contains(query, "SAVI") {
			ask.Do(t, apitest.Request{Path: "/collections/scenes/map" + query}).Want(http.StatusBadRequest) // there is no near infrared
			continue
		}
		if got := colourAt(t, ask.Get(t, "/collections/scenes/map"+query), 10, 10); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	// Where there are data, nothing of it shows.
	plain := ask.Get(t, "/collections/scenes/map?width=50&height=50")
	below := ask.Get(t, "/collections/scenes/map?width=50&height=50&bgcolor=0x123456")
	if a, b := colourAt(t, plain, 25, 25), colourAt(t, below, 25, 25); a != b {
		t.Errorf("with a background the colour is %v, without %v", b, a)
	}
}

// Several layers: the last is on top, and shows what is below where it is
// transparent.
func TestWMSLayersLieOverEachOther(t *testing.T) {
	t.Parallel()
	const base = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&STYLES=&CRS=EPSG:32632&BBOX=490000,5095000,505000,5105000&WIDTH=150&HEIGHT=100&FORMAT=image/png"
	scenes := ask.Get(t, base+"&LAYERS=scenes&TRANSPARENT=TRUE")
	both := ask.Get(t, base+"&LAYERS=landcover,scenes&BGCOLOR=0x0000FF")
	if a, b := colourAt(t, scenes, 100, 50), colourAt(t, both, 100, 50); a != b || a[3] != 255 {
		t.Errorf("the upper layer is %v, in the stack %v", a, b)
	}
	if c := colourAt(t, both, 20, 50); c != [4]uint32{0, 0, 255, 255} {
		t.Errorf("beside the layers: %v", c)
	}
	if both.Header().Get("X-Contado-Items") != "2" {
		t.Errorf("items %s", both.Header().Get("X-Contado-Items"))
	}
}

// A list of times is drawn with the latest on top.
func TestWMSTimes(t *testing.T) {
	t.Parallel()
	const base = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=scenes&STYLES=&CRS=EPSG:32632&BBOX=495000,5095000,505000,5105000&WIDTH=50&HEIGHT=50&FORMAT=image/png&TRANSPARENT=TRUE"
	for query, want := range map[string]string{
		"": "1", "&TIME=current": "1", "&TIME=2024-05-01T00:00:00Z": "1", "&TIME=2024-05-01T00:00:00Z,2024-07-01T10:00:00Z": "2",
		"&TIME=2024-05-01/2024-06-01": "1", "&TIME=2019": "0", "&TIME=2024-05/2024-07/P1M": "1",
	} {
		r := ask.Get(t, base+query)
		if got := r.Header().Get("X-Contado-Items"); got != want {
			t.Errorf("%s: %s items, want %s", query, got, want)
		}
		if c := colourAt(t, r, 25, 25); (c[3] == 255) != (want != "0") {
			t.Errorf("%s: %v", query, c)
		}
	}
	many := ask.Get(t, base+"&TIME="+strings.Repeat("2024-05-01,", 9)+"2024-05-02")
	if code, _ := exception(t, many); code != "InvalidParameterValue" {
		t.Errorf("ten times: %s", code)
	}
}

// exception is the code of an exception report, and its text.
func exception(t *testing.T, r *apitest.Response) (code, text string) {
	t.Helper()
	var wms struct {
		Exception struct {
			Code string `xml:"code,attr"`
			Text string `xml:",chardata"`
		} `xml:"ServiceException"`
		OWS struct {
			Code string `xml:"exceptionCode,attr"`
			Text string `xml:"ExceptionText"`
		} `xml:"Exception"`
	}
	if err := xml.Unmarshal(r.Body.Bytes(), &wms); err != nil {
		t.Fatalf("%v\n%.500s", err, r.Body)
	}
	return wms.Exception.Code + wms.OWS.Code, wms.Exception.Text + wms.OWS.Text
}

func TestWMSExceptions(t *testing.T) {
	t.Parallel()
	const good = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=scenes&STYLES=&CRS=EPSG:4326&BBOX=46,8.9,46.1,9.1&WIDTH=20&HEIGHT=10&FORMAT=image/png"
	ask.Get(t, "/wms?"+good)
	for change, want := range map[string]string{
		"LAYERS=nothing": "LayerNotDefined", "LAYERS=sites": "LayerNotDefined", "LAYERS=" + strings.Repeat("scenes,", 9) + "scenes": "InvalidParameterValue",
		"STYLES=bold": "StyleNotDefined", "STYLES=default,default": "StyleNotDefined", "CRS=EPSG:2154": "InvalidCRS", "CRS=": "MissingParameterValue",
		"BBOX=1,2,3": "InvalidParameterValue", "BBOX=46.1,8.9,46,9.1": "InvalidParameterValue", "BBOX=a,b,c,d": "InvalidParameterValue", "BBOX=NaN,1,2,3": "InvalidParameterValue",
		"WIDTH=0": "InvalidParameterValue", "WIDTH=99999": "InvalidParameterValue", "FORMAT=image/gif": "InvalidFormat", "TIME=yesterday": "InvalidDimensionValue",
		"REQUEST=GetCoffee": "OperationNotSupported", "REQUEST=": "MissingParameterValue", "SERVICE=WFS": "InvalidParameterValue",
		"BGCOLOR=dark": "InvalidParameterValue", "TRANSPARENT=maybe": "InvalidParameterValue", "BANDS=B99": "InvalidParameterValue", "VERSION=2.0": "InvalidParameterValue",
		"REQUEST=GetFeatureInfo&QUERY_LAYERS=scenes&I=20&J=1": "InvalidPoint", "REQUEST=GetFeatureInfo&QUERY_LAYERS=none&I=1&J=1": "LayerNotDefined",
		"REQUEST=GetFeatureInfo&QUERY_LAYERS=scenes&I=1&J=1&INFO_FORMAT=application/pdf": "InvalidFormat",
		"REQUEST=GetLegendGraphic&LAYER=scenes&FORMAT=image/gif":                         "InvalidFormat",
		"REQUEST=GetCapabilities&UPDATESEQUENCE=999999":                                  "InvalidUpdateSequence",
		"LAYERS=<script>alert(1)</script>":                                               "LayerNotDefined",
	} {
		q := good
		for _, pair := range strings.Split(change, "&") {
			name, value, _ := strings.Cut(pair, "=")
			var parts []string
			for _, p := range strings.Split(q, "&") {
				if !strings.HasPrefix(p, name+"=") {
					parts = append(parts, p)
				}
			}
			q = strings.Join(append(parts, name+"="+strings.NewReplacer("<", "%3C", ">", "%3E").Replace(value)), "&")
		}
		r := ask.Get(t, "/wms?"+q)
		if !strings.HasPrefix(r.Header().Get("Content-Type"), "text/xml") {
			t.Errorf("%s: %s", change, r.Header().Get("Content-Type"))
			continue
		}
		code, text := exception(t, r)
		if code != want || text == "" || r.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s (%s), want %s", change, code, text, want)
		}
	}
	for _, m := range []string{"INIMAGE", "BLANK"} {
		r := ask.Get(t, "/wms?"+strings.Replace(good, "scenes", "nothing", 1)+"&EXCEPTIONS="+m)
		img := decode(t, r)
		if img.Bounds().Dx() != 20 || img.Bounds().Dy() != 10 {
			t.Errorf("%s: %v", m, img.Bounds())
		}
	}
}

func TestWMTSExceptions(t *testing.T) {
	t.Parallel()
	const good = "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=scenes&STYLE=default&FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=10&TILEROW=363&TILECOL=537"
	ask.Get(t, "/wmts?"+good)
	ask.Get(t, "/wmts?"+strings.ToLower(strings.Split(good, "&")[0])+"&"+strings.SplitN(good, "&", 2)[1])
	for change, want := range map[string]struct {
		code   string
		status int
	}{
		"LAYER=none": {"InvalidParameterValue", 400}, "LAYER=": {"MissingParameterValue", 400}, "STYLE=bold": {"InvalidParameterValue", 400},
		"TILEMATRIXSET=x": {"InvalidParameterValue", 400}, "TILEMATRIX=99": {"InvalidParameterValue", 400}, "TILEROW=1024": {"TileOutOfRange", 400}, "TILECOL=-1": {"TileOutOfRange", 400},
		"TILEROW=x": {"InvalidParameterValue", 400}, "FORMAT=image/gif": {"InvalidParameterValue", 400}, "REQUEST=GetCoffee": {"OperationNotSupported", 501},
		"VERSION=9": {"InvalidParameterValue", 400}, "TIME=never": {"InvalidParameterValue", 400}, "BANDS=B99": {"InvalidParameterValue", 400},
		"REQUEST=GetFeatureInfo&I=256&J=0": {"PointIJOutOfRange", 400}, "REQUEST=GetCapabilities&ACCEPTVERSIONS=2.0.0": {"VersionNegotiationFailed", 400},
	} {
		q := good
		for _, pair := range strings.Split(change, "&") {
			name, _, _ := strings.Cut(pair, "=")
			var parts []string
			for _, p := range strings.Split(q, "&") {
				if !strings.HasPrefix(p, name+"=") {
					parts = append(parts, p)
				}
			}
			q = strings.Join(append(parts, pair), "&")
		}
		r := ask.Do(t, apitest.Request{Path: "/wmts?" + q}).Want(want.status)
		if code, text := exception(t, r); code != want.code || text == "" {
			t.Errorf("%s: %s (%s), want %s", change, code, text, want.code)
		}
	}
	for path, status := range map[string]int{
		"/wmts/1.0.0/scenes/default/WebMercatorQuad/10/363/537.png": 200, "/wmts/1.0.0/scenes/default/2024-05-01/WebMercatorQuad/10/363/537.jpg": 200,
		"/wmts/1.0.0/none/default/WebMercatorQuad/10/363/537.png": 404, "/wmts/1.0.0/scenes/default/WebMercatorQuad/10/363/5370.png": 404,
		"/wmts/1.0.0/scenes/default/WebMercatorQuad/10/363/537.gif": 404, "/wmts/1.0.0/scenes/default/WebMercatorQuad/10/363/537/100/120.json": 200,
		"/wmts/1.0.0/scenes/default/current/WebMercatorQuad/10/363/537/100/120.txt": 200, "/wmts/1.0.0/WMTSCapabilities.xml": 200,
	} {
		ask.Do(t, apitest.Request{Path: path}).Want(status)
	}
}

// All ways to the same tile give the same picture.
func TestOneTileByManyWays(t *testing.T) {
	t.Parallel()
	const z, row, col = "10", "363", "537"
	want := ask.Get(t, "/xyz/scenes/"+z+"/"+col+"/"+row+".png").Body.Bytes()
	for _, path := range []string{
		"/collections/scenes/map/tiles/WebMercatorQuad/" + z + "/" + row + "/" + col,
		"/wmts/1.0.0/scenes/default/current/WebMercatorQuad/" + z + "/" + row + "/" + col + ".png",
		"/wmts?service=WMTS&request=GetTile&version=1.0.0&layer=scenes&style=&format=image/png&tilematrixset=WebMercatorQuad&tilematrix=" + z + "&tilerow=" + row + "&tilecol=" + col,
	} {
		if !bytes.Equal(ask.Get(t, path).Body.Bytes(), want) {
			t.Errorf("%s is another picture than /xyz", path)
		}
	}
	s := tms.WebMercatorQuad()
	b := s.Bounds(tms.Tile{Z: 10, X: 537, Y: 363})
	num := func(v float64) string { return strconv.FormatFloat(v, 'f', 9, 64) }
	box := num(b.MinX) + "," + num(b.MinY) + "," + num(b.MaxX) + "," + num(b.MaxY)
	a := decode(t, &apitest.Response{ResponseRecorder: ask.Get(t, "/xyz/scenes/"+z+"/"+col+"/"+row+".png").ResponseRecorder, T: t})
	for _, path := range []string{
		"/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=scenes&STYLES=&CRS=EPSG:3857&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE&BBOX=" + box,
		"/collections/scenes/map?crs=[EPSG:3857]&bbox-crs=[EPSG:3857]&width=256&height=256&bbox=" + box,
		"/xyz/scenes/bbox/" + box + "/256x256.png?coord_crs=EPSG:3857",
	} {
		m := decode(t, ask.Get(t, path))
		off := 0
		for y := range 256 {
			for x := range 256 {
				if m.At(x, y) != a.At(x, y) {
					off++
				}
			}
		}
		if off > 64 { // the box has nine decimals: pixels on edges may fall otherwise
			t.Errorf("%s: %d pixels are others than in the tile", path, off)
		}
	}
}

// What a click finds is what the cells hold.
func TestInfoAtAPoint(t *testing.T) {
	t.Parallel()
	const col, row = 30, 60
	x, y := apitest.LandGrid().Center(col, row)
	want := float64(600 + col*10 + row)
	to, err := crs.New(apitest.LandGrid().CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	lon, lat, _ := to.Point(x, y)
	num := func(v float64) string { return strconv.FormatFloat(v, 'f', 9, 64) }
	var p struct {
		Names []string `json:"band_names"`
		Items []struct {
			Item   string
			Values []float64
		}
	}
	ask.JSON(t, "/xyz/scenes/point/"+num(lon)+","+num(lat)+"?bands=B04", &p)
	if len(p.Items) != 2 || len(p.Names) != 1 || p.Items[0].Values[0] != want {
		t.Errorf("point: %+v, want %g", p, want)
	}
	var info struct {
		Features []struct {
			Properties map[string]any
		}
	}
	box := num(y-500) + "," + num(x-500) + "," + num(y+500) + "," + num(x+500) // northing first
	click := "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=scenes&STYLES=&QUERY_LAYERS=scenes&CRS=EPSG:6707&WIDTH=101&HEIGHT=101&I=50&J=50&BANDS=B04&FEATURE_COUNT=1&BBOX=" + box
	ask.JSON(t, click+"&INFO_FORMAT=application/json", &info)
	if len(info.Features) != 1 || info.Features[0].Properties["B04"] != want {
		t.Errorf("WMS: %+v, want %g", info, want)
	}
	for _, media := range []string{"text/plain", "text/html"} {
		r := ask.Get(t, click+"&INFO_FORMAT="+media)
		if !strings.Contains(r.Body.String(), num(want)[:3]) || !strings.HasPrefix(r.Header().Get("Content-Type"), media) {
			t.Errorf("%s: %s", media, r.Body)
		}
	}
	s, err := tms.Get("RDN2008UTM32NEQuad")
	if err != nil {
		t.Fatal(err)
	}
	at := s.At(8, x, y)
	b := s.Bounds(at)
	i, j := int((x-b.MinX)/s.Matrices[8].CellSize), int((b.MaxY-y)/s.Matrices[8].CellSize)
	ask.JSON(t, "/wmts/1.0.0/scenes/default/RDN2008UTM32NEQuad/8/"+strconv.Itoa(at.Y)+"/"+strconv.Itoa(at.X)+"/"+strconv.Itoa(j)+"/"+strconv.Itoa(i)+".json?bands=B04", &info)
	if len(info.Features) != 2 || math.Abs(info.Features[0].Properties["B04"].(float64)-want) > 11 { // a pixel is 40 m, a cell 100 m
		t.Errorf("WMTS: %+v, want %g", info, want)
	}
}

// A crop of values is the cells themselves; a polygon clips them.
func TestCrops(t *testing.T) {
	t.Parallel()
	whole := crop(t, apitest.Request{Path: "/xyz/scenes/preview.tif?bands=B04"})
	if len(whole) != apitest.Side*apitest.Side || whole[30+60*apitest.Side] != 600+300+60 {
		t.Errorf("preview: %d cells", len(whole))
	}
	x0, y0 := apitest.West+1000, apitest.North-3000
	to, err := crs.New(apitest.LandGrid().CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	var ring [][2]float64
	for _, p := range [][2]float64{{0, 0}, {2000, 0}, {0, 2000}, {0, 0}} {
		lon, lat, _ := to.Point(x0+p[0], y0+p[1])
		ring = append(ring, [2]float64{lon, lat})
	}
	body, err := json.Marshal(map[string]any{"type": "Feature", "properties": nil, "geometry": map[string]any{"type": "Polygon", "coordinates": [][][2]float64{ring}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := crop(t, apitest.Request{Method: http.MethodPost, Path: "/xyz/scenes/feature.tif?bands=B04", Body: string(body)})
	valid := 0
	for _, v := range cells {
		if !math.IsNaN(v) {
			valid++
		}
	}
	if valid < 180 || valid > 220 { // half of 20 × 20 cells
		t.Errorf("the triangle holds %d of %d cells", valid, len(cells))
	}
	for name, bad := range map[string]string{
		"no JSON": "{", "a point": `{"type":"Point","coordinates":[9,46]}`, "an open ring": `{"type":"Polygon","coordinates":[[[9,46],[9.1,46],[9.1,46.1],[9,46.1]]]}`,
		"nowhere": `{"type":"Polygon","coordinates":[[[900,46],[9.1,46],[9.1,46.1],[900,46]]]}`, "empty": `{"type":"Polygon","coordinates":[]}`,
	} {
		r := ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/xyz/scenes/feature.png", Body: bad})
		if r.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, r.Code)
		}
	}
	if m, err := png.Decode(bytes.NewReader(ask.Get(t, "/xyz/scenes/preview.png?max_size=40").Body.Bytes())); err != nil || m.Bounds().Dx() != 40 {
		t.Errorf("a small preview: %v", err)
	}
}

// crop asks for values as a GeoTIFF and reads its first band.
func crop(t *testing.T, r apitest.Request) []float64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crop.tif")
	if err := os.WriteFile(path, ask.Do(t, r).Want(http.StatusOK).Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	g := d.Info().Grid
	if g.CRS != apitest.LandGrid().CRS {
		t.Errorf("the crop is in %s", g.CRS)
	}
	out := make([]float64, g.Cells())
	if err := d.ReadFloat64(1, g.Full(), out); err != nil {
		t.Fatal(err)
	}
	return out
}
