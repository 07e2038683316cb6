package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"contado/geo"
)

// field is one column of the top level as an attribute.
type field struct {
	geo.Field
	first, last int // leaves [first, last)
	read        func(v pq.Value) (any, error)
	nested      *pq.Column // lists, maps and records become JSON
}

// leaves numbers the leaf columns below c from n on.
func leaves(c *pq.Column) int {
	if c.Leaf() {
		return 1
	}
	n := 0
	for _, child := range c.Columns() {
		n += leaves(child)
	}
	return n
}

// attribute settles type and reading of a top-level column whose leaves begin
// at first.
func attribute(c *pq.Column, first int) field {
	f := field{Field: geo.Field{Name: c.Name()}, first: first, last: first + leaves(c)}
	if !c.Leaf() || c.Repeated() {
		f.Type, f.nested = geo.JSON, c
		return f
	}
	f.Type, f.read = scalar(c.Type())
	return f
}

func text(v pq.Value) (any, error) { return string(v.ByteArray()), nil }

// scalar tells the type of a leaf's values and how to read one that is not
// null.
func scalar(t pq.Type) (geo.FieldType, func(pq.Value) (any, error)) {
	if l := t.LogicalType(); l != nil {
		if kind, read := logical(l, t); read != nil {
			return kind, read
		}
	}
	if c := t.ConvertedType(); c != nil && *c == deprecated.Interval {
		return geo.String, interval
	}
	switch t.Kind() {
	case pq.Boolean:
		return geo.Boolean, func(v pq.Value) (any, error) { return v.Boolean(), nil }
	case pq.Int32:
		return geo.Integer, func(v pq.Value) (any, error) { return int64(v.Int32()), nil }
	case pq.Int64:
		return geo.Integer, func(v pq.Value) (any, error) { return v.Int64(), nil }
	case pq.Int96:
		return geo.DateTime, int96
	case pq.Float:
		return geo.Real, func(v pq.Value) (any, error) { return float64(v.Float()), nil }
	case pq.Double:
		return geo.Real, func(v pq.Value) (any, error) { return v.Double(), nil }
	}
	return geo.Binary, func(v pq.Value) (any, error) { return append([]byte{}, v.ByteArray()...), nil }
}

func logical(l *format.LogicalType, t pq.Type) (geo.FieldType, func(pq.Value) (any, error)) {
	switch v := l.Value.(type) {
	case *format.StringType, *format.EnumType:
		return geo.String, text
	case *format.JsonType:
		return geo.JSON, text
	case *format.UUIDType:
		return geo.String, uuid
	case *format.DateType:
		return geo.Date, func(v pq.Value) (any, error) {
			return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly), nil
		}
	case *format.TimeType:
		return geo.String, func(p pq.Value) (any, error) { return clock(p, v.Unit) }
	case *format.TimestampType:
		return geo.DateTime, func(p pq.Value) (any, error) { return instant(p.Int64(), v.Unit, v.IsAdjustedToUTC) }
	case *format.IntType:
		if !v.IsSigned && v.BitWidth == 64 { // half of the range has no int64
			return geo.String, func(p pq.Value) (any, error) { return strconv.FormatUint(p.Uint64(), 10), nil }
		}
		if !v.IsSigned && t.Kind() == pq.Int32 {
			return geo.Integer, func(p pq.Value) (any, error) { return int64(p.Uint32()), nil }
		}
	case *format.DecimalType:
		return decimal(v, t)
	case *format.Float16Type:
		return geo.Real, func(p pq.Value) (any, error) { return float16(p.ByteArray()), nil }
	}
	return "", nil
}

func uuid(v pq.Value) (any, error) {
	b := v.ByteArray()
	if len(b) != 16 {
		return nil, fmt.Errorf("an identifier of %d bytes", len(b))
	}
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], nil
}

// interval spells months, days and milliseconds as a duration of ISO 8601.
func interval(v pq.Value) (any, error) {
	b := v.ByteArray()
	if len(b) != 12 {
		return nil, fmt.Errorf("an interval of %d bytes", len(b))
	}
	months, days, ms := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	out := "P"
	if months > 0 {
		out += fmt.Sprintf("%dM", months)
	}
	if days > 0 {
		out += fmt.Sprintf("%dD", days)
	}
	if ms > 0 || out == "P" {
		out += "T" + strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) + "S"
	}
	return out, nil
}

// perSecond is how many units a second has.
func perSecond(u format.TimeUnit) int64 {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return 1e3
	case *format.MicroSeconds:
		return 1e6
	}
	return 1e9
}

func clock(v pq.Value, u format.TimeUnit) (any, error) {
	n := v.Int64()
	if v.Kind() == pq.Int32 {
		n = int64(v.Int32())
	}
	per := perSecond(u)
	if n < 0 || n >= 86400*per {
		return nil, fmt.Errorf("%d is no time of a day", n)
	}
	return time.Unix(n/per, n%per*(1e9/per)).UTC().Format("15:04:05.999999999"), nil
}

func instant(n int64, u format.TimeUnit, utc bool) (any, error) {
	per := perSecond(u)
	sec, rest := n/per, n%per
	if rest < 0 {
		sec, rest = sec-1, rest+per
	}
	t := time.Unix(sec, rest*(1e9/per)).UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, fmt.Errorf("the year %d has no form in ISO 8601", y)
	}
	if utc {
		return t.Format("2006-01-02T15:04:05.999999999Z"), nil
	}
	return t.Format("2006-01-02T15:04:05.999999999"), nil
}

// int96 reads the old form of Impala and Hive: nanoseconds of the day, then
// the Julian day, without a zone.
func int96(v pq.Value) (any, error) {
	w := v.Int96()
	day := int64(w[2]) - 2440588
	nanos := int64(uint64(w[1])<<32 | uint64(w[0])) //nolint:gosec // checked below
	if nanos < 0 || nanos >= 86400e9 {
		return nil, fmt.Errorf("%d ns is no time of a day", nanos)
	}
	return instant(day*86400e6+nanos/1000, format.TimeUnit{Value: &format.MicroSeconds{}}, false)
}

// decimal reads numbers of fixed digits: whole ones of up to 18 digits as
// integers, others as reals when 15 digits are enough, else as text.
func decimal(d *format.DecimalType, t pq.Type) (geo.FieldType, func(pq.Value) (any, error)) {
	read := func(v pq.Value) *big.Int {
		switch t.Kind() {
		case pq.Int32:
			return big.NewInt(int64(v.Int32()))
		case pq.Int64:
			return big.NewInt(v.Int64())
		}
		b := v.ByteArray()
		n := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 { // two's complement, big endian
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
		}
		return n
	}
	spell := func(v pq.Value) string { return point(read(v).String(), int(d.Scale)) }
	switch {
	case d.Scale == 0 && d.Precision <= 18:
		return geo.Integer, func(v pq.Value) (any, error) { return read(v).Int64(), nil }
	case d.Precision <= 15 && d.Scale >= 0:
		return geo.Real, func(v pq.Value) (any, error) { return strconv.ParseFloat(spell(v), 64) }
	}
	return geo.String, func(v pq.Value) (any, error) { return spell(v), nil }
}

// maxScale bounds the zeros that a decimal is written with.
const maxScale = 1000

// point sets the decimal point of digits before the last scale of them.
func point(digits string, scale int) string {
	if scale <= 0 || scale > maxScale {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// float16 is the value of an IEEE 754 half.
func float16(b []byte) float64 {
	if len(b) != 2 {
		return math.NaN()
	}
	h := uint16(b[0]) | uint16(b[1])<<8
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	v := 0.0
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		v = math.Inf(1)
		if frac != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+frac, exp-25)
	}
	if h&0x8000 != 0 {
		return -v
	}
	return v
}
