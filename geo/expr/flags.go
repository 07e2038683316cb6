package expr

import (
	"slices"
	"sort"
	"strings"
)

// The schemes of Band.Flags that masks know by name.
const (
	// FlagsSCL is the scene classification of Sentinel-2 Level-2A
	// (ESA, Sentinel-2 Products Specification Document).
	FlagsSCL = "sentinel2-scl"
	// FlagsQAPixel is QA_PIXEL of Landsat Collection 2 (USGS, LSDS-1619 and LSDS-1328).
	FlagsQAPixel = "landsat-qa-pixel"
	// FlagsBQA is BQA of Landsat Collection 1 (USGS, LSDS-1656 for Landsat 8).
	FlagsBQA = "landsat-bqa"
	// FlagsBQAPre is BQA of Landsat 8 before the collections (until 2017):
	// other bits than Collection 1 (USGS, LDCM-DFCB-004).
	FlagsBQAPre = "landsat-bqa-pre"
)

// test is one condition on the value of a class or bit band: any of its
// parts holds.
type test []part

// part holds for values lo … hi (whole numbers, both inclusive) of the bits
// mask, after shifting them down by shift. A zero mask means the plain value.
type part struct {
	mask   uint32
	shift  uint
	lo, hi int64
}

// class is a test for whole values.
func class(values ...int64) test {
	var t test
	for _, v := range values {
		t = append(t, part{lo: v, hi: v})
	}
	return t
}

// bit is a test for one bit.
func bit(n uint) test { return test{{mask: 1 << n, shift: n, lo: 1, hi: 1}} }

// level is a test for a field of two bits holding at least the value.
func level(shift uint, least int64) test {
	return test{{mask: 3 << shift, shift: shift, lo: least, hi: 3}}
}

func anyOf(tests ...test) test { return slices.Concat(tests...) }

// flag is a named class or bit.
type flag struct {
	name  string
	title string
	test  test
}

// scheme is a way to code classes or bits; the sets of several classes stand
// first. read-only.
type scheme []flag

var schemes = map[string]scheme{
	FlagsSCL: {
		{"clouds", "clouds, cloud shadow and cirrus", class(3, 8, 9, 10)},
		{"cloud", "cloud of medium or high probability", class(8, 9)},
		{"defects", "no data, saturated or defective", class(0, 1)},
		{"no_data", "no data", class(0)},
		{"saturated", "saturated or defective", class(1)},
		{"dark", "dark area or shadow of relief", class(2)},
		{"cloud_shadow", "cloud shadow", class(3)},
		{"vegetation", "vegetation", class(4)},
		{"bare", "not vegetated", class(5)},
		{"water", "water", class(6)},
		{"unclassified", "unclassified", class(7)},
		{"cloud_medium", "cloud, medium probability", class(8)},
		{"cloud_high", "cloud, high probability", class(9)},
		{"cirrus", "thin cirrus", class(10)},
		{"snow", "snow or ice", class(11)},
	},
	FlagsQAPixel: {
		{"clouds", "clouds with their edges, cloud shadow and cirrus", anyOf(bit(1), bit(2), bit(3), bit(4))},
		{"fill", "no data", bit(0)},
		{"dilated_cloud", "edge of a cloud", bit(1)},
		{"cirrus", "cirrus (high confidence)", bit(2)},
		{"cloud", "cloud (high confidence)", bit(3)},
		{"cloud_shadow", "cloud shadow (high confidence)", bit(4)},
		{"snow", "snow or ice (high confidence)", bit(5)},
		{"clear", "clear, as the producer sets it", bit(6)},
		{"water", "water", bit(7)},
		{"cloud_low", "cloud, low confidence or more", level(8, 1)},
		{"cloud_medium", "cloud, medium confidence or more", level(8, 2)},
		{"cloud_high", "cloud, high confidence", level(8, 3)},
		{"cloud_shadow_low", "cloud shadow, low confidence or more", level(10, 1)},
		{"cloud_shadow_high", "cloud shadow, high confidence", level(10, 3)},
		{"snow_low", "snow or ice, low confidence or more", level(12, 1)},
		{"snow_high", "snow or ice, high confidence", level(12, 3)},
		{"cirrus_low", "cirrus, low confidence or more", level(14, 1)},
		{"cirrus_high", "cirrus, high confidence", level(14, 3)},
	},
	FlagsBQA: {
		{"clouds", "clouds, cloud shadow and cirrus (high confidence)", anyOf(bit(4), level(7, 3), level(11, 3))},
		{"fill", "no data", bit(0)},
		{"terrain_occlusion", "hidden by terrain (Landsat 8)", bit(1)},
		{"saturated", "one band or more saturated", level(2, 1)},
		{"cloud", "cloud", bit(4)},
		{"cloud_shadow", "cloud shadow, high confidence", level(7, 3)},
		{"snow", "snow or ice, high confidence", level(9, 3)},
		{"cirrus", "cirrus, high confidence (Landsat 8)", level(11, 3)},
		{"cloud_low", "cloud, low confidence or more", level(5, 1)},
		{"cloud_medium", "cloud, medium confidence or more", level(5, 2)},
		{"cloud_high", "cloud, high confidence", level(5, 3)},
		{"cloud_shadow_low", "cloud shadow, low confidence or more", level(7, 1)},
		{"cloud_shadow_medium", "cloud shadow, medium confidence or more", level(7, 2)},
		{"cloud_shadow_high", "cloud shadow, high confidence", level(7, 3)},
		{"snow_low", "snow or ice, low confidence or more", level(9, 1)},
		{"snow_medium", "snow or ice, medium confidence or more", level(9, 2)},
		{"snow_high", "snow or ice, high confidence", level(9, 3)},
		{"cirrus_low", "cirrus, low confidence or more", level(11, 1)},
		{"cirrus_medium", "cirrus, medium confidence or more", level(11, 2)},
		{"cirrus_high", "cirrus, high confidence", level(11, 3)},
	},
	FlagsBQAPre: {
		{"clouds", "clouds (medium confidence or more) and cirrus (high confidence); shadows were not told then", anyOf(level(14, 2), level(12, 3))},
		{"fill", "no data", bit(0)},
		{"dropped_frame", "dropped frame", bit(1)},
		{"terrain_occlusion", "hidden by terrain", bit(2)},
		{"water", "water, medium confidence or more", level(4, 2)},
		{"cloud", "cloud, medium confidence or more", level(14, 2)},
		{"snow", "snow or ice, medium confidence or more", level(10, 2)},
		{"cirrus", "cirrus, high confidence", level(12, 3)},
		{"water_low", "water, low confidence or more", level(4, 1)},
		{"water_medium", "water, medium confidence or more", level(4, 2)},
		{"water_high", "water, high confidence", level(4, 3)},
		{"cloud_low", "cloud, low confidence or more", level(14, 1)},
		{"cloud_medium", "cloud, medium confidence or more", level(14, 2)},
		{"cloud_high", "cloud, high confidence", level(14, 3)},
		{"snow_low", "snow or ice, low confidence or more", level(10, 1)},
		{"snow_medium", "snow or ice, medium confidence or more", level(10, 2)},
		{"snow_high", "snow or ice, high confidence", level(10, 3)},
		{"cirrus_low", "cirrus, low confidence or more", level(12, 1)},
		{"cirrus_medium", "cirrus, medium confidence or more", level(12, 2)},
		{"cirrus_high", "cirrus, high confidence", level(12, 3)},
	},
}

// MaskNames lists what may be said of a band with that scheme, usual sets
// first; nil when the scheme is not known.
func MaskNames(flags string) []string {
	var names []string
	for _, f := range schemes[flags] {
		names = append(names, f.name)
	}
	return names
}

// MaskTitle says what a name of a scheme covers; "" when it is not known.
func MaskTitle(flags, name string) string {
	for _, f := range schemes[flags] {
		if f.name == name {
			return f.title
		}
	}
	return ""
}

// MaskSchemes lists the schemes, sorted.
func MaskSchemes() []string {
	var names []string
	for s := range schemes {
		names = append(names, s)
	}
	sort.Strings(names)
	return names
}

// slug is a class name as masks write it: lower case, '_' between words.
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !letter(r) && (r < '0' || r > '9')
	}), "_")
}
