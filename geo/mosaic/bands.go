package mosaic

import (
	"strconv"
	"strings"

	"contado/geo/expr"
	"contado/geo/store/catalog"
)

// FindBand is the number from 1 of the band that a reference means: what
// expr.Find finds, else a position ("4", "B4"). Errors are fault.Invalid and
// list the bands.
func FindBand(bands []catalog.Band, ref string) (int, error) {
	n, err := expr.Find(bands, ref)
	if err == nil {
		return n, nil
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(ref, "b"), "B")
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' {
		return 0, err
	}
	if n, bad := strconv.Atoi(digits); bad == nil && n >= 1 && n <= len(bands) {
		return n, nil
	}
	return 0, err
}
