package gdal

/*
#include "shim.h"
*/
import "C"

// Dimensions tells what Scan leaves out of a layer's geometries ("" = the
// only layer), by the type that the layer states: heights, measures, curves.
func (v *Vector) Dimensions(name string) (z, m, curved bool, err error) {
	l, err := v.layer("gdal.Vector.Dimensions", name)
	if err != nil {
		return false, false, false, err
	}
	t := C.OGR_L_GetGeomType(l.h)
	return C.OGR_GT_HasZ(t) != 0, C.OGR_GT_HasM(t) != 0, C.OGR_GT_IsNonLinear(t) != 0, nil
}
