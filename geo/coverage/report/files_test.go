package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
	"contado/geo/table"
)

func TestStudyZip(t *testing.T) {
	t.Parallel()
	st, _ := makeStudy(t, studytest.Options{})
	var b, again bytes.Buffer
	if err := report.StudyZip(&b, st, table.Plain); err != nil {
		t.Fatal(err)
	}
	if err := report.StudyZip(&again, st, table.Plain); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same study gives other bytes (%v)", err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range z.File {
		names[f.Name] = true
	}
	for _, want := range []string{"coverage.csv", "age_bands.csv", "gaps.csv", "ranges.csv", "choices.csv", "access.csv", "equity.csv", "isolation.csv", "rules.csv", "rule_areas.csv", "classes.csv", "indicators.csv", "checks.csv", "inputs.csv", "parameters.csv"} {
		if !names[want] {
			t.Errorf("no %s among %v", want, names)
		}
	}
	checkCoverage(t, z, st)
}

// The rows of the coverage table hold everyone, section by section; hidden
// rows have no number.
func checkCoverage(t *testing.T, z *zip.Reader, st *coverage.Study) {
	t.Helper()
	f, err := z.Open("coverage.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	secret, territories := 0, 0
	for _, row := range rows[1:] {
		if row[at["suppressed"]] == "true" {
			secret++
			if row[at["covered"]]+row[at["share"]]+row[at["unreachable"]]+row[at["median_s"]] != "" {
				t.Errorf("a hidden row says %q", row)
			}
			continue
		}
		n := func(name string) int {
			v, err := strconv.Atoi(row[at[name]])
			if err != nil {
				t.Fatalf("%s: %v in %q", name, err, row)
			}
			return v
		}
		if n("covered")+n("uncovered")+n("unreachable") != n("population") {
			t.Errorf("%q does not add up", row)
		}
		if row[at["level"]] == "territory" {
			territories++
			if math.Abs(float64(n("population"))-st.PopulationTotal) > 1 {
				t.Errorf("%d people, want %g", n("population"), st.PopulationTotal)
			}
		}
	}
	if secret != 2 || territories != 2*len(st.Sections) {
		t.Errorf("%d hidden rows, %d of the territory", secret, territories)
	}
}

func TestStudyCSV(t *testing.T) {
	t.Parallel()
	st, _ := makeStudy(t, studytest.Options{})
	var b bytes.Buffer
	if err := report.StudyCSV(&b, st, "isolation", table.Italian); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), ";") {
		t.Errorf("Italian CSV starts with %.200q", b.String())
	}
	if err := report.StudyCSV(io.Discard, st, "nothing", table.Plain); !fault.Is(err, fault.Invalid) {
		t.Errorf("a table that is not there: %v", err)
	}
	if err := report.StudyXLSX(&b, st, table.Italian); err != nil {
		t.Error(err)
	}
}

// A study comes back from JSON as it was, and a report as a study.
func TestReadStudy(t *testing.T) {
	t.Parallel()
	st, _ := makeStudy(t, studytest.Options{})
	var b bytes.Buffer
	if err := report.StudyJSON(&b, st); err != nil {
		t.Fatal(err)
	}
	back, err := report.ReadStudy(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := report.StudyJSON(&again, back); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the study came back changed (%v)", err)
	}
	b.Reset()
	if err := report.JSON(&b, st.Sections[1]); err != nil {
		t.Fatal(err)
	}
	if back, err = report.ReadStudy(&b); err != nil || len(back.Sections) != 1 || back.PopulationTotal != st.PopulationTotal {
		t.Errorf("a report as a study: %v", err)
	}
	for text, kind := range map[string]fault.Kind{
		``: fault.Invalid, `{}`: fault.Invalid, `{"schema":"contado/coverage-study/9","sections":[]}`: fault.Unsupported,
		`{"schema":"contado/coverage-study/1","sections":[null]}`: fault.Invalid, `{"schema":"contado/coverage-study/1","sections":[]}`: fault.Invalid,
	} {
		if _, err := report.ReadStudy(strings.NewReader(text)); !fault.Is(err, kind) {
			t.Errorf("%s: %v, want %v", text, err, kind)
		}
	}
}

func FuzzReadStudy(f *testing.F) {
	st, _ := makeStudy(f, studytest.Options{Areas: 2, Services: []string{"pharmacy", "school"}, Profiles: []string{"walking"}})
	b, err := json.Marshal(st)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"schema":"contado/coverage-study/1","sections":[{"thresholds_s":[1],"coverage":[{"threshold_s":1,"suppressed":true}]}],"isolation":[{"services":["a"],"people":[0,0],"threshold_s":1}],"rules":[{}],"classes":[{}],"indicators":[{}],"checks":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := report.ReadStudy(bytes.NewReader(b))
		if err != nil {
			return
		}
		if err := report.StudyHTML(io.Discard, st, nil, "it"); err != nil {
			t.Errorf("read, but not drawn: %v", err)
		}
		if _, err := report.Tables(st); err != nil {
			t.Errorf("read, but no tables: %v", err)
		}
	})
}
