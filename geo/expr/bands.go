package expr

import (
	"fmt"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// aliases are names of one band in use beside STAC's common names; read-only.
var aliases = map[string]string{
	"rededge1": "rededge071", "rededge2": "rededge075", "rededge3": "rededge078",
	"rededge071": "rededge1", "rededge075": "rededge2", "rededge078": "rededge3",
	"swir1": "swir16", "swir2": "swir22", "swir16": "swir1", "swir22": "swir2",
}

// Find gives the number (from 1) of the band that a reference names, the
// first of: a band of that name; of that common name; of either in another
// case; bN, the N-th band; of another spelling of the common name (rededge1
// is rededge071, swir1 is swir16); and "nir" is "nir08" where there is no
// other, as on Landsat. Otherwise the error is fault.Invalid and lists the bands.
func Find(bands []catalog.Band, ref string) (int, error) {
	same := func(a, b string) bool { return a == b && a != "" }
	for _, eq := range []func(a, b string) bool{same, strings.EqualFold} {
		if n := match(bands, ref, eq); n > 0 {
			return n, nil
		}
		if n := position(ref); n > 0 && n <= len(bands) {
			return n, nil
		}
	}
	for _, other := range []string{aliases[strings.ToLower(ref)], map[string]string{"nir": "nir08"}[strings.ToLower(ref)]} {
		if n := match(bands, other, strings.EqualFold); n > 0 && other != "" {
			return n, nil
		}
	}
	var names []string
	for i, b := range bands {
		name := fmt.Sprintf("b%d %s", i+1, b.Name)
		if b.CommonName != "" {
			name += " (" + b.CommonName + ")"
		}
		names = append(names, name)
	}
	return 0, fault.Errorf("expr.Find", fault.Invalid, "there is no band %q; there are %s", ref, strings.Join(names, ", "))
}

func match(bands []catalog.Band, ref string, eq func(a, b string) bool) int {
	for i, b := range bands {
		if eq(b.Name, ref) {
			return i + 1
		}
	}
	for i, b := range bands {
		if b.CommonName != "" && eq(b.CommonName, ref) {
			return i + 1
		}
	}
	return 0
}

// position is N of "bN", else 0.
func position(ref string) int {
	if len(ref) < 2 || ref[0] != 'b' || ref[1] == '0' {
		return 0
	}
	n, err := strconv.ParseUint(ref[1:], 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
