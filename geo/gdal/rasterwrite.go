package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"contado/geo/fault"
	"contado/geo/grid"
	"github.com/airbusgeo/godal"
)

// RasterSpec says what CreateGeoTIFF makes.
type RasterSpec struct {
	Grid grid.Grid
	// ControlPoints place the raster, in Grid.CRS, in stead of Grid.Transform.
	ControlPoints []ControlPoint
	DataType      string // uint8, int16, uint16, int32, uint32, float32, float64
	Bands         []BandSpec
	// Compress is DEFLATE (default), ZSTD, LZW or NONE.
	Compress string
	// BlockSize is the side of a tile in cells, a multiple of 16; 0 = 256.
	BlockSize int
	Metadata  map[string]string
}

// BandSpec describes a band to write.
type BandSpec struct {
	Name   string
	Nodata *float64 // NaN is allowed; a GeoTIFF has one value for all bands
	Unit   string
	// Scale and Offset turn stored into real values; Scale 0 means 1.
	Scale, Offset float64
	Colors        []ColorEntry // uint8 and uint16 in the first band only
	Categories    []string     // names of the cell values from 0
	ColorInterp   string       // gray, red, green, blue, alpha, undefined; "" = GDAL's choice
}

// RasterWriter writes the cells of a new GeoTIFF. It belongs to one goroutine
// at a time. The file is complete only after Close gave no error.
type RasterWriter struct {
	ds    *godal.Dataset
	path  string
	spec  RasterSpec
	bands []C.GDALRasterBandH
}

var dataTypes = map[string]godal.DataType{
	"uint8": godal.Byte, "int16": godal.Int16, "uint16": godal.UInt16, "int32": godal.Int32,
	"uint32": godal.UInt32, "float32": godal.Float32, "float64": godal.Float64,
}

var colorInterps = map[string]godal.ColorInterp{
	"undefined": godal.CIUndefined, "gray": godal.CIGray, "red": godal.CIRed, "green": godal.CIGreen,
	"blue": godal.CIBlue, "alpha": godal.CIAlpha, "palette": godal.CIPalette,
}

// CreateGeoTIFF makes a tiled, compressed GeoTIFF (BigTIFF when it may pass
// 4 GB) at exactly that path; a file that is there is overwritten. Cells
// never written are nodata, or 0 without a nodata value.
//
// Errors: Invalid when the spec makes no sense.
func CreateGeoTIFF(path string, s RasterSpec) (*RasterWriter, error) {
	const op = "gdal.CreateGeoTIFF"
	setup()
	name, err := outputName(op, path)
	if err != nil {
		return nil, err
	}
	dt, err := checkSpec(op, &s)
	if err != nil {
		return nil, err
	}
	var c call
	ds, err := godal.Create(godal.GTiff, name, len(s.Bands), dt, s.Grid.Width, s.Grid.Height,
		godal.CreationOption(creationOptions(&s)...), godal.ErrLogger(c.handle))
	if err != nil {
		return nil, wrap(op, fault.Other, err, "create %s", path)
	}
	w := &RasterWriter{ds: ds, path: path, spec: s}
	if err := w.describe(); err != nil {
		_ = w.Close()
		return nil, err
	}
	for _, b := range ds.Bands() {
		w.bands = append(w.bands, bandHandle(b))
	}
	return w, nil
}

func checkSpec(op string, s *RasterSpec) (godal.DataType, error) {
	dt, ok := dataTypes[s.DataType]
	switch {
	case !ok:
		return 0, fault.Errorf(op, fault.Invalid, "cannot write cells of type %q", s.DataType)
	case s.Grid.Width < 1 || s.Grid.Height < 1 || s.Grid.Width > math.MaxInt32 || s.Grid.Height > math.MaxInt32:
		return 0, fault.Errorf(op, fault.Invalid, "cannot write a raster of %d x %d cells", s.Grid.Width, s.Grid.Height)
	case len(s.Bands) < 1 || len(s.Bands) > 65535:
		return 0, fault.Errorf(op, fault.Invalid, "cannot write a raster of %d bands", len(s.Bands))
	}
	if s.BlockSize == 0 {
		s.BlockSize = 256
	}
	if s.BlockSize < 16 || s.BlockSize > 4096 || s.BlockSize%16 != 0 {
		return 0, fault.Errorf(op, fault.Invalid, "block size %d is not a multiple of 16 up to 4096", s.BlockSize)
	}
	s.Compress = strings.ToUpper(s.Compress)
	switch s.Compress {
	case "":
		s.Compress = "DEFLATE"
	case "DEFLATE", "ZSTD", "LZW", "NONE":
	default:
		return 0, fault.Errorf(op, fault.Invalid, "unknown compression %q", s.Compress)
	}
	for i, b := range s.Bands {
		if b.Nodata != nil && !sameNodata(b.Nodata, s.Bands[0].Nodata) {
			return 0, fault.Errorf(op, fault.Invalid, "band %d has a nodata value of its own; a GeoTIFF has one for all bands", i+1)
		}
		if b.Nodata != nil && !holds(s.DataType, *b.Nodata) {
			return 0, fault.Errorf(op, fault.Invalid, "nodata value %v does not fit %s", *b.Nodata, s.DataType)
		}
	}
	return dt, nil
}

func sameNodata(a, b *float64) bool {
	return a != nil && b != nil && (*a == *b || (math.IsNaN(*a) && math.IsNaN(*b)))
}

// holds reports whether a cell type can hold the value.
func holds(dtype string, v float64) bool {
	var lo, hi float64
	switch dtype {
	case "uint8":
		hi = math.MaxUint8
	case "uint16":
		hi = math.MaxUint16
	case "uint32":
		hi = math.MaxUint32
	case "int16":
		lo, hi = math.MinInt16, math.MaxInt16
	case "int32":
		lo, hi = math.MinInt32, math.MaxInt32
	case "float32":
		return math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) <= math.MaxFloat32*(1+1e-9)
	default:
		return true
	}
	return v >= lo && v <= hi && v == math.Trunc(v)
}

func creationOptions(s *RasterSpec) []string {
	o := []string{
		"TILED=YES", "BIGTIFF=IF_SAFER", "INTERLEAVE=BAND", "COMPRESS=" + s.Compress,
		fmt.Sprintf("BLOCKXSIZE=%d", s.BlockSize), fmt.Sprintf("BLOCKYSIZE=%d", s.BlockSize),
	}
	if s.Compress != "NONE" {
		predictor := 2
		if strings.HasPrefix(s.DataType, "float") {
			predictor = 3
		}
		o = append(o, fmt.Sprintf("PREDICTOR=%d", predictor))
	}
	if s.Bands[0].ColorInterp != "" || len(s.Bands[0].Colors) > 0 {
		return o
	}
	// Else GDAL would guess red, green, blue from the number of bands.
	return append(o, "PHOTOMETRIC=MINISBLACK")
}

// describe writes all that is not cells.
func (w *RasterWriter) describe() error {
	const op = "gdal.CreateGeoTIFF"
	var c call
	log := godal.ErrLogger(c.handle)
	if len(w.spec.ControlPoints) > 0 {
		if err := w.setControlPoints(w.spec.ControlPoints, w.spec.Grid.CRS); err != nil {
			return err
		}
	} else if err := w.setGrid(); err != nil {
		return err
	}
	for k, v := range w.spec.Metadata {
		if err := w.ds.SetMetadata(k, v, log); err != nil {
			return wrap(op, fault.Invalid, err, "set metadata %s of %s", k, w.path)
		}
	}
	for i, b := range w.ds.Bands() {
		if err := w.describeBand(b, w.spec.Bands[i]); err != nil {
			return wrap(op, fault.Invalid, err, "describe band %d of %s", i+1, w.path)
		}
	}
	return nil
}

// setGrid writes CRS and transform.
func (w *RasterWriter) setGrid() error {
	const op = "gdal.CreateGeoTIFF"
	var c call
	log := godal.ErrLogger(c.handle)
	if w.spec.Grid.CRS.Known() {
		id, err := ParseCRS(string(w.spec.Grid.CRS))
		if err != nil {
			return err
		}
		if err := w.ds.SetProjection(string(id), log); err != nil {
			return wrap(op, fault.Invalid, err, "set the reference system of %s", w.path)
		}
	}
	if err := w.ds.SetGeoTransform(w.spec.Grid.Transform, log); err != nil {
		return wrap(op, fault.Invalid, err, "set the transform of %s", w.path)
	}
	return nil
}

func (w *RasterWriter) describeBand(b godal.Band, s BandSpec) error {
	var c call
	log := godal.ErrLogger(c.handle)
	if s.ColorInterp != "" {
		ci, ok := colorInterps[s.ColorInterp]
		if !ok {
			return &Error{Class: 3, Number: cpleIllegalArg, Message: fmt.Sprintf("unknown colour interpretation %q", s.ColorInterp)}
		}
		if err := b.SetColorInterp(ci, log); err != nil {
			return err
		}
	}
	if len(s.Colors) > 0 {
		if err := b.SetColorTable(colorTable(s.Colors), log); err != nil {
			return err
		}
	}
	if s.Nodata != nil {
		if err := b.SetNoData(*s.Nodata, log); err != nil {
			return err
		}
	}
	if s.Name != "" {
		if err := b.SetDescription(s.Name, log); err != nil {
			return err
		}
	}
	if (s.Scale != 0 && s.Scale != 1) || s.Offset != 0 {
		scale := s.Scale
		if scale == 0 {
			scale = 1
		}
		if err := b.SetScaleOffset(scale, s.Offset, log); err != nil {
			return err
		}
	}
	if len(s.Categories) > 0 {
		text, err := json.Marshal(s.Categories)
		if err != nil {
			return err
		}
		if err := b.SetMetadata(categoriesKey, string(text), log); err != nil {
			return err
		}
	}
	if s.Unit == "" {
		return nil
	}
	cs := C.CString(s.Unit)
	defer C.free(unsafe.Pointer(cs))
	var e C.ct_err
	if C.ct_set_unit(bandHandle(b), cs, &e) != 0 {
		return shimError(&e)
	}
	return nil
}

func colorTable(colors []ColorEntry) godal.ColorTable {
	top := 0
	for _, e := range colors {
		top = max(top, e.Value)
	}
	ct := godal.ColorTable{PaletteInterp: godal.RGBPalette, Entries: make([][4]int16, min(top, 65535)+1)}
	for _, e := range colors {
		if e.Value >= 0 && e.Value < len(ct.Entries) {
			ct.Entries[e.Value] = [4]int16{int16(e.R), int16(e.G), int16(e.B), int16(e.A)}
		}
	}
	return ct
}

// Write stores a window of a band (numbered from 1). data is a slice of
// uint8, uint16, int16, int32, uint32, float32 or float64 with a value a cell,
// row by row; GDAL rounds and clamps to the file's type. NaN becomes the
// nodata value where the band has one.
//
// Errors: Invalid for a window outside, a wrong length, or NaN in an integer
// raster without nodata.
func (w *RasterWriter) Write(band int, win grid.Window, data any) error {
	const op = "gdal.RasterWriter.Write"
	switch {
	case w.ds == nil:
		return fault.Errorf(op, fault.Other, "%s is closed", w.path)
	case band < 1 || band > len(w.bands):
		return fault.Errorf(op, fault.Invalid, "%s has no band %d", w.path, band)
	case win.Empty() || win.Intersect(w.spec.Grid.Full()) != win:
		return fault.Errorf(op, fault.Invalid, "window %v is not within %s", win, w.path)
	}
	data, err := w.withoutNaN(op, band, data)
	if err != nil {
		return err
	}
	p, dtype, n := sliceOf(data)
	if p == nil {
		return fault.Errorf(op, fault.Invalid, "cannot write cells from %T", data)
	}
	if int64(n) != win.Cells() {
		return fault.Errorf(op, fault.Invalid, "%d values for window %v", n, win)
	}
	var e C.ct_err
	if C.ct_write(w.bands[band-1], C.int(win.Col), C.int(win.Row), C.int(win.Width), C.int(win.Height), p, C.int(dtype), &e) != 0 {
		return wrap(op, fault.Other, shimError(&e), "write window %v of %s", win, w.path)
	}
	return nil
}

func sliceOf(data any) (p unsafe.Pointer, dtype, n int) {
	switch d := data.(type) {
	case []uint8:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtByte, len(d)
	case []uint16:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtUInt16, len(d)
	case []int16:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtInt16, len(d)
	case []uint32:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtUInt32, len(d)
	case []int32:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtInt32, len(d)
	case []float32:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtFloat32, len(d)
	case []float64:
		return unsafe.Pointer(unsafe.SliceData(d)), gdtFloat64, len(d)
	}
	return nil, 0, 0
}

// withoutNaN replaces NaN by nodata, in a copy, when there is any.
func (w *RasterWriter) withoutNaN(op string, band int, data any) (any, error) {
	nd := w.spec.Bands[band-1].Nodata
	if nd == nil {
		nd = w.spec.Bands[0].Nodata
	}
	float := strings.HasPrefix(w.spec.DataType, "float")
	if (nd != nil && math.IsNaN(*nd)) || (nd == nil && float) {
		return data, nil
	}
	missing := func() error {
		return fault.Errorf(op, fault.Invalid, "NaN cannot be written to %s, which has no nodata value", w.path)
	}
	switch d := data.(type) {
	case []float32:
		return fill(d, nd, missing)
	case []float64:
		return fill(d, nd, missing)
	}
	return data, nil
}

func fill[T float32 | float64](d []T, nd *float64, missing func() error) (any, error) {
	out := d
	for i, v := range d {
		if v == v {
			continue
		}
		if nd == nil {
			return nil, missing()
		}
		if &out[0] == &d[0] {
			out = append([]T(nil), d...)
		}
		out[i] = T(*nd)
	}
	return out, nil
}

// Close writes what is left and closes the file; a second call does nothing.
func (w *RasterWriter) Close() error {
	if w.ds == nil {
		return nil
	}
	ds := w.ds
	w.ds, w.bands = nil, nil
	var c call
	return wrap("gdal.RasterWriter.Close", fault.Other, ds.Close(godal.ErrLogger(c.handle)), "finish %s", w.path)
}
