package series

import (
	"math"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ date, month, season, year, seasonStart, seasonEnd string }{
		{"2017-12-01", "2017-12", "2018-DJF", "2017", "2017-12-01", "2018-03-01"},
		{"2018-01-31", "2018-01", "2018-DJF", "2018", "2017-12-01", "2018-03-01"},
		{"2020-02-29", "2020-02", "2020-DJF", "2020", "2019-12-01", "2020-03-01"},
		{"2018-03-01", "2018-03", "2018-MAM", "2018", "2018-03-01", "2018-06-01"},
		{"2018-08-31", "2018-08", "2018-JJA", "2018", "2018-06-01", "2018-09-01"},
		{"2018-11-30", "2018-11", "2018-SON", "2018", "2018-09-01", "2018-12-01"},
	} {
		d := day(c.date)
		if m, s, y := PeriodOf(Month, d), PeriodOf(Season, d), PeriodOf(Year, d); m.String() != c.month || s.String() != c.season || y.String() != c.year {
			t.Errorf("%s lies in %v, %v, %v", c.date, m, s, y)
		} else if !s.Start().Equal(day(c.seasonStart)) || !s.End().Equal(day(c.seasonEnd)) {
			t.Errorf("%v runs from %v to %v", s, s.Start(), s.End())
		}
	}
	// 23:30 on New Year's Eve in New York is January in UTC.
	ny := time.Date(2018, 12, 31, 23, 30, 0, 0, time.FixedZone("EST", -5*3600))
	if got := PeriodOf(Month, ny).String(); got != "2019-01" {
		t.Errorf("read as %s", got)
	}
}

// What is no step has no cycle, and is told by it.
func TestUnknownStep(t *testing.T) {
	t.Parallel()
	for step, want := range map[Step]int{Month: 12, Season: 4, Year: 1, "": 0, "week": 0} {
		if got := step.Cycle(); got != want {
			t.Errorf("%q: %d, want %d", step, got, want)
		}
	}
}

func TestPeriodLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-6e10, 2.4e11).Draw(t, "unix"), 0)
		for _, step := range []Step{Month, Season, Year} {
			p := PeriodOf(step, at)
			if at.Before(p.Start()) || !at.Before(p.End()) {
				t.Fatalf("%v does not lie in %v [%v, %v)", at, p, p.Start(), p.End())
			}
			if PeriodOf(step, p.Start()) != p || PeriodOf(step, p.End()) != p.Next() {
				t.Fatalf("the ends of %v lie elsewhere", p)
			}
			if d := p.Next().Years() - p.Years(); math.Abs(d-1/float64(step.Cycle())) > 1e-9 {
				t.Fatalf("%v is %v years from the next", p, d)
			}
			mid := p.Start().Add(p.End().Sub(p.Start()) / 2)
			if d := YearsOf(mid) - p.Years(); math.Abs(d) > 0.01 {
				t.Fatalf("the middle of %v is %v years off", p, d)
			}
		}
	})
}

func TestCompose(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	obs := []Observation{
		{day("2018-03-20"), 0.6, 0.5},
		{day("2017-12-05"), 0.2, 1},
		{day("2018-01-10"), 0.4, 0.5},
		{day("2018-01-20"), 0.9, 0.1},
		{day("2018-02-01"), nan, 0},
		{day("2018-06-30"), 0.8, 1},
	}
	check := func(step Step, o *ComposeOptions, want string) {
		t.Helper()
		got, err := Compose(obs, step, o)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, c := range got {
			b.WriteString(c.Period.String() + "=" + round(c.Value) + "/" + round(float64(c.Used)) + "-" + round(float64(c.LeftOut)) + "@" + round(c.Valid) + " ")
		}
		if strings.TrimSpace(b.String()) != want {
			t.Errorf("%s %+v:\n got %s\nwant %s", step, o, b.String(), want)
		}
	}
	check(Month, nil, "2017-12=0.2/1-0@1 2018-01=0.4833/2-0@0.3 2018-02=none/0-1@0 2018-03=0.6/1-0@0.5 2018-04=none/0-0@0 2018-05=none/0-0@0 2018-06=0.8/1-0@1")
	check(Month, &ComposeOptions{MinValid: 0.5}, "2017-12=0.2/1-0@1 2018-01=0.4/1-1@0.5 2018-02=none/0-1@0 2018-03=0.6/1-0@0.5 2018-04=none/0-0@0 2018-05=none/0-0@0 2018-06=0.8/1-0@1")
	// Winter: (0.2·1 + 0.4·0.5 + 0.9·0.1) / 1.6 = 0.30625
	check(Season, nil, "2018-DJF=0.3063/3-1@0.5333 2018-MAM=0.6/1-0@0.5 2018-JJA=0.8/1-0@1")
	check(Season, &ComposeOptions{Method: Median}, "2018-DJF=0.4/3-1@0.5333 2018-MAM=0.6/1-0@0.5 2018-JJA=0.8/1-0@1")
	check(Year, &ComposeOptions{Method: Max}, "2017=0.2/1-0@1 2018=0.9/4-1@0.525")
	check(Year, &ComposeOptions{Method: Min}, "2017=0.2/1-0@1 2018=0.4/4-1@0.525")
	c, err := Compose(obs, Season, nil)
	if err != nil || !c[0].First.Equal(day("2017-12-05")) || !c[0].Last.Equal(day("2018-01-20")) {
		t.Errorf("dates of the winter: %v to %v, %v", c[0].First, c[0].Last, err)
	}
	for _, bad := range []struct {
		step Step
		o    ComposeOptions
	}{{"week", ComposeOptions{}}, {Month, ComposeOptions{Method: "mode"}}, {Month, ComposeOptions{MinValid: nan}}, {Month, ComposeOptions{MinValid: 50}}} {
		if _, err := Compose(obs, bad.step, &bad.o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := Compose([]Observation{{Time: time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC)}}, Month, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("the year 200000: %v", err)
	}
}

func round(v float64) string {
	if math.IsNaN(v) {
		return "none"
	}
	return strings.TrimRight(strings.TrimRight(format(v), "0"), ".")
}

// TestNobodyIsLost: each observation is counted in exactly one period, and the
// periods follow one another.
func TestNobodyIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		obs := make([]Observation, n)
		for i := range obs {
			obs[i] = Observation{
				Time:  day("2015-01-01").AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "day")),
				Value: rapid.SampledFrom([]float64{-1, 0, 0.5, 3, math.NaN(), math.Inf(1)}).Draw(t, "value"),
				Valid: rapid.SampledFrom([]float64{0, 0.2, 0.6, 1}).Draw(t, "valid"),
			}
		}
		step := rapid.SampledFrom([]Step{Month, Season, Year}).Draw(t, "step")
		cs, err := Compose(obs, step, &ComposeOptions{Method: rapid.SampledFrom([]Method{Mean, Median, Min, Max}).Draw(t, "method"), MinValid: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for i, c := range cs {
			count += c.Used + c.LeftOut
			if i > 0 && cs[i-1].Period.Next() != c.Period {
				t.Fatalf("%v is followed by %v", cs[i-1].Period, c.Period)
			}
			if (c.Used == 0) != math.IsNaN(c.Value) || c.Used > 0 && (c.Value < -1 || c.Value > 3) {
				t.Fatalf("%v has value %v of %d", c.Period, c.Value, c.Used)
			}
		}
		if count != n {
			t.Fatalf("%d of %d observations are accounted for", count, n)
		}
	})
}

func TestAnomalies(t *testing.T) {
	t.Parallel()
	var obs []Observation
	for i, v := range []float64{0.2, 0.4, 0.6, 0.9} { // Januaries of 2015 … 2018
		obs = append(obs, Observation{time.Date(2015+i, 1, 15, 0, 0, 0, 0, time.UTC), v, 1},
			Observation{time.Date(2015+i, 7, 15, 0, 0, 0, 0, time.UTC), 0.7, 1})
	}
	cs, err := Compose(obs, Month, nil)
	if err != nil {
		t.Fatal(err)
	}
	as, err := Anomalies(cs, Baseline{From: day("2015-01-01"), To: day("2018-01-01")})
	if err != nil {
		t.Fatal(err)
	}
	if len(as) != len(cs) {
		t.Fatalf("%d anomalies of %d composites", len(as), len(cs))
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
	nan := math.NaN()
	for _, a := range as {
		want := Anomaly{Normal: nan, StdDev: nan, Difference: nan, Z: nan}
		switch a.Period.Part {
		case 0: // normal 0.4 ± 0.2
			want = Anomaly{Normal: 0.4, StdDev: 0.2, Years: 3, Difference: a.Value - 0.4, Z: (a.Value - 0.4) / 0.2}
		case 6: // never varies
			want = Anomaly{Normal: 0.7, StdDev: 0, Years: 3, Difference: 0, Z: nan}
		}
		if !near(a.Normal, want.Normal) || !near(a.StdDev, want.StdDev) || a.Years != want.Years || !near(a.Difference, want.Difference) || !near(a.Z, want.Z) {
			t.Errorf("%v: %+v, want %+v", a.Period, a, want)
		}
	}
	// A baseline of two years gives differences, but no score.
	as, err = Anomalies(cs, Baseline{From: day("2015-01-01"), To: day("2017-12-31")})
	if err != nil || as[36].Years != 3 {
		t.Fatalf("%+v, %v", as[36], err)
	}
	as, err = Anomalies(cs, Baseline{From: day("2015-01-02"), To: day("2018-01-01")})
	if err != nil || as[36].Years != 2 || !near(as[36].Difference, 0.4) || !math.IsNaN(as[36].Z) {
		t.Errorf("January 2018 against two years: %+v, %v", as[36], err)
	}
	for _, b := range []Baseline{{From: day("1990-01-01"), To: day("2000-01-01")}, {From: day("2018-01-01"), To: day("2018-01-01")}} {
		if _, err := Anomalies(cs, b); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
