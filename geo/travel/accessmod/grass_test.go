package accessmod

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
)

// AccessMod's isotropic times are those of GRASS r.cost on seconds per cell:
// ours are the same to the minute, barriers, leaks between them and knight's
// moves included.
func TestMinutesOfRCost(t *testing.T) {
	t.Parallel()
	grass, err := exec.LookPath("grass")
	if err != nil {
		t.Skip("GRASS GIS is not installed (Debian package grass-core)")
	}
	const w, h, cell = 120, 90, 100.0
	rng := rand.New(rand.NewPCG(9, 10))
	g := &Ground{Width: w, Height: h, CellW: cell, CellH: cell, Codes: make([]Code, w*h)}
	cost := make([]float32, w*h)
	for c := range g.Codes {
		cost[c] = -1
		if rng.IntN(4) > 0 {
			g.Codes[c] = []Code{1_002_000, 1_005_000, 2_010_000, 3_080_000}[rng.IntN(4)]
			cost[c] = float32(3.6 * cell / g.Codes[c].KMH())
		}
	}
	starts := []int{17*w + 30, 70*w + 95}
	var coordinates []string
	for _, c := range starts {
		g.Codes[c], cost[c] = 1_005_000, 72
		coordinates = append(coordinates, fmt.Sprintf("%g,%g", (float64(c%w)+0.5)*cell, (h-float64(c/w)-0.5)*cell))
	}
	dir := t.TempDir()
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, cost); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`set -e
g.region n=%[1]g s=0 w=0 e=%[2]g rows=%[3]d cols=%[4]d
r.in.bin -f --q input=cost.bin output=cost bytes=4 order=little anull=-1 north=%[1]g south=0 west=0 east=%[2]g rows=%[3]d cols=%[4]d
for flag in "" -k; do
  r.cost $flag --q --o input=cost output=t start_coordinates=%[5]s
  r.mapcalc --q --o "m = if(isnull(t), -1, int(ceil(t / 60.0 - 0.00001)))"
  r.out.bin -i --q input=m output=m$flag.bin bytes=4 order=little null=-1
done
`, h*cell, w*cell, h, w, strings.Join(coordinates, ","))
	for name, text := range map[string][]byte{"cost.bin": raw.Bytes(), "run.sh": []byte(script)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(grass, "--tmp-location", "XY", "--exec", "sh", "run.sh")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("grass: %v\n%s", err, out)
	}
	for file, knight := range map[string]bool{"m.bin": false, "m-k.bin": true} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		want := make([]int32, w*h)
		if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, want); err != nil {
			t.Fatal(err)
		}
		times, err := Travel(context.Background(), g, starts, Options{Knight: knight, Isotropic: true})
		if err != nil {
			t.Fatal(err)
		}
		differ, unreached := 0, 0
		for c, s := range times.Seconds {
			m := int32(math.Ceil(s/60 - 1e-5))
			if math.IsInf(s, 1) {
				m = Timeless
				unreached++
			}
			if m != want[c] {
				differ++
			}
		}
		// r.cost keeps float32 here: a time that close to a whole minute may fall
		// on either side.
		if differ > 0 || unreached == 0 || unreached > w*h/2 {
			t.Errorf("knight's moves %v: %d cells differ, %d of %d are not reached", knight, differ, unreached, w*h)
		}
	}
}
