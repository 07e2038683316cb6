package expr

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"contado/geo/fault"
)

func TestCanonicalText(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"(nir-red)/(nir+red)", "(nir - red) / (nir + red)"},
		{" a+b*c ", "a + b * c"},
		{"(a+b)*c", "(a + b) * c"},
		{"a-(b-c)", "a - (b - c)"},
		{"(a-b)-c", "a - b - c"},
		{"a/(b*c)", "a / (b * c)"},
		{"-a^2", "-a^2"},
		{"(-a)^2", "(-a)^2"},
		{"a^b^c", "a^b^c"},
		{"(a^b)^c", "(a^b)^c"},
		{"a**-b", "a^-b"},
		{"pow(a+1, 2)", "(a + 1)^2"},
		{"- - a", "--a"},
		{"+a", "a"},
		{"a and not b or c", "a && !b || c"},
		{"not a > b", "!(a > b)"},
		{"!a > b", "!a > b"},
		{"a AND b", "a && b"},
		{"where(a, b, c)", "a ? b : c"},
		{"a ? b ? 1 : 2 : c ? 3 : 4", "a ? b ? 1 : 2 : c ? 3 : 4"},
		{"(a ? b : c) ? 1 : 2", "(a ? b : c) ? 1 : 2"},
		{"2 * where(a > 1, b, c)", "2 * (a > 1 ? b : c)"},
		{"(a < b) == (c < d)", "(a < b) == (c < d)"},
		{"MIN(a,b,c); b4", "min(a, b, c); b4"},
		{`"odd \"n\\ame" + "red"`, `"odd \"n\\ame" + red`},
		{`"pi" * pi`, `"pi" * pi`},
		{`"8A" + "NOT"`, `"8A" + "NOT"`},
		{".5 + 1.50 + 1E3 + 5.", "0.5 + 1.5 + 1000 + 5"},
		{"blåbär + B8A", "blåbär + B8A"},
	} {
		e, err := Parse(c[0])
		if err != nil {
			t.Errorf("%q: %v", c[0], err)
			continue
		}
		if e.String() != c[1] {
			t.Errorf("%q prints as %q, want %q", c[0], e.String(), c[1])
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() || !slices.Equal(again.Bands(), e.Bands()) {
			t.Errorf("%q: read again as %v (%v)", e, again, err)
		}
	}
}

func TestErrorsSayWhereAndWhat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "column 1: expected a number, a band, a function or '(', found the end",
		"a +":                            "column 4: expected a number",
		"a b":                            "column 3: expected an operator, ';' or the end, found 'b'",
		"(a":                             "column 3: expected ')'",
		"a)":                             "column 2: expected an operator",
		"a;;b":                           "column 3: expected a number",
		"a < b < c":                      "column 7: comparisons are not chained",
		"a = b":                          "column 3: '=' is not an operator here; write '=='",
		"a <> b":                         "column 3: '<>' is not an operator here; write '!='",
		"a & b":                          "column 3: '&' is not an operator here; write '&&'",
		"a % b":                          "column 3: '%' is not an operator",
		"è + @":                          "column 5: the character '@'",
		"ndvi(a)":                        "column 1: there is no function 'ndvi'; there are abs",
		"1 + clamp(a, b)":                "column 5: clamp(x, low, high) is given 2 arguments",
		"min(a)":                         "column 1: min(x, y, …) is given 1 arguments",
		"sqrt()":                         "column 1: sqrt(x) is given 0 arguments",
		"a ? b":                          "column 6: expected ':'",
		`"a`:                             "column 1: the quoted name is not closed",
		`""`:                             "column 1: the quotes hold no name",
		"8A + 1":                         "column 1: '8' is followed by 'A'; put a name that begins with a digit in double quotes",
		"1..2":                           "column 1: '1.' is followed by '.'",
		".":                              "column 1: '.' is not a number",
		"1e39":                           "column 1: '1e39' is not a number that a cell can hold",
		"a\xff":                          "not valid UTF-8",
		"and":                            "column 1: expected a number",
		"a * not b":                      "column 5: expected a number",
		strings.Repeat("a+", 1001) + "a": "bytes long",
		strings.Repeat("(", 65) + "a" + strings.Repeat(")", 65): "nested deeper than 64",
		strings.Repeat("b+", 600) + "0":                         "more than 1000 numbers",
		strings.Repeat("bb+", 450) + "0":                        "at most 2000 are read",
		strings.Repeat("a;", 16) + "a":                          "more than 16 outputs",
		strings.Repeat("exp(a)+", 64) + "log(a)":                "more than 64 powers",
	} {
		_, err := Parse(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestBoundsHold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("(", 64) + "a" + strings.Repeat(")", 64),
		strings.Repeat("a+", 499) + "a",
		strings.Repeat("a;", 15) + "a",
		strings.Repeat("exp(a)+", 63) + "log(a)",
		strings.Repeat("-", 900) + "a",
		strings.Repeat("a?", 300) + "b" + strings.Repeat(":c", 300),
	} {
		e, err := Parse(text)
		if err != nil && strings.Contains(err.Error(), "bytes long") {
			continue // by the spaces of the canonical text
		}
		if err != nil {
			t.Errorf("%.40q…: %v", text, err)
			continue
		}
		if again, err := Parse(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%.40q…: canonical text is not read again: %v", text, err)
		}
	}
	if _, err := Parse(strings.Repeat("a+", 501) + "a"); err == nil {
		t.Error("1003 nodes are accepted")
	}
}

// one runs a program on one cell.
func one(t testing.TB, text string, cells map[string]float32) (float32, bool) {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var bands [][]float32
	p, err := e.Bind(func(ref string) (int, error) {
		v, ok := cells[ref]
		if !ok {
			return 0, fmt.Errorf("no value for %s", ref)
		}
		bands = append(bands, []float32{v})
		return len(bands) - 1, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	dst, mask := []float32{-99}, []uint8{255}
	p.Run([][]float32{dst}, mask, bands)
	return dst[0], mask[0] == 255
}

func TestValues(t *testing.T) {
	t.Parallel()
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	cells := map[string]float32{"a": 2, "b": 3, "z": 0, "n": -4, "inf": inf, "nan": nan}
	none := float32(math.NaN())
	for text, want := range map[string]float32{
		"a + b * 2": 8, "(a + b) * 2": 10, "a - b - 1": -2, "a / b / 2": 2. / 6, "-a^2": -4, "(-a)^2": 4, "2^-1": 0.5,
		"a^b^2": 512, "(a^b)^2": 64, "a^0.5": float32(math.Sqrt2), "b^3": 27, "n^3": -64, "a^-1": 0.5, "a^1.5": 2.828427,
		"a < b": 1, "a >= b": 0, "a == 2": 1, "a != 2": 0, "a <= 2 && b > 2": 1, "z || z": 0, "z or b": 1, "!a": 0, "not z": 1,
		"a > 1 ? b : n": 3, "where(z, b, n)": -4, "(a > 1) * 10 + (b > 5)": 10,
		"min(a, b, n)": -4, "max(a, b, n)": 3, "abs(n)": 4, "sqrt(4 * a + 1)": 3, "exp(z)": 1, "log(exp(a))": 2, "log10(1000 * a / 2)": 3,
		"sin(pi / 2) + cos(z) + tan(z)": 2, "4 * atan(1)": math.Pi, "atan2(1, -1)": 3 * math.Pi / 4, "floor(n / 3)": -2, "ceil(n / 3)": -1,
		"round(b / 2)": 2, "round(-b / 2)": -2, "clamp(b, 0, 1)": 1, "clamp(n, -1, 1)": -1, "sign(n)": -1, "sign(z)": 0, "sign(b)": 1,
		"isnan(a)": 0, "isnan(nan)": 1, "isnan(inf)": 1, "isnan(1 / z)": 1, "isnan(1 / 0)": 1, "coalesce(nan, inf, b)": 3, "coalesce(1 / z, b)": 3,
		// no value
		"1 / z": none, "z / z": none, "inf": none, "nan": none, "inf - inf": none, "1 / inf": none, "atan(inf)": none, "min(a, inf)": none,
		"max(a, nan)": none, "clamp(inf, 0, 1)": none, "sign(nan)": none, "inf > a": none, "a < inf": none, "nan == nan": none, "nan != a": none,
		"sqrt(n)": none, "log(z)": none, "log(n)": none, "exp(1000)": none, "exp(500 * a)": none, "n^0.3": none, "nan^0": none, "1^nan": none,
		"where(nan, 1, 2)": none, "!nan": none, "1e30 * 1e30": none, "a * 1e30 * 1e30": none, "1 / (a * 1e30 * 1e30)": none, "0^-1": none, "z^-1": none,
		// looked past
		"where(z, nan, b)": 3, "where(z == 0, 0, 1 / z)": 0, "z && nan": 0, "nan && z": 0, "a || nan": 1, "nan || a": 1,
		"a && nan": none, "z || nan": none, "where(1 / z > 1, 1, 2)": none,
	} {
		got, valid := one(t, text, cells)
		if want != want { //nolint:staticcheck // NaN
			if valid || got != 0 {
				t.Errorf("%s = %v, valid %v; want no value", text, got, valid)
			}
		} else if !valid || math.Abs(float64(got-want)) > 2e-6*math.Max(1, math.Abs(float64(want))) {
			t.Errorf("%s = %v, valid %v; want %v", text, got, valid, want)
		}
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	e, err := Parse("red + swir + red; 1")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Bands(); !slices.Equal(got, []string{"red", "swir"}) || e.Outputs() != 2 || !slices.Equal(e.Titles(), []string{"red + swir + red", "1"}) {
		t.Errorf("bands %v, outputs %d, titles %q", got, e.Outputs(), e.Titles())
	}
	_, err = e.Bind(func(ref string) (int, error) {
		if ref == "swir" {
			return 0, fault.Errorf("x", fault.NotExist, "no such band")
		}
		return 0, nil
	})
	if !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "swir") {
		t.Errorf("bind: %v", err)
	}
}

// TestSharedRows: outputs may be written over the bands, be equal, be bands
// as they are, and all cells of masked chunks become 0.
func TestSharedRows(t *testing.T) {
	t.Parallel()
	const n = 3*chunk + 5
	e, err := Parse("b; a; a + b; a + b; 7")
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Bind(func(ref string) (int, error) { return int(ref[0] - 'a'), nil })
	if err != nil {
		t.Fatal(err)
	}
	r := rows(5, n)
	mask := make([]uint8, n)
	for i := range n {
		r[0][i], r[1][i] = float32(i), float32(2*i)
		if i >= chunk && i < 2*chunk+9 {
			continue
		}
		mask[i] = 255
	}
	p.Run(r, mask, r[:2])
	for i := range n {
		want := []float32{float32(2 * i), float32(i), float32(3 * i), float32(3 * i), 7}
		if mask[i] == 0 {
			want = make([]float32, 5)
		}
		for k := range want {
			if r[k][i] != want[k] {
				t.Fatalf("output %d of cell %d is %v, want %v", k, i, r[k][i], want[k])
			}
		}
	}
}

func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	e, err := Parse("(a - b) / (a + b) > 0.1 ? sqrt(a * b) : a^3 - b")
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Bind(func(ref string) (int, error) { return int(ref[0] - 'a'), nil })
	if err != nil {
		t.Fatal(err)
	}
	const n = 5000
	rng := rand.New(rand.NewPCG(1, 2))
	bands := rows(2, n)
	for i := range n {
		bands[0][i], bands[1][i] = rng.Float32()*50+1, rng.Float32()*50+1
	}
	want := rows(1, n)
	p.Run(want, nil, bands)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got := rows(1, n)
				p.Run(got, nil, bands)
				if !slices.Equal(got[0], want[0]) {
					t.Error("results differ between runs")
				}
			}
		})
	}
	wg.Wait()
}

// TestCommonWorkIsDoneOnce looks at the instructions that programs become.
func TestCommonWorkIsDoneOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int{ // instructions, working rows
		"(nir - red) / (nir + red)":                {1, 1},
		"(nir - red) / (red + nir)":                {1, 1},
		"(a + b) * (b + a)":                        {2, 1},
		"1 + 2 * 3 - sqrt(16)":                     {0, 0},
		"a * (1 + 1)":                              {1, 1},
		"(a - b) / (a + b); (a - b) / (a + b) + 1": {2, 2},
		"where(1 > 0, a, b / c)":                   {0, 0},
		"((a + b) * c - d) * e + a":                {5, 1},
	} {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Bind(func(ref string) (int, error) { return int(ref[0]), nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{len(p.code), p.rows}; got != want {
			t.Errorf("%s: %v instructions and rows, want %v", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range indices {
		f.Add(x.Formula)
	}
	for _, s := range []string{"a ? b : c; !d && 1e-3 < .5", `"x\"y"^-2 ** not z`, "where(min(a,b,c), clamp(1,2,3), coalesce(a))", "((((", "not not a > b", "é*1."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v is not Invalid", text, err)
			}
			return
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() || !slices.Equal(again.Bands(), e.Bands()) {
			t.Fatalf("%q prints as %q, which reads as %v (%v)", text, e, again, err)
		}
		p, err := e.Bind(func(ref string) (int, error) { return len(ref) % 3, nil })
		if err != nil {
			t.Fatal(err)
		}
		bands := [][]float32{{1, 0, float32(math.Inf(1))}, {-2, 5, 7}, {0.5, float32(math.NaN()), 3}}
		dst, mask := rows(e.Outputs(), 3), []uint8{255, 255, 0}
		p.Run(dst, mask, bands)
		for _, d := range dst {
			for i, v := range d {
				if v-v != 0 || (mask[i] == 0 && v != 0) {
					t.Fatalf("%q: cell %d is %v with mask %d", text, i, v, mask[i])
				}
			}
		}
	})
}

func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"NDVI", "EVI", "SAVI", "MSAVI", "BSI"} {
		b.Run(name, func(b *testing.B) {
			x, _ := FindIndex(name)
			benchmarkProgram(b, x.Formula)
		})
	}
	b.Run("clouds", func(b *testing.B) { benchmarkProgram(b, "nir > 0.3 && red < 0.4 ? (nir - red) / (nir + red) : -1") })
}

// benchmarkProgram runs a tile of 256 × 256 cells.
func benchmarkProgram(b *testing.B, text string) {
	const n = 256 * 256
	e, err := Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	slots := 0
	p, err := e.Bind(func(string) (int, error) { slots++; return slots - 1, nil })
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	bands, dst, mask := rows(slots, n), rows(1, n), make([]uint8, n)
	for i := range n {
		mask[i] = 255
		for k := range bands {
			bands[k][i] = rng.Float32()
		}
	}
	b.SetBytes(n * 4)
	b.ReportAllocs()
	for b.Loop() {
		p.Run(dst, mask, bands)
	}
}
