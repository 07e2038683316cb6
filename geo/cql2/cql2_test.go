package cql2_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/scripts/shareddata"
)

func parse(t testing.TB, s string) cql2.Expr {
	t.Helper()
	e, err := cql2.ParseText(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return e
}

func asJSON(t testing.TB, e cql2.Expr) string {
	t.Helper()
	b, err := cql2.JSON(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The examples of the standard, in both encodings.
func TestExamplesAgree(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "cql2/examples")
	texts, err := filepath.Glob(filepath.Join(dir, "text", "*.txt"))
	if err != nil || len(texts) < 100 {
		t.Fatal(len(texts), err)
	}
	for _, path := range texts {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fromText, err := cql2.ParseText(string(src))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, src)
			continue
		}
		if again, err := cql2.ParseText(cql2.Text(fromText)); err != nil || asJSON(t, again) != asJSON(t, fromText) {
			t.Errorf("%s: written as %s: %v", name, cql2.Text(fromText), err)
		}
		base, _, _ := strings.Cut(name, "-alt")
		src, err = os.ReadFile(filepath.Join(dir, "json", base+".json"))
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := cql2.ParseJSON(src)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if a, b := asJSON(t, fromText), asJSON(t, fromJSON); !sameJSON(t, a, b) {
			t.Errorf("%s: text gives\n%s, JSON\n%s", name, a, b)
		}
		if !sameJSON(t, asJSON(t, fromJSON), string(src)) {
			t.Errorf("%s: %s becomes %s", base, src, asJSON(t, fromJSON))
		}
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "json", "*.json")); len(all) < 100 {
		t.Fatalf("%d examples in JSON", len(all))
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestTextErrors(t *testing.T) {
	t.Parallel()
	for in, words := range map[string]string{
		"":                                 "empty",
		"a":                                "no condition",
		"a = ":                             "at character 5: a value is expected",
		"a = 'x":                           "at character 5: the quote",
		"é = #":                            "at character 5: the character '#'",
		"a = 1 b":                          "at character 7",
		"a ++ 1 = 2":                       "",
		"a BETWEEN 1 OR 2":                 "AND is expected",
		"a IN ()":                          "takes a list",
		"a IN 1":                           "\"(\" is expected",
		"a IS 1":                           "NULL is expected",
		"a = 1 AND":                        "a value is expected",
		"NOT 5":                            "not takes a condition",
		"a AND b = 1":                      "and takes a condition",
		"S_INTERSECTS(g)":                  "takes 2 arguments",
		"S_INTERSECTS(g, 5)":               "takes a geometry",
		"S_INTERSECTS(g, POINT(1))":        "cannot be read",
		"S_INTERSECTS(g, POINT(1 2)":       "expected",
		"S_INTERSECTS(g, POLYGON((1 2":     "not closed",
		"S_INTERSECTS(g, BBOX(1,2,3))":     "4 or 6",
		"S_INTERSECTS(g, BBOX(1,2,3,'a'))": "numbers only",
		"S_INTERSECTS(g, BBOX(1,9,3,4))":   "south",
		"T_AFTER(d, DATE('2020-13-01'))":   "no date",
		"T_AFTER(d, DATE('2020-01-01T00:00:00Z'))":                  "no date",
		"T_AFTER(d, TIMESTAMP('yesterday'))":                        "no date",
		"T_AFTER(d, INTERVAL('2021-01-01','2020-01-01'))":           "before it begins",
		"T_AFTER(d, INTERVAL('2021-01-01'))":                        "two ends",
		"T_AFTER(d, 5)":                                             "t_after takes a date",
		"a LIKE 5":                                                  "pattern",
		"a = 1 AND b = TRUE AND (c = 3":                             "\")\" is expected",
		strings.Repeat("(", 100) + "a=1" + strings.Repeat(")", 100): "deeper",
		strings.Repeat("NOT ", 100) + "a=1":                         "deeper",
		"a = 1" + strings.Repeat(" ", 70_000):                       "limit",
		"a IN (" + strings.Repeat("1,", 6000) + "1)":                "more than",
		"\xff = 1":               "UTF-8",
		"date = 1 AND point = 2": "",
		"a = 1e999":              "no number",
	} {
		_, err := cql2.ParseText(in)
		if words == "" {
			if err != nil {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("%.80q: %v, want %q", in, err, words)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	t.Parallel()
	for in, words := range map[string]string{
		``:        "no JSON",
		`{} {}`:   "more than one",
		`5`:       "no condition",
		`null`:    "null",
		`{"a":1}`: "at $: an object with op",
		`{"op":"and","args":[{"op":"=","args":[{"property":"a"},1]},{"op":"<","args":[{"property":""},1]}]}`: "at $.args[1].args[0]",
		`{"op":"=","args":[1]}`:      "takes 2 arguments",
		`{"op":"=","args":{}}`:       "an array",
		`{"op":5,"args":[]}`:         "name of an operator",
		`{"op":"no such","args":[]}`: "no operator",
		`{"op":"s_within","args":[{"property":"g"},{"type":"Point","coordinates":"x"}]}`:     "cannot be read",
		`{"op":"s_within","args":[{"property":"g"},{"type":"Feature","coordinates":[1,2]}]}`: "no type of a GeoJSON",
		`{"op":"s_within","args":[{"property":"g"},{"bbox":[1,2,3]}]}`:                       "4 or 6",
		`{"op":"t_after","args":[{"property":"d"},{"date":5}]}`:                              "takes a text",
		`{"op":"in","args":[{"property":"d"},5]}`:                                            "list",
		strings.Repeat(`{"op":"not","args":[`, 100) + `true` + strings.Repeat(`]}`, 100):     "deeper",
	} {
		if _, err := cql2.ParseJSON([]byte(in)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("%.80q: %v, want %q", in, err, words)
		}
	}
}

func day(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestMatch(t *testing.T) {
	t.Parallel()
	clouds := 12.5
	thing := map[string]any{
		"name": "Città di Castello", "empty": "", "n": int64(7), "x": 2.5, "yes": true, "clouds": &clouds,
		"at": day("2020-06-15T10:30:00Z"), "on": "2020-06-15", "from": day("2020-01-01T00:00:00Z"), "to": day("2020-12-31T00:00:00Z"),
		"g": orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}, "tags": []string{"a", "b"}, "none": nil, "odd%": `50% \ off`,
	}
	for filter, want := range map[string]bool{
		"name = 'Città di Castello'": true, "name <> 'x'": true, "name < 'D'": true, "name > 'D'": false,
		"n = 7": true, "n = 7.0": true, "n >= 8": false, "x <= 2.5": true, "n BETWEEN 7 AND 8": true, "n NOT BETWEEN 7 AND 8": false,
		"n IN (1,7)": true, "n NOT IN (1,7)": false, "name IN ('a')": false, "clouds < 20": true,
		"yes = true": true, "yes = FALSE": false, "TRUE": true, "FALSE OR yes = TRUE": true,
		"name LIKE 'Citt%'": true, "name LIKE 'citt%'": false, "CASEI(name) LIKE CASEI('CITTÀ%')": true,
		"ACCENTI(name) LIKE 'Citta%'": true, "ACCENTI(CASEI(name)) = ACCENTI(CASEI('CITTA DI CASTELLO'))": true,
		"name LIKE 'Citt_ di C%o'": true, "name LIKE '%'": true, "empty LIKE '%'": true, "empty LIKE '_'": false, "name LIKE ''": false,
		`"odd%" LIKE '50\% %'`: true, `"odd%" LIKE '5\%%'`: false, `"odd%" LIKE '%\\ off'`: true, `"odd%" LIKE '%\ off'`: true,
		"none IS NULL": true, "none IS NOT NULL": false, "name IS NULL": false,
		"none = 1": false, "NOT none = 1": false, "none = 1 OR n = 7": true, "none = 1 AND n = 7": false, "NOT (none = 1 AND n = 8)": true,
		"n + 1 = 8": true, "n * 2 - 4 = 10": true, "n / 2 = 3.5": true, "n div 2 = 3": true, "n % 4 = 3": true, "2 ^ n = 128": true,
		"-n = -7": true, "2 + 3 * 4 ^ 2 = 50": true, "n / 0 = 1": false, "NOT n / 0 = 1": false, "(n + 1) * 2 = 16": true,
		"at > DATE('2020-06-14')": true, "at > DATE('2020-06-15')": false, "at = DATE('2020-06-15')": true,
		"at < TIMESTAMP('2020-06-15T10:30:00.5Z')": true, "at >= TIMESTAMP('2020-06-15T12:30:00+02:00')": true,
		"at >= '2020-06-15T10:30:00Z'": true, "at < '2020-06-15T10:30:00Z'": false,
		"on = DATE('2020-06-15')": true, "T_AFTER(on, DATE('2020-06-14'))": true,
		"T_AFTER(at, DATE('2020-06-15'))": false, "T_BEFORE(at, DATE('2020-06-16'))": true, "T_EQUALS(at, DATE('2020-06-15'))": true,
		"T_DURING(at, INTERVAL('2020-01-01','..'))": true, "T_DURING(INTERVAL(from, to), INTERVAL('2019-01-01','2021-01-01'))": true,
		"T_INTERSECTS(at, INTERVAL('2020-06-15T10:30:00Z','2020-06-16'))": true, "T_INTERSECTS(at, INTERVAL('..','2020-06-14'))": false,
		"T_DISJOINT(at, INTERVAL('..','2020-06-14'))": true, "T_CONTAINS(INTERVAL(from,to), INTERVAL('2020-02-01','2020-03-01'))": true,
		"T_MEETS(INTERVAL(from,to), INTERVAL('2020-12-31','2021-03-01'))": true, "T_METBY(INTERVAL('2020-12-31','2021-03-01'), INTERVAL(from,to))": true,
		"T_STARTS(INTERVAL('2020-01-01','2020-02-01'), INTERVAL(from,to))": true, "T_STARTEDBY(INTERVAL(from,to), INTERVAL('2020-01-01','2020-02-01'))": true,
		"T_FINISHES(INTERVAL('2020-11-01','2020-12-31'), INTERVAL(from,to))": true, "T_FINISHEDBY(INTERVAL(from,to), INTERVAL('2020-11-01','2020-12-31'))": true,
		"T_OVERLAPS(INTERVAL(from,to), INTERVAL('2020-11-01','2021-12-31'))": true, "T_OVERLAPPEDBY(INTERVAL('2020-11-01','2021-12-31'), INTERVAL(from,to))": true,
		"T_AFTER(none, DATE('2020-06-14'))": false, "NOT T_AFTER(none, DATE('2020-06-14'))": false,
		"S_INTERSECTS(g, POINT(5 5))": true, "S_INTERSECTS(POINT(5 5), g)": true, "S_INTERSECTS(g, BBOX(10,10,20,20))": true, "S_DISJOINT(g, BBOX(11,0,20,20))": true,
		"S_WITHIN(g, BBOX(0,0,10,10))": true, "S_CONTAINS(g, POINT(10 5))": false, "S_TOUCHES(g, POINT(10 5))": true,
		"S_EQUALS(g, POLYGON((10 10,0 10,0 0,10 0,10 10)))": true, "S_CROSSES(LINESTRING(-5 5,5 5), g)": true, "S_OVERLAPS(g, BBOX(5,5,15,15))": true,
		"S_INTERSECTS(g, BBOX(170,0,1,5))": true, "S_INTERSECTS(g, BBOX(170,0,-170,5))": false, "S_INTERSECTS(g, BBOX(1,1,-5,2,2,5))": true,
		"S_INTERSECTS(none, POINT(1 1))": false, "S_INTERSECTS(g, POINT EMPTY)": false,
		"upper(name) = 'CITTÀ DI CASTELLO'": true, "lower(name) LIKE 'città%'": true, "length(name) = 17": true, "length(empty) = 0": true,
		"abs(-3) = 3": true, "abs(n) = 7": true, "ceil(x) = 3 AND floor(x) = 2 AND round(x) = 3": true, "round(0 - x) = -3": true,
		"year(at) = 2020 AND month(at) = 6 AND day(at) = 15": true, "year(on) = 2020": true, "concat(name, 'x') = 'Città di Castellox'": true,
		"trim(concat(' ', name)) = name": true, "upper(none) = 'X'": false, "upper(none) IS NULL": true, "NOT length(none) > 3": false,
		"length(upper(name)) IN (16, 17)": true, "length(name) BETWEEN 1 AND 5": false, "CASEI(upper(name)) = CASEI(name)": true,
		"A_CONTAINS(tags, ('a'))": true, "A_CONTAINEDBY(tags, ('a','b','c'))": true, "A_EQUALS(('b','a'), tags)": true, "A_OVERLAPS(tags, ('x','y'))": false,
	} {
		f, err := cql2.Compile(parse(t, filter), nil)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got, err := f.Match(func(n string) any { return thing[n] }); err != nil || got != want {
			t.Errorf("%s: %v %v", filter, got, err)
		}
	}
}

func TestCompileChecksTypes(t *testing.T) {
	t.Parallel()
	types := map[string]cql2.Type{"name": cql2.TextType, "n": cql2.NumberType, "at": cql2.TimeType, "g": cql2.GeometryType, "yes": cql2.BooleanType}
	look := func(n string) (cql2.Type, bool) { ty, ok := types[n]; return ty, ok }
	for filter, kind := range map[string]fault.Kind{
		"nome = 'x'": fault.Invalid, "n = 'x'": fault.Invalid, "name > 5": fault.Invalid, "S_INTERSECTS(name, POINT(1 1))": fault.Invalid,
		"T_AFTER(n, DATE('2020-01-01'))": fault.Invalid, "n LIKE 'a%'": fault.Invalid, "at = 'soon'": fault.Invalid, "g = 5": fault.Invalid,
		"f(n) = 5": fault.Unsupported, "f(n)": fault.Unsupported, "upper(n) = 'X'": fault.Invalid, "upper(name)": fault.Invalid, "upper(name) = 5": fault.Invalid,
		"upper(name, name) = 'X'": fault.Invalid, "abs('x') = 5": fault.Invalid, "year(name) = 2020": fault.Invalid, "abs(abs(name)) = 1": fault.Invalid, "n = yes": fault.Invalid, "n BETWEEN 1 AND 'b'": fault.Invalid, "CASEI(n) = 'x'": fault.Invalid,
	} {
		if _, err := cql2.Compile(parse(t, filter), look, "name", "n"); !fault.Is(err, kind) {
			t.Errorf("%s: %v", filter, err)
		}
	}
	for _, filter := range []string{"at > '2020-01-01' AND n = 5 AND yes = true", "at BETWEEN '2020-01-01' AND '2021-01-01'", "name IS NULL AND g IS NOT NULL"} {
		if _, err := cql2.Compile(parse(t, filter), look); err != nil {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

// Counts of the standard's own tests, and of OGR for the rest.
func TestNaturalEarth(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "cql2/ne110m4cql2.gpkg")
	schema, rows := layer(t, path, "ne_110m_admin_0_countries")
	count := func(filter string) int {
		n := 0
		f, err := cql2.Compile(parse(t, filter), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			ok, err := f.Match(func(name string) any {
				if name == "geom" {
					return r.Geometry
				}
				return r.Values[schema.FieldIndex(name)]
			})
			if err != nil {
				t.Fatal(filter, err)
			}
			if ok {
				n++
			}
		}
		return n
	}
	for filter, want := range map[string]int{
		"S_INTERSECTS(geom,BBOX(0,40,10,50))":      8,
		"S_INTERSECTS(geom,BBOX(150,-90,-150,90))": 10,
		"NAME IS NOT NULL":                         177,
	} {
		if n := count(filter); n != want {
			t.Errorf("%s: %d, want %d", filter, n, want)
		}
	}
	for filter, where := range map[string]string{
		"NAME LIKE 'I%' AND POP_EST > 10000000":             "NAME LIKE 'I%' AND POP_EST > 10000000",
		"CONTINENT IN ('Europe','Asia') OR NAME = 'Canada'": "CONTINENT IN ('Europe','Asia') OR NAME = 'Canada'",
		"NOT POP_EST BETWEEN 1000000 AND 50000000":          "NOT (POP_EST BETWEEN 1000000 AND 50000000)",
		"POP_EST / 2 + 1 > 5000000":                         "POP_EST / 2 + 1 > 5000000",
	} {
		out, err := exec.Command("ogrinfo", "-q", path, "-sql", "SELECT COUNT(*) AS n FROM ne_110m_admin_0_countries WHERE "+where, "-dialect", "SQLite").CombinedOutput() //nolint:gosec // test data
		if err != nil {
			t.Fatal(err, string(out))
		}
		_, n, _ := strings.Cut(string(out), "n (Integer) = ")
		n, _, _ = strings.Cut(n, "\n")
		if got := count(filter); n == "" || n != jsonInt(got) {
			t.Errorf("%s: %d, OGR says %s", filter, got, n)
		}
	}
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

func layer(t *testing.T, path, name string) (geo.Schema, []geo.Feature) {
	t.Helper()
	v, err := gdal.OpenVector(path, []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	var schema geo.Schema
	for _, l := range v.Layers() {
		if l.Name == name {
			schema = l.Schema
		}
	}
	var rows []geo.Feature
	if err := v.Scan(t.Context(), name, func(f geo.Feature) (bool, error) {
		rows = append(rows, f)
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return schema, rows
}

// The relations agree with GEOS, through OGR, on every pair of some countries.
func TestRelationsAsGEOS(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "cql2/ne110m4cql2.gpkg")
	const script = `
import json, sys
from osgeo import ogr
ds = ogr.Open(sys.argv[1]); l = ds.GetLayer(0)
gs = [f.GetGeometryRef().Clone() for f in l][:60]
box = ogr.CreateGeometryFromWkt(sys.argv[2])
print(json.dumps({n: [i for i, g in enumerate(gs) if getattr(g, n)(box)] for n in ("Intersects","Disjoint","Within","Contains","Touches","Crosses","Overlaps","Equals")}))`
	_, rows := layer(t, path, "ne_110m_admin_0_countries")
	for _, wkt := range []string{"POLYGON((-10 30,40 35,45 60,-5 58,-10 30))", "LINESTRING(-120 -60,30 10,100 70)", "POINT(12.5 42.5)", "MULTIPOINT((2 47),(30 0),(-60 -10))"} {
		out, err := exec.Command("python3", "-c", script, path, wkt).Output() //nolint:gosec // test data
		if err != nil {
			t.Skip("python3 with osgeo is missing: ", err)
		}
		var want map[string][]int
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		for name, indices := range want {
			f, err := cql2.Compile(parse(t, "S_"+name+"(geom, "+wkt+")"), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := []int{}
			for i, r := range rows[:60] {
				ok, err := f.Match(func(string) any { return r.Geometry })
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					got = append(got, i)
				}
			}
			if !reflect.DeepEqual(got, indices) {
				t.Errorf("S_%s with %s: %v, GEOS %v", name, wkt, got, indices)
			}
		}
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	got := cql2.Properties(parse(t, "b = 1 AND T_AFTER(INTERVAL(c, a), DATE('2020-01-01')) OR b IN (d, 2)"))
	if !reflect.DeepEqual(got, []string{"b", "c", "a", "d"}) {
		t.Fatal(got)
	}
}

// Of two filters, AND is true when both are, and NOT turns true and false.
func TestLogicLaws(t *testing.T) {
	t.Parallel()
	atoms := []string{"a = 1", "b > 2", "a IS NULL", "b BETWEEN 0 AND 3", "a IN (1, 2)", "a + b = 3"}
	rapid.Check(t, func(t *rapid.T) {
		p, q := rapid.SampledFrom(atoms).Draw(t, "p"), rapid.SampledFrom(atoms).Draw(t, "q")
		values := map[string]any{}
		for _, n := range []string{"a", "b"} {
			if rapid.Bool().Draw(t, "known") {
				values[n] = float64(rapid.IntRange(0, 4).Draw(t, n))
			}
		}
		match := func(s string) bool {
			e, err := cql2.ParseText(s)
			if err != nil {
				t.Fatal(err)
			}
			f, err := cql2.Compile(e, nil)
			if err != nil {
				t.Fatal(err)
			}
			ok, err := f.Match(func(n string) any { return values[n] })
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if match(p+" AND "+q) != (match(p) && match(q)) || match(p+" OR "+q) != (match(p) || match(q)) {
			t.Fatalf("%s, %s of %v", p, q, values)
		}
		if match("NOT ("+p+" AND "+q+")") != match("(NOT "+p+") OR (NOT "+q+")") || match("NOT (NOT "+p+")") != match(p) {
			t.Fatalf("not: %s, %s of %v", p, q, values)
		}
	})
}

func addExamples(f *testing.F, kind string) {
	f.Helper()
	paths, _ := filepath.Glob("../../../shared/data/cql2/examples/" + kind + "/*")
	for _, p := range paths {
		if b, err := os.ReadFile(p); err == nil {
			f.Add(string(b))
		}
	}
}

func FuzzParseText(f *testing.F) {
	addExamples(f, "text")
	f.Add("a = 'it''s' AND \"q\"\"x\" LIKE '\\_%' OR -a*2^b < 1e-3")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := cql2.ParseText(s)
		if err != nil {
			return
		}
		again, err := cql2.ParseText(cql2.Text(e))
		if strings.Contains(s, `\`) {
			return // texts that the encoding cannot spell
		}
		if err != nil || asJSON(t, again) != asJSON(t, e) {
			t.Fatalf("%q is written as %q: %v", s, cql2.Text(e), err)
		}
		if filter, err := cql2.Compile(e, nil); err == nil {
			_, _ = filter.Match(func(string) any { return orb.Point{1, 2} })
			_, _ = filter.Match(func(string) any { return "x" })
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	addExamples(f, "json")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := cql2.ParseJSON([]byte(s))
		if err != nil {
			return
		}
		b := asJSON(t, e)
		again, err := cql2.ParseJSON([]byte(b))
		if err != nil || asJSON(t, again) != b {
			t.Fatalf("%q is written as %q: %v", s, b, err)
		}
	})
}
