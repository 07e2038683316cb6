package xyz

import (
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles"
	drawing "contado/tiles/raster"
	"contado/tiles/tms"
)

// Formats of tiles by the ending of the address.
const (
	PNG  = "png"
	WebP = "webp"
	JPEG = "jpg"
	TIFF = "tif" // values
	NPY  = "npy" // values
	MVT  = "mvt"
	AVIF = "avif" // of archives only
)

// drawn are the formats of raster tiles, by ending.
var drawn = map[string]drawing.Format{
	PNG: drawing.PNG, WebP: drawing.WebP, JPEG: drawing.JPEG, TIFF: drawing.TIFF, NPY: drawing.NPY,
}

// Address is a tile as an address names it.
type Address struct {
	Dataset string // several are separated by commas: see Datasets
	tms.Tile
	Format string
	Double bool // @2x: 512 pixels
}

// Composite reports whether the tile is one of several datasets.
func (a *Address) Composite() bool { return strings.Contains(a.Dataset, ",") }

// Datasets are the ids of the datasets.
func (a *Address) Datasets() []string { return strings.Split(a.Dataset, ",") }

// validIDs reports whether a text is dataset ids with commas between.
func validIDs(text string) bool {
	if len(text) > tiles.MaxLayers*64 {
		return false
	}
	for id := range strings.SplitSeq(text, ",") {
		if !catalog.ValidID(id) {
			return false
		}
	}
	return true
}

// ParseAddress reads the parts of /xyz/{dataset}/{z}/{x}/{y}[@2x].{format}.
// Errors are fault.Invalid, and fault.NotExist for a dataset that cannot be.
func ParseAddress(dataset, z, x, file string) (Address, error) {
	var a Address
	var err error
	if a.Dataset = dataset; !validIDs(dataset) {
		return a, fault.Errorf("xyz", fault.NotExist, "there is no dataset %.80q", dataset)
	}
	y, format, ok := strings.Cut(file, ".")
	if a.Format = format; !ok || (drawn[format] == "" && format != MVT && format != AVIF) {
		return a, fault.Errorf("xyz", fault.Invalid, "a tile address ends in .png, .webp, .jpg, .tif, .npy (raster) or .mvt (vector), not in %.80q", file)
	}
	if a.Composite() && format != MVT {
		return a, fault.Errorf("xyz", fault.Invalid, "only .mvt tiles can be of several datasets")
	}
	if y, a.Double = strings.CutSuffix(y, "@2x"); a.Double && format == MVT {
		return a, fault.Errorf("xyz", fault.Invalid, "@2x is for raster tiles")
	}
	for _, p := range []struct {
		name, text string
		into       *int
	}{{"z", z, &a.Z}, {"x", x, &a.X}, {"y", y, &a.Y}} {
		if *p.into, err = whole(p.text); err != nil {
			return a, fault.Errorf("xyz", fault.Invalid, "%s=%.20q in the tile address: want a whole number from 0", p.name, p.text)
		}
	}
	return a, tms.WebMercatorQuad().Check(a.Tile)
}

// whole reads decimal digits and nothing else: no sign, no leading zeros, so
// that a tile has one address.
func whole(s string) (int, error) {
	if len(s) > 8 || s == "" || (len(s) > 1 && s[0] == '0') || s[0] == '+' || s[0] == '-' {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}
