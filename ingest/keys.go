package ingest

import (
	"context"
	"fmt"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/raster"
)

// fileKeys are the keys of all files of an item that are in the blob store.
func fileKeys(it *catalog.Item) []string {
	var out []string
	for _, p := range it.Parts() {
		for _, key := range []string{p.File, p.Stats} {
			if key != "" {
				out = append(out, key)
			}
		}
	}
	return out
}

// keys hands out the keys of the files of a new version.
type keys struct {
	prefix string
	taken  map[string]bool
}

// statsSuffix ends the name of a file of block statistics.
const statsSuffix = ".stats.tif"

// base is a name such that base.tif and base.stats.tif are free; names that
// differ only in case get a number, since not every file system tells them
// apart.
func (k *keys) base(name string) string {
	free := func(s string) bool {
		s = strings.ToLower(s)
		return !k.taken[s+".tif"] && !k.taken[s+statsSuffix]
	}
	out := name
	for n := 2; !free(out); n++ {
		out = fmt.Sprintf("%s-%d", name, n)
	}
	k.taken[strings.ToLower(out)+".tif"], k.taken[strings.ToLower(out)+statsSuffix] = true, true
	return k.prefix + out
}

// seal makes the files of an item durable and writes their keys into it. An
// item of one file is named like its file; of several, each bears its asset's
// name too.
func (k *keys) seal(ctx context.Context, it *raster.Item) ([]staged, error) {
	parts := it.Item.Parts()
	if len(parts) != len(it.Files) {
		return nil, fault.Errorf("ingest.Publish", fault.Other, "item %s has %d files for %d assets", it.ID, len(it.Files), len(parts))
	}
	var out []staged
	for i, p := range it.Files {
		name := it.ID
		if len(parts) > 1 {
			name += "_" + parts[i].Key
		}
		base := k.base(name)
		s, err := seal(ctx, p.Path, base+".tif")
		if err != nil {
			return nil, err
		}
		out = append(out, s)
		parts[i].File = s.file.Key
		if p.Stats == "" {
			continue
		}
		if s, err = seal(ctx, p.Stats, base+statsSuffix); err != nil {
			return nil, err
		}
		out = append(out, s)
		parts[i].Stats = s.file.Key
	}
	it.File, it.Stats = parts[0].File, parts[0].Stats
	return out, nil
}
