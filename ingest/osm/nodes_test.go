package osm

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"contado/geo/fault"
	"contado/ingest/osm/stream"

	"pgregory.net/rapid"
)

// TestNodeStore compares with a map: in order or not, in memory or in a file.
func TestNodeStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		ordered := rapid.Bool().Draw(t, "ordered")
		memory := int64(1 << 30)
		if ordered {
			memory = rapid.SampledFrom([]int64{0, 1 << 30}).Draw(t, "memory")
		}
		path := filepath.Join(dir, "nodes", string(rune('a'+n%26)))
		s := newNodeStore(path, memory)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		defer s.close()
		want := map[int64]stream.Position{}
		id := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "first")
		count := rapid.IntRange(0, 300).Draw(t, "count")
		for range count {
			step := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1<<31, 1<<33)).Draw(t, "step")
			if !ordered && rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				step = -step
			}
			if id += step; !ordered && rapid.IntRange(0, 9).Draw(t, "again") == 0 {
				id -= step
			}
			at := stream.Position{Lon: rapid.Int32().Draw(t, "x"), Lat: rapid.Int32().Draw(t, "y")}
			if err := s.add(id, at); err != nil {
				t.Fatal(err)
			}
			want[id] = at
		}
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		if int(s.count) != len(want) || ordered && s.twice != 0 || int(s.twice) != count-len(want) {
			t.Fatalf("%d nodes, %d twice, want %d of %d", s.count, s.twice, len(want), count)
		}
		for id, at := range want {
			if got, ok := s.find(id); !ok || got != at {
				t.Fatalf("node %d: %v %v, want %v", id, got, ok, at)
			}
			for _, near := range []int64{id - 1, id + 1, id + 1<<32} {
				if got, ok := s.find(near); ok != has64(want, near) || ok && got != want[near] {
					t.Fatalf("node %d: %v %v", near, got, ok)
				}
			}
		}
	})
}

func has64(m map[int64]stream.Position, id int64) bool {
	_, ok := m[id]
	return ok
}

// TestNodeStoreMemory: what is kept for a node, in bytes.
func TestNodeStoreMemory(t *testing.T) {
	t.Parallel()
	const nodes = 1 << 20
	s := newNodeStore(filepath.Join(t.TempDir(), "n"), math.MaxInt64)
	for i := range int64(nodes) {
		if err := s.add(i*3, stream.Position{Lon: int32(i), Lat: int32(-i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, p := range s.pages {
		held += cap(p.data) + 56
	}
	if per := float64(held) / nodes; per > 12.1 {
		t.Errorf("%.2f bytes a node", per)
	}
	if p, ok := s.find(3 * 777_777); !ok || p.Lon != 777_777 {
		t.Errorf("%v %v", p, ok)
	}
}

func TestNodesWithoutOrderAndRoom(t *testing.T) {
	t.Parallel()
	s := newNodeStore(filepath.Join(t.TempDir(), "n"), 0)
	defer s.close()
	for i := range int64(pageNodes + 10) {
		if err := s.add(-i, stream.Position{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.finish(); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}
