package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
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
	if err != nil || len(rows) != 1+4*(2+9)+len(c.Siting) {
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

// Settings that differ are told by their names and values in words, with their
// units, on the console, on the page and in JSON; what is not there is "none".
func TestCompareSettings(t *testing.T) {
	t.Parallel()
	o := studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}}
	a, _ := makeStudy(t, o)
	b, _ := makeStudy(t, o)
	same, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	label := map[string]string{"en": "Cells closed by the season", "it": "Celle chiuse dalla stagione"}
	a.Sections[0].Method.Parameters = []coverage.Parameter{{Name: "cell-size", Value: 100.0, Unit: "m"}, {Name: "direction", Value: "to-facility"}, {Name: "walk-change", Value: 600.0, Unit: "s", Label: map[string]string{"en": "Longest walk of a change", "it": "Cammino più lungo per un cambio"}}}
	b.Sections[0].Method.Parameters = []coverage.Parameter{{Name: "cell-size", Value: 12.5, Unit: "m"}, {Name: "direction", Value: "from-facility"}, {Name: "season-closed", Value: 12345, Label: label}}
	b.Inputs = append(b.Inputs, coverage.Input{Dataset: "snow", Version: "3", Role: "landcover", SHA256: "ab"})
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for lang, w := range map[string]struct{ same, other []string }{
		report.English: {[]string{"The settings are the same.", "The datasets are the same, by their checksums.", "Caution: "}, []string{
			"Pharmacy, on foot: Cell size: 100 m → 12.5 m", "Direction of travel: from home to the facility → from the facility to home",
			"Cells closed by the season: none → 12,345", "Longest walk of a change: 600 s (10 min) → none", "snow (land cover): none → version 3",
		}},
		report.Italian: {[]string{"Le impostazioni sono le stesse.", "Gli insiemi di dati sono gli stessi", "Attenzione: "}, []string{
			"Farmacia, a piedi: Lato della cella: 100 m → 12,5 m", "Verso del viaggio: da casa al punto di servizio → dal punto di servizio a casa",
			"Celle chiuse dalla stagione: nessuno → 12.345", "Cammino più lungo per un cambio: 600 s (10 min) → nessuno", "nessuno → versione 3",
		}},
	} {
		for _, x := range []struct {
			c    *compare.Comparison
			want []string
		}{{same, w.same}, {c, w.other}} {
			var out bytes.Buffer
			if err := report.CompareText(&out, x.c, lang); err != nil {
				t.Fatal(err)
			}
			for _, s := range x.want {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%s: no %q in\n%s", lang, s, &out)
				}
			}
			if strings.Contains(out.String(), "season-closed") || strings.Contains(out.String(), "compare.") {
				t.Errorf("%s: raw names in\n%s", lang, &out)
			}
		}
	}
	for lang, words := range map[string]string{report.English: "no figure that is told has changed", report.Italian: "nessuna delle cifre pubblicate è cambiata"} {
		for changed := range 2 { // at first all areas are as they were
			if changed == 1 {
				same.Sections[0].Areas[1].CoveredB = new(float64)
			}
			var page bytes.Buffer
			if err := report.CompareHTML(&page, same, lang); err != nil {
				t.Fatal(err)
			}
			if said, table := strings.Contains(page.String(), words), strings.Contains(page.String(), `<table id="t-areas-1"`); said == table || said != (changed == 0) {
				t.Errorf("%s: areas changed %d, said %v, table %v", lang, changed, said, table)
			}
		}
		same.Sections[0].Areas[1].CoveredB = same.Sections[0].Areas[1].CoveredA
	}
	var doc bytes.Buffer
	if err := report.CompareJSON(&doc, c); err != nil {
		t.Fatal(err)
	}
	var got compare.Comparison
	if err := json.Unmarshal(doc.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, s := range got.Settings {
		if s.Parameter == "season-closed" && (s.A != "" || s.B != "12345" || s.Label["it"] != label["it"] || s.TextA["it"] != "nessuno" || s.TextB["it"] != "12.345" || s.TextB["en"] != "12,345") {
			t.Errorf("in JSON %+v", s)
		}
	}
	if len(got.Settings) != 4 || c.Settings[0].Label != nil {
		t.Errorf("%d settings in JSON; the comparison itself has %+v", len(got.Settings), c.Settings)
	}
}

// What became of the best place for one more point is said on the page, on the
// console and in the table.
func TestCompareSiting(t *testing.T) {
	t.Parallel()
	a, _ := makeStudy(t, studytest.Options{})
	b, _ := makeStudy(t, studytest.Options{})
	a.Siting, b.Siting = a.Siting[:1], b.Siting[:1]
	p := &b.Siting[0].Chosen[0]
	was := p.Name
	p.NewlyWithin += 12
	for _, x := range []struct {
		change func()
		en, it string
	}{
		{func() {}, "the best place is still " + was, "il posto migliore è ancora " + was},
		{func() { p.Name, p.AreaName, p.Lon = "Elsewhere", "", p.Lon+0.01 }, "now it is Elsewhere, ", "ora è Elsewhere, a "},
		{func() { b.Siting[0].Chosen = nil }, "now no place would add anyone", "ora nessun posto aggiungerebbe qualcuno"},
	} {
		x.change()
		c, err := compare.Studies(a, b)
		if err != nil || len(c.Siting) != 1 {
			t.Fatal(c.Siting, err)
		}
		for lang, want := range map[string]string{report.English: x.en, report.Italian: x.it} {
			var page, said bytes.Buffer
			if err := report.CompareHTML(&page, c, lang); err != nil {
				t.Fatal(err)
			}
			if err := report.CompareText(&said, c, lang); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(page.String(), want) || !strings.Contains(said.String(), want) || !strings.Contains(page.String(), `<table id="t-siting"`) {
				t.Errorf("%s: no %q in\n%s", lang, want, &said)
			}
		}
		var out bytes.Buffer
		if err := report.CompareCSV(&out, c, table.Plain); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at, last := slices.Index(rows[0], "newly_within_change"), rows[len(rows)-1]
		if want := map[bool]string{true: "12", false: ""}[len(b.Siting[0].Chosen) > 0]; last[2] != "siting" || last[at] != want {
			t.Errorf("row %q, want a change of %q", last, want)
		}
	}
}
