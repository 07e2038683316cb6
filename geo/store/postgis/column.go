package postgis

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/fault"
)

// column is a column as pg_attribute has it, its domains followed to base.
type column struct {
	name, base     string // of pg_type
	kind, category string // typtype and typcategory
	declared       string // as format_type spells it
	description    string
	mod            int64
	notNull        bool
	generated      bool // computed from others: never written
	always         bool // an identity that is only written when told to
	deterministic  bool // its collation
	readable       bool

	class geo.FieldType
	read  string // SQL that gives the value in a form that value reads
	param string // SQL of a parameter's value, with $ in its place
}

func (c *column) isWhole() bool { return c.base == "int2" || c.base == "int4" || c.base == "int8" }

func (c *column) isGeometry() bool { return c.base == "geometry" || c.base == "geography" }

func (c *column) quoted() string { return pq.QuoteIdentifier(c.name) }

// scale and precision of numeric(p, s), by numerictypmodin.
func (c *column) numericWhole() bool {
	if c.base != "numeric" || c.mod < 4 {
		return false
	}
	precision, scale := (c.mod-4)>>16&0xffff, (c.mod-4)&0x7ff
	return scale == 0 && precision <= 18
}

// classify chooses the field type and how values are read and written.
func (c *column) classify() {
	q := c.quoted()
	c.read, c.param = q, "$"
	switch {
	case c.category == "A":
		c.class, c.read = geo.JSON, "to_json("+q+")::text"
		c.param = "(SELECT CASE WHEN $::text IS NULL THEN NULL ELSE ARRAY(SELECT json_array_elements_text($::json)) END)::" + c.declared
	case c.kind == "c":
		c.class, c.read = geo.JSON, "to_json("+q+")::text"
		c.param = "json_populate_record(NULL::" + c.declared + ", $::json)"
	case c.isWhole():
		c.class = geo.Integer
	case c.base == "oid", c.numericWhole():
		c.class, c.read = geo.Integer, q+"::bigint"
	case c.base == "float4", c.base == "float8":
		c.class = geo.Real
	case c.base == "numeric", c.base == "money":
		c.class, c.read = geo.Real, q+"::numeric::text"
	case c.base == "bool":
		c.class = geo.Boolean
	case c.base == "date":
		c.class, c.read = geo.Date, q+"::text"
	case c.base == "timestamp", c.base == "timestamptz":
		c.class, c.read = geo.DateTime, q+"::text"
	case c.base == "bytea":
		c.class = geo.Binary
	case c.base == "json", c.base == "jsonb":
		c.class, c.read = geo.JSON, q+"::text"
	case c.isGeometry():
		c.class, c.read, c.param = geo.Binary, "ST_AsBinary("+q+")", "ST_GeomFromWKB($)"
	default: // also enums, uuids, ranges, intervals, addresses
		c.class, c.read = geo.String, q+"::text"
	}
}

// value gives what the database sent the Go type of the field. Infinite
// dates, times and numbers, and NaN, are no values.
func (c *column) value(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case []byte:
		if c.class != geo.Binary {
			return c.value(string(v))
		}
	case string:
		switch c.class {
		case geo.Real:
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return nil
			}
			return c.value(f)
		case geo.Date:
			return isoDate(v)
		case geo.DateTime:
			return isoTime(v)
		}
	}
	return v
}

const beforeChrist = " BC"

// isoDate respells a date of DateStyle ISO: 2024-02-29, 0044-03-15 BC,
// infinity.
func isoDate(s string) any {
	date, bc := strings.CutSuffix(s, beforeChrist)
	if !bc {
		if s == "infinity" || s == "-infinity" {
			return nil
		}
		return s
	}
	year, rest, _ := strings.Cut(date, "-")
	n, err := strconv.Atoi(year)
	if err != nil {
		return nil
	}
	return fmt.Sprintf("-%04d-%s", n-1, rest) // ISO 8601 has a year 0
}

// isoTime respells a time of a session in UTC: 2024-02-29 12:30:15.125+00;
// one without zone is taken as UTC too, as GeoPackage does.
func isoTime(s string) any {
	text, bc := strings.CutSuffix(s, beforeChrist)
	date, clock, ok := strings.Cut(text, " ")
	if !ok {
		return nil // infinity
	}
	if bc {
		date += beforeChrist
	}
	return fmt.Sprintf("%sT%sZ", isoDate(date), strings.TrimSuffix(clock, "+00"))
}

var plainNumber = regexp.MustCompile(`^[+-]?\d{1,400}(\.\d{1,400})?$`)

// args collects the parameters of a statement.
type args []any

// add takes a value and gives its placeholder.
func (a *args) add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// equal compares the column with a value given as text, in its own type.
func (c *column) equal(text string, a *args) (string, error) {
	const op = "postgis.Query"
	q := c.quoted()
	wrong := func(what string) error {
		return fault.Errorf(op, fault.Invalid, "attribute %q is %s, and %.80q is not", c.name, what, text)
	}
	switch c.class {
	case geo.Integer, geo.Real:
		return c.equalNumber(text, a)
	case geo.Boolean:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return "", wrong("true or false")
		}
		return q + " = " + a.add(v), nil
	case geo.Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", wrong("a date (2006-01-02)")
		}
		return q + " = " + a.add(text) + "::date", nil
	case geo.DateTime:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return "", wrong("a time (2006-01-02T15:04:05Z)")
		}
		at = at.UTC().Truncate(time.Millisecond)
		from, to := a.add(at.Format(timestamp)), a.add(at.Add(time.Millisecond).Format(timestamp))
		return fmt.Sprintf("(%s >= %s::%s AND %s < %s::%s)", q, from, c.base, q, to, c.base), nil
	case geo.Binary:
		return "", fault.Errorf(op, fault.Invalid, "attribute %q is binary and cannot be compared", c.name)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "FALSE", nil // no text of PostgreSQL has these
	}
	if c.deterministic && (c.base == "text" || c.base == "varchar") {
		return q + " = " + a.add(text) + "::text", nil
	}
	return c.read + ` COLLATE "C" = ` + a.add(text) + "::text", nil
}

const timestamp = "2006-01-02T15:04:05.999999"

func (c *column) equalNumber(text string, a *args) (string, error) {
	q := c.quoted()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) || math.IsNaN(f) {
		return "", fault.Errorf("postgis.Query", fault.Invalid, "attribute %q is a number, and %.80q is not", c.name, text)
	}
	if math.IsInf(f, 0) {
		return "FALSE", nil // those are no values
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && c.isWhole() {
		return q + " = " + a.add(n) + "::bigint", nil
	}
	if c.base == "float4" || c.base == "float8" {
		return q + " = " + a.add(text) + "::" + c.base, nil
	}
	if !plainNumber.MatchString(text) {
		text = strconv.FormatFloat(f, 'g', -1, 64)
	}
	return q + "::numeric = " + a.add(text) + "::numeric", nil
}

// order is SQL that orders as the values that are read do; "" when the
// column has no order. What is read as no value is NULL.
func (c *column) order() string {
	q := c.quoted()
	switch c.class {
	case geo.Integer:
		return c.read
	case geo.Real:
		f := q + "::numeric::float8"
		if c.base == "float8" || c.base == "float4" {
			f = q + "::text::float8" // the shortest spelling of a float4, as it is read
		}
		return "NULLIF(NULLIF(NULLIF(" + f + ", 'NaN'), 'Infinity'), '-Infinity')"
	case geo.Boolean:
		return q
	case geo.Date, geo.DateTime:
		return "NULLIF(NULLIF(" + q + ", 'infinity'), '-infinity')"
	case geo.String, geo.JSON:
		return "(" + c.read + `) COLLATE "C"`
	}
	return ""
}

// orderParam is a value of a cursor in the type of order.
func (c *column) orderParam(v any, a *args) (string, error) {
	p := a.add(v)
	switch c.class {
	case geo.Integer:
		return p + "::numeric", nil
	case geo.Real:
		return p + "::float8", nil
	case geo.Boolean:
		return p + "::boolean", nil
	case geo.Date, geo.DateTime:
		s, ok := v.(string)
		if !ok {
			return "", fault.Errorf("postgis.Query", fault.Invalid, "the place in the order of %q is %T, not a date or time", c.name, v)
		}
		if strings.HasPrefix(s, "-") {
			(*a)[len(*a)-1] = beforeYearOne(s)
		}
		return p + "::" + c.base, nil
	case geo.String, geo.JSON:
		return p + "::text", nil
	}
	return "", fault.Errorf("postgis.Query", fault.Invalid, "rows cannot be sorted by attribute %q", c.name)
}

// beforeYearOne turns isoDate and isoTime round for years before 1.
func beforeYearOne(s string) string {
	year, rest, _ := strings.Cut(s[1:], "-")
	n, err := strconv.Atoi(year)
	if err != nil {
		return s // the database says what is wrong with it
	}
	return fmt.Sprintf("%04d-%s%s", n+1, rest, beforeChrist)
}

// written is the SQL of a value to be stored.
func (c *column) written(v any, a *args) (string, error) {
	if v == nil {
		return "NULL", nil
	}
	wrong := func(what string) (string, error) {
		return "", fault.Errorf("postgis.Write", fault.Invalid, "column %q is of type %s and takes no %s", c.name, c.declared, what)
	}
	switch x := v.(type) {
	case float64:
		if c.class == geo.Integer && x != math.Trunc(x) {
			return wrong("fractions")
		}
		v = strconv.FormatFloat(x, 'g', -1, 64)
	case string:
		if strings.ContainsRune(x, 0) || !utf8.ValidString(x) {
			return wrong("bytes that are no text")
		}
		if (c.class == geo.Date || c.class == geo.DateTime) && strings.HasPrefix(x, "-") {
			v = beforeYearOne(x)
		}
		if c.category == "A" && nested(x) {
			return wrong("lists of lists")
		}
	}
	return strings.ReplaceAll(c.param, "$", a.add(v)), nil
}

// nested reports whether a JSON list holds lists or objects, or is no list.
func nested(text string) bool {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return true
	}
	return slices.ContainsFunc(list, func(m json.RawMessage) bool { return len(m) > 0 && (m[0] == '[' || m[0] == '{') })
}
