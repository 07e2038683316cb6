// Package tiles serves map tiles of datasets: raster tiles as PNG, vector
// tiles as Mapbox Vector Tiles. It adds to the renderers (raster, vector)
// what a server needs: keys that change with the data, a bounded cache,
// one rendering for many who ask, and a bound on how many go on at once.
package tiles

import (
	"context"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/tiles/raster"
)

// RasterSource is one version of a raster dataset.
type RasterSource interface {
	Dataset() catalog.Dataset
	// Items are those whose footprint meets a WGS 84 box; nil gives all.
	Items(within *geo.BBox) []catalog.Item
	// Path is the local file of an item.
	Path(item catalog.Item) (string, error)
}

// VectorSource is one version of a vector dataset.
type VectorSource interface {
	Dataset() catalog.Dataset
	Schema() geo.Schema
	// Scan yields the rows of a query, whose box is in the dataset's CRS.
	Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error
}

// FromPool reads rasters through a pool of GDAL handles.
func FromPool(p *gdal.Pool) raster.Open {
	return func(ctx context.Context, path string, fn func(raster.Reader) error) error {
		return p.With(ctx, path, func(r *gdal.Raster) error { return fn(r) })
	}
}

// NewRasterSource makes a RasterSource of a dataset from what a catalog
// offers: its items by WGS 84 box (nil for all), and the local file of a key.
func NewRasterSource(d catalog.Dataset, items func(within *geo.BBox) []catalog.Item, path func(key string) (string, error)) RasterSource {
	return &rasterSource{d, items, path}
}

type rasterSource struct {
	dataset catalog.Dataset
	items   func(within *geo.BBox) []catalog.Item
	path    func(key string) (string, error)
}

func (s *rasterSource) Dataset() catalog.Dataset               { return s.dataset }
func (s *rasterSource) Items(within *geo.BBox) []catalog.Item  { return s.items(within) }
func (s *rasterSource) Path(item catalog.Item) (string, error) { return s.path(item.File) }
