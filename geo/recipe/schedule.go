package recipe

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

// Schedule says when a recipe is run again. The zero value is never.
type Schedule struct {
	unit    string // "hour", "day", "week", "month", "year"; "" = never
	day     int    // of the month
	month   time.Month
	weekday time.Weekday
	hour    int
	minute  int
}

// ParseSchedule reads words, in English or Italian:
//
//	hourly | daily | weekly | monthly | yearly      (ogni ora, ogni giorno, …)
//	daily 06:00
//	every monday 06:00                              (ogni lunedì 06:00)
//	monthly 15 06:00                                on day 15
//	yearly 01-31 06:00                              on 31 January
//
// Without a time it is 03:00; weekly is on Mondays, monthly on the first,
// yearly on the first of January. A day that a month does not have is its last.
// Errors: fault.Invalid.
func ParseSchedule(s string) (Schedule, error) {
	bad := func(why string) (Schedule, error) {
		return Schedule{}, fault.WithHint(fault.Errorf("recipe.ParseSchedule", fault.Invalid, "%.60q: %s", s, why),
			`write daily, weekly, monthly or yearly, "every monday 06:00", "monthly 15 06:00" or "yearly 01-31"`)
	}
	words := strings.Fields(strings.ToLower(s))
	out := Schedule{day: 1, month: time.January, weekday: time.Monday, hour: 3}
	if len(words) > 0 && strings.Contains(words[len(words)-1], ":") {
		h, m, err := parseClock(words[len(words)-1])
		if err != nil {
			return bad(err.Error())
		}
		out.hour, out.minute, words = h, m, words[:len(words)-1]
	}
	if len(words) > 1 && (words[0] == "every" || words[0] == "each" || words[0] == "ogni") {
		words = words[1:]
	}
	if len(words) == 0 || len(words) > 2 {
		return bad("this is no schedule")
	}
	if day, ok := weekday(words[0]); ok {
		if len(words) > 1 {
			return bad("nothing goes between the day of the week and the time")
		}
		out.unit, out.weekday = "week", day
		return out, nil
	}
	out.unit = units[words[0]]
	if out.unit == "" {
		return bad(fmt.Sprintf("%.20q is no day and no interval", words[0]))
	}
	if len(words) == 1 {
		return out, nil
	}
	if err := out.on(words[1]); err != nil {
		return bad(err.Error())
	}
	return out, nil
}

var units = map[string]string{
	"hourly": "hour", "hour": "hour", "ora": "hour", "daily": "day", "day": "day", "giorno": "day", "weekly": "week", "week": "week", "settimana": "week",
	"monthly": "month", "month": "month", "mese": "month", "mensile": "month", "yearly": "year", "year": "year", "anno": "year", "annuale": "year",
}

// on reads the day of a month or year.
func (s *Schedule) on(word string) error {
	switch s.unit {
	case "month":
		d, err := strconv.Atoi(word)
		if err != nil || d < 1 || d > 31 {
			return fmt.Errorf("day %.10q: want 1 to 31", word)
		}
		s.day = d
	case "year":
		t, err := time.Parse("2006-01-02", "2024-"+word) // a leap year
		if err != nil {
			return fmt.Errorf("date %.10q: want month-day, as 01-31", word)
		}
		s.month, s.day = t.Month(), t.Day()
	default:
		return fmt.Errorf("nothing can stand after %q but a time", s.unit)
	}
	return nil
}

func parseClock(s string) (h, m int, err error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, 0, fmt.Errorf("time %.10q: want hours:minutes, as 06:00", s)
	}
	return t.Hour(), t.Minute(), nil
}

var weekdays = [...][]string{
	{"sunday", "sun", "domenica", "dom"},
	{"monday", "mon", "lunedì", "lunedi", "lun"},
	{"tuesday", "tue", "martedì", "martedi", "mar"},
	{"wednesday", "wed", "mercoledì", "mercoledi", "mer"},
	{"thursday", "thu", "giovedì", "giovedi", "gio"},
	{"friday", "fri", "venerdì", "venerdi", "ven"},
	{"saturday", "sat", "sabato", "sab"},
}

func weekday(word string) (time.Weekday, bool) {
	for d, names := range weekdays {
		for _, n := range names {
			if word == n {
				return time.Weekday(d), true
			}
		}
	}
	return 0, false
}

// Never reports a schedule that never comes.
func (s Schedule) Never() bool { return s.unit == "" }

// Next is the first time after t, in t's location; the zero time for a
// schedule that never comes. A time that a change of the clocks leaves out is
// taken as package time does, an hour later.
func (s Schedule) Next(t time.Time) time.Time {
	if s.Never() {
		return time.Time{}
	}
	if s.unit == "hour" {
		next := t.Truncate(time.Hour).Add(time.Duration(s.minute) * time.Minute)
		for !next.After(t) {
			next = next.Add(time.Hour)
		}
		return next
	}
	y, m, d := t.Date()
	for k := range 64 { // at most so many steps lie between t and the next time
		var at time.Time
		switch s.unit {
		case "day":
			at = s.clock(t, y, m, d+k)
		case "week":
			at = s.clock(t, y, m, d+(int(s.weekday)-int(t.Weekday())+7)%7+7*k)
		case "month":
			at = s.clock(t, y, m+time.Month(k), min(s.day, lastDay(y, m+time.Month(k))))
		default:
			at = s.clock(t, y+k, s.month, min(s.day, lastDay(y+k, s.month)))
		}
		if at.After(t) {
			return at
		}
	}
	return time.Time{}
}

func (s Schedule) clock(t time.Time, y int, m time.Month, d int) time.Time {
	return time.Date(y, m, d, s.hour, s.minute, 0, 0, t.Location())
}

func lastDay(y int, m time.Month) int { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }
