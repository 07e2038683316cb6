package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// rounds is how often everything about tiles is repeated, alternating.
const rounds = 3

// series is one way of making the same tiles, over all rounds.
type series struct {
	name     string
	p50, p95 []float64 // ms, of each round
	perTile  []float64 // ms of the whole list divided by tiles with content
	cpu      []float64 // ms of all processors a tile
	peak     []float64 // MiB
	tiles    int       // with something in them
	bytes    int       // of these
}

// pass is one run over a list of addresses.
type pass struct {
	ms    []float64
	bytes int
	wall  time.Duration
}

// add notes a pass, the processor time of it in seconds and the memory.
func (s *series) add(p pass, cpu, peak float64) {
	s.p50, s.p95 = append(s.p50, median(p.ms)), append(s.p95, quantile(p.ms, 0.95))
	s.perTile = append(s.perTile, p.wall.Seconds()*1000/float64(len(p.ms)))
	s.cpu = append(s.cpu, cpu*1000/float64(len(p.ms)))
	s.peak = append(s.peak, peak)
	s.tiles, s.bytes = len(p.ms), p.bytes
}

// book keeps series in the order in which they first came.
type book struct{ list []*series }

func (k *book) of(name string) *series {
	for _, s := range k.list {
		if s.name == name {
			return s
		}
	}
	s := &series{name: name}
	k.list = append(k.list, s)
	return s
}

func (k *book) print(b *bench, title string) {
	var rows [][]string
	for _, s := range k.list {
		rows = append(rows, []string{
			s.name, num(median(s.p50)), num(median(s.p95)), num(median(s.perTile)), num(median(s.cpu)),
			fmt.Sprint(s.tiles), num(float64(s.bytes) / float64(s.tiles) / 1024), num(median(s.peak)),
		})
	}
	table(b.out, title, []string{"", "p50 ms", "p95 ms", "ms a tile", "CPU ms a tile", "tiles", "KiB a tile", "peak MiB"}, rows)
}

// tiles measures tiles that nobody has asked for before: every address once,
// from a fresh process, with one and with four requests under way; then the
// same addresses again.
func (b *bench) tiles(ctx context.Context) error {
	var raster, vector book
	for range rounds {
		for _, parallel := range []int{1, 4} {
			if err := b.rasterRound(ctx, &raster, parallel); err != nil {
				return err
			}
			if err := b.vectorRound(ctx, &vector, parallel); err != nil {
				return err
			}
		}
	}
	if b.venv != "" {
		if err := b.samePictures(ctx); err != nil {
			return err
		}
	}
	raster.print(b, fmt.Sprintf("Raster tiles (3 bands of UInt16, %d × %d cells, UTM to Web Mercator, 256 pixels, PNG)", b.scene, b.scene))
	vector.print(b, fmt.Sprintf("Vector tiles (330 municipalities, all attributes, zooms %d to %d)", vectorMin, vectorMax))
	return nil
}

func (b *bench) rasterRound(ctx context.Context, k *book, parallel int) error {
	list := b.rasterList()
	if err := b.contadoTiles(ctx, k, list, contadoRaster, parallel); err != nil {
		return err
	}
	if b.venv != "" {
		workers := min(parallel, runtime.NumCPU())
		s, err := b.serveTiTiler(ctx, workers)
		if err != nil {
			return err
		}
		file := b.file(sceneDataset, ".tif")
		err = s.cold(ctx, k.of(label(fmt.Sprintf("TiTiler, processes: %d, HTTP, first time", workers), parallel)), list,
			func(a address) string { return titilerRaster(file, a) }, parallel)
		if err := errors.Join(err, s.stop()); err != nil {
			return err
		}
	}
	if parallel > 1 {
		return nil
	}
	return b.scriptTiles(ctx, k.of("GDAL warp and PNG in one Python process, no HTTP"), b.osgeo, "gdal", b.file(sceneDataset, ".tif"), list)
}

func (b *bench) vectorRound(ctx context.Context, k *book, parallel int) error {
	list := b.vectorList()
	if err := b.contadoTiles(ctx, k, list, contadoVector, parallel); err != nil {
		return err
	}
	if parallel > 1 {
		return nil
	}
	file := b.file(areasDataset, ".gpkg")
	if b.mapscript != "" {
		if err := b.scriptTiles(ctx, k.of("MapServer in one process, no HTTP, not compressed"), b.mapscript, "mapserver", file, list); err != nil {
			return err
		}
	}
	return b.pyramid(ctx, k.of("GDAL MVT driver, whole pyramid at once (ogr2ogr)"), file)
}

func label(name string, parallel int) string {
	if parallel == 1 {
		return name
	}
	return fmt.Sprintf("%s, %d at a time", name, parallel)
}

// contadoTiles asks a fresh server for every address once, then again.
func (b *bench) contadoTiles(ctx context.Context, k *book, list []address, path func(address) string, parallel int) error {
	s, err := b.serveContado(ctx)
	if err != nil {
		return err
	}
	err = s.cold(ctx, k.of(label("contado, HTTP, first time", parallel)), list, path, parallel)
	if err == nil {
		err = s.cold(ctx, k.of(label("contado, HTTP, again", parallel)), list, path, parallel)
	}
	return errors.Join(err, s.stop())
}

// cold runs over the list and notes memory at its end.
func (s *server) cold(ctx context.Context, to *series, list []address, path func(address) string, parallel int) error {
	before, err := s.usage()
	if err != nil {
		return err
	}
	p, err := s.ask(ctx, list, path, parallel)
	if err != nil {
		return errors.Join(err, s.failure())
	}
	after, err := s.usage()
	if err != nil {
		return err
	}
	to.add(p, after.cpu-before.cpu, after.peak)
	return nil
}

// ask requests every address of the list once. Tiles without content (204, or
// 404 from TiTiler) are legitimate; they do not count.
func (s *server) ask(ctx context.Context, list []address, path func(address) string, parallel int) (pass, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	type answer struct {
		ms    float64
		bytes int
	}
	answers := make([]answer, len(list))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range parallel {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return nil
				}
				asked := time.Now()
				code, n, err := fetch(ctx, client, s.url+path(list[i]))
				if err != nil {
					return err
				}
				switch code {
				case http.StatusOK:
					answers[i] = answer{float64(time.Since(asked).Microseconds()) / 1000, n}
				case http.StatusNoContent, http.StatusNotFound:
				default:
					return fmt.Errorf("%s answers %d", path(list[i]), code)
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return pass{}, err
	}
	p := pass{wall: time.Since(began)}
	for _, a := range answers {
		if a.bytes > 0 {
			p.ms = append(p.ms, a.ms)
			p.bytes += a.bytes
		}
	}
	if len(p.ms) < len(list)/3 {
		return p, fmt.Errorf("only %d of %d tiles have content: the list does not fit the data", len(p.ms), len(list))
	}
	return p, nil
}

// scriptTiles lets a Python program draw the list.
func (b *bench) scriptTiles(ctx context.Context, to *series, python, kind, file string, list []address) error {
	in, out := filepath.Join(b.dir, "list.json"), filepath.Join(b.dir, "tiles.json")
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return err
	}
	c, err := measured(ctx, python, b.script("tiles.py"), kind, file, in, out)
	if err != nil {
		return err
	}
	if data, err = os.ReadFile(out); err != nil {
		return err
	}
	var drawn [][2]float64
	if err := json.Unmarshal(data, &drawn); err != nil {
		return err
	}
	var p pass
	for _, d := range drawn {
		p.wall += time.Duration(d[0] * float64(time.Millisecond))
		if d[1] > 0 {
			p.ms = append(p.ms, d[0])
			p.bytes += int(d[1])
		}
	}
	if len(p.ms) == 0 {
		return fmt.Errorf("%s drew nothing", kind)
	}
	to.add(p, math.NaN(), c.peak)
	return nil
}

// pyramid writes all tiles of the same zooms with GDAL's driver. There are no
// times of single tiles, only of the whole; its tiles are compressed.
func (b *bench) pyramid(ctx context.Context, to *series, file string) error {
	dir := filepath.Join(b.dir, "pyramid")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	cmd, err := exec.LookPath("ogr2ogr")
	if err != nil {
		return err
	}
	c, err := measured(ctx, cmd, "-q", "-f", "MVT", dir, file, areasDataset, "-dsco", fmt.Sprintf("MINZOOM=%d", vectorMin), "-dsco", fmt.Sprintf("MAXZOOM=%d", vectorMax),
		"-dsco", "MAX_SIZE=5000000", "-dsco", "MAX_FEATURES=200000")
	if err != nil {
		return err
	}
	tiles, bytes := 0, 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".pbf") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			tiles, bytes = tiles+1, bytes+int(info.Size())
		}
		return err
	})
	if err != nil {
		return err
	}
	if tiles == 0 {
		return errors.New("the MVT driver of GDAL wrote nothing")
	}
	to.perTile = append(to.perTile, c.wall*1000/float64(tiles))
	to.cpu = append(to.cpu, c.cpu*1000/float64(tiles))
	to.peak = append(to.peak, c.peak)
	to.tiles, to.bytes = tiles, bytes
	return nil
}
