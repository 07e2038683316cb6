package coverage_test

import (
	"strings"
	"testing"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
)

func TestParseHours(t *testing.T) {
	t.Parallel()
	type moment struct {
		day    time.Weekday
		minute int
	}
	at := func(d time.Weekday, h, m int) moment { return moment{d, h*60 + m} }
	cases := []struct {
		text  string
		hours float64 // in a week
		open  []moment
		shut  []moment
	}{
		{"24/7", 168, []moment{at(time.Sunday, 23, 59), at(time.Monday, 0, 0)}, nil},
		{
			"Mo-Fr 08:30-12:30,15:30-19:30; Sa 08:30-12:30", 44,
			[]moment{at(time.Monday, 8, 30), at(time.Friday, 19, 29), at(time.Saturday, 12, 29)},
			[]moment{at(time.Monday, 12, 30), at(time.Saturday, 16, 0), at(time.Sunday, 10, 0)},
		},
		{"Mo-Fr 08:30-12:30, 15:30-19:30", 40, []moment{at(time.Friday, 16, 0)}, nil},
		{"Mo,We 09:00-13:00, Fr 14:00-18:00", 12, []moment{at(time.Wednesday, 9, 0), at(time.Friday, 17, 59)}, []moment{at(time.Tuesday, 10, 0), at(time.Friday, 10, 0)}},
		{"Mo-Su 08:00-12:00; We 14:00-16:00", 26, []moment{at(time.Wednesday, 15, 0)}, []moment{at(time.Wednesday, 9, 0)}},
		{"Mo-Su 08:00-12:00, We 14:00-16:00", 30, []moment{at(time.Wednesday, 15, 0), at(time.Wednesday, 9, 0)}, nil},
		{"08:00-20:00; PH off", 84, []moment{at(time.Sunday, 8, 0)}, []moment{at(time.Sunday, 20, 0)}},
		{"Mo-Su,PH 08:00-20:00; Su off", 72, nil, []moment{at(time.Sunday, 8, 0)}},
		{"Fr-Mo 22:00-02:00", 16, []moment{at(time.Sunday, 1, 0), at(time.Tuesday, 1, 59)}, []moment{at(time.Friday, 1, 0), at(time.Tuesday, 2, 0)}},
		{"Su 20:00-26:00", 6, []moment{at(time.Monday, 1, 59)}, []moment{at(time.Monday, 2, 0)}},
		{"Lu-Ve 8:30-12.30", 20, []moment{at(time.Thursday, 8, 30)}, []moment{at(time.Saturday, 9, 0)}},
		{"Mo-Fr; Sa closed", 120, []moment{at(time.Monday, 3, 0)}, []moment{at(time.Saturday, 9, 0)}},
		{"Mo-Fr: 09:00-10:00", 5, []moment{at(time.Monday, 9, 0)}, nil},
		{"Mo 00:00-24:00", 24, []moment{at(time.Monday, 23, 59)}, []moment{at(time.Tuesday, 0, 0)}},
	}
	for _, c := range cases {
		h, err := coverage.ParseHours(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := float64(h.MinutesOpen()) / 60; got != c.hours {
			t.Errorf("%q: open for %v hours, want %v", c.text, got, c.hours)
		}
		for _, m := range c.open {
			if !h.OpenAt(m.day, m.minute) {
				t.Errorf("%q: shut on %v at %d min", c.text, m.day, m.minute)
			}
		}
		for _, m := range c.shut {
			if h.OpenAt(m.day, m.minute) {
				t.Errorf("%q: open on %v at %d min", c.text, m.day, m.minute)
			}
		}
	}
}

func TestHoursThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]fault.Kind{
		"":                                     fault.Invalid,
		"Jan-Mar Mo-Fr 08:00-12:00":            fault.Unsupported,
		"sunrise-sunset":                       fault.Unsupported,
		"Mo-Fr 20:00+":                         fault.Unsupported,
		`Mo-Fr "by appointment"`:               fault.Unsupported,
		"Mo-Fr 08:00-12:00 || Sa":              fault.Unsupported,
		"week 1-20 Mo 08:00-12:00":             fault.Unsupported,
		"Mo-Xx 08:00-12:00":                    fault.Invalid,
		"Mo 25:00-26:00":                       fault.Invalid,
		"Mo 08:00-12:00,":                      fault.Invalid,
		"Mo-Ve 08:00-12:00":                    fault.Invalid,
		"Mo 8-12":                              fault.Unsupported,
		"Mo[1] 08:00-12:00":                    fault.Unsupported,
		strings.Repeat("Mo 08:00-12:00;", 200): fault.TooLarge,
	} {
		if h, err := coverage.ParseHours(text); !fault.Is(err, kind) {
			t.Errorf("%.40q: %v, %v; want %v", text, h != nil, err, kind)
		}
	}
}

func TestOpenFilter(t *testing.T) {
	t.Parallel()
	texts := []string{"24/7", "Mo-Fr 08:00-20:00", "", "ask", "Mo-Su 22:00-06:00"}
	open, counts := coverage.OpenFilter(texts, time.Tuesday, 3*60)
	want := []coverage.OpenState{coverage.HoursOpen, coverage.HoursShut, coverage.HoursMissing, coverage.HoursUnread, coverage.HoursOpen}
	for i := range want {
		if open[i] != want[i] {
			t.Errorf("%q at night: %s, want %s", texts[i], open[i], want[i])
		}
	}
	if counts[coverage.HoursOpen] != 2 || counts[coverage.HoursUnread] != 1 {
		t.Errorf("counts %v", counts)
	}
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"24/7", "Mo-Fr 08:30-12:30,15:30-19:30; Sa 08:30-12:30", "PH off", "Su 20:00-26:00", "Mo,", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := coverage.ParseHours(text)
		if (h == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", text, h, err)
		}
		if h == nil {
			return
		}
		open := 0
		for d := range 7 {
			for m := range 24 * 60 {
				if h.OpenAt(time.Weekday(d), m) {
					open++
				}
			}
		}
		if open != h.MinutesOpen() {
			t.Fatalf("%q: %d minutes one by one, %d in all", text, open, h.MinutesOpen())
		}
	})
}

func TestParseCapacity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"120": 120, "1.200": 1200, "1,200 beds": 1200, "1.200 posti letto": 1200, "12,5": 12.5, "12.50": 12.5, "0.125": 0.125,
		"1.234.567": 1234567, "1.234,5": 1234.5, "1,234.5": 1234.5, "0": 0, "1'200": 1200, " 40  seats ": 40, "1234,567": 1234.567,
	} {
		if got, err := coverage.ParseCapacity(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-3", "50-60", "ca. 20", "20 cars", "1,2,3", "1.2345.678", "1e5", "NaN", "1..2", "12.", "9999999999999", "1.2,3.4"} {
		if got, err := coverage.ParseCapacity(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, %v; want it refused", text, got, err)
		}
	}
}

func FuzzParseCapacity(f *testing.F) {
	for _, s := range []string{"120", "1.200", "1,200 beds", "12,5", "1.2,3.4", "0,000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := coverage.ParseCapacity(text); err == nil && !(v >= 0 && v <= 1e9) {
			t.Fatalf("%q: %v", text, v)
		}
	})
}
