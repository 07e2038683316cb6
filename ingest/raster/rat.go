package raster

import (
	"encoding/xml"
	"io"
	"math"
	"os"
	"strconv"

	"contado/geo/gdal"
)

// pamRAT is the part of GDAL's .aux.xml that a raster attribute table is in.
type pamRAT struct {
	Bands []struct {
		Number int `xml:"band,attr"`
		RAT    struct {
			Row0    float64 `xml:"Row0Min,attr"`
			BinSize float64 `xml:"BinSize,attr"`
			Fields  []struct {
				Name  string `xml:"Name"`
				Type  int    `xml:"Type"`
				Usage int    `xml:"Usage"`
			} `xml:"FieldDefn"`
			Rows []struct {
				F []string `xml:"F"`
			} `xml:"Row"`
		} `xml:"GDALRasterAttributeTable"`
	} `xml:"PAMRasterBand"`
}

// Types and usages of the fields (gdal.h: GDALRATFieldType, GDALRATFieldUsage).
const (
	ratString = 2
	useName   = 2
	useMinMax = 5
	useRed    = 6 // to 8: green, blue
)

const maxRATValue = 65535

// attributes reads the class names, indexed by cell value, and the colours of
// the first band out of the raster attribute table beside a file; nil when
// there are none.
func attributes(path string) (names []string, colours []gdal.ColorEntry) {
	f, err := os.Open(path + ".aux.xml")
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	var pam pamRAT
	if err := xml.NewDecoder(io.LimitReader(f, 16<<20)).Decode(&pam); err != nil || len(pam.Bands) == 0 {
		return nil, nil
	}
	rat := pam.Bands[0].RAT
	nameAt, valueAt, colourAt := -1, -1, [3]int{-1, -1, -1}
	for i, fd := range rat.Fields {
		switch {
		case fd.Usage >= useRed && fd.Usage < useRed+3:
			colourAt[fd.Usage-useRed] = i
		case fd.Usage == useName || (nameAt < 0 && fd.Type == ratString):
			nameAt = i
		case fd.Usage == useMinMax:
			valueAt = i
		}
	}
	for i, row := range rat.Rows {
		v := rat.Row0 + float64(i)*rat.BinSize
		if valueAt >= 0 && valueAt < len(row.F) {
			if v, err = strconv.ParseFloat(row.F[valueAt], 64); err != nil {
				continue
			}
		}
		if v != math.Trunc(v) || v < 0 || v > maxRATValue {
			continue
		}
		if e, ok := rowColour(row.F, colourAt); ok {
			e.Value = int(v)
			colours = append(colours, e)
		}
		if nameAt < 0 || nameAt >= len(row.F) || row.F[nameAt] == "" {
			continue
		}
		for len(names) <= int(v) {
			names = append(names, "")
		}
		names[int(v)] = row.F[nameAt]
	}
	return names, colours
}

// rowColour reads red, green and blue of 0 to 255 from the fields at.
func rowColour(fields []string, at [3]int) (e gdal.ColorEntry, ok bool) {
	e.A = 255
	for i, into := range []*uint8{&e.R, &e.G, &e.B} {
		if at[i] < 0 || at[i] >= len(fields) {
			return e, false
		}
		v, err := strconv.ParseUint(fields[at[i]], 10, 8)
		if err != nil {
			return e, false
		}
		*into = uint8(v)
	}
	return e, true
}
