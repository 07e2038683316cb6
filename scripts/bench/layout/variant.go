package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"contado/geo/gdal"
)

// variant is one way of storing the scene.
type variant struct {
	name      string
	order     string // of the bands: pixel, band, file
	compress  string
	level     int // 0 = the compression has none
	predictor bool
	block     int

	paths []string
	files []*gdal.Raster
	size  int64
	wrote time.Duration
	costs map[string][]cost
}

func variants() []*variant {
	var out []*variant
	add := func(order, compress string, level int, predictor bool, block int) {
		name := fmt.Sprintf("%s-%s%d-%d", order, strings.ToLower(compress), level, block)
		if level == 0 {
			name = fmt.Sprintf("%s-%s-%d", order, strings.ToLower(compress), block)
		}
		if !predictor && compress != "NONE" {
			name += "-plain"
		}
		out = append(out, &variant{name: name, order: order, compress: compress, level: level, predictor: predictor, block: block, costs: map[string][]cost{}})
	}
	add("pixel", "DEFLATE", 6, true, 512)
	add("pixel", "DEFLATE", 6, true, 256)
	add("pixel", "ZSTD", 9, true, 512)
	add("pixel", "ZSTD", 9, true, 256)
	add("band", "DEFLATE", 6, true, 512)
	add("band", "DEFLATE", 6, true, 256)
	add("band", "DEFLATE", 6, false, 256)
	add("band", "DEFLATE", 1, true, 256)
	add("band", "ZSTD", 9, true, 512)
	add("band", "ZSTD", 9, true, 256)
	add("band", "ZSTD", 9, true, 128)
	add("band", "ZSTD", 9, false, 256)
	add("band", "ZSTD", 1, true, 256)
	add("band", "LZW", 0, true, 256)
	add("band", "ZSTD", 9, true, 384)
	add("pixel", "ZSTD", 9, true, 128)
	add("band", "LERC_ZSTD", 0, false, 256)
	add("band", "LERC", 0, false, 256)
	add("band", "LERC", 0, false, 128)
	add("band", "ZSTD", 1, true, 128)
	add("band", "ZSTD", 3, true, 256)
	add("band", "ZSTD", 5, true, 256)
	add("band", "NONE", 0, false, 256)
	add("file", "DEFLATE", 6, true, 512)
	add("file", "ZSTD", 9, true, 256)
	return out
}

// write makes the file, or a file a band, and opens them.
func (v *variant) write(ctx context.Context, dir, scene string) error {
	began := time.Now()
	base := filepath.Join(dir, v.name)
	switch v.order {
	case "pixel":
		v.paths = []string{base + ".tif"}
		if err := gdal.Translate(ctx, v.paths[0], scene, v.cog()); err != nil {
			return err
		}
	case "band":
		v.paths = []string{base + ".tif"}
		if err := v.planar(ctx, base, scene); err != nil {
			return err
		}
	case "file":
		for b := 1; b <= 4; b++ {
			path := fmt.Sprintf("%s-%d.tif", base, b)
			v.paths = append(v.paths, path)
			if err := gdal.Translate(ctx, path, scene, append(v.cog(), "-b", fmt.Sprint(b))); err != nil {
				return err
			}
		}
	default:
		return errors.New("unknown order of bands")
	}
	v.wrote = time.Since(began)
	for _, path := range v.paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		v.size += info.Size()
		r, err := gdal.OpenRaster(path, nil)
		if err != nil {
			return err
		}
		v.files = append(v.files, r)
	}
	return nil
}

// planar is a COG whose bands are stored one after the other, which GDAL's
// COG driver writes only from 3.11 on: the overviews are made by a first
// copy, then its blocks are put in order.
func (v *variant) planar(ctx context.Context, base, scene string) error {
	first := base + "-first.tif"
	defer os.Remove(first)
	err := gdal.Translate(ctx, first, scene, options("COG", "COMPRESS=ZSTD", "LEVEL=1", fmt.Sprintf("BLOCKSIZE=%d", v.block),
		"OVERVIEW_RESAMPLING=AVERAGE", "BIGTIFF=IF_SAFER", "NUM_THREADS=ALL_CPUS"))
	if err != nil {
		return err
	}
	co := []string{
		"COPY_SRC_OVERVIEWS=YES", "TILED=YES", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER", "NUM_THREADS=ALL_CPUS",
		"COMPRESS=" + v.compress, fmt.Sprintf("BLOCKXSIZE=%d", v.block), fmt.Sprintf("BLOCKYSIZE=%d", v.block),
	}
	if v.predictor {
		co = append(co, "PREDICTOR=2")
	}
	switch {
	case v.level > 0 && v.compress == "DEFLATE":
		co = append(co, fmt.Sprintf("ZLEVEL=%d", v.level))
	case v.level > 0:
		co = append(co, fmt.Sprintf("ZSTD_LEVEL=%d", v.level))
	}
	return gdal.Translate(ctx, base+".tif", first, options("GTiff", co...))
}

func (v *variant) cog() []string {
	co := []string{"COMPRESS=" + v.compress, fmt.Sprintf("BLOCKSIZE=%d", v.block), "OVERVIEW_RESAMPLING=AVERAGE", "BIGTIFF=IF_SAFER", "NUM_THREADS=ALL_CPUS"}
	if v.predictor {
		co = append(co, "PREDICTOR=YES")
	}
	if v.level > 0 {
		co = append(co, fmt.Sprintf("LEVEL=%d", v.level))
	}
	return options("COG", co...)
}

func options(driver string, co ...string) []string {
	args := []string{"-of", driver}
	for _, o := range co {
		args = append(args, "-co", o)
	}
	return args
}

func closeAll(list []*variant) error {
	var errs []error
	for _, v := range list {
		for _, f := range v.files {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// report prints a table of each quantity.
func report(out io.Writer, list []*variant) error {
	for _, t := range []struct {
		title string
		of    func(cost) float64
	}{
		{"Wall time, median ms", func(c cost) float64 { return c.wall }},
		{"Read from the file, mean KiB", func(c cost) float64 { return c.bytes / 1024 }},
		{"Calls that read, mean", func(c cost) float64 { return c.calls }},
	} {
		fmt.Fprintf(out, "\n%s\n\n| |", t.title)
		for _, k := range kinds() {
			fmt.Fprintf(out, " %s |", k.name)
		}
		fmt.Fprintf(out, " MB | written in s |\n|---|%s\n", strings.Repeat("---:|", len(kinds())+2))
		for _, v := range list {
			fmt.Fprintf(out, "| %s |", v.name)
			for _, k := range kinds() {
				fmt.Fprintf(out, " %.2f |", middle(v.costs[k.key()], t.of, !strings.Contains(t.title, "mean")))
			}
			if _, err := fmt.Fprintf(out, " %.0f | %.1f |\n", float64(v.size)/1e6, v.wrote.Seconds()); err != nil {
				return err
			}
		}
	}
	return nil
}

func middle(costs []cost, of func(cost) float64, med bool) float64 {
	var all []float64
	sum := 0.0
	for _, c := range costs {
		all = append(all, of(c))
		sum += of(c)
	}
	if len(all) == 0 {
		return 0
	}
	if med {
		slices.Sort(all)
		return all[len(all)/2]
	}
	return sum / float64(len(all))
}
