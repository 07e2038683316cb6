package table

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// column is one column with what its cells look like.
type column struct {
	name string
	kind geo.FieldType
	// decimalComma: numbers are written 1.234,5.
	decimalComma bool
	naming       bool // names the row in notices
	forceText    bool
	written      bool // somebody has made its cells texts
	code         bool // named like a code
	axis, strong bool // named like a coordinate; like a longitude or latitude
	// degrees: a coordinate whose numbers lie on the globe when each of their
	// marks is a decimal one: it is, for 45,972 and 45.972 alike.
	degrees bool

	filled, numbers, integers, leadZero, long int64
	european, dotted, point, booleans         int64
	ambigDot, ambigComma                      int64
	dates, datetimes, missing                 int64
	angles                                    int64 // in degrees, minutes and seconds
	globe                                     int64 // of a coordinate: possible degrees
}

// missingTokens stand for "no value" in columns of numbers.
var missingTokens = map[string]bool{"na": true, "n/a": true, "null": true, "nan": true, "-": true, "--": true, "n.d.": true, "nd": true, "..": true, "...": true}

const longestMissing = 4

// isMissing reports a word for "no value"; s has no spaces around it.
func isMissing(s string) bool {
	return len(s) <= longestMissing && missingTokens[strings.ToLower(s)]
}

func (c *column) see(s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	c.filled++
	if isMissing(s) {
		c.missing++
		return
	}
	dated := len(s) >= 10 && s[4] == '-'
	switch {
	case len(s) <= 5 && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false")):
		c.booleans++
		return
	case dated && reDate.MatchString(s):
		c.dates++
		return
	case dated && reDateTime.MatchString(s):
		c.datetimes++
		return
	}
	st, ok := numberStyle(s)
	if !ok {
		if _, angle := parseDegrees(s); angle {
			c.angles++
		}
	}
	if !ok || s[0] == '+' {
		return
	}
	c.numbers++
	if c.axis {
		v, ok := parseNumber(s, strings.Contains(s, ","))
		c.globe += count(ok && math.Abs(v) <= 180)
	}
	switch {
	case reLeadZero.MatchString(s) && !strings.ContainsAny(s, ".,"):
		c.leadZero++
	case st == plain && reInteger.MatchString(s):
		c.integers++
		if len(s) > 18 { // else it fits for sure
			if _, err := strconv.ParseInt(s, 10, 64); err != nil {
				c.long++
			}
		}
	case st == plain && strings.ContainsAny(s, ".eE"):
		c.point++
	case st == european:
		c.european++
	case st == dotted:
		c.dotted++
	case st == ambiguous:
		if strings.Contains(s, ".") {
			c.ambigDot++
		} else {
			c.ambigComma++
		}
	}
}

// inspect looks at every cell and settles the types.
func (t *Table) inspect(ctx context.Context, names []string, o Options, notes *notice.List) error {
	t.columns = make([]column, len(names))
	for i, n := range names {
		t.columns[i].name = n
		t.columns[i].code = o.Code != nil && o.Code(n)
		if !o.projected() {
			t.columns[i].nameAxis(o)
		}
	}
	for _, want := range o.Text {
		if want == "" {
			continue
		}
		i, err := t.find(want)
		if err != nil {
			return err
		}
		t.columns[i].forceText = true
	}
	for i := range t.columns {
		t.columns[i].written = slices.Contains(o.Written, t.columns[i].name)
	}
	err := t.eachRecord(ctx, func(r *reader, line int64, row []string) {
		t.lines++
		for i := range t.columns {
			t.columns[i].see(row[i])
		}
		if r.long {
			notes.Count(catalog.Warning, "row-too-long", "rows with more cells than the header: the cells beyond it were dropped", fmt.Sprintf("row %d", line))
		}
		if r.short {
			notes.Count(catalog.Warning, "row-too-short", "rows with fewer cells than the header: the missing ones are empty", fmt.Sprintf("row %d", line))
		}
	})
	if err != nil {
		return err
	}
	t.settle(notes)
	t.pickNaming()
	return nil
}

func (t *Table) eachRecord(ctx context.Context, fn func(r *reader, line int64, row []string)) error {
	r, err := t.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.next(); err != nil {
		return err
	}
	for line := int64(2); ; line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return fault.E("table.Open", fault.Canceled, ctx.Err())
		}
		row, err := r.next()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
		fn(r, line, row)
	}
}

// settle decides the type and decimal mark of each column. What is ambiguous
// within a column ("19.041") follows the decimal mark of the other columns.
func (t *Table) settle(notes *notice.List) {
	comma, point := 0, 0
	for i := range t.columns {
		c := &t.columns[i]
		if !c.allNumbers() {
			continue
		}
		if c.european > 0 {
			comma++
		}
		if c.point > 0 || c.dotted > 0 {
			point++
		}
	}
	var marked []string
	for i := range t.columns {
		c := &t.columns[i]
		c.settle(comma > point)
		if c.axis {
			c.settleDegrees()
		}
		if c.kind == geo.Real && c.decimalComma {
			marked = append(marked, c.name)
		}
		doubt := c.kind == geo.Integer || c.kind == geo.Real || c.degrees
		if doubt && !(c.degrees && c.strong) && c.european+c.point+c.dotted == 0 && c.ambigDot+c.ambigComma > 0 {
			as := "a decimal point or comma"
			if c.kind == geo.Integer {
				as = "grouping thousands"
			}
			notes.Count(catalog.Info, "thousands-guessed", "columns whose numbers could be read in two ways, judged by the rest of the file", fmt.Sprintf("%s: the mark was read as %s", c.name, as))
		}
	}
	if len(marked) > 0 {
		notes.Add(catalog.Info, "decimal-comma", "numbers with a decimal comma were read in: %s", strings.Join(marked, ", "))
	}
}

// nameAxis tells whether the column is named like a coordinate.
func (c *column) nameAxis(o Options) {
	axis, strong := axisOf(c.name)
	if axis == 0 {
		_, axis = axisAtEnd(c.name)
		strong = axis != 0
	}
	c.axis, c.strong = axis != 0 || strings.EqualFold(c.name, o.XField) || strings.EqualFold(c.name, o.YField), strong
}

// settleDegrees reads a coordinate's marks as decimal ones where that gives
// degrees: with three digits after it ("45,972") a mark could group thousands,
// but no longitude or latitude has any.
func (c *column) settleDegrees() {
	if c.ambigDot+c.ambigComma == 0 || c.dotted > 0 || c.globe*10 < c.numbers*9 {
		return
	}
	c.degrees = true
	c.decimalComma = c.ambigComma > 0 && c.ambigDot == 0
	if c.kind == geo.Integer {
		c.kind = geo.Real
	}
}

// number reads a cell as the column's numbers are written.
func (c *column) number(s string) (float64, bool) {
	return parseNumber(s, c.decimalComma && !c.degrees || c.degrees && strings.Contains(s, ","))
}

func (c *column) allNumbers() bool { return c.numbers > 0 && c.numbers == c.filled-c.missing }

func (c *column) settle(fileComma bool) {
	c.kind = geo.String
	content := c.filled - c.missing
	switch {
	case c.forceText || content == 0:
	case c.written && c.booleans != content && c.datetimes != content:
	case c.booleans == content:
		c.kind = geo.Boolean
	case c.dates == content:
		c.kind = geo.Date
	case c.datetimes+c.dates == content && c.datetimes > 0:
		c.kind = geo.DateTime
	case !c.allNumbers() || c.leadZero > 0 || c.long > 0:
	case c.code && c.integers < content: // a code has no decimals and no thousands
	case c.european > 0 && (c.point > 0 || c.dotted > 0): // two styles in one column: no way to be sure
	case c.integers == content:
		c.kind = geo.Integer
	case c.european > 0:
		c.kind, c.decimalComma = geo.Real, true
	case c.point > 0 || c.dotted > 0:
		c.kind = geo.Real
	default: // ambiguous ones only
		c.decimalComma, c.kind = fileComma, geo.Real
		if (fileComma && c.ambigComma == 0) || (!fileComma && c.ambigDot == 0) {
			c.kind = geo.Integer // every mark groups thousands
		}
	}
}

// value reads a cell as the type of its column; empty is nil.
func (c *column) value(s string) any {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		return nil
	}
	if c.kind == geo.String {
		return s
	}
	if isMissing(trimmed) {
		return nil
	}
	switch c.kind {
	case geo.Boolean:
		return strings.EqualFold(trimmed, "true")
	case geo.Integer:
		if v, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
			return v
		}
		if v, ok := c.number(trimmed); ok {
			return int64(v)
		}
		return nil
	case geo.Real:
		if v, ok := c.number(trimmed); ok {
			return v
		}
		return nil
	case geo.DateTime:
		return isoDateTime(trimmed)
	}
	return trimmed
}

func isoDateTime(s string) string {
	if len(s) == 10 {
		return s + "T00:00:00"
	}
	return s[:10] + "T" + s[11:]
}

// find is the index of a column by exact name, else by name without regard
// to case.
func (t *Table) find(name string) (int, error) {
	names := make([]string, len(t.columns))
	loose := -1
	for i := range t.columns {
		names[i] = t.columns[i].name
		if names[i] == name {
			return i, nil
		}
		if strings.EqualFold(names[i], name) {
			loose = i
		}
	}
	if loose >= 0 {
		return loose, nil
	}
	return -1, fault.WithHint(
		fault.Errorf("table.Open", fault.Invalid, "%s has no column %q", t.name, name),
		"its columns are: "+strings.Join(names, ", "))
}

// pickNaming chooses the column that names rows in notices.
func (t *Table) pickNaming() {
	for _, want := range []string{"denom_sede", "denominazione", "nome", "name", "denom", "descrizione", "title", "titolo", "comune"} {
		for i := range t.columns {
			if c := &t.columns[i]; c.kind == geo.String && strings.Contains(strings.ToLower(c.name), want) {
				c.naming = true
				return
			}
		}
	}
	for i := range t.columns {
		if t.columns[i].kind == geo.String && t.columns[i].filled > 0 {
			t.columns[i].naming = true
			return
		}
	}
}
