package coverage_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"contado/geo/coverage"
)

// hideable are all kinds of value that can be hidden, each full of 7s.
func hideable(hidden bool) []any {
	seven := 7.0
	row := coverage.Row{ThresholdS: 900, Covered: seven, Uncovered: seven, Unreachable: seven, Share: &seven, Suppressed: hidden}
	figures := coverage.Figures{Population: seven, Coverage: []coverage.Row{row}, MedianS: &seven, P90S: &seven, Suppressed: hidden}
	return []any{
		row,
		coverage.AreaResult{Code: "a", Name: "A", Figures: figures, AgeBands: []coverage.BandResult{{Band: "b", Figures: figures}}},
		coverage.Choice{K: 1, Figures: figures},
		coverage.Gap{Name: "g", Unreachable: seven, Suppressed: hidden},
		coverage.GapsOmitted{Count: 1, Population: seven, Suppressed: hidden},
		coverage.Capacity{Assigned: seven, Full: seven, Beyond: seven, Suppressed: hidden},
		coverage.FacilityLoad{Assigned: seven, MeanS: &seven, MaxS: &seven, Suppressed: hidden},
		coverage.CapacityArea{People: seven, Assigned: seven, Full: seven, Beyond: seven, Suppressed: hidden},
		coverage.Isolation{People: []float64{seven}, Suppressed: hidden},
		coverage.IsolationArea{People: []float64{seven}, Suppressed: hidden},
		coverage.RuleResult{Value: &seven, People: seven, Suppressed: hidden},
		coverage.RuleArea{Value: &seven, People: seven, Suppressed: hidden},
	}
}

// TestHiddenIsNull: what is hidden leaves no trace in JSON, what is not comes
// back as it was, and both have the same members.
func TestHiddenIsNull(t *testing.T) {
	t.Parallel()
	open, shut := hideable(false), hideable(true)
	for i := range open {
		text, err := json.Marshal(open[i])
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(open[i]))
		if err := json.Unmarshal(text, back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), open[i]) {
			t.Errorf("%T: %s came back as %+v, %v", open[i], text, back.Elem(), err)
		}
		hidden, err := json.Marshal(shut[i])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(hidden), "7") || !strings.Contains(string(hidden), "uppressed\":true") {
			t.Errorf("%T, hidden: %s", shut[i], hidden)
		}
		var a, b map[string]any
		if json.Unmarshal(text, &a) != nil || json.Unmarshal(hidden, &b) != nil {
			t.Fatalf("%T: no object", open[i])
		}
		for name := range a {
			if _, ok := b[name]; !ok {
				t.Errorf("%T: member %q is missing when hidden", open[i], name)
			}
		}
		if err := json.Unmarshal(hidden, reflect.New(reflect.TypeOf(shut[i])).Interface()); err != nil {
			t.Errorf("%T: hidden values cannot be read: %v", shut[i], err)
		}
	}
}
