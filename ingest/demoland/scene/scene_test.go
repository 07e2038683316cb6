package scene

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"contado/geo/fault"
)

// hill is a cone of 1,200 m with water at its foot and snow on its top.
func hill(n int) Ground {
	g := Ground{N: n, Cell: 20, Elevation: make([]float32, n*n), Cover: make([]uint8, n*n)}
	for i := range g.Elevation {
		d := math.Hypot(float64(i%n-n/2), float64(i/n-n/2)) * g.Cell
		z := math.Max(300, 1500-d)
		g.Elevation[i] = float32(z)
		switch {
		case z > 1450:
			g.Cover[i] = 70
		case z > 900:
			g.Cover[i] = 10
		case z > 310:
			g.Cover[i] = 40
		default:
			g.Cover[i] = 80
		}
	}
	return g
}

var july = time.Date(2025, 7, 21, 0, 0, 0, 0, time.UTC)

func render(t *testing.T, g Ground, s Spec) *Scene {
	t.Helper()
	sc, err := Render(context.Background(), g, s)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestSameSpecSamePicture(t *testing.T) {
	t.Parallel()
	g := hill(160)
	s := Spec{Date: july, Clouds: 0.3, Seed: 5}
	a, b := render(t, g, s), render(t, g, s)
	for name, pair := range map[string][2][]uint16{"B02": {a.B02, b.B02}, "B03": {a.B03, b.B03}, "B04": {a.B04, b.B04}, "B08": {a.B08, b.B08}, "B11": {a.B11, b.B11}} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
	if !slices.Equal(a.SCL, b.SCL) {
		t.Error("SCL differs between two runs")
	}
	s.Seed = 6
	if c := render(t, g, s); slices.Equal(a.SCL, c.SCL) {
		t.Error("another seed gives the same clouds")
	}
}

// Classes and reflectances tell the same story.
func TestClassesMatchReflectance(t *testing.T) {
	t.Parallel()
	g := hill(200)
	sc := render(t, g, Spec{Date: july, Clouds: 0.2, Seed: 5, Cut: true})
	seen := map[uint8]int{}
	for i, c := range sc.SCL {
		seen[c]++
		row, col := i/g.N, i%g.N
		fine := 2*row*2*g.N + 2*col
		red, nir := float64(sc.B04[fine]), float64(sc.B08[fine])
		if (c == sclNodata) != (red == 0 && nir == 0 && sc.B11[i] == 0) {
			t.Fatalf("cell %d: class %d with red %g, near infrared %g, short-wave %d", i, c, red, nir, sc.B11[i])
		}
		switch c {
		case sclWater:
			if sc.B11[i] > 900 && red > 900 {
				t.Errorf("cell %d is water as bright as %g", i, red)
			}
		case sclGreen:
			if ndvi := (nir - red) / (nir + red); ndvi < 0.08 { // thin clouds and neighbours blur it
				t.Errorf("cell %d is green with NDVI %.2f", i, ndvi)
			}
		case sclCloudH:
			if red < 2500 {
				t.Errorf("cell %d is a thick cloud with red %g", i, red)
			}
		}
	}
	for _, c := range []uint8{sclNodata, sclGreen, sclBare, sclWater, sclShadow, sclCloudH} {
		if seen[c] == 0 {
			t.Errorf("no cell of class %d: %v", c, seen)
		}
	}
}

func TestCloudShareIsAbout(t *testing.T) {
	t.Parallel()
	g := hill(400)
	for _, want := range []float64{0, 0.04, 0.35} {
		sc := render(t, g, Spec{Date: july, Clouds: want, Seed: 9})
		if math.Abs(sc.CloudShare-want) > 0.02+0.3*want {
			t.Errorf("asked for %g of clouds, got %g", want, sc.CloudShare)
		}
		if want == 0 && slices.Contains(sc.SCL, sclShadow) {
			t.Error("cloud shadows without clouds")
		}
	}
}

// Winter is whiter than summer, and the sun-facing side is brighter.
func TestSeasonsAndRelief(t *testing.T) {
	t.Parallel()
	g := hill(200)
	snowOf := func(month time.Month) int {
		n := 0
		for _, c := range render(t, g, Spec{Date: time.Date(2025, month, 20, 0, 0, 0, 0, time.UTC), Seed: 1}).SCL {
			if c == sclSnow {
				n++
			}
		}
		return n
	}
	if winter, summer := snowOf(1), snowOf(7); winter < 3*summer {
		t.Errorf("%d snow cells in January, %d in July", winter, summer)
	}
	sc := render(t, g, Spec{Date: july, Seed: 1})
	side := func(dc, dr int) float64 {
		sum := 0.0
		for k := 15; k < 25; k++ {
			sum += float64(sc.B08[2*(100+dr*k)*400+2*(100+dc*k)])
		}
		return sum
	}
	if sunny, shady := side(1, 1), side(-1, -1); sunny <= shady {
		t.Errorf("the side facing the morning sun has %g, the other %g", sunny, shady)
	}
}

// The sun stands where an almanac has it, within a degree and a half.
func TestSunPosition(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		day                time.Time
		elevation, azimuth float64 // degrees, at 10.3 h solar time and 45.6° N
	}{
		{time.Date(2025, 6, 21, 0, 0, 0, 0, time.UTC), 59.5, 129},
		{time.Date(2025, 12, 21, 0, 0, 0, 0, time.UTC), 17.0, 156},
		{time.Date(2025, 3, 20, 0, 0, 0, 0, time.UTC), 39.2, 146},
	} {
		s := sunAt(c.day)
		el, az := s.elevation*180/math.Pi, s.azimuth*180/math.Pi
		if math.Abs(el-c.elevation) > 1.5 || math.Abs(az-c.azimuth) > 3 {
			t.Errorf("%s: elevation %.1f, azimuth %.1f, want %.1f and %.1f", c.day.Format(time.DateOnly), el, az, c.elevation, c.azimuth)
		}
	}
}

func TestBadGround(t *testing.T) {
	t.Parallel()
	g := hill(20)
	g.Cover = g.Cover[1:]
	if _, err := Render(context.Background(), g, Spec{Date: july}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a ground with a missing cell gives %v", err)
	}
	if _, err := Render(context.Background(), hill(20), Spec{Date: july, Clouds: math.NaN()}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no number of clouds gives %v", err)
	}
}
