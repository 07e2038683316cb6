// Package compare says what changed between two reports on one territory:
// people and shares, who gained and who lost, and which inputs and settings
// are others now.
package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Schema names the form of a Comparison.
const Schema = "contado/coverage-comparison/1"

// Comparison is what changed from A to B. Its JSON is a contract.
type Comparison struct {
	Schema    string             `json:"schema"`
	Territory coverage.Territory `json:"territory"`
	AreaLevel string             `json:"area_level,omitempty"`
	A         Side               `json:"a"`
	B         Side               `json:"b"`
	// Sections are those that both reports have, service and profile alike.
	Sections []Section `json:"sections"`
	// OnlyA and OnlyB name the sections that one report has alone.
	OnlyA []Name `json:"only_a"`
	OnlyB []Name `json:"only_b"`
	// Siting is where one more facility would help most, for the questions that
	// both reports ask.
	Siting   []Siting  `json:"siting,omitempty"`
	Inputs   []Input   `json:"inputs"`
	Settings []Setting `json:"settings"`
	// Cautions say what else is not alike, so that differences are not taken
	// for what they are not.
	Cautions []Caution `json:"cautions"`
}

// Side is one of the two reports.
type Side struct {
	ID         string    `json:"id"`
	Title      string    `json:"title,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	Population float64   `json:"population"`
	Program    string    `json:"program"`
}

// Name is a service and a way of moving.
type Name struct {
	Service      string `json:"service"`
	ServiceTitle string `json:"service_title,omitempty"`
	Profile      string `json:"profile"`
}

// Section is a section of both, at the thresholds that both have.
type Section struct {
	Name
	Rows []Row `json:"rows"`
	// Areas are those of both, by code, at the largest common threshold; the
	// greatest loss of people first.
	ThresholdS float64 `json:"threshold_s"`
	Areas      []Area  `json:"areas"`
	OnlyA      []Area  `json:"areas_only_a,omitempty"`
	OnlyB      []Area  `json:"areas_only_b,omitempty"`
}

// Row is the whole territory at one threshold. What is nil is hidden, or not
// defined, in one of the reports.
type Row struct {
	ThresholdS  float64  `json:"threshold_s"`
	CoveredA    *float64 `json:"covered_a"`
	CoveredB    *float64 `json:"covered_b"`
	ShareA      *float64 `json:"share_a"`
	ShareB      *float64 `json:"share_b"`
	LeftOutA    *float64 `json:"left_out_a"` // beyond the threshold or without a way
	LeftOutB    *float64 `json:"left_out_b"`
	WithinRange *bool    `json:"within_range,omitempty"` // ShareB lies within A's range of assumptions
}

// Area is one area.
type Area struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	ShareA   *float64 `json:"share_a"`
	ShareB   *float64 `json:"share_b"`
	CoveredA *float64 `json:"covered_a"`
	CoveredB *float64 `json:"covered_b"`
}

// Gain is how many more people B covers; nil when one is hidden.
func (a *Area) Gain() *float64 { return difference(a.CoveredA, a.CoveredB) }

// Input is a dataset that is not the same in both.
type Input struct {
	Dataset  string `json:"dataset"`
	Role     string `json:"role"`
	VersionA string `json:"version_a,omitempty"`
	VersionB string `json:"version_b,omitempty"`
	SHA256A  string `json:"sha256_a,omitempty"`
	SHA256B  string `json:"sha256_b,omitempty"`
}

// Setting is a parameter that is not the same in both.
type Setting struct {
	Name
	Parameter string `json:"parameter"`
	A         string `json:"a"`
	B         string `json:"b"`
	// Label and the texts say the same in words, by language; who writes the
	// comparison fills them in.
	Label map[string]string `json:"label,omitempty"`
	TextA map[string]string `json:"text_a,omitempty"`
	TextB map[string]string `json:"text_b,omitempty"`
	// ValueA and ValueB are the parameters themselves; nil where a report has
	// none.
	ValueA *coverage.Parameter `json:"-"`
	ValueB *coverage.Parameter `json:"-"`
}

// Caution is one of those of which the names follow.
type Caution string

// The cautions.
const (
	OtherPopulation Caution = "other-population" // more or fewer people in all
	OtherProgram    Caution = "other-program"
	OtherAreas      Caution = "other-areas"
	OtherSettings   Caution = "other-settings"
	OtherDisclosure Caution = "other-disclosure"
	InventedData    Caution = "invented-data" // at least one report is computed from made-up data
)

func difference(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	d := *b - *a
	return &d
}

// Studies compares two studies. What cannot be compared is fault.Invalid with
// the reason: other territories, no service and profile in common, or no
// threshold in common.
func Studies(a, b *coverage.Study) (*Comparison, error) {
	const op = "compare.Studies"
	if a.Territory.Code != b.Territory.Code {
		return nil, fault.Errorf(op, fault.Invalid, "the reports are on two territories, %s (%s) and %s (%s)", a.Territory.Name, a.Territory.Code, b.Territory.Name, b.Territory.Code)
	}
	c := &Comparison{
		Schema: Schema, Territory: b.Territory, AreaLevel: b.AreaLevel, A: side(a), B: side(b),
		Sections: []Section{}, OnlyA: []Name{}, OnlyB: []Name{}, Inputs: []Input{}, Settings: []Setting{}, Cautions: []Caution{},
	}
	common := 0
	for _, x := range a.Sections {
		y := find(b, x)
		if y == nil {
			c.OnlyA = append(c.OnlyA, nameOf(x))
			continue
		}
		common++
		if s, ok := section(x, y); ok {
			c.Sections = append(c.Sections, s)
			c.settings(x, y)
		}
	}
	for _, y := range b.Sections {
		if find(a, y) == nil {
			c.OnlyB = append(c.OnlyB, nameOf(y))
		}
	}
	switch {
	case common == 0:
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the reports have no service and way of moving in common: %s; %s", list(a), list(b)), "compare reports on the same question")
	case len(c.Sections) == 0:
		return nil, fault.Errorf(op, fault.Invalid, "the reports have no travel time in common")
	}
	c.siting(a, b)
	c.inputs(a, b)
	c.caution(a, b)
	return c, nil
}

func side(s *coverage.Study) Side {
	return Side{ID: s.ID, Title: s.Title, CreatedAt: s.CreatedAt, Population: s.PopulationTotal, Program: strings.TrimSpace(s.Program.Name + " " + s.Program.Version)}
}

func nameOf(r *coverage.Report) Name { return Name{r.Service, r.ServiceTitle, r.Profile} }

func list(s *coverage.Study) string {
	var out []string
	for _, r := range s.Sections[:min(len(s.Sections), 6)] {
		out = append(out, r.Service+" "+r.Profile)
	}
	return strings.Join(out, ", ")
}

func find(s *coverage.Study, like *coverage.Report) *coverage.Report {
	for _, r := range s.Sections {
		if r.Service == like.Service && r.Profile == like.Profile {
			return r
		}
	}
	return nil
}

// section compares one section; false when no threshold is common.
func section(x, y *coverage.Report) (Section, bool) {
	s := Section{Name: nameOf(y), Rows: []Row{}, Areas: []Area{}}
	last := [2]int{-1, -1}
	for i, t := range x.ThresholdsS {
		j := slices.Index(y.ThresholdsS, t)
		if j < 0 {
			continue
		}
		last = [2]int{i, j}
		r := Row{ThresholdS: t}
		r.CoveredA, r.ShareA, r.LeftOutA = figures(&x.Coverage[i])
		r.CoveredB, r.ShareB, r.LeftOutB = figures(&y.Coverage[j])
		for _, g := range x.Ranges {
			if g.ThresholdS == t && g.Low != nil && g.High != nil && r.ShareB != nil {
				within := *r.ShareB >= *g.Low && *r.ShareB <= *g.High
				r.WithinRange = &within
			}
		}
		s.Rows = append(s.Rows, r)
	}
	if last[0] < 0 {
		return s, false
	}
	s.ThresholdS = x.ThresholdsS[last[0]]
	s.compareAreas(x, y, last)
	return s, true
}

func figures(r *coverage.Row) (covered, share, left *float64) {
	if r.Suppressed {
		return nil, nil, nil
	}
	c, l := r.Covered, r.Uncovered+r.Unreachable
	return &c, r.Share, &l
}

func (s *Section) compareAreas(x, y *coverage.Report, at [2]int) {
	known := map[string]*coverage.AreaResult{}
	for i := range x.Areas {
		known[x.Areas[i].Code] = &x.Areas[i]
	}
	for i := range y.Areas {
		b := &y.Areas[i]
		out := Area{Code: b.Code, Name: b.Name}
		out.CoveredB, out.ShareB = ofArea(b, at[1])
		a := known[b.Code]
		if a == nil {
			s.OnlyB = append(s.OnlyB, out)
			continue
		}
		delete(known, b.Code)
		out.CoveredA, out.ShareA = ofArea(a, at[0])
		s.Areas = append(s.Areas, out)
	}
	for i := range x.Areas {
		if a := known[x.Areas[i].Code]; a != nil {
			out := Area{Code: a.Code, Name: a.Name}
			out.CoveredA, out.ShareA = ofArea(a, at[0])
			s.OnlyA = append(s.OnlyA, out)
		}
	}
	gain := func(a *Area) float64 {
		if g := a.Gain(); g != nil {
			return *g
		}
		return math.Inf(1) // those that cannot be compared come last
	}
	slices.SortStableFunc(s.Areas, func(a, b Area) int {
		switch g, h := gain(&a), gain(&b); {
		case g < h:
			return -1
		case g > h:
			return 1
		}
		return 0
	})
}

func ofArea(a *coverage.AreaResult, j int) (covered, share *float64) {
	if a.Suppressed {
		return nil, nil
	}
	covered, share, _ = figures(&a.Coverage[j])
	return covered, share
}

func (c *Comparison) settings(x, y *coverage.Report) {
	type setting struct {
		text string
		p    *coverage.Parameter
	}
	values := func(r *coverage.Report) (map[string]setting, []string) {
		out, order := map[string]setting{}, []string{}
		for i := range r.Method.Parameters {
			p := &r.Method.Parameters[i]
			b, err := json.Marshal(p.Value)
			if err != nil {
				b = []byte(fmt.Sprint(p.Value))
			}
			if _, twice := out[p.Name]; !twice {
				order = append(order, p.Name)
			}
			out[p.Name] = setting{strings.Trim(strings.TrimSpace(string(b)+" "+p.Unit), `"`), p}
		}
		return out, order
	}
	a, order := values(x)
	b, more := values(y)
	for _, name := range more {
		if _, ok := a[name]; !ok {
			order = append(order, name)
		}
	}
	for _, name := range order {
		if x, z := a[name], b[name]; x.text != z.text {
			c.Settings = append(c.Settings, Setting{Name: nameOf(y), Parameter: name, A: x.text, B: z.text, ValueA: x.p, ValueB: z.p})
		}
	}
}

func (c *Comparison) inputs(a, b *coverage.Study) {
	type key struct{ dataset, role string }
	collect := func(s *coverage.Study) (map[key]coverage.Input, []key) {
		out, order := map[key]coverage.Input{}, []key{}
		add := func(list []coverage.Input) {
			for _, in := range list {
				k := key{in.Dataset, in.Role}
				if _, ok := out[k]; !ok {
					order = append(order, k)
				}
				out[k] = in
			}
		}
		add(s.Inputs)
		for _, r := range s.Sections {
			add(r.Inputs)
		}
		return out, order
	}
	in, order := collect(a)
	now, more := collect(b)
	for _, k := range more {
		if _, ok := in[k]; !ok {
			order = append(order, k)
		}
	}
	for _, k := range order {
		x, y := in[k], now[k]
		if x.SHA256 == y.SHA256 && (x.SHA256 != "" || x.Version == y.Version) {
			continue
		}
		c.Inputs = append(c.Inputs, Input{k.dataset, k.role, x.Version, y.Version, x.SHA256, y.SHA256})
	}
}

func (c *Comparison) caution(a, b *coverage.Study) {
	add := func(when bool, what Caution) {
		if when {
			c.Cautions = append(c.Cautions, what)
		}
	}
	add(math.Abs(a.PopulationTotal-b.PopulationTotal) > 1e-9*(a.PopulationTotal+b.PopulationTotal), OtherPopulation)
	add(c.A.Program != c.B.Program, OtherProgram)
	add(slices.ContainsFunc(c.Sections, func(s Section) bool { return len(s.OnlyA)+len(s.OnlyB) > 0 }), OtherAreas)
	add(len(c.Settings) > 0, OtherSettings)
	threshold := func(s *coverage.Study) float64 {
		if s.Disclosure == nil {
			return 0
		}
		return s.Disclosure.Threshold
	}
	add(threshold(a) != threshold(b), OtherDisclosure)
	add(invented(a) || invented(b), InventedData)
}

// invented reports whether a study, or a section of it, is of made-up data.
func invented(s *coverage.Study) bool {
	says := func(n coverage.Notice) bool { return n.Code == coverage.NoticeInventedData }
	return slices.ContainsFunc(s.Notices, says) || slices.ContainsFunc(s.Sections, func(r *coverage.Report) bool { return slices.ContainsFunc(r.Notices, says) })
}
