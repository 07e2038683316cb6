package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"contado/geo/gdal"
	"contado/geo/grid"
)

const (
	crashRoot  = "CONTADO_TEST_CRASH_ROOT"
	crashPaths = "CONTADO_TEST_CRASH_PATH"
)

// TestMain runs as the child of TestKill when it is told a folder: it
// ingests, and is killed at it.
func TestMain(m *testing.M) {
	root := os.Getenv(crashRoot)
	if root == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	st, done, err := openStores(ctx, root)
	if err == nil {
		fmt.Println("started")
		_, err = Run(ctx, st, []string{os.Getenv(crashPaths)}, Options{Dataset: "d", Replace: true}, nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := done(); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// Killed at any moment, an ingest leaves the old version or the new one; the
// doctor finds what else is there and clears it to the last file.
func TestKill(t *testing.T) {
	t.Parallel()
	t.Run("vector", func(t *testing.T) {
		t.Parallel()
		kill(t, writeFile(t, "two.geojson", twoTowns), 2) // the record and the packed rows
	})
	t.Run("scene", func(t *testing.T) {
		t.Parallel()
		kill(t, smallScene(t), 2*len(smallBands)) // with block statistics
	})
}

// kill ingests a path over and over, killing it, when each version has some
// number of files.
func kill(t *testing.T, path string, files int) {
	root := t.TempDir()
	st := stores(t, root)
	before := mustRun(t, st, Options{Dataset: "d"}, path)
	child := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), crashRoot+"="+root, crashPaths+"="+path)
		return cmd
	}
	start := time.Now()
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(start)
	const times = 15
	killed, old := 0, before.Version.Number+1
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < times || killed == 0; n++ {
		cmd := child()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Float64() * 1.1 * float64(whole)))
		if err := cmd.Process.Kill(); err != nil {
			t.Log(err) // it was done already
		}
		if cmd.Wait() != nil {
			killed++
		} else {
			whole = whole * 9 / 10 // the machine is quicker than when it was measured
		}
		old = afterKill(t, st, old, files)
	}
	t.Logf("%d killed at work, %d versions in the end", killed, old)
}

// smallBands are files of a scene and the side of their 40 x 40 m in cells.
var smallBands = map[string]int{"B02_10m": 4, "B11_20m": 2, "SCL_20m": 2}

// smallScene makes a folder of a satellite scene with a file a band.
func smallScene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, side := range smallBands {
		path := filepath.Join(dir, "T32TNS_20230714T101559_"+name+".tif")
		g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 40 / float64(side), 0, 5100000, 0, -40 / float64(side)}, Width: side, Height: side}
		w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "uint16", Bands: []gdal.BandSpec{{}}})
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]uint16, side*side)
		for i := range cells {
			cells[i] = uint16(i + 1)
		}
		if err := w.Write(1, g.Full(), cells); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// afterKill checks the state and returns the version it is at.
func afterKill(t *testing.T, st Stores, old, files int) int {
	t.Helper()
	d, ok, err := current(t.Context(), st.Catalog, "d")
	if err != nil || !ok {
		t.Fatalf("the dataset is gone: %v", err)
	}
	if n := d.Version.Number; n != old && n != old+1 {
		t.Fatalf("version %d after %d", n, old)
	}
	f, err := Doctor(t.Context(), st, DoctorOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Damaged) > 0 || f.Live > 0 {
		t.Fatalf("damaged or owned by a dead process: %+v", f)
	}
	if _, err := Clear(t.Context(), st, f); err != nil {
		t.Fatal(err)
	}
	wantClean(t, st)
	list, err := st.Blobs.List(t.Context(), "datasets/")
	if err != nil || len(list) != d.Version.Number*files {
		t.Errorf("%d files for %d versions of %d: %v", len(list), d.Version.Number, files, err)
	}
	return d.Version.Number
}
