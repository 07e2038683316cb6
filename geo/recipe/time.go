package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"contado/geo/analysis"
	"contado/geo/fault"
)

// Time is a travel time in seconds, written 15m, 1h30m or as a number of
// seconds.
type Time float64

// ParseTime reads a Time.
func ParseTime(s string) (Time, error) {
	s = strings.TrimSpace(s)
	if v, err := strconv.ParseFloat(s, 64); err == nil && v > 0 && v <= 86400 {
		return Time(v), nil
	}
	d, err := time.ParseDuration(strings.ReplaceAll(strings.ReplaceAll(s, "min", "m"), " ", ""))
	if err != nil || d <= 0 || d > 24*time.Hour {
		return 0, fault.Errorf("recipe", fault.Invalid, "time %.40q: write 15m, 1h30m, or seconds, at most a day", s)
	}
	return Time(d.Seconds()), nil
}

// String writes the time as people write it.
func (t Time) String() string {
	s := float64(t)
	if s != math.Trunc(s) || s < 60 || math.Mod(s, 60) != 0 {
		return strconv.FormatFloat(s, 'g', -1, 64)
	}
	m := int(s) / 60
	switch {
	case m < 60:
		return strconv.Itoa(m) + "m"
	case m%60 == 0:
		return strconv.Itoa(m/60) + "h"
	}
	return strconv.Itoa(m/60) + "h" + strconv.Itoa(m%60) + "m"
}

// UnmarshalYAML reads a text or a number.
func (t *Time) UnmarshalYAML(n *yaml.Node) error {
	v, err := ParseTime(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: %w", n.Line, cmp.Or(err, errors.New("want a time")))
	}
	*t = v
	return nil
}

// MarshalYAML writes it as people do.
func (t Time) MarshalYAML() (any, error) { return t.String(), nil }

// ParseOpenAt reads a time of the week: "wednesday 10:30", "mer 10:30".
func ParseOpenAt(s string) (*analysis.OpenAt, error) {
	word, clock, ok := strings.Cut(strings.TrimSpace(strings.ToLower(s)), " ")
	day, known := weekday(word)
	h, m, err := parseClock(strings.TrimSpace(clock))
	if !ok || !known || err != nil {
		return nil, fmt.Errorf("%.40q: write a day of the week and a time, for example wednesday 10:30", s)
	}
	return &analysis.OpenAt{Day: day, Minute: h*60 + m}, nil
}
