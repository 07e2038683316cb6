package wms

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
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"contado/api/draw"
	"contado/api/ows"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

func params(t testing.TB, query string) ows.Params {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ows.Read(v)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// northFirst are the systems whose authority counts north or latitude first
// (EPSG, by way of PROJ).
var northFirst = []string{"EPSG:4326", "EPSG:3035", "EPSG:4258", "EPSG:6706", "EPSG:6707", "EPSG:6708"}

// A box in the order of the authority (1.3.0) and one that begins with x
// (1.1.1) are the same window.
func TestWindowFollowsTheAxes(t *testing.T) {
	t.Parallel()
	sets := []catalog.Dataset{{ID: "dem", Version: catalog.Version{CRS: "EPSG:32632"}}}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(draw.Systems()).Draw(rt, "system")
		number := func(name string) float64 { return float64(rapid.IntRange(-80, 79).Draw(rt, name)) }
		want := geo.BBox{MinX: number("x"), MinY: number("y")}
		want.MaxX, want.MaxY = want.MinX+float64(rapid.IntRange(1, 9).Draw(rt, "width")), want.MinY+float64(rapid.IntRange(1, 9).Draw(rt, "height"))
		old := fmt.Sprintf("VERSION=1.1.1&SRS=%s&BBOX=%g,%g,%g,%g&WIDTH=7&HEIGHT=5", s.Name, want.MinX, want.MinY, want.MaxX, want.MaxY)
		now := fmt.Sprintf("VERSION=1.3.0&CRS=%s&BBOX=%g,%g,%g,%g&WIDTH=7&HEIGHT=5", s.Name, want.MinX, want.MinY, want.MaxX, want.MaxY)
		if slices.Contains(northFirst, s.Name) {
			now = fmt.Sprintf("crs=%s&bbox=%g,%g,%g,%g&width=7&height=5", s.Name, want.MinY, want.MinX, want.MaxY, want.MaxX)
		}
		for _, query := range []string{old, now} {
			w, err := windowOf(params(t, query), sets)
			if err != nil {
				rt.Fatalf("%s: %v", query, err)
			}
			b := w.grid.Bounds()
			off := math.Max(math.Max(math.Abs(b.MinX-want.MinX), math.Abs(b.MaxX-want.MaxX)), math.Max(math.Abs(b.MinY-want.MinY), math.Abs(b.MaxY-want.MaxY)))
			if w.system.CRS != s.CRS || w.grid.CRS != s.CRS || w.grid.Width != 7 || w.grid.Height != 5 || off > 1e-9 {
				rt.Fatalf("%s: %+v, want %v", query, w, want)
			}
		}
	})
	// The older version has a parameter of its own, and no other is read.
	_, err := windowOf(params(t, "VERSION=1.1.1&CRS=EPSG:4326&BBOX=1,2,3,4&WIDTH=1&HEIGHT=1"), sets)
	if e := new(ows.Exception); !errors.As(err, &e) || e.Code != ows.Missing || e.Locator != "srs" {
		t.Errorf("%v", err)
	}
}

// No query makes a window that cannot be drawn, and every refusal has a code.
func FuzzWindow(f *testing.F) {
	f.Add("CRS=EPSG:4326&BBOX=46,8.9,46.1,9.1&WIDTH=20&HEIGHT=10")
	f.Add("VERSION=1.1.1&SRS=CRS:84&BBOX=8.9,46,9.1,46.1&WIDTH=3072&HEIGHT=1")
	f.Add("CRS=EPSG:3035&BBOX=-1e9,1e300,NaN,4&WIDTH=1&HEIGHT=1")
	f.Add("CRS=urn:ogc:def:crs:EPSG::6707&BBOX=1,1,1.0000000000000002,2&WIDTH=3072&HEIGHT=3072")
	sets := []catalog.Dataset{{ID: "dem", Version: catalog.Version{CRS: "EPSG:32632"}}}
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := ows.Read(v)
		if err != nil {
			return
		}
		w, err := windowOf(q, sets)
		if err != nil {
			if e := new(ows.Exception); !errors.As(err, &e) || e.Code == "" {
				t.Errorf("%q: %v has no code", query, err)
			}
			return
		}
		if b := w.grid.Bounds(); !(b.MinX < b.MaxX && b.MinY < b.MaxY) || w.grid.Width < 1 || w.grid.Width > draw.MaxSide || w.grid.Height < 1 || w.grid.Height > draw.MaxSide {
			t.Errorf("%q: %+v", query, w.grid)
		}
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"": {""}, "TIME=current": {""}, "TIME=2024-05-01": {"2024-05-01"},
		"TIME=2024-07-01,2024-05-01": {"2024-05-01", "2024-07-01"}, // the latest lies on top
		"time=2024-05-01/2024-07-01": {"2024-05-01/2024-07-01"},
	} {
		if got, err := timesOf(params(t, query)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v, want %q", query, got, err, want)
		}
	}
	for _, query := range []string{"TIME=yesterday", "TIME=2024-05-01,", "TIME=2024-05-01,current", "TIME=2024-13-01"} {
		if got, err := timesOf(params(t, query)); err == nil || codeOf(err) != "InvalidDimensionValue" {
			t.Errorf("%s: %q %v", query, got, err)
		}
	}
}

// A format without transparency has a background, whatever is asked.
func TestBackground(t *testing.T) {
	t.Parallel()
	png, _ := draw.ByMedia("image/png")
	jpeg, _ := draw.ByMedia("image/jpeg")
	for _, c := range []struct {
		query  string
		format draw.Format
		want   string
	}{
		{"", png, "&{255 255 255 255}"},
		{"TRANSPARENT=TRUE", png, "<nil>"},
		{"TRANSPARENT=true&BGCOLOR=0xff0000", png, "<nil>"},
		{"TRANSPARENT=TRUE", jpeg, "&{255 255 255 255}"},
		{"TRANSPARENT=FALSE&BGCOLOR=0xFF8000", png, "&{255 128 0 255}"},
		{"TRANSPARENT=TRUE&BGCOLOR=0x102030", jpeg, "&{16 32 48 255}"},
	} {
		got, err := backgroundOf(params(t, c.query), c.format)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s as %s: %v %v, want %s", c.query, c.format.Name, got, err, c.want)
		}
	}
}

// What clients are told of errors, and what stays in the log.
func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		query  string
		status int
		code   string
		says   string
	}{
		{ows.Bad("LayerNotDefined", "layers", "there is no layer %q", "<x>"), "", 200, "LayerNotDefined", `there is no layer "<x>"`},
		{fault.Errorf("draw", fault.Invalid, "bands: B99"), "", 200, ows.Invalid, "B99"},
		{fault.Errorf("draw", fault.NotExist, "no item"), "", 200, ows.Invalid, "no item"},
		{fault.Errorf("draw", fault.Unsupported, "not like that"), "", 200, ows.NotSupported, "not like that"},
		{fault.Errorf("draw", fault.Unavailable, "busy"), "", 503, "", "try again"},
		{fault.E("draw", fault.Canceled, context.DeadlineExceeded), "", 503, "", "try again"},
		{errors.New("/secret/path: disk on fire"), "", 500, "", "went wrong on our side"},
		// A picture instead of a report needs a size and a format.
		{fault.Errorf("draw", fault.Invalid, "bands: B99"), "REQUEST=GetMap&EXCEPTIONS=INIMAGE&WIDTH=0&HEIGHT=5&FORMAT=image/png", 200, ows.Invalid, "B99"},
		{fault.Errorf("draw", fault.Invalid, "bands: B99"), "REQUEST=GetMap&EXCEPTIONS=BLANK&WIDTH=5&HEIGHT=5&FORMAT=text/html", 200, ows.Invalid, "B99"},
		{errors.New("/secret/path"), "REQUEST=GetMap&EXCEPTIONS=INIMAGE&WIDTH=5&HEIGHT=5&FORMAT=image/png", 500, "", "went wrong on our side"},
	} {
		var log bytes.Buffer
		h := &Handler{Log: slog.New(slog.NewTextHandler(&log, nil))}
		w := httptest.NewRecorder()
		ctx := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/wms", nil), w)
		w.Header().Set("ETag", `"of the picture"`)
		if err := h.refuse(ctx, params(t, c.query), c.err); err != nil {
			t.Fatal(err)
		}
		var report struct {
			Exception struct {
				Code string `xml:"code,attr"`
				Text string `xml:",chardata"`
			} `xml:"ServiceException"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &report); err != nil {
			t.Fatalf("%v: %v\n%s", c.err, err, w.Body)
		}
		e := report.Exception
		if w.Code != c.status || e.Code != c.code || !strings.Contains(e.Text, c.says) || w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: %d %+v %v", c.err, w.Code, e, w.Header())
		}
		if (w.Header().Get("Retry-After") != "") != (c.status == 503) {
			t.Errorf("%v: Retry-After %q", c.err, w.Header().Get("Retry-After"))
		}
		if ours := c.status == 500; ours != strings.Contains(log.String(), "/secret/path") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: the log has %q, the client %s", c.err, log.String(), w.Body)
		}
	}
}
