package osm

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"contado/ingest/osm/stream"
)

func TestMaxspeed(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]float64{
		"50": 50, "50 km/h": 50, "30mph": 48.28032, "25 mph": 40.2336, "5 knots": 9.26, "IT:urban": 50, "IT:rural": 90, "it:motorway": 130,
		"DE:zone:30": 30, "IT:zone30": 30, "DE:zone20": 20, "CH:urban": 50, "CH:rural": 80, "walk": 6, "DE:living_street": 7, "IT:living_street": 30,
		"FR:living_street": 20, "50;30": 30, " 70 ": 70, "7.5": 7.5, "80; 100": 80,
		"none": -1, "signals": -1, "variable": -1, "": -1, "IT:nothing": -1, "0": -1, "-50": -1, "1000": -1, "50 furlongs": -1, "1e3": -1, "DE:zone:x": -1, ".": -1, "5.0.0": -1,
	} {
		got, ok := Maxspeed(tag)
		if !ok {
			got = -1
		}
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %v, want %v", tag, got, want)
		}
	}
}

func TestPopulation(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]int64{
		"12345": 12345, "12 345": 12345, "1.234.567": 1234567, "12,345": 12345, "~500": 500, "ca. 500": 500, "512 (2011)": 512, "500 2011": 500, "5'000": 5000,
		"12.5": 12, "0": 0, "1\u00a0200 ab.": 1200, "1234 567": 1234, "": -1, "many": -1, "-5": -1, "123456789012": -1, "1 2": 1,
	} {
		got, ok := Population(tag)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", tag, got, want)
		}
	}
}

func tagsOf(pairs ...string) stream.Tags {
	var out stream.Tags
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		out = append(out, stream.Tag{Key: k, Value: v})
	}
	return out
}

func TestOneway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tags string
		want int64
	}{
		{"highway=residential", 0},
		{"oneway=yes", 1},
		{"oneway=1", 1},
		{"oneway=-1", -1},
		{"oneway=reverse", -1},
		{"oneway=no,highway=motorway", 0},
		{"highway=motorway", 1},
		{"highway=motorway_link", 0},
		{"junction=roundabout", 1},
		{"junction=circular", 1},
		{"junction=roundabout,oneway=-1", -1},
		{"oneway=reversible,highway=motorway", 0},
	} {
		if got := oneway(tagsOf(strings.Split(c.tags, ",")...)); got != c.want {
			t.Errorf("%s: %d, want %d", c.tags, got, c.want)
		}
	}
}

func TestNumbersOfTags(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]any{"2": int64(2), "-1": int64(-1), "2;3": int64(2), "two": nil, "": nil} {
		if got := whole(tag); got != want {
			t.Errorf("whole %q: %v, want %v", tag, got, want)
		}
	}
	for tag, want := range map[string]any{"3.5": 3.5, "3,5": 3.5, "4 m": 4.0, "12'": nil, "NaN": nil, "1e9": nil} {
		if got := metres(tag); got != want {
			t.Errorf("metres %q: %v, want %v", tag, got, want)
		}
	}
	for tag, want := range map[string]any{"00:20": int64(1200), "1:30:15": int64(5415), "45": int64(2700), "PT1H30M": int64(5400), "PT": nil, "PT5": nil, "soon": nil, "": nil} {
		if got := duration(tag); got != want {
			t.Errorf("duration %q: %v, want %v", tag, got, want)
		}
	}
}

func TestSpeedsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tags          string
		both, fwd, bw any
	}{
		{"maxspeed=50", 50.0, 50.0, 50.0},
		{"maxspeed:forward=70,maxspeed:backward=50", 50.0, 70.0, 50.0},
		{"maxspeed=60,maxspeed:backward=40", 60.0, 60.0, 40.0},
		{"maxspeed=none,source:maxspeed=IT:urban", nil, nil, nil},
		{"source:maxspeed=IT:urban", 50.0, 50.0, 50.0},
		{"zone:maxspeed=DE:30", 30.0, 30.0, 30.0},
		{"maxspeed:forward=30", 30.0, 30.0, nil},
		{"highway=track", nil, nil, nil},
	} {
		a, b, d := speedsOf(tagsOf(strings.Split(c.tags, ",")...))
		if a != c.both || b != c.fwd || d != c.bw {
			t.Errorf("%s: %v %v %v", c.tags, a, b, d)
		}
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	tags := tagsOf("name=A", "created_by=JOSM", "source:date=2010", `x"y=a<b`, "empty=", "z=ü", "z=again")
	got := rest(tags, map[string]bool{"name": true})
	var m map[string]string
	if err := json.Unmarshal([]byte(got.(string)), &m); err != nil {
		t.Fatal(err)
	}
	if len(m) != 2 || m[`x"y`] != "a<b" || m["z"] != "ü" {
		t.Errorf("%v", m)
	}
	if rest(tagsOf("name=A"), map[string]bool{"name": true}) != nil {
		t.Error("no tags are no object")
	}
}

func TestSpeedTableIsWhole(t *testing.T) {
	t.Parallel()
	table, err := speeds()
	if err != nil || table["IT"]["motorway"] != 130 {
		t.Fatal(err, table["IT"])
	}
	for country, words := range table {
		for w, v := range words {
			if v <= 0 || v > 150 || country != "" && len(country) != 2 {
				t.Errorf("%s:%s = %v", country, w, v)
			}
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"50 mph", "IT:zone30", "1.234 (2001)", "PT1H", "12:30:10", "2;3", "~5", "\xff", "50;;;;;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := Maxspeed(s); ok && !(v > 0 && v <= maxKmh) {
			t.Errorf("speed %v", v)
		}
		if n, ok := Population(s); ok && n < 0 {
			t.Errorf("population %d", n)
		}
		if d, ok := duration(s).(int64); ok && d < 0 {
			t.Errorf("duration %d", d)
		}
		if m, ok := metres(s).(float64); ok && math.IsNaN(m) {
			t.Error("NaN metres")
		}
		whole(s)
		if got, ok := rest(stream.Tags{{Key: s, Value: s}}, nil).(string); ok && !json.Valid([]byte(got)) {
			t.Errorf("no JSON: %q", got)
		}
	})
}
