package inspect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"contado/geo/coverage"
)

func codes(list []coverage.Check) []string {
	out := []string{}
	for _, c := range list {
		out = append(out, c.Code+":"+c.Feature)
	}
	return out
}

func has(t *testing.T, list []coverage.Check, want string) {
	t.Helper()
	for _, c := range codes(list) {
		if c == want {
			return
		}
	}
	t.Errorf("no check %s among %v", want, codes(list))
}

func areas() []coverage.Area {
	return []coverage.Area{{Code: "068028", Name: "Penne"}, {Code: "016101", Name: "Fontanella"}, {Code: "1", Name: "Forlì"}}
}

// The hospital of Penne, which a European file puts at Lake Maggiore.
func TestOutsideDeclared(t *testing.T) {
	t.Parallel()
	got := Points(Input{Dataset: "h", Areas: areas(), Points: []Point{
		{ID: "1", Name: "P.O. S. MASSIMO", Lon: 8.59, Lat: 45.97, Area: -1, Municipality: "PENNE"},
		{ID: "2", Name: "in place", Lon: 13.9, Lat: 42.45, Area: 0, Code: "68.028"},
		{ID: "3", Name: "by name", Lon: 12, Lat: 44.2, Area: 2, Municipality: "FORLI'"},
		{ID: "4", Name: "wrong area", Lon: 12, Lat: 44.2, Area: 2, Code: "16101"},
	}})
	has(t, got, "outside-declared-area:1")
	has(t, got, "outside-declared-area:4")
	if len(got) != 2 {
		t.Errorf("checks %v, want two", codes(got))
	}
	if got[0].Severity != coverage.SeverityError || !strings.Contains(got[1].Text["it"], "Fontanella") || !strings.Contains(got[1].Text["it"], "Forlì") {
		t.Errorf("texts: %+v", got)
	}
}

// Points of other municipalities are doubted only where most others agree.
func TestDeclaredElsewhere(t *testing.T) {
	t.Parallel()
	in := Input{Dataset: "s", Areas: areas()}
	for i := range 9 {
		in.Points = append(in.Points, Point{ID: fmt.Sprint(i), Name: fmt.Sprint("school ", i), Lon: 12 + float64(i)/100, Lat: 44, Area: 2, Municipality: "Forlì"})
	}
	in.Points = append(in.Points, Point{ID: "x", Name: "odd", Lon: 12.2, Lat: 44, Area: 2, Municipality: "Roma"})
	has(t, Points(in), "declared-elsewhere:x")
	for i := range in.Points[:5] {
		in.Points[i].Municipality = "somewhere"
	}
	if got := Points(in); len(got) != 0 {
		t.Errorf("names that match nothing are another list of names, not wrong points: %v", codes(got))
	}
}

func TestTwiceSharedAndFar(t *testing.T) {
	t.Parallel()
	in := Input{Dataset: "p", Areas: areas(), Points: []Point{
		{ID: "a", Name: "Farmacia Centrale", Lon: 10, Lat: 45, Area: 0},
		{ID: "b", Name: "FARMACIA CENTRALE", Lon: 10.0001, Lat: 45, Area: 0},
		{ID: "c", Name: "Farmacia Centrale", Lon: 10.1, Lat: 45, Area: 0}, // another town's
		{ID: "d", Name: "d", Lon: 10.2, Lat: 45, Area: 0},
		{ID: "e", Name: "e", Lon: 10.2, Lat: 45, Area: 0},
		{ID: "f", Name: "f", Lon: 10.2, Lat: 45, Area: 0},
		{ID: "g", Name: "near Rome", Lon: 12.5, Lat: 41.9, Area: -1},
	}, Registered: 7}
	got := Points(in)
	want := []string{"listed-twice:b", "position-shared:d", "far-from-others:g", "differs-from-register:"}
	if fmt.Sprint(codes(got)) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", codes(got), want)
	}
	for _, c := range got {
		if c.Text["en"] == "" || c.Text["it"] == "" {
			t.Errorf("%s lacks a language", c.Code)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		years int
		want  string
	}{{1, "[]"}, {3, "[data-old:]"}, {11, "[data-old:]"}} {
		then := now.AddDate(-tc.years, 0, -1)
		got := Points(Input{Now: now, AsOf: &then})
		if fmt.Sprint(codes(got)) != tc.want {
			t.Errorf("%d years: %v, want %s", tc.years, codes(got), tc.want)
		}
		if tc.years == 11 && got[0].Severity != coverage.SeverityWarning {
			t.Errorf("severity after 11 years: %s", got[0].Severity)
		}
	}
}

func TestManyAreCounted(t *testing.T) {
	t.Parallel()
	in := Input{Areas: areas()}
	for i := range mostNamed + 7 {
		in.Points = append(in.Points, Point{ID: fmt.Sprint(i), Name: fmt.Sprint(i), Lon: 12 + float64(i)*0.01, Lat: 44, Area: 2, Code: "68028"})
	}
	got := Points(in)
	if len(got) != mostNamed+1 || !strings.Contains(got[mostNamed].Text["en"], "7 more") {
		t.Errorf("%d checks, last %+v", len(got), got[len(got)-1])
	}
}

func TestCompleteness(t *testing.T) {
	t.Parallel()
	names := []coverage.Area{{Name: "B"}, {Name: "A"}, {Name: "C"}, {Name: "D"}}
	got := Completeness("osm", names, []Mapped{
		{People: 300, Buildings: 100, Roads: 40},
		{People: 200, Buildings: 70, Roads: 0},
		{People: 1000, Buildings: 10, Roads: 5},
		{People: 10, Buildings: 0, Roads: 0}, // too few to tell
	})
	if len(got) != 2 || got[0].Code != "map-without-roads" || got[0].Name != "A" || got[1].Code != "map-lacks-buildings" || got[1].Name != "C" {
		t.Errorf("got %+v", got)
	}
	if got := Completeness("osm", names[:1], []Mapped{{People: 300, Buildings: -1, Roads: -1}}); len(got) != 0 {
		t.Errorf("what is not known is no lack: %+v", got)
	}
}
