package raster

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// named is what is known of a band beyond its cells.
type named struct {
	name, common, unit string
	classes            bool // not bit fields
	bits               bool
	categories         []string
	colours            []gdal.ColorEntry
	scl                bool
}

var (
	reSentinel2 = regexp.MustCompile(`(?i)^(S2[A-D]?[_M]|L2A_T|L1C_T|T\d{2}[A-Z]{3}_\d{8}T)`)
	reLandsat89 = regexp.MustCompile(`(?i)^L([COT]0?|)[89]`)
	reLandsat47 = regexp.MustCompile(`(?i)^L([ETM]0?|)[4-7]`)
)

// sensor of a scene, by its metadata or name.
func (s *scene) sensor() string {
	switch {
	case s.craft == "LANDSAT_8" || s.craft == "LANDSAT_9":
		return "oli"
	case strings.HasPrefix(s.craft, "LANDSAT_"):
		return "tm"
	case reSentinel2.MatchString(s.id):
		return "msi"
	case reLandsat89.MatchString(s.id):
		return "oli"
	case reLandsat47.MatchString(s.id):
		return "tm"
	}
	for _, f := range s.files {
		if f.token == "SCL" || f.token == "B8A" {
			return "msi"
		}
	}
	return ""
}

// commonNames are those of the STAC electro-optical extension by band number.
var commonNames = map[string]map[string]string{
	"msi": {
		"1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "rededge", "6": "rededge", "7": "rededge",
		"8": "nir", "8A": "nir08", "9": "nir09", "10": "cirrus", "11": "swir16", "12": "swir22",
	},
	"oli": {
		"1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "nir08", "6": "swir16", "7": "swir22",
		"8": "pan", "9": "cirrus", "10": "lwir11", "11": "lwir12",
	},
	"tm": {"1": "blue", "2": "green", "3": "red", "4": "nir", "5": "swir16", "6": "lwir", "7": "swir22", "8": "pan"},
}

var reBandNumber = regexp.MustCompile(`(?i)^(?:SR_|ST_)?B0?(\d{1,2}A?)$`)

func commonName(sensor, band string) string {
	if m := reBandNumber.FindStringSubmatch(band); m != nil && sensor != "" {
		return commonNames[sensor][strings.ToUpper(m[1])]
	}
	switch l := strings.ToLower(band); l {
	case "red", "green", "blue", "nir", "swir16", "swir22", "rededge", "coastal", "pan", "cirrus":
		return l
	}
	return ""
}

// nameBands names the bands of each file of a scene: by the file each came
// from, else by the description in the file, else "band1", "band2" …
func (c *converter) nameBands(s *scene) [][]named {
	sensor := s.sensor()
	out := make([][]named, len(s.files))
	var all []*named
	for k, f := range s.files {
		out[k] = make([]named, len(f.bands))
		for i := range f.bands {
			out[k][i] = c.nameBand(s, f, i, sensor, len(all)+1)
			all = append(all, &out[k][i])
		}
	}
	unique(all)
	return out
}

// nameBand names band i (from 0) of a file, the nth of its item.
func (c *converter) nameBand(s *scene, f *file, i int, sensor string, nth int) named {
	b := f.bands[i]
	n := named{name: strings.TrimSpace(b.Name), unit: b.Unit, bits: isBits(f.token), categories: b.Categories, colours: b.Colors}
	n.classes = c.isClass(f) && !n.bits
	if f.token != "" && (len(f.bands) == 1 || f.token == "SCL") {
		n.name = f.token
	}
	n.scl = f.token == "SCL" || strings.EqualFold(n.name, "SCL")
	if b.Alpha {
		n.name, n.classes = "alpha", false
	}
	if n.name == "" {
		n.name = fmt.Sprintf("band%d", nth)
	}
	if c.o.Role == catalog.Population && len(s.files) == 1 && len(f.bands) == 1 && !strings.HasPrefix(n.name, "age_") {
		n.name = "total"
	}
	n.common = commonName(sensor, n.name)
	if n.common == "" && c.o.Role == catalog.Imagery && (b.ColorInterp == "red" || b.ColorInterp == "green" || b.ColorInterp == "blue") {
		n.common = b.ColorInterp
	}
	if len(f.bands) == 1 && len(n.categories) == 0 && n.classes {
		n.categories = f.rat
	}
	return n
}

func unique(bands []*named) {
	used := map[string]bool{}
	for _, b := range bands {
		name := b.name
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", b.name, n)
		}
		b.name, used[name] = name, true
	}
}

// sclClasses are the Sentinel-2 scene classes (ESA S2 PDGS Level-2A product
// definition, table 3), with the colours usual for them.
var sclClasses = []struct{ name, colour string }{
	{"no data", "#000000"},
	{"saturated or defective", "#ff0000"},
	{"dark area", "#2f2f2f"},
	{"cloud shadow", "#643200"},
	{"vegetation", "#00a000"},
	{"not vegetated", "#ffe65a"},
	{"water", "#0000ff"},
	{"unclassified", "#808080"},
	{"cloud, medium probability", "#c0c0c0"},
	{"cloud, high probability", "#ffffff"},
	{"thin cirrus", "#64c8ff"},
	{"snow or ice", "#ff96ff"},
}

const maxClasses = 1024

// presentClasses lists the values that occur, with what names and colours
// are known; nil when the band does not look like classes.
func presentClasses(t *tally, as named) []catalog.Class {
	if t.counts == nil || t.scale != 1 || t.offset != 0 {
		return nil
	}
	var out []catalog.Class
	for i, n := range t.counts {
		v := i + int(t.low)
		if n == 0 {
			continue
		}
		if len(out) == maxClasses {
			return nil
		}
		out = append(out, classOf(v, as))
	}
	return out
}

func classOf(v int, as named) catalog.Class {
	cl := catalog.Class{Value: v}
	if as.scl && v >= 0 && v < len(sclClasses) {
		cl.Name, cl.Color = sclClasses[v].name, sclClasses[v].colour
	}
	if v >= 0 && v < len(as.categories) && as.categories[v] != "" {
		cl.Name = as.categories[v]
	}
	for _, e := range as.colours {
		if e.Value == v {
			cl.Color = fmt.Sprintf("#%02x%02x%02x", e.R, e.G, e.B)
			break
		}
	}
	return cl
}

// cloudiness is the share of cloudy cells (classes 8, 9, 10) among those that
// were seen (not class 0), and of cloud shadow (3), in percent.
func cloudiness(t *tally) (cloud, shadow float64, ok bool) {
	if len(t.counts) < 12 || t.low != 0 {
		return 0, 0, false
	}
	seen := t.valid - t.counts[0]
	if seen <= 0 {
		return 0, 0, false
	}
	p := func(n int64) float64 { return math.Round(1e4*float64(n)/float64(seen)) / 100 }
	return p(t.counts[8] + t.counts[9] + t.counts[10]), p(t.counts[3]), true
}
