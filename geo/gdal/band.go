package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"math"

	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// Mask flags of GDAL (gdal.h).
const (
	gmfAllValid   = 1
	gmfPerDataset = 2
	gmfAlpha      = 4
	gmfNodata     = 8
)

// level is a band at one resolution. The handle dies with the dataset.
type level struct {
	b          godal.Band
	h          C.GDALRasterBandH
	cols, rows int // size in cells
}

// band is what reading needs to know of one band.
type band struct {
	level
	dtype         int // GDALDataType
	overviews     []level
	scale, offset float64
	scaled        bool
	nodata        float64
	hasNodata     bool
	maskFlags     int
	blockCells    int64
}

const (
	gdtByte    = 1
	gdtUInt16  = 2
	gdtInt16   = 3
	gdtUInt32  = 4
	gdtInt32   = 5
	gdtFloat32 = 6
	gdtFloat64 = 7
	gdtUInt64  = 12
	gdtInt64   = 13
	gdtInt8    = 14
)

// typeNames are STAC's names of the cell types.
var typeNames = map[int]string{
	gdtByte: "uint8", gdtUInt16: "uint16", gdtInt16: "int16", gdtUInt32: "uint32", gdtInt32: "int32",
	gdtFloat32: "float32", gdtFloat64: "float64", gdtUInt64: "uint64", gdtInt64: "int64", gdtInt8: "int8",
	8: "cint16", 9: "cint32", 10: "cfloat32", 11: "cfloat64",
}

func typeName(dtype int) string {
	if n, ok := typeNames[dtype]; ok {
		return n
	}
	return "other"
}

// fitsFloat32 reports whether each value of the type is exact in a float32.
func fitsFloat32(dtype int) bool {
	switch dtype {
	case gdtByte, gdtInt8, gdtUInt16, gdtInt16, gdtFloat32:
		return true
	}
	return false
}

func isComplex(dtype int) bool { return dtype >= 8 && dtype <= 11 }

// describe reads the bands once, when the raster is opened.
func (r *Raster) describe() error {
	const op = "gdal.OpenRaster"
	bs := r.ds.Bands()
	if len(bs) == 0 && len(r.ds.Metadatas(godal.Domain("SUBDATASETS"))) > 0 {
		return nil // a container: Info lists what is in it
	}
	if len(bs) == 0 {
		return fault.Errorf(op, fault.Invalid, "%s holds no raster bands", r.path)
	}
	r.bands = make([]band, len(bs))
	for i, b := range bs {
		st := b.Structure()
		d := &r.bands[i]
		d.level = level{b: b, h: bandHandle(b), cols: st.SizeX, rows: st.SizeY}
		d.dtype = int(st.DataType)
		d.blockCells = int64(st.BlockSizeX) * int64(st.BlockSizeY)
		d.scale, d.offset = st.Scale, st.Offset
		if d.scale == 0 || math.IsNaN(d.scale) || math.IsInf(d.scale, 0) || math.IsNaN(d.offset) || math.IsInf(d.offset, 0) {
			d.scale, d.offset = 1, 0 // a scale of nought is a writer's "not set"
		}
		d.scaled = d.scale != 1 || d.offset != 0
		var v C.double
		if C.ct_nodata(d.h, &v) != 0 {
			d.nodata, d.hasNodata = float64(v), true
		}
		d.maskFlags = b.MaskFlags()
		for _, o := range b.Overviews() {
			os := o.Structure()
			if os.SizeX > 0 && os.SizeY > 0 {
				d.overviews = append(d.overviews, level{b: o, h: bandHandle(o), cols: os.SizeX, rows: os.SizeY})
			}
		}
		if d.cols <= 0 || d.rows <= 0 {
			return fault.Errorf(op, fault.Invalid, "%s: band %d has no cells", r.path, i+1)
		}
	}
	return nil
}

// rawNodata is the nodata value as a cell of the band holds it: a float32
// band cannot hold every float64 that a file declares.
func (b *band) rawNodata() float64 {
	if b.dtype != gdtFloat32 {
		return b.nodata
	}
	exact := float64(float32(b.nodata)) == b.nodata
	if !exact && !math.IsInf(b.nodata, 0) && math.Abs(b.nodata) > math.MaxFloat32*(1-1e-6) {
		return math.Copysign(math.MaxFloat32, b.nodata)
	}
	return float64(float32(b.nodata))
}

// masked reports whether validity comes from a mask or an alpha band rather
// than from a value.
func (b *band) masked() bool {
	return b.maskFlags&gmfAllValid == 0 && b.maskFlags&gmfNodata == 0
}
