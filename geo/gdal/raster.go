package gdal

import (
	"strings"
	"sync"

	"contado/geo/fault"
	"contado/geo/grid"
	"github.com/airbusgeo/godal"
)

// DefaultMaxSamples bounds what one read may allocate: cells × bands.
const DefaultMaxSamples = 64 << 20

// RasterOptions tunes OpenRasterWith; the zero value is OpenRaster's.
type RasterOptions struct {
	// Drivers is the allow-list by GDAL's short names; nil means GTiff.
	Drivers []string
	// OpenOptions are driver options KEY=VALUE.
	OpenOptions []string
	// Zip lets /vsizip/ names through, for an archive on the local disk.
	Zip bool
	// Subdataset lets names like NETCDF:"file.nc":variable through.
	Subdataset bool
	// Remote lets names by RemoteName through.
	Remote bool
	// Siblings are the files beside it that GDAL may look at; nil means all.
	Siblings []string
	// MaxSamples bounds one read, 0 = DefaultMaxSamples.
	MaxSamples int64
}

// Raster is an open raster. It belongs to one goroutine at a time.
type Raster struct {
	ds      *godal.Dataset
	path    string // as the caller named it, for messages
	bands   []band
	info    func() RasterInfo
	max     int64
	slots   chan struct{} // bound on concurrent reads; nil = none
	scratch []float64
	told    bool // a nodata value was told that GDAL does not know
}

// OpenRaster opens a file for ingest with the given drivers (GDAL's short
// names; nil means GTiff, which reads COG too). The caller closes it.
func OpenRaster(path string, drivers []string) (*Raster, error) {
	return OpenRasterWith(path, &RasterOptions{Drivers: drivers})
}

// OpenRasterWith is OpenRaster with options; nil means defaults.
//
// Errors: NotExist; Invalid when the name is not a local file, no allowed
// driver knows the format, or the file has no raster bands.
func OpenRasterWith(path string, o *RasterOptions) (*Raster, error) {
	const op = "gdal.OpenRaster"
	setup()
	if o == nil {
		o = &RasterOptions{}
	}
	name, err := inputName(op, path, accept{zip: o.Zip, subdataset: o.Subdataset, remote: o.Remote})
	if err != nil {
		return nil, err
	}
	defer quietHDF5(o.Drivers)()
	var c call
	opts := []godal.OpenOption{
		godal.RasterOnly(), godal.Drivers(rasterDrivers(o.Drivers)...), godal.ErrLogger(c.handle),
		godal.SiblingFiles(o.Siblings...),
	}
	if len(o.OpenOptions) > 0 {
		opts = append(opts, godal.DriverOpenOption(o.OpenOptions...))
	}
	ds, err := godal.Open(name, opts...)
	if err != nil {
		return nil, wrap(op, fault.Invalid, err, "open raster %s", path)
	}
	r := &Raster{ds: ds, path: path, max: o.MaxSamples}
	if r.max <= 0 {
		r.max = DefaultMaxSamples
	}
	if err := r.describe(); err != nil {
		_ = r.Close()
		return nil, err
	}
	if f, ok := remoteOf(strings.TrimPrefix(name, remotePrefix)); ok && f.Cells != nil {
		r.tell(f.Cells)
	}
	r.info = sync.OnceValue(func() RasterInfo { return readInfo(r) })
	return r, nil
}

// rasterDrivers is the allow-list for GDAL. COG is a way of writing: GTiff
// reads it.
func rasterDrivers(names []string) []string {
	if len(names) == 0 {
		return []string{"GTiff"}
	}
	out := make([]string, 0, len(names))
	for _, n := range names {
		if strings.EqualFold(n, "COG") {
			n = "GTiff"
		}
		out = append(out, n)
	}
	return out
}

// Close gives the handle back. Nothing may use the raster afterwards.
func (r *Raster) Close() error {
	if r.ds == nil {
		return nil
	}
	var c call
	ds := r.ds
	r.ds, r.bands = nil, nil
	return wrap("gdal.Raster.Close", fault.Other, ds.Close(godal.ErrLogger(c.handle)), "close %s", r.path)
}

// Path is the name that the raster was opened by.
func (r *Raster) Path() string { return r.path }

// Info describes the raster; it is read once.
func (r *Raster) Info() RasterInfo { return r.info() }

// Grid is where the cells lie: Info().Grid.
func (r *Raster) Grid() grid.Grid { return r.info().Grid }

func (r *Raster) acquire() func() {
	if r.slots == nil {
		return func() {}
	}
	r.slots <- struct{}{}
	return func() { <-r.slots }
}
