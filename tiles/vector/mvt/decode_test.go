package mvt_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"contado/scripts/shareddata"
	"contado/tiles/vector/mvt"

	orbmvt "github.com/paulmach/orb/encoding/mvt"
)

// fixture is what the collection says of a tile.
type fixture struct {
	Description string
	Validity    struct {
		V1, V2 bool
		Error  string
	}
}

// Of every tile of the collection that is valid all is read without complaint;
// of every one that is not something is said, or it is refused.
func TestFixtures(t *testing.T) {
	t.Parallel()
	root := shareddata.Path(t, "tiles-variety/mvt-fixtures/fixtures")
	dirs, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil || len(dirs) < 70 {
		t.Fatalf("%d fixtures: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, "info.json"))
			if err != nil {
				t.Fatal(err)
			}
			var info fixture
			if err := json.Unmarshal(raw, &info); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, "tile.mvt"))
			if err != nil {
				t.Fatal(err)
			}
			tile, err := mvt.Decode(data)
			silent := err == nil && len(tile.Problems) == 0
			switch filepath.Base(dir) {
			case "011", "026": // values of an unknown kind: left out, as the format lets them come
				if err != nil {
					t.Errorf("%s: %v", info.Description, err)
				}
				return
			case "016": // to the byte what 003 is, which has no type of geometry
				return
			case "046": // a line that stands still for a step is drawn as it is
				if !silent {
					t.Errorf("%s: %v %v", info.Description, err, tile)
				}
				return
			case "061": // an old tile, which closes a line: read, though it has no version
				if err != nil || len(tile.Layers[0].Features) != 1 {
					t.Errorf("%s: %v %v", info.Description, err, tile)
				}
				return
			case "057": // counts more positions than there are, and is called valid
				if silent {
					t.Error("a giant count passed")
				}
				return
			}
			if valid := info.Validity.V1 || info.Validity.V2; valid != silent {
				t.Errorf("%s: valid %v, and we say %v, %v", info.Description, valid, err, tile)
			}
		})
	}
}

// Real tiles are read as orb reads them.
func TestRealWorld(t *testing.T) {
	t.Parallel()
	root := shareddata.Path(t, "tiles-variety/mvt-fixtures/real-world")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.mvt*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			if data, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		ours, err := mvt.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		theirs, err := orbmvt.Unmarshal(data)
		if err != nil {
			t.Fatalf("%s: orb: %v", file, err)
		}
		if len(ours.Layers) != len(theirs) {
			t.Fatalf("%s: %d layers, orb %d", file, len(ours.Layers), len(theirs))
		}
		for i, l := range ours.Layers {
			o := theirs[i]
			if l.Name != o.Name || len(l.Features)+count(ours.Problems, l.Name) < len(o.Features) || l.Extent != int(o.Extent) {
				t.Errorf("%s %s: %d features, orb %d; %v", file, l.Name, len(l.Features), len(o.Features), ours.Problems)
			}
			if len(l.Features) != len(o.Features) {
				continue
			}
			for k, f := range l.Features {
				p := o.Features[k].Properties
				if len(p) != len(f.Tags) {
					t.Errorf("%s %s %d: %v, orb %v", file, l.Name, k, f.Tags, p)
				}
				for name, v := range f.Tags {
					if n, ok := v.(int64); ok {
						v = float64(n)
					}
					w := p[name]
					if fmt.Sprint(toFloat(w)) != fmt.Sprint(v) {
						t.Errorf("%s %s %d %s: %v, orb %v", file, l.Name, k, name, v, w)
					}
				}
			}
		}
	}
}

func toFloat(v any) any {
	switch n := v.(type) {
	case int64:
		return float64(n)
	case uint64:
		return float64(n)
	case int:
		return float64(n)
	}
	return v
}

func count(problems []string, layer string) int {
	n := 0
	for _, p := range problems {
		if len(p) > 8 && bytes.Contains([]byte(p), fmt.Appendf(nil, "layer %q, feature", layer)) {
			n++
		}
	}
	return n
}

// Whatever the bytes: no panic, and no more memory than they can describe.
func FuzzDecode(f *testing.F) {
	if files, err := filepath.Glob("../../../../shared/data/tiles-variety/mvt-fixtures/fixtures/*/tile.mvt"); err == nil {
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				f.Add(data)
			}
		}
	}
	f.Add([]byte{0x1a, 0x05, 0x0a, 0x01, 'a', 0x78, 0x02})
	f.Fuzz(func(t *testing.T, data []byte) {
		tile, err := mvt.Decode(data)
		if err != nil {
			return
		}
		total := 0
		for _, l := range tile.Layers {
			for _, f := range l.Features {
				for _, p := range f.Parts {
					total += len(p)
				}
			}
		}
		if total > len(data) {
			t.Fatalf("%d positions of %d bytes", total, len(data))
		}
	})
}
