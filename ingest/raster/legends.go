package raster

import (
	"regexp"

	"contado/geo/store/catalog"
)

// legend is a published class table, for files that bring none.
type legend struct {
	name    string
	classes map[int]class
	// blank are values that stand for no data where the file does not say so.
	blank map[int]bool
}

type class struct{ name, colour string }

var (
	reWorldCover = regexp.MustCompile(`(?i)esa_?worldcover`)
	reCorine     = regexp.MustCompile(`(?i)(^|[_-])(u\d{4}_)?clc(\d{2}|\d{4})([_-]|$)|corine`)
)

// legendOf is the legend of a land cover map by its name; nil when none is
// certain.
func legendOf(base string) *legend {
	switch {
	case reWorldCover.MatchString(base):
		return worldCover()
	case reCorine.MatchString(base):
		return corine()
	}
	return nil
}

// fill names and colours the classes of a band, unless it has values that
// the legend does not know: then it is another map of the same name.
func (l *legend) fill(classes []catalog.Class) bool {
	for _, c := range classes {
		if _, ok := l.classes[c.Value]; !ok && !l.blank[c.Value] {
			return false
		}
	}
	for i := range classes {
		k, ok := l.classes[classes[i].Value]
		if !ok {
			k.name = "no data"
		}
		classes[i].Name, classes[i].Color = k.name, k.colour
	}
	return true
}

// worldCover is the legend of the ESA WorldCover product user manual, v2.0,
// table 3.
func worldCover() *legend {
	return &legend{name: "ESA WorldCover", blank: map[int]bool{0: true}, classes: map[int]class{
		10: {"tree cover", "#006400"}, 20: {"shrubland", "#ffbb22"}, 30: {"grassland", "#ffff4c"}, 40: {"cropland", "#f096ff"},
		50: {"built-up", "#fa0000"}, 60: {"bare or sparse vegetation", "#b4b4b4"}, 70: {"snow and ice", "#f0f0f0"},
		80: {"permanent water bodies", "#0064c8"}, 90: {"herbaceous wetland", "#0096a0"}, 95: {"mangroves", "#00cf75"},
		100: {"moss and lichen", "#fae6a0"},
	}}
}

// corineClasses are the 44 classes of the CORINE Land Cover nomenclature with
// the colours of its legend file, in order: the raster has their numbers from
// 1, or their codes.
var corineClasses = []struct {
	code         int
	name, colour string
}{
	{111, "continuous urban fabric", "#e6004d"},
	{112, "discontinuous urban fabric", "#ff0000"},
	{121, "industrial or commercial units", "#cc4df2"},
	{122, "road and rail networks and associated land", "#cc0000"},
	{123, "port areas", "#e6cccc"},
	{124, "airports", "#e6cce6"},
	{131, "mineral extraction sites", "#a600cc"},
	{132, "dump sites", "#a64d00"},
	{133, "construction sites", "#ff4dff"},
	{141, "green urban areas", "#ffa6ff"},
	{142, "sport and leisure facilities", "#ffe6ff"},
	{211, "non-irrigated arable land", "#ffffa8"},
	{212, "permanently irrigated land", "#ffff00"},
	{213, "rice fields", "#e6e600"},
	{221, "vineyards", "#e68000"},
	{222, "fruit trees and berry plantations", "#f2a64d"},
	{223, "olive groves", "#e6a600"},
	{231, "pastures", "#e6e64d"},
	{241, "annual crops associated with permanent crops", "#ffe6a6"},
	{242, "complex cultivation patterns", "#ffe64d"},
	{243, "agriculture with significant areas of natural vegetation", "#e6cc4d"},
	{244, "agro-forestry areas", "#f2cca6"},
	{311, "broad-leaved forest", "#80ff00"},
	{312, "coniferous forest", "#00a600"},
	{313, "mixed forest", "#4dff00"},
	{321, "natural grasslands", "#ccf24d"},
	{322, "moors and heathland", "#a6ff80"},
	{323, "sclerophyllous vegetation", "#a6e64d"},
	{324, "transitional woodland-shrub", "#a6f200"},
	{331, "beaches, dunes, sands", "#e6e6e6"},
	{332, "bare rocks", "#cccccc"},
	{333, "sparsely vegetated areas", "#ccffcc"},
	{334, "burnt areas", "#000000"},
	{335, "glaciers and perpetual snow", "#a6e6cc"},
	{411, "inland marshes", "#a6a6ff"},
	{412, "peat bogs", "#4d4dff"},
	{421, "salt marshes", "#ccccff"},
	{422, "salines", "#e6e6ff"},
	{423, "intertidal flats", "#a6a6e6"},
	{511, "water courses", "#00ccf2"},
	{512, "water bodies", "#80f2e6"},
	{521, "coastal lagoons", "#00ffa6"},
	{522, "estuaries", "#a6ffe6"},
	{523, "sea and ocean", "#e6f2ff"},
}

func corine() *legend {
	l := &legend{name: "CORINE Land Cover", blank: map[int]bool{0: true, 48: true, 128: true, 255: true, 999: true}, classes: map[int]class{}}
	for i, c := range corineClasses {
		l.classes[i+1] = class{c.name, c.colour}
		l.classes[c.code] = class{c.name, c.colour}
	}
	return l
}
