// Command layout measures how the way in which a COG is stored (block size,
// compression, predictor, order of the bands) bears on what a tile server
// does with it: windows of some bands, at full resolution and from overviews,
// that are not in GDAL's block cache. Every window is read from each variant
// in turn, through Contado's own reader. Output is Markdown; files go to a
// temporary folder that is removed. It is started by scripts/bench/run.
//
//	layout -scene FILE [-reads 60] [-only NAME,…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"contado/geo/gdal"
	"contado/geo/grid"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("layout", flag.ContinueOnError)
	flags.SetOutput(log)
	scene := flags.String("scene", "", "GeoTIFF of four bands of UInt16")
	reads := flags.Int("reads", 60, "windows of each kind")
	only := flags.String("only", "", "names of variants, separated by commas; left out: all")
	limit := flags.Duration("limit", 20*time.Minute, "longest time for all of it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *scene == "" || *reads < 1 || *reads > 10_000 {
		return errors.New("want -scene, and -reads from 1 to 10000")
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "layout-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var list []*variant
	for _, v := range variants() {
		if *only == "" || strings.Contains(","+*only+",", ","+v.name+",") {
			list = append(list, v)
		}
	}
	for _, v := range list {
		if err := v.write(ctx, dir, *scene); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		fmt.Fprintf(log, "layout: %s written in %.1f s, %.0f MB\n", v.name, v.wrote.Seconds(), float64(v.size)/1e6)
	}
	if err := measure(ctx, list, *reads); err != nil {
		return err
	}
	return errors.Join(report(out, list), closeAll(list))
}

// kind is one way of asking: bands, level (0 is the full resolution), and
// the cells along the side of the window. A tile of 256 pixels needs 256 to
// 512 cells of the level that it is drawn from, besides a margin.
type kind struct {
	name  string
	bands []int
	level int
	side  int
}

func kinds() []kind {
	rgb, nir := []int{3, 2, 1}, []int{4, 3}
	return []kind{
		{"3 bands, 262² at 10 m", rgb, 0, 262},
		{"2 bands", nir, 0, 262},
		{"3 bands, 380² at 10 m", rgb, 0, 380},
		{"2 bands", nir, 0, 380},
		{"3 bands, 300² at 20 m", rgb, 1, 300},
		{"2 bands", nir, 1, 300},
		{"3 bands, 300² at 80 m", rgb, 3, 300},
		{"2 bands", nir, 3, 300},
	}
}

func (k kind) key() string { return fmt.Sprint(k.bands, k.level, k.side) }

// cost of one read.
type cost struct {
	wall         float64 // ms
	bytes, calls float64 // from the system, its cache or the disk alike
}

// measure reads every window from each variant in turn.
func measure(ctx context.Context, list []*variant, reads int) error {
	runtime.LockOSThread() // whose reads are counted
	defer runtime.UnlockOSThread()
	r := rand.New(rand.NewPCG(1, 2))
	const warm = 1 // the first reads fetch the directory of each level
	for i := range reads + warm {
		for _, k := range kinds() {
			if err := ctx.Err(); err != nil {
				return err
			}
			l := list[0].files[0].Levels(1)[k.level]
			w := grid.Window{Col: r.IntN(l.Width - k.side), Row: r.IntN(l.Height - k.side), Width: k.side, Height: k.side}
			if err := readAll(list, k, w, i >= warm); err != nil {
				return err
			}
		}
	}
	return nil
}

// again is how often each window is read from each variant. The least time
// counts: the others had to wait for other work of the machine.
const again = 4

// readAll reads a window from the variants in turn.
func readAll(list []*variant, k kind, w grid.Window, keep bool) error {
	best := make([]cost, len(list))
	for round := range again {
		for i, v := range list {
			forget()
			c, err := v.read(k, w)
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			if round == 0 || c.wall < best[i].wall {
				best[i] = c
			}
		}
	}
	for i, v := range list {
		if keep {
			v.costs[k.key()] = append(v.costs[k.key()], best[i])
		}
	}
	return nil
}

// cacheBytes holds the blocks of any one window, with all of their bands.
const cacheBytes = 64 << 20

// forget empties GDAL's block cache: lowering its size drops what is in it.
func forget() {
	gdal.NewPool(&gdal.PoolOptions{CacheBytes: 1}).Close()
	gdal.NewPool(&gdal.PoolOptions{CacheBytes: cacheBytes}).Close()
}

func (v *variant) read(k kind, w grid.Window) (cost, error) {
	n := w.Width * w.Height
	mask := make([]uint8, n)
	cells := make([][]float32, len(k.bands))
	for i := range cells {
		cells[i] = make([]float32, n)
	}
	before, err := usage()
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	if len(v.files) == 1 {
		err = v.files[0].ReadLevel(cells, mask, k.bands, k.level, w, w.Width, w.Height, grid.Nearest)
	} else {
		for i, b := range k.bands {
			err = errors.Join(err, v.files[b-1].ReadLevel(cells[i:i+1], mask, []int{1}, k.level, w, w.Width, w.Height, grid.Nearest))
		}
	}
	wall := time.Since(began)
	if err != nil {
		return cost{}, err
	}
	after, err := usage()
	return cost{float64(wall.Microseconds()) / 1000, after.bytes - before.bytes, after.calls - before.calls}, err
}

// usage is what this thread has read so far.
func usage() (cost, error) {
	var c cost
	text, err := os.ReadFile("/proc/thread-self/io")
	if err != nil {
		return c, err
	}
	_, err = fmt.Sscanf(string(text), "rchar: %g\nwchar: %g\nsyscr: %g", &c.bytes, new(float64), &c.calls)
	return c, err
}
