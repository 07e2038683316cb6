package encode

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// GeoTIFF returns values as a GeoTIFF of float32 bands on the grid: DEFLATE
// with the floating-point predictor, nodata NaN. Cells where the mask (nil =
// all valid) is 0 are NaN in every band. names are the descriptions of the
// bands; nil, or one for each.
//
// Errors: Invalid when sizes do not agree or the CRS is not known to PROJ,
// TooLarge over MaxSamples, Other when the temporary folder that rare
// reference systems need cannot be written.
func GeoTIFF(bands [][]float32, mask []uint8, g grid.Grid, names []string) ([]byte, error) {
	const op = "encode.GeoTIFF"
	if err := checkArray(op, bands, mask, g.Width, g.Height); err != nil {
		return nil, err
	}
	if len(names) != 0 && len(names) != len(bands) {
		return nil, fault.Errorf(op, fault.Invalid, "%d names for %d bands", len(names), len(bands))
	}
	for _, v := range g.Transform {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault.Errorf(op, fault.Invalid, "transform %v of the grid is not finite", g.Transform)
		}
	}
	key, ok, err := keyOf(g.CRS)
	if err != nil {
		return nil, err
	}
	if ok && g.Transform.NorthUp() {
		return newTIFF(bands, mask, g, names, key).encode()
	}
	return throughGDAL(bands, mask, g, names)
}

// crsKey is a reference system as GeoTIFF's keys say it.
type crsKey struct {
	code       int // EPSG; 0 = not known
	geographic bool
}

// keyOf is the key of a system; ok is false for those that need GDAL to spell
// them out: without an EPSG code, or neither geographic nor projected.
func keyOf(c geo.CRS) (key crsKey, ok bool, err error) {
	if !c.Known() {
		return crsKey{}, true, nil
	}
	info, err := gdal.DescribeCRS(c)
	if err != nil {
		return crsKey{}, false, err
	}
	text, isEPSG := strings.CutPrefix(string(info.ID), "EPSG:")
	code, e := strconv.Atoi(text)
	ok = isEPSG && e == nil && code >= 1024 && code <= 32766 && info.Geographic != info.Projected
	return crsKey{code: code, geographic: info.Geographic}, ok, nil
}

// throughGDAL writes with GDAL, which knows every reference system, some ten
// times slower.
func throughGDAL(bands [][]float32, mask []uint8, g grid.Grid, names []string) (data []byte, err error) {
	const op = "encode.GeoTIFF"
	dir, err := os.MkdirTemp("", "contado-geotiff-")
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	defer func() {
		if e := os.RemoveAll(dir); e != nil && err == nil {
			data, err = nil, fault.E(op, fault.Other, e)
		}
	}()
	path := filepath.Join(dir, "out.tif")
	if err := writeGeoTIFF(path, bands, mask, g, names); err != nil {
		return nil, err
	}
	data, err = os.ReadFile(path)
	return data, fault.E(op, fault.Other, err)
}

func writeGeoTIFF(path string, bands [][]float32, mask []uint8, g grid.Grid, names []string) error {
	nan := math.NaN()
	spec := gdal.RasterSpec{Grid: g, DataType: "float32", Bands: make([]gdal.BandSpec, len(bands))}
	for i := range bands {
		spec.Bands[i].Nodata = &nan
		if len(names) > 0 {
			spec.Bands[i].Name = names[i]
		}
	}
	w, err := gdal.CreateGeoTIFF(path, spec)
	if err != nil {
		return err
	}
	for i, band := range bands {
		if err := w.Write(i+1, g.Full(), masked(band, mask)); err != nil {
			_ = w.Close() // the first error says more
			return err
		}
	}
	return w.Close()
}

// masked is the band with NaN where the mask is 0; the band itself when no
// cell is.
func masked(band []float32, mask []uint8) []float32 {
	out := band
	for i, v := range mask {
		if v != 0 || band[i] != band[i] {
			continue
		}
		if &out[0] == &band[0] {
			out = append([]float32(nil), band...)
		}
		out[i] = float32(math.NaN())
	}
	return out
}
