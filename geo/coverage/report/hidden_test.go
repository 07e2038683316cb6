package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	data "contado/geo/table"
)

var rowsOfHamlets = regexp.MustCompile(`(?s)<table[^>]*id="[^"]*t-hamlets".*?</table>`)

// secretStudy is a study of one section, of whose hamlets the first has no
// figure to be told, the second none of the last time.
func secretStudy(t *testing.T) (*coverage.Study, []*report.Sketch) {
	t.Helper()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}})
	r := st.Sections[0]
	if len(r.Hamlets) < 3 {
		t.Fatalf("%d hamlets", len(r.Hamlets))
	}
	r.Hamlets = r.Hamlets[:3]
	for i, name := range []string{"Covered Up", "Half Told", "Open"} {
		r.Hamlets[i].Name = name
	}
	first, second, rows := &r.Hamlets[0], &r.Hamlets[1], len(r.ThresholdsS)
	first.Suppressed, first.Population, first.MedianS, first.P90S = true, 0, nil, nil
	for j := range first.Coverage {
		first.Coverage[j] = coverage.Row{ThresholdS: r.ThresholdsS[j], Suppressed: true}
	}
	second.MedianS = nil
	second.Coverage[rows-1] = coverage.Row{ThresholdS: r.ThresholdsS[rows-1], Suppressed: true}
	return st, sketches
}

// What is hidden of a hamlet is said to be hidden: it is neither 0 nor "not
// reachable", on the page and in the files.
func TestHiddenHamlets(t *testing.T) {
	t.Parallel()
	st, sketches := secretStudy(t)
	for lang, word := range map[string]string{report.English: "hidden", report.Italian: "nascosto"} {
		page := drawStudy(t, st, sketches, lang)
		table := rowsOfHamlets.FindString(page)
		if table == "" {
			t.Fatal("no table of hamlets")
		}
		for name, want := range map[string]int{"Covered Up": -1, "Half Told": 3, "Open": 0} {
			row := regexp.MustCompile(`(?s)<tr[^>]*>\s*<th[^>]*>` + name + `.*?</tr>`).FindString(table)
			numbers := regexp.MustCompile(`<td class="n[^"]*"`).FindAllString(row, -1)
			if want < 0 {
				want = len(numbers)
			}
			if secret := strings.Count(row, ">"+word+"<"); row == "" || secret != want {
				t.Errorf("%s, %s: %d hidden of %d, want %d in %s", lang, name, secret, len(numbers), want, row)
			}
		}
	}
	checkHiddenFile(t, st)
	checkHiddenJSON(t, st)
}

func checkHiddenFile(t *testing.T, st *coverage.Study) {
	t.Helper()
	var b bytes.Buffer
	if err := report.StudyZip(&b, st, data.Plain); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("hamlets.csv")
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
	secret := 0
	for _, row := range rows[1:] {
		if row[at["suppressed"]] != "true" {
			continue
		}
		secret++
		told := row[at["covered"]] + row[at["uncovered"]] + row[at["unreachable"]] + row[at["share"]] + row[at["median_s"]] + row[at["p90_s"]]
		if row[at["name"]] == "Covered Up" {
			told += row[at["population"]]
		}
		if told != "" {
			t.Errorf("a hidden row says %q", row)
		}
	}
	if want := len(st.Sections[0].ThresholdsS) + 1; secret != want {
		t.Errorf("%d hidden rows, want %d", secret, want)
	}
}

func checkHiddenJSON(t *testing.T, st *coverage.Study) {
	t.Helper()
	data, err := json.Marshal(st.Sections[0].Hamlets)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name       string
		AreaCode   string `json:"area_code"`
		Population *float64
		Suppressed bool
		Coverage   []struct{ Covered *float64 }
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if h := list[0]; h.Population != nil || !h.Suppressed || h.Coverage[0].Covered != nil || h.AreaCode == "" {
		t.Errorf("a hidden hamlet is %s", data)
	}
	if h := list[2]; h.Population == nil || h.Suppressed || h.Coverage[0].Covered == nil {
		t.Errorf("an open hamlet is %s", data)
	}
}

// Who cannot reach anything, when told with those who need longer, is no 0 in
// the tables by time and by municipality.
func TestHiddenUnreachable(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Plain: true})
	r := st.Sections[0]
	for j := range r.Coverage {
		c := &r.Coverage[j]
		c.Uncovered, c.Unreachable, c.Merged = c.Uncovered+c.Unreachable, 0, true
	}
	page := drawStudy(t, st, sketches, report.English)
	table := regexp.MustCompile(`(?s)<table[^>]*id="[^"]*t-thresholds".*?</table>`).FindString(page)
	if n := strings.Count(table, ">hidden<"); n != len(r.ThresholdsS) {
		t.Errorf("%d hidden numbers, want %d in %s", n, len(r.ThresholdsS), table)
	}
}

// The headline, the figures below it and a note say that those who cannot reach
// one are among those who need longer, where they are told together.
func TestHeadlineMerged(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][3]string{
		report.English: {"need longer or cannot reach one at all", "need longer", "told apart, they would show small groups"},
		report.Italian: {"hanno bisogno di più tempo o non possono arrivarci affatto", "serve più tempo", "a parte, mostrerebbe piccoli gruppi"},
	} {
		for _, merged := range []bool{true, false} {
			st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Plain: true})
			r := st.Sections[0]
			for j := range r.Coverage {
				if c := &r.Coverage[j]; merged {
					c.Uncovered, c.Unreachable, c.Merged = c.Uncovered+c.Unreachable, 0, true
				}
			}
			page := drawStudy(t, st, sketches, lang)
			chapter := regexp.MustCompile(`(?s)class="chapter">.*?</section>`).FindString(page)
			headline := regexp.MustCompile(`<p class="headline">[^<]*`).FindString(chapter)
			figures := regexp.MustCompile(`(?s)<li class="k-uncovered">.*?</li>`).FindString(chapter)
			note := strings.Contains(page, words[2])
			if got := strings.Contains(headline, words[0]); got != merged || strings.Contains(figures, words[0]) != merged || note != merged {
				t.Errorf("%s, told together %v: %q, %q, note %v", lang, merged, headline, figures, note)
			}
			if !merged && !strings.Contains(headline, words[1]) {
				t.Errorf("%s: %q", lang, headline)
			}
		}
	}
}

// Hamlets where nobody is left out are counted, not listed; where none is left
// to list, a sentence stands in the table's place.
func TestHamletsWithoutGaps(t *testing.T) {
	t.Parallel()
	st, sketches := secretStudy(t)
	r := st.Sections[0]
	r.Hamlets = append(r.Hamlets, r.Hamlets[2])
	served := &r.Hamlets[3]
	served.Name, served.Coverage = "Served", slices.Clone(served.Coverage)
	for j := range served.Coverage {
		served.Coverage[j].Covered, served.Coverage[j].Uncovered, served.Coverage[j].Unreachable = served.Population, 0, 0
	}
	page := drawStudy(t, st, sketches, report.English)
	table := rowsOfHamlets.FindString(page)
	if strings.Contains(table, "Served") || !strings.Contains(table, "Open") || !strings.Contains(page, "Around one more place everyone is within") {
		t.Errorf("a hamlet without anyone left out: %s", table)
	}
	all := r.Hamlets
	for _, c := range []struct {
		list   []coverage.Hamlet
		en, it string
	}{
		{all[3:], "Around the one named place everyone is within", "Attorno all’unica località tutti sono entro"},
		{[]coverage.Hamlet{all[3], all[3]}, "Around each of the 2 named places everyone is within", "Attorno a ognuna delle 2 località tutti sono entro"},
		{all[:2], "The figures of the 2 places where people are left out, or may be, are hidden.", "I numeri delle 2 località dove qualcuno resta fuori, o potrebbe, sono nascosti."},
	} {
		r.Hamlets = c.list
		for lang, want := range map[string]string{report.English: c.en, report.Italian: c.it} {
			page := drawStudy(t, st, sketches, lang)
			if rowsOfHamlets.MatchString(page) || !strings.Contains(page, want) || !strings.Contains(page, `id="c1-s-hamlets"`) {
				t.Errorf("%s: no %q, or a table all the same", lang, want)
			}
		}
	}
}

// A table of nothing but hidden numbers gives way to a sentence.
func TestHiddenCapacity(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}})
	c := st.Sections[0].Capacity
	if len(c.Loads) < 2 || len(c.Areas) < 2 {
		t.Fatalf("%d facilities, %d areas", len(c.Loads), len(c.Areas))
	}
	c.Assigned, c.Full, c.Beyond, c.MeanS, c.Suppressed = 0, 0, 0, nil, true
	hide := func(from int) {
		for i := from; i < len(c.Loads); i++ {
			c.Loads[i] = coverage.FacilityLoad{ID: c.Loads[i].ID, Name: c.Loads[i].Name, Capacity: c.Loads[i].Capacity, Suppressed: true}
		}
		for i := from; i < len(c.Areas); i++ {
			c.Areas[i] = coverage.CapacityArea{Code: c.Areas[i].Code, Name: c.Areas[i].Name, Suppressed: true}
		}
	}
	tables := regexp.MustCompile(`<table id="c1-t-capacity(-areas)?"`)
	words := map[string][2]string{
		report.English: {"How many people each facility serves is hidden. How many people of each", "“Hidden”"},
		report.Italian: {"Quante persone serve ogni punto è nascosto. Quante persone di ogni", "«Nascosto»"},
	}
	hide(1)
	for lang, w := range words {
		page := drawStudy(t, st, sketches, lang)
		if n := len(tables.FindAllString(page, -1)); n != 2 || strings.Contains(page, w[0]) {
			t.Errorf("%s: %d tables of capacity where some rows are told", lang, n)
		}
	}
	hide(0)
	for lang, w := range words {
		page := drawStudy(t, st, sketches, lang)
		part := regexp.MustCompile(`(?s)<section id="c1-s-capacity">.*?</section>`).FindString(page)
		if n := len(tables.FindAllString(page, -1)); n != 0 || !strings.Contains(part, w[0]) || !strings.Contains(part, w[1]) {
			t.Errorf("%s: %d tables of nothing but hidden rows; %s", lang, n, part)
		}
	}
}

// Facilities without a name of their own are called in the language of the page
// wherever they stand.
func TestUnnamedFacilitiesOnThePage(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}})
	r := st.Sections[0]
	const en, it = "Pharmacy without a name, near Erbonne", "Farmacia senza nome, presso Erbonne"
	names := map[string]string{report.English: en, report.Italian: it}
	r.Gaps[0].Facility, r.Gaps[0].FacilityNames = en, names
	r.Capacity.Loads[0].Name, r.Capacity.Loads[0].Names = en, names
	r.Facilities.Unplaced[0].Name, r.Facilities.Unplaced[0].Names = en, names
	r.Facilities.Unplaced[0].Reason, r.Facilities.Unplaced[0].Reasons = "off the map", map[string]string{report.Italian: "fuori dalla carta"}
	st.Checks[0].Name, st.Checks[0].Names = en, names
	st.Siting[0].Chosen[0].Name, st.Siting[0].Chosen[0].Names = en, names
	for lang, want := range map[string][2]string{report.English: {en, "off the map"}, report.Italian: {it, "fuori dalla carta"}} {
		page := drawStudy(t, st, sketches, lang)
		for _, table := range []string{"c1-t-gaps", "c1-t-capacity", "c1-t-unplaced", "t-checks", "t-siting", "t-sites-1"} {
			text := regexp.MustCompile(`(?s)<table id="` + table + `".*?</table>`).FindString(page)
			if !strings.Contains(text, want[0]) || table == "c1-t-unplaced" && !strings.Contains(text, want[1]) {
				t.Errorf("%s, %s: no %q in %s", lang, table, want, text)
			}
		}
		if lang == report.Italian && strings.Contains(page, en) {
			t.Error("English words in Italian")
		}
	}
}

// A median that is not told because those who cannot reach are told with
// others is hidden: it is not said to be out of reach.
func TestHiddenMedian(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Plain: true})
	area := &st.Sections[0].Areas[0]
	for j := range area.Coverage {
		c := &area.Coverage[j]
		c.Uncovered, c.Unreachable, c.Merged = c.Uncovered+c.Unreachable, 0, true
	}
	area.MedianS, area.P90S = nil, nil
	page := drawStudy(t, st, sketches, report.English)
	table := regexp.MustCompile(`(?s)<table[^>]*id="[^"]*t-areas".*?</table>`).FindString(page)
	row := regexp.MustCompile(`(?s)<tr[^>]*>\s*<th[^>]*>` + area.Name + `.*?</tr>`).FindString(table)
	if n := strings.Count(row, ">hidden<"); n != 3 || strings.Contains(row, "not reachable") {
		t.Errorf("%d hidden numbers, want who cannot reach, median and p90 in %s", n, row)
	}
}
