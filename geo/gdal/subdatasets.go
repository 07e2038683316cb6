package gdal

import (
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
	var c call
	log := godal.ErrLogger(c.handle)
	ds, err := godal.Open(name, godal.RasterOnly(), godal.Drivers(rasterDrivers(drivers)...), log)
	if err != nil {
		return nil, wrap(op, fault.Invalid, err, "open raster %s", path)
	}
	out := subdatasets(ds.Metadatas(godal.Domain("SUBDATASETS")))
	return out, wrap(op, fault.Other, ds.Close(log), "close %s", path)
}
