package disclosure_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

// figuresOf calls yield for every figure of a report: area and band −1 for all.
func figuresOf(r *coverage.Report, yield func(area, band int, f *coverage.Figures)) {
	yield(-1, -1, &coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage})
	for b := range r.AgeBands {
		yield(-1, b, &r.AgeBands[b].Figures)
	}
	for a := range r.Areas {
		yield(a, -1, &r.Areas[a].Figures)
		for b := range r.Areas[a].AgeBands {
			yield(a, b, &r.Areas[a].AgeBands[b].Figures)
		}
	}
}

// randomReport is about few people in some areas; small counts are everywhere.
func randomReport(t testing.TB, rng *rand.Rand) *coverage.Report {
	t.Helper()
	areas, bands := 1+rng.IntN(4), rng.IntN(4)
	cells := 4 + rng.IntN(30)
	d := coverage.Demand{Bands: make([][]float64, bands)}
	names := []string{"0-14", "15-64", "65+"}[:bands]
	whole := rng.IntN(4) > 0 // else a part of the people has no age
	part := 1.0
	if rng.IntN(3) == 0 {
		part = 0.3 // people spread over cells are seldom whole
	}
	for range cells {
		d.Area = append(d.Area, int32(rng.IntN(areas)))
		d.Seconds = append(d.Seconds, []float32{300, 900, 1500, 3000, inf}[rng.IntN(5)])
		people := 0.0
		for b := range bands {
			n := part * float64(rng.IntN(1+rng.IntN(6)))
			d.Bands[b] = append(d.Bands[b], n)
			people += n
		}
		if bands == 0 || !whole {
			people += part * float64(rng.IntN(8))
		}
		d.People = append(d.People, people)
		d.X, d.Y = append(d.X, 10+rng.Float64()/5), append(d.Y, 45+rng.Float64()/5)
	}
	list := make([]coverage.Area, areas)
	for a := range list {
		list[a] = coverage.Area{Code: fmt.Sprint(a), Name: fmt.Sprint("Area ", a)}
	}
	r, err := coverage.Compute(context.Background(), d, list, nil, coverage.Params{Thresholds: []float64{600, 1200, 1800}, BandNames: names})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var inf = float32(math.Inf(1))

func clone(t testing.TB, r *coverage.Report) *coverage.Report {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	out := &coverage.Report{}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// system is what an attacker has: sums of unknown cells that are published,
// and sums that he is after. A sum is a list of cell numbers.
type system struct {
	Cells   int
	Sums    [][]int
	Values  []float64
	Targets [][]int
	Names   []string
	Step    float64
}

// attack writes down everything that the protected report publishes, and as
// targets all small numbers of the open one: sums of neighbouring classes of
// any figure.
func attack(open, shut *coverage.Report, k float64) system {
	areas, bands, classes := len(open.Areas), max(1, len(open.AgeBands)), len(open.Coverage)+2
	inBands := 0.0
	for _, b := range open.AgeBands {
		inBands += b.Population
	}
	if len(open.AgeBands) > 0 && inBands != open.PopulationTotal {
		bands++ // people of no band have one of their own
	}
	cellsOf := func(area, band, from, to int) (out []int) {
		for a := range areas {
			for b := range bands {
				for c := from; c < to; c++ {
					if (area < 0 || area == a) && (band < 0 || band == b) {
						out = append(out, (a*bands+b)*classes+c)
					}
				}
			}
		}
		return out
	}
	return written(open, shut, k, areas*bands*classes, cellsOf)
}

// written is the system of both reports: cellsOf lists the cells of an area, a
// band and the classes from one until another.
func written(open, shut *coverage.Report, k float64, cells int, cellsOf func(area, band, from, to int) []int) system {
	classes := len(open.Coverage) + 2
	s := system{Cells: cells, Step: math.Ceil(k) - 1}
	publish := func(v float64, of []int) {
		s.Sums, s.Values = append(s.Sums, of), append(s.Values, v)
	}
	figuresOf(shut, func(a, b int, f *coverage.Figures) {
		if !f.Suppressed {
			publish(f.Population, cellsOf(a, b, 0, classes))
		}
		for j, row := range f.Coverage {
			if !row.Suppressed {
				publish(row.Covered, cellsOf(a, b, 0, j+1))
				if row.Merged {
					publish(row.Uncovered, cellsOf(a, b, j+1, classes))
					continue
				}
				publish(row.Uncovered, cellsOf(a, b, j+1, classes-1))
				publish(row.Unreachable, cellsOf(a, b, classes-1, classes))
			}
		}
	})
	figuresOf(open, func(a, b int, f *coverage.Figures) {
		n := make([]float64, classes)
		last := 0.0
		for j, row := range f.Coverage {
			n[j], last = row.Covered-last, row.Covered
			n[classes-2], n[classes-1] = row.Uncovered, row.Unreachable
		}
		for from := range n {
			v := 0.0
			for to := from; to < classes; to++ {
				if v += n[to]; v > 0 && v < k {
					s.Targets = append(s.Targets, cellsOf(a, b, from, to+1))
					s.Names = append(s.Names, fmt.Sprintf("area %d band %d classes %d to %d, %v people", a, b, from, to, v))
				}
			}
		}
	})
	return s
}

// solver bounds each target over all tables that agree with what is published
// (linear programmes), and prints those held to less than step.
const solver = `
import json, sys
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix
for n, s in enumerate(json.load(sys.stdin)):
    a = lil_matrix((len(s["Sums"]), s["Cells"]))
    for i, cells in enumerate(s["Sums"]):
        for c in cells: a[i, c] = 1
    a = a.tocsr()
    b = np.array(s["Values"])
    for cells, name in zip(s["Targets"] or [], s["Names"] or []):
        cost = np.zeros(s["Cells"])
        for c in cells: cost[c] = 1
        low = linprog(cost, A_eq=a, b_eq=b, bounds=(0, None), method="highs")
        high = linprog(-cost, A_eq=a, b_eq=b, bounds=(0, None), method="highs")
        if low.status == 0 and high.status == 3: continue
        if low.status != 0 or high.status != 0: print(n, name, "cannot be solved", low.status, high.status); continue
        if -high.fun - low.fun < s["Step"] - 1e-6: print(n, name, "is between", low.fun, "and", -high.fun)
`

// TestAttack: no small number, and no small difference, can be held to fewer
// than threshold values by solving for all that is published.
func TestAttack(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import scipy.optimize").Run(); err != nil {
		t.Skip("the attack is solved with python3-scipy, which is not installed")
	}
	rng := rand.New(rand.NewPCG(7, 11))
	var systems []system
	naive, targets, hidden, all := []system{}, 0, 0, 0
	for len(systems) < 12 {
		open := randomReport(t, rng)
		shut := clone(t, open)
		k := float64(3 + rng.IntN(3))
		if err := disclosure.ProtectReport(context.Background(), shut, k); err != nil {
			continue // too few people in all
		}
		s := attack(open, shut, k)
		targets += len(s.Targets)
		systems = append(systems, s)
		if len(naive) < 2 && len(s.Targets) > 0 {
			naive = append(naive, attack(open, open, k))
		}
		figuresOf(shut, func(_, _ int, f *coverage.Figures) {
			for _, row := range f.Coverage {
				all++
				if row.Suppressed {
					hidden++
				}
			}
		})
	}
	if out := solve(t, python, systems); out != "" {
		t.Errorf("of %d hidden numbers, these can be computed:\n%s", targets, out)
	}
	if out := solve(t, python, naive); out == "" {
		t.Error("the attack finds nothing in reports that are not protected: it proves nothing")
	}
	t.Logf("%d reports, %d small numbers; %d of %d rows hidden", len(systems), targets, hidden, all)
}

func solve(t *testing.T, python string, systems []system) string {
	t.Helper()
	text, err := json.Marshal(systems)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", solver)
	cmd.Stdin = bytes.NewReader(text)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, failed.String())
	}
	return string(out)
}

// TestNothingIsChangedThatIsShown: protection hides, it does not alter.
func TestNothingIsChangedThatIsShown(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 5))
	for range 200 {
		open := randomReport(t, rng)
		shut := clone(t, open)
		if err := disclosure.ProtectReport(context.Background(), shut, 3); err != nil {
			continue
		}
		want := map[[2]int]coverage.Figures{}
		figuresOf(open, func(a, b int, f *coverage.Figures) { want[[2]int{a, b}] = *f })
		figuresOf(shut, func(a, b int, f *coverage.Figures) {
			i := [2]int{a, b}
			if !f.Suppressed && f.Population != want[i].Population {
				t.Fatalf("population %v, want %v", f.Population, want[i].Population)
			}
			for j, row := range f.Coverage {
				w := want[i].Coverage[j]
				if row.Suppressed {
					continue
				}
				if row.Merged {
					w.Uncovered, w.Unreachable = w.Uncovered+w.Unreachable, 0
				}
				if row.Covered != w.Covered || row.Uncovered != w.Uncovered || row.Unreachable != w.Unreachable {
					t.Fatalf("row %+v, want %+v", row, w)
				}
				for _, v := range []float64{row.Covered, row.Uncovered, row.Unreachable} {
					if v > 0 && v < 3 {
						t.Fatalf("area %d band %d shows %v people", a, b, v)
					}
				}
			}
		})
		checkExtras(t, open, shut)
	}
}

// checkExtras: gaps and curve tell no small number, and nobody is lost in
// them that is not said to be hidden.
func checkExtras(t *testing.T, open, shut *coverage.Report) {
	t.Helper()
	small := func(v float64) bool { return v > 1e-9 && v < 3 }
	last := len(open.Coverage) - 1
	left := map[string]float64{}
	for _, a := range open.Areas {
		left[a.Code] = a.Coverage[last].Uncovered + a.Coverage[last].Unreachable
	}
	listed := 0.0
	for _, g := range shut.Gaps {
		left[g.AreaCode] -= g.Population
		listed += g.Population
		if small(g.Population) || (!g.Suppressed && (small(g.Unreachable) || small(g.Population-g.Unreachable))) {
			t.Fatalf("gap %+v", g)
		}
	}
	for _, g := range shut.Gaps {
		if small(left[g.AreaCode]) {
			t.Fatalf("area %s has %v people beside the groups listed", g.AreaCode, left[g.AreaCode])
		}
	}
	if !shut.GapsOmitted.Suppressed {
		if want := open.Coverage[last].Uncovered + open.Coverage[last].Unreachable; math.Abs(listed+shut.GapsOmitted.Population-want) > 1e-9 {
			t.Fatalf("gaps hold %v and %v, want %v", listed, shut.GapsOmitted.Population, want)
		}
	}
	before := 0.0
	for _, p := range shut.Curve {
		if small(p.People - before) {
			t.Fatalf("curve steps by %v at %v s", p.People-before, p.TimeS)
		}
		before = p.People
	}
}

func TestVerdictIsTheReports(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	some := false
	for range 50 {
		r := randomReport(t, rng)
		if disclosure.VerdictOf(r).Row("", "", 0) {
			t.Fatal("an open report hides something")
		}
		if err := disclosure.ProtectReport(context.Background(), r, 3); err != nil {
			continue
		}
		kept := clone(t, r) // as written and read again
		for _, v := range []*disclosure.Verdict{disclosure.VerdictOf(r), disclosure.VerdictOf(kept)} {
			for _, a := range r.Areas {
				for j, row := range a.Coverage {
					some = some || row.Suppressed
					if v.Row(a.Code, "", j) != row.Suppressed || v.Population(a.Code, "") != a.Suppressed {
						t.Fatalf("verdict on %s differs from the report", a.Code)
					}
				}
				rows := slices.ContainsFunc(a.Coverage, func(r coverage.Row) bool { return r.Suppressed })
				if (rows || a.Suppressed) && a.MedianS != nil {
					t.Fatalf("median of %s is shown", a.Code)
				}
			}
			if !v.Cell(2) || v.Cell(3) || v.Cell(0) {
				t.Fatal("cells are judged otherwise")
			}
		}
		if err := disclosure.ProtectReport(context.Background(), r, 3); err == nil {
			t.Fatal("protected twice")
		}
	}
	if !some {
		t.Fatal("nothing was ever hidden: this proves nothing")
	}
}
