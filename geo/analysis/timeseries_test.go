package analysis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/series"
	"contado/geo/table"
)

// monthly is one date a month.
func monthly(n int) []time.Time {
	var out []time.Time
	for m := range n {
		out = append(out, time.Date(2020, time.Month(1+m), 15, 10, 0, 0, 0, time.UTC))
	}
	return out
}

// The mean of an index and the share seen, day by day and area by area, are
// those counted by hand, and periods and anomalies those of their days.
func TestTimeSeries(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := l.shots("scenes", 21, monthly(37)...)
	q := analysis.SeriesRequest{
		Pictures: analysis.Pictures{Dataset: "scenes", Value: "ndvi"}, Areas: analysis.ZonalAreas{Below: "9"},
		Period: series.Month, Trend: true, BaselineFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), BaselineTo: time.Date(2022, 12, 31, 23, 59, 59, 999999999, time.UTC),
	}
	res, err := l.engine.TimeSeries(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	for a, area := range res.Areas {
		if len(area.Days) != len(s) {
			t.Fatalf("%d days for %d pictures", len(area.Days), len(s))
		}
		for d, day := range area.Days {
			sum, n := 0.0, 0.0
			for i := range s[d].bands["nir"] {
				if v := s[d].nd("nir", "red", i); (i%side >= side/2) == (a == 1) && v == v {
					sum, n = sum+v, n+1
				}
			}
			if !same(*day.Value, sum/n, 1e-6) || !same(day.Valid, n/(side*side/2), 1e-9) {
				t.Fatalf("area %s on %v: %v with %v seen, want %v with %v", area.Code, day.Date, *day.Value, day.Valid, sum/n, n/(side*side/2))
			}
		}
		// January 2023 against the Januaries of 2020 to 2022.
		normal := (*area.Days[0].Value + *area.Days[12].Value + *area.Days[24].Value) / 3
		if p := area.Periods[36]; p.Name != "2023-01" || !same(*p.Anomaly, *area.Days[36].Value-normal, 1e-9) {
			t.Errorf("area %s, %s: anomaly %v, want %v", area.Code, p.Name, *p.Anomaly, *area.Days[36].Value-normal)
		}
		if area.Trend == nil || area.Trend.Low > area.Trend.PerYear || area.Trend.High < area.Trend.PerYear || area.Trend.P < 0 || area.Trend.P > 1 {
			t.Errorf("area %s: trend %+v", area.Code, area.Trend)
		}
	}
	var doc bytes.Buffer
	if err := json.NewEncoder(&doc).Encode(res); err != nil {
		t.Fatal(err)
	}
	var csv bytes.Buffer
	if err := res.Table(table.Italian).CSV(&csv, table.Italian); err != nil || strings.Count(csv.String(), "\n") != 1+2*len(s) {
		t.Errorf("table: %v, %d lines", err, strings.Count(csv.String(), "\n"))
	}
}

// Asking again, from the shares kept in memory, gives the same bit by bit.
func TestTimeSeriesAgain(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.shots("scenes", 22, june, august)
	q := analysis.SeriesRequest{
		Pictures: analysis.Pictures{Dataset: "scenes", Value: "nbr"}, Stat: "median",
		Areas: analysis.ZonalAreas{Features: triangles(l, 40)}, MinValid: 0.95,
	}
	var docs [2][]byte
	for i := range docs {
		res, err := l.engine.TimeSeries(context.Background(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		if docs[i], err = json.Marshal(res.Areas); err != nil {
			t.Fatal(err)
		}
		for _, a := range res.Areas {
			for _, d := range a.Days {
				if d.Used != (d.Valid >= 0.95 && d.Value != nil) {
					t.Errorf("area %s: %v seen, used %v", a.Code, d.Valid, d.Used)
				}
			}
		}
	}
	if !bytes.Equal(docs[0], docs[1]) {
		t.Error("the second answer differs from the first")
	}
}

func TestTimeSeriesErrors(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.shots("scenes", 23, june)
	good := analysis.SeriesRequest{Pictures: analysis.Pictures{Dataset: "scenes"}, Areas: analysis.ZonalAreas{Below: "9"}}
	for name, change := range map[string]func(*analysis.SeriesRequest){
		"statistic": func(q *analysis.SeriesRequest) { q.Stat = "majority" },
		"period":    func(q *analysis.SeriesRequest) { q.Period = "week" },
		"share":     func(q *analysis.SeriesRequest) { q.MinValid = math.NaN() },
		"baseline":  func(q *analysis.SeriesRequest) { q.BaselineFrom = june },
		"no time":   func(q *analysis.SeriesRequest) { q.Dataset = "landcover" },
		"no areas":  func(q *analysis.SeriesRequest) { q.Areas = analysis.ZonalAreas{} },
		"mask":      func(q *analysis.SeriesRequest) { q.Mask = "clouds" },
	} {
		q := good
		change(&q)
		if _, err := l.engine.TimeSeries(context.Background(), q, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
