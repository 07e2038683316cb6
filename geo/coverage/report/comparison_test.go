package report_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"contado/geo/coverage"
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

// A comparison of invented data says so first; cautions are said in words.
func TestCompareInvented(t *testing.T) {
	t.Parallel()
	a, _ := makeStudy(t, studytest.Options{})
	b, _ := makeStudy(t, studytest.Options{})
	draw := func(lang string) string {
		c, err := compare.Studies(a, b)
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := report.CompareHTML(&page, c, lang); err != nil {
			t.Fatal(err)
		}
		for _, caution := range c.Cautions {
			if text, err := report.CautionText(caution, lang); err != nil || !strings.Contains(text, " ") || !strings.Contains(page.String(), text) {
				t.Errorf("%s, %s: %q, %v", lang, caution, text, err)
			}
		}
		return page.String()
	}
	for _, s := range []*coverage.Study{a, b} {
		s.Notices = slices.DeleteFunc(s.Notices, func(n coverage.Notice) bool { return n.Code == coverage.NoticeInventedData })
		for _, r := range s.Sections {
			r.Notices = slices.DeleteFunc(r.Notices, func(n coverage.Notice) bool { return n.Code == coverage.NoticeInventedData })
		}
	}
	for lang, words := range map[string]string{report.English: "invented data", report.Italian: "dati inventati"} {
		if strings.Contains(draw(lang), words) {
			t.Errorf("%s: real data are said to be invented", lang)
		}
	}
	b.Sections[0].Notices = append(b.Sections[0].Notices, coverage.Notice{Code: coverage.NoticeInventedData})
	for lang, words := range map[string]string{report.English: "invented data", report.Italian: "dati inventati"} {
		page := draw(lang)
		if at := strings.Index(page, `class="banner"`); at < 0 || at > strings.Index(page, "<main>") || strings.Count(page, words) != 1 {
			t.Errorf("%s: the banner is at %d, said %d times", lang, at, strings.Count(page, words))
		}
	}
	if _, err := report.CautionText(compare.InventedData, "xx"); err == nil {
		t.Error("a language that is not known has words")
	}
}
