package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

func runTool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// A Landsat scene with a file a band becomes one item, and a false-colour
// layer at every zoom.
func TestAlabamaLandsat(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-alabama-landsat8")
	files, err := filepath.Glob(filepath.Join(dir, "l8_*"))
	if err != nil || len(files) != 11 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	h := newHouse(t)
	h.must(append(append([]string{"ingest"}, files...), "-d", "landsat", "--role", "imagery")...)
	info := h.must("info", "landsat")
	if !strings.Contains(info, "2015-08-04") || strings.Count(info, "  item ") != 1 {
		t.Errorf("want one item of 2015-08-04, got:\n%s", info)
	}
	s := h.serve()
	var tj struct {
		Tiles            []string
		Bounds           []float64
		MinZoom, MaxZoom int
	}
	s.json("/xyz/landsat.json?bands=B5,B4,B3", &tj)
	if len(tj.Bounds) != 4 || len(tj.Tiles) != 1 || tj.MaxZoom < 11 {
		t.Fatalf("TileJSON %+v", tj)
	}
	lon, lat := (tj.Bounds[0]+tj.Bounds[2])/2, (tj.Bounds[1]+tj.Bounds[3])/2
	for z := tj.MinZoom; z <= tj.MaxZoom+1; z++ {
		x, y := tileOf(lon, lat, z)
		res, body := s.get(fmt.Sprintf("/xyz/landsat/%d/%d/%d.png?bands=B5,B4,B3", z, x, y))
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/png" {
			t.Fatalf("zoom %d: %s %s\n%.300s", z, res.Status, res.Header.Get("Content-Type"), body)
		}
		img, err := png.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("zoom %d: %v", z, err)
		}
		if img.Bounds().Dx() != 256 || img.Bounds().Dy() != 256 {
			t.Errorf("zoom %d: %v", z, img.Bounds())
		}
		if n := opaque(img); n == 0 {
			t.Errorf("zoom %d: nothing is drawn", z)
		}
		etag := res.Header.Get("ETag")
		if res, _ := s.get(fmt.Sprintf("/xyz/landsat/%d/%d/%d.png?bands=B5,B4,B3", z, x, y), "If-None-Match", etag); etag == "" || res.StatusCode != http.StatusNotModified {
			t.Errorf("zoom %d: ETag %q asked again gives %s, want 304", z, etag, res.Status)
		}
	}
	for path, want := range map[string]int{
		"/xyz/landsat/3/9/9.png":                     http.StatusBadRequest,
		"/xyz/landsat/99/0/0.png":                    http.StatusBadRequest,
		"/xyz/landsat/5/8/12.png?bands=B99":          http.StatusBadRequest,
		"/xyz/landsat/5/8/12.png?rescale=nonsense":   http.StatusBadRequest,
		"/xyz/nothing-here/5/8/12.png":               http.StatusNotFound,
		"/xyz/landsat/5/8/12.mvt":                    http.StatusBadRequest,
		"/collections/landsat/items?bbox=1,2":        http.StatusBadRequest,
		"/collections/landsat/items?limit=-5":        http.StatusBadRequest,
		"/collections/landsat/items?limit=999999999": http.StatusBadRequest,
	} {
		res, body := s.get(path)
		if res.StatusCode != want || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %s %s, want %d problem+json\n%.200s", path, res.Status, res.Header.Get("Content-Type"), want, body)
		}
	}
}

func opaque(img image.Image) int {
	n := 0
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if _, _, _, a := img.At(x, y).RGBA(); a > 0 {
				n++
			}
		}
	}
	return n
}
