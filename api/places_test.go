package api_test

import (
	"math"
	"net/url"
	"strings"
	"testing"

	"contado/api/apitest"
)

type placeJSON struct {
	Kind, Name, Match, Code, Level, Dataset string
	Feature                                 int64
	Location                                *struct{ Lon, Lat float64 }
	BBox                                    []float64
	Inside                                  []struct{ Code, Name, Level string }
	Links                                   []link
}

func placesOf(t *testing.T, query string) []placeJSON {
	t.Helper()
	var l struct {
		Places         []placeJSON
		NumberReturned int
	}
	ask.JSON(t, "/places?"+query, &l)
	if l.NumberReturned != len(l.Places) {
		t.Errorf("%s: %d of %d", query, l.NumberReturned, len(l.Places))
	}
	return l.Places
}

func TestPlacesByName(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"q=west": "Westland", "q=WESTL%C3%80ND": "Westland", "q=westlnad": "Westland", "q=002&kind=territory": "Eastland", "q=east&kind=place": "",
		"q=nobody+knows": "",
	} {
		l := placesOf(t, query)
		if want == "" && len(l) > 0 || want != "" && (len(l) == 0 || l[0].Name != want) {
			t.Errorf("%s: %+v, want %q first", query, l, want)
		}
	}
	w := placesOf(t, "q=westland")[0]
	if w.Kind != "territory" || w.Match != "exact" || w.Code != "001" || len(w.BBox) != 4 || len(w.Inside) != 1 || w.Inside[0].Code != "9" || len(w.Links) != 1 {
		t.Errorf("%+v", w)
	}
	if l := placesOf(t, "q=002&bbox=8.93,46,8.96,46.1"); len(l) != 0 {
		t.Errorf("outside the box: %+v", l)
	}
}

func TestPlacesByPosition(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"46.05, 9.01", "9,01 46,05", `46°3'N 9°0'36"E`} {
		l := placesOf(t, "q="+url.QueryEscape(text))
		if len(l) == 0 || l[0].Kind != "coordinates" || math.Abs(l[0].Location.Lat-46.05) > 1e-9 || math.Abs(l[0].Location.Lon-9.01) > 1e-9 {
			t.Errorf("%s: %+v", text, l)
			continue
		}
		if len(l[0].Inside) == 0 || l[0].Inside[0].Code != "002" {
			t.Errorf("%s lies in %+v", text, l[0].Inside)
		}
	}
	if l := placesOf(t, "q=10.5%2020.5"); len(l) != 2 || l[0].Location.Lat != 10.5 || l[1].Location.Lat != 20.5 {
		t.Errorf("away from the data both orders are there, latitude first: %+v", l)
	}
	if l := placesOf(t, "q=10.5%2020.5&limit=1"); len(l) != 1 {
		t.Errorf("%+v", l)
	}
}

func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"west", "46.05 9.01", "’", strings.Repeat("è", 120), "\x00", "32T 1 1", "45°"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r := ask.Do(t, apitest.Request{Path: "/places?q=" + url.QueryEscape(s)}); r.Code != 200 && r.Code != 400 {
			t.Errorf("%q: %d %s", s, r.Code, r.Body)
		}
	})
}
