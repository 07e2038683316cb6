package here

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// Whatever is within the radius by the geodesic is within the box, also near
// the poles and across the antimeridian.
func TestAroundHoldsTheCircle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		lon := rapid.Float64Range(-180, 180).Draw(rt, "lon")
		lat := rapid.Float64Range(-90, 90).Draw(rt, "lat")
		radius := rapid.Float64Range(0, maxRadius).Draw(rt, "radius")
		box := around(lon, lat, radius)
		// A place nearby, by small steps; how far it is says another formula.
		scale := 1.2 * radius / 111_000
		y := lat + scale*rapid.Float64Range(-1, 1).Draw(rt, "up")
		if math.Abs(y) > 90 {
			return
		}
		x := lon + scale*rapid.Float64Range(-1, 1).Draw(rt, "right")/math.Max(math.Cos(lat*math.Pi/180), 1e-3)
		if x = math.Remainder(x, 360); float64(crs.Distance(lon, lat, x, y)) > radius {
			return
		}
		for _, part := range index.Unwrap(box) {
			if part.Intersects(geo.BBox{MinX: x, MinY: y, MaxX: x, MaxY: y}) {
				return
			}
		}
		rt.Fatalf("%v, %v is %v m from %v, %v and not in %+v", x, y, crs.Distance(lon, lat, x, y), lon, lat, box)
	})
}

// The box is not much larger than the circle, or a point in a village would
// ask for all of it.
func TestAroundIsTight(t *testing.T) {
	t.Parallel()
	b := around(9, 46, 1000)
	width, height := float64(crs.Distance(b.MinX, 46, b.MaxX, 46)), float64(crs.Distance(9, b.MinY, 9, b.MaxY))
	if width < 2000 || width > 2020 || height < 2000 || height > 2020 {
		t.Errorf("%.1f × %.1f m round 1,000 m", width, height)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		for len(text) <= maxText {
			text += "è" + text
		}
		got := cut(text)
		if !utf8.ValidString(got) || len(got) > maxText+len("…") || !strings.HasSuffix(got, "…") || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
			rt.Fatalf("%q of %q", got, text)
		}
	})
}

// What is asked wrongly is refused by name, before any data are looked at.
func TestRead(t *testing.T) {
	t.Parallel()
	read := func(query string) (question, *Document, error) {
		r := httptest.NewRequest(http.MethodGet, "http://example.com/here", nil)
		r.URL.RawQuery = query
		return read(echo.New().NewContext(r, httptest.NewRecorder()), nil)
	}
	q, doc, err := read("lon=-180&lat=90&radius=0&datasets=")
	if err != nil || q.lon != -180 || q.lat != 90 || q.radius != 0 || q.datasets != nil || doc.LeftOut == nil || doc.Features == nil {
		t.Errorf("%+v %+v %v", q, doc, err)
	}
	if q, _, err := read("lon=1&lat=2&datasets="); err != nil || q.radius != defaultNear {
		t.Errorf("%+v %v", q, err)
	}
	for query, says := range map[string]string{
		"": "lon", "lon=1": "lat", "lat=1": "lon", "lon=a&lat=1": "lon", "lon=181&lat=0": "lon", "lon=0&lat=90.1": "lat", "lon=NaN&lat=0": "lon", "lon=0&lat=-Inf": "lat",
		"lon=0&lat=0&radius=-1": "radius", "lon=0&lat=0&radius=5001": "radius", "lon=0&lat=0&radius=x": "radius",
		"lat=0&lon=0." + strings.Repeat("0", 60): "lon",
	} {
		if _, _, err := read(query); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says+"=") {
			t.Errorf("%q: %v, want something about %s", query, err, says)
		}
	}
	for _, query := range []string{"lon=0&lat=0&datasets=,", "lon=0&lat=0&datasets=..%2fetc", "lon=0&lat=0&datasets=UPPER"} {
		if _, _, err := read(query); !fault.Is(err, fault.NotExist) {
			t.Errorf("%q: %v", query, err)
		}
	}
}

func TestPlaced(t *testing.T) {
	t.Parallel()
	vector := func(kind string) catalog.Dataset {
		return catalog.Dataset{Kind: catalog.Vector, Version: catalog.Version{Vector: &catalog.VectorInfo{Schema: geo.Schema{GeometryType: kind}}}}
	}
	for _, c := range []struct {
		d    catalog.Dataset
		want bool
	}{
		{catalog.Dataset{Kind: catalog.Raster}, true},
		{vector("Point"), true},
		{vector(""), false},
		{catalog.Dataset{Kind: catalog.Vector}, false},
		{catalog.Dataset{Kind: catalog.Timetable}, false},
		{catalog.Dataset{Kind: catalog.TileArchive}, false},
	} {
		if got := placed(c.d); got != c.want {
			t.Errorf("%+v: %v", c.d, got)
		}
	}
}
