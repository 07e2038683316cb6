package recipe_test

import (
	"context"
	"strings"
	"testing"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/recipe"
	"contado/geo/travel"
)

// asked remembers what it was asked.
type asked struct {
	single *analysis.CoverageRequest
	study  *analysis.StudyRequest
}

func (a *asked) Coverage(_ context.Context, q analysis.CoverageRequest, _ analysis.Progress) (*coverage.Report, *report.Sketch, error) {
	a.single = &q
	return &coverage.Report{Service: q.Service, Profile: q.Profile}, nil, nil
}

func (a *asked) Study(_ context.Context, q analysis.StudyRequest, _ analysis.Progress) (*coverage.Study, []*report.Sketch, error) {
	a.study = &q
	return &coverage.Study{Recipe: q.Recipe}, nil, nil
}

const again = "recipe: contado/1\nname: report\nterritories: [\"9\"]\nservices: [\"clinic[beds > 3]\"]\nprofiles: [walking]\nthresholds: [15m]\nseason: [\"snowline:1500\"]\n"

func kept(recipe string, sections ...*coverage.Report) *coverage.Study {
	return &coverage.Study{ID: "kept", Territory: coverage.Territory{Code: "9"}, Recipe: recipe, Sections: sections}
}

// A question is asked again with all that it was asked with: the recipe, and
// the files beside it.
func TestAsk(t *testing.T) {
	t.Parallel()
	speeds, err := travel.BuiltinSpeeds("walking-open")
	if err != nil {
		t.Fatal(err)
	}
	table := coverage.Attachment{Kind: coverage.AttachedSpeeds, Name: "mine.csv", Text: speeds.String()}
	section := &coverage.Report{Service: "clinic", Profile: "walking", Recipe: again, Attached: []coverage.Attachment{table}}
	st := kept(again, section)
	st.Attached = section.Attached
	q, err := recipe.Ask(st)
	if err != nil {
		t.Fatal(err)
	}
	var e asked
	out, _, err := q.Run(t.Context(), &e, nil)
	if err != nil || e.study != nil || e.single == nil {
		t.Fatalf("a report of one service: %v, %+v", err, e)
	}
	if e.single.Service != "clinic[beds > 3]" || len(e.single.Season) != 1 || e.single.Speeds == nil || e.single.Speeds.SHA256() != speeds.SHA256() || e.single.Territory != "9" {
		t.Errorf("%+v", e.single)
	}
	if out.Recipe != again || len(out.Attached) != 1 {
		t.Errorf("what comes back has recipe %q and %d files", out.Recipe, len(out.Attached))
	}

	e = asked{}
	if q, err = recipe.Ask(kept(again, &coverage.Report{Service: "clinic", Profile: "walking"})); err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.Run(t.Context(), &e, nil); err != nil || e.study == nil || e.study.Recipe != again {
		t.Errorf("a study: %v, %+v", err, e)
	}
}

func TestAskRefuses(t *testing.T) {
	t.Parallel()
	one := &coverage.Report{Service: "clinic", Profile: "walking"}
	broken := kept(again, one)
	broken.Attached = []coverage.Attachment{{Kind: coverage.AttachedSpeeds, Name: "x.csv", Text: "no table"}}
	strange := kept(again, one)
	strange.Attached = []coverage.Attachment{{Kind: "program", Name: "x", Text: "x"}}
	large := kept(again, one)
	large.Attached = []coverage.Attachment{{Kind: coverage.AttachedSpeeds, Name: "x", Text: strings.Repeat("x", coverage.MaxAttachedBytes)}}
	for name, c := range map[string]struct {
		st   *coverage.Study
		kind fault.Kind
	}{
		"no sections": {kept(again), fault.Invalid}, "no recipe": {kept("", one, one), fault.Unsupported}, "a recipe that is none": {kept("recipe: other", one), fault.Invalid},
		"a table that is none": {broken, fault.Invalid}, "a file of a strange kind": {strange, fault.Invalid}, "too large a file": {large, fault.TooLarge},
	} {
		if _, err := recipe.Ask(c.st); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
