package territory

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/gazetteer"
)

func asked(query string) echo.Context {
	r := httptest.NewRequest(http.MethodGet, "http://example.com/places", nil)
	r.URL.RawQuery = query
	c := echo.New().NewContext(r, httptest.NewRecorder())
	_ = rest.SetBase("https://mappe.example.it")(func(echo.Context) error { return nil })(c)
	return c
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]float64{
		"9.5,46": {9.5, 46}, " -180 , 90 ": {-180, 90}, "180,-90": {180, -90}, "1e1,-0": {10, 0},
	} {
		if lon, lat, err := place(text); err != nil || lon != want[0] || lat != want[1] {
			t.Errorf("%q: %v, %v, %v", text, lon, lat, err)
		}
	}
	for _, text := range []string{"", "9.5", "9.5;46", "9.5,46,100", "46,95", "181,0", "NaN,0", "0,Inf", "a,b", "9.5,", strings.Repeat("9", 500) + ",1"} {
		_, _, err := place(text)
		if !fault.Is(err, fault.Invalid) || len(err.Error()) > 200 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzPlace(f *testing.F) {
	f.Add("9.5,46")
	f.Add("-0x1p-2,1_0")
	f.Add("NaN,Inf")
	f.Fuzz(func(t *testing.T, text string) {
		lon, lat, err := place(text)
		if err == nil && !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90) {
			t.Errorf("%q is %v, %v", text, lon, lat)
		}
	})
}

// Pages put together are the list, each territory once.
func TestCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n, limit := rapid.IntRange(0, 40).Draw(rt, "n"), rapid.IntRange(1, 12).Draw(rt, "limit")
		var list []geo.Territory
		for i := range n {
			list = append(list, geo.Territory{Code: fmt.Sprintf("%03d", (i*7)%41)})
		}
		var got []geo.Territory
		for after, pages := "", 0; ; pages++ {
			page, next, err := cut(list, after, limit)
			if err != nil || len(page) > limit || pages > n {
				rt.Fatalf("after %q: %d rows, %v", after, len(page), err)
			}
			got = append(got, page...)
			if next == "" {
				break
			}
			after = next
		}
		if !slices.EqualFunc(got, list, func(a, b geo.Territory) bool { return a.Code == b.Code }) {
			rt.Fatalf("%v, want %v", got, list)
		}
	})
	if _, _, err := cut([]geo.Territory{{Code: "1"}}, "2", 5); !fault.Is(err, fault.Invalid) {
		t.Errorf("after what is not there: %v", err)
	}
}

func TestCheckCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"016", "IT:C4", "São Miguel", strings.Repeat("x", 200)} {
		if err := CheckCode(code); err != nil {
			t.Error(err)
		}
	}
	for _, code := range []string{"", "a\x00b", "a\nb", "\xff", strings.Repeat("x", 201)} {
		if err := CheckCode(code); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestSearchOf(t *testing.T) {
	t.Parallel()
	q, err := searchOf(asked("q=f%C3%A0rmacia&limit=7&bbox=8,45,10,47&kind=service,place"))
	if err != nil || q.Text != "fàrmacia" || q.Limit != 7 || *q.Within != (geo.BBox{MinX: 8, MinY: 45, MaxX: 10, MaxY: 47}) ||
		!slices.Equal(q.Kinds, []gazetteer.Kind{gazetteer.Service, gazetteer.Place}) {
		t.Errorf("%+v %v", q, err)
	}
	if q, err := searchOf(asked("q=x")); err != nil || q.Limit != analysis.DefaultSearch || q.Within != nil || q.Kinds != nil {
		t.Errorf("%+v %v", q, err)
	}
	for _, query := range []string{
		"q=%ff", "q=x&limit=0", "q=x&limit=-1", "q=x&limit=1e1", "q=x&limit=00000000001", fmt.Sprintf("q=x&limit=%d", analysis.MaxSearch+1),
		"q=x&bbox=1,2,3", "q=x&bbox=170,-10,-170,10", "q=x&kind=road", "q=x&kind=place,", "q=x&kind=,",
	} {
		if _, err := searchOf(asked(query)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// What is found leads to where more is known of it.
func TestFoundOf(t *testing.T) {
	t.Parallel()
	title := func(id string) string { return strings.ToUpper(id) }
	for _, c := range []struct {
		hit        analysis.SearchHit
		kind, name string
		link       string
	}{
		{analysis.SearchHit{Hit: gazetteer.Hit{Entry: gazetteer.Entry{Kind: gazetteer.Territory, Name: "Mauren", Code: "7/a", Lon: 9.5, Lat: 47.2}}}, "territory", "Mauren", "https://mappe.example.it/territories/7%2Fa"},
		{analysis.SearchHit{Hit: gazetteer.Hit{Entry: gazetteer.Entry{Kind: gazetteer.Service, Name: "Apotheke", Dataset: "pharmacy", Feature: 12}}}, "service", "Apotheke", "https://mappe.example.it/collections/pharmacy/items/12"},
	} {
		got := foundOf(asked(""), &c.hit, title)
		if got.Kind != c.kind || got.Name != c.name || len(got.Links) != 1 || got.Links[0].Href != c.link || got.Title != strings.ToUpper(got.Dataset) || got.Inside == nil {
			t.Errorf("%+v", got)
		}
		if (got.Location != nil) != (c.kind == "territory") {
			t.Errorf("%s lies at %v", c.name, got.Location)
		}
	}
}

// The picture is asked for by day and box, in a form that the map reads back.
func TestPictureQuery(t *testing.T) {
	t.Parallel()
	p := &analysis.ClearPicture{Date: time.Date(2024, 5, 6, 23, 59, 0, 0, time.UTC), BBox: [4]float64{9.1234567891, 45, 9.2, 45.5}}
	q := pictureQuery(p)
	box, err := rest.BBox(q.Get("bbox"))
	if err != nil || math.Abs(box.MinX-9.1234567891) > 1e-6 || box.MaxY != 45.5 || q.Get("datetime") != "2024-05-06" || q.Get("width") != "800" {
		t.Errorf("%v %v", q, err)
	}
	if back, err := url.ParseQuery(q.Encode()); err != nil || back.Get("crs") != "http://www.opengis.net/def/crs/EPSG/0/3857" {
		t.Errorf("%v %v", back, err)
	}
}

// Ways of asking that exclude each other are refused before anything is read.
func TestOneWayOfAsking(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"parent=9&q=west", "q=west&at=9,46", "parent=9&at=9,46", "parent=9&q=x&at=1,1"} {
		if _, err := find(asked(query), nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", query, err)
		}
	}
	c := asked("people=perhaps")
	if err := (&Handler{}).count(c, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("people=perhaps: %v", err)
	}
	if err := (&Handler{}).count(asked(""), nil); err != nil {
		t.Error(errors.Unwrap(err))
	}
}
