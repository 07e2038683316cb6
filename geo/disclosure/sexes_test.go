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

// sexedReport is about few people of two ages and two sexes.
func sexedReport(t testing.TB, rng *rand.Rand) *coverage.Report {
	t.Helper()
	areas := make([]coverage.Area, 2+rng.IntN(3))
	for a := range areas {
		areas[a].Code = fmt.Sprint(a)
	}
	d := coverage.Demand{Bands: make([][]float64, 4)}
	for range 4 + rng.IntN(24) {
		d.Area = append(d.Area, int32(rng.IntN(len(areas))))
		d.Seconds = append(d.Seconds, []float32{300, 900, inf}[rng.IntN(3)])
		d.X, d.Y = append(d.X, 10), append(d.Y, 45)
		var n [4]float64 // by age, then sex
		people := 0.0
		for k := range n {
			n[k] = float64(rng.IntN(1 + rng.IntN(6)))
			people += n[k]
		}
		for b, v := range [4]float64{n[0] + n[1], n[2] + n[3], n[0] + n[2], n[1] + n[3]} {
			d.Bands[b] = append(d.Bands[b], v)
		}
		d.People = append(d.People, people)
	}
	r, err := coverage.Compute(context.Background(), d, areas, nil, coverage.Params{
		Thresholds: []float64{600, 1200}, BandNames: []string{"age_0_64", "age_65_plus", "female", "male"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sexedAttack is attack for people who are of an age and of a sex each.
func sexedAttack(open, shut *coverage.Report, k float64) system {
	areas, classes := len(open.Areas), len(open.Coverage)+2
	cellsOf := func(area, band, from, to int) (out []int) {
		for a := range areas {
			for age := range 2 {
				for sex := range 2 {
					for c := from; c < to; c++ {
						if (area < 0 || area == a) && (band < 0 || band == age || band == 2+sex) {
							out = append(out, ((a*2+age)*2+sex)*classes+c)
						}
					}
				}
			}
		}
		return out
	}
	return written(open, shut, k, areas*4*classes, cellsOf)
}

// TestAttackOnSexes: everyone is told twice, by age and by sex, and no small
// number can be held to fewer than threshold values from both.
func TestAttackOnSexes(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import scipy.optimize").Run(); err != nil {
		t.Skip("the attack is solved with python3-scipy, which is not installed")
	}
	rng := rand.New(rand.NewPCG(29, 31))
	var systems []system
	targets, shown, bySex := 0, 0, 0
	for len(systems) < 10 {
		open := sexedReport(t, rng)
		shut := clone(t, open)
		if err := disclosure.ProtectReport(context.Background(), shut, 3); err != nil || len(shut.AgeBands) == 0 {
			continue // too few people for ages and sexes
		}
		s := sexedAttack(open, shut, 3)
		targets += len(s.Targets)
		systems = append(systems, s)
		figuresOf(shut, func(_, b int, f *coverage.Figures) {
			for _, row := range f.Coverage {
				if !row.Suppressed {
					shown++
					bySex += min(1, max(0, b-1))
				}
			}
		})
	}
	if out := solve(t, python, systems); out != "" {
		t.Errorf("of %d hidden numbers, these can be computed:\n%s", targets, out)
	}
	if targets < 50 || bySex == 0 {
		t.Errorf("%d small numbers, %d rows shown, %d by sex: this proves little", targets, shown, bySex)
	}
	t.Logf("%d small numbers; %d rows shown, %d by sex", targets, shown, bySex)
}
