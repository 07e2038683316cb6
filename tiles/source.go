// Package tiles serves map tiles and pictures of datasets: rasters as images
// or values, vectors as Mapbox Vector Tiles. It adds to the renderers (raster,
// vector) what a server needs: keys that change with the data, a bounded
// cache, one rendering for many who ask, and a bound on how many go on at once.
package tiles

import (
	"context"

	"contado/geo"
	"contado/geo/blockstats"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// RasterSource is one version of a raster dataset.
type RasterSource interface {
	Dataset() catalog.Dataset
	// Items are those whose footprint meets a WGS 84 box; nil gives all.
	Items(within *geo.BBox) []catalog.Item
	// Path is the name by which the service opens a file of an item. It takes
	// an asset with nothing but File for a key of the blob store.
	Path(asset catalog.Asset) (string, error)
}

// FromPool reads rasters through a pool of GDAL handles.
func FromPool(p *gdal.Pool) mosaic.Open { return mosaic.FromPool(p) }

// FromBlockStats opens block statistics for Options.Blocks.
func FromBlockStats(c *blockstats.Cache) func(ctx context.Context, path string, g grid.Grid) (mosaic.Blocks, error) {
	return mosaic.FromBlockStats(c)
}

// NewRasterSource makes a RasterSource of a dataset from what a catalog
// offers: its items by WGS 84 box (nil for all), and the names of their files.
func NewRasterSource(d catalog.Dataset, items func(within *geo.BBox) []catalog.Item, locate func(catalog.Asset) (string, error)) RasterSource {
	return &rasterSource{d, items, locate}
}

type rasterSource struct {
	dataset catalog.Dataset
	items   func(within *geo.BBox) []catalog.Item
	locate  func(catalog.Asset) (string, error)
}

func (s *rasterSource) Dataset() catalog.Dataset                 { return s.dataset }
func (s *rasterSource) Items(within *geo.BBox) []catalog.Item    { return s.items(within) }
func (s *rasterSource) Path(asset catalog.Asset) (string, error) { return s.locate(asset) }
