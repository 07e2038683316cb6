package coverage_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/fault"
)

var inf = float32(math.Inf(1))

func compute(t rapid.TB, d coverage.Demand, areas []coverage.Area, places []coverage.Place, p coverage.Params) *coverage.Report {
	t.Helper()
	r, err := coverage.Compute(context.Background(), d, areas, places, p)
	if err != nil {
		t.Fatalf("compute: %v", err)
	}
	return r
}

func TestComputeSmall(t *testing.T) {
	t.Parallel()
	d := coverage.Demand{
		Area:    []int32{0, 0, 0, 1, 1},
		Seconds: []float32{0, 900, 900.5, 1800, inf},
		People:  []float64{10, 20, 5, 40, 25},
		X:       []float64{10, 10, 10, 10.1, 10.1}, Y: []float64{46, 46, 46, 46, 46},
	}
	areas := []coverage.Area{{"a", "Alta"}, {"b", "Bassa"}, {"c", "Deserta"}}
	r := compute(t, d, areas, nil, coverage.Params{Thresholds: []float64{1800, 900, 900}})
	if got, want := r.ThresholdsS, []float64{900, 1800}; !slices.Equal(got, want) {
		t.Fatalf("thresholds %v, want %v", got, want)
	}
	want := [][3]float64{{30, 45, 25}, {75, 0, 25}}
	for j, row := range r.Coverage {
		if got := [3]float64{row.Covered, row.Uncovered, row.Unreachable}; got != want[j] {
			t.Errorf("threshold %g: %v, want %v (900 s and 1800 s are inclusive)", row.ThresholdS, got, want[j])
		}
	}
	if *r.Coverage[1].Share != 0.75 {
		t.Errorf("share %v, want 0.75", *r.Coverage[1].Share)
	}
	if r.MedianS == nil || *r.MedianS != 1800 {
		t.Errorf("median %v, want 1800: half of all, the unreachable counted", r.MedianS)
	}
	if r.P90S != nil {
		t.Errorf("p90 %v, want null: it falls among the unreachable", *r.P90S)
	}
	if c := r.Areas[2]; c.Population != 0 || c.Coverage[0].Share != nil || c.MedianS != nil {
		t.Errorf("area without people: %+v, want null share and median", c)
	}
	if len(r.Notices) != 1 || r.Notices[0].Code != coverage.NoticeEmptyAreas {
		t.Errorf("notices %+v, want one about the empty area", r.Notices)
	}
}

func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	good := func() (coverage.Demand, coverage.Params) {
		return coverage.Demand{Area: []int32{0}, Seconds: []float32{1}, People: []float64{1}, X: []float64{10}, Y: []float64{46}},
			coverage.Params{Thresholds: []float64{60}}
	}
	cases := map[string]func(d *coverage.Demand, p *coverage.Params){
		"no threshold":        func(_ *coverage.Demand, p *coverage.Params) { p.Thresholds = nil },
		"NaN threshold":       func(_ *coverage.Demand, p *coverage.Params) { p.Thresholds = []float64{math.NaN()} },
		"endless threshold":   func(_ *coverage.Demand, p *coverage.Params) { p.Thresholds = []float64{math.Inf(1)} },
		"zero threshold":      func(_ *coverage.Demand, p *coverage.Params) { p.Thresholds = []float64{0} },
		"negative gaps":       func(_ *coverage.Demand, p *coverage.Params) { p.MaxGaps = -1 },
		"NaN radius":          func(_ *coverage.Demand, p *coverage.Params) { p.PlaceRadiusM = math.NaN() },
		"short array":         func(d *coverage.Demand, _ *coverage.Params) { d.Seconds = nil },
		"area out of range":   func(d *coverage.Demand, _ *coverage.Params) { d.Area[0] = 1 },
		"no area":             func(d *coverage.Demand, _ *coverage.Params) { d.Area[0] = -1 },
		"negative time":       func(d *coverage.Demand, _ *coverage.Params) { d.Seconds[0] = -1 },
		"NaN time":            func(d *coverage.Demand, _ *coverage.Params) { d.Seconds[0] = float32(math.NaN()) },
		"negative people":     func(d *coverage.Demand, _ *coverage.Params) { d.People[0] = -1 },
		"NaN people":          func(d *coverage.Demand, _ *coverage.Params) { d.People[0] = math.NaN() },
		"metres for degrees":  func(d *coverage.Demand, _ *coverage.Params) { d.Y[0] = 5e6 },
		"place out of range":  func(d *coverage.Demand, _ *coverage.Params) { d.Place = []int32{0} },
		"band without name":   func(d *coverage.Demand, _ *coverage.Params) { d.Bands = [][]float64{{1}} },
		"facility of no name": func(d *coverage.Demand, _ *coverage.Params) { d.Facility = []int32{0} },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p := good()
			spoil(&d, &p)
			if _, err := coverage.Compute(context.Background(), d, []coverage.Area{{"a", "A"}}, nil, p); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want an error of kind invalid", err)
			}
		})
	}
	d, p := good()
	d.People[0] = 1e300
	if _, err := coverage.Compute(context.Background(), d, []coverage.Area{{"a", "A"}}, nil, p); !fault.Is(err, fault.TooLarge) {
		t.Errorf("1e300 people: %v, want too-large", err)
	}
	d, p = good()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := coverage.Compute(ctx, d, []coverage.Area{{"a", "A"}}, nil, p); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled context: %v", err)
	}
}

type world struct {
	d      coverage.Demand
	areas  []coverage.Area
	places []coverage.Place
	p      coverage.Params
}

func drawWorld(t *rapid.T) world {
	n := rapid.IntRange(0, 60).Draw(t, "cells")
	w := world{areas: []coverage.Area{{"1", "Uno"}, {"2", "Due"}, {"3", "Tre"}}}
	for i := range rapid.IntRange(0, 6).Draw(t, "places") {
		w.places = append(w.places, coverage.Place{
			Name: string(rune('A' + i)), Area: int32(rapid.IntRange(0, 2).Draw(t, "place area")),
			Lon: 10 + rapid.Float64Range(0, 0.3).Draw(t, "lon"), Lat: 46 + rapid.Float64Range(0, 0.3).Draw(t, "lat"),
		})
	}
	time := rapid.Custom(func(t *rapid.T) float32 {
		return rapid.OneOf(rapid.Just(inf), rapid.Float32Range(0, 4000),
			rapid.SampledFrom([]float32{0, 300, 600, 900, 1800})).Draw(t, "t")
	})
	people := rapid.OneOf(rapid.Float64Range(0, 500), rapid.Just(0.0), rapid.Float64Range(0, 1e-3))
	w.d.Bands = make([][]float64, 2)
	for range n {
		w.d.Area = append(w.d.Area, int32(rapid.IntRange(0, 2).Draw(t, "area")))
		w.d.Seconds = append(w.d.Seconds, time.Draw(t, "seconds"))
		p := people.Draw(t, "people")
		young := p * rapid.Float64Range(0, 1).Draw(t, "young")
		w.d.People = append(w.d.People, p)
		w.d.Bands[0] = append(w.d.Bands[0], young)
		w.d.Bands[1] = append(w.d.Bands[1], p-young)
		w.d.X = append(w.d.X, 10+rapid.Float64Range(0, 0.3).Draw(t, "x"))
		w.d.Y = append(w.d.Y, 46+rapid.Float64Range(0, 0.3).Draw(t, "y"))
	}
	w.p = coverage.Params{
		Thresholds: rapid.SliceOfN(rapid.SampledFrom([]float64{300, 600, 900, 1200, 1800, 3600}), 1, 4).Draw(t, "thresholds"),
		BandNames:  []string{"0-64", "65+"},
		MaxGaps:    rapid.IntRange(1, 8).Draw(t, "max gaps"),
	}
	return w
}

func rowsHold(t *rapid.T, what string, f coverage.Figures) {
	before := 0.0
	for _, r := range f.Coverage {
		if r.Covered+r.Uncovered+r.Unreachable != f.Population {
			t.Fatalf("%s at %g s: %v + %v + %v is not %v", what, r.ThresholdS, r.Covered, r.Uncovered, r.Unreachable, f.Population)
		}
		if r.Covered < before {
			t.Fatalf("%s: covered falls from %v to %v at %g s", what, before, r.Covered, r.ThresholdS)
		}
		before = r.Covered
		if (r.Share == nil) != (f.Population == 0) {
			t.Fatalf("%s: share %v of %v people", what, r.Share, f.Population)
		}
		if r.Share != nil && (*r.Share >= 0.5) != (f.MedianS != nil && *f.MedianS <= r.ThresholdS) {
			t.Fatalf("%s at %g s: share %v does not agree with median %v", what, r.ThresholdS, *r.Share, f.MedianS)
		}
	}
}

func whole(r *coverage.Report) coverage.Figures {
	return coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage, MedianS: r.MedianS, P90S: r.P90S}
}

// The laws of the package comment, with exact equality of floating point.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := compute(t, w.d, w.areas, w.places, w.p)
		rowsHold(t, "whole", whole(r))
		for j, row := range r.Coverage {
			var areas, bands float64
			for _, a := range r.Areas {
				rowsHold(t, a.Name, a.Figures)
				areas += a.Coverage[j].Covered
				var ab float64
				for _, b := range a.AgeBands {
					rowsHold(t, a.Name+" "+b.Band, b.Figures)
					ab += b.Coverage[j].Uncovered
				}
				if ab != a.Coverage[j].Uncovered {
					t.Fatalf("bands of %s: %v uncovered, area %v", a.Name, ab, a.Coverage[j].Uncovered)
				}
			}
			for _, b := range r.AgeBands {
				rowsHold(t, b.Band, b.Figures)
				bands += b.Coverage[j].Covered
			}
			if areas != row.Covered || bands != row.Covered {
				t.Fatalf("covered %v, sum of areas %v, of bands %v", row.Covered, areas, bands)
			}
		}
		last := r.Coverage[len(r.Coverage)-1]
		left := r.GapsOmitted.Population
		for k, g := range r.Gaps {
			left += g.Population
			if k > 0 && g.Population > r.Gaps[k-1].Population {
				t.Fatalf("gap %d is larger than the one before", k)
			}
			if (g.TimeS == nil) != (g.Unreachable == g.Population) || (g.TimeS != nil && *g.TimeS <= last.ThresholdS) {
				t.Fatalf("gap %+v: time does not fit", g)
			}
		}
		if left != last.Uncovered+last.Unreachable {
			t.Fatalf("gaps hold %v, not covered are %v", left, last.Uncovered+last.Unreachable)
		}
		for k, c := range r.Curve {
			if k > 0 && (c.People < r.Curve[k-1].People || c.TimeS <= r.Curve[k-1].TimeS) {
				t.Fatalf("curve does not rise at %d", k)
			}
		}
	})
}

func TestOrderOfCellsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		perm := rapid.Permutation(index(len(w.d.People))).Draw(t, "order")
		other := w.d
		other.Area, other.Seconds = pick(w.d.Area, perm), pick(w.d.Seconds, perm)
		other.People, other.X, other.Y = pick(w.d.People, perm), pick(w.d.X, perm), pick(w.d.Y, perm)
		other.Bands = [][]float64{pick(w.d.Bands[0], perm), pick(w.d.Bands[1], perm)}
		a := compute(t, w.d, w.areas, w.places, w.p)
		b := compute(t, other, w.areas, w.places, w.p)
		for _, r := range []*coverage.Report{a, b} {
			for k := range r.Gaps { // centres are sums of floats
				r.Gaps[k].Lon, r.Gaps[k].Lat = math.Round(r.Gaps[k].Lon*1e5), math.Round(r.Gaps[k].Lat*1e5)
			}
		}
		if x, y := asJSON(t, a), asJSON(t, b); x != y {
			t.Fatalf("reports differ:\n%s\n%s", x, y)
		}
	})
}

func index(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

func pick[T any](v []T, perm []int) []T {
	out := make([]T, len(v))
	for i, k := range perm {
		out[i] = v[k]
	}
	return out
}

func asJSON(t rapid.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	return string(b)
}

// Brute force: repeat each person (whole people only), sort, take the k-th.
func TestQuantilesBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "cells")
		var d coverage.Demand
		var persons []float64
		for range n {
			p := rapid.IntRange(0, 7).Draw(t, "people")
			s := rapid.SampledFrom([]float32{1, 2, 3, 5, 8, 13, 21, inf}).Draw(t, "seconds")
			d.Area, d.Seconds, d.People = append(d.Area, 0), append(d.Seconds, s), append(d.People, float64(p))
			d.X, d.Y = append(d.X, 10), append(d.Y, 46)
			for range p {
				persons = append(persons, float64(s))
			}
		}
		sort.Float64s(persons)
		r := compute(t, d, []coverage.Area{{"a", "A"}}, nil, coverage.Params{Thresholds: []float64{5}})
		want := func(num, den int) *float64 {
			if len(persons) == 0 {
				return nil
			}
			v := persons[(len(persons)*num+den-1)/den-1]
			if math.IsInf(v, 1) {
				return nil
			}
			return &v
		}
		for _, c := range []struct {
			name      string
			got, want *float64
		}{{"median", r.MedianS, want(1, 2)}, {"p90", r.P90S, want(9, 10)}} {
			if asJSON(t, c.got) != asJSON(t, c.want) {
				t.Fatalf("%s %s, want %s of %v", c.name, asJSON(t, c.got), asJSON(t, c.want), persons)
			}
		}
		covered := 0.0
		for _, s := range persons {
			if s <= 5 {
				covered++
			}
		}
		if r.Coverage[0].Covered != covered {
			t.Fatalf("covered %v, want %v", r.Coverage[0].Covered, covered)
		}
	})
}

func TestBandsIncompleteSaysSo(t *testing.T) {
	t.Parallel()
	d := coverage.Demand{Area: []int32{0}, Seconds: []float32{1}, People: []float64{10}, Bands: [][]float64{{4}}, X: []float64{0}, Y: []float64{0}}
	r := compute(t, d, []coverage.Area{{"a", "A"}}, nil, coverage.Params{Thresholds: []float64{5}, BandNames: []string{"65+"}, BandLabels: []string{"anziani"}})
	if r.AgeBands[0].Population != 4 || r.AgeBands[0].Label != "anziani" {
		t.Errorf("band %+v: an incomplete band keeps its own people", r.AgeBands[0])
	}
	if len(r.Notices) != 1 || r.Notices[0].Code != coverage.NoticeBandsIncomplete || r.Notices[0].Values["bands"] != 4 {
		t.Errorf("notices %+v", r.Notices)
	}
}

// Bands that differ from the people cell by cell and sum to the total are not
// said to miss anybody.
func TestBandsThatSumSayNothing(t *testing.T) {
	t.Parallel()
	d := coverage.Demand{
		Area: []int32{0, 0}, Seconds: []float32{1, 2}, People: []float64{10, 20}, Bands: [][]float64{{6, 9}, {6, 9 + 1e-6}}, X: []float64{0, 1}, Y: []float64{0, 0},
	}
	r := compute(t, d, []coverage.Area{{"a", "A"}}, nil, coverage.Params{Thresholds: []float64{5}, BandNames: []string{"0-64", "65+"}})
	if len(r.Notices) != 0 {
		t.Errorf("notices %+v", r.Notices)
	}
}

func TestReportOfNobody(t *testing.T) {
	t.Parallel()
	r := compute(t, coverage.Demand{}, []coverage.Area{{"a", "A"}}, nil, coverage.Params{Thresholds: []float64{60}})
	if r.PopulationTotal != 0 || r.Coverage[0].Share != nil || r.Gaps == nil || len(r.Gaps) != 0 {
		t.Errorf("report of nobody: %s", asJSON(t, r))
	}
	if len(r.Notices) != 1 || r.Notices[0].Code != coverage.NoticeNobody {
		t.Errorf("notices %+v", r.Notices)
	}
}

func BenchmarkCompute(b *testing.B) {
	const n, areas = 1_000_000, 300
	d := coverage.Demand{Bands: make([][]float64, 3)}
	for i := range n {
		d.Area = append(d.Area, int32(i/1000%areas))
		d.Seconds = append(d.Seconds, float32(i*104729%7200))
		d.People = append(d.People, 3)
		for k := range d.Bands {
			d.Bands[k] = append(d.Bands[k], 1)
		}
		d.X, d.Y = append(d.X, 10+float64(i%1000)/1000), append(d.Y, 46+float64(i/1000)/1000)
	}
	list := make([]coverage.Area, areas)
	b.ReportAllocs()
	for b.Loop() {
		compute(b, d, list, nil, coverage.Params{Thresholds: []float64{900, 1800}, BandNames: []string{"a", "b", "c"}})
	}
}

// Naive sums in floating point over areas, bands and thresholds.
func TestRowsBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := compute(t, w.d, w.areas, w.places, w.p)
		check := func(what string, f coverage.Figures, area int, people []float64) {
			for _, row := range f.Coverage {
				var c, u, x float64
				for i, p := range people {
					s := float64(w.d.Seconds[i])
					switch {
					case area >= 0 && int(w.d.Area[i]) != area:
					case math.IsInf(s, 1):
						x += p
					case s <= row.ThresholdS:
						c += p
					default:
						u += p
					}
				}
				if math.Abs(c-row.Covered)+math.Abs(u-row.Uncovered)+math.Abs(x-row.Unreachable) > 1e-8 {
					t.Fatalf("%s at %g s: %+v, want %v, %v, %v", what, row.ThresholdS, row, c, u, x)
				}
			}
		}
		check("whole", whole(r), -1, w.d.People)
		for b := range r.AgeBands {
			check("band", r.AgeBands[b].Figures, -1, w.d.Bands[b])
		}
		for a := range r.Areas {
			check("area", r.Areas[a].Figures, a, w.d.People)
			for b := range r.Areas[a].AgeBands {
				check("area band", r.Areas[a].AgeBands[b].Figures, a, w.d.Bands[b])
			}
		}
	})
}
