package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/breaks"
	"contado/geo/fault"
	rows "contado/geo/layer"
)

// Categories is the method of attributes without an order: a class a value.
const Categories breaks.Method = "categories"

// ThemeRequest asks for the classes by which a vector dataset is coloured.
type ThemeRequest struct {
	Dataset, Field string
	// Method is that of numbers, or Categories; "" = Quantiles for numbers,
	// Categories for others.
	Method  breaks.Method
	Classes int // of numbers; 0 = 5. Of categories the most; 0 = MaxCategories
}

// MaxCategories bounds the values that get a colour of their own.
const MaxCategories = 12

// Theme is an attribute divided into classes.
type Theme struct {
	Field  geo.Field
	Method breaks.Method
	// Edges and Counts are those of numbers: class i has Counts[i] rows with
	// Edges[i] ≤ v < Edges[i+1], the last one its upper edge too.
	Edges  []float64
	Counts []int
	// Values are categories, the most frequent first; the rows of further ones
	// are Others.
	Values  []ThemeValue
	Others  int
	Without int // rows without a value
}

// ThemeValue is one category.
type ThemeValue struct {
	Value any // string, int64, float64 or bool
	Count int
}

// Theme divides an attribute into classes. It is computed once for each state
// of the dataset.
func (e *Engine) Theme(ctx context.Context, q ThemeRequest) (*Theme, error) {
	const op = "analysis.Theme"
	l, err := e.atlas.Current().Layer(ctx, q.Dataset)
	if err != nil {
		return nil, err
	}
	s := l.Schema()
	i := s.FieldIndex(q.Field)
	if i < 0 {
		return nil, noAttribute(q.Dataset, q.Field, s)
	}
	f := s.Fields[i]
	numbers := f.Type == geo.Integer || f.Type == geo.Real
	switch {
	case f.Type == geo.Binary || f.Type == geo.JSON:
		return nil, fault.Errorf(op, fault.Invalid, "attribute %s is %s: it has no classes", f.Name, f.Type)
	case q.Method == "" && numbers:
		q.Method = breaks.Quantiles
	case q.Method == "":
		q.Method = Categories
	case q.Method != Categories && !slices.Contains(breaks.Methods, q.Method):
		return nil, fault.Errorf(op, fault.Invalid, "method %.40q; there are quantiles, jenks, equal, categories", q.Method)
	case q.Method != Categories && !numbers:
		return nil, fault.Errorf(op, fault.Invalid, "attribute %s is %s: only numbers have %s; use categories", f.Name, f.Type, q.Method)
	}
	if q.Classes == 0 {
		q.Classes = map[bool]int{true: MaxCategories, false: 5}[q.Method == Categories]
	}
	if q.Classes < 2 || q.Classes > MaxCategories {
		return nil, fault.Errorf(op, fault.Invalid, "%d classes; want 2 to %d", q.Classes, MaxCategories)
	}
	made, err := l.Memo(fmt.Sprintf("theme %s %s %d", q.Field, q.Method, q.Classes), func() (any, error) {
		t := &Theme{Field: f, Method: q.Method}
		if q.Method == Categories {
			return t, t.categories(ctx, l, i, q.Classes)
		}
		return t, t.numbers(ctx, l, i, q.Classes)
	})
	if err != nil {
		return nil, err
	}
	return made.(*Theme), nil
}

func (t *Theme) numbers(ctx context.Context, l *rows.Layer, field, classes int) error {
	var values []float64
	l.Visit(nil, func(r rows.Row) bool {
		v := number(r.Value(field))
		if math.IsNaN(v) {
			t.Without++
		} else {
			values = append(values, v)
		}
		return ctx.Err() == nil
	})
	if err := ctx.Err(); err != nil {
		return fault.E("analysis.Theme", fault.Canceled, err)
	}
	var err error
	if t.Edges, err = breaks.Numbers(values, t.Method, classes); err != nil {
		return fmt.Errorf("attribute %s: %w", t.Field.Name, err)
	}
	t.Counts = make([]int, len(t.Edges)-1)
	for _, v := range values {
		if c := breaks.Class(t.Edges, v); c >= 0 {
			t.Counts[c]++
		}
	}
	return nil
}

func (t *Theme) categories(ctx context.Context, l *rows.Layer, field, most int) error {
	counts := map[any]int{}
	l.Visit(nil, func(r rows.Row) bool {
		if v := r.Value(field); v == nil {
			t.Without++
		} else {
			counts[v]++
		}
		return ctx.Err() == nil
	})
	if err := ctx.Err(); err != nil {
		return fault.E("analysis.Theme", fault.Canceled, err)
	}
	for v, n := range counts {
		t.Values = append(t.Values, ThemeValue{v, n})
	}
	slices.SortFunc(t.Values, func(a, b ThemeValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(fmt.Sprint(a.Value), fmt.Sprint(b.Value)))
	})
	if len(t.Values) > most {
		for _, v := range t.Values[most:] {
			t.Others += v.Count
		}
		t.Values = t.Values[:most]
	}
	return nil
}
