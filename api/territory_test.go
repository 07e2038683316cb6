package api_test

import (
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"contado/api/apitest"
)

type territoryJSON struct {
	Code, Name, Level, Parent, Dataset string
	BBox                               []float64
	ChildrenCount                      int `json:"children_count"`
	Links                              []link
}

func codes(list []territoryJSON) string {
	var out []string
	for _, t := range list {
		out = append(out, t.Code)
	}
	return strings.Join(out, " ")
}

func TestTerritoryLists(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "9", "?parent=9": "002 001", "?parent=001": "", "?q=EAST": "002", "?q=002": "002", "?level=municipality&q=west": "001", "?level=nothing": "",
		"?at=8.95,46.05": "001", "?at=9.05,46.05": "002", "?at=20,46": "", "?parent=9&limit=1": "002", "?parent=9&limit=1&after=002": "001",
	} {
		var l struct {
			Territories    []territoryJSON
			NumberReturned int
			NumberMatched  int
			Links          []link
		}
		ask.JSON(t, "/territories"+query, &l)
		got := codes(l.Territories)
		if strings.HasPrefix(query, "?at") {
			if !strings.Contains(" "+got+" ", " "+want+" ") && want != "" || want == "" && got != "" {
				t.Errorf("%s: %q, want %q among them", query, got, want)
			}
			continue
		}
		if got != want || l.NumberReturned != len(l.Territories) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if _, more := find(l.Links, "next"); more != (query == "?parent=9&limit=1") {
			t.Errorf("%s: links %v", query, l.Links)
		}
	}
	ask.Do(t, apitest.Request{Path: "/territories?parent=9&after=unheard"}).Want(400)
}

func TestTerritory(t *testing.T) {
	t.Parallel()
	var d struct {
		territoryJSON
		Ancestors, Children []territoryJSON
		Geometry            *geojson.Geometry
	}
	ask.JSON(t, "/territories/001?geometry=true", &d)
	if d.Name != "Westland" || d.Parent != "9" || d.Level != "municipality" || codes(d.Ancestors) != "9" || len(d.Children) != 0 || d.Geometry == nil || len(d.BBox) != 4 {
		t.Errorf("%+v", d)
	}
	if w, h := d.BBox[2]-d.BBox[0], d.BBox[3]-d.BBox[1]; math.Abs(w-0.0646) > 0.002 || math.Abs(h-0.09) > 0.001 || planar.Area(d.Geometry.Geometry()) == 0 {
		t.Errorf("box %v", d.BBox)
	}
	d.Geometry = nil
	ask.JSON(t, "/territories/9", &d)
	if d.ChildrenCount != 2 || codes(d.Children) != "002 001" || d.Geometry != nil {
		t.Errorf("%+v", d)
	}
	for _, code := range []string{"..", "%2e%2e%2f", "a%00b", strings.Repeat("x", 300)} {
		if r := ask.Do(t, apitest.Request{Path: "/territories/" + code}); r.Code != 404 && r.Code != 400 {
			t.Errorf("%s: %d", code, r.Code)
		}
	}
}

// The plain is 50 km² a municipality, one person a cell of a hectare, heights
// from 200 m rising by a metre a column.
func TestProfile(t *testing.T) {
	// Not parallel: others edit and publish, and this wants a catalog at rest.
	var p struct {
		Territory  territoryJSON
		AreaKm2    float64 `json:"area_km2"`
		Population struct{ Total float64 }
		Elevation  struct {
			Min  float64 `json:"min_m"`
			Mean float64 `json:"mean_m"`
			Max  float64 `json:"max_m"`
		}
		LandCover struct {
			Classes []struct{ Value, Hectares float64 }
		} `json:"landcover"`
		Services []struct {
			Dataset string
			Count   int
		}
		Inputs []struct{ Dataset, SHA256 string }
	}
	r := ask.JSON(t, "/territories/002/profile", &p)
	near := func(what string, got, want, rel float64) {
		if math.Abs(got-want) > rel*want {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("area", p.AreaKm2, 50, 2e-3)
	near("people", p.Population.Total, 5000, 1e-6)
	near("lowest", p.Elevation.Min, 250, 1e-6)
	near("mean", p.Elevation.Mean, 274.5, 1e-6)
	near("highest", p.Elevation.Max, 299, 1e-6)
	if len(p.LandCover.Classes) != 2 || len(p.Services) != 1 || p.Services[0].Count != 0 || len(p.Inputs) < 4 {
		t.Errorf("%+v", p)
	}
	near("water", p.LandCover.Classes[1].Hectares, 100, 2e-3)
	again := ask.Do(t, apitest.Request{Path: "/territories/002/profile", Header: map[string]string{"If-None-Match": r.Header().Get("ETag")}})
	again.Want(304)
}

// Counts of a list are those of the profiles; a parent has all of its children's.
func TestPeopleOfTerritories(t *testing.T) {
	t.Parallel()
	type counted struct {
		Territories []struct {
			Code   string
			People *float64
		}
	}
	people := map[string]float64{}
	for _, query := range []string{"", "?parent=9"} {
		var l counted
		sep := "?"
		if query != "" {
			sep = "&"
		}
		ask.JSON(t, "/territories"+query+sep+"people=true", &l)
		for _, one := range l.Territories {
			if one.People == nil {
				t.Fatalf("%s%s has no people", query, one.Code)
			}
			people[one.Code] = *one.People
		}
		var plain counted
		ask.JSON(t, "/territories"+query, &plain)
		if plain.Territories[0].People != nil {
			t.Error("people without being asked for")
		}
	}
	if math.Abs(people["001"]-5000) > 1e-6 || math.Abs(people["002"]-5000) > 1e-6 || math.Abs(people["9"]-10_000) > 1e-6 {
		t.Errorf("%v", people)
	}
}

func TestNeighboursAndDataOfProfile(t *testing.T) {
	t.Parallel()
	var p struct {
		Neighbours []territoryJSON
		Official   *struct{ Class string } `json:"snai_official"`
		Data       []struct {
			Dataset   string
			Version   int
			Published time.Time
		}
		PeopleDates []any `json:"population_dates"`
	}
	ask.JSON(t, "/territories/001/profile", &p)
	if codes(p.Neighbours) != "002" || p.Official != nil || len(p.PeopleDates) != 0 {
		t.Errorf("%+v", p)
	}
	if len(p.Data) < 4 || p.Data[0].Version != 1 || p.Data[0].Published.IsZero() {
		t.Errorf("%+v", p.Data)
	}
	ask.JSON(t, "/territories/9/profile", &p)
	if len(p.Neighbours) != 0 {
		t.Errorf("the whole has neighbours: %+v", p.Neighbours)
	}
}

func TestPictureOfTerritory(t *testing.T) {
	t.Parallel()
	var p struct {
		Dataset string
		Date    time.Time
		Items   []string
		Seen    float64 `json:"seen_share"`
		By      string  `json:"seen_by"`
		Clear   bool
		Days    []struct {
			Date time.Time
			Seen float64 `json:"seen_share"`
		}
		Links []link
	}
	ask.JSON(t, "/territories/001/picture", &p)
	if p.Dataset != "scenes" || len(p.Items) == 0 || p.Date.IsZero() || !(p.Seen >= 0 && p.Seen <= 1) || len(p.Days) == 0 {
		t.Fatalf("%+v", p)
	}
	for _, d := range p.Days {
		if p.Clear && d.Date.After(p.Date) && d.Seen >= 0.9 {
			t.Errorf("%s is newer and clear", d.Date)
		}
		if !p.Clear && d.Seen > p.Seen {
			t.Errorf("%s is clearer", d.Date)
		}
	}
	l, ok := find(p.Links, "preview")
	if !ok {
		t.Fatal("no picture to look at")
	}
	u, err := url.Parse(l.Href)
	if err != nil {
		t.Fatal(err)
	}
	r := ask.Get(t, u.RequestURI())
	if ct := r.Header().Get("Content-Type"); ct != "image/jpeg" || r.Body.Len() < 500 {
		t.Errorf("%s: %s, %d bytes", l.Href, ct, r.Body.Len())
	}
}
