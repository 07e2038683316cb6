package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
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
