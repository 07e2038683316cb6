package xyz

import (
	"context"
	"strings"

	"contado/api/vtile"
	"contado/geo/atlas"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles"
)

// TileRoute is the address of tiles as the router has it.
const TileRoute = "/xyz/:dataset/:z/:x/:file"

// Stored is a tile that lies in an archive as it is sent, with what its answer
// says of it; one without bytes shows nothing (204). Release it.
type Stored struct {
	tiles.Tile
	Cache string
	// Negotiated says that other clients may get other bytes.
	Negotiated bool
	// Source and Version are those of rows; "" in archives made elsewhere.
	Source, Version string
}

// Stored finds the tile of an address when all that the route of tiles would
// answer is that tile as it is stored, or that it shows nothing: its file is
// open or opens at once, and the client takes it as it is. accept is the value of
// Accept-Encoding. Of parameters only v is known, as "v=...".
func (h *Handler) Stored(ctx context.Context, path, query, accept string) (Stored, bool) {
	path, ok := strings.CutPrefix(path, "/xyz/")
	if !ok {
		return Stored{}, false
	}
	v, ok := strings.CutPrefix(query, "v=")
	if query != "" && !ok {
		return Stored{}, false
	}
	dataset, path, _ := strings.Cut(path, "/")
	z, path, _ := strings.Cut(path, "/")
	x, file, _ := strings.Cut(path, "/")
	a, err := ParseAddress(dataset, z, x, file)
	if err != nil || a.Composite() {
		return Stored{}, false
	}
	state := h.Atlas.Current()
	d, err := state.Dataset(a.Dataset)
	switch {
	case err != nil:
		return Stored{}, false
	case d.Kind == catalog.TileArchive:
		return h.storedElsewhere(ctx, d, a, v, accept)
	case d.Kind == catalog.Vector && a.Format == MVT:
		return h.storedRows(ctx, state, d, a, v, accept)
	}
	return Stored{}, false
}

// storedElsewhere is archivedTile.
func (h *Handler) storedElsewhere(ctx context.Context, d catalog.Dataset, a Address, v, accept string) (Stored, bool) {
	info := d.Version.Tiles
	if a.Double || a.Format != info.Type {
		return Stored{}, false
	}
	out := Stored{Cache: cacheAt(v, d), Negotiated: info.Type == MVT}
	variant := tiles.Identity
	if out.Negotiated {
		variant = vtile.VariantFor(accept)
	}
	if variant.Name() != info.Encoding {
		return Stored{}, false
	}
	var err error
	out.Tile, err = h.Tiles.Archived(ctx, d, a.Tile, variant)
	if err == nil && out.Empty && !out.Negotiated { // 404
		out.Release()
		return Stored{}, false
	}
	return out, err == nil
}

// storedRows is vectorTile.
func (h *Handler) storedRows(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset, a Address, v, accept string) (Stored, bool) {
	if _, ok := d.Version.Extra(catalog.Pyramid); !ok || !state.IsOpen(d.ID) {
		return Stored{}, false
	}
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return Stored{}, false
	}
	layers := []*layer.Layer{l}
	tile, err := h.Tiles.PlanVector(ctx, layers, tiles.VectorParams{}, a.Tile)
	if err != nil || tile.Source() != tiles.FromPyramid {
		return Stored{}, false
	}
	variant := tile.Choose(vtile.Weights(accept)) //nolint:contextcheck // what it prepares is for others
	if !tile.AtHand(variant) {
		return Stored{}, false
	}
	out := Stored{Cache: cacheOfRows(v, layers), Negotiated: true, Source: tile.Source(), Version: tile.Stamp()}
	out.Tile, err = tile.Tile(ctx, variant)
	return out, err == nil
}
