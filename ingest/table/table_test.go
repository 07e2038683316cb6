package table

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func open(t *testing.T, o Options, content string) (*Table, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), path, o)
}

func mustOpen(t *testing.T, o Options, content string) (*Table, []geo.Feature) {
	t.Helper()
	tb, err := open(t, o, content)
	if err != nil {
		t.Fatal(err)
	}
	return tb, features(t, tb)
}

func features(t *testing.T, tb *Table) []geo.Feature {
	t.Helper()
	var out []geo.Feature
	err := tb.Scan(t.Context(), func(f geo.Feature) (bool, error) {
		out = append(out, f)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(out)) != tb.Rows {
		t.Fatalf("Scan yields %d features, Rows says %d", len(out), tb.Rows)
	}
	return out
}

func counted(tb *Table, code string) int64 {
	for _, n := range tb.Notices {
		if n.Code == code {
			return max(n.Count, 1)
		}
	}
	return 0
}

// A quote that is never closed swallows the rest of the file: that is an
// error, not a long cell. Closed ones may hold line ends.
func TestUnclosedQuote(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"first cell": "name,lon,lat\n\"A,9.5,46\nB,9.6,46\n",
		"last cell":  "lon,lat,name\n9.5,46,a\n9.6,46,\"b\n9.7,46,c",
	} {
		if _, err := open(t, Options{}, content); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "never closed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, content := range map[string]string{
		"closed":            "lon,lat,name\n9.5,46,\"a\nb\"\n9.6,46,\"c\n\"\n",
		"closed, no end":    "lon,lat,name\n9.5,46,\"a\nb\"",
		"closed in between": "lon,lat,name\n9.5,46,\"a\nb\"\n9.6,46,c\n",
	} {
		if _, fs := mustOpen(t, Options{}, content); fs[0].Values[2] != "a\nb" {
			t.Errorf("%s: %q", name, fs[0].Values)
		}
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	want := []any{"Bürgerhaus", int64(7), 1234.5}
	cases := map[string]string{
		"comma":                   "name,n,v\nBürgerhaus,7,1234.5\nb,8,2.25\n",
		"semicolon decimal comma": "name;n;v\nBürgerhaus;7;1.234,5\nb;8;2,25\n",
		"tab":                     "name\tn\tv\nBürgerhaus\t7\t1234.5\nb\t8\t2.25\n",
		"bar":                     "name|n|v\nBürgerhaus|7|1234.5\nb|8|2.25\n",
		"bom, crlf, quotes":       "\xef\xbb\xbf\"name\",\"n\",\"v\"\r\n\"Bürgerhaus\",\"7\",\"1,234.5\"\r\n\"b\",\"8\",\"2.25\"\r\n",
		"latin1":                  "name,n,v\nB\xfcrgerhaus,7,1234.5\nb,8,2.25\n",
		"utf-16":                  utf16("name;n;v\nBürgerhaus;7;1234,5\nb;8;2,25\n"),
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, fs := mustOpen(t, Options{}, content)
			if len(fs) != 2 || !cmp.Equal(fs[0].Values, want) {
				t.Errorf("got %v, want %v", fs, want)
			}
		})
	}
}

func utf16(s string) string {
	b := []byte{0xff, 0xfe}
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return string(b)
}

func TestTypes(t *testing.T) {
	t.Parallel()
	tb, fs := mustOpen(t, Options{Text: []string{"code"}},
		"code,lead,int,real,flag,day,moment,mixed,gap,grouped,empty\n"+
			"17,001,5,0.5,true,2024-01-31,2024-01-31 10:00:00,1,3,1.234,\n"+
			"18,002,-6,1e3,FALSE,2024-02-29,2024-02-29T10:00:00Z,x,NA,5.678,\n")
	got := map[string]geo.FieldType{}
	for _, f := range tb.Schema.Fields {
		got[f.Name] = f.Type
	}
	want := map[string]geo.FieldType{
		"code": geo.String, "lead": geo.String, "int": geo.Integer, "real": geo.Real, "flag": geo.Boolean, "day": geo.Date,
		"moment": geo.DateTime, "mixed": geo.String, "gap": geo.Integer, "grouped": geo.Real, "empty": geo.String,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	wantRow := []any{"18", "002", int64(-6), 1000.0, false, "2024-02-29", "2024-02-29T10:00:00Z", "x", nil, 5.678, nil}
	if d := cmp.Diff(wantRow, fs[1].Values); d != "" {
		t.Error(d)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	milan := orb.Point{9.19, 45.46}
	lombardy := &geo.BBox{MinX: 8.4, MinY: 44.6, MaxX: 11.5, MaxY: 46.7}
	cases := map[string]struct {
		o       Options
		content string
		want    orb.Geometry
		code    string // a notice that must be there
	}{
		"named":            {Options{}, "name,lat,lon\na,45.46,9.19\n", milan, "coordinates-found"},
		"italian":          {Options{}, "nome;LATITUDINE;LONGITUDINE\na;45,46;9,19\n", milan, "decimal-comma"},
		"explicit":         {Options{XField: "A", YField: "b"}, "name,b,A\na,45.46,9.19\n", milan, "coordinates-found"},
		"projected":        {Options{CRS: "EPSG:32632"}, "name,x,y\na,512000,5034000\n", orb.Point{512000, 5034000}, "coordinates-found"},
		"ends":             {Options{}, "name,stop_lat,fare_lon,stop_lon\na,45.46,1.5,9.19\n", milan, "coordinates-found"},
		"named before":     {Options{}, "name,old_lat,old_lon,lat,lon\na,1,2,45.46,9.19\n", milan, "coordinates-found"},
		"ends apart":       {Options{}, "name,from_lat,to_lon\na,45.46,9.19\n", nil, ""},
		"wkt":              {Options{}, "name,g\na,POINT (9.19 45.46)\n", milan, "coordinates-found"},
		"location":         {Options{}, "name,g\na,\"(45.46, 9.19)\"\n", milan, "coordinates-found"},
		"swapped by text":  {Options{}, "name,x,y,g\na,45.46,9.19,\"(45.46, 9.19)\"\n", milan, "coordinates-swapped"},
		"swapped by range": {Options{}, "name,x,y\na,41.2,112.5\n", orb.Point{112.5, 41.2}, "coordinates-swapped"},
		"swapped by place": {Options{Near: lombardy}, "name,x,y\na,45.46,9.19\n", milan, "coordinates-swapped"},
		"not swapped":      {Options{Near: lombardy}, "name,x,y\na,9.19,45.46\n", milan, "coordinates-found"},
		"missing":          {Options{}, "name,lat,lon\n,,\na,45.46,9.19\n", nil, "coordinates-missing"},
		"null island":      {Options{}, "name,lat,lon\nb,0,0\na,45.46,9.19\n", nil, "coordinates-missing"},
		"impossible":       {Options{}, "name,lat,lon\nb,945,9\na,45.46,9.19\n", milan, "coordinates-impossible"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb, fs := mustOpen(t, c.o, c.content)
			if d := cmp.Diff(c.want, fs[0].Geometry); d != "" {
				t.Error(d)
			}
			if c.code != "" && counted(tb, c.code) == 0 {
				t.Errorf("no notice %q in %v", c.code, tb.Notices)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		o       Options
		content string
		kind    fault.Kind
		phrase  string
	}{
		"no header":          {Options{}, "1,2\n3,4\n", fault.Invalid, "column names"},
		"no rows":            {Options{}, "a,b\n", fault.Invalid, "no row"},
		"degrees without":    {Options{}, "n,x,y\na,512000,5034000\n", fault.Invalid, "--crs"},
		"unknown column":     {Options{XField: "q", YField: "y"}, "n,x,y\na,1,2\n", fault.Invalid, "its columns are: n, x, y"},
		"half a pair":        {Options{XField: "x"}, "n,x,y\na,1,2\n", fault.Invalid, "both"},
		"explicit exchanged": {Options{XField: "x", YField: "y"}, "n,x,y\na,1,112\n", fault.Invalid, "exchange"},
		"endless quote":      {Options{Limits: Limits{RowBytes: 10000}}, "a,b\n\"x" + strings.Repeat("y,z\n", 5000), fault.TooLarge, "quote"},
		"rows":               {Options{Limits: Limits{Rows: 2}}, "a,b\nx,y\nx,y\nx,y\n", fault.TooLarge, "rows"},
		"columns":            {Options{Limits: Limits{Fields: 2}}, "a,b,c\nx,y,z\n", fault.TooLarge, "columns"},
		"encoding":           {Options{Encoding: "klingon"}, "a,b\nx,y\n", fault.Invalid, "klingon"},
		"binary":             {Options{}, "a,b\x00\nx,y\n", fault.Invalid, "binary"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, c.o, c.content)
			if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.phrase) {
				t.Errorf("got %v (%v), want %v with %q", err, fault.KindOf(err), c.kind, c.phrase)
			}
		})
	}
}

func TestRaggedRowsAreNamed(t *testing.T) {
	t.Parallel()
	tb, fs := mustOpen(t, Options{}, "a,b,a,\nx,y,z,w\nx\nx,y,z,w,more\n")
	if len(fs) != 3 || counted(tb, "row-too-short") != 1 || counted(tb, "row-too-long") != 1 || counted(tb, "field-renamed") != 2 {
		t.Errorf("%d rows, notices %v", len(fs), tb.Notices)
	}
	if got := fmt.Sprint(tb.Schema.Fields); !strings.Contains(got, "a_2") || !strings.Contains(got, "column_4") {
		t.Error(got)
	}
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte("a,b\nx,y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, path, Options{}); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
}

// The counts are those that the description of the data states.
func TestLombardy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file                               string
		rows, missing, suspicious, swapped int64
		want                               string // a place that must be named
	}{
		{"Anagrafe_Scuole_20260215.csv", 5854, 5, 2, 0, "via 9 Strada: 12.386, 41.942"},
		{"Anagrafe_Scuole_Lombarde_20260215.csv", 6124, 21, 2, 0, "Cividale Mantovano"},
		{"Elenco_Completo_Farmacie_20260215.csv", 3042, 0, 0, 0, ""},
		{"Georeferenziazione_strutture_20260215.csv", 212, 0, 0, 1, ""},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			tb, err := Open(t.Context(), shareddata.Path(t, "it-lombardia-services/"+c.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := []int64{tb.Rows, counted(tb, "coordinates-missing"), counted(tb, "position-suspicious"), counted(tb, "coordinates-swapped")}
			if d := cmp.Diff([]int64{c.rows, c.missing, c.suspicious, c.swapped}, got); d != "" {
				t.Error(d)
			}
			if !strings.Contains(fmt.Sprint(tb.Notices), c.want) {
				t.Errorf("%q is not named in %v", c.want, tb.Notices)
			}
			box := orb.Bound{Min: orb.Point{8.4, 44.6}, Max: orb.Point{11.5, 46.7}}
			outside := int64(0)
			for _, f := range features(t, tb) {
				if f.Geometry != nil && !box.Contains(f.Geometry.(orb.Point)) {
					outside++
				}
			}
			if outside != c.suspicious {
				t.Errorf("%d points outside Lombardy, want %d", outside, c.suspicious)
			}
		})
	}
}

func TestPopulationByCode(t *testing.T) {
	t.Parallel()
	tb, err := Open(t.Context(), shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	code, pop := tb.Schema.FieldIndex("procom_t"), tb.Schema.FieldIndex("pop_res_2020")
	var people int64
	for _, f := range features(t, tb) {
		if c := f.Values[code].(string); len(c) != 6 {
			t.Fatalf("code %q lost its zeros", c)
		}
		people += f.Values[pop].(int64)
	}
	if tb.Rows != 7903 || people != 59236213 || tb.Schema.GeometryType != "" {
		t.Errorf("%d rows, %d people, geometry %q", tb.Rows, people, tb.Schema.GeometryType)
	}
}

// Numbers written in any style come back as they were.
func TestNumbersSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		whole, frac := rapid.Int64Range(0, 9_999_999).Draw(rt, "whole"), rapid.IntRange(0, 99).Draw(rt, "frac")
		comma := rapid.Bool().Draw(rt, "comma")
		grouped := group(whole, map[bool]string{true: ".", false: ","}[comma])
		text := fmt.Sprintf("%s%s%02d", grouped, map[bool]string{true: ",", false: "."}[comma], frac)
		got, ok := parseNumber(text, comma)
		if want := float64(whole) + float64(frac)/100; !ok || got-want > 1e-6 || want-got > 1e-6 {
			rt.Errorf("%q read as %v %v, want %v", text, got, ok, want)
		}
	})
}

// The short ways of telling how a number is written agree with the patterns.
func TestShortWaysAgree(t *testing.T) {
	t.Parallel()
	patterns := func(s string) (style, bool) {
		switch {
		case reInteger.MatchString(s):
			return plain, true
		case reOneDot.MatchString(s), reOneComma.MatchString(s):
			return ambiguous, true
		case reComma.MatchString(s):
			return european, true
		case rePoint.MatchString(s):
			return plain, true
		}
		return plain, false
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[0-9]{1,5}[.,]?[0-9]{0,5}`).Draw(rt, "s")
		gotStyle, gotOK := numberStyle(s)
		wantStyle, wantOK := patterns(s)
		if gotStyle != wantStyle || gotOK != wantOK {
			rt.Errorf("%q: got %v %v, want %v %v", s, gotStyle, gotOK, wantStyle, wantOK)
		}
	})
}

func group(v int64, mark string) string {
	s := fmt.Sprint(v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + mark + s[i:]
	}
	return s
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,lat,lon\nx,45,9\n"))
	f.Add([]byte("\xef\xbb\xbfa;b\n\"1,5\";x\n"))
	f.Add([]byte("\xff\xfea\x00;\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "t.csv")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		tb, err := Open(t.Context(), path, Options{Limits: Limits{RowBytes: 1 << 16}})
		if err != nil {
			if fault.KindOf(err) == fault.Other {
				t.Errorf("unclassified error: %v", err)
			}
			return
		}
		n := int64(0)
		if err := tb.Scan(t.Context(), func(geo.Feature) (bool, error) { n++; return true, nil }); err != nil || n != tb.Rows {
			t.Errorf("%d rows of %d: %v", n, tb.Rows, err)
		}
		for _, notice := range tb.Notices {
			if notice.Severity != catalog.Info && notice.Severity != catalog.Warning {
				t.Error(notice)
			}
		}
	})
}

// A code that looks like a number with a mark stays what it is; a column of
// another name does not.
func TestCodesStayText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.csv")
	if err := os.WriteFile(path, []byte("codice,valore\n19.041,19.041\n20.100,20.100\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tb, err := Open(t.Context(), path, Options{Code: func(name string) bool { return name == "codice" }})
	if err != nil {
		t.Fatal(err)
	}
	if tb.Schema.Fields[0].Type != geo.String || tb.Schema.Fields[1].Type == geo.String {
		t.Errorf("%+v", tb.Schema.Fields)
	}
	err = tb.Scan(t.Context(), func(f geo.Feature) (bool, error) {
		if f.ID == 1 && f.Values[0] != "19.041" {
			t.Errorf("%v", f.Values)
		}
		return true, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDegrees(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		`45°27'32.4"N`: 45.459, `N 45° 27.54'`: 45.459, `45°27'32,4" N`: 45.459, `9d11m24sW`: -9.19, `-9°11'24"`: -9.19, `009°11′24″E`: 9.19, `45°`: 45, `33° 30' S`: -33.5,
	} {
		if got, ok := parseDegrees(in); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{`45°61'`, `45`, `45°27'32"O`, `N45°27'N`, `°`, `1234°`, `45°27'60"`, "doc"} {
		if got, ok := parseDegrees(in); ok {
			t.Errorf("%q is read as %v", in, got)
		}
	}
	path := filepath.Join(t.TempDir(), "d.csv")
	if err := os.WriteFile(path, []byte("nome;lat;lon\nMilano;45°27'32.4\"N;9°11'24\"E\nRoma;41°53'24\"N;12°29'24\"E\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tb, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []orb.Point
	err = tb.Scan(t.Context(), func(f geo.Feature) (bool, error) {
		got = append(got, f.Geometry.(orb.Point))
		return true, nil
	})
	if err != nil || len(got) != 2 || math.Abs(got[1][0]-12.49) > 1e-9 || math.Abs(got[1][1]-41.89) > 1e-9 {
		t.Errorf("%v %v", got, err)
	}
}
