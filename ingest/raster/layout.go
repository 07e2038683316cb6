package raster

import (
	"context"
	"fmt"
	"os"
	"strings"

	"contado/geo/gdal"
)

// content is what the layout of a COG goes by.
type content struct {
	dataType string // uint16, float32 …
	bands    int    // data bands, without a mask
	classes  bool   // classes or bit fields: neighbours are equal or unrelated
	picture  bool   // has an alpha band or a mask, which all bands share
}

// layout is how COGs are written.
type layout struct {
	side  int  // of a block, in cells
	split bool // one file a band
	// options are creation options of GDAL's COG driver, but for those of
	// overviews.
	options []string
	// apart, when not nil, are the options of a second copy, by the GTiff
	// driver, which stores the bands one after the other: the COG driver of
	// GDAL before 3.11 only writes them interleaved by cell.
	apart []string
}

// layoutOf is the one place that chooses block size, compression and
// interleaving of the COGs we write; docs/adr/0007 has the measurements.
func layoutOf(c content) layout {
	switch {
	case c.classes: // large areas of one value: small blocks would be all directory
		return layoutWith(256, "COMPRESS=ZSTD", "LEVEL=9", "PREDICTOR=NO")
	case c.picture: // all bands and their mask are read together
		return layoutWith(256, "COMPRESS=ZSTD", "LEVEL=9", "PREDICTOR="+predictor(c.dataType))
	}
	const side = 128
	last := []string{"COMPRESS=ZSTD", "LEVEL=1", "PREDICTOR=" + predictor(c.dataType)}
	apart := []string{"COMPRESS=ZSTD", "ZSTD_LEVEL=1", "PREDICTOR=" + predictorNumber(c.dataType)}
	if c.dataType == "uint16" || c.dataType == "int16" {
		last = []string{"COMPRESS=LERC", "MAX_Z_ERROR=0"} // 0: without loss
		apart = last
	}
	if c.bands < 2 {
		return layoutWith(side, last...)
	}
	l := layoutWith(side, "COMPRESS=ZSTD", "LEVEL=1", "PREDICTOR="+predictor(c.dataType)) // the copy between
	l.apart = append([]string{
		"COPY_SRC_OVERVIEWS=YES", "INTERLEAVE=BAND", "TILED=YES", fmt.Sprintf("BLOCKXSIZE=%d", side), fmt.Sprintf("BLOCKYSIZE=%d", side),
		"BIGTIFF=IF_SAFER", "NUM_THREADS=ALL_CPUS",
	}, apart...)
	return l
}

func layoutWith(side int, options ...string) layout {
	return layout{side: side, options: append(options, fmt.Sprintf("BLOCKSIZE=%d", side), "BIGTIFF=IF_SAFER")}
}

// predictor is the COG driver's: YES takes the one for integers or floats.
func predictor(dataType string) string {
	if strings.HasSuffix(dataType, "int8") {
		return "NO"
	}
	return "YES"
}

// predictorNumber is the GTiff driver's.
func predictorNumber(dataType string) string {
	switch {
	case strings.HasSuffix(dataType, "int8"):
		return "1"
	case strings.HasPrefix(dataType, "float"):
		return "3"
	}
	return "2"
}

// write makes the COG at dst; args are switches of gdal_translate with the
// creation options of the COG driver.
func (l layout) write(ctx context.Context, r *gdal.Raster, dst string, args []string) error {
	if l.apart == nil {
		return r.Translate(ctx, dst, args)
	}
	first := dst + ".first.tif"
	defer os.Remove(first)              // beside an error of GDAL's there is nothing to say of it
	defer os.Remove(first + ".aux.xml") // as there seldom is one
	if err := r.Translate(ctx, first, args); err != nil {
		return err
	}
	last := []string{"-of", "GTiff"}
	for _, o := range l.apart {
		last = append(last, "-co", o)
	}
	return gdal.Translate(ctx, dst, first, last)
}
