package gdal

import (
	"context"

	"contado/geo/fault"
	"contado/geo/grid"
	"github.com/airbusgeo/godal"
)

// RasterDrivers are the formats that ingest reads: GDAL's drivers of files
// that stand for themselves. VRT is not among them, since it names other
// files.
func RasterDrivers() []string {
	return []string{
		"GTiff", "AAIGrid", "GRASSASCIIGrid", "SRTMHGT", "HFA", "EHdr", "ENVI", "PNG", "JPEG", "JP2OpenJPEG",
		"WEBP", "netCDF", "HDF5", "HDF5Image", "GPKG", "USGSDEM", "XYZ", "GRIB", "ILWIS", "Zarr", "ISCE", "SAGA",
		"ERS", "DTED", "BIL", "AIG",
	}
}

// VectorDrivers are the formats that ingest reads. SQLite is not among them:
// a database can hold virtual tables that read other files.
func VectorDrivers() []string {
	return []string{
		"GPKG", "GeoJSON", "GeoJSONSeq", "TopoJSON", "FlatGeobuf", "ESRI Shapefile", "GML", "KML", "LIBKML",
		"GPX", "CSV", "MapInfo File", "OpenFileGDB", "XLSX", "ODS", "DXF", "JSONFG",
	}
}

// Translate runs gdal_translate with its switches on a file of RasterDrivers.
// dst is written at exactly that path. GDAL does not stop half way: ctx is
// looked at before.
func Translate(ctx context.Context, dst, src string, args []string) error {
	r, err := OpenRasterWith(src, &RasterOptions{Drivers: RasterDrivers(), Subdataset: true, Zip: true})
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Translate(ctx, dst, args)
}

// Translate is the function Translate on a raster that is open already.
func (r *Raster) Translate(ctx context.Context, dst string, args []string) error {
	const op = "gdal.Translate"
	name, err := outputName(op, dst)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Canceled, err)
	}
	var c call
	log := godal.ErrLogger(c.handle)
	out, err := r.ds.Translate(name, args, log)
	if err != nil {
		return wrap(op, fault.Invalid, err, "translate %s to %s", r.path, dst)
	}
	return wrap(op, fault.Other, out.Close(log), "finish %s", dst)
}

// Warp runs gdalwarp with its switches on a file of RasterDrivers. ctx is
// looked at before.
func Warp(ctx context.Context, dst, src string, args []string) error {
	r, err := OpenRasterWith(src, &RasterOptions{Drivers: RasterDrivers(), Subdataset: true, Zip: true})
	if err != nil {
		return err
	}
	defer r.Close()
	return WarpRasters(ctx, dst, []*Raster{r}, args)
}

// WarpRasters runs gdalwarp on several open rasters: a mosaic, the later over
// the earlier.
func WarpRasters(ctx context.Context, dst string, src []*Raster, args []string) error {
	const op = "gdal.Warp"
	name, err := outputName(op, dst)
	if err != nil {
		return err
	}
	if len(src) == 0 {
		return fault.Errorf(op, fault.Invalid, "no raster to warp to %s", dst)
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Canceled, err)
	}
	in := make([]*godal.Dataset, len(src))
	for i, r := range src {
		in[i] = r.ds
	}
	var c call
	log := godal.ErrLogger(c.handle)
	out, err := godal.Warp(name, in, args, log)
	if err != nil {
		return wrap(op, fault.Invalid, err, "warp %s to %s", src[0].path, dst)
	}
	return wrap(op, fault.Other, out.Close(log), "finish %s", dst)
}

var overviewAlg = map[grid.Resampling]godal.ResamplingAlg{
	grid.Nearest: godal.Nearest, grid.Bilinear: godal.Bilinear, grid.Cubic: godal.Cubic,
	grid.Average: godal.Average, grid.Mode: godal.Mode,
}

// BuildOverviews adds overviews to a GeoTIFF, inside the file. levels are
// decimation factors (2, 4, …); none means down to one block.
func BuildOverviews(path string, rs grid.Resampling, levels []int) error {
	const op = "gdal.BuildOverviews"
	setup()
	name, err := inputName(op, path, accept{})
	if err != nil {
		return err
	}
	alg, ok := overviewAlg[rs]
	if !ok {
		return fault.Errorf(op, fault.Invalid, "unknown resampling %q", rs)
	}
	for _, l := range levels {
		if l < 2 {
			return fault.Errorf(op, fault.Invalid, "overview factor %d is not above 1", l)
		}
	}
	var c call
	log := godal.ErrLogger(c.handle)
	ds, err := godal.Open(name, godal.Update(), godal.RasterOnly(), godal.Drivers("GTiff"), log)
	if err != nil {
		return wrap(op, fault.Invalid, err, "open %s for writing", path)
	}
	opts := []godal.BuildOverviewsOption{godal.Resampling(alg), log}
	if len(levels) > 0 {
		opts = append(opts, godal.Levels(levels...))
	}
	err = wrap(op, fault.Other, ds.BuildOverviews(opts...), "build overviews of %s", path)
	if cerr := ds.Close(log); err == nil {
		err = wrap(op, fault.Other, cerr, "finish %s", path)
	}
	return err
}

// VectorTranslate runs ogr2ogr with its switches on a file of VectorDrivers.
// ctx is looked at before.
func VectorTranslate(ctx context.Context, dst, src string, args []string) error {
	v, err := OpenVectorWith(src, &VectorOptions{Drivers: VectorDrivers(), Zip: true})
	if err != nil {
		return err
	}
	defer v.Close()
	return v.Translate(ctx, dst, args)
}

// Translate is VectorTranslate on a file that is open already.
func (v *Vector) Translate(ctx context.Context, dst string, args []string) error {
	const op = "gdal.VectorTranslate"
	name, err := outputName(op, dst)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Canceled, err)
	}
	var c call
	log := godal.ErrLogger(c.handle)
	out, err := v.ds.VectorTranslate(name, args, log)
	if err != nil {
		return wrap(op, fault.Invalid, err, "convert %s to %s", v.path, dst)
	}
	return wrap(op, fault.Other, out.Close(log), "finish %s", dst)
}
