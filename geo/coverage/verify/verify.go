// Package verify compares a kept report with one computed again, number by
// number: whoever doubts a figure can have it made anew from what the report
// says of its inputs, and see.
package verify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Outcome is what became of a verification.
type Outcome string

// The outcomes.
const (
	// Same: every number is there again.
	Same Outcome = "same"
	// Different: the inputs are the same, some numbers are not.
	Different Outcome = "different"
	// Changed: inputs are no longer what they were, so that nothing can be
	// said of the numbers.
	Changed Outcome = "inputs-changed"
)

// Verdict is the result.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// Numbers were compared, of which Differences differ.
	Numbers     int          `json:"numbers"`
	Differences []Difference `json:"differences"`
	Omitted     int          `json:"differences_omitted,omitempty"`
	// Gone are the inputs that are no longer there, or have another content.
	Gone []Gone `json:"gone"`
	// Program is that of the kept report when it is another.
	Program string `json:"other_program,omitempty"`
}

// Difference is one number, text or part that is not the same.
type Difference struct {
	Path  string `json:"path"` // "sections[0].coverage[1].covered"
	Kept  string `json:"kept"`
	Again string `json:"again"`
}

// Gone is an input that cannot be used again.
type Gone struct {
	Dataset string `json:"dataset"`
	Role    string `json:"role,omitempty"`
	Reason  Reason `json:"reason"`
	Was     string `json:"was"` // version in the report
	Now     string `json:"now,omitempty"`
	Why     string `json:"why"` // the same in English
}

// Reason is one of those of which the names follow.
type Reason string

// The reasons.
const (
	Absent  Reason = "absent"  // the dataset is not there any more
	Edited  Reason = "edited"  // rows were edited since
	Renewed Reason = "renewed" // it has another content, or version
)

// MaxDifferences is how many differences a verdict lists.
const MaxDifferences = 200

// Tolerance is the relative difference that is still the same: numbers are
// written with all their digits, so it is the rounding of one last digit.
const Tolerance = 1e-12

// Content finds the version and checksum that a dataset has now; ok is false
// when it is not there.
type Content func(dataset string) (version, sha256 string, ok bool)

// Inputs lists the inputs of a kept study that are no longer there as they
// were. A dataset whose checksum is the same is the same, whatever its version.
func Inputs(kept *coverage.Study, now Content) []Gone {
	var out []Gone
	seen := map[string]bool{}
	look := func(list []coverage.Input) {
		for _, in := range list {
			key := in.Dataset + "\x00" + in.Version + "\x00" + in.SHA256
			if seen[key] {
				continue
			}
			seen[key] = true
			version, sum, ok := now(in.Dataset)
			gone := func(reason Reason, why string) {
				out = append(out, Gone{in.Dataset, in.Role, reason, in.Version, version, why})
			}
			switch {
			case !ok:
				gone(Absent, fmt.Sprintf("there is no dataset %s any more (%s, %s)", in.Dataset, in.Version, short(in.SHA256)))
			case in.SHA256 == "" && in.Version != version:
				gone(Renewed, fmt.Sprintf("%s was %s and is %s now; the report has no checksum", in.Dataset, in.Version, version))
			case in.SHA256 == sum && edits(in.Version) != edits(version):
				gone(Edited, fmt.Sprintf("rows of %s were edited since (%s, now %s)", in.Dataset, in.Version, version))
			case in.SHA256 != "" && in.SHA256 != sum:
				gone(Renewed, fmt.Sprintf("%s was %s with checksum %s, and is %s with %s now", in.Dataset, in.Version, short(in.SHA256), version, short(sum)))
			}
		}
	}
	look(kept.Inputs)
	for _, r := range kept.Sections {
		look(r.Inputs)
	}
	return out
}

// edits is the state of the edits on top of a version: "17" of "3.17".
func edits(version string) string {
	_, after, _ := strings.Cut(version, ".")
	return after
}

func short(sum string) string {
	if sum == "" {
		return "no checksum"
	}
	return "sha256:" + sum[:min(12, len(sum))] + "…"
}

// names are left out of the comparison: they say when, under what name and by
// what program the report was made, not what it found.
var names = []string{"id", "title", "created_at", "program", "recipe", "version", "renews"}

// Compare compares the numbers and texts of two studies. Parts of a list are
// matched by place. Errors: fault.Invalid when one cannot be written as JSON.
func Compare(kept, again *coverage.Study) (*Verdict, error) {
	a, err := tree(kept)
	if err != nil {
		return nil, err
	}
	b, err := tree(again)
	if err != nil {
		return nil, err
	}
	v := &Verdict{Outcome: Same, Differences: []Difference{}, Gone: []Gone{}}
	v.walk("", a, b)
	if len(v.Differences) > 0 {
		v.Outcome = Different
	}
	if kept.Program != again.Program {
		v.Program = strings.TrimSpace(kept.Program.Name + " " + kept.Program.Version)
	}
	return v, nil
}

func tree(s *coverage.Study) (any, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fault.E("verify.Compare", fault.Invalid, err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return nil, fault.E("verify.Compare", fault.Invalid, err)
	}
	return out, nil
}

func (v *Verdict) differ(path, kept, again string) {
	if len(v.Differences) >= MaxDifferences {
		v.Omitted++
		return
	}
	v.Differences = append(v.Differences, Difference{cmp.Or(path, "."), kept, again})
}

func (v *Verdict) walk(path string, a, b any) {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			v.objects(path, a, b)
			return
		}
	case []any:
		if b, ok := b.([]any); ok {
			if len(a) != len(b) {
				v.differ(path, fmt.Sprintf("%d entries", len(a)), fmt.Sprintf("%d entries", len(b)))
			}
			for i := range min(len(a), len(b)) {
				v.walk(path+"["+strconv.Itoa(i)+"]", a[i], b[i])
			}
			return
		}
	case json.Number:
		v.Numbers++
		if b, ok := b.(json.Number); ok && sameNumber(a, b) {
			return
		}
	default:
		if a == b {
			return
		}
	}
	v.differ(path, text(a), text(b))
}

func (v *Verdict) objects(path string, a, b map[string]any) {
	keys := make([]string, 0, len(a))
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if slices.Contains(names, k) {
			continue
		}
		at := strings.TrimPrefix(path+"."+k, ".")
		if k == "inputs" { // which data it is made from, in whatever order they are named
			v.walk(at, byDataset(a[k]), byDataset(b[k]))
			continue
		}
		v.walk(at, a[k], b[k])
	}
}

// byDataset is a list of inputs in an order of its own.
func byDataset(inputs any) any {
	list, ok := inputs.([]any)
	if !ok {
		return inputs
	}
	key := func(in any) string {
		o, _ := in.(map[string]any)
		return fmt.Sprint(o["dataset"], " ", o["role"], " ", o["sha256"])
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(key(a), key(b)) })
	return list
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && math.Abs(x-y) <= Tolerance*math.Max(math.Abs(x), math.Abs(y))
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return fmt.Sprintf("%d fields", len(v))
	case []any:
		return fmt.Sprintf("%d entries", len(v))
	}
	return fmt.Sprint(v)
}
