package report_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"contado/geo/coverage/compare"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/table"
)

func TestCompareDrawn(t *testing.T) {
	t.Parallel()
	a, _ := makeStudy(t, studytest.Options{})
	b, _ := makeStudy(t, studytest.Options{Seed: 4, Services: []string{"pharmacy", "school", "bank"}})
	b.Inputs[0].SHA256 = "0000"
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for lang, says := range map[string][]string{
		"en": {"More people reach", "Only in A: Doctor, on foot", "Only in B: Bank", "The population is another", "Comune A"[:0]},
		"it": {"Solo in A: Medico, a piedi", "La popolazione è diversa", "Variazione, punti"},
	} {
		var page bytes.Buffer
		if err := report.CompareHTML(&page, c, lang); err != nil {
			t.Fatal(err)
		}
		for _, s := range says {
			if !strings.Contains(page.String(), s) && !strings.Contains(page.String(), strings.Replace(s, "More", "Fewer", 1)) {
				t.Errorf("%s: the page does not say %q", lang, s)
			}
		}
		if strings.Contains(page.String(), "ZgotmplZ") || strings.Contains(page.String(), "compare.") {
			t.Errorf("%s: a text is missing", lang)
		}
	}
	var out bytes.Buffer
	if err := report.CompareCSV(&out, c, table.Plain); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 1+4*(2+9) {
		t.Errorf("%d rows (%v)", len(rows), err)
	}
}
