package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
)

// PROJJSON writes a reference system as JSON (https://proj.org/specifications/projjson.html),
// which ParseCRS reads back. Errors: those of ParseCRS.
func PROJJSON(c geo.CRS) (string, error) {
	s, err := newSRS(string(c))
	if err != nil {
		return "", err
	}
	defer s.close()
	var e C.ct_err
	text := C.ct_srs_projjson(s.h, &e)
	if text == nil {
		return "", wrap("gdal.PROJJSON", fault.Invalid, shimError(&e), "reference system %s", c.Short())
	}
	defer C.CPLFree(unsafe.Pointer(text))
	return C.GoString(text), nil
}
