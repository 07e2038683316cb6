package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"contado/geo/store/catalog"
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
	root := t.TempDir()
	st := stores(t, root)
	two := writeFile(t, "two.geojson", twoTowns)
	before := mustRun(t, st, Options{Dataset: "d"}, two)
	child := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), crashRoot+"="+root, crashPaths+"="+two)
		return cmd
	}
	start := time.Now()
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(start)
	killed, old := 0, before.Version.Number+1
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
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
		}
		old = afterKill(t, st, old)
	}
	t.Logf("%d of 20 killed at work, %d versions in the end", killed, old)
	if killed == 0 {
		t.Error("no child was killed in time: the test has shown nothing")
	}
}

// afterKill checks the state and returns the version it is at.
func afterKill(t *testing.T, st Stores, old int) int {
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
	wantFiles(t, st, d)
	return d.Version.Number
}

func wantFiles(t *testing.T, st Stores, d catalog.Dataset) {
	t.Helper()
	list, err := st.Blobs.List(t.Context(), "datasets/")
	if err != nil || len(list) != d.Version.Number {
		t.Errorf("%d files for %d versions: %v", len(list), d.Version.Number, err)
	}
}
