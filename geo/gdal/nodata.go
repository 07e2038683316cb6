package gdal

import (
	"math"
	"strconv"
)

// formatNodata spells a nodata value the shortest way that reads back the same.
func formatNodata(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
