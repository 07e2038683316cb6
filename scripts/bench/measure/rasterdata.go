package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Datasets of the raster measurement, in a data folder of their own that may
// be kept.
const (
	mosaicDataset = "mosaic"
	stackDataset  = "stack"
	bigSide       = 10980
)

const warpName = "GDAL warp and PNG in one Python process, no HTTP"

func cores() int { return runtime.NumCPU() }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sceneFile is the large scene as ingest stores it.
func (b *bench) sceneFile() string { return b.file(sceneDataset, ".tif") }

// plainFile is the same scene as a COG of GDAL's own driver.
func (b *bench) plainFile() string { return filepath.Join(b.scenes, "plain.tif") }

// makeScenes makes the scenes and brings them in, unless a folder that was
// kept has them.
func (b *bench) makeScenes(ctx context.Context) error {
	if b.scenes == "" {
		b.scenes = filepath.Join(b.dir, "scenes")
	}
	var err error
	if b.scenes, err = filepath.Abs(b.scenes); err != nil {
		return err
	}
	b.data = filepath.Join(b.scenes, "data")
	done := filepath.Join(b.scenes, "done")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	began := time.Now()
	source := filepath.Join(b.scenes, "source")
	if err := os.MkdirAll(source, 0o700); err != nil {
		return err
	}
	if err := b.must(ctx, b.osgeo, b.script("scenes.py"), b.scenes, fmt.Sprint(bigSide)); err != nil {
		return err
	}
	for _, set := range []string{sceneDataset, mosaicDataset, stackDataset} {
		files, err := filepath.Glob(filepath.Join(source, set, "*.tif"))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("no scenes in %s", source)
		}
		if err := b.contado(ctx, append([]string{"ingest", "-d", set, "--role", "imagery"}, files...)...); err != nil {
			return err
		}
	}
	if err := b.tileIndex(ctx); err != nil {
		return err
	}
	fmt.Fprintf(b.log, "measure: scenes made and brought in in %.0f s\n", time.Since(began).Seconds())
	return errors.Join(os.RemoveAll(source), os.WriteFile(done, nil, 0o600))
}

// tileIndex lists the scenes of the mosaic for MapServer, the newest last: it
// draws them in this order.
func (b *bench) tileIndex(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(b.data, "datasets", mosaicDataset, "v1", "*.tif"))
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f[:len(f)-len(".tif")]) == ".stats" })
	slices.Sort(files)
	if len(files) != 20 {
		return fmt.Errorf("the mosaic has %d scenes, not 20", len(files))
	}
	index := filepath.Join(b.scenes, "mosaic.shp")
	return b.must(ctx, "gdaltindex", append([]string{index}, files...)...)
}

// ndviVRT is how MapServer computes an index: a band that GDAL derives by
// NumPy. Its functions of C would be four times as slow, since they must be
// nested, and read each band twice.
func (b *bench) ndviVRT(file string) (string, error) {
	name := filepath.Join(b.dir, "ndvi-"+filepath.Base(file)+".vrt")
	source := func(band int) string {
		return fmt.Sprintf(`<SimpleSource><SourceFilename relativeToVRT="0">%s</SourceFilename><SourceBand>%d</SourceBand></SimpleSource>`, file, band)
	}
	text := fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%[1]d"><SRS>EPSG:32632</SRS><GeoTransform>600000, 10, 0, 4960000, 0, -10</GeoTransform>
<VRTRasterBand dataType="Float32" band="1" subClass="VRTDerivedRasterBand"><PixelFunctionType>ndvi</PixelFunctionType>
<PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionCode><![CDATA[
import numpy as np
def ndvi(inputs, out, *args, **kwargs):
    np.divide(inputs[0] - inputs[1], inputs[0] + inputs[1], out=out)
]]></PixelFunctionCode><SourceTransferType>Float32</SourceTransferType>%s%s</VRTRasterBand></VRTDataset>`, bigSide, source(4), source(3))
	return name, os.WriteFile(name, []byte(text), 0o600)
}

// rasterThemes says where each kind of picture is asked for.
func (b *bench) rasterThemes() ([]theme, error) {
	// As scenes.py lays the scenes.
	scene, err := newLand(600_000, 4_960_000-10*bigSide, 600_000+10*bigSide, 4_960_000)
	if err != nil {
		return nil, err
	}
	mosaic, err := newLand(600_000, 4_960_000-3*33_000-36_600, 600_000+4*33_000+36_600, 4_960_000)
	if err != nil {
		return nil, err
	}
	stack, err := newLand(700_000+15*370, 4_900_000+290-27_450, 700_000+370+27_450, 4_900_000)
	if err != nil {
		return nil, err
	}
	return []theme{
		{rgbPicture, sceneDataset, scene, 10, 80},
		{ndviPicture, sceneDataset, scene, 10, 80},
		{mosaicPicture, mosaicDataset, mosaic, 10, 80},
		{medianPicture, stackDataset, stack, 10, 40},
	}, nil
}

// warpRound lets GDAL warp a file for each picture, in one Python process
// without HTTP.
func (b *bench) warpRound(ctx context.Context, themes []theme, round int, rep *report) error {
	for n, t := range themes[:2] {
		kind := []string{"rgb", "ndvi"}[n]
		views := t.land.views(60, t.fine, t.coarse, uint64(1000*round+100*n+50))
		boxes := make([][4]float64, len(views))
		for i, v := range views {
			boxes[i] = [4]float64{v.minX, v.minY, v.maxX, v.maxY}
		}
		in, out := filepath.Join(b.dir, "boxes.json"), filepath.Join(b.dir, "warped.json")
		data, err := json.Marshal(boxes)
		if err != nil {
			return err
		}
		if err := os.WriteFile(in, data, 0o600); err != nil {
			return err
		}
		c, err := measured(ctx, b.osgeo, b.script("warp.py"), kind, b.sceneFile(), in, out, "")
		if err != nil {
			return err
		}
		if data, err = os.ReadFile(out); err != nil {
			return err
		}
		var drawn [][3]float64 // wall ms, CPU ms, bytes
		if err := json.Unmarshal(data, &drawn); err != nil {
			return err
		}
		r := rep.of(warpName, t.name, 1)
		wall, cpu := 0.0, 0.0
		for _, d := range drawn {
			r.ms = append(r.ms, d[0])
			wall, cpu = wall+d[0], cpu+d[1]
			r.bytes += int(d[2])
		}
		r.rates = append(r.rates, float64(len(drawn))/wall*1000)
		r.cpu = append(r.cpu, cpu/float64(len(drawn)))
		rep.memory[warpName] = append(rep.memory[warpName], memory{c.peak, math.NaN()})
	}
	return nil
}

// comparePrograms asks all programs for the same views and says how far their
// pictures are from contado's.
func (b *bench) comparePrograms(ctx context.Context, programs []program, themes []theme) error {
	pictures := map[string]map[string][]image.Image{}
	views := map[string][]view{}
	for n, t := range themes {
		views[t.name] = t.land.views(samePictures, t.fine, t.coarse, uint64(9000+n))
	}
	for _, p := range programs {
		pictures[p.name] = map[string][]image.Image{}
		run, err := p.start(ctx)
		if err != nil {
			return err
		}
		for _, name := range p.themes {
			for _, v := range views[name] {
				status, body, err := run.asking(name)(ctx, v)
				var img image.Image
				if err == nil {
					img, err = png.Decode(bytes.NewReader(body))
				}
				if err != nil {
					return errors.Join(fmt.Errorf("%s, %s: %d: %w", p.name, name, status, err), run.stop())
				}
				pictures[p.name][name] = append(pictures[p.name][name], img)
			}
		}
		if err := run.stop(); err != nil {
			return err
		}
	}
	var rows [][]string
	if len(programs) < 2 || programs[0].name != "contado" {
		return nil
	}
	for _, p := range programs[1:] {
		for _, name := range p.themes {
			var all []float64
			for i, img := range pictures[p.name][name] {
				all = append(all, difference(pictures["contado"][name][i], img))
			}
			rows = append(rows, []string{p.name + ", " + name, num(median(all)), num(quantile(all, 1)), fmt.Sprint(len(all))})
			if m := quantile(all, 1); cmp.Compare(m, meanTolerance) > 0 {
				return fmt.Errorf("%s: a picture of %s differs by %.1f of 255 from contado's: they do not draw the same", p.name, name, m)
			}
		}
	}
	table(b.out, "Difference from contado's pictures, mean over the pixels of both, of 255", []string{"", "median", "worst", "pictures"}, rows)
	return nil
}

// findMapServer looks for the program.
func (b *bench) findMapServer() {
	for _, name := range []string{"mapserv", "/usr/lib/cgi-bin/mapserv"} {
		if path, err := exec.LookPath(name); err == nil {
			b.mapserv = path
			return
		}
	}
	fmt.Fprintln(b.log, "measure: no MapServer (Debian package cgi-mapserver)")
}
