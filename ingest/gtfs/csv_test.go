package gtfs

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"contado/geo/fault"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func rowsOf(t *testing.T, text string) ([][]string, []int, error) {
	t.Helper()
	tab, err := newTable("x.txt", strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	out, lines := [][]string{append([]string(nil), tab.columns...)}, []int{1}
	for {
		ok, err := tab.scan()
		if err != nil || !ok {
			return out, lines, err
		}
		out, lines = append(out, append([]string(nil), tab.row...)), append(lines, tab.line)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		want  [][]string
		lines []int
	}{
		"plain":            {"a,B\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 2}},
		"mark":             {"\xef\xbb\xbfa,b\r\n1,2", [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 2}},
		"quotes":           {"a,b\n\"x, \"\"y\"\"\",\"\"\n", [][]string{{"a", "b"}, {`x, "y"`, ""}}, []int{1, 2}},
		"line in a value":  {"a,b\n\"1\n2\",3\n4,5\n", [][]string{{"a", "b"}, {"1\n2", "3"}, {"4", "5"}}, []int{1, 2, 4}},
		"blank lines":      {"a,b\n\n  \r\n1,2\n\n", [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 4}},
		"short and long":   {"a,b\n1\n1,2,3\n", [][]string{{"a", "b"}, {"1"}, {"1", "2", "3"}}, []int{1, 2, 3}},
		"spaces":           {"a , b\n  1, \"2\" ,x\n", [][]string{{"a", "b"}, {"1", "2", "x"}}, []int{1, 2}},
		"after the quote":  {"a\n\"1\"2\n", [][]string{{"a"}, {"12"}}, []int{1, 2}},
		"quote inside":     {"a,b\n5\" pipe,2\n", [][]string{{"a", "b"}, {`5" pipe`, "2"}}, []int{1, 2}},
		"Windows-1252":     {"a\nCitt\xe0\n", [][]string{{"a"}, {"Città"}}, []int{1, 2}},
		"empty last value": {"a,b\n1,\n,\n", [][]string{{"a", "b"}, {"1", ""}, {"", ""}}, []int{1, 2, 3}},
		"NUL":              {"a\nx\x00y\n", [][]string{{"a"}, {"xy"}}, []int{1, 2}},
	} {
		got, lines, err := rowsOf(t, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(c.lines, lines); d != "" {
			t.Errorf("%s: lines: %s", name, d)
		}
	}
	for text, says := range map[string]string{
		"": "no header", "\n\n": "no header", "a,b\n\"1,2\n3": "line 2: a quote is not closed", "\xff\xfea\x00": "UTF-16", "a\n\"" + strings.Repeat("x", 2<<20): "1 MB",
	} {
		if _, _, err := rowsOf(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", text, err, says)
		}
	}
}

// TestCSVSameAsStandard: what encoding/csv writes is read as it was, and what
// we write is read by it.
func TestCSVSameAsStandard(t *testing.T) {
	t.Parallel()
	value := rapid.StringMatching(`[a-z0-9 ,"\nàé-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "columns")
		want := rapid.SliceOfN(rapid.SliceOfN(value, n, n), 1, 6).Draw(t, "rows")
		var std bytes.Buffer
		w := csv.NewWriter(&std)
		var own []byte
		for _, r := range want {
			for i := range r {
				r[i] = clean(r[i])
			}
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
			own = appendRow(own, r)
		}
		w.Flush()
		for _, text := range []string{std.String(), string(own)} {
			tab := &table{name: "x", in: newTestReader(text), next: 1}
			for i, r := range want {
				ok, err := tab.scan()
				if err != nil || !ok {
					t.Fatalf("row %d: %v %v", i, ok, err)
				}
				if d := cmp.Diff(r, tab.row); d != "" {
					t.Fatalf("row %d: %s", i, d)
				}
			}
		}
		back, err := csv.NewReader(bytes.NewReader(own)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, back); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"2\"\"\"\n")
	f.Add("\xef\xbb\xbfstop_id,stop_name\r\nA,\"x\ny\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		tab, err := newTable("x.txt", strings.NewReader(text))
		for err == nil {
			var ok bool
			if ok, err = tab.scan(); !ok {
				break
			}
			if tab.line < 1 || tab.line > strings.Count(text, "\n")+1 {
				t.Fatalf("line %d", tab.line)
			}
			for i := range tab.columns {
				if v := tab.value(i); !bytes.Equal([]byte(v), bytes.ToValidUTF8([]byte(v), nil)) {
					t.Fatalf("no UTF-8: %q", v)
				}
			}
		}
		var own *fault.Error
		if err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &own) {
			t.Fatalf("%v", err)
		}
	})
}

func newTestReader(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }
