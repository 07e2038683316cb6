package vector_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/tiles/vector"
	"contado/tiles/vector/cadastre"
	"contado/tiles/vector/mvttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Decoded tiles of a hamlet: whoever changes how tiles are drawn sees what
// changes.
func TestGoldenTiles(t *testing.T) {
	t.Parallel()
	h, err := makeTerritory(120)
	if err != nil {
		t.Fatal(err)
	}
	layers := []vector.LayerRequest{
		{Layer: h.parcels, Fields: []int{0, 1}, Drawing: vector.Drawing{Labels: true}},
		{Layer: h.roads, Fields: []int{0}, Drawing: vector.Drawing{MergeBelow: 15, MergeBy: []int{0}, Rank: &vector.Rank{Order: cadastre.Classes}}},
		{Layer: h.points, Fields: []int{0}, Drawing: vector.Drawing{Points: vector.PointsCluster}},
	}
	for _, z := range []int{4, 10, 13, 14, 16} {
		ts := h.tiles(z)
		_, got, _ := draw(t, vector.Request{Tile: ts[len(ts)/2], Layers: layers})
		path := filepath.Join("testdata", fmt.Sprintf("hamlet-z%d.golden", z))
		text := printTile(got)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("zoom %d: the tile is not that of %s:\n%s", z, path, text)
		}
	}
}

func printTile(tile *mvttest.Tile) string {
	var b strings.Builder
	for _, l := range tile.Layers {
		fmt.Fprintf(&b, "layer %s, version %d, extent %d\n", l.Name, l.Version, l.Extent)
		for _, f := range l.Features {
			var tags []string
			for k, v := range f.Tags {
				tags = append(tags, fmt.Sprintf("%s=%v", k, v))
			}
			slices.Sort(tags)
			id := "-"
			if f.HasID {
				id = fmt.Sprint(f.ID)
			}
			fmt.Fprintf(&b, "  %s type %d {%s} %v\n", id, f.Type, strings.Join(tags, ", "), f.Parts)
		}
	}
	return b.String()
}
