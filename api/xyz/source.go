package xyz

import (
	"slices"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// raster is one version of a raster dataset as tiles.RasterSource, narrowed
// to one item when the request names one.
type raster struct {
	atlas   *atlas.Atlas
	state   *atlas.Snapshot
	dataset catalog.Dataset
	item    string // "" = all
}

// Dataset is the dataset. With one item its digest is another: what is drawn
// from one item must not be kept under the name of the whole.
func (s *raster) Dataset() catalog.Dataset {
	d := s.dataset
	if s.item != "" {
		d.Version.SHA256 += "#" + s.item
	}
	return d
}

// Items implements tiles.RasterSource.
func (s *raster) Items(within *geo.BBox) []catalog.Item {
	items := s.state.Items(s.dataset.ID, within)
	if s.item == "" {
		return items
	}
	return slices.DeleteFunc(items, func(it catalog.Item) bool { return it.ID != s.item })
}

// Path implements tiles.RasterSource.
func (s *raster) Path(a catalog.Asset) (string, error) { return s.atlas.Locate(a) }

// source finds a raster dataset, and the item in it when one is named.
func (h *Handler) source(state *atlas.Snapshot, d catalog.Dataset, item string) (*raster, error) {
	s := &raster{atlas: h.Atlas, state: state, dataset: d, item: item}
	if item != "" && len(s.Items(nil)) == 0 {
		return nil, fault.WithHint(fault.Errorf("xyz", fault.NotExist, "dataset %s has no item %.80q", d.ID, item),
			"its items are listed at /collections/"+d.ID+"/items")
	}
	return s, nil
}
