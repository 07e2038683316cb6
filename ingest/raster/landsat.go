package raster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Landsat scenes, after the Landsat 8-9 Data Users Handbook (LSDS-1574) and
// the Collection 2 Level 2 product guides (LSDS-1618, LSDS-1619).

const maxMTL = 4 << 20

// mtl is a Landsat metadata file: values by "GROUP.KEY", and by KEY alone the
// first one met.
type mtl map[string]string

// parseMTL reads the "KEY = VALUE" lines of a metadata file; quotes are taken
// off. At most 4 MiB are read.
func parseMTL(r io.Reader) mtl {
	out := mtl{}
	group := ""
	sc := bufio.NewScanner(io.LimitReader(r, maxMTL))
	for sc.Scan() {
		k, v, ok := strings.Cut(sc.Text(), "=")
		if !ok {
			continue
		}
		k, v = strings.TrimSpace(k), strings.Trim(strings.TrimSpace(v), `"`)
		switch k {
		case "GROUP":
			group = v
		case "END_GROUP":
			group = ""
		default:
			out.set(group, k, v)
		}
	}
	return out
}

func (m mtl) set(group, key, value string) {
	for _, k := range []string{group + "." + key, key} {
		if _, seen := m[k]; !seen {
			m[k] = value
		}
	}
}

// parseMTLJSON reads the same metadata written as JSON, groups as objects.
func parseMTLJSON(r io.Reader) (mtl, error) {
	var doc map[string]map[string]map[string]any
	if err := json.NewDecoder(io.LimitReader(r, maxMTL)).Decode(&doc); err != nil {
		return nil, fault.E("raster.Convert", fault.Invalid, err)
	}
	// In the order of the file, level 2 comes before level 1; here the names
	// of the groups must do, so first those of level 2.
	out := mtl{}
	for _, level1 := range []bool{false, true} {
		for _, groups := range doc {
			for group, values := range groups {
				if strings.HasPrefix(group, "LEVEL1_") != level1 {
					continue
				}
				for k, v := range values {
					out.set(group, k, fmt.Sprint(v))
				}
			}
		}
	}
	return out, nil
}

// reMTL is the name of a metadata file.
var reMTL = regexp.MustCompile(`(?i)_MTL\.(txt|json)$`)

// IsMTL reports whether a file, by its name, is Landsat metadata that Convert
// reads.
func IsMTL(path string) bool { return reMTL.MatchString(filepath.Base(path)) }

func openMTL(path string) (mtl, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.E("raster.Convert", fault.Invalid, err)
	}
	defer f.Close()
	if !strings.HasSuffix(strings.ToLower(path), ".json") {
		return parseMTL(f), nil
	}
	m, err := parseMTLJSON(f)
	if err != nil {
		return nil, fault.Errorf("raster.Convert", fault.Invalid, "%s is not the metadata of a Landsat scene: %w", filepath.Base(path), err)
	}
	return m, nil
}

// readMTL gives scenes what the metadata file says whose name begins with
// theirs.
func (c *converter) readMTL(scenes []*scene, paths []string) error {
	// Both forms may be there and say the same: the text is the older.
	paths = slices.SortedFunc(slices.Values(paths), func(a, b string) int { return -strings.Compare(filepath.Ext(a), filepath.Ext(b)) })
	for _, p := range paths {
		m, err := openMTL(p)
		if err != nil {
			return err
		}
		if m["SPACECRAFT_ID"] == "" {
			c.notes.Count(catalog.Warning, "metadata-skipped", "metadata files that do not name the satellite were passed over", filepath.Base(p))
			continue
		}
		prefix := slug(reMTL.ReplaceAllString(filepath.Base(p), ""), "")
		for _, s := range scenes {
			if (s.product == nil || s.product.byName) && (s.id == prefix || (s.files[0].dir == filepath.Dir(p) && strings.HasPrefix(prefix, s.id))) {
				s.describe(landsat(m), c.o.Datetime != nil)
			}
		}
	}
	return nil
}

// landsat turns metadata into a product.
func landsat(m mtl) *Product {
	p := &Product{bands: map[string]calibration{}, cloud: within(m["CLOUD_COVER"], 0, 100), time: m.time()}
	p.sensor = landsatSensor(m["SPACECRAFT_ID"])
	p.scene = catalog.Scene{
		Platform: strings.ToLower(strings.ReplaceAll(m["SPACECRAFT_ID"], "_", "-")), Constellation: "landsat",
		Product: first(m["LANDSAT_PRODUCT_ID"], m["LANDSAT_SCENE_ID"]), Level: first(m["PRODUCT_CONTENTS.PROCESSING_LEVEL"], m["DATA_TYPE"], m["PROCESSING_LEVEL"]),
		Baseline: m["PROCESSING_SOFTWARE_VERSION"], SunAzimuth: azimuth(m["SUN_AZIMUTH"]), SunElevation: within(m["SUN_ELEVATION"], -90, 90),
	}
	for _, s := range strings.Split(strings.ToLower(m["SENSOR_ID"]), "_") {
		if s != "" {
			p.scene.Instruments = append(p.scene.Instruments, s)
		}
	}
	if strings.EqualFold(m["NADIR_OFFNADIR"], "NADIR") {
		p.scene.OffNadir = zero()
	} else if v := within(m["ROLL_ANGLE"], -90, 90); v != nil {
		off := math.Abs(*v)
		p.scene.OffNadir = &off
	}
	m.calibrate(p)
	return p
}

// azimuth reads an angle from north, which USGS counts from −180 to 180, and
// gives it from 0 to 360.
func azimuth(s string) *float64 {
	v := within(s, -360, 360)
	if v != nil && *v < 0 {
		*v += 360
	}
	return v
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func landsatSensor(craft string) string {
	switch craft {
	case "LANDSAT_8", "LANDSAT_9":
		return "oli"
	case "LANDSAT_7":
		return "etm"
	case "LANDSAT_4", "LANDSAT_5":
		return "tm"
	}
	return ""
}

func (m mtl) time() *time.Time {
	day := m["DATE_ACQUIRED"]
	if t := instant(day + "T" + m["SCENE_CENTER_TIME"]); t != nil {
		return t
	}
	if t, err := time.Parse("2006-01-02", day); err == nil && t.Year() > 1960 {
		return &t
	}
	return nil
}

// landsatBands are the parts of the keys that name a band.
var landsatBands = []string{"1", "2", "3", "4", "5", "6", "6_VCID_1", "6_VCID_2", "7", "8", "9", "10", "11"}

// calibrate takes over the scale of each band:
//
//	surface reflectance, temperature   M · cell + A
//	reflectance at the top             (M · cell + A) / sin(sun elevation at the centre)
//	radiance of thermal bands          M · cell + A
func (m mtl) calibrate(p *Product) {
	const l2, st = "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS.", "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS."
	sun := 0.0
	if e := p.scene.SunElevation; e != nil && *e > 0.1 {
		sun = math.Sin(*e * math.Pi / 180)
	}
	var thermal []string
	toa := false
	for _, n := range landsatBands {
		if k, ok := m.linear(l2+"REFLECTANCE_MULT_BAND_"+n, l2+"REFLECTANCE_ADD_BAND_"+n); ok {
			k.quantity = catalog.Reflectance
			p.bands["SR_B"+n] = k
		}
		if k, ok := m.linear(st+"TEMPERATURE_MULT_BAND_ST_B"+n, st+"TEMPERATURE_ADD_BAND_ST_B"+n); ok {
			k.unit = "K"
			p.bands["ST_B"+n] = k
		}
		group := "LEVEL1_RADIOMETRIC_RESCALING." // of collection 2; those before say it without
		if _, ok := m["RADIOMETRIC_RESCALING.RADIANCE_MULT_BAND_1"]; ok {
			group = "RADIOMETRIC_RESCALING."
		}
		if k, ok := m.linear(group+"REFLECTANCE_MULT_BAND_"+n, group+"REFLECTANCE_ADD_BAND_"+n); ok && sun > 0 {
			k.quantity = catalog.Reflectance
			k.scale, k.offset = k.scale/sun, k.offset/sun
			p.bands["B"+n], toa = k, true
			continue
		}
		if k, ok := m.linear(group+"RADIANCE_MULT_BAND_"+n, group+"RADIANCE_ADD_BAND_"+n); ok {
			k.quantity, k.unit = catalog.Radiance, "W m-2 sr-1 um-1"
			p.bands["B"+n] = k
			if k1, k2 := m["K1_CONSTANT_BAND_"+n], m["K2_CONSTANT_BAND_"+n]; k1 != "" && k2 != "" {
				thermal = append(thermal, fmt.Sprintf("B%s: %s / ln(%s / L + 1) kelvin", n, k2, k1))
			}
		}
	}
	m.quality(p)
	p.remark = func(c *converter, s *scene) {
		if toa && s.has("B4") {
			c.notes.Count(catalog.Info, "reflectance-at-top", "values are reflectances at the top of the atmosphere, for the sun at the centre of the scene",
				fmt.Sprintf("%s: sun %.2f degrees above the horizon", s.id, *p.scene.SunElevation))
		}
		for _, t := range thermal {
			if band, _, _ := strings.Cut(t, ":"); s.has(band) {
				c.notes.Count(catalog.Info, "thermal-radiance", "thermal bands hold radiance L; brightness temperature is no linear function of it", s.id+" "+t)
			}
		}
	}
}

// linear reads a factor and a summand; cells of 0 are fill.
func (m mtl) linear(mult, add string) (calibration, bool) {
	a, okA := number(m[mult])
	b, okB := number(m[add])
	return calibration{scale: a, offset: b, nodata: zero()}, okA && okB && math.Abs(a) > 1e-12 && math.Abs(a) < 1e6 && math.Abs(b) < 1e6
}

// quality says which scheme the bits of quality bands follow: those of scenes
// processed before collection 1 (2016) have another meaning.
func (m mtl) quality(p *Product) {
	p.bands["QA_PIXEL"] = calibration{quantity: catalog.BitField, flags: flagsQAPixel}
	bqa := calibration{quantity: catalog.BitField}
	switch id := m["LANDSAT_PRODUCT_ID"]; {
	case m["COLLECTION_NUMBER"] == "01" || reCollection1.MatchString(id):
		bqa.flags = flagsBQA
	case m["SPACECRAFT_ID"] == "LANDSAT_8" && m["COLLECTION_NUMBER"] == "" && id == "": // products have ids since there are collections
		bqa.flags = flagsBQAPre
	}
	p.bands["BQA"] = bqa
}

// The schemes of classes and bits that masks know.
const (
	flagsSCL     = "sentinel2-scl"
	flagsQAPixel = "landsat-qa-pixel"
	flagsBQA     = "landsat-bqa"
	flagsBQAPre  = "landsat-bqa-pre"
)

// reLandsatProduct is the id of a product of a collection, which folders and
// files are named by:
//
//	LC08_L1TP_013032_20180131_20180207_01_T1
var (
	reLandsatProduct = regexp.MustCompile(`^(L[COTEM]0[4-9])_(L\d[A-Z]{2})_(\d{6})_(\d{8})_(\d{8})_(0[12])_(T1|T2|RT|A1|A2)`)
	reLandsatScene   = regexp.MustCompile(`^(L[COTEM]0[4-9])_(L\d[A-Z]{2})_(\d{6})_(\d{8})`)
	reLandsatOld     = regexp.MustCompile(`^L([COTEM])([4-9])\d{6}\d{7}[A-Z]{3}\d{2}`)
	reCollection1    = regexp.MustCompile(`_01_(T1|T2|RT|A1|A2)`)
)

// landsatByName is what the names of files and folder say of a scene without
// metadata; nil when they say nothing.
func landsatByName(base, dir string) *Product {
	name := first(reLandsatProduct.FindString(base), reLandsatProduct.FindString(dir))
	m := reLandsatScene.FindStringSubmatch(base)
	if m == nil {
		m = reLandsatScene.FindStringSubmatch(name)
	}
	said := mtl{"LANDSAT_PRODUCT_ID": name}
	if m == nil {
		o := reLandsatOld.FindStringSubmatch(base)
		if o == nil {
			return nil
		}
		m = []string{o[0], "L" + o[1] + "0" + o[2], "", "", ""}
		said["SPACECRAFT_ID"] = "LANDSAT_" + o[2]
	}
	craft := "LANDSAT_" + m[1][3:]
	p := &Product{bands: map[string]calibration{}, sensor: landsatSensor(craft), byName: true}
	p.scene = catalog.Scene{Platform: "landsat-" + m[1][3:], Constellation: "landsat", Product: first(name, m[0]), Level: m[2]}
	for _, n := range landsatBands {
		for _, band := range []string{"B", "SR_B", "ST_B"} {
			p.bands[band+n] = calibration{nodata: zero()} // cells of 0 are fill in all of them
		}
	}
	said.quality(p)
	p.remark = func(c *converter, s *scene) {
		c.notes.Count(catalog.Warning, "not-calibrated", "scenes without their metadata file (_MTL.txt) keep the stored numbers, which are no reflectances", s.id)
	}
	return p
}
