package apitest

import (
	"path/filepath"

	"contado/ingest"
	"contado/tiles"
)

// Pyramids builds the pyramids of the land's datasets.
func (l *Land) Pyramids() *tiles.PyramidWork {
	return &tiles.PyramidWork{
		Tiles: l.Deps.Tiles, Atlas: l.Deps.Atlas, Catalog: l.cat, Blobs: l.blobs, Journal: l.cat.Journal(), Folder: l.Dir,
	}
}

// Stores are where the land's datasets are kept, to ingest more.
func (l *Land) Stores() ingest.Stores {
	return ingest.Stores{Catalog: l.cat, Blobs: l.blobs, Staging: filepath.Join(l.Dir, "staging"), Program: Program}
}

// Locate is the path of a file of the blob store.
func (l *Land) Locate(key string) (string, error) { return l.blobs.Path(key) }
