package travel

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGrass compares with r.cost of GRASS GIS on an isotropic surface: its
// cost of a move is the mean of the cells' costs times the length of the move
// in cells, so seconds per cell give the same times.
func TestGrass(t *testing.T) {
	t.Parallel()
	grass, err := exec.LookPath("grass")
	if err != nil {
		t.Skip("GRASS GIS is not installed (Debian package grass-core): no comparison with r.cost")
	}
	const w, h, cell = 120, 90, 20.0
	rng := rand.New(rand.NewPCG(5, 6))
	s := &Surface{Width: w, Height: h, CellW: []float64{cell}, CellH: []float64{cell}, Speed: make([]float32, w*h)}
	cost := make([]float32, w*h)
	for i := range s.Speed {
		s.Speed[i] = float32(0.4 + rng.Float64())
		cost[i] = float32(cell / float64(s.Speed[i]))
	}
	sources := []Source{{Col: 3, Row: 5}, {Col: 100, Row: 40, Facility: 1}, {Col: 50, Row: 88, Facility: 2}}
	var starts []string
	for _, src := range sources {
		starts = append(starts, fmt.Sprintf("%g,%g", (float64(src.Col)+0.5)*cell, (h-float64(src.Row)-0.5)*cell))
	}
	dir := t.TempDir()
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, cost); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cost.bin"), raw.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`set -e
g.region n=%[1]g s=0 w=0 e=%[2]g rows=%[3]d cols=%[4]d
r.in.bin -f --q input=cost.bin output=cost bytes=4 order=little north=%[1]g south=0 west=0 east=%[2]g rows=%[3]d cols=%[4]d
for flag in "" -k; do
  r.cost $flag --q --o input=cost output=t start_coordinates=%[5]s
  r.out.bin --q input=t output=t$flag.bin bytes=8 order=little null=-1
done
`, h*cell, w*cell, h, w, strings.Join(starts, ","))
	runGrass(t, grass, dir, script)
	for file, n := range map[string]int{"t.bin": 8, "t-k.bin": 16} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, w*h)
		if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, want); err != nil {
			t.Fatal(err)
		}
		r := compute(t, s, sources, Options{Neighbours: n})
		worst := 0.0
		for c, d := range r.Seconds {
			worst = max(worst, math.Abs(float64(d)-want[c])/(want[c]+1))
		}
		t.Logf("%d neighbours: largest relative difference %.2g", n, worst)
		if worst > 2e-6 {
			t.Errorf("%d neighbours: differs from r.cost by %g of the time", n, worst)
		}
	}
}

// runGrass runs a shell script in a new GRASS session, in dir.
func runGrass(t *testing.T, grass, dir, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, grass, "--tmp-location", "XY", "--exec", "sh", "run.sh")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("grass: %v\n%s", err, out)
	}
}
