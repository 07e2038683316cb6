package analysis

import (
	"net/url"
	"slices"
	"testing"

	"contado/geo/analysis"
	"contado/geo/fault"
)

// What a question's tiles are asked with is the question again.
func TestTimesQueryReadsBack(t *testing.T) {
	t.Parallel()
	half := 50.0
	q := analysis.ExploreRequest{
		CoverageRequest: analysis.CoverageRequest{
			Territory: "9", Service: "osm:pharmacy", Profile: "bus-and-walk", Direction: 1, Neighbours: 8, SpeedKmh: 4.5, LandCover: "lc", Elevation: "none",
			Population: "people", Places: "none", Roads: []string{"a", "b"}, Barriers: []string{"none"}, Season: []string{"snowline:1200"},
			Transit: analysis.TransitWindow{Timetables: []string{"bus", "train"}, Date: "2026-03-04", From: 7 * 3600, Until: 9*3600 + 1800, Percentile: &half, MaxRides: 2, Wheelchair: true, OnDemand: true},
		},
		Without: []string{"3", "a,b"}, Extra: []analysis.TravelPlace{{ID: "1", Lon: 9.5, Lat: 45.25, Name: "Punto, nuovo"}},
	}
	in, err := timesInputs(timesQuery(&q, "stamp"))
	if err != nil {
		t.Fatal(err)
	}
	back, err := in.request()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := timesQuery(&q, "").Encode(), timesQuery(&back, "").Encode(); a != b {
		t.Errorf("%s\nbecame %s", a, b)
	}
}

func TestBands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{"": {15, 30, 60}, "5": {5}, "1,2,249": {1, 2, 249}} {
		if got, err := bandsOf(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "250", "5,5", "9,3", "x", "1,2,3,4,5,6,7,8,9,10,11,12,13", "1,"} {
		if got, err := bandsOf(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// FuzzTimesQuery: any query is a question or an invalid one, and a question
// reads back as itself.
func FuzzTimesQuery(f *testing.F) {
	for _, s := range []string{
		"territory=9&service=a&profile=walking", "territory=9&service=a&extra=9,45,x&without=1&percentile=5", "extra=1&minutes=1,2", "wheelchair=perhaps", "neighbours=1e9", "departing=7:00-9:00",
		"territory=9&service=a[b='c']&season=snow:x@2025-01&speed_kmh=nan",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		_, _ = bandsOf(values.Get("minutes"))
		in, err := timesInputs(values)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		q, err := in.request()
		if err != nil {
			return
		}
		again, err := timesInputs(timesQuery(&q, ""))
		if err != nil {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		back, err := again.request()
		if err != nil {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		if a, b := timesQuery(&q, "").Encode(), timesQuery(&back, "").Encode(); a != b {
			t.Fatalf("%s became %s", a, b)
		}
	})
}
