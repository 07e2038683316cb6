package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"contado/scripts/shareddata"
)

// Every odd file that we have, through the built binary: it comes in, or it is
// refused by name with what to do; the program never dies, and nothing is left
// over. (What exactly becomes of each is the table of package ingest.)
func TestEveryOddFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var files []string
	for _, dir := range []string{"raster-variety", "vector-variety"} {
		root := shareddata.Path(t, dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 100 {
		t.Fatalf("only %d files", len(files))
	}
	type outcome struct {
		file, said string
		code       int
		datasets   int // one for each layer of the file
	}
	results := make([]outcome, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				out, errs, code := h.run("-q", "ingest", files[i], "-d", fmt.Sprintf("f%d", i))
				results[i] = outcome{files[i], errs, code, strings.Count(out, ": version 1, ")}
			}
		}()
	}
	for i := range files {
		next <- i
	}
	close(next)
	workers.Wait()
	in, refused, datasets := 0, 0, 0
	for _, r := range results {
		name := filepath.Base(r.file)
		stem := strings.TrimSuffix(name, filepath.Ext(name))
		switch {
		case strings.Contains(r.said, "goroutine ") || strings.Contains(r.said, "SIG"):
			t.Errorf("%s: the program died:\n%s", name, r.said)
		case r.code == 0:
			in++
			datasets += r.datasets
		case r.code == 1:
			refused++
			if !strings.Contains(r.said, stem) && !strings.Contains(r.said, name) {
				t.Errorf("%s: the refusal does not name the file: %s", name, r.said)
			}
			if strings.Contains(r.said, "looks like a defect") {
				t.Errorf("%s: an error without a kind: %s", name, r.said)
			}
		default:
			t.Errorf("%s: exit code %d: %s", name, r.code, r.said)
		}
	}
	if in < 60 || refused < 20 {
		t.Errorf("%d files came in and %d were refused: not what they are", in, refused)
	}
	if n := strings.Count(h.must("ls"), "\n") - 1; n != datasets {
		t.Errorf("the catalog has %d datasets, %d came in", n, datasets)
	}
	if out := h.must("doctor", "--deep"); !strings.Contains(out, "healthy") {
		t.Errorf("doctor: %s", out)
	}
}
