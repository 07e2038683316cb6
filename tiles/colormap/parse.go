package colormap

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// Bounds on a map that a user writes.
const (
	MaxText    = 16 << 10 // bytes
	MaxStops   = 256
	MaxClasses = 1024
	// MaxColours is how many different colours a map of classes or
	// intervals may have: a palette less its transparent entry.
	MaxColours = 255
)

// Form is how a map finds the colour of a value.
type Form string

// The forms.
const (
	Scale     Form = "ramp"      // between colours, over a range of values
	Classes   Form = "classes"   // a colour for each value
	Intervals Form = "intervals" // a colour for each range of values
)

// Class is the colour of one value.
type Class struct {
	Value  int
	Colour color.NRGBA
}

// Interval is the colour of the values lo ≤ v < hi.
type Interval struct {
	Lo, Hi float64
	Colour color.NRGBA
}

// Map is a named or written colour map. It is immutable.
type Map struct {
	form      Form
	info      Info
	stops     []Stop
	fixed     bool // stops lie at values, not at fractions of a range
	classes   []Class
	intervals []Interval
}

// Form is how the map finds colours.
func (m Map) Form() Form { return m.form }

// Info describes a named map; of a written one it is zero.
func (m Map) Info() Info { return m.info }

// Classes are the classes by value; nil when the form is another.
func (m Map) Classes() []Class { return slices.Clone(m.classes) }

// Intervals are the intervals by value; nil when the form is another.
func (m Map) Intervals() []Interval { return slices.Clone(m.intervals) }

// Range is the range of values that the map itself names: from its first to
// its last stop, class or interval. ok is false for a ramp that takes any.
func (m Map) Range() (lo, hi float64, ok bool) {
	switch {
	case m.form == Classes:
		return float64(m.classes[0].Value), float64(m.classes[len(m.classes)-1].Value), true
	case m.form == Intervals:
		return m.intervals[0].Lo, m.intervals[len(m.intervals)-1].Hi, true
	case m.fixed:
		return m.stops[0].At, m.stops[len(m.stops)-1].At, true
	}
	return 0, 0, false
}

// Colours samples n ≥ 2 colours of a ramp from low to high; nil when the form
// is another.
func (m Map) Colours(n int) []color.NRGBA {
	switch {
	case m.form != Scale || n < 2:
		return nil
	case m.info.Name != "":
		return Ramp(m.info.Name, n)
	}
	return interpolate(m.stops, n)
}

// Parse reads a colour map:
//
//	viridis, viridis_r                     a name of Names
//	#440154,#21918c,#fde725                colours at equal steps over the range shown
//	0:#440154,0.3:#21918c,1:#fde725        at fractions of the range shown (first 0, last 1)
//	0:#2f7d4f,800:#cfae72,3000:#ffffff     at values (any other positions)
//	{"1":"#006400","2":[255,187,34]}       classes; other values are transparent
//	[[[0,10],[255,0,0,255]],[[10,20],"#00ff00"]]   intervals lo ≤ v < hi
//
// A colour is #rrggbb, #rrggbbaa or, in JSON, [r,g,b] or [r,g,b,a].
//
// Errors: Invalid, saying what is wrong where; TooLarge over the bounds.
func Parse(text string) (Map, error) {
	const op = "colormap.Parse"
	text = strings.TrimSpace(text)
	if len(text) > MaxText {
		return Map{}, fault.Errorf(op, fault.TooLarge, "colormap: %d bytes; the limit is %d", len(text), MaxText)
	}
	var m Map
	var err error
	switch {
	case text == "":
		err = errors.New("it is empty")
	case text[0] == '{':
		m, err = parseClasses(text)
	case text[0] == '[':
		m, err = parseIntervals(text)
	case strings.ContainsAny(text, "#,:"):
		m, err = parseStops(text)
	default:
		return named(op, text)
	}
	if err != nil {
		return Map{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "colormap: %w", err),
			`give a name, "#rrggbb,#rrggbb", "0:#rrggbb,1:#rrggbb", {"1":"#rrggbb"} or [[[0,10],"#rrggbb"]]`)
	}
	return m, nil
}

func named(op, name string) (Map, error) {
	info, ok := Find(name)
	if !ok {
		return Map{}, fault.Errorf(op, fault.Invalid, "colormap: there is no %q; there are %s, each also with _r for the reverse",
			clip(name), strings.Join(Names(), ", "))
	}
	return Map{form: Scale, info: info}, nil
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

func parseStops(text string) (Map, error) {
	parts := strings.Split(text, ",")
	if len(parts) < 2 || len(parts) > MaxStops {
		return Map{}, fmt.Errorf("%d colours; a ramp has 2 to %d", len(parts), MaxStops)
	}
	m := Map{form: Scale, stops: make([]Stop, len(parts))}
	placed := 0
	for i, p := range parts {
		at, hex, has := strings.Cut(strings.TrimSpace(p), ":")
		if !has {
			hex, m.stops[i].At = at, float64(i)/float64(len(parts)-1)
		} else {
			placed++
			v, err := strconv.ParseFloat(strings.TrimSpace(at), 64)
			if err != nil || math.IsNaN(v) || math.Abs(v) > 1e30 {
				return Map{}, fmt.Errorf("stop %d: %q is not a position", i+1, clip(at))
			}
			m.stops[i].At = v
		}
		c, ok := ParseColor(strings.TrimSpace(hex))
		if !ok {
			return Map{}, fmt.Errorf("stop %d: %q is not a colour #rrggbb or #rrggbbaa", i+1, clip(hex))
		}
		m.stops[i].Colour = c
		if i > 0 && m.stops[i].At < m.stops[i-1].At {
			return Map{}, fmt.Errorf("stop %d: position %g comes after %g; positions go up", i+1, m.stops[i].At, m.stops[i-1].At)
		}
	}
	first, last := m.stops[0].At, m.stops[len(parts)-1].At
	switch {
	case placed != 0 && placed != len(parts):
		return Map{}, fmt.Errorf("%d of %d stops have a position; give all of them one, or none", placed, len(parts))
	case first == last:
		return Map{}, fmt.Errorf("all stops lie at %g", first)
	}
	m.fixed = first != 0 || last != 1
	return m, nil
}

// decoder walks a JSON text.
type decoder struct{ *json.Decoder }

func newDecoder(text string) decoder {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return decoder{d}
}

func (d decoder) end() error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more text after the JSON value")
	}
	return nil
}

func parseClasses(text string) (Map, error) {
	d := newDecoder(text)
	if _, err := d.Token(); err != nil { // the brace that chose this form
		return Map{}, err
	}
	m := Map{form: Classes}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Map{}, jsonError(err)
		}
		v, err := strconv.Atoi(fmt.Sprint(key))
		if err != nil || v > 1<<24 || v < -1<<24 { // float32 counts so far
			return Map{}, fmt.Errorf("class %q is not a whole number within ±%d", clip(fmt.Sprint(key)), 1<<24)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return Map{}, jsonError(err)
		}
		c, err := jsonColour(raw)
		if err != nil {
			return Map{}, fmt.Errorf("class %d: %w", v, err)
		}
		if len(m.classes) == MaxClasses {
			return Map{}, fmt.Errorf("more than %d classes", MaxClasses)
		}
		m.classes = append(m.classes, Class{Value: v, Colour: c})
	}
	if _, err := d.Token(); err != nil {
		return Map{}, jsonError(err)
	}
	if err := d.end(); err != nil {
		return Map{}, err
	}
	return m, m.checkClasses()
}

func (m *Map) checkClasses() error {
	if len(m.classes) == 0 {
		return errors.New("there are no classes")
	}
	slices.SortFunc(m.classes, func(a, b Class) int { return cmp.Compare(a.Value, b.Value) })
	seen := map[color.NRGBA]bool{}
	for i, c := range m.classes {
		if i > 0 && c.Value == m.classes[i-1].Value {
			return fmt.Errorf("class %d is given twice", c.Value)
		}
		seen[c.Colour] = true
	}
	return tooMany(len(seen))
}

func tooMany(colours int) error {
	if colours > MaxColours {
		return fmt.Errorf("%d different colours; a picture has at most %d", colours, MaxColours)
	}
	return nil
}

func parseIntervals(text string) (Map, error) {
	d := newDecoder(text)
	var list [][]json.RawMessage
	if err := d.Decode(&list); err != nil {
		return Map{}, jsonError(err)
	}
	if err := d.end(); err != nil {
		return Map{}, err
	}
	if len(list) == 0 || len(list) > MaxClasses {
		return Map{}, fmt.Errorf("%d intervals; there may be 1 to %d", len(list), MaxClasses)
	}
	m := Map{form: Intervals, intervals: make([]Interval, len(list))}
	for i, pair := range list {
		v, err := interval(pair)
		if err != nil {
			return Map{}, fmt.Errorf("interval %d: %w", i+1, err)
		}
		m.intervals[i] = v
	}
	return m, m.checkIntervals()
}

func interval(pair []json.RawMessage) (Interval, error) {
	if len(pair) != 2 {
		return Interval{}, fmt.Errorf("it has %d parts; want [[low, high], colour]", len(pair))
	}
	var ends []float64
	if err := json.Unmarshal(pair[0], &ends); err != nil || len(ends) != 2 {
		return Interval{}, fmt.Errorf("%s is not [low, high]", clip(string(pair[0])))
	}
	if !(ends[0] < ends[1]) || math.Abs(ends[0]) > 1e30 || math.Abs(ends[1]) > 1e30 {
		return Interval{}, fmt.Errorf("from %g to %g is not a range", ends[0], ends[1])
	}
	c, err := jsonColour(pair[1])
	return Interval{ends[0], ends[1], c}, err
}

func (m *Map) checkIntervals() error {
	slices.SortFunc(m.intervals, func(a, b Interval) int { return cmp.Compare(a.Lo, b.Lo) })
	seen := map[color.NRGBA]bool{}
	for i, v := range m.intervals {
		if i > 0 && v.Lo < m.intervals[i-1].Hi {
			return fmt.Errorf("the intervals %g to %g and %g to %g overlap", m.intervals[i-1].Lo, m.intervals[i-1].Hi, v.Lo, v.Hi)
		}
		seen[v.Colour] = true
	}
	return tooMany(len(seen))
}

func jsonColour(raw json.RawMessage) (color.NRGBA, error) {
	bad := fmt.Errorf("%s is not a colour: want \"#rrggbb\", \"#rrggbbaa\", [r,g,b] or [r,g,b,a] from 0 to 255", clip(string(raw)))
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return color.NRGBA{}, bad
		}
		c, ok := ParseColor(s)
		if !ok {
			return color.NRGBA{}, bad
		}
		return c, nil
	}
	var v []int
	if err := json.Unmarshal(raw, &v); err != nil || len(v) < 3 || len(v) > 4 {
		return color.NRGBA{}, bad
	}
	out := [4]uint8{3: 255}
	for i, n := range v {
		if n < 0 || n > 255 {
			return color.NRGBA{}, bad
		}
		out[i] = uint8(n)
	}
	return color.NRGBA{out[0], out[1], out[2], out[3]}, nil
}

func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends in the middle")
	}
	return fmt.Errorf("it is not the JSON that was expected: %w", err)
}
