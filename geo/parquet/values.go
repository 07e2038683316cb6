package parquet

import (
	"fmt"
	"math"
	"strings"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"contado/geo"
)

func (w *Writer) value(i int, v any) (pq.Value, error) {
	f := w.schema.Fields[i]
	switch v := v.(type) {
	case nil:
		return pq.NullValue(), nil
	case int64:
		switch f.Type {
		case geo.Integer:
			return pq.Int64Value(v), nil
		case geo.Real:
			return pq.DoubleValue(float64(v)), nil
		}
	case float64:
		if f.Type == geo.Real {
			return pq.DoubleValue(v), nil
		}
		if f.Type == geo.Integer && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return pq.Int64Value(int64(v)), nil
		}
	case bool:
		if f.Type == geo.Boolean {
			return pq.BooleanValue(v), nil
		}
	case []byte:
		if f.Type == geo.Binary {
			return pq.ByteArrayValue(v), nil
		}
	case string:
		switch f.Type {
		case geo.String, geo.JSON:
			return pq.ByteArrayValue([]byte(v)), nil
		case geo.Date, geo.DateTime:
			return w.time(i, v)
		}
	}
	return pq.Value{}, fmt.Errorf("a %T does not fit the type %s", v, f.Type)
}

func hasZone(s string) bool {
	t := strings.IndexAny(s, "T ")
	return t >= 0 && strings.ContainsAny(s[t:], "Zz+-")
}

// time reads a date or time in ISO 8601.
func (w *Writer) time(i int, s string) (pq.Value, error) {
	f := w.schema.Fields[i]
	if f.Type == geo.Date {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return pq.Value{}, err
		}
		return pq.Int32Value(int32(t.Unix() / 86400)), nil //nolint:gosec // years 0 to 9999
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if zoned := layout == time.RFC3339Nano; zoned == w.local[i] {
			if w.o.OnLoss == nil {
				return pq.Value{}, fmt.Errorf("%q has a time zone and others have not, or the other way round", s)
			}
			w.o.OnLoss(f.Name, fmt.Sprintf("%s was taken as universal time, since others of the column have no zone, or have one", s))
		}
		return pq.Int64Value(t.UnixMicro()), nil
	}
	return pq.Value{}, fmt.Errorf("%q is not a date or time in ISO 8601", s)
}
