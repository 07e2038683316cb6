// Package gdal is the only room that speaks to GDAL: rasters through a pool
// of handles, writers, vector layers, coordinate transformations and the
// repair of geometries. It wraps godal, and goes to GDAL's C API where godal
// has no way or loses information (see shim.h).
//
// A *Raster, *Vector, *RasterWriter or *Transform belongs to one goroutine at
// a time. Pool, Source and the functions of the package are safe for
// concurrent use. Nothing here follows a remote file, whatever a file says:
// the handlers of remote file systems are replaced when GDAL is set up.
package gdal

/*
#cgo pkg-config: gdal
#cgo CFLAGS: -O2 -Wall -Wextra
#cgo LDFLAGS: -lm
#include "shim.h"
*/
import "C"

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/airbusgeo/godal"
)

// defaultCache is GDAL's block cache until a pool says otherwise: some 2000
// blocks of the COGs we write, many times what the tiles being drawn need.
// With it a serving process stays below 400 MB.
const defaultCache = 64 << 20

// setup registers the drivers and fixes the configuration, once a process.
var setup = sync.OnceFunc(func() {
	threads := C.CString("1")
	defer C.free(unsafe.Pointer(threads))
	C.ct_setup(defaultCache, threads)
	godal.RegisterAll()
})

// cHandle is the C handle of a godal Dataset, Layer or Band (pointer to the
// struct), which godal keeps to itself. godal is pinned; one without the field
// would panic in every test.
func cHandle(v any) unsafe.Pointer {
	return reflect.ValueOf(v).Elem().FieldByName("cHandle").UnsafePointer()
}

func datasetHandle(ds *godal.Dataset) C.GDALDatasetH { return C.GDALDatasetH(cHandle(ds)) }

func layerHandle(l godal.Layer) C.OGRLayerH { return C.OGRLayerH(cHandle(&l)) }

func bandHandle(b godal.Band) C.GDALRasterBandH { return C.GDALRasterBandH(cHandle(&b)) }
