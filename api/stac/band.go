package stac

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
)

type eoBand struct {
	Name       string   `json:"name"`
	CommonName string   `json:"common_name,omitempty"`
	Center     *float64 `json:"center_wavelength,omitempty"`
	Width      *float64 `json:"full_width_half_max,omitempty"`
}

type rasterBand struct {
	Name       string   `json:"name"` // beyond the extension, which has none
	DataType   string   `json:"data_type"`
	Nodata     any      `json:"nodata,omitempty"`
	Scale      float64  `json:"scale"`
	Offset     float64  `json:"offset"`
	Unit       string   `json:"unit,omitempty"`
	Resolution *float64 `json:"spatial_resolution,omitempty"`
	// Statistics are of the cells as stored, before scale and offset.
	Statistics map[string]float64 `json:"statistics,omitempty"`
	Classes    []class            `json:"classification:classes,omitempty"`
}

type class struct {
	Value       int    `json:"value"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Color       string `json:"color_hint,omitempty"`
}

// commonNames are those that the extension eo 1.1 knows.
var commonNames = []string{
	"coastal", "blue", "green", "red", "rededge", "yellow", "pan", "nir", "nir08", "nir09", "cirrus", "swir16", "swir22", "lwir", "lwir11", "lwir12",
}

// dataTypes are those of the raster extension.
var dataTypes = []string{
	"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "cint16", "cint32", "cfloat32", "cfloat64",
}

func bandOf(b catalog.Band, t [6]float64, crs geo.CRS) rasterBand {
	out := rasterBand{Name: b.Name, DataType: b.DataType, Scale: b.Scale, Offset: b.Offset, Unit: b.Unit}
	if !slices.Contains(dataTypes, b.DataType) {
		out.DataType = "other"
	}
	if out.Scale == 0 {
		out.Scale = 1
	}
	switch {
	case b.NaN:
		out.Nodata = "nan"
	case b.Nodata != nil:
		out.Nodata = *b.Nodata
		if math.IsInf(*b.Nodata, 0) {
			out.Nodata = strings.TrimPrefix(strconv.FormatFloat(*b.Nodata, 'g', -1, 64), "+")
		}
	}
	if metric(crs) {
		size := math.Sqrt(math.Abs(t[1]*t[5] - t[2]*t[4]))
		out.Resolution = &size
	}
	out.Statistics = statistics(b, out.Scale)
	for _, cl := range b.Classes {
		out.Classes = append(out.Classes, classOf(cl))
	}
	return out
}

// metric tells the systems whose unit is certainly the metre: UTM and the
// European and Italian ones in use here; of others the unit is not looked up.
func metric(c geo.CRS) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(string(c), "EPSG:"))
	if err != nil {
		return false
	}
	return n >= 32601 && n <= 32660 || n >= 32701 && n <= 32760 || n >= 25828 && n <= 25838 || slices.Contains([]int{3035, 3003, 3004, 6707, 6708, 7791, 7792}, n)
}

// statistics are those of the cells as they are stored; none when no cell was
// valid.
func statistics(b catalog.Band, scale float64) map[string]float64 {
	out := map[string]float64{}
	put := func(name string, v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[name] = v
		}
	}
	put("valid_percent", b.ValidPercent)
	if b.ValidPercent > 0 {
		lo, hi := (b.Min-b.Offset)/scale, (b.Max-b.Offset)/scale
		put("minimum", min(lo, hi))
		put("maximum", max(lo, hi))
		put("mean", (b.Mean-b.Offset)/scale)
		put("stddev", b.StdDev/math.Abs(scale))
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

func classOf(cl catalog.Class) class {
	out := class{Value: cl.Value, Description: cl.Name, Color: strings.ToUpper(strings.TrimPrefix(cl.Color, "#"))}
	out.Name = strings.Trim(notName.ReplaceAllString(strings.ToLower(cl.Name), "_"), "_")
	if out.Name == "" {
		out.Name = "class_" + strings.ReplaceAll(strconv.Itoa(cl.Value), "-", "minus_")
	}
	if len(out.Color) != 6 {
		out.Color = ""
	}
	return out
}
