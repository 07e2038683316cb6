package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"slices"

	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// Subdatasets lists the rasters inside a container file (netCDF, HDF5), also
// when the container has no bands of its own; nil when there are none.
func Subdatasets(path string, drivers []string) ([]Subdataset, error) {
	const op = "gdal.Subdatasets"
	setup()
	name, err := inputName(op, path, accept{})
	if err != nil {
		return nil, err
	}
	defer quietHDF5(drivers)()
	var c call
	log := godal.ErrLogger(c.handle)
	ds, err := godal.Open(name, godal.RasterOnly(), godal.Drivers(rasterDrivers(drivers)...), log)
	if err != nil {
		return nil, wrap(op, fault.Invalid, err, "open raster %s", path)
	}
	out := subdatasets(ds.Metadatas(godal.Domain("SUBDATASETS")))
	return out, wrap(op, fault.Other, ds.Close(log), "close %s", path)
}

// quietHDF5 keeps the libraries of netCDF and HDF5 from printing what they try
// in vain while a file is opened. The function it returns must be called on
// the same goroutine afterwards.
func quietHDF5(drivers []string) func() {
	if !slices.ContainsFunc(drivers, func(d string) bool { return d == "netCDF" || d == "HDF5" || d == "HDF5Image" }) {
		return func() {}
	}
	runtime.LockOSThread() // the setting is the thread's
	C.ct_quiet_hdf5()
	return runtime.UnlockOSThread
}
