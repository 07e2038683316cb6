package travel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Langmuir's rule on ground of 1/0.72 m/s gives the times of GRASS r.walk
// without friction, away from the facilities, with both neighbourhoods.
func TestGrassWalk(t *testing.T) {
	t.Parallel()
	grass, err := exec.LookPath("grass")
	if err != nil {
		t.Skip("GRASS GIS is not installed (Debian package grass-core)")
	}
	const w, h, cell = 90, 70, 25.0
	rng := rand.New(rand.NewPCG(7, 8))
	s := &Surface{Width: w, Height: h, CellW: []float64{cell}, CellH: []float64{cell}, Speed: make([]float32, w*h), Elevation: make([]float32, w*h)}
	for i := range s.Speed {
		s.Speed[i] = 1 / 0.72
		x, y := float64(i%w), float64(i/w)
		s.Elevation[i] = float32(400 + 90*math.Sin(x/9)*math.Cos(y/7) + 6*rng.Float64())
	}
	sources := []Source{{Col: 11, Row: 9}, {Col: 70, Row: 50, Facility: 1}}
	var starts []string
	for _, src := range sources {
		starts = append(starts, fmt.Sprintf("%g,%g", (float64(src.Col)+0.5)*cell, (h-float64(src.Row)-0.5)*cell))
	}
	dir := t.TempDir()
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, s.Elevation); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "z.bin"), raw.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	runGrass(t, grass, dir, fmt.Sprintf(`set -e
g.region n=%[1]g s=0 w=0 e=%[2]g rows=%[3]d cols=%[4]d
r.in.bin -f --q input=z.bin output=z bytes=4 order=little north=%[1]g south=0 west=0 east=%[2]g rows=%[3]d cols=%[4]d
r.mapcalc --q "none = 0.0"
for flag in "" -k; do
  r.walk $flag --q --o elevation=z friction=none output=t start_coordinates=%[5]s
  r.out.bin --q input=t output=t$flag.bin bytes=8 order=little null=-1
done
`, h*cell, w*cell, h, w, strings.Join(starts, ",")))
	for file, n := range map[string]int{"t.bin": 8, "t-k.bin": 16} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, w*h)
		if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, want); err != nil {
			t.Fatal(err)
		}
		r := compute(t, s, sources, Options{Neighbours: n, Slope: Langmuir, Direction: FromFacility})
		worst := 0.0
		for c, d := range r.Seconds {
			worst = max(worst, math.Abs(float64(d)-want[c])/(want[c]+1))
		}
		t.Logf("%d neighbours: largest relative difference %.2g", n, worst)
		if worst > 5e-6 {
			t.Errorf("%d neighbours: differs from r.walk by %g of the time", n, worst)
		}
	}
}
