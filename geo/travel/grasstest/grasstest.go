// Package grasstest asks GRASS GIS the questions that tests of travel times
// ask us.
package grasstest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Session is a GRASS session of its own on a grid of square cells, the first
// row in the north.
type Session struct {
	t             testing.TB
	program, dir  string
	width, height int
	cell          float64 // metres
}

// Start makes a session; the test is skipped where GRASS is not installed.
func Start(t testing.TB, width, height int, cell float64) *Session {
	t.Helper()
	program, err := exec.LookPath("grass")
	if err != nil {
		t.Skip("GRASS GIS is not installed (Debian package grass-core)")
	}
	return &Session{t: t, program: program, dir: t.TempDir(), width: width, height: height, cell: cell}
}

// Raster gives the values of all cells to be imported as name; -1 is null.
func (s *Session) Raster(name string, values []float32) {
	s.t.Helper()
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, values); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name+".in"), raw.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Places are the middles of cells (column, row) as GRASS wants coordinates.
func (s *Session) Places(cells ...[2]int) string {
	list := make([]string, len(cells))
	for i, c := range cells {
		list[i] = fmt.Sprintf("%g,%g", (float64(c[0])+0.5)*s.cell, (float64(s.height-c[1])-0.5)*s.cell)
	}
	return strings.Join(list, ",")
}

// Run imports the rasters and runs a shell script after that.
func (s *Session) Run(script string) {
	s.t.Helper()
	north, east := float64(s.height)*s.cell, float64(s.width)*s.cell
	head := fmt.Sprintf(`set -e
g.region n=%[1]g s=0 w=0 e=%[2]g rows=%[3]d cols=%[4]d
for file in *.in; do
  r.in.bin -f --q input=$file output=${file%%.in} bytes=4 order=little anull=-1 north=%[1]g south=0 west=0 east=%[2]g rows=%[3]d cols=%[4]d
done
`, north, east, s.height, s.width)
	if err := os.WriteFile(filepath.Join(s.dir, "run.sh"), []byte(head+script), 0o600); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, "--tmp-location", "XY", "--exec", "sh", "run.sh")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("grass: %v\n%s", err, out)
	}
}

// Read gives the values of all cells that r.out.bin wrote to a file.
func Read[T int32 | float64](s *Session, file string) []T {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		s.t.Fatal(err)
	}
	out := make([]T, s.width*s.height)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, out); err != nil {
		s.t.Fatal(err)
	}
	return out
}
