package cql2

import (
	"strings"
	"time"
	"unicode/utf8"

	"contado/geo"
)

// longestPattern is SQLite's limit, in bytes.
const longestPattern = 50_000

func (t *translator) like(n *Like, want bool) piece {
	p, ok1 := n.Value.(*Property)
	pattern, ok2 := n.Pattern.(String)
	if !ok1 || !ok2 || t.sortOf(p) != text || !utf8.ValidString(string(pattern)) || strings.Contains(string(pattern), "\x00") {
		return t.more(always)
	}
	value, _ := t.textValue(p)
	not := ""
	if !want {
		not = "NOT "
	}
	if t.dialect == PostGIS {
		return sqlf("%s "+not+"LIKE %s::text", value, arg(likePattern(string(pattern))))
	}
	glob := globPattern(string(pattern))
	if len(glob) > longestPattern {
		return t.more(always)
	}
	// SQLite's functions end a text at its first NUL.
	col, _ := t.find(p.Name)
	return t.more(sqlf("(%s "+not+"GLOB %s OR instr(%s, char(0)) > 0)", value, arg(glob), piece{text: col.SQL}))
}

// globPattern and likePattern spell a pattern of the language for SQLite's
// GLOB, which minds the case, and for LIKE of PostgreSQL.
func globPattern(pattern string) string {
	return spelled(pattern, "*", "?", func(r rune) string {
		if r == '*' || r == '?' || r == '[' {
			return "[" + string(r) + "]"
		}
		return string(r)
	})
}

func likePattern(pattern string) string {
	return spelled(pattern, "%", "_", func(r rune) string {
		if r == '%' || r == '_' || r == '\\' {
			return `\` + string(r)
		}
		return string(r)
	})
}

func spelled(pattern, many, one string, other func(rune) string) string {
	var b strings.Builder
	for _, r := range compilePattern(pattern) {
		switch r {
		case manyRunes:
			b.WriteString(many)
		case oneRune:
			b.WriteString(one)
		default:
			b.WriteString(other(r))
		}
	}
	return b.String()
}

func (t *translator) spatial(n *Spatial, want bool) piece {
	p, literal := n.Left, n.Right
	if _, ok := p.(*Property); !ok {
		p, literal = literal, p
	}
	prop, ok := p.(*Property)
	if !ok {
		return t.more(always)
	}
	col, _ := t.find(prop.Name)
	there := t.more(piece{text: col.SQL + " IS NOT NULL"})
	boxes := boxesOf(literal)
	if col.Meets == nil || col.Type != GeometryType || len(boxes) == 0 || want == (n.Op == "s_disjoint") {
		return there
	}
	// Geometries whose boxes share no point are in no relation but disjoint.
	list := make([]piece, len(boxes))
	for i, b := range boxes {
		var args []any
		text := col.Meets(b, func(v any) string { args = append(args, v); return place })
		list[i] = piece{text, args}
	}
	return joined(true, list)
}

// boxesOf are the boxes of a literal: two for one across the antimeridian,
// none for an empty geometry.
func boxesOf(e Expr) []geo.BBox {
	switch n := e.(type) {
	case BBox:
		half := len(n) / 2
		w, s, east, north := n[0], n[1], n[half], n[half+1]
		if w <= east {
			return []geo.BBox{{MinX: w, MinY: s, MaxX: east, MaxY: north}}
		}
		return []geo.BBox{{MinX: w, MinY: s, MaxX: 180, MaxY: north}, {MinX: -180, MinY: s, MaxX: east, MaxY: north}}
	case Geometry:
		lo, hi, ok := n.Envelope().MinMaxXYs()
		if ok {
			return []geo.BBox{{MinX: lo.X, MinY: lo.Y, MaxX: hi.X, MaxY: hi.Y}}
		}
	}
	return nil
}

// moments compares dates and times. What a property holds decides whether
// whole days are compared (a date) or points in time.
func (t *translator) moments(op string, left, right Expr) piece {
	p, ok := left.(*Property)
	if !ok {
		if p, ok = right.(*Property); !ok {
			return t.more(always)
		}
		op, right = mirrored[op], left
	}
	col, _ := t.find(p.Name)
	if t.sortOf(p) != moment {
		return t.more(always)
	}
	var at Instant
	switch v := right.(type) {
	case Instant:
		at = v
	case String:
		i, err := parseInstant(string(v))
		if err != nil {
			return t.more(always)
		}
		at = i
	case *Property:
		return t.columnsInTime(op, p, v)
	default:
		return t.more(always)
	}
	if t.dialect == SQLite {
		return t.more(textsInTime(op, piece{text: col.SQL}, at))
	}
	return t.inTime(op, col, at)
}

// textsInTime compares days only: SQLite rounds times to milliseconds, and a
// date, a day, may stand in a column of times. What SQLite cannot read as a
// time the evaluator may.
func textsInTime(op string, column piece, at Instant) piece {
	from, to := arg(at.Time.UTC().Format(time.DateOnly)), arg("9999-12-31")
	if next := at.Time.UTC().AddDate(0, 0, 1); next.Year() <= 9999 {
		to = arg(next.Format(time.DateOnly))
	}
	var day piece
	switch op {
	case "<", "<=":
		day = sqlf("date(%s) <= %s", column, to)
	case ">", ">=":
		day = sqlf("date(%s) >= %s", column, from)
	case "=":
		day = sqlf("date(%s) BETWEEN %s AND %s", column, from, to)
	default:
		return sqlf("%s IS NOT NULL", column)
	}
	return sqlf("(%s OR date(%s) IS NULL AND %s IS NOT NULL)", day, column, column)
}

// inTime compares a column of PostgreSQL with a date or a point in time.
func (t *translator) inTime(op string, col Column, at Instant) piece {
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	if at.Time.Before(first) { // years before 1 are no dates to the evaluator, but for this one
		if op == "<" || op == "<=" || op == "=" {
			return never
		}
		op, at.Time = ">=", first
	}
	if at.Date || col.Type == DateType {
		return inYears1To9999(op, days(col), sqlf("%s::date", arg(at.Time.UTC().Format(time.DateOnly))))
	}
	micro := at.Time.UTC().Truncate(time.Microsecond)
	if !micro.Equal(at.Time) { // finer than PostgreSQL
		switch op {
		case "=":
			return never
		case "<>":
			op, micro = ">=", first
		case "<":
			op = "<="
		case ">=":
			op = ">"
		}
	}
	return inYears1To9999(op, piece{text: "(" + col.SQL + ")"}, sqlf("%s::timestamptz", arg(micro.Format("2006-01-02T15:04:05.999999Z07:00"))))
}

// days are the dates of a column of PostgreSQL, in UTC.
func days(col Column) piece {
	if col.Type == DateType {
		return piece{text: "(" + col.SQL + ")"}
	}
	return piece{text: "((" + col.SQL + ") AT TIME ZONE 'UTC')::date"}
}

// inYears1To9999 leaves out what the evaluator knows as no date.
func inYears1To9999(op string, a, b piece) piece {
	return sqlf("(%s "+op+" %s AND %s >= '0001-01-01 00:00:00+00' AND %s < '10000-01-01 00:00:00+00')", a, b, a, a)
}

func (t *translator) columnsInTime(op string, left, right *Property) piece {
	a, _ := t.find(left.Name)
	b, _ := t.find(right.Name)
	switch {
	case t.dialect == SQLite || t.sortOf(right) != moment:
		return t.more(sqlf("(%s IS NOT NULL AND %s IS NOT NULL)", piece{text: a.SQL}, piece{text: b.SQL}))
	case a.Type == DateType || b.Type == DateType:
		return joined(false, []piece{inYears1To9999(op, days(a), days(b)), inYears1To9999(mirrored[op], days(b), days(a))})
	}
	x, y := piece{text: "(" + a.SQL + ")"}, piece{text: "(" + b.SQL + ")"}
	return joined(false, []piece{inYears1To9999(op, x, y), inYears1To9999(mirrored[op], y, x)})
}

// temporal is all comparisons of ends that make the relation, or one of their
// opposites.
func (t *translator) temporal(n *Temporal, want bool) piece {
	op := n.Op
	if op == "t_disjoint" {
		op, want = "t_intersects", !want
	}
	list := make([]piece, 0, 3)
	for _, c := range relations[op] {
		one := c.op
		if !want {
			one = opposite[one]
		}
		x, y := t.end(n.Left, c.left), t.end(n.Right, c.right)
		if x == nil || y == nil {
			// An open end; the other may belong to a row without a value.
			if t.exact = false; !decideOpen(one, x == nil, y == nil, c.left, c.right) {
				list = append(list, never)
			} else {
				list = append(list, always)
			}
			continue
		}
		list = append(list, t.between(one, x, y))
	}
	return joined(!want, list)
}

// between is the comparison of two ends.
func (t *translator) between(op string, x, y Expr) piece {
	a, ok1 := x.(Instant)
	b, ok2 := y.(Instant)
	if ok1 && ok2 {
		if decide(op, compareInstants(a, b)) == True {
			return always
		}
		return never
	}
	return t.moments(op, x, y)
}

func decideOpen(op string, openA, openB bool, i, j int) bool {
	return decide(op, openEnds(openA, openB, i, j)) == True
}

// end is the start (0) or the end (1) of a time or an interval; nil when open.
func (t *translator) end(e Expr, i int) Expr {
	n, ok := e.(*Interval)
	if !ok {
		return e
	}
	// The evaluator knows no interval one of whose ends has no value.
	_, fixed1 := n.Start.(*Property)
	_, fixed2 := n.End.(*Property)
	if fixed1 || fixed2 {
		t.exact = false
	}
	return [2]Expr{n.Start, n.End}[i]
}
