package rest_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 10, "1": 1, "10000": 10000, "007": 7,
		"0": 0, "-5": 0, "10001": 0, "unlimited": 0, "1.5": 0, "1e3": 0, " 5": 0, "99999999999999999999": 0, "００": 0,
	} {
		got, err := rest.Limit(text)
		if got != want || (err == nil) != (want > 0) || (err != nil && !fault.Is(err, fault.Invalid)) {
			t.Errorf("Limit(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestBBox(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]geo.BBox{
		"1,2,3,4":                     {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		" 1 , 2 ,3, 4":                {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"1,2,-10,3,4,10":              {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"170,-20,-170,-10":            {MinX: 170, MinY: -20, MaxX: -170, MaxY: -10},
		"170,-20,190,-10":             {MinX: 170, MinY: -20, MaxX: -170, MaxY: -10},
		"-190,-20,-170,-10":           {MinX: 170, MinY: -20, MaxX: -170, MaxY: -10},
		"-180,-90,180,90":             {MinX: -180, MinY: -90, MaxX: 180, MaxY: 90},
		"-200,-90,200,90":             {MinX: -180, MinY: -90, MaxX: 180, MaxY: 90},
		"9,45.04999999999999716,9,46": {MinX: 9, MinY: 45.05, MaxX: 9, MaxY: 46},
	} {
		got, err := rest.BBox(text)
		if err != nil || *got != want {
			t.Errorf("BBox(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	if b, err := rest.BBox(""); b != nil || err != nil {
		t.Errorf("no box: %v %v", b, err)
	}
	for _, text := range []string{
		"1,2", "1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "a,b,c,d", "1,2,3,", "NaN,0,1,1", "0,0,Inf,1", "0,5,1,4", "0,-91,1,0", "0,0,1,90.1",
		"500000,5000000,600000,5100000", "0x10,0,1,1z", strings.Repeat("1", 500) + ",0,1,1",
	} {
		if b, err := rest.BBox(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("BBox(%q) = %v, %v; want an error", text, b, err)
		}
	}
}

func TestPlainAndSwappedBBox(t *testing.T) {
	t.Parallel()
	b, err := rest.PlainBBox("5100000,490000,5200000,500000", true)
	if err != nil || *b != (geo.BBox{MinX: 490000, MinY: 5100000, MaxX: 500000, MaxY: 5200000}) {
		t.Errorf("%v %v", b, err)
	}
	if _, err := rest.PlainBBox("2,0,1,1", false); !fault.Is(err, fault.Invalid) {
		t.Errorf("a box from east to west: %v", err)
	}
	for in, want := range map[string]string{"1,2,3,4": "2,1,4,3", "1,2,9,3,4,9": "2,1,9,4,3,9", "": ""} {
		if got, err := rest.SwapBBox(in); got != want || err != nil {
			t.Errorf("SwapBBox(%q) = %q, %v", in, got, err)
		}
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDatetime(t *testing.T) {
	t.Parallel()
	const open = ""
	for text, want := range map[string][2]string{
		"2020-01-01T00:00:00Z":                  {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"},
		"2020-01-01T02:00:00+02:00":             {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"},
		"2020-02-29":                            {"2020-02-29T00:00:00Z", "2020-02-29T23:59:59.999999999Z"},
		"2020-01-01/2020-01-31":                 {"2020-01-01T00:00:00Z", "2020-01-31T23:59:59.999999999Z"},
		"2020-01-01/..":                         {"2020-01-01T00:00:00Z", open},
		"../2020-01-01":                         {open, "2020-01-01T23:59:59.999999999Z"},
		"/2020-01-01":                           {open, "2020-01-01T23:59:59.999999999Z"},
		"2020-01-01/":                           {"2020-01-01T00:00:00Z", open},
		"../..":                                 {open, open},
		"/":                                     {open, open},
		"2020-01-01/P2D":                        {"2020-01-01T00:00:00Z", "2020-01-03T00:00:00Z"},
		"2020-01-31T00:00:00Z/P1Y1M1W1DT1H1M1S": {"2020-01-31T00:00:00Z", "2021-03-11T01:01:01Z"},
		"P1D/2020-01-03T00:00:00Z":              {"2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"},
		"0000-01-01T00:00:00Z/2020-01-01T00:00:00Z":       {"0000-01-01T00:00:00Z", "2020-01-01T00:00:00Z"},
		"2020-01-01T00:00:00Z/9999-12-31T00:00:00Z":       {"2020-01-01T00:00:00Z", "9999-12-31T00:00:00Z"},
		"2020-01-01T00:00:00.5Z/2020-01-01T00:00:00.500Z": {"2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.5Z"},
	} {
		got, err := rest.Datetime(text)
		if err != nil {
			t.Errorf("Datetime(%q): %v", text, err)
			continue
		}
		for i, end := range []time.Time{got.From, got.To} {
			if want[i] == open && !end.IsZero() || want[i] != open && !end.Equal(at(t, want[i])) {
				t.Errorf("Datetime(%q) end %d is %v, want %q", text, i, end, want[i])
			}
		}
	}
	for _, text := range []string{
		"yesterday", "2020", "2020-13-01", "2020-01-01/2019-01-01", "2020-01-01/2020-02-01/2020-03-01", "2020-01-01/P", "2020-01-01/PT",
		"P1D/P1D", "P1D/..", "../P1D", "P1D", "2020-01-01/P1X", "2020-01-01/P1H", "2020-01-01/PT1D", "2020-01-01/P9999999Y", "2020-01-01/PD",
		"2020-01-01/PT1HT1M", "2020-01-01/P-1D", "2020-01-01/P1.5D",
	} {
		if got, err := rest.Datetime(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("Datetime(%q) = %v, %v; want an error", text, got, err)
		}
	}
}

// An interval holds a moment just when it overlaps the stretch that is that
// moment alone, and overlaps are those of brute force.
func TestIntervals(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2020, 1, 1+n, 0, 0, 0, 0, time.UTC) }
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.IntRange(-1, 8)
		i := rest.Interval{}
		a, b := end.Draw(t, "from"), end.Draw(t, "to")
		if a >= 0 {
			i.From = day(a)
		}
		if b >= 0 {
			i.To = day(b)
		}
		c, d := rapid.IntRange(0, 8).Draw(t, "c"), rapid.IntRange(0, 8).Draw(t, "d")
		if c > d {
			c, d = d, c
		}
		holds := func(n int) bool { return (a < 0 || n >= a) && (b < 0 || n <= b) }
		from, to := day(c), day(d)
		want := false
		for n := c; n <= d; n++ {
			want = want || holds(n)
			if i.Contains(day(n)) != holds(n) {
				t.Fatalf("%v holds day %d: %v", i, n, !holds(n))
			}
		}
		if (b < 0 || a <= b) && i.Overlaps(&from, &to) != want {
			t.Fatalf("%v overlaps %d…%d: %v", i, c, d, !want)
		}
	})
}

func FuzzBBox(f *testing.F) {
	for _, s := range []string{"1,2,3,4", "170,-20,-170,-10", "1,2,0,3,4,0", "NaN,1,2,3", "1e400,0,1,1", ",,,", "-360,0,360,1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := rest.BBox(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if b == nil {
			if text != "" {
				t.Fatalf("%q gives nothing", text)
			}
			return
		}
		if !(math.Abs(b.MinX) <= 180 && math.Abs(b.MaxX) <= 180 && b.MinY >= -90 && b.MinY <= b.MaxY && b.MaxY <= 90) {
			t.Fatalf("%q gives %v", text, b)
		}
		twice, err := rest.SwapBBox(text)
		if err != nil {
			t.Fatalf("%q cannot be swapped: %v", text, err)
		}
		if twice, err = rest.SwapBBox(twice); err != nil {
			t.Fatal(err)
		}
		if c, err := rest.BBox(twice); err != nil || *c != *b {
			t.Fatalf("%q swapped twice gives %v, not %v (%v)", text, c, b, err)
		}
	})
}

func FuzzDatetime(f *testing.F) {
	for _, s := range []string{"2020-01-01", "2020-01-01/P2D", "P1M/2020-01-01", "../..", "0000-01-01T00:00:00Z/..", "2020-01-01T00:00:00,5Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := rest.Datetime(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if i == nil {
			if text != "" {
				t.Fatalf("%q gives nothing", text)
			}
			return
		}
		if !i.From.IsZero() && !i.To.IsZero() && i.To.Before(i.From) {
			t.Fatalf("%q ends before it begins: %v", text, i)
		}
	})
}

func FuzzLimit(f *testing.F) {
	for _, s := range []string{"", "1", "10000", "-1", "unlimited", "+5", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := rest.Limit(text)
		if err == nil && (n < 1 || n > rest.MaxLimit) {
			t.Fatalf("%q gives %d", text, n)
		}
		if err != nil && (n != 0 || !fault.Is(err, fault.Invalid)) {
			t.Fatalf("%q: %d, %v", text, n, err)
		}
	})
}
