package osm

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"contado/ingest/osm/osmtest"
	"contado/scripts/shareddata"
)

// BenchmarkConvert takes a small country apart.
func BenchmarkConvert(b *testing.B) {
	path := shareddata.Path(b, liechtenstein)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Convert(context.Background(), path, Options{}, b.TempDir(), quiet{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRegion reads a made region, of 2 million nodes unless
// CONTADO_OSM_WAYS says otherwise (ten nodes a way), and reports nodes a second
// and the largest heap in bytes a node.
func BenchmarkRegion(b *testing.B) {
	ways := 200_000
	if n, err := strconv.Atoi(os.Getenv("CONTADO_OSM_WAYS")); err == nil {
		ways = n
	}
	path := filepath.Join(b.TempDir(), "region.osm.pbf")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := osmtest.Grid(f, ways); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	peak := &heap{}
	for b.Loop() {
		layers, _, err := Convert(context.Background(), path, Options{}, b.TempDir(), peak)
		if err != nil || layers[0].Rows.Count() != int64(ways) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ways*10)*float64(b.N)/b.Elapsed().Seconds(), "nodes/s")
	b.ReportMetric(float64(peak.most)/float64(ways*10), "heap-B/node")
}

// heap is a Progress that looks at the heap.
type heap struct {
	calls int
	most  uint64
}

func (h *heap) Stage(string) {}

func (h *heap) Step(int64, int64) {
	if h.calls++; h.calls%64 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapInuse)
	}
}
