package manage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// attribute is a field and what its values are like.
type attribute struct {
	Name        string        `json:"name"`
	Type        geo.FieldType `json:"type"`
	Alias       string        `json:"alias,omitempty"`
	Description string        `json:"description,omitempty"`
	// Filled is the number of rows with a value; Distinct that of different
	// values, which is a least number when Many.
	Filled   int64 `json:"filled"`
	Distinct int   `json:"distinct"`
	Many     bool  `json:"many"`
	// Min, Max and Mean are of numbers, First and Last of dates and times.
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
	Mean  *float64 `json:"mean,omitempty"`
	First string   `json:"first,omitempty"`
	Last  string   `json:"last,omitempty"`
	// Values are the most frequent ones, of those that were told apart.
	Values []frequency `json:"values"`
}

type frequency struct {
	Value any   `json:"value"`
	Count int64 `json:"count"`
}

// survey is what was learnt of all rows in one pass.
type survey struct {
	Rows       int64       `json:"rows"`
	Without    int64       `json:"without_geometry"`
	Attributes []attribute `json:"attributes"`
}

const (
	maxDistinct = 2000
	topValues   = 5
	maxShown    = 120
)

// attributes tells of the attributes of a vector dataset.
func (h *Handler) attributes(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	if d.Kind != catalog.Vector {
		return fault.WithHint(fault.Errorf("manage", fault.NotExist, "dataset %s has no attributes", d.ID), "the bands of a raster are in its collection")
	}
	l, err := state.Layer(c.Request().Context(), d.ID)
	if err != nil {
		return err
	}
	s, err := surveyOf(c.Request().Context(), l)
	if err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, s)
}

// surveyOf looks through all rows, once for each state of the dataset.
func surveyOf(ctx context.Context, l *layer.Layer) (*survey, error) {
	made, err := l.Memo("survey "+l.Stamp(), func() (any, error) { return newSurvey(ctx, l) })
	if err != nil {
		return nil, err
	}
	return made.(*survey), nil
}

// counter gathers the values of an attribute.
type counter struct {
	kind     geo.FieldType
	filled   int64
	numbers  int64
	sum      float64
	min, max float64
	first    string
	last     string
	seen     map[any]int64
	many     bool
}

func newSurvey(ctx context.Context, l *layer.Layer) (*survey, error) {
	s := l.Schema()
	out := &survey{Attributes: []attribute{}}
	counters := make([]counter, len(s.Fields))
	for i, f := range s.Fields {
		counters[i] = counter{kind: f.Type, min: math.Inf(1), max: math.Inf(-1), seen: map[any]int64{}}
	}
	err := l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		out.Rows++
		if f.Geometry == nil {
			out.Without++
		}
		for i := range counters {
			counters[i].add(f.Values[i])
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	for i, f := range s.Fields {
		a := counters[i].result()
		a.Name, a.Type, a.Alias, a.Description = f.Name, f.Type, f.Alias, f.Description
		out.Attributes = append(out.Attributes, a)
	}
	return out, nil
}

func (c *counter) add(v any) {
	if v == nil {
		return
	}
	c.filled++
	switch x := v.(type) {
	case int64:
		c.number(float64(x))
	case float64:
		c.number(x)
	case string:
		if c.kind == geo.Date || c.kind == geo.DateTime {
			if c.first == "" || x < c.first {
				c.first = x
			}
			c.last = max(c.last, x)
		}
		v = clip(x)
	case []byte:
		v = fmt.Sprintf("(%d bytes)", len(x))
	case bool:
	default:
		v = clip(fmt.Sprint(x))
	}
	if n, ok := c.seen[v]; ok || len(c.seen) < maxDistinct {
		c.seen[v] = n + 1
	} else {
		c.many = true
	}
}

func (c *counter) number(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	c.numbers++
	c.sum += v
	c.min, c.max = math.Min(c.min, v), math.Max(c.max, v)
}

func (c *counter) result() attribute {
	a := attribute{Filled: c.filled, Distinct: len(c.seen), Many: c.many, First: c.first, Last: c.last, Values: []frequency{}}
	if c.numbers > 0 {
		mean := c.sum / float64(c.numbers)
		a.Min, a.Max, a.Mean = &c.min, &c.max, &mean
	}
	for v, n := range c.seen {
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			v = fmt.Sprint(f)
		}
		a.Values = append(a.Values, frequency{v, n})
	}
	slices.SortFunc(a.Values, func(a, b frequency) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(fmt.Sprint(a.Value), fmt.Sprint(b.Value)))
	})
	a.Values = a.Values[:min(len(a.Values), topValues)]
	return a
}

// clip shortens text that is only shown.
func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	r := []rune(s)
	if len(r) <= maxShown {
		return s
	}
	return string(r[:maxShown]) + "…"
}
