package analysis_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/crs"
	"contado/geo/fault"
)

// lonLat is the centre of a cell of the plain.
func lonLat(t *testing.T, col, row int) (lon, lat float64) {
	t.Helper()
	tr, err := crs.New(utm, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	x, y := landGrid().Center(col, row)
	xs, ys := []float64{x}, []float64{y}
	if err := tr.Points(xs, ys); err != nil {
		t.Fatal(err)
	}
	return xs[0], ys[0]
}

// TestAnyDirection: over a plain the times are those of straight lines, in
// every direction; steps in eight directions are not.
func TestAnyDirection(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	place := func(id string, col, row int) analysis.TravelPlace {
		lon, lat := lonLat(t, col, row)
		return analysis.TravelPlace{ID: id, Name: id, Lon: lon, Lat: lat}
	}
	to := analysis.TravelRequest{Territory: "9", Places: []analysis.TravelPlace{place("to", 45, 50)}, Neighbours: 8}
	from := to
	from.Places = nil
	var steps [][2]int
	for angle := 0.0; angle < 360; angle += 11.25 {
		s := [2]int{int(math.Round(35 * math.Cos(angle*math.Pi/180))), int(math.Round(35 * math.Sin(angle*math.Pi/180)))}
		from.Places = append(from.Places, place(fmt.Sprint(s), 45+s[0], 50+s[1]))
		steps = append(steps, s)
	}
	ask := func(anyWay bool) []float64 {
		q := to
		q.AnyDirection = anyWay
		m, err := l.engine.TravelMatrix(context.Background(), from, q, nil)
		if err != nil {
			t.Fatal(err)
		}
		errors := make([]float64, len(steps))
		pace := m.Seconds[0][0] / 35 // due east both are exact
		for i, s := range steps {
			errors[i] = m.Seconds[i][0]/(pace*math.Hypot(float64(s[0]), float64(s[1]))) - 1
		}
		return errors
	}
	worst := 0.0
	for i, e := range ask(true) {
		if math.Abs(e) > 0.005 {
			t.Errorf("by %v the time is %.2f %% off", steps[i], 100*e)
		}
	}
	for _, e := range ask(false) {
		worst = max(worst, e)
	}
	if worst < 0.07 {
		t.Errorf("steps in eight directions are at most %.2f %% too long: nothing was tried", 100*worst)
	}
	to.AnyDirection = true
	if _, err := l.engine.TravelExplain(context.Background(), to, from.Places[0], nil); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("legs of times in any direction: %v", err)
	}
}
