package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
)

// What is written fits the schema that is published, and what is broken does not.
func TestStudySchema(t *testing.T) {
	t.Parallel()
	text, err := report.StudySchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:contado:coverage-study:1", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:contado:coverage-study:1")
	if err != nil {
		t.Fatal(err)
	}
	written := func(st *coverage.Study) map[string]any {
		var b bytes.Buffer
		if err := report.StudyJSON(&b, st); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		return v.(map[string]any)
	}
	for _, o := range []studytest.Options{{}, {Plain: true}, {Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 1}} {
		st, _ := makeStudy(t, o)
		if err := s.Validate(written(st)); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for name, breakIt := range map[string]func(v map[string]any){
		"schema":      func(v map[string]any) { v["schema"] = "other" },
		"no sections": func(v map[string]any) { delete(v, "sections") },
		"a text":      func(v map[string]any) { v["population_total"] = "many" },
		"a deep text": func(v map[string]any) {
			v["sections"].([]any)[0].(map[string]any)["coverage"].([]any)[0].(map[string]any)["covered"] = "x"
		},
		"null section": func(v map[string]any) { v["sections"] = []any{json.Number("1")} },
	} {
		st, _ := makeStudy(t, studytest.Options{})
		v := written(st)
		breakIt(v)
		if err := s.Validate(v); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
