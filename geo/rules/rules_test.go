package rules

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
)

func TestBuiltinTables(t *testing.T) {
	t.Parallel()
	list, err := Builtin()
	if err != nil || len(list) == 0 {
		t.Fatalf("%d tables, %v", len(list), err)
	}
	it, err := ByName("it-standards")
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]Status{}
	for _, r := range it.Rules {
		status[r.ID] = r.Status
	}
	for id, want := range map[string]Status{
		"ambulance-18-min": Official, "ambulance-8-min": Customary, "ambulance-20-min": Customary, "pharmacy-3300": Law,
		"post-3-km": Law, "school-primary-500-m": Guideline, "home-care-10-percent": Official,
	} {
		if status[id] != want {
			t.Errorf("%s is %q, want %q", id, status[id], want)
		}
	}
	if _, err := ByName("nowhere"); !fault.Is(err, fault.NotExist) {
		t.Errorf("an unknown table: %v", err)
	}
}

const minimal = `schema: contado/rules/1
id: x
version: "1"
title: {it: Uno, en: One}
rules:
  - id: a
    title: {it: A, en: A}
    services: [pharmacy]
    measure: within-distance
    threshold: 1000
    unit: m
    share: 0.5
    per: territory
    source: nobody
    status: guideline
    date: "2026"
`

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	if _, err := Parse(strings.NewReader(minimal), "x"); err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{
		"contado/rules/1":            "contado/rules/9",
		"    share: 0.5\n":           "",
		"share: 0.5":                 "share: 1.5",
		"threshold: 1000":            "threshold: .nan",
		"unit: m":                    "unit: km",
		"per: territory":             "per: galaxy",
		"status: guideline":          "status: perhaps",
		`date: "2026"`:               `date: "2026-13"`,
		"within-distance":            "within-reason",
		"    source: nobody\n":       "    source: nobody\n    colour: red\n",
		"services: [pharmacy]":       "services: []",
		"title: {it: A, en: A}":      "title: {it: A}",
		"  - id: a\n":                "  - id: A b\n",
		"    unit: m\n":              "    unit: m\n    mode: car\n",
		"    per: territory\n":       "    per: territory\n    applies_to: {ages: old}\n",
		"    share: 0.5\n    per: t": "    share: 0.5\n    percentile: 5\n    per: t",
	} {
		text := strings.Replace(minimal, old, new, 1)
		if text == minimal {
			t.Fatalf("%q is not in the table", old)
		}
		if _, err := Parse(strings.NewReader(text), "x"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q for %q: %v, want it refused", new, old, err)
		}
	}
	if _, err := Parse(strings.NewReader(minimal+"    colour: red\n"), "x"); err == nil || !strings.HasSuffix(err.Error(), "line 17: field colour is not one of a rule") {
		t.Errorf("an unknown field: %v", err)
	}
	rule := minimal[strings.Index(minimal, "  - id"):]
	for text, kind := range map[string]fault.Kind{
		minimal + rule:                         fault.Invalid, // the same id twice
		minimal + "---\n" + minimal:            fault.Invalid,
		"":                                     fault.Invalid,
		strings.Repeat("# x\n", MaxTableBytes): fault.TooLarge,
	} {
		if _, err := Parse(strings.NewReader(text), "x"); !fault.Is(err, kind) {
			t.Errorf("%.40q: %v, want %v", text, err, kind)
		}
	}
}

// A figure that is missing is named as people call it, in their language; a
// table that gives it no name has its own.
func TestMissingFigure(t *testing.T) {
	t.Parallel()
	tables, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	in := village()
	in.Figures = nil
	results, err := Evaluate(t.Context(), tables, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		for lang, why := range r.Why {
			if strings.Contains(why, "_") {
				t.Errorf("%s, %s: %q", r.ID, lang, why)
			}
		}
		if r.ID == "home-care-10-percent" && (!strings.HasPrefix(r.Why["it"], "Manca il dato «persone di 65 anni e più assistite a domicilio».") || !strings.Contains(r.Why["en"], "“people of 65 and over cared for at home”")) {
			t.Errorf("%q", r.Why)
		}
	}
	for _, r := range tables[0].Rules {
		for _, name := range append(r.Services, r.Figure) {
			if name != "" && tables[0].Names[name] == nil {
				t.Errorf("%s has no name for people", name)
			}
		}
	}
	own := strings.NewReplacer("    services: [pharmacy]\n", "", "within-distance", "figure", "    threshold: 1000\n", "", "    unit: m\n", "    figure: volunteers\n").Replace(minimal)
	table, err := Parse(strings.NewReader(own), "own")
	if err != nil {
		t.Fatalf("%v\n%s", err, own)
	}
	if results, err = Evaluate(t.Context(), []*Table{table}, in); err != nil || results[0].Why["it"] != "Manca il dato «volunteers»." {
		t.Errorf("%v, %v", results, err)
	}
	for _, bad := range []string{"names: {volunteers: {it: volontari}}\n", "names: {volunteers: volontari}\n"} {
		if _, err := Parse(strings.NewReader(own+bad), "bad"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(minimal)
	f.Add(strings.Replace(minimal, "within-distance", "apart", 1))
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Parse(strings.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		in := village()
		if _, err := Evaluate(context.Background(), []*Table{table}, in); err != nil {
			t.Fatalf("a table that was read cannot be judged by: %v", err)
		}
	})
}

// village is two comuni on a line of latitude, a facility of each kind in the
// first: cells at 0, 1, 2 and 10 km.
func village() Input {
	in := Input{
		Demand: coverage.Demand{
			Area: []int32{0, 0, 1, 1}, People: []float64{2000, 1000, 500, 1500},
			Bands: [][]float64{{1500, 800, 300, 1200}, {500, 200, 200, 300}},
		},
		BandNames: []string{"0-64", "65+"},
		Areas:     []Area{{"a", "Alta", 100}, {"b", "Bassa", 300}},
		Figures:   map[string]float64{"home_care_people": 110},
	}
	east, _ := degrees(45)
	for _, km := range []float64{0, 1, 2, 10} {
		in.Demand.X = append(in.Demand.X, 10+km*1000/east)
		in.Demand.Y = append(in.Demand.Y, 45)
	}
	for _, kind := range []string{"pharmacy", "post_office", "ambulance_station", "school_primary"} {
		in.Services = append(in.Services, Service{
			Dataset: kind + "-set", Kind: kind, Facilities: []Facility{{"F", 10, 45, 0}},
			Times: []Times{{"car", Car, []float32{60, 480, 1080, float32(math.Inf(1))}}},
		})
	}
	return in
}

func judged(t *testing.T, in Input) map[string]coverage.RuleResult {
	t.Helper()
	it, err := ByName("it-standards")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Evaluate(context.Background(), []*Table{it}, in)
	if err != nil || len(list) != len(it.Rules) {
		t.Fatalf("%d results of %d, %v", len(list), len(it.Rules), err)
	}
	out := map[string]coverage.RuleResult{}
	for _, r := range list {
		out[r.ID] = r
	}
	return out
}

func TestEvaluateItaly(t *testing.T) {
	t.Parallel()
	got := judged(t, village())
	yes, no := true, false
	for id, want := range map[string]struct {
		met    *bool
		value  float64
		people float64
	}{
		"ambulance-18-min":     {&no, math.NaN(), 1500}, // 70 % within 18 minutes, the rest never
		"ambulance-8-min":      {nil, math.NaN(), 0},    // no town of 10,000
		"ambulance-20-min":     {&no, 0.7, 1500},        //
		"advanced-vehicle":     {&no, 1, 5000},          // 400 km² need two
		"pharmacy-3300":        {&no, 1, 2000},          // 3,000 people: one due (0.909); 2,000: one due (0.606)
		"pharmacy-200-m":       {&yes, math.NaN(), 0},   //
		"pharmacy-3000-m":      {&no, 0.7, 1500},        //
		"post-3-km":            {&no, 0.7, 1500},        //
		"post-comuni":          {&no, 0.5, 2000},        //
		"school-primary-500-m": {&no, 0.4, 3000},        //
		"school-primary-15-min": {
			nil, math.NaN(), 0, // no public transport
		},
		"home-care-10-percent": {&no, 110.0 / 1200, 10},
	} {
		r := got[id]
		if (r.Met == nil) != (want.met == nil) || (r.Met != nil && *r.Met != *want.met) {
			t.Errorf("%s: met %v, why %v", id, r.Met, r.Why)
			continue
		}
		if r.Met == nil && (r.Why["it"] == "" || r.Why["en"] == "") {
			t.Errorf("%s does not say why it cannot be judged", id)
		}
		if math.IsNaN(want.value) != (r.Value == nil) || (r.Value != nil && math.Abs(*r.Value-want.value) > 1e-12) || math.Abs(r.People-want.people) > 1e-9 {
			t.Errorf("%s: value %v for %v people, want %v for %v", id, r.Value, r.People, want.value, want.people)
		}
	}
	if why := got["school-primary-500-m"].Why["en"]; !strings.Contains(why, "do not tell ages 6-10") {
		t.Errorf("ages: %q", why)
	}
	for _, a := range got["pharmacy-3000-m"].Areas {
		if *a.Met != (a.Code == "a") || a.People != map[string]float64{"a": 0, "b": 1500}[a.Code] {
			t.Errorf("pharmacy by comune: %+v", a)
		}
	}
}

func TestPairsTooNearAreNotJudged(t *testing.T) {
	t.Parallel()
	in := village()
	in.Services[0].Facilities = append(in.Services[0].Facilities, Facility{"G", 10.001, 45, 0}, Facility{"H", 10.1, 45, -1})
	r := judged(t, in)["pharmacy-200-m"]
	if r.Met != nil || r.Value == nil || *r.Value < 78 || *r.Value > 79 || !strings.Contains(r.Why["it"], "F – G (79 m)") {
		t.Errorf("%+v, value %v", r, *r.Value)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	q := &question{rule: &Rule{Threshold: 3300, Rounding: RoundEx}}
	for people, want := range map[float64]float64{0: 0, 1650: 0, 1651: 1, 3300: 1, 4950: 1, 4951: 2, 6600: 2} {
		if got := q.due(people, 0); got != want {
			t.Errorf("%v people: %v pharmacies, want %v", people, got, want)
		}
	}
}

func TestBandsTileAges(t *testing.T) {
	t.Parallel()
	names := []string{"80+", "0-5", "6-10", "65-79", "11-64"}
	for ages, want := range map[string][]int{"65+": {3, 0}, "6-10": {2}, "0-10": {1, 2}, "6-13": nil, "70+": nil, "": nil, "65-79": {3}} {
		got, ok := bandsOf(names, ages)
		if ok != (want != nil) || (ok && !slices.Equal(got, want)) {
			t.Errorf("ages %q: %v, %v; want %v", ages, got, ok, want)
		}
	}
}

// TestDistances compares with the geodesic to every facility.
func TestDistances(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	for _, spread := range []float64{0.2, 5, 60} {
		list := make([]Facility, 40)
		for i := range list {
			list[i] = Facility{Lon: 10 + spread*(rng.Float64()-0.5)*2, Lat: 45 + spread*(rng.Float64()-0.5), Area: 0}
		}
		for range 200 {
			x, y := 10+spread*(rng.Float64()-0.5)*2, 45+spread*(rng.Float64()-0.5)
			want := math.Inf(1)
			for _, f := range list {
				want = math.Min(want, float64(crs.Distance(x, y, f.Lon, f.Lat)))
			}
			if got := newByLatitude(list).nearest(x, y, math.Inf(1)); math.Abs(got-want) > 4e-6*want {
				t.Fatalf("within %v°: %v m, want %v", spread, got, want)
			}
		}
	}
}

// TestPlane measures the error that between states.
func TestPlane(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 2))
	for range 20_000 {
		lat := 139*rng.Float64() - 69.5
		east, north := degrees(lat)
		turn, d := rng.Float64()*2*math.Pi, rng.Float64()*plane
		f := &Facility{Lon: 179.9 + d*math.Cos(turn)/east, Lat: lat + d*math.Sin(turn)/north}
		want := float64(crs.Distance(179.9, lat, f.Lon, f.Lat))
		if got := between(179.9, lat, f); math.Abs(got-want) > 4e-6*want+1e-6 {
			t.Fatalf("%v m at latitude %v, want %v", got, lat, want)
		}
	}
}

// TestRulesAddUp: areas sum to the whole, order does not matter, a facility
// more never takes anyone out.
func TestRulesAddUp(t *testing.T) {
	t.Parallel()
	table, err := Parse(strings.NewReader(minimal), "x")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Areas: []Area{{Code: "a"}, {Code: "b"}}}
		n := rapid.IntRange(1, 20).Draw(t, "cells")
		for range n {
			in.Demand.Area = append(in.Demand.Area, int32(rapid.IntRange(0, 1).Draw(t, "area")))
			in.Demand.People = append(in.Demand.People, rapid.Float64Range(0, 50).Draw(t, "people"))
			in.Demand.X = append(in.Demand.X, rapid.Float64Range(10, 10.05).Draw(t, "x"))
			in.Demand.Y = append(in.Demand.Y, rapid.Float64Range(45, 45.05).Draw(t, "y"))
		}
		in.Services = []Service{{Dataset: "p", Kind: "pharmacy", Facilities: []Facility{{Lon: 10.02, Lat: 45.02}}}}
		first := evaluateOne(t, table, in)
		sum := 0.0
		for _, a := range first.Areas {
			sum += a.People
		}
		if sum != first.People {
			t.Fatalf("areas lack %v, the whole %v", sum, first.People)
		}
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}[:n]).Draw(t, "order")
		moved := in
		moved.Demand = coverage.Demand{Area: make([]int32, n), People: make([]float64, n), X: make([]float64, n), Y: make([]float64, n)}
		for i, to := range order {
			moved.Demand.Area[to], moved.Demand.People[to] = in.Demand.Area[i], in.Demand.People[i]
			moved.Demand.X[to], moved.Demand.Y[to] = in.Demand.X[i], in.Demand.Y[i]
		}
		if again := evaluateOne(t, table, moved); again.People != first.People {
			t.Fatalf("in another order %v, before %v", again.People, first.People)
		}
		in.Services[0].Facilities = append(in.Services[0].Facilities, Facility{Lon: 10.04, Lat: 45.04})
		if more := evaluateOne(t, table, in); more.People > first.People {
			t.Fatalf("with one more %v lack it, before %v", more.People, first.People)
		}
	})
}

func evaluateOne(t *rapid.T, table *Table, in Input) coverage.RuleResult {
	t.Helper()
	list, err := Evaluate(context.Background(), []*Table{table}, in)
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}
