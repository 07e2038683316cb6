package raster

import (
	"fmt"
	"strings"
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
}

// layoutOf is the one place that chooses block size, compression and
// interleaving of the COGs we write.
func layoutOf(c content) layout {
	l := layout{side: 512}
	predictor := "YES" // GDAL takes the one for integers or for floats
	if c.classes || strings.HasSuffix(c.dataType, "int8") {
		predictor = "NO"
	}
	l.options = []string{"COMPRESS=ZSTD", "LEVEL=9", "PREDICTOR=" + predictor, fmt.Sprintf("BLOCKSIZE=%d", l.side), "BIGTIFF=IF_SAFER"}
	return l
}
