// Command travel measures geo/travel side by side with GRASS GIS r.cost and
// r.walk and, where a Python with scikit-image is given, its MCP_Geometric on
// the same surface: 2000 × 2000 cells of 20 m with relief, land cover, roads,
// barriers and 60 facilities. Neighbourhoods are alike within each pair.
//
// Each measurement is a fresh process. Ours reads the surface from plain
// files (speeds, elevations), computes times and facilities and writes the
// times; that of GRASS is the module alone, in a session that has imported the same files before (start
// of the session, region and import are not counted). Runs alternate; medians,
// ratios and peak memory are printed, and the times of r.cost are compared with
// ours cell by cell.
//
//	go build -o /tmp/bench ./scripts/bench/travel && /tmp/bench [-side 2000] [-reps 5] [-python venv/bin/python] [-alone]
//
// With -side 7746 it measures 60 million cells; -most 360 then ends peers after
// six minutes of processor time, and -alone leaves them out. GRASS is given as
// much memory as it wants, so that it works without files.
//
// B/cell is the largest resident set of the process over the number of cells:
// program, runtime, inputs and results. "less inputs" takes off 4 bytes for the
// speed (or cost) and, save on level ground, 4 for the elevation.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

type config struct {
	side, reps int
	inside     string // folder, when running within a GRASS session
	ours       string // folder, when being measured
	slope      string // slope function of ours
	neighbours int
	solver     string
	python     string // with scikit-image; empty for none
	alone      bool   // ours only
	only       string // parts of the names of what is measured, with | between them
	most       int    // seconds of processor time of a peer; 0 for no limit
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	flags := flag.NewFlagSet("travel", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&c.side, "side", 2000, "cells along each side")
	flags.IntVar(&c.reps, "reps", 5, "runs of each program")
	flags.StringVar(&c.inside, "inside", "", "for internal use: measure in this folder, within a GRASS session")
	flags.StringVar(&c.ours, "ours", "", "for internal use: compute in this folder")
	flags.StringVar(&c.python, "python", os.Getenv("CONTADO_BENCH_PYTHON"), "Python with scikit-image, for its MCP")
	flags.BoolVar(&c.alone, "alone", false, "measure ours only")
	flags.StringVar(&c.only, "only", "", "measure those whose name holds one of these texts, with | between them")
	flags.IntVar(&c.most, "most", 0, "end peers after so many seconds of processor time; 0 for never")
	flags.StringVar(&c.slope, "slope", "level", "for internal use: slope function")
	flags.StringVar(&c.solver, "solver", "dijkstra", "for internal use: dijkstra or fast-marching")
	flags.IntVar(&c.neighbours, "neighbours", 16, "for internal use: neighbours")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var err error
	switch {
	case c.ours != "":
		err = compute(ctx, c)
	case c.inside != "":
		err = measure(ctx, c, stdout)
	default:
		err = start(ctx, c, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "travel:", err)
		return 1
	}
	return 0
}

// start makes the surface and runs this program again within GRASS.
func start(ctx context.Context, c config, stdout, stderr io.Writer) error {
	if c.side < 100 || c.side > 20000 || c.reps < 1 {
		return fmt.Errorf("side is %d and reps %d; want 100 to 20000 and 1 or more", c.side, c.reps)
	}
	grass, err := exec.LookPath("grass")
	if err != nil && !c.alone {
		return fmt.Errorf("GRASS GIS is needed (Debian package grass-core), or -alone: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "travel-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := makeSurface(c.side).save(dir); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d × %d cells of %d m, %d facilities, medians of %d alternating runs (%s, %d CPUs)\n",
		c.side, c.side, cellSize, facilities, c.reps, runtime.Version(), runtime.NumCPU())
	c.inside = dir
	if c.alone {
		return measure(ctx, c, stdout)
	}
	cmd := exec.CommandContext(ctx, grass, "--tmp-location", "XY", "--exec", self,
		"-inside", dir, "-side", fmt.Sprint(c.side), "-reps", fmt.Sprint(c.reps), "-python", c.python, "-only", c.only, "-most", fmt.Sprint(c.most))
	cmd.Stdout = stdout
	log, err := os.Create(filepath.Join(dir, "grass.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("grass session: %w\n%s", err, text)
	}
	return nil
}
