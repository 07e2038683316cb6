package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"strings"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// VectorOptions tunes OpenVectorWith; the zero value means VectorDrivers.
type VectorOptions struct {
	// Drivers is the allow-list by GDAL's short names.
	Drivers []string
	// OpenOptions are driver options KEY=VALUE.
	OpenOptions []string
	// Zip lets /vsizip/ names through, for an archive on the local disk.
	Zip bool
}

// Vector is an open vector file. It belongs to one goroutine at a time.
type Vector struct {
	ds     *godal.Dataset
	path   string
	layers []layer
}

type layer struct {
	h    C.OGRLayerH
	info LayerInfo
	// defs keeps what the schema does not say of a field.
	defs []fieldDef
}

type fieldDef struct {
	ogrType int
	out     geo.FieldType
}

// LayerInfo describes a layer.
type LayerInfo struct {
	Name   string
	Schema geo.Schema
	// Count is the number of features, −1 when only a full read could tell.
	Count int64
	// FIDColumn is the name of the id column, "" when the format has none.
	FIDColumn string
	// GeometryColumn is its name; "" is common.
	GeometryColumn string
	// CRSError says why the layer's reference system could not be used.
	CRSError string
	// Extent is the layer's own statement, nil when not cheap to know.
	Extent *geo.BBox
}

// OpenVector opens a file with the given drivers; nil means VectorDrivers.
// The caller closes it.
func OpenVector(path string, drivers []string) (*Vector, error) {
	return OpenVectorWith(path, &VectorOptions{Drivers: drivers})
}

// OpenVectorWith is OpenVector with options; nil means defaults.
//
// Errors: NotExist; Invalid when the name is not a local file or no allowed
// driver knows the format.
func OpenVectorWith(path string, o *VectorOptions) (*Vector, error) {
	const op = "gdal.OpenVector"
	setup()
	if o == nil {
		o = &VectorOptions{}
	}
	name, err := inputName(op, path, accept{zip: o.Zip})
	if err != nil {
		return nil, err
	}
	drivers := o.Drivers
	if len(drivers) == 0 {
		drivers = VectorDrivers()
	}
	var c call
	opts := []godal.OpenOption{
		godal.VectorOnly(), godal.Drivers(drivers...), godal.ErrLogger(c.handle), godal.SiblingFiles(),
	}
	if len(o.OpenOptions) > 0 {
		opts = append(opts, godal.DriverOpenOption(o.OpenOptions...))
	}
	ds, err := godal.Open(name, opts...)
	if err != nil {
		return nil, wrap(op, fault.Invalid, err, "open vector file %s", path)
	}
	v := &Vector{ds: ds, path: path}
	for _, l := range ds.Layers() {
		d := describeLayer(l)
		if v.Driver() == "GPKG" {
			v.readDescriptions(&d.info)
		}
		v.layers = append(v.layers, d)
	}
	return v, nil
}

// Driver is GDAL's short name of the format.
func (v *Vector) Driver() string { return v.ds.Driver().ShortName() }

// Layers describes the layers in the order of the file.
func (v *Vector) Layers() []LayerInfo {
	out := make([]LayerInfo, len(v.layers))
	for i := range v.layers {
		out[i] = v.layers[i].info
		out[i].Schema.Fields = append([]geo.Field(nil), out[i].Schema.Fields...)
	}
	return out
}

// Close frees the handle; a second call does nothing.
func (v *Vector) Close() error {
	if v.ds == nil {
		return nil
	}
	ds := v.ds
	v.ds, v.layers = nil, nil
	var c call
	return wrap("gdal.Vector.Close", fault.Other, ds.Close(godal.ErrLogger(c.handle)), "close %s", v.path)
}

// OGR field types and subtypes (ogr_core.h).
const (
	oftInteger       = 0
	oftIntegerList   = 1
	oftReal          = 2
	oftRealList      = 3
	oftString        = 4
	oftStringList    = 5
	oftBinary        = 8
	oftDate          = 9
	oftTime          = 10
	oftDateTime      = 11
	oftInteger64     = 12
	oftInteger64List = 13

	ofstBoolean = 1
	ofstJSON    = 4
)

func describeLayer(l godal.Layer) layer {
	h := layerHandle(l)
	out := layer{h: h}
	out.info.Name = l.Name()
	out.info.FIDColumn = C.GoString(C.OGR_L_GetFIDColumn(h))
	out.info.GeometryColumn = C.GoString(C.OGR_L_GetGeometryColumn(h))
	var e C.ct_err
	out.info.Count = int64(C.ct_layer_count(h, 0, &e))
	def := C.OGR_L_GetLayerDefn(h)
	for i := range int(C.OGR_FD_GetFieldCount(def)) {
		fd := C.OGR_FD_GetFieldDefn(def, C.int(i))
		d := fieldDef{ogrType: int(C.OGR_Fld_GetType(fd))}
		d.out = fieldType(d.ogrType, int(C.OGR_Fld_GetSubType(fd)))
		out.defs = append(out.defs, d)
		out.info.Schema.Fields = append(out.info.Schema.Fields, geo.Field{
			Name: strings.ToValidUTF8(C.GoString(C.OGR_Fld_GetNameRef(fd)), "�"), Type: d.out,
			Alias: strings.ToValidUTF8(C.GoString(C.OGR_Fld_GetAlternativeNameRef(fd)), "�"),
		})
	}
	out.info.Schema.GeometryType = geometryType(uint32(l.Type()))
	if out.info.Schema.GeometryType != "" {
		out.info.Schema.CRS, out.info.CRSError = layerCRS(h)
		t := C.OGR_L_GetGeomType(h)
		out.info.Schema.HasZ, out.info.Schema.HasM = C.OGR_GT_HasZ(t) != 0, C.OGR_GT_HasM(t) != 0
	}
	var env C.OGREnvelope
	C.ct_begin(&e)
	ok := C.OGR_L_GetExtent(h, &env, 0) == 0
	C.ct_end(&e, 0, nil)
	if ok && float64(env.MinX) <= float64(env.MaxX) {
		out.info.Extent = &geo.BBox{MinX: float64(env.MinX), MinY: float64(env.MinY), MaxX: float64(env.MaxX), MaxY: float64(env.MaxY)}
	}
	return out
}

func layerCRS(h C.OGRLayerH) (geo.CRS, string) {
	ref := C.OGR_L_GetSpatialRef(h)
	if ref == nil {
		return "", ""
	}
	var e C.ct_err
	w := C.ct_srs_wkt2(ref, &e)
	if w == nil {
		return "", shimError(&e).Error()
	}
	defer C.CPLFree(unsafe.Pointer(w))
	c, err := crsOf(C.GoString(w))
	if err != nil {
		return "", err.Error()
	}
	return c, ""
}

func fieldType(t, sub int) geo.FieldType {
	switch t {
	case oftInteger, oftInteger64:
		if sub == ofstBoolean {
			return geo.Boolean
		}
		return geo.Integer
	case oftReal:
		return geo.Real
	case oftBinary:
		return geo.Binary
	case oftDate:
		return geo.Date
	case oftDateTime:
		return geo.DateTime
	case oftIntegerList, oftInteger64List, oftRealList, oftStringList:
		return geo.JSON
	case oftString:
		if sub == ofstJSON {
			return geo.JSON
		}
	}
	return geo.String
}

// geometryType is the OGC name of what Scan gives for a layer's type: plain,
// with straight edges.
func geometryType(t uint32) string {
	if t == 100 { // wkbNone
		return ""
	}
	t &^= 0x80000000 // 2.5D
	if t >= 1000 && t < 4000 {
		t %= 1000 // Z, M, ZM
	}
	switch t {
	case 1:
		return "Point"
	case 2, 8, 9:
		return "LineString"
	case 3, 10, 17:
		return "Polygon"
	case 4:
		return "MultiPoint"
	case 5, 11:
		return "MultiLineString"
	case 6, 12, 15, 16:
		return "MultiPolygon"
	case 7:
		return "GeometryCollection"
	}
	return "Geometry"
}

// layer finds a layer by name; "" means the only one.
func (v *Vector) layer(op, name string) (*layer, error) {
	if v.ds == nil {
		return nil, fault.Errorf(op, fault.Other, "%s is closed", v.path)
	}
	if name == "" && len(v.layers) == 1 {
		return &v.layers[0], nil
	}
	names := make([]string, 0, len(v.layers))
	for i := range v.layers {
		if v.layers[i].info.Name == name {
			return &v.layers[i], nil
		}
		names = append(names, v.layers[i].info.Name)
	}
	if name == "" {
		err := fault.Errorf(op, fault.Invalid, "%s has %d layers", v.path, len(v.layers))
		return nil, fault.WithHint(err, "name one of: "+strings.Join(names, ", "))
	}
	err := fault.Errorf(op, fault.NotExist, "%s has no layer %q", v.path, name)
	return nil, fault.WithHint(err, "its layers are: "+strings.Join(names, ", "))
}

// Count reads the number of features of a layer, by a full read if need be.
func (v *Vector) Count(ctx context.Context, name string) (int64, error) {
	const op = "gdal.Vector.Count"
	l, err := v.layer(op, name)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fault.E(op, fault.Canceled, err)
	}
	var e C.ct_err
	n := int64(C.ct_layer_count(l.h, 1, &e))
	if n < 0 {
		return 0, wrap(op, fault.Invalid, shimError(&e), "count features of %s", v.path)
	}
	return n, nil
}
