package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
)

func csvOf(t *testing.T, r *coverage.Report, o *report.CSVOptions) (string, []map[string]string) {
	t.Helper()
	var b bytes.Buffer
	if err := report.CSV(&b, r, o); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
	if o != nil && o.Comma != 0 {
		in.Comma = o.Comma
	}
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var table report.Table
	if o != nil {
		table = o.Table
	}
	var names []string
	for _, c := range report.Columns(table) {
		names = append(names, c.Name)
		if c.Description == "" {
			t.Errorf("column %s is not documented", c.Name)
		}
	}
	if !slices.Equal(rows[0], names) {
		t.Fatalf("header %v, documented are %v", rows[0], names)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[names[i]] = v
		}
		out = append(out, m)
	}
	return b.String(), out
}

func num(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// In each table rows add up, and so do areas and bands.
func TestCSVAddsUp(t *testing.T) {
	t.Parallel()
	r, _ := sample(t, checkers(12), 300, 900, 1800)
	text, areas := csvOf(t, r, nil)
	if strings.Count(text, "\r\n") != 1+3*13 || strings.HasPrefix(text, "\ufeff") {
		t.Errorf("want 40 lines ended by CRLF and no byte order mark")
	}
	_, bands := csvOf(t, r, &report.CSVOptions{Table: report.TableBands})
	if len(bands) != 13*3*3 {
		t.Fatalf("%d rows of bands, want %d", len(bands), 13*3*3)
	}
	sums := map[string]int{}
	for _, table := range [][]map[string]string{areas, bands} {
		for _, m := range table {
			if num(t, m["covered"])+num(t, m["uncovered"])+num(t, m["unreachable"]) != num(t, m["population"]) {
				t.Errorf("row does not add up: %v", m)
			}
			kind := "areas"
			if _, ok := m["band"]; ok {
				kind = "bands"
			}
			for _, c := range []string{"population", "covered", "uncovered", "unreachable"} {
				sums[kind+" "+m["level"]+" "+m["threshold_s"]+" "+c] += num(t, m[c])
			}
		}
	}
	for _, s := range []string{"300", "900", "1800"} {
		for _, c := range []string{"population", "covered", "uncovered", "unreachable"} {
			want := sums["areas territory "+s+" "+c]
			for _, other := range []string{"areas area ", "bands territory ", "bands area "} {
				if got := sums[other+s+" "+c]; got != want || want == 0 && c == "population" {
					t.Errorf("%s%s %s sums to %d, territory %d", other, s, c, got, want)
				}
			}
		}
	}
	_, gaps := csvOf(t, r, &report.CSVOptions{Table: report.TableGaps})
	left := 0
	for _, m := range gaps {
		left += num(t, m["population"])
	}
	if want := sums["areas territory 1800 uncovered"] + sums["areas territory 1800 unreachable"]; left != want {
		t.Errorf("gaps hold %d people, not covered are %d", left, want)
	}
}

func TestCSVIsSafeInSpreadsheets(t *testing.T) {
	t.Parallel()
	shapes := checkers(6)
	for i, name := range []string{"=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", `Say "hi", there`} {
		shapes[i].name = name
	}
	r, _ := sample(t, shapes, 900)
	text, rows := csvOf(t, r, &report.CSVOptions{BOM: true, Comma: ';'})
	if !strings.HasPrefix(text, "\ufefflevel;code;name;") {
		t.Errorf("file starts with %.30q", text)
	}
	for i, want := range []string{"'=1+1", "'+cmd|' /C calc'!A0", "'-2", "'@SUM(A1)", "'\t=1", `Say "hi", there`} {
		if got := rows[i+1]["name"]; got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
	for _, o := range []*report.CSVOptions{{Table: "nonsense"}, {Comma: '"'}} {
		if err := report.CSV(&bytes.Buffer{}, r, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want invalid", o, err)
		}
	}
}

// The names that tools rely on, at the places where they look.
func TestJSONContract(t *testing.T) {
	t.Parallel()
	r, _ := sample(t, append(checkers(3), shape{code: "zz", name: "Deserta", g: checkers(1)[0].g.Bound()}), 900, 1800)
	var b, again bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	at := func(path string) any {
		var v any = m
		for _, key := range strings.Split(path, ".") {
			switch x := v.(type) {
			case map[string]any:
				got, ok := x[key]
				if !ok {
					t.Errorf("no %s in the report", path)
				}
				v = got
			case []any:
				v = x[num(t, key)]
			}
		}
		return v
	}
	for _, path := range []string{
		"id", "title", "created_at", "territory.code", "territory.name", "service", "profile", "thresholds_s.1", "population_total",
		"median_s", "p90_s", "coverage.0.threshold_s", "coverage.0.covered", "coverage.0.uncovered", "coverage.0.unreachable", "coverage.1.share",
		"areas.0.code", "areas.0.name", "areas.0.population", "areas.0.coverage.1.share", "areas.0.median_s", "areas.0.p90_s", "areas.0.age_bands.0.band",
		"age_bands.2.label", "age_bands.2.population", "age_bands.2.coverage.0.covered", "age_bands.2.median_s", "age_bands.2.p90_s",
		"gaps.0.name", "gaps.0.lon", "gaps.0.lat", "gaps.0.population", "gaps.0.time_s", "gaps.0.area_code", "gaps.0.area_name", "gaps.0.facility",
		"gaps_omitted.count", "gaps_omitted.population", "inputs.0.dataset", "inputs.0.version", "inputs.0.role", "inputs.0.sha256",
		"method.quantiles", "program.version", "facilities.count", "facilities.unplaced.0.name", "notices.0.code",
	} {
		at(path)
	}
	if at("areas.3.coverage.0.share") != nil || at("areas.3.median_s") != nil {
		t.Error("an area without people must have null share and median")
	}
	back, err := report.Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := report.JSON(&again, back); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("a report changes when it is written and read back")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":       "",
		"no rows":     `{"thresholds_s":[60]}`,
		"falling":     `{"thresholds_s":[60,30],"coverage":[{"threshold_s":60},{"threshold_s":30}]}`,
		"lost people": `{"thresholds_s":[60],"population_total":10,"coverage":[{"threshold_s":60,"covered":3}]}`,
		"huge":        `{"thresholds_s":[60],"population_total":1e300,"coverage":[{"threshold_s":60,"covered":1e300}]}`,
		"negative":    `{"thresholds_s":[60],"population_total":0,"coverage":[{"threshold_s":60,"covered":-1,"uncovered":1}]}`,
	} {
		if _, err := report.Read(strings.NewReader(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

// Whatever Read lets in can be drawn and written.
func FuzzRead(f *testing.F) {
	r, s := sample(f, checkers(4), 300, 900)
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"thresholds_s":[60],"population_total":1.5,"coverage":[{"threshold_s":60,"covered":0.7,"uncovered":0.8}],"areas":[{"population":9,"coverage":[{"threshold_s":60,"unreachable":9}]}],"curve":[{},{"time_s":1e9}],"gaps":[{"population":3}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		for _, lang := range []string{"en", "it"} {
			if err := report.HTML(&out, r, s, lang); err != nil {
				t.Fatalf("draw what was read: %v", err)
			}
		}
		for _, table := range []report.Table{report.TableAreas, report.TableBands, report.TableGaps} {
			if err := report.CSV(&out, r, &report.CSVOptions{Table: table}); err != nil {
				t.Fatalf("write %s of what was read: %v", table, err)
			}
		}
		if strings.Contains(out.String(), "<script") {
			t.Fatal("a script in the page")
		}
	})
}
