package notice

import (
	"fmt"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, format string
		args         []any
	}{
		{"1 road was left out.", "%d [road was|roads were] left out.", []any{1}},
		{"0 roads were left out.", "%d [road was|roads were] left out.", []any{0}},
		{"11 roads were left out.", "%d [road was|roads were] left out.", []any{int64(11)}},
		{`1 road of class "a|b]" was left out.`, "%d [road|roads] of class %q [was|were] left out.", []any{1, "a|b]"}},
		{"1 of 2 rows lies in none.", "%d of %d [row|rows] [1:lies|lie] in none.", []any{1, 2}},
		{"2 of 2 rows lie in none.", "%d of %d [row|rows] [1:lies|lie] in none.", []any{2, 2}},
		{"1 person", "%.0f [person|people]", []any{1.4}},
		{"1.5 people", "%.1f [person|people]", []any{1.5}},
		{"in 1 cell all within 2 minutes", "in %d [cell|cells] all within %d [minute|minutes]", []any{1, 2}},
		{"100 % of 1 stop", "100 %% of %d [stop|stops]", []any{1}},
		{"[a|b] [1:a|b] [ [x] 3 b", "[a|b] [1:a|b] [ [x] %d [a|b]", []any{3}},
		{"schools[level = 'a'] 1", "%s %d", []any{"schools[level = 'a']", 1}},
		{"", "", nil},
		{"49,986 of 1,234,567 cells, 1,000.5 m, -1,000, 999", "%d of %d cells, %.1f m, %d, %d", []any{49986, int64(1234567), 1000.5, -1000, 999}},
		{"on 4 May 2016, 1e+06, 00012, year 2016", "on %s, %g, %05d, year %s", []any{Day("2016-05-04"), 1e6, 12, "2016"}},
		{"on some day of 2016-05-04", "on %s of %s", []any{Day("some day"), "2016-05-04"}},
	} {
		if got := Text(c.format, c.args...); got != c.want {
			t.Errorf("%q %v: %q, want %q", c.format, c.args, got, c.want)
		}
	}
}

func TestItalian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, format string
		args         []any
	}{
		{"49.986 celle su 1.234.567", "%d [cella|celle] su %d", []any{49986, 1234567}},
		{"1 cella, 0,5 km, 3.249,0 persone", "%d [cella|celle], %g km, %.1f persone", []any{1, 0.5, 3249.0}},
		{"il 4 maggio 2016 in \"popolazione-2011\"", "il %s in %q", []any{Day("2016-05-04"), "popolazione-2011"}},
	} {
		if got := Italian(c.format, c.args...); got != c.want {
			t.Errorf("%q %v: %q, want %q", c.format, c.args, got, c.want)
		}
	}
}

// Wrong formats are told as fmt tells them, and nothing panics.
func FuzzText(f *testing.F) {
	for _, s := range []string{"%d [a|b]", "%d %", "%", "%[1]d", "%!", "[", "%d [9:a|b]", "%d [-1:a|b]", "%5.2f%%", "é%dè[à|ò]"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, format string, n int) {
		n %= 1000 // more is written in groups
		got := Text(format, n)
		if !strings.ContainsAny(format, "[]") {
			if want := fmt.Sprintf(format, n); got != want && !strings.Contains(want, "%!") {
				t.Errorf("%q: %q, want %q", format, got, want)
			}
		}
	})
}
