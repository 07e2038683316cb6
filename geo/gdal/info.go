package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"sort"
	"strings"

	"contado/geo"
	"contado/geo/grid"
	"github.com/airbusgeo/godal"
)

// RasterInfo says what a raster is.
type RasterInfo struct {
	Driver string // GDAL's short name
	// Grid has the size in cells, the CRS ("" when the file does not say) and
	// the transform; without HasTransform it is one cell a unit, y downwards.
	Grid         grid.Grid
	HasTransform bool
	Rotated      bool // the transform has shear or rotation terms
	NorthUp      bool // rows run north to south and columns west to east
	GCPs         int  // ground control points; they give no transform by themselves
	// CRSError says why the CRS of the file could not be used; "" when it could.
	CRSError       string
	Bands          []BandInfo
	BlockX, BlockY int // block size in cells of the first band
	// Metadata is the default domain, ImageStructure GDAL's (COMPRESSION, …).
	Metadata       map[string]string
	ImageStructure map[string]string
	Subdatasets    []Subdataset
}

// Subdataset is a raster inside a container file (netCDF, HDF5).
type Subdataset struct {
	Name        string // to open with RasterOptions.Subdataset
	Description string
}

// BandInfo says what a band is.
type BandInfo struct {
	Name     string   // description; "" when not set
	DataType string   // STAC's name: uint8, int16, float32, …
	Nodata   *float64 // finite nodata value; nil when none, NaN or infinite
	// NodataText is the nodata value for people and JSON: "nan", "-9999"; "" when none.
	NodataText    string
	NaN           bool // nodata is NaN
	Scale, Offset float64
	Unit          string
	ColorInterp   string // GDAL's name in lower case: gray, red, palette, alpha, …
	Colors        []ColorEntry
	Categories    []string // by cell value from 0
	// HasMask: validity comes from an alpha band or a mask, not from a value.
	HasMask   bool
	Alpha     bool // this band is the alpha band
	Overviews int
}

// ColorEntry is the colour of a cell value.
type ColorEntry struct {
	Value      int
	R, G, B, A uint8
}

// categoriesKey is the metadata item of a band that keeps class names inside
// the file itself; GDAL's GTiff driver would put them into a second file.
const categoriesKey = "CONTADO_CATEGORIES"

func readInfo(r *Raster) RasterInfo {
	info := RasterInfo{
		Driver:         r.ds.Driver().ShortName(),
		Grid:           grid.Grid{Transform: grid.Transform{0, 1, 0, 0, 0, 1}},
		GCPs:           len(r.ds.GCPs()),
		Metadata:       r.ds.Metadatas(),
		ImageStructure: r.ds.Metadatas(godal.Domain("IMAGE_STRUCTURE")),
		Subdatasets:    subdatasets(r.ds.Metadatas(godal.Domain("SUBDATASETS"))),
	}
	var gt [6]C.double
	if C.ct_geotransform(datasetHandle(r.ds), &gt[0]) != 0 {
		var t grid.Transform
		for i := range t {
			t[i] = float64(gt[i])
		}
		if _, ok := t.Invert(); ok {
			info.Grid.Transform, info.HasTransform = t, true
			info.Rotated = t[2] != 0 || t[4] != 0
			info.NorthUp = t.NorthUp()
		}
	}
	wkt := r.ds.Projection()
	if wkt == "" && info.GCPs > 0 {
		wkt = r.ds.GCPProjection()
	}
	if wkt != "" {
		c, err := ParseCRS(wkt)
		if err != nil {
			info.CRSError = err.Error()
		}
		info.Grid.CRS = c
	}
	if len(r.bands) == 0 {
		return info // a container of subdatasets
	}
	first := &r.bands[0]
	info.Grid.Width, info.Grid.Height = first.cols, first.rows
	st := first.b.Structure()
	info.BlockX, info.BlockY = st.BlockSizeX, st.BlockSizeY
	for i := range r.bands {
		info.Bands = append(info.Bands, readBandInfo(&r.bands[i]))
	}
	return info
}

func readBandInfo(b *band) BandInfo {
	ci := b.b.ColorInterp()
	out := BandInfo{
		Name: b.b.Description(), DataType: typeName(b.dtype), Scale: b.scale, Offset: b.offset,
		Unit:        C.GoString(C.GDALGetRasterUnitType(b.h)),
		ColorInterp: strings.ToLower(ci.Name()), HasMask: b.masked(), Alpha: ci == godal.CIAlpha,
		Overviews: len(b.overviews),
	}
	if b.hasNodata {
		out.NaN = math.IsNaN(b.nodata)
		out.NodataText = formatNodata(b.nodata)
		if !out.NaN && !math.IsInf(b.nodata, 0) {
			v := b.nodata
			out.Nodata = &v
		}
	}
	if ct := b.b.ColorTable(); ct.PaletteInterp == godal.RGBPalette {
		for v, e := range ct.Entries {
			out.Colors = append(out.Colors, ColorEntry{Value: v, R: clamp8(e[0]), G: clamp8(e[1]), B: clamp8(e[2]), A: clamp8(e[3])})
		}
	}
	out.Categories = categories(b)
	return out
}

func clamp8(v int16) uint8 { return uint8(max(0, min(255, v))) }

func categories(b *band) []string {
	if text := b.b.Metadata(categoriesKey); text != "" {
		var names []string
		if json.Unmarshal([]byte(text), &names) == nil {
			return names
		}
	}
	list := C.GDALGetRasterCategoryNames(b.h)
	n := int(C.CSLCount(list))
	names := make([]string, 0, n)
	for i := range n {
		names = append(names, C.GoString(C.CSLGetField(list, C.int(i))))
	}
	if len(names) == 0 {
		return nil
	}
	return names
}

func subdatasets(md map[string]string) []Subdataset {
	var keys []string
	for k := range md {
		if strings.HasSuffix(k, "_NAME") {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		if len(keys[i]) != len(keys[j]) {
			return len(keys[i]) < len(keys[j]) // SUBDATASET_10 after SUBDATASET_9
		}
		return keys[i] < keys[j]
	})
	var out []Subdataset
	for _, k := range keys {
		out = append(out, Subdataset{Name: md[k], Description: md[strings.TrimSuffix(k, "_NAME")+"_DESC"]})
	}
	return out
}

// crsOf is the canonical id of a WKT that GDAL gave us, "" when it is empty.
func crsOf(wkt string) (geo.CRS, error) {
	if wkt == "" {
		return "", nil
	}
	return ParseCRS(wkt)
}
