package api_test

import (
	"fmt"
	"math"
	"net/url"
	"testing"

	"contado/api/apitest"
	"contado/api/here"
	"contado/geo/crs"
)

func hereAt(t *testing.T, lon, lat float64, more string) here.Document {
	t.Helper()
	var doc here.Document
	ask.JSON(t, fmt.Sprintf("/here?lon=%.9f&lat=%.9f%s", lon, lat, more), &doc)
	return doc
}

// The cell in the middle of the plain's column 25, where the clinic stands.
func TestHereNamesAllThatIsThere(t *testing.T) {
	t.Parallel()
	way, err := crs.New("EPSG:32632", "EPSG:4326")
	if err != nil {
		t.Fatal(err)
	}
	x, y := apitest.LandGrid().Center(25, 50)
	lon, lat, ok := way.Point(x, y)
	if !ok {
		t.Fatal("the plain is nowhere")
	}
	doc := hereAt(t, lon, lat, "")
	if len(doc.Territories) == 0 || doc.Territories[0].Code != "001" {
		t.Errorf("territories %+v: want Westland first", doc.Territories)
	}
	got := map[string]here.Reading{}
	for _, v := range doc.Values {
		if len(v.Readings) > 0 {
			got[v.Dataset] = v.Readings[0]
		}
	}
	if v := got["elevation"].Value; v == nil || *v != 225 {
		t.Errorf("elevation %v, want 225", v)
	}
	if v := got["landcover"]; v.Value == nil || *v.Value != 30 {
		t.Errorf("land cover %+v, want 30", v)
	}
	// One person lives in each cell: fewer than three are not told.
	if v := got["population"]; v.Value != nil || !v.Hidden {
		t.Errorf("population %+v is not hidden", v)
	}
	if _, ok := got["scenes"]; !ok {
		t.Error("no value of the scenes")
	}
	if len(doc.Features) != 1 || doc.Features[0].Dataset != "clinic" || doc.Features[0].Name != "Clinic" || doc.Features[0].Metres > 0.01 {
		t.Errorf("features %+v, want the clinic", doc.Features)
	}
	if !doc.Complete || len(doc.LeftOut) > 0 {
		t.Errorf("left out %+v", doc.LeftOut)
	}
}

// Features come by their distance on the ellipsoid, as counted one by one.
func TestHereFindsWhatIsNear(t *testing.T) {
	t.Parallel()
	for _, radius := range []float64{0, 10, 800, 1200, 5000} {
		lon, lat := apitest.SiteAt(23)
		lon += 0.001
		want := map[int64]float64{}
		for i := 1; i < apitest.Sites; i++ { // the last has no geometry
			x, y := apitest.SiteAt(i)
			if d := float64(crs.Distance(lon, lat, x, y)); d <= radius {
				want[int64(i)] = d
			}
		}
		doc := hereAt(t, lon, lat, fmt.Sprintf("&datasets=sites&radius=%g", radius))
		if shown := min(len(want), 20); len(doc.Features) != shown {
			t.Fatalf("radius %g: %d features, want %d", radius, len(doc.Features), shown)
		}
		if doc.Complete != (len(want) <= 20) {
			t.Errorf("radius %g: complete %v of %d", radius, doc.Complete, len(want))
		}
		last := 0.0
		for _, f := range doc.Features {
			d, ok := want[f.ID]
			if !ok || math.Abs(d-f.Metres) > 0.01 {
				t.Errorf("radius %g: site %d at %g m, want %g", radius, f.ID, f.Metres, d)
			}
			if f.Metres < last {
				t.Errorf("radius %g: %g after %g", radius, f.Metres, last)
			}
			last = f.Metres
		}
	}
}

// A place across the antimeridian has what lies on the other side of it.
func TestHereCrossesTheAntimeridian(t *testing.T) {
	t.Parallel()
	doc := hereAt(t, 179.99999, -9.5, "&datasets=islands&radius=50")
	if len(doc.Features) != 1 || doc.Features[0].Name != "across" || doc.Features[0].Metres != 0 {
		t.Errorf("%+v", doc.Features)
	}
	doc = hereAt(t, -179.49999, -17, "&datasets=islands&radius=5000")
	if len(doc.Features) != 1 || doc.Features[0].Name != "east of the line" {
		t.Errorf("%+v", doc.Features)
	}
}

func FuzzHere(f *testing.F) {
	for _, q := range []string{"lon=9&lat=46", "lon=NaN&lat=1", "lon=1e309&lat=0", "lon=180&lat=90&radius=5000", "lon=-180&lat=-90&datasets=islands,sites", "lon=0&lat=0&datasets=,", "lat=46"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		v, err := url.ParseQuery(q)
		if err != nil || len(q) > 300 {
			t.Skip()
		}
		if r := ask.Do(t, apitest.Request{Path: "/here?" + v.Encode()}); r.Code >= 500 {
			t.Errorf("%q: %d %s", q, r.Code, r.Body)
		}
	})
}
