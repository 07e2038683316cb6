package raster

import "contado/geo/fault"

// sigmaTable is the calibration of a radar picture.
type sigmaTable struct{}

func openSentinel1(dir string, files []string) (*Product, error) {
	return nil, fault.Errorf("raster.OpenProduct", fault.Unsupported, "%s is a Sentinel-1 product of %d files", dir, len(files))
}
