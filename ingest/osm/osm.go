// Package osm takes an OpenStreetMap extract apart into layers that people
// and reports can use: roads, places, services, land use, buildings,
// boundaries, waterways, barriers and turn restrictions.
//
// The file is read twice: nodes and relations first, then ways. Coordinates
// of nodes are kept in sorted pages of 12 bytes a node, in memory up to a
// bound and in a mapped working file beyond it.
package osm

import (
	"context"

	"contado/geo/store/catalog"
	"contado/ingest/spool"
)

// License and Attribution are what OpenStreetMap demands of all users.
const (
	License     = "ODbL-1.0"
	Attribution = "© OpenStreetMap contributors"
)

// Layer is one of the layers that a file is taken apart into; Rows are
// features in WGS84 with ids that are stable from extract to extract:
// 4·osm_id for nodes, 4·osm_id+1 for ways, 4·osm_id+2 for relations (of a turn
// restriction with several roads, only the first row; the others are below 0).
type Layer = spool.Layer

// Names are the layers in the order in which they are made.
var Names = []string{"roads", "places", "services", "landuse", "buildings", "boundaries", "waterways", "barriers", "restrictions"}

// Options steers Convert; the zero value makes all layers.
type Options struct {
	// Layers names those wanted; nil means all of Names.
	Layers []string
	// Memory is how many bytes of coordinates are kept in memory before they
	// go to a working file; 0 = 2 GiB.
	Memory int64
}

// Progress hears how the work goes.
type Progress interface {
	Stage(name string)
	Step(done, total int64)
}

// Convert reads an extract (PBF or XML, plain, .gz or .bz2) and makes its
// layers in the folder work, which the caller removes when the rows have been
// read. Layers without a row are left out. What was repaired or left out is in
// the notices.
//
// Errors: Invalid for files that are damaged or no extract, Unsupported for
// histories and changes, TooLarge over a limit, Canceled.
func Convert(ctx context.Context, path string, o Options, work string, p Progress) ([]Layer, []catalog.Notice, error) {
	return convert(ctx, path, o, work, p)
}
