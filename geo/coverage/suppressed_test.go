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

// fill sets everything that a value can hold but the marks of what is hidden.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Suppressed" && name != "Merged" {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value)
		v.SetMapIndex(reflect.ValueOf("en"), value)
	case reflect.String:
		v.SetString("x")
	case reflect.Float64:
		v.SetFloat(7)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// TestNothingIsLostInWriting: every field, those added later too, comes back.
func TestNothingIsLostInWriting(t *testing.T) {
	t.Parallel()
	for _, value := range hideable(false) {
		full := reflect.New(reflect.TypeOf(value))
		fill(full.Elem())
		text, err := json.Marshal(full.Interface())
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(value))
		if err := json.Unmarshal(text, back.Interface()); err != nil || !reflect.DeepEqual(back.Interface(), full.Interface()) {
			t.Errorf("%T: %s came back as %+v, %v", value, text, back.Elem(), err)
		}
	}
}
