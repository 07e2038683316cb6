// Package raster says how rasters are drawn and paints them: a request
// (Params) is resolved on the bands of a dataset into a Style, which holds the
// query for package mosaic and turns its values into pictures.
package raster

import (
	"contado/geo/grid"
	"contado/geo/mosaic"
)

// Params is what a request asks for; the zero value asks for the defaults of
// the dataset.
type Params struct {
	// Bands are one (coloured by a map), three (red, green, blue) or four
	// (and alpha) bands: numbers from 1 ("4", "b4"), names ("B04") or common
	// names ("red"). Formats of values take any number.
	Bands []string
	// Expr computes what is drawn from bands; see package expr. As with Bands
	// one, three or four outputs can be drawn.
	Expr string
	// Index is the name of a published index; see expr.Indices.
	Index string
	// Mask leaves cells out by class or bit; see expr.ParseMask.
	Mask string
	// Select says how items that lie over each other make one picture; ""
	// means the newest on top.
	Select mosaic.Selection
	// Highest is the expression that decides for mosaic.Highest.
	Highest string
	// Terrain derives relief and the like from heights; see Terrains.
	Terrain string
	// Rescale is the value range shown, by band; one range serves all bands.
	Rescale [][2]float64
	// Percentiles give the range by shares of the values, 0 to 100, in place
	// of Rescale.
	Percentiles [][2]float64
	// Gamma brightens above 1 and darkens below; 0 means 1.
	Gamma float64
	// Colormap is a name of package colormap or a map written out, for one
	// band.
	Colormap string
	// Resampling is for amounts; "" means bilinear. Classes are never mixed.
	Resampling grid.Resampling
	// Format of the answer; "" means PNG.
	Format Format
}

// Format is a file format of tiles and pictures.
type Format = string

// The formats. TIFF and NPY hold values instead of colours.
const (
	PNG  Format = "png"
	WebP Format = "webp"
	JPEG Format = "jpeg"
	TIFF Format = "tif"
	NPY  Format = "npy"
)

// Formats lists the formats.
var Formats = []Format{PNG, WebP, JPEG, TIFF, NPY}

// IsValues reports whether a format holds values instead of colours.
func IsValues(f Format) bool { return f == TIFF || f == NPY }
