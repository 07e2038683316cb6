package table_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/table"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func sample() *table.Table {
	day := time.Date(2024, 7, 9, 10, 30, 0, 0, time.UTC)
	return &table.Table{
		Name: "Serie: [prova]",
		Columns: []table.Column{
			{Name: "code"},
			{Name: "name"},
			{Name: "date", Kind: table.Date},
			{Name: "cells", Kind: table.Integer},
			{Name: "area", Kind: table.Real, Unit: "ha", Digits: 2},
			{Name: "valid", Kind: table.Share},
			{Name: "sure", Kind: table.Flag},
		},
		Rows: [][]any{
			{"016024", "Valbondione, BG", day, 12345, 1234.5, 0.25, true},
			{"=1+1", "+èé", nil, int64(-3), math.NaN(), 1.0, false},
		},
		About: [][2]string{{"method", "exact"}},
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	for locale, want := range map[table.Locale]string{
		table.Plain:   "code,name,date,cells,area,valid,sure\n016024,\"Valbondione, BG\",2024-07-09,12345,1234.5,0.25,true\n'=1+1,'+èé,,-3,,1,false\n",
		table.Italian: "\ufeffcode;name;date;cells;area;valid;sure\n016024;Valbondione, BG;09/07/2024;12345;1234,5;0,25;sì\n'=1+1;'+èé;;-3;;1;no\n",
	} {
		var b bytes.Buffer
		if err := sample().CSV(&b, locale); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Errorf("%s: %s", locale, d)
		}
	}
}

// Every number reads back as it was, in both locales.
func TestCSVNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.Float64().Draw(rt, "v")
		tb := table.Table{Columns: []table.Column{{Name: "v", Kind: table.Real}}, Rows: [][]any{{v}}}
		for _, l := range []table.Locale{table.Plain, table.Italian} {
			var b bytes.Buffer
			if err := tb.CSV(&b, l); err != nil {
				rt.Fatal(err)
			}
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
			r.Comma = map[table.Locale]rune{table.Plain: ',', table.Italian: ';'}[l]
			rows, err := r.ReadAll()
			if err != nil {
				rt.Fatal(err)
			}
			if got, err := strconv.ParseFloat(strings.Replace(rows[1][0], ",", ".", 1), 64); err != nil || got != v {
				rt.Errorf("%v came back as %q", v, rows[1][0])
			}
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"area":1234.5,"cells":12345,"code":"016024","date":"2024-07-09","name":"Valbondione, BG","sure":true,"valid":0.25},` +
		`{"area":null,"cells":-3,"code":"=1+1","date":null,"name":"+èé","sure":false,"valid":1}]`
	if string(b) != want {
		t.Errorf("got %s", b)
	}
}

const readXLSX = `
import sys, json
from osgeo import ogr
ogr.UseExceptions()
d = ogr.GetDriverByName("XLSX").Open(sys.argv[1])
out = {}
for i in range(d.GetLayerCount()):
    l = d.GetLayer(i)
    defn = l.GetLayerDefn()
    out[l.GetName()] = [[defn.GetFieldDefn(k).GetName() for k in range(defn.GetFieldCount())],
        [[f.GetField(k) for k in range(defn.GetFieldCount())] for f in l]]
print(json.dumps(out))
`

// Another program reads numbers as numbers, codes as text and dates as dates.
func TestXLSX(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.xlsx")
	var b bytes.Buffer
	if err := sample().XLSX(&b, table.Italian); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	const py = "/usr/bin/python3"
	if exec.Command(py, "-c", "import osgeo").Run() != nil {
		t.Skip("python3 with osgeo is not installed: no oracle")
	}
	cmd := exec.Command(py, "-c", readXLSX, path)
	cmd.Env = append(os.Environ(), "OGR_XLSX_HEADERS=FORCE")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][2]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]any{"Serie- -prova-": {
		[]any{"code", "name", "date", "cells", "area [ha]", "valid", "sure"},
		[]any{
			[]any{"016024", "Valbondione, BG", "2024/07/09", 12345.0, 1234.5, 0.25, "sì"},
			[]any{"=1+1", "+èé", nil, -3.0, nil, 1.0, "no"},
		},
	}}
	delete(got, "Informazioni")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBadTables(t *testing.T) {
	t.Parallel()
	for name, row := range map[string][]any{"short": {}, "wrong type": {1.5}} {
		tb := table.Table{Columns: []table.Column{{Name: "a"}}, Rows: [][]any{row}}
		if err := tb.CSV(&bytes.Buffer{}, table.Plain); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := table.ParseLocale("de"); !fault.Is(err, fault.Invalid) {
		t.Errorf("ParseLocale(de): %v", err)
	}
}
