package raster

import (
	"encoding/xml"
	"io"
	"os"
	"strconv"
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
)

const maxRATValue = 65535

// attributeNames reads the class names of the first band out of the raster
// attribute table beside a file, indexed by cell value; nil when there are
// none.
func attributeNames(path string) []string {
	f, err := os.Open(path + ".aux.xml")
	if err != nil {
		return nil
	}
	defer f.Close()
	var pam pamRAT
	if err := xml.NewDecoder(io.LimitReader(f, 16<<20)).Decode(&pam); err != nil || len(pam.Bands) == 0 {
		return nil
	}
	rat := pam.Bands[0].RAT
	nameAt, valueAt := -1, -1
	for i, fd := range rat.Fields {
		switch {
		case fd.Usage == useName || (nameAt < 0 && fd.Type == ratString):
			nameAt = i
		case fd.Usage == useMinMax:
			valueAt = i
		}
	}
	if nameAt < 0 {
		return nil
	}
	var out []string
	for i, row := range rat.Rows {
		if nameAt >= len(row.F) || row.F[nameAt] == "" {
			continue
		}
		v := rat.Row0 + float64(i)*rat.BinSize
		if valueAt >= 0 && valueAt < len(row.F) {
			if v, err = strconv.ParseFloat(row.F[valueAt], 64); err != nil {
				continue
			}
		}
		if v != float64(int(v)) || v < 0 || v > maxRATValue {
			continue
		}
		for len(out) <= int(v) {
			out = append(out, "")
		}
		out[int(v)] = row.F[nameAt]
	}
	return out
}
