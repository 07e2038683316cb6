package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// contender is a command to measure.
type contender struct {
	name   string
	argv   []string
	wall   []float64 // seconds
	cpu    []float64
	memory int64 // KiB, largest
	inputs int   // bytes a cell
	peer   bool  // of the one before
	most   int   // seconds of processor time; 0 for no limit
	ended  bool  // by that limit
}

// measure runs within a GRASS session whose region is not set yet.
func measure(ctx context.Context, c config, stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := contenders(self, c)
	if !c.alone {
		if err := importAll(ctx, c); err != nil {
			return err
		}
	}
	for rep := range c.reps {
		for _, k := range all {
			if err := k.run(ctx); err != nil {
				return err
			}
			if rep == 0 && k.peer && k.argv[0] == "r.cost" && !k.ended {
				// Ours of the same surface has just been written.
				if err := agree(ctx, c, stdout); err != nil {
					return err
				}
			}
		}
	}
	cells := float64(c.side) * float64(c.side)
	fmt.Fprintf(stdout, "%-29s %9s %9s %9s %9s %8s %7s %12s\n", "", "median s", "least s", "most s", "CPU s", "MiB", "B/cell", "less inputs")
	for _, k := range all {
		if k.ended {
			fmt.Fprintf(stdout, "%-29s more than %d s of processor time: ended\n", k.name, k.most)
			continue
		}
		each := float64(k.memory) * 1024 / cells
		fmt.Fprintf(stdout, "%-29s %9.3f %9.3f %9.3f %9.3f %8.0f %7.1f %12.1f\n", k.name,
			median(k.wall), slices.Min(k.wall), slices.Max(k.wall), median(k.cpu), float64(k.memory)/1024, each, each-float64(k.inputs))
	}
	for i := 1; i < len(all); i++ {
		if theirs, ours := all[i], all[i-1]; theirs.peer && !ours.peer && !theirs.ended {
			fmt.Fprintf(stdout, "%s is %.1f times as fast as %s (least times: %.1f, CPU: %.1f, least CPU: %.1f)\n", ours.name,
				median(theirs.wall)/median(ours.wall), theirs.name, slices.Min(theirs.wall)/slices.Min(ours.wall),
				median(theirs.cpu)/median(ours.cpu), slices.Min(theirs.cpu)/slices.Min(ours.cpu))
		}
	}
	return nil
}

// contenders are pairs of ours and a peer with the same neighbourhood, then
// those of ours that have none.
func contenders(self string, c config) []*contender {
	ours := func(slope string, neighbours int, more ...string) *contender {
		argv := append([]string{self, "-ours", c.inside, "-side", fmt.Sprint(c.side), "-slope", slope, "-neighbours", fmt.Sprint(neighbours)}, more...)
		name := fmt.Sprintf("contado, %s, %d", slope, neighbours)
		if len(more) > 0 {
			name = "contado, " + slope + ", " + more[1]
		}
		inputs := 8
		if slope == "level" {
			inputs = 4
		}
		return &contender{name: name, argv: argv, inputs: inputs}
	}
	var all []*contender
	pair := func(o *contender, name string, argv ...string) {
		all = append(all, o)
		if !c.alone {
			all = append(all, &contender{name: name, argv: argv, peer: true, inputs: o.inputs, most: c.most})
		}
	}
	memory := fmt.Sprintf("memory=%d", max(300, 100*c.side*c.side>>20)) // MB; 300 is what they take by default
	walk := []string{memory, "--q", "--o", "elevation=elevation", "friction=friction", "output=walked", "start_raster=starts"}
	pair(ours("level", 16), "r.cost -k", "r.cost", "-k", memory, "--q", "--o", "input=cost", "output=seconds", "start_raster=starts")
	pair(ours("langmuir", 16), "r.walk -k", append([]string{"r.walk", "-k"}, walk...)...)
	pair(ours("langmuir", 8), "r.walk", append([]string{"r.walk"}, walk...)...)
	if c.python != "" {
		pair(ours("level", 8), "scikit-image MCP", c.python, "-c", mcp, c.inside, fmt.Sprint(c.side))
	}
	all = append(all, ours("tobler", 16), ours("tobler", 32), ours("level", 16, "-solver", "fast-marching"))
	return slices.DeleteFunc(all, func(k *contender) bool {
		return !slices.ContainsFunc(strings.Split(c.only, "|"), func(part string) bool { return strings.Contains(k.name, part) })
	})
}

// mcp computes times with scikit-image: eight neighbours, half a cell's cost
// at each end.
const mcp = `
import sys
import numpy as np
from skimage.graph import MCP_Geometric
folder, side = sys.argv[1], int(sys.argv[2])
cost = np.fromfile(folder + "/cost.bin", np.float32).reshape(side, side).astype(np.float64)
starts = np.fromfile(folder + "/sources.bin", np.int32).reshape(-1, 2)[:, ::-1]
times, _ = MCP_Geometric(cost, fully_connected=True).find_costs(starts)
times.astype(np.float32).tofile(folder + "/mcp.out")
`

func (k *contender) run(ctx context.Context) error {
	if k.ended {
		return nil
	}
	cmd := exec.CommandContext(ctx, k.argv[0], k.argv[1:]...)
	if k.most > 0 {
		cmd = exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -t "$0"; exec "$@"`, fmt.Sprint(k.most)}, k.argv...)...)
	}
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if k.ended = k.most > 0 && used >= time.Duration(k.most-1)*time.Second; k.ended {
			return nil
		}
		return fmt.Errorf("%s: %w\n%s", strings.Join(k.argv, " "), err, out)
	}
	k.wall = append(k.wall, time.Since(began).Seconds())
	k.cpu = append(k.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		k.memory = max(k.memory, usage.Maxrss)
	}
	return nil
}

// importAll brings the surface into GRASS; not measured.
func importAll(ctx context.Context, c config) error {
	size := fmt.Sprint(c.side * cellSize)
	rows := fmt.Sprint(c.side)
	place := []string{"north=" + size, "south=0", "west=0", "east=" + size, "rows=" + rows, "cols=" + rows}
	sources, err := readRaw[int32](filepath.Join(c.inside, "sources.bin"), 2*facilities)
	if err != nil {
		return err
	}
	starts := make([]float32, c.side*c.side)
	for i := range facilities {
		starts[int(sources[2*i+1])*c.side+int(sources[2*i])] = float32(i + 1)
	}
	if err := writeRaw(filepath.Join(c.inside, "starts.bin"), starts); err != nil {
		return err
	}
	commands := [][]string{{"g.region", "n=" + size, "s=0", "w=0", "e=" + size, "rows=" + rows, "cols=" + rows}}
	for name, null := range map[string]string{"cost": "-1", "friction": "-1", "elevation": "-9999", "starts": "0"} {
		commands = append(commands, append([]string{
			"r.in.bin", "-f", "--q", "--o", "input=" + filepath.Join(c.inside, name+".bin"), "output=" + name,
			"bytes=4", "order=" + byteOrder(), "anull=" + null,
		}, place...))
	}
	for _, argv := range commands {
		if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
		}
	}
	return nil
}

// agree compares the times of r.cost with ours.
func agree(ctx context.Context, c config, stdout io.Writer) error {
	n := c.side * c.side
	file := filepath.Join(c.inside, "grass.out")
	out, err := exec.CommandContext(ctx, "r.out.bin", "--q", "--o", "input=seconds", "output="+file,
		"bytes=8", "order="+byteOrder(), "null=-1").CombinedOutput()
	if err != nil {
		return fmt.Errorf("r.out.bin: %w\n%s", err, out)
	}
	theirs, err := readRaw[float64](file, n)
	if err != nil {
		return err
	}
	ours, err := readRaw[float32](filepath.Join(c.inside, "seconds.out"), n)
	if err != nil {
		return err
	}
	worst, reached := 0.0, 0
	for i, t := range theirs {
		if (t < 0) != math.IsInf(float64(ours[i]), 1) {
			return fmt.Errorf("cell %d: r.cost says %g s (−1: not reached), contado %g s", i, t, ours[i])
		}
		if t >= 0 {
			reached++
			worst = max(worst, math.Abs(float64(ours[i])-t)/(t+1))
		}
	}
	fmt.Fprintf(stdout, "r.cost and contado agree: %d of %d cells reached, largest difference %.1e of the time\n", reached, n, worst)
	// Sums of float32 lose in proportion to the number of moves, and so to the side.
	if worst > 1e-5*max(1, float64(c.side)/2000) {
		return fmt.Errorf("times differ by %g", worst)
	}
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
