// Command measure times Contado from outside, as its users meet it: whole
// processes and HTTP on the loopback interface. Where a peer that does the
// same work is at hand, it runs alternately in the same measurement on the
// same files. Output is Markdown; everything is written to a temporary folder
// that is removed. It is started by scripts/bench/run.
//
//	measure -bin bin/contado [-venv DIR] [-areas FILE.geojson] startup|tiles|zonal|raster|vector...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// bench is one run: what to measure, with what, and where to write.
type bench struct {
	bin, scripts string // contado; the folder of the peers' scripts
	venv         string // Python with TiTiler, exactextract, rasterstats; "" = without
	osgeo        string // Python with osgeo and numpy
	mapscript    string // Python with mapscript; "" = without
	mapserv      string // MapServer's program; "" = without
	peers        string // folder of programs of peers; "" = without
	parcels      int    // of the made cadastre of vector
	parts        string // of vector; "" = all
	programs     string // of raster: beginnings of names; "" = all
	scenes       string // folder of the scenes, kept; "" = temporary
	areasFile    string // 330 municipalities
	parcelsFile  string // 25,000 made ones
	dir          string // temporary
	data         string // Contado's data folder, within dir
	side, scene  int    // cells along the sides of the rasters
	reps         int
	out, log     io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	b := &bench{out: stdout, log: stderr}
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&b.bin, "bin", "bin/contado", "program to measure")
	flags.StringVar(&b.scripts, "peers", "scripts/bench/peers", "folder of the peers' scripts")
	flags.StringVar(&b.venv, "venv", "", "Python environment with titiler.core, uvicorn, exactextract and rasterstats; left out: without these peers")
	flags.StringVar(&b.areasFile, "areas", "", "GeoJSON of municipalities with com_istat_code over Emilia-Romagna; left out: 330 made-up areas")
	flags.StringVar(&b.scenes, "scenes", "", "folder where the scenes of raster are made and kept; left out: temporary")
	flags.StringVar(&b.programs, "programs", "", "programs of raster, by the beginnings of their names, separated by commas; left out: all")
	flags.IntVar(&b.side, "side", 10000, "cells along each side of the raster of heights")
	flags.IntVar(&b.scene, "scene", 4096, "cells along each side of the scene for tiles")
	flags.StringVar(&b.peers, "programs-of-peers", "", "folder with pmtiles, tegola, pg_featureserv and tippecanoe; left out: without these")
	flags.IntVar(&b.parcels, "parcels", 1_000_000, "parcels of the made cadastre of vector")
	flags.StringVar(&b.parts, "parts", "", "parts of vector, separated by commas: pages, live, pyramid, archive; left out: all")
	flags.IntVar(&b.reps, "reps", 5, "runs of each program")
	limit := flags.Duration("limit", 25*time.Minute, "longest time for all of it")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if b.reps < 1 || b.side < 100 || b.side > 40000 || b.scene < 100 || b.scene > 20000 {
		fmt.Fprintln(stderr, "measure: want reps from 1, side from 100 to 40000, scene from 100 to 20000")
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := b.all(ctx, flags.Args()); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("stopped at the limit of %v: %w", *limit, err)
		}
		fmt.Fprintln(stderr, "measure:", err)
		return 1
	}
	return 0
}

// all makes the data that the named measurements share, then measures.
func (b *bench) all(ctx context.Context, names []string) error {
	known := map[string]func(context.Context) error{"startup": b.startup, "tiles": b.tiles, "zonal": b.zonal, "raster": b.raster, "vector": b.vector}
	if len(names) == 0 {
		return errors.New("say what to measure: startup, tiles, zonal, raster, vector")
	}
	want := map[string]bool{}
	for _, n := range names {
		if known[n] == nil {
			return fmt.Errorf("there is no measurement %q; there are startup, tiles, zonal, raster and vector", n)
		}
		want[n] = true
	}
	var err error
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "contado-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.data = filepath.Join(b.dir, "data")
	if err := b.findPeers(ctx); err != nil {
		return err
	}
	if err := b.makeData(ctx, want); err != nil {
		return err
	}
	b.printMachine(ctx)
	for _, n := range names {
		if err := known[n](ctx); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	return nil
}
