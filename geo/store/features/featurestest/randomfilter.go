package featurestest

import (
	"fmt"
	"time"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/wkb"
)

// FilterSchema is of the rows that random filters are for.
var FilterSchema = geo.Schema{
	GeometryType: "Geometry", CRS: geo.WGS84,
	Fields: []geo.Field{
		{Name: "s", Type: geo.String},
		{Name: "other text", Type: geo.String},
		{Name: "i", Type: geo.Integer},
		{Name: "r", Type: geo.Real},
		{Name: "b", Type: geo.Boolean},
		{Name: "d", Type: geo.Date},
		{Name: "t", Type: geo.DateTime},
		{Name: "j", Type: geo.JSON},
		{Name: "x", Type: geo.Binary},
	},
}

// The values of rows and of literals are few, so that they meet.
var (
	someTexts = []string{
		"", "a", "A", "ab", "Ab", "Città", "citta", "CITTÀ", "a%b", "a_b", `a\b`, `a\%b`, "x*y?[z]", "it's \"x\"", "ß", "ss", "Ω", "😀", "b a", "true", "5", "2024-02-29",
	}
	somePatterns = []string{"%", "", "a%", "_", "%b", "a_b", `a\_b`, `a\%b`, `a\b`, `a\\%`, "%t%", "x*%", "%[z]", "%?%", "Citt_", "__", "%a%b%", `%\`, "😀"}
	someInts     = []int64{-3, -1, 0, 1, 2, 3, 7, 1 << 53, 1<<53 + 1, -1 << 62}
	someReals    = []float64{-1.5, 0, 0.1, 0.5, 2, 3, 1e300, -1e300, 9007199254740992}
	someDates    = []string{"2024-02-28", "2024-02-29", "2024-03-01", "1999-12-31", "0999-01-01"}
	someTimes    = []string{"2024-02-29T00:00:00Z", "2024-02-29T12:30:15.125Z", "2024-02-29T12:30:15Z", "2024-02-28T23:59:59.999Z", "1999-12-31T23:59:59Z", "2024-03-01T00:00:00Z"}
	otherTimes   = []string{"2024-02-29T13:30:15+01:00", "2024-02-29T12:30:15.1250001Z", "0000-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2024-02-29T00:30:00+02:00"}
	someJSON     = []string{`["a","b"]`, `[]`, `[1,2]`, `"a"`, `2`, `null`, `{"a":1}`, `[["a"],"b"]`, `true`}
)

// FilterRows makes n rows of FilterSchema.
func FilterRows(n int) []geo.Feature {
	row := rapid.Custom(func(t *rapid.T) geo.Feature {
		return geo.Feature{
			Geometry: someGeometry().Draw(t, "geometry"),
			Values: []any{
				maybe(t, someTexts), maybe(t, someTexts), maybe(t, someInts), maybe(t, someReals), maybe(t, []bool{true, false}),
				maybe(t, someDates), maybe(t, someTimes), maybe(t, someJSON), maybe(t, [][]byte{{1}, []byte("a")}),
			},
		}
	})
	out := make([]geo.Feature, n)
	for i := range out {
		out[i] = row.Example(i + 1)
		out[i].ID = int64(3*i + 1)
	}
	return out
}

func maybe[T any](t *rapid.T, list []T) any {
	if rapid.IntRange(0, 6).Draw(t, "null") == 0 {
		return nil
	}
	return rapid.SampledFrom(list).Draw(t, "value")
}

func someGeometry() *rapid.Generator[orb.Geometry] {
	return rapid.Custom(func(t *rapid.T) orb.Geometry {
		c := func() float64 { return float64(rapid.IntRange(0, 12).Draw(t, "coordinate")) }
		size := func() float64 { return float64(rapid.IntRange(1, 5).Draw(t, "size")) }
		x, y := c(), c()
		box := orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + size(), y + size()}}
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return nil
		case 1, 2:
			return orb.Point{x, y}
		case 3:
			return orb.LineString{{x, y}, {x + size(), y}, {x + 6, y + size()}}
		case 4:
			return orb.Polygon{{{x, y}, {x + size(), y}, {x, y + size()}, {x, y}}}
		case 5:
			return orb.MultiPolygon{box.ToPolygon(), {{{x + 20, y}, {x + 21, y}, {x + 20, y + 1}, {x + 20, y}}}}
		}
		return box.ToPolygon()
	})
}

// AnyFilter draws filters that all kinds of rows of FilterSchema pass or not.
func AnyFilter() *rapid.Generator[cql2.Expr] {
	return rapid.Custom(func(t *rapid.T) cql2.Expr { return condition(t, 3) })
}

func condition(t *rapid.T, depth int) cql2.Expr {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "inner") > 0 {
		if rapid.IntRange(0, 2).Draw(t, "not") == 0 {
			return &cql2.Not{Arg: condition(t, depth-1)}
		}
		args := make([]cql2.Expr, rapid.IntRange(2, 3).Draw(t, "args"))
		for i := range args {
			args[i] = condition(t, depth-1)
		}
		return &cql2.Logic{Or: rapid.Bool().Draw(t, "or"), Args: args}
	}
	return rapid.OneOf(atoms...).Draw(t, "atom")
}

var atoms = []*rapid.Generator[cql2.Expr]{
	rapid.Custom(compareNumbers), rapid.Custom(compareNumbers), rapid.Custom(compareTexts), rapid.Custom(compareOthers),
	rapid.Custom(compareTimes), rapid.Custom(compareTimes), rapid.Custom(between), rapid.Custom(in), rapid.Custom(like), rapid.Custom(isNull),
	rapid.Custom(spatial), rapid.Custom(spatial), rapid.Custom(temporal), rapid.Custom(temporal), rapid.Custom(arrays),
}

func pick[T any](t *rapid.T, list ...T) T { return rapid.SampledFrom(list).Draw(t, "pick") }

func comparison(t *rapid.T) string { return pick(t, "=", "<>", "<", ">", "<=", ">=") }

func property(name string) cql2.Expr { return &cql2.Property{Name: name} }

func number(t *rapid.T, depth int) cql2.Expr {
	switch rapid.IntRange(0, 5).Draw(t, "number") {
	case 0, 1:
		return property(pick(t, "i", "r", "id"))
	case 2:
		if depth > 0 {
			return &cql2.Arith{Op: pick(t, "+", "-", "*", "/", "%", "div", "^"), Left: number(t, depth-1), Right: number(t, depth-1)}
		}
	case 3:
		return cql2.Number(pick(t, someInts...))
	case 4:
		return pick[cql2.Expr](t, &cql2.Call{Name: "length", Args: []cql2.Expr{property("s")}}, &cql2.Call{Name: "year", Args: []cql2.Expr{property("t")}},
			&cql2.Call{Name: "abs", Args: []cql2.Expr{property("i")}})
	}
	return cql2.Number(pick(t, someReals...))
}

func compareNumbers(t *rapid.T) cql2.Expr {
	return &cql2.Compare{Op: comparison(t), Left: number(t, 2), Right: number(t, 2)}
}

func textOf(t *rapid.T) cql2.Expr {
	switch rapid.IntRange(0, 4).Draw(t, "text") {
	case 0, 1:
		return property(pick(t, "s", "other text"))
	case 2:
		return &cql2.Call{Name: "upper", Args: []cql2.Expr{property("s")}}
	case 3:
		return &cql2.Fold{Op: pick(t, "casei", "accenti"), Arg: property("s")}
	}
	return cql2.String(pick(t, someTexts...))
}

func compareTexts(t *rapid.T) cql2.Expr {
	return &cql2.Compare{Op: comparison(t), Left: textOf(t), Right: textOf(t)}
}

func compareOthers(t *rapid.T) cql2.Expr {
	right := pick[cql2.Expr](t, cql2.Bool(true), cql2.Bool(false), property("b"))
	if rapid.Bool().Draw(t, "json") {
		return &cql2.Compare{Op: comparison(t), Left: property("j"), Right: pick[cql2.Expr](t, cql2.Number(2), cql2.String("a"), cql2.Bool(true))}
	}
	return &cql2.Compare{Op: comparison(t), Left: property("b"), Right: right}
}

func instant(t *rapid.T) cql2.Expr {
	if rapid.Bool().Draw(t, "date") {
		at, err := time.Parse(time.DateOnly, pick(t, someDates...))
		if err != nil {
			t.Fatal(err)
		}
		return cql2.Instant{Time: at, Date: true}
	}
	at, err := time.Parse(time.RFC3339, pick(t, append(someTimes, otherTimes...)...))
	if err != nil {
		t.Fatal(err)
	}
	return cql2.Instant{Time: at.UTC()}
}

func compareTimes(t *rapid.T) cql2.Expr {
	left, right := property(pick(t, "d", "t")), instant(t)
	switch rapid.IntRange(0, 3).Draw(t, "right") {
	case 0:
		right = property(pick(t, "d", "t"))
	case 1:
		right = cql2.String(pick(t, append(someDates, append(someTimes, otherTimes...)...)...))
	case 2:
		left, right = right, left
	}
	return &cql2.Compare{Op: comparison(t), Left: left, Right: right}
}

func between(t *rapid.T) cql2.Expr {
	return &cql2.Between{Value: number(t, 1), Low: number(t, 1), High: number(t, 1)}
}

func in(t *rapid.T) cql2.Expr {
	n := rapid.IntRange(1, 4).Draw(t, "n")
	list := make([]cql2.Expr, n)
	texts := rapid.Bool().Draw(t, "texts")
	for i := range list {
		if texts {
			list[i] = cql2.String(pick(t, someTexts...))
		} else {
			list[i] = number(t, 0)
		}
	}
	if texts {
		return &cql2.In{Value: textOf(t), List: list}
	}
	return &cql2.In{Value: number(t, 1), List: list}
}

func like(t *rapid.T) cql2.Expr {
	return &cql2.Like{Value: textOf(t), Pattern: cql2.String(pick(t, somePatterns...))}
}

func isNull(t *rapid.T) cql2.Expr {
	return &cql2.IsNull{Arg: property(pick(t, "s", "i", "r", "b", "d", "t", "j", "x", "geometry", "id"))}
}

func spatial(t *rapid.T) cql2.Expr {
	var literal cql2.Expr
	if rapid.Bool().Draw(t, "box") {
		c := func() float64 { return float64(rapid.IntRange(0, 12).Draw(t, "coordinate")) }
		w, s := c(), c()
		literal = cql2.BBox{w, s, w + 4, s + 3}
		if rapid.IntRange(0, 4).Draw(t, "across") == 0 {
			literal = cql2.BBox{w + 1, s, w - 3, s + 3}
		}
	} else {
		g := someGeometry().Filter(func(g orb.Geometry) bool { return g != nil }).Draw(t, "literal")
		literal = cql2.Geometry{Geometry: asGeom(g)}
	}
	op := pick(t, "s_contains", "s_crosses", "s_disjoint", "s_equals", "s_intersects", "s_overlaps", "s_touches", "s_within")
	if rapid.Bool().Draw(t, "swap") {
		return &cql2.Spatial{Op: op, Left: literal, Right: property("geometry")}
	}
	return &cql2.Spatial{Op: op, Left: property("geom"), Right: literal}
}

func asGeom(g orb.Geometry) geom.Geometry {
	b, err := wkb.Append(nil, g, nil, nil)
	if err == nil {
		var out geom.Geometry
		if out, err = geom.UnmarshalWKB(b, geom.NoValidate{}); err == nil {
			return out
		}
	}
	panic(fmt.Sprintf("a geometry of a test: %v", err))
}

func span(t *rapid.T) cql2.Expr {
	if rapid.Bool().Draw(t, "instant") {
		if rapid.Bool().Draw(t, "property") {
			return property(pick(t, "d", "t"))
		}
		return instant(t)
	}
	end := func() cql2.Expr {
		switch rapid.IntRange(0, 3).Draw(t, "end") {
		case 0:
			return nil
		case 1:
			return property(pick(t, "d", "t"))
		}
		return instant(t)
	}
	return &cql2.Interval{Start: end(), End: end()}
}

func temporal(t *rapid.T) cql2.Expr {
	op := pick(t, "t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy", "t_finishes",
		"t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts")
	return &cql2.Temporal{Op: op, Left: span(t), Right: span(t)}
}

func arrays(t *rapid.T) cql2.Expr {
	list := pick(t, cql2.Array{cql2.String("a")}, cql2.Array{cql2.String("a"), cql2.String("b")}, cql2.Array{cql2.Number(1)}, cql2.Array{})
	return &cql2.ArrayOp{Op: pick(t, "a_containedBy", "a_contains", "a_equals", "a_overlaps"), Left: property("j"), Right: list}
}
