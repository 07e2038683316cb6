package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Datasets of the data folder, and where ingest keeps their files.
const (
	sceneDataset   = "scene"
	heightsDataset = "heights"
	areasDataset   = "areas"
	parcelsDataset = "parcels"
	parcels        = 25_000
	codeField      = "com_istat_code"
)

func (b *bench) file(dataset, ext string) string {
	return filepath.Join(b.data, "datasets", dataset, "v1", dataset+ext)
}

// findPeers looks for what can be compared with, and says what cannot.
func (b *bench) findPeers(ctx context.Context) error {
	try := func(python, code string) bool {
		return exec.CommandContext(ctx, python, "-c", code).Run() == nil
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if b.osgeo == "" && try(python, "import osgeo.gdal, numpy") {
			b.osgeo = python
		}
		if b.mapscript == "" && try(python, "import mapscript") {
			b.mapscript = python
		}
	}
	b.findMapServer()
	if b.osgeo == "" {
		return errors.New("python3 with osgeo and numpy is needed to make the data (Debian packages python3-gdal, python3-numpy)")
	}
	if b.mapscript == "" {
		fmt.Fprintln(b.log, "measure: no MapServer (Debian package python3-mapscript): vector tiles are compared with GDAL alone")
	}
	if b.venv != "" && !try(b.python(), "import titiler.core, uvicorn, exactextract, rasterstats") {
		return fmt.Errorf("the Python environment %s lacks titiler.core, uvicorn, exactextract or rasterstats", b.venv)
	}
	if b.venv == "" {
		fmt.Fprintln(b.log, "measure: no Python environment: without TiTiler, exactextract and rasterstats")
	}
	return nil
}

// python is that of the environment with the peers.
func (b *bench) python() string { return filepath.Join(b.venv, "bin", "python") }

func (b *bench) script(name string) string { return filepath.Join(b.scripts, name) }

// makeData makes the files that the named measurements need, and brings them
// in; raster has data of its own.
func (b *bench) makeData(ctx context.Context, want map[string]bool) error {
	if !want["startup"] && !want["tiles"] && !want["zonal"] {
		return nil
	}
	if b.areasFile == "" {
		b.areasFile = filepath.Join(b.dir, "areas.geojson")
		if err := b.must(ctx, b.osgeo, b.script("make.py"), "areas", b.areasFile, "330"); err != nil {
			return err
		}
	}
	if err := b.contado(ctx, "ingest", b.areasFile, "-d", areasDataset, "--role", "territory", "--code-field", codeField); err != nil {
		return err
	}
	bring := func(kind, role string, side int) error {
		path := filepath.Join(b.dir, kind+".tif")
		if err := b.must(ctx, b.osgeo, b.script("make.py"), kind, path, fmt.Sprint(side)); err != nil {
			return err
		}
		began := time.Now()
		if err := b.contado(ctx, "ingest", path, "-d", kind, "--role", role); err != nil {
			return err
		}
		fmt.Fprintf(b.log, "measure: ingested %s (%d × %d cells) in %.1f s\n", kind, side, side, time.Since(began).Seconds())
		return os.Remove(path)
	}
	if want["startup"] || want["tiles"] {
		if err := bring(sceneDataset, "imagery", b.scene); err != nil {
			return err
		}
	}
	if !want["zonal"] {
		return nil
	}
	if err := bring(heightsDataset, "elevation", b.side); err != nil {
		return err
	}
	b.parcelsFile = filepath.Join(b.dir, "parcels.geojson")
	if err := b.must(ctx, b.osgeo, b.script("make.py"), "parcels", b.parcelsFile, fmt.Sprint(parcels)); err != nil {
		return err
	}
	return b.contado(ctx, "ingest", b.parcelsFile, "-d", parcelsDataset, "--role", "territory", "--code-field", codeField)
}

func (b *bench) contado(ctx context.Context, args ...string) error {
	return b.must(ctx, b.bin, append([]string{"--data", b.data, "-q"}, args...)...)
}

// must runs a program that is not measured.
func (b *bench) must(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// evict asks the system to forget the cached pages of all files of a folder,
// so that they are read from the disk again.
func (b *bench) evict(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return b.must(ctx, "dd", "if="+path, "of="+path, "conv=notrunc,fdatasync", "oflag=nocache", "count=0", "status=none")
	})
}

// printMachine says where the figures come from.
func (b *bench) printMachine(ctx context.Context) {
	read := func(path, key string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			return "unknown"
		}
		for line := range strings.Lines(string(data)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
				return strings.TrimSpace(v)
			}
		}
		return strings.TrimSpace(string(data))
	}
	say := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).Output()
		if err != nil {
			return name + ": " + err.Error()
		}
		return strings.TrimSpace(string(out))
	}
	load := strings.Fields(read("/proc/loadavg", ""))
	fmt.Fprintf(b.out, "Machine: %s, %s CPUs, memory %s, Linux %s, load %s before the run (%s)  \n",
		read("/proc/cpuinfo", "model name"), say("nproc"), read("/proc/meminfo", "MemTotal"), say("uname", "-r"), load[0], time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(b.out, "Programs: %s; system %s", say(b.bin, "--version"), say("gdalinfo", "--version"))
	if b.venv != "" {
		fmt.Fprintf(b.out, "; %s", say(b.python(), "-c", `
from importlib.metadata import version
import rasterio
print(", ".join(n + " " + version(n) for n in ("titiler.core", "rio-tiler", "exactextract", "rasterstats", "rasterio")), "with GDAL", rasterio.__gdal_version__)`))
	}
	if b.mapscript != "" {
		fmt.Fprintf(b.out, "; MapServer %s", say(b.mapscript, "-c", "import mapscript; print(mapscript.MS_VERSION)"))
	}
	fmt.Fprintln(b.out)
}
