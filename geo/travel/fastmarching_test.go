package travel

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
)

// open is level ground of one speed, w × h cells of cw × ch metres.
func open(w, h int, cw, ch float64) *Surface {
	s := &Surface{Width: w, Height: h, CellW: []float64{cw}, CellH: []float64{ch}, Speed: make([]float32, w*h)}
	for i := range s.Speed {
		s.Speed[i] = 1.4
	}
	return s
}

// circleErrors compares times from a cell with those of straight lines,
// beyond near cells: signed mean, mean and largest relative error.
func circleErrors(s *Surface, r *Result, col, row, near int, exact func(dx, dy float64) float64) (bias, mean, worst float64) {
	n := 0.0
	for c, d := range r.Seconds {
		dc, dr := c%s.Width-col, c/s.Width-row
		if dc*dc+dr*dr <= near*near {
			continue
		}
		want := exact(float64(dc)*s.CellW[0], float64(dr)*s.CellH[0])
		rel := float64(d)/want - 1
		bias, mean, worst, n = bias+rel, mean+math.Abs(rel), max(worst, math.Abs(rel)), n+1
	}
	return bias / n, mean / n, worst
}

// On open ground the times are circles: fast marching within 0.5 % on average
// over all directions, and the moves as much too long as theory says.
func TestCircles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		o           Options
		mean, worst float64
	}{
		{Options{Solver: FastMarching}, 0.001, 0.002},
		{Options{Neighbours: 8}, 0.056, 0.0825},
		{Options{Neighbours: 16}, 0.019, 0.0276},
		{Options{Neighbours: 32}, 0.0085, 0.0131},
	} {
		for _, ch := range []float64{20, 27} {
			s := open(301, 301, 20, ch)
			r := compute(t, s, []Source{{Col: 120, Row: 170}}, c.o)
			bias, mean, worst := circleErrors(s, r, 120, 170, 3, func(dx, dy float64) float64 { return math.Hypot(dx, dy) / 1.4 })
			t.Logf("%v %d neighbours, cells of 20 × %g m: bias %+.4f, mean %.4f, worst %.4f", c.o.Solver, c.o.Neighbours, ch, bias, mean, worst)
			if ch == 20 && (mean > c.mean || worst > c.worst) || c.o.Solver == FastMarching && (mean > c.mean || worst > c.worst) {
				t.Errorf("mean error %g (want at most %g), worst %g (at most %g)", mean, c.mean, worst, c.worst)
			}
		}
	}
}

// Finer cells come closer to the circle.
func TestFinerCellsConverge(t *testing.T) {
	t.Parallel()
	before := math.Inf(1)
	for _, n := range []int{41, 81, 161, 321} {
		s := open(n, n, 4000/float64(n), 4000/float64(n))
		r := compute(t, s, []Source{{Col: n / 2, Row: n / 2}}, Options{Solver: FastMarching})
		// The share of the square within 1500 m, against the circle's.
		within := 0
		for _, d := range r.Seconds {
			if d <= 1500/1.4 {
				within++
			}
		}
		got, want := float64(within)*s.CellW[0]*s.CellH[0], math.Pi*1500*1500
		_, mean, _ := circleErrors(s, r, n/2, n/2, 3, func(dx, dy float64) float64 { return math.Hypot(dx, dy) / 1.4 })
		t.Logf("%d cells: area %.4f of the circle, mean error %.5f", n, got/want, mean)
		if mean > 1.1*before || n > 100 && math.Abs(got/want-1) > 0.005 {
			t.Errorf("%d cells: mean error %g after %g, area %g of the circle", n, mean, before, got/want)
		}
		before = mean
	}
}

// A wall with a gap: times beyond are those of the way through the gap.
func TestWallWithGap(t *testing.T) {
	t.Parallel()
	s := open(201, 201, 10, 10)
	for row := range 201 {
		if row < 148 || row > 152 {
			s.Speed[row*201+100] = 0
		}
	}
	r := compute(t, s, []Source{{Col: 40, Row: 60}}, Options{Solver: FastMarching})
	// Round the corner of the wall, at the edge of the gap nearest the source.
	corner := func(col, row int) float64 {
		return (math.Hypot(60, 148-60) + math.Hypot(float64(col-100), float64(row-148))) * 10 / 1.4
	}
	sum, n := 0.0, 0.0
	for _, to := range [][2]int{{160, 60}, {190, 20}, {130, 90}, {180, 120}, {150, 40}} {
		got, want := float64(r.Seconds[to[1]*201+to[0]]), corner(to[0], to[1])
		if math.Abs(got/want-1) > 0.015 {
			t.Errorf("to %v: %g s, want %g", to, got, want)
		}
		sum, n = sum+math.Abs(got/want-1), n+1
	}
	if sum/n > 0.01 {
		t.Errorf("mean error %g", sum/n)
	}
	if d := r.Seconds[60*201+100]; !math.IsInf(float64(d), 1) {
		t.Errorf("the wall is reached after %g s", d)
	}
}

// On an even ramp the time to a place is that of the straight line, since
// time per metre is a convex function of direction there.
func TestFastMarchingRamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ grade, mean, worst float64 }{{0.05, 0.002, 0.015}, {0.1, 0.006, 0.06}} {
		for _, angle := range []float64{0, 0.4, math.Pi / 4, 1.2} {
			s := open(121, 121, 20, 20)
			gx, gy := c.grade*math.Cos(angle), c.grade*math.Sin(angle)
			s.Elevation = make([]float32, len(s.Speed))
			for i := range s.Elevation {
				s.Elevation[i] = float32(20 * (gx*float64(i%121) + gy*float64(i/121)))
			}
			exact := func(dx, dy float64) float64 {
				d := math.Hypot(dx, dy)
				return d / 1.4 * Tobler.Factor((gx*dx+gy*dy)/d)
			}
			r := compute(t, s, []Source{{Col: 60, Row: 60}}, Options{Solver: FastMarching, Direction: FromFacility})
			bias, mean, worst := circleErrors(s, r, 60, 60, 3, exact)
			t.Logf("grade %g at %.1f: bias %+.4f, mean %.4f, worst %.4f", c.grade, angle, bias, mean, worst)
			if mean > c.mean || worst > c.worst {
				t.Errorf("grade %g at %.1f: mean error %g (at most %g), worst %g (at most %g)", c.grade, angle, mean, c.mean, worst, c.worst)
			}
			back := compute(t, s, []Source{{Col: 60, Row: 60}}, Options{Solver: FastMarching})
			_, mean, worst = circleErrors(s, back, 60, 60, 3, func(dx, dy float64) float64 { return exact(-dx, -dy) })
			if mean > c.mean || worst > c.worst {
				t.Errorf("grade %g at %.1f, back: mean error %g, worst %g", c.grade, angle, mean, worst)
			}
		}
	}
}

// On any ground, even noise of speeds, fast marching reaches what four
// neighbours reach and is never later than they, nor earlier than what a front
// in ground that changes from cell to cell can gain; Reach gives the same times.
func TestFastMarchingLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		s.Elevation, s.CellW, s.CellH = nil, []float64{20}, []float64{rapid.SampledFrom([]float64{20, 26}).Draw(rt, "height of cells")}
		sources := drawSources(rt, s)
		o := Options{Solver: FastMarching, Direction: FromFacility}
		r := mustCompute(rt, s, sources, o)
		four, _ := dijkstra(s, sources, firstDiagonal, func(cell, k int, d float64) float64 {
			return d + naiveMove(s, cell%s.Width, cell/s.Width, allMoves[k], o)
		})
		fine := naiveTimes(s, sources, Options{Neighbours: 32})
		for c, d := range r.Seconds {
			if math.Abs(four[c]-Horizon) < 1e-3*Horizon {
				continue
			}
			if float64(d) > four[c]*(1+1e-5)+1e-3 {
				rt.Fatalf("cell %d: %g s, over four neighbours %g", c, d, four[c])
			}
			if !math.IsInf(float64(d), 1) && float64(d) < 0.65*fine[c]-1e-3 {
				rt.Fatalf("cell %d: %g s, over 32 neighbours %g", c, d, fine[c])
			}
		}
		e, err := Prepare(s)
		if err != nil {
			rt.Fatal(err)
		}
		ws := NewWorkspace()
		for range 2 {
			reach, err := e.Reach(context.Background(), ws, sources, o)
			if err != nil {
				rt.Fatal(err)
			}
			if int64(len(reach.Cells)) != r.Settled {
				rt.Fatalf("reach lists %d cells, %d are settled", len(reach.Cells), r.Settled)
			}
			for i, c := range reach.Cells {
				if reach.Seconds[i] != r.Seconds[c] || reach.Nearest[i] != r.Nearest[c] {
					rt.Fatalf("cell %d: %g s in reach, %g", c, reach.Seconds[i], r.Seconds[c])
				}
			}
		}
	})
}

func TestFastMarchingRefuses(t *testing.T) {
	t.Parallel()
	s := open(5, 5, 1, 1)
	for _, f := range []SlopeFunc{Langmuir, Cycling, ECycling} {
		if _, err := Compute(context.Background(), s, nil, Options{Solver: FastMarching, Slope: f}); !fault.Is(err, fault.Unsupported) {
			t.Errorf("%v: %v", f, err)
		}
	}
	if _, err := Compute(context.Background(), s, nil, Options{Solver: 7}); !fault.Is(err, fault.Invalid) {
		t.Errorf("solver 7: %v", err)
	}
}
