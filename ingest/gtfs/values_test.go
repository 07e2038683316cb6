package gtfs

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int32{
		"00:00:00": 0, "6:05:09": 21909, "06:05:09": 21909, "24:00:00": 86400, "25:10:00": 90600, "": NoTime, " 7:00:00": 25200,
		"12:60:00": -2, "12:00": -2, "12:00:60": -2, "-1:00:00": -2, "noon": -2, "1:2:3": -2, "999:00:00": -2, "100:00:00": 360000, ":00:00": -2, "07:00:00 ": -2,
	} {
		got, ok := ParseTime(text)
		if !ok {
			got = -2
		}
		if got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(0, maxTime).Draw(t, "seconds")
		if got, ok := ParseTime(FormatTime(n)); !ok || got != n {
			t.Fatalf("%d is %s is %d", n, FormatTime(n), got)
		}
	})
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	d, ok := ParseDate("20240229")
	if !ok || d.String() != "2024-02-29" || d.Weekday() != time.Thursday || d+1 != DateOf(time.Date(2024, 3, 1, 23, 0, 0, 0, time.FixedZone("x", 7200))) {
		t.Errorf("%v %v", d, ok)
	}
	for _, text := range []string{"", "20230229", "2024-1-1", "18991231", "22010101", "2024022x", "202402290"} {
		if _, ok := ParseDate(text); ok {
			t.Errorf("%q is no date", text)
		}
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	for kind, want := range map[int]string{0: "tram", 3: "bus", 7: "funicular", 11: "trolleybus", 100: "rail", 109: "rail", 201: "coach", 401: "subway", 405: "monorail", 700: "bus", 900: "tram", 1000: "ferry", 1300: "aerial_lift", 1501: "taxi", 1700: "other"} {
		if got, known := Mode(kind); got != want || !known {
			t.Errorf("%d: %s %v, want %s", kind, got, known, want)
		}
	}
	for _, kind := range []int{-1, 8, 13, 99, 1800, math.MaxInt} {
		if got, known := Mode(kind); known || got != "other" {
			t.Errorf("%d is %s", kind, got)
		}
	}
}

func TestPositionAndColour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lon, lat string
		ok       bool
	}{{"9.5", "45.1", true}, {"0", "0", false}, {"", "", false}, {"9.5", "", false}, {"181", "1", false}, {"NaN", "1", false}, {"9,5", "45", false}, {"-180", "-90", true}} {
		if _, _, ok := position(c.lon, c.lat); ok != c.ok {
			t.Errorf("%+v", c)
		}
	}
	for text, want := range map[string]string{"FFa500": "#ffa500", "#00FF00": "#00ff00", "": "", "red": "bad", "12345g": "bad"} {
		got, ok := color(text)
		if !ok {
			got = "bad"
		}
		if got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestServiceDates compares with the plain meaning, day by day.
func TestServiceDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Service{Start: 100, End: 100 + Date(rapid.IntRange(-1, 40).Draw(t, "span"))}
		for i := range s.Days {
			s.Days[i] = rapid.Bool().Draw(t, "day")
		}
		dates := rapid.SliceOfNDistinct(rapid.Int32Range(90, 150), 0, 12, rapid.ID[int32])
		added, removed := map[Date]bool{}, map[Date]bool{}
		for _, d := range dates.Draw(t, "added") {
			added[Date(d)] = true
		}
		for _, d := range dates.Draw(t, "removed") {
			if !added[Date(d)] {
				removed[Date(d)] = true
			}
		}
		for d := Date(80); d < 160; d++ {
			if added[d] {
				s.Added = append(s.Added, d)
			}
			if removed[d] {
				s.Removed = append(s.Removed, d)
			}
		}
		var want []Date
		for d := Date(80); d < 160; d++ {
			runs := added[d] || !removed[d] && d >= s.Start && d <= s.End && s.Days[d.Weekday()]
			if runs {
				want = append(want, d)
			}
			if s.Active(d) != runs {
				t.Fatalf("day %d: %v, want %v", d, s.Active(d), runs)
			}
		}
		var got []Date
		for d := range s.Dates {
			got = append(got, d)
		}
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		first, last, ok := s.span()
		if ok != (len(want) > 0) || ok && (first != want[0] || last != want[len(want)-1]) {
			t.Fatalf("span %d %d %v of %v", first, last, ok, want)
		}
	})
}

func TestRuns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start, end, headway int32
		want                int64
	}{{21600, 79200, 1800, 32}, {21600, 28799, 1800, 4}, {100, 100, 10, 0}, {100, 101, 10, 1}, {100, 110, 10, 1}, {100, 111, 10, 2}} {
		f := Frequency{Start: c.start, End: c.end, Headway: c.headway}
		if got := f.Runs(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
