package verify_test

import (
	"bytes"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/coverage/verify"
)

func study(t *testing.T) *coverage.Study {
	t.Helper()
	st, _, err := studytest.Make(studytest.Options{Services: []string{"pharmacy", "school"}, Profiles: []string{"walking"}})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSame(t *testing.T) {
	t.Parallel()
	kept, again := study(t), study(t)
	// As kept: written and read back.
	var b bytes.Buffer
	if err := report.StudyJSON(&b, kept); err != nil {
		t.Fatal(err)
	}
	kept, err := report.ReadStudy(&b)
	if err != nil {
		t.Fatal(err)
	}
	again.ID, again.Title, again.CreatedAt = "other", "Other", again.CreatedAt.AddDate(1, 0, 0)
	v, err := verify.Compare(kept, again)
	if err != nil {
		t.Fatal(err)
	}
	if v.Outcome != verify.Same || v.Numbers < 500 || v.Program != "" {
		t.Errorf("%s after %d numbers: %v", v.Outcome, v.Numbers, v.Differences)
	}
}

// Each change of a number is found, under its path.
func TestDifferent(t *testing.T) {
	t.Parallel()
	for path, change := range map[string]func(s *coverage.Study){
		"sections[0].coverage[1].covered":        func(s *coverage.Study) { s.Sections[0].Coverage[1].Covered += 1e-6 },
		"sections[1].areas[3].median_s":          func(s *coverage.Study) { s.Sections[1].Areas[3].MedianS = nil },
		"isolation[0].people[1]":                 func(s *coverage.Study) { s.Isolation[0].People[1]++ },
		"rules[0].met":                           func(s *coverage.Study) { s.Rules[0].Met = nil },
		"sections[0].gaps":                       func(s *coverage.Study) { s.Sections[0].Gaps = s.Sections[0].Gaps[1:] },
		"sections[0].areas[0].name":              func(s *coverage.Study) { s.Sections[0].Areas[0].Name = "X" },
		"inputs[0].sha256":                       func(s *coverage.Study) { s.Inputs[0].SHA256 = "0" },
		"disclosure":                             func(s *coverage.Study) { s.Disclosure = nil },
		"sections[0].method.parameters[0].value": func(s *coverage.Study) { s.Sections[0].Method.Parameters[0].Value = 4.0 },
	} {
		again := study(t)
		change(again)
		v, err := verify.Compare(study(t), again)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range v.Differences {
			found = found || d.Path == path
		}
		if v.Outcome != verify.Different || !found {
			t.Errorf("%s: %s, %v", path, v.Outcome, v.Differences)
		}
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	kept := study(t)
	all := map[string]string{}
	for _, in := range kept.Inputs {
		all[in.Dataset] = in.SHA256
	}
	for _, r := range kept.Sections {
		for _, in := range r.Inputs {
			all[in.Dataset] = in.SHA256
		}
	}
	now := func(id string) (string, string, bool) { sum, ok := all[id]; return "v9", sum, ok }
	if gone := verify.Inputs(kept, now); len(gone) != 0 {
		t.Errorf("the same contents: %v", gone)
	}
	edited := func(id string) (string, string, bool) {
		if id == "popolazione" {
			return "v1.4", all[id], true
		}
		return now(id)
	}
	if gone := verify.Inputs(kept, edited); len(gone) != 1 || gone[0].Dataset != "popolazione" {
		t.Errorf("rows were edited: %v", gone)
	}
	delete(all, "comuni")
	all["pharmacy"] = "other"
	gone := verify.Inputs(kept, now)
	if len(gone) != 2 || gone[0].Dataset != "comuni" || gone[1].Dataset != "pharmacy" {
		t.Errorf("gone: %v", gone)
	}
}
