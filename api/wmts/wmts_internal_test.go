package wmts

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contado/api/ows"
	"contado/geo/fault"
	"contado/tiles/tms"
)

// Corners are in the axis order of the authority, scales on pixels of 0.28 mm:
// the figures are those of the register of OGC (17-083r4, annex D).
func TestGridsAreThoseOfTheRegister(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, crs, corner string
		scale           float64 // of the first matrix
	}{
		{"WebMercatorQuad", "urn:ogc:def:crs:EPSG::3857", "-20037508.342789244 20037508.342789244", 559082264.028717},
		{"EuropeanETRS89_LAEAQuad", "urn:ogc:def:crs:EPSG::3035", "5500000 2000000", 62779017.857142},
		{"WorldCRS84Quad", "urn:ogc:def:crs:OGC:1.3:CRS84", "-180 90", 279541132.014358},
	} {
		set, err := tms.Get(c.id)
		if err != nil {
			t.Fatal(err)
		}
		got := setOf(set)
		var x, y, wantX, wantY float64
		if _, err := fmt.Sscan(got.Matrices[0].Corner, &x, &y); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(c.corner, &wantX, &wantY); err != nil {
			t.Fatal(err)
		}
		scale, err := strconv.ParseFloat(got.Matrices[0].Scale, 64)
		if err != nil || got.CRS != c.crs || math.Abs(x-wantX) > 1e-6 || math.Abs(y-wantY) > 1e-6 || math.Abs(scale/c.scale-1) > 1e-11 {
			t.Errorf("%s: %s at %s, scale %s", c.id, got.CRS, got.Matrices[0].Corner, got.Matrices[0].Scale)
		}
		if len(got.Matrices) != len(set.Matrices) || strings.ContainsAny(got.Matrices[len(got.Matrices)-1].Scale, "eE") {
			t.Errorf("%s: %d matrices, the last %+v", c.id, len(got.Matrices), got.Matrices[len(got.Matrices)-1])
		}
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"": "Contents ServiceProvider", "All": "Contents ServiceProvider", "Contents": "Contents", "ServiceProvider,Contents": "Contents ServiceProvider", "Themes": "",
	} {
		has := sections(ows.Params{"SECTIONS": asked})
		var got []string
		for _, name := range []string{"Contents", "ServiceProvider"} {
			if has(name) {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", asked, s, want)
		}
	}
}

// What clients are told of errors: by parameters with the statuses of the
// standard, by address 404 where there is nothing. What is ours to know stays
// in the log.
func TestReports(t *testing.T) {
	t.Parallel()
	missing := fault.Errorf("wmts", fault.NotExist, "there is no layer")
	for _, c := range []struct {
		route  string
		err    error
		status int
		code   string
		says   string
	}{
		{"/wmts", ows.Bad(ows.Missing, "layer", "LAYER is missing"), 400, ows.Missing, "LAYER"},
		{"/wmts", &ows.Exception{Code: outOfRange, Locator: "TileRow", Err: missing}, 400, outOfRange, "no layer"},
		{"/wmts/1.0.0/:layer", &ows.Exception{Code: ows.Invalid, Locator: "Layer", Err: missing}, 404, ows.Invalid, "no layer"},
		{"/wmts/1.0.0/:layer", missing, 404, ows.Invalid, "no layer"},
		{"/wmts", fault.Errorf("draw", fault.Unsupported, "not like that"), 501, ows.NotSupported, "not like that"},
		{"/wmts", fault.Errorf("draw", fault.TooLarge, "too many"), 400, ows.Invalid, "too many"},
		{"/wmts", fault.Errorf("draw", fault.Unavailable, "busy"), 503, ows.NoCode, "try again"},
		{"/wmts", fault.E("draw", fault.Canceled, context.DeadlineExceeded), 503, ows.NoCode, "try again"},
		{"/wmts", errors.New("/secret/path: disk on fire"), 500, ows.NoCode, "went wrong on our side"},
	} {
		var log bytes.Buffer
		h := &Handler{Log: slog.New(slog.NewTextHandler(&log, nil))}
		w := httptest.NewRecorder()
		ctx := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/wmts", nil), w)
		ctx.SetPath(c.route)
		if err := h.guard(func(echo.Context) error { return c.err })(ctx); err != nil {
			t.Fatal(err)
		}
		var report struct {
			Exception struct {
				Code string `xml:"exceptionCode,attr"`
				Text string `xml:"ExceptionText"`
			} `xml:"Exception"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &report); err != nil {
			t.Fatalf("%v: %v\n%s", c.err, err, w.Body)
		}
		e := report.Exception
		if w.Code != c.status || e.Code != c.code || !strings.Contains(e.Text, c.says) || w.Header().Get("Cache-Control") != "no-store" || (w.Header().Get("Retry-After") != "") != (c.status == 503) {
			t.Errorf("%s, %v: %d %+v %v", c.route, c.err, w.Code, e, w.Header())
		}
		if ours := c.status == 500; ours != strings.Contains(log.String(), "/secret/path") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: the log has %q, the client %s", c.err, log.String(), w.Body)
		}
	}
}

// An address stands for parameters, which the query cannot change.
func TestAddressed(t *testing.T) {
	t.Parallel()
	e := echo.New()
	var got ows.Params
	e.GET("/wmts/1.0.0/:layer/:style/:set/:matrix/:row/:file", func(c echo.Context) (err error) {
		got, err = addressed(c)
		return err
	})
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/wmts/1.0.0/d%20em/default/WebMercatorQuad/3/1/2.png?LAYER=other&tilerow=9&BANDS=B04", nil))
	for name, want := range map[string]string{"LAYER": "d em", "STYLE": "default", "TILEMATRIXSET": "WebMercatorQuad", "TILEMATRIX": "3", "TILEROW": "1", "FILE": "2.png", "BANDS": "B04"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	// Endings that no tile has are no addresses.
	h := &Handler{Log: slog.New(slog.DiscardHandler)}
	for file, by := range map[string]echo.HandlerFunc{"2.gif": h.byAddress, "2": h.byAddress, "2.png": h.infoByAddress, "2.xml": h.infoByAddress} {
		ctx := e.NewContext(httptest.NewRequest(http.MethodGet, "/x", nil), httptest.NewRecorder())
		ctx.SetParamNames("file")
		ctx.SetParamValues(file)
		if err := by(ctx); !fault.Is(err, fault.NotExist) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
