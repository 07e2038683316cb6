package stac_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/sqlite"
	"contado/ingest"
	"contado/ingest/fetch"
	"contado/ingest/stac"
)

// client reads this machine; the process has one for remote rasters.
var client = sync.OnceValue(func() *fetch.Client {
	c := fetch.New(&fetch.Options{AllowPrivate: true, Timeout: 5 * time.Second, Backoff: time.Millisecond})
	if err := stac.Serve(c, 0); err != nil {
		panic(err)
	}
	return c
})

func stores(t *testing.T) ingest.Stores {
	t.Helper()
	root := t.TempDir()
	c, err := sqlite.OpenCatalog(t.Context(), filepath.Join(root, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := dir.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		_ = b.Close()
	})
	return ingest.Stores{Catalog: c, Blobs: b, Staging: filepath.Join(root, "staging"), Program: "contado test"}
}

// run ingests, with the dataset "set".
func run(t *testing.T, st ingest.Stores, ref string, o stac.Options) (catalog.Dataset, []catalog.Item, error) {
	t.Helper()
	o.Client = client()
	if o.Dataset == "" {
		o.Dataset = "set"
	}
	res, err := stac.Run(t.Context(), st, ref, o, nil)
	if err != nil {
		left, lerr := os.ReadDir(st.Staging)
		if lerr != nil && !os.IsNotExist(lerr) {
			t.Fatal(lerr)
		}
		for _, e := range left {
			if e.Name() != "publish.lock" {
				t.Errorf("staging holds %s after %v", e.Name(), err)
			}
		}
		return catalog.Dataset{}, nil, err
	}
	items, err := st.Catalog.Items(t.Context(), o.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	return res.Dataset, items, nil
}

func mustRun(t *testing.T, st ingest.Stores, ref string, o stac.Options) (catalog.Dataset, []catalog.Item) {
	t.Helper()
	d, items, err := run(t, st, ref, o)
	if err != nil {
		t.Fatal(err)
	}
	return d, items
}

func wantFault(t *testing.T, err error, kind fault.Kind, words string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Fatalf("%v (%v), want %v with %q", err, fault.KindOf(err), kind, words)
	}
}

func notice(d catalog.Dataset, code string) *catalog.Notice {
	for i := range d.Version.Notices {
		if d.Version.Notices[i].Code == code {
			return &d.Version.Notices[i]
		}
	}
	return nil
}

// cog writes a COG of cells col + row·100 + band, in the grid, and returns
// its path.
func cog(t *testing.T, g grid.Grid, bands int, opts ...string) string {
	t.Helper()
	tmp := filepath.Join(t.TempDir(), "plain.tif")
	spec := gdal.RasterSpec{Grid: g, DataType: "uint16", Bands: make([]gdal.BandSpec, bands)}
	w, err := gdal.CreateGeoTIFF(tmp, spec)
	if err != nil {
		t.Fatal(err)
	}
	for b := range bands {
		cells := make([]uint16, g.Width*g.Height)
		for i := range cells {
			cells[i] = uint16(i%g.Width + i/g.Width + b) //nolint:gosec // small
		}
		if err := w.Write(b+1, g.Full(), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.tif")
	if len(opts) == 0 {
		opts = []string{"-of", "COG", "-co", "BLOCKSIZE=256"}
	}
	if err := gdal.Translate(t.Context(), out, tmp, opts); err != nil {
		t.Fatal(err)
	}
	return out
}

func utm(x, y, cell float64, n int) grid.Grid {
	return grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{x, cell, 0, y, 0, -cell}, Width: n, Height: n}
}

// web is a server of files and documents by path.
type web struct {
	t     *testing.T
	url   string
	mu    sync.Mutex
	files map[string][]byte
	etag  atomic.Int64
	hook  func(w http.ResponseWriter, r *http.Request) bool
	log   []string
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{t: t, files: map[string][]byte{}}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	w.url = s.URL
	return w
}

func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	data, ok := w.files[r.URL.Path]
	hook := w.hook
	w.log = append(w.log, r.Method+" "+r.URL.RequestURI())
	w.mu.Unlock()
	if hook != nil && hook(rw, r) {
		return
	}
	if !ok {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("ETag", fmt.Sprintf(`"%d"`, w.etag.Load()))
	http.ServeContent(rw, r, r.URL.Path, time.Time{}, strings.NewReader(string(data)))
}

func (w *web) put(path string, v any) string {
	w.t.Helper()
	data, ok := v.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(v); err != nil {
			w.t.Fatal(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[path] = data
	return w.url + path
}

func (w *web) file(path, local string) string {
	w.t.Helper()
	data, err := os.ReadFile(local)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.put(path, data)
}

type m = map[string]any

// stacItem is an item with some assets.
func stacItem(id, when string, assets m, more ...m) m {
	p := m{"datetime": when, "eo:cloud_cover": 12.5, "platform": "sentinel-2a", "view:sun_azimuth": 150.5, "view:sun_elevation": 40}
	for _, o := range more {
		for k, v := range o {
			p[k] = v
		}
	}
	return m{
		"type": "Feature", "stac_version": "1.0.0", "id": id, "bbox": []float64{9, 45, 9.1, 45.1}, "properties": p, "assets": assets,
		"geometry": m{"type": "Polygon", "coordinates": [][][2]float64{{{9, 45}, {9.1, 45}, {9.1, 45.1}, {9, 45.1}, {9, 45}}}}, "links": []m{},
	}
}

const cogType = "image/tiff; application=geotiff; profile=cloud-optimized"
