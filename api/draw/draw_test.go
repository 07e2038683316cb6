package draw_test

import (
	"image/color"
	"testing"
	"time"

	"contado/api/draw"
	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/store/catalog"

	"pgregory.net/rapid"
)

// The systems on offer have the axis order that PROJ's database has, and are
// degrees where it says so.
func TestSystemsAreThoseOfTheAuthority(t *testing.T) {
	t.Parallel()
	for _, s := range draw.Systems() {
		info, err := gdal.DescribeCRS(s.CRS)
		if err != nil {
			t.Fatal(err)
		}
		if info.Geographic != s.Degrees {
			t.Errorf("%s: degrees %v", s.Name, s.Degrees)
		}
		swapped, ok := draw.NorthFirst(info.WKT)
		if s.IsCRS84() {
			swapped = false // EPSG:4326 in the order of the OGC
		}
		if !ok || swapped != s.Swapped {
			t.Errorf("%s: northing first %v, PROJ says %v", s.Name, s.Swapped, swapped)
		}
	}
}

func TestFindSystem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"EPSG:6707": "EPSG:6707", "epsg:6707": "EPSG:6707", "[EPSG:6707]": "EPSG:6707", "urn:ogc:def:crs:EPSG::6707": "EPSG:6707",
		"urn:ogc:def:crs:EPSG:9.9:6707": "EPSG:6707", "http://www.opengis.net/def/crs/EPSG/0/6707": "EPSG:6707", "https://www.opengis.net/def/crs/EPSG/0/6707": "EPSG:6707",
		"CRS:84": "CRS:84", "OGC:CRS84": "CRS:84", "[OGC:CRS84]": "CRS:84", "urn:ogc:def:crs:OGC:1.3:CRS84": "CRS:84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84": "CRS:84",
		"EPSG:2154": "", "": "", "[]": "", "http://www.opengis.net/def/crs/": "", "EPSG:": "", "6707": "", "urn:ogc:def:crs:EPSG::6707:x:y": "",
	} {
		s, ok := draw.FindSystem(draw.Systems(), text)
		if ok != (want != "") || s.Name != want {
			t.Errorf("%q is %q, want %q", text, s.Name, want)
		}
	}
	for _, s := range draw.Systems() {
		for _, name := range []string{s.Name, s.URI, s.URN()} {
			if got, ok := draw.FindSystem(draw.Systems(), name); !ok || got.URI != s.URI {
				t.Errorf("%s does not find itself as %s", s.Name, name)
			}
		}
	}
}

// A dataset is on offer in its own system first.
func TestSystemsOfADataset(t *testing.T) {
	t.Parallel()
	for crs, want := range map[geo.CRS]string{"EPSG:32632": "EPSG:32632", "EPSG:2154": "EPSG:2154", "EPSG:4326": "CRS:84", "": "CRS:84", "LOCAL[x]": "CRS:84", "EPSG:3031": "CRS:84"} {
		list := draw.SystemsOf(catalog.Dataset{Version: catalog.Version{CRS: crs}})
		if list[0].Name != want {
			t.Errorf("%q: first %s, want %s", crs, list[0].Name, want)
		}
		seen := map[string]bool{}
		for _, s := range list {
			if seen[s.Name] {
				t.Errorf("%q: %s twice", crs, s.Name)
			}
			seen[s.Name] = true
		}
		if len(seen) < len(draw.Systems()) {
			t.Errorf("%q: only %d systems", crs, len(seen))
		}
	}
}

func TestBoxesFollowTheAxes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := draw.Systems()[rapid.IntRange(0, len(draw.Systems())-1).Draw(t, "system")]
		b := geo.BBox{MinX: 1, MinY: 20, MaxX: 300, MaxY: 4000}
		v := s.Ordered(b)
		if s.Box(v) != b || s.Swapped != (v == [4]float64{20, 1, 4000, 300}) {
			t.Fatalf("%s: %v", s.Name, v)
		}
	})
}

func TestColour(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]color.NRGBA{
		"0xFF8000": {255, 128, 0, 255}, "ff8000": {255, 128, 0, 255}, "#ff8000": {255, 128, 0, 255}, "0x80FF8000": {255, 128, 0, 128},
		"White": {255, 255, 255, 255}, "REBECCAPURPLE": {}, "0xFFF": {}, "": {}, "0xGG0000": {}, "0x123456789": {}, "-0x1234": {}, "+12345": {},
	} {
		c, err := draw.Colour(text)
		if (err == nil) != (want != color.NRGBA{}) || c != want {
			t.Errorf("%q: %v (%v), want %v", text, c, err, want)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for text, want := range map[string][2]string{
		"2024":                      {"2024-01-01T00:00:00Z", "2024-12-31T23:59:59.999999999Z"},
		"2024-02":                   {"2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z"},
		"2024-02-03":                {"2024-02-03T00:00:00Z", "2024-02-03T23:59:59.999999999Z"},
		"2024-02-03T10Z":            {"2024-02-03T10:00:00Z", "2024-02-03T10:59:59.999999999Z"},
		"2024-02-03T10:20Z":         {"2024-02-03T10:20:00Z", "2024-02-03T10:20:59.999999999Z"},
		"2024-02-03T10:20:30Z":      {"2024-02-03T10:20:30Z", "2024-02-03T10:20:30Z"},
		"2024-02-03T10:20:30+02:00": {"2024-02-03T08:20:30Z", "2024-02-03T08:20:30Z"},
		"2023/2024-02":              {"2023-01-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z"},
		"2023-01-01/2023-01-31/P1D": {"2023-01-01T00:00:00Z", "2023-01-31T23:59:59.999999999Z"},
		"2023-01-01/P2D":            {"2023-01-01T00:00:00Z", "2023-01-03T00:00:00Z"},
	} {
		got, err := draw.Time(text)
		if err != nil || !got.From.Equal(at(want[0])) || !got.To.Equal(at(want[1])) {
			t.Errorf("%s: %v (%v), want %v", text, got, err, want)
		}
	}
	if open, err := draw.Time("../2024"); err != nil || !open.From.IsZero() || open.To.Year() != 2024 {
		t.Errorf("open: %v %v", open, err)
	}
	for _, bad := range []string{"yesterday", "2024-13", "2024-02-30", "2024/2023", "2024/2025/2026", "P1D/P1D", "2024-02-03T25Z"} {
		if got, err := draw.Time(bad); err == nil {
			t.Errorf("%s is read as %v", bad, got)
		}
	}
}

func TestTimesStayFew(t *testing.T) {
	t.Parallel()
	var items []catalog.Item
	for i := range 2000 {
		at := time.Date(2020, 1, 1, i, 0, 0, 0, time.UTC)
		items = append(items, catalog.Item{Datetime: &at})
	}
	items = append(items, catalog.Item{})
	if got := draw.Times(items); len(got) != 84 || got[0] != "2020-01-01" {
		t.Errorf("%d times, the first %v", len(got), got[:1])
	}
	if got := draw.Times(items[1:3]); len(got) != 2 || got[0] != "2020-01-01T01:00:00Z" {
		t.Errorf("%v", got)
	}
	if got := draw.Times(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2024", "2024-01/2024-02", "../..", "2023-01-01/P2D", "2023-01-01/2023-02-01/P1D", "/", "//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := draw.Time(s)
		if err == nil && got != nil && !got.From.IsZero() && !got.To.IsZero() && got.To.Before(got.From) {
			t.Errorf("%q ends before it starts: %v", s, got)
		}
	})
}

func FuzzColour(f *testing.F) {
	for _, s := range []string{"0xFFFFFF", "navy", "#12345678", "0x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := draw.Colour(s); err != nil && c != (color.NRGBA{}) {
			t.Errorf("%q: %v with an error", s, c)
		}
	})
}
