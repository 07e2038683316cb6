package coverage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"contado/geo/coverage"
)

// Classes have the people of their areas, all of them; what one area hides the
// class hides, and nothing else.
func TestByClass(t *testing.T) {
	t.Parallel()
	area := func(code string, people, covered float64, hidden bool) coverage.AreaResult {
		row := coverage.Row{ThresholdS: 600, Covered: covered, Uncovered: people - covered - 1, Unreachable: 1, Suppressed: hidden}
		return coverage.AreaResult{Code: code, Figures: coverage.Figures{Population: people, Coverage: []coverage.Row{row, {ThresholdS: 1200, Covered: people}}}}
	}
	st := &coverage.Study{AreaLevel: "municipality", Sections: []*coverage.Report{
		{Service: "a", Profile: "walking", ThresholdsS: []float64{600, 1200}, Areas: []coverage.AreaResult{area("1", 100, 40, false), area("2", 50, 10, false), area("3", 30, 9, true), area("4", 20, 1, false)}},
		{Service: "b", Profile: "walking", ThresholdsS: []float64{600, 1200}, Areas: []coverage.AreaResult{area("1", 100, 90, false), area("2", 50, 5, false), area("3", 30, 3, false), area("4", 20, 2, false)}},
	}}
	st.Sections[1].Areas[1].Suppressed = true
	for code, class := range map[string]string{"1": "D", "2": "D", "3": "F", "4": ""} {
		st.Classes = append(st.Classes, coverage.AreaClass{Scheme: "snai-2020", Level: "municipality", Code: code, Class: class, Label: map[string]string{"en": class}})
	}
	st.Classes = append(st.Classes, coverage.AreaClass{Scheme: "snai-2020", Level: "hamlet", Code: "1", Class: "F"}, coverage.AreaClass{Scheme: "degurba-l1", Code: "4", Class: "3"})
	got := coverage.ByClass(st)
	if len(got) != 6 {
		t.Fatalf("%+v", got)
	}
	d := got[0]
	if d.Class != "D" || d.Service != "a" || d.Areas != 2 || d.Population != 150 || d.Coverage[0].Covered != 50 || d.Coverage[0].Uncovered != 98 || d.Coverage[0].Unreachable != 2 || *d.Coverage[0].Share != 50.0/150 || *d.Coverage[1].Share != 1 {
		t.Errorf("%+v", d)
	}
	if b := got[1]; b.Service != "b" || !b.Suppressed || b.Population != 0 || !b.Coverage[0].Suppressed || b.Coverage[0].Covered != 0 || b.Coverage[0].Share != nil {
		t.Errorf("a class with a hidden area tells of it: %+v", b)
	}
	if f := got[2]; f.Class != "F" || f.Areas != 1 || f.Population != 30 || !f.Coverage[0].Suppressed || f.Coverage[0].Covered != 0 || *f.Coverage[1].Share != 1 {
		t.Errorf("%+v", f)
	}
	if x := got[4]; x.Scheme != "degurba-l1" || x.Areas != 1 || x.Population != 20 {
		t.Errorf("%+v", x)
	}
	b, err := json.Marshal(got[1])
	if err != nil || !strings.Contains(string(b), `"population":null`) || !strings.Contains(string(b), `"covered":null`) {
		t.Errorf("%s, %v", b, err)
	}
}
