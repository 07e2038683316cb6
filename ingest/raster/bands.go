package raster

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// named is what is known of a band beyond its cells.
type named struct {
	name, unit string
	optics
	quantity   catalog.Quantity
	flags      string
	saturated  *float64
	legend     *legend
	classes    bool // not bit fields
	bits       bool
	categories []string
	colours    []gdal.ColorEntry
	scl        bool
}

var reSentinel2 = regexp.MustCompile(`(?i)^(S2[A-D]?[_M]|L2A_T|L1C_T|T\d{2}[A-Z]{3}_\d{8}T)`)

// sensor of a scene, by its product or its bands.
func (s *scene) sensor() string {
	if s.product != nil {
		return s.product.sensor
	}
	for _, f := range s.files {
		if f.token == "SCL" || f.token == "B8A" {
			return "msi"
		}
	}
	return ""
}

// optics is what a band sees: its common name in the electro-optical
// extension of STAC, the centre and the width in micrometres.
type optics struct {
	common       string
	centre, fwhm float64
}

// sensors are the optics by sensor and band number: those of Sentinel-2 as
// ESA's STAC catalogues give them, those of Landsat from the band ranges of the USGS.
var sensors = map[string]map[string]optics{
	"msi": {
		"1": {"coastal", 0.443, 0.027}, "2": {"blue", 0.490, 0.098}, "3": {"green", 0.560, 0.045}, "4": {"red", 0.665, 0.038},
		"5": {"rededge", 0.704, 0.019}, "6": {"rededge", 0.740, 0.018}, "7": {"rededge", 0.783, 0.028}, "8": {"nir", 0.842, 0.145},
		"8A": {"nir08", 0.865, 0.033}, "9": {"nir09", 0.945, 0.026}, "10": {"cirrus", 1.3735, 0.075}, "11": {"swir16", 1.610, 0.143},
		"12": {"swir22", 2.190, 0.242},
	},
	"oli": {
		"1": {"coastal", 0.44, 0.02}, "2": {"blue", 0.48, 0.06}, "3": {"green", 0.56, 0.06}, "4": {"red", 0.655, 0.03},
		"5": {"nir08", 0.865, 0.03}, "6": {"swir16", 1.61, 0.08}, "7": {"swir22", 2.20, 0.18}, "8": {"pan", 0.59, 0.18},
		"9": {"cirrus", 1.37, 0.02}, "10": {"lwir11", 10.895, 0.59}, "11": {"lwir12", 12.005, 1.01},
	},
	"etm": {
		"1": {"blue", 0.485, 0.07}, "2": {"green", 0.56, 0.08}, "3": {"red", 0.66, 0.06}, "4": {"nir", 0.835, 0.13},
		"5": {"swir16", 1.65, 0.2}, "6": {"lwir", 11.45, 2.1}, "7": {"swir22", 2.22, 0.26}, "8": {"pan", 0.71, 0.38},
	},
	"tm": {
		"1": {"blue", 0.485, 0.07}, "2": {"green", 0.56, 0.08}, "3": {"red", 0.66, 0.06}, "4": {"nir", 0.83, 0.14},
		"5": {"swir16", 1.65, 0.2}, "6": {"lwir", 11.45, 2.1}, "7": {"swir22", 2.215, 0.27},
	},
}

var reBandNumber = regexp.MustCompile(`(?i)^(?:SR_|ST_)?B0?(\d{1,2}A?)(?:_VCID_\d)?$`)

// opticsOf is what is known of a band by its sensor and name.
func opticsOf(sensor, band string) optics {
	if m := reBandNumber.FindStringSubmatch(band); m != nil && sensor != "" {
		return sensors[sensor][strings.ToUpper(m[1])]
	}
	switch l := strings.ToLower(band); l {
	case "red", "green", "blue", "nir", "swir16", "swir22", "rededge", "coastal", "pan", "cirrus":
		return optics{common: l}
	}
	return optics{}
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
	if f.token == "BOA" || f.token == "TOA" {
		n.name = sen2rBand(f, i, n.name)
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
	n.optics = opticsOf(sensor, n.name)
	if n.common == "" && c.o.Role == catalog.Imagery && (b.ColorInterp == "red" || b.ColorInterp == "green" || b.ColorInterp == "blue") {
		n.common = b.ColorInterp
	}
	f.product.nameDescribed(f.token, i, &n)
	if len(f.bands) == 1 && len(n.categories) == 0 && n.classes {
		n.categories = f.rat
	}
	if len(f.bands) == 1 && len(n.colours) == 0 && n.classes {
		n.colours = f.ratColours
	}
	if c.o.Role == catalog.LandCover && len(n.categories) == 0 && len(n.colours) == 0 {
		n.legend = legendOf(f.base)
	}
	c.meaning(f, &n)
	return n
}

// meaning says what the values of a band measure: by the product's metadata,
// else by the role of the dataset.
func (c *converter) meaning(f *file, n *named) {
	if n.scl {
		n.flags = flagsSCL
	} else if f.token == "QA_PIXEL" {
		n.flags = flagsQAPixel
	}
	switch {
	case n.name == "alpha":
		return
	case f.cal != nil && (f.cal.quantity != "" || f.cal.flags != ""):
		n.quantity, n.saturated = f.cal.quantity, f.cal.saturated
		n.flags = first(f.cal.flags, n.flags)
		return
	case c.o.Role == catalog.Imagery && isPolarization(f.token):
		n.quantity = c.radarQuantity(f, n)
	case n.bits:
		n.quantity = catalog.BitField
	case n.classes:
		n.quantity = catalog.Classes
	case c.o.Role == catalog.Elevation:
		n.quantity = c.height(f, n.unit)
	case c.conserves(f):
		n.quantity = catalog.Amount
	}
}

// height is the quantity of elevations in metres; those in feet are none.
func (c *converter) height(f *file, unit string) catalog.Quantity {
	u := strings.ToLower(unit)
	if strings.Contains(u, "feet") || strings.Contains(u, "foot") || u == "ft" {
		c.notes.Count(catalog.Warning, "height-in-feet", "heights that are no metres keep their unit: slopes and walking times need metres", f.name+": "+unit)
		return ""
	}
	return catalog.Height
}

// sen2rBand names band i of a product of sen2r, which has the bands B1 to B12
// in order, without B8A (or with it in place of B8, above 10 m), and without
// B10 in reflectances at the ground.
func sen2rBand(f *file, i int, name string) string {
	order := []string{"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12"}
	if f.token == "BOA" {
		order = slices.Delete(order, 9, 10)
	}
	if len(f.bands) != len(order) {
		return name
	}
	if order[i] == "B08" && !strings.HasSuffix(f.base, "_10") {
		return "B8A"
	}
	return order[i]
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
