package disclosure_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

var jointThresholds = []float64{600, 1200}

// jointStudy is two services over the same few people.
func jointStudy(t testing.TB, rng *rand.Rand) *coverage.Study {
	t.Helper()
	areas := make([]coverage.Area, 2+rng.IntN(3))
	for a := range areas {
		areas[a].Code = fmt.Sprint(a)
	}
	var d coverage.Demand
	seconds := make([][]float32, 2)
	most := 9
	if rng.IntN(2) == 0 {
		most = 60
	}
	for range 6 + rng.IntN(24) {
		d.Area = append(d.Area, int32(rng.IntN(len(areas))))
		d.People = append(d.People, float64(rng.IntN(1+rng.IntN(most))))
		d.X, d.Y = append(d.X, 10), append(d.Y, 45)
		for s := range seconds {
			seconds[s] = append(seconds[s], []float32{300, 900, 1500, inf}[rng.IntN(4)])
		}
	}
	out := &coverage.Study{ID: "joint"}
	for s := range seconds {
		d.Seconds = seconds[s]
		r, err := coverage.Compute(context.Background(), d, areas, nil, coverage.Params{Thresholds: jointThresholds})
		if err != nil {
			t.Fatal(err)
		}
		r.Service, r.Profile = fmt.Sprint("service-", s), "walking"
		out.Sections = append(out.Sections, r)
	}
	var err error
	out.Isolation, err = coverage.Isolate(context.Background(), d, areas, "walking", []string{"service-0", "service-1"}, seconds, jointThresholds)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// jointCells are the numbers of the unknowns of an area (−1: all), people by
// class of both services, that a test picks.
func jointCells(areas, area int, pick func(class [2]int) bool) (out []int) {
	classes := len(jointThresholds) + 2
	for a := range areas {
		for c := range classes * classes {
			if (area < 0 || area == a) && pick([2]int{c / classes, c % classes}) {
				out = append(out, a*classes*classes+c)
			}
		}
	}
	return out
}

// jointAttack knows sections and isolation, and is after the small numbers of
// the sections.
func jointAttack(sections []*coverage.Report, shut *coverage.Study, k float64) system {
	areas, classes := len(sections[0].Areas), len(jointThresholds)+2
	s := system{Cells: areas * classes * classes, Step: k - 1}
	publish := func(v float64, cells []int) {
		s.Sums, s.Values = append(s.Sums, cells), append(s.Values, v)
	}
	for n, r := range shut.Sections {
		figuresOf(r, func(a, _ int, f *coverage.Figures) {
			if !f.Suppressed {
				publish(f.Population, jointCells(areas, a, func([2]int) bool { return true }))
			}
			for j, row := range f.Coverage {
				if row.Suppressed {
					continue
				}
				publish(row.Covered, jointCells(areas, a, func(c [2]int) bool { return c[n] <= j }))
				if row.Merged {
					publish(row.Uncovered, jointCells(areas, a, func(c [2]int) bool { return c[n] > j }))
					continue
				}
				publish(row.Uncovered, jointCells(areas, a, func(c [2]int) bool { return c[n] > j && c[n] < classes-1 }))
				publish(row.Unreachable, jointCells(areas, a, func(c [2]int) bool { return c[n] == classes-1 }))
			}
		})
	}
	for j, iso := range shut.Isolation {
		lacking := func(area, many int) []int {
			return jointCells(areas, area, func(c [2]int) bool {
				n := 0
				for _, class := range c {
					if class > j {
						n++
					}
				}
				return n == many
			})
		}
		for many, v := range iso.People { // none when hidden
			publish(v, lacking(-1, many))
		}
		for a, row := range iso.Areas {
			for many, v := range row.People {
				publish(v, lacking(a, many))
			}
		}
	}
	for n, r := range sections {
		figuresOf(r, func(a, _ int, f *coverage.Figures) {
			before := 0.0
			for j := range classes {
				v := 0.0
				switch {
				case j < len(f.Coverage):
					v = f.Coverage[j].Covered - before
					before = f.Coverage[j].Covered
				case j == classes-2:
					v = f.Coverage[len(f.Coverage)-1].Uncovered
				default:
					v = f.Coverage[0].Unreachable
				}
				if v > 0 && v < k {
					s.Targets = append(s.Targets, jointCells(areas, a, func(c [2]int) bool { return c[n] == j }))
					s.Names = append(s.Names, fmt.Sprintf("section %d area %d class %d, %v people", n, a, j, v))
				}
			}
		})
	}
	return s
}

// TestAttackOnStudies: sections and isolation together tell no small number.
func TestAttackOnStudies(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import scipy.optimize").Run(); err != nil {
		t.Skip("the attack is solved with python3-scipy, which is not installed")
	}
	rng := rand.New(rand.NewPCG(23, 5))
	var systems []system
	shown := 0
	for len(systems) < 20 {
		s := jointStudy(t, rng)
		open := []*coverage.Report{clone(t, s.Sections[0]), clone(t, s.Sections[1])}
		if err := disclosure.ProtectStudy(context.Background(), s, 3); err != nil {
			continue
		}
		for _, iso := range s.Isolation {
			shown += len(iso.People)
			for _, a := range iso.Areas {
				shown += len(a.People)
			}
		}
		systems = append(systems, jointAttack(open, s, 3))
	}
	if out := solve(t, python, systems); out != "" {
		t.Errorf("these can be computed:\n%s", out)
	}
	if shown == 0 {
		t.Error("every isolation is hidden: this proves nothing")
	}
}
