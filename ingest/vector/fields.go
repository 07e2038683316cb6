package vector

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/geo"
)

// maxDistinct bounds the values remembered of a column for telling whether it
// is a code.
const (
	maxDistinct = 2_000_000
	maxCodeLen  = 200
)

// columnStats is what survey learns of a column.
type columnStats struct {
	filled int64
	seen   map[string]int64
	dense  bool // not remembered: too many values, or no candidate for a code
}

func (c *columnStats) see(v any) {
	if v == nil {
		return
	}
	if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
		return
	}
	if c.filled++; c.dense {
		return
	}
	s := PlainText(v)
	if len(s) > maxCodeLen {
		c.dense, c.seen = true, nil
		return
	}
	if c.seen == nil {
		c.seen = map[string]int64{}
	}
	if c.seen[s]++; len(c.seen) > maxDistinct {
		c.dense, c.seen = true, nil
	}
}

// unique reports whether every row has a value and none twice.
func (c *columnStats) unique(rows int64) bool {
	return !c.dense && c.filled == rows && int64(len(c.seen)) == rows
}

// PlainText writes a value as a code: whole numbers without a point.
func PlainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// text is a value of a code column as text, padded with zeros when known.
func (w *writer) text(i int, v any) any {
	if v == nil {
		return nil
	}
	s := strings.TrimSpace(PlainText(v))
	if n := w.pad[i]; n > len(s) && s != "" {
		s = strings.Repeat("0", n-len(s)) + s
	}
	return s
}

// convert brings a value to the type that sources agreed on.
func (w *writer) convert(i int, v any) any {
	switch w.schema.Fields[i].Type {
	case geo.Real:
		if n, ok := v.(int64); ok {
			return float64(n)
		}
	case geo.String:
		switch v.(type) {
		case nil, string:
		default:
			return PlainText(v)
		}
	}
	return v
}
