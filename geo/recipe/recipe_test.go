package recipe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/recipe"
	"contado/geo/siting"
	"contado/geo/travel"
)

const whole = `recipe: contado/1
name: servizi-valle
title: Servizi in valle
territories: ["016", "017"]
services: [pharmacy, "osm-services:school"]
profiles: [walking, car]
thresholds: [15m, 30 min, 1h30m, 7200]
ranges: true
nearest: 3
access: [2sfca, e2sfca]
capacity: {within: 30m, field: seats}
siting: {services: [pharmacy], profile: car, points: 3, within: 20m, most: 1h, objective: time, candidates: roads, spacing_m: 250}
open_at: mercoledì 10:30
people: {dataset: ghsl, hide_below: 5}
ground: {direction: from-facility, roads: [strade], neighbours: 16}
transit: {timetable: [bus, train], date: 2026-11-25, departing: 07:00-09:00}
outputs: {formats: [html, pdf, gpkg], languages: [it, en]}
schedule: every monday 06:00
`

func TestParse(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse(strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.Request("016")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{900, 1800, 5400, 7200}, q.Thresholds); diff != "" {
		t.Errorf("thresholds: %s", diff)
	}
	if q.Territory != "016" || q.Direction != travel.FromFacility || q.HideBelow != 5 || q.Capacity != 1800 || q.CapacityField != "seats" ||
		q.OpenAt.Day != time.Wednesday || q.OpenAt.Minute != 630 || len(q.Access) != 2 || len(q.Transit.Timetables) != 2 || q.Transit.From != 7*3600 || q.Nearest != 3 || !q.Ranges {
		t.Errorf("request %+v", q)
	}
	want := &analysis.StudySiting{Services: []string{"pharmacy"}, Profile: "car", Points: 3, Within: 1200, Most: 3600, Objective: siting.Time, Candidates: "roads", SpacingM: 250}
	if diff := cmp.Diff(want, q.Siting); diff != "" {
		t.Errorf("siting: %s", diff)
	}
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := recipe.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("written and read again: %s", diff)
	}
	if a, b := r.ReportName("016"), r.ReportName("IT:017/b"); a != "servizi-valle-016" || b != "servizi-valle-it-017-b" {
		t.Errorf("reports %q and %q", a, b)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"unknown key":     {"ranges: true", "range: true", "range"},
		"twice":           {"ranges: true", "ranges: true\nranges: false", "ranges"},
		"form":            {"contado/1", "contado/9", "contado/1"},
		"name":            {"servizi-valle", "Servizi valle", "name"},
		"time":            {"1h30m", "soon", "line"},
		"falling":         {"15m, 30 min", "30m, 15m", "rise"},
		"alias":           {`["016", "017"]`, "&x [a]\ndescription: *x", "aliases"},
		"method":          {"e2sfca", "best", "access"},
		"format":          {"gpkg", "docx", "docx"},
		"schedule":        {"every monday 06:00", "now and then", "schedule"},
		"service twice":   {`"osm-services:school"`, "pharmacy", "twice"},
		"filter":          {`"osm-services:school"`, `"x[a ="`, "filter"},
		"direction":       {"from-facility", "sideways", "direction"},
		"documents":       {"schedule: every monday 06:00", "---\na: b", "document"},
		"hidden negative": {"hide_below: 5", "hide_below: -5", "hide_below"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		if text == whole {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := recipe.Parse(strings.NewReader(text)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := recipe.Parse(strings.NewReader(strings.Repeat("# padding\n", 40_000))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a long recipe: %v", err)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Skip(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, rome)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ schedule, after, want string }{
		{"monthly", "2026-11-22 13:37", "2026-12-01 03:00"},
		{"monthly", "2026-12-01 03:00", "2027-01-01 03:00"},
		{"monthly 31 06:00", "2027-02-01 00:00", "2027-02-28 06:00"},
		{"monthly 31 06:00", "2027-02-28 06:00", "2027-03-31 06:00"},
		{"every monday 06:00", "2026-11-22 13:37", "2026-11-23 06:00"},
		{"ogni lunedì 06:00", "2026-11-23 06:00", "2026-11-30 06:00"},
		{"weekly", "2026-11-23 02:59", "2026-11-23 03:00"},
		{"daily 23:30", "2026-11-22 23:30", "2026-11-23 23:30"},
		{"hourly", "2026-11-22 13:37", "2026-11-22 14:00"},
		{"yearly 02-29", "2026-03-01 00:00", "2027-02-28 03:00"},
		{"yearly", "2026-01-01 02:00", "2026-01-01 03:00"},
		{"daily 02:30", "2027-03-27 12:00", "2027-03-28 03:30"}, // the clock leaves 02:30 out
	} {
		s, err := recipe.ParseSchedule(c.schedule)
		if err != nil {
			t.Errorf("%s: %v", c.schedule, err)
			continue
		}
		if got := s.Next(at(c.after)).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("%s after %s: %s, want %s", c.schedule, c.after, got, c.want)
		}
	}
	for _, bad := range []string{"", "sometimes", "monthly 0", "monthly 32", "daily 25:00", "daily 3", "monday tuesday", "yearly 02-30", "every", "06:00"} {
		if s, err := recipe.ParseSchedule(bad); !fault.Is(err, fault.Invalid) || !s.Never() {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The next time is after, and none lies between.
func TestNextIsNext(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := recipe.ParseSchedule(rapid.SampledFrom([]string{"hourly", "daily 05:10", "weekly", "every sunday 23:59", "monthly 29", "yearly 12-31 23:59"}).Draw(t, "schedule"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0).UTC()
		next := s.Next(at)
		if !next.After(at) || next.Sub(at) > 367*24*time.Hour {
			t.Fatalf("after %s comes %s", at, next)
		}
		if again := s.Next(next.Add(-time.Second)); !again.Equal(next) {
			t.Fatalf("%s comes before %s", again, next)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("recipe: contado/1\nname: a\nterritories: [x]\nservices: [y]\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := recipe.Parse(strings.NewReader(s))
		if err != nil {
			return
		}
		text, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := recipe.Parse(strings.NewReader(text)); err != nil || !cmp.Equal(r, again) {
			t.Errorf("%v: written and read again: %s", err, cmp.Diff(r, again))
		}
	})
}
