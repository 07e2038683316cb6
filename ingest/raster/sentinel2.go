package raster

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Sentinel-2 products of levels 1C and 2A, after the Sentinel-2 Products
// Specification Document (S2-PDGS-TAS-DI-PSD), versions 14 and 15.

// msiBands are the bands by the number that the metadata give them.
var msiBands = []string{"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"}

// msiMetres is the resolution at which a band was taken.
var msiMetres = map[string]int{
	"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10, "B8A": 20,
	"B09": 60, "B10": 60, "B11": 20, "B12": 20, "SCL": 20,
}

// sentinel2 is what is read of the metadata of a product and of its tile.
type sentinel2 struct {
	uri, level, baseline, craft string
	start, sensing              string
	orbit, direction            string
	cloud, tileCloud            string
	quantification              string
	offsets                     map[string]float64 // by band
	badOffset                   string
	special                     map[string]string // value by its text: NODATA, SATURATED
	sunZenith, sunAzimuth       string
	zeniths, azimuths           []float64 // of the view, by band

	lastSpecial string
}

// product reads an element of MTD_MSIL1C.xml or MTD_MSIL2A.xml.
func (m *sentinel2) product(e *element) error {
	switch e.name() {
	case "PRODUCT_URI", "PRODUCT_URI_2A": // the latter before baseline 2.07
		m.uri = e.text
	case "PROCESSING_LEVEL":
		m.level = e.text
	case "PROCESSING_BASELINE":
		m.baseline = e.text
	case "SPACECRAFT_NAME":
		m.craft = e.text
	case "PRODUCT_START_TIME":
		m.start = e.text
	case "SENSING_ORBIT_NUMBER":
		m.orbit = e.text
	case "SENSING_ORBIT_DIRECTION":
		m.direction = e.text
	case "Cloud_Coverage_Assessment":
		m.cloud = e.text
	case "QUANTIFICATION_VALUE", "BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE":
		m.quantification = e.text
	case "RADIO_ADD_OFFSET", "BOA_ADD_OFFSET":
		m.offset(e.attr("band_id"), e.text)
	case "SPECIAL_VALUE_TEXT":
		m.lastSpecial = e.text
	case "SPECIAL_VALUE_INDEX":
		if len(m.special) < 16 {
			m.special[m.lastSpecial] = e.text
		}
	}
	return nil
}

func (m *sentinel2) offset(band, text string) {
	i, err := strconv.Atoi(band)
	v, ok := number(text)
	if err != nil || i < 0 || i >= len(msiBands) || !ok {
		m.badOffset = fmt.Sprintf("band_id %.20q, value %.20q", band, text)
		return
	}
	m.offsets[msiBands[i]] = v
}

// tile reads an element of MTD_TL.xml.
func (m *sentinel2) tile(e *element) error {
	switch p := e.parent(); e.name() {
	case "SENSING_TIME":
		m.sensing = e.text
	case "CLOUDY_PIXEL_PERCENTAGE":
		m.tileCloud = e.text
	case "ZENITH_ANGLE", "AZIMUTH_ANGLE":
		zenith := e.name() == "ZENITH_ANGLE"
		v, ok := number(e.text)
		switch {
		case p == "Mean_Sun_Angle" && zenith:
			m.sunZenith = e.text
		case p == "Mean_Sun_Angle":
			m.sunAzimuth = e.text
		case p != "Mean_Viewing_Incidence_Angle" || !ok || len(m.zeniths)+len(m.azimuths) > 4*len(msiBands):
		case zenith:
			m.zeniths = append(m.zeniths, v)
		default:
			m.azimuths = append(m.azimuths, v)
		}
	}
	return nil
}

func newSentinel2() *sentinel2 {
	return &sentinel2{offsets: map[string]float64{}, special: map[string]string{}}
}

// openSentinel2 opens the product that a MTD_MSIL1C.xml or MTD_MSIL2A.xml
// leads.
func openSentinel2(path string, files []string) (*Product, error) {
	dir := filepath.Dir(path)
	m := newSentinel2()
	if err := walkXMLFile(path, m.product); err != nil {
		return nil, err
	}
	var granules []string
	for _, f := range files {
		if filepath.Base(f) == "MTD_TL.xml" {
			granules = append(granules, f)
		}
	}
	if len(granules) > 1 {
		return nil, fault.WithHint(fault.Errorf("raster.OpenProduct", fault.Unsupported, "%s holds %d granules", filepath.Base(dir), len(granules)), "give products of one granule each")
	}
	for _, g := range granules {
		if err := walkXMLFile(g, m.tile); err != nil {
			return nil, err
		}
	}
	p, err := m.describe(dir)
	if err != nil {
		return nil, fault.Errorf("raster.OpenProduct", fault.KindOf(err), "%s: %w", filepath.Base(path), err)
	}
	if err := p.chooseBands(files); err != nil {
		return nil, err
	}
	return p, m.checkOffsets(p)
}

// describe turns the metadata into a product without files.
func (m *sentinel2) describe(dir string) (*Product, error) {
	const op = "raster.OpenProduct"
	q := within(m.quantification, 1, 1e9)
	if q == nil {
		return nil, fault.Errorf(op, fault.Invalid, "the quantification value %.40q is not usable", m.quantification)
	}
	if m.badOffset != "" {
		return nil, fault.Errorf(op, fault.Invalid, "a radiometric offset is not usable: %s", m.badOffset)
	}
	p := &Product{ID: productID(m.uri, dir), dir: dir, sensor: "msi", bands: map[string]calibration{}}
	p.time = instant(m.sensing)
	if p.time == nil {
		p.time = instant(m.start)
	}
	if p.cloud = within(m.tileCloud, 0, 100); p.cloud == nil {
		p.cloud = within(m.cloud, 0, 100)
	}
	p.scene = catalog.Scene{
		Platform: strings.ToLower(m.craft), Constellation: "sentinel-2", Instruments: []string{"msi"}, Product: p.ID,
		Level: strings.Replace(m.level, "Level-", "L", 1), Baseline: m.baseline, OrbitState: strings.ToLower(m.direction),
		SunAzimuth: within(m.sunAzimuth, 0, 360),
	}
	if z := within(m.sunZenith, 0, 180); z != nil {
		up := 90 - *z
		p.scene.SunElevation = &up
	}
	if n, err := strconv.Atoi(m.orbit); err == nil && n >= 1 && n <= 143 {
		p.scene.RelativeOrbit = &n
	}
	p.scene.OffNadir, p.scene.ViewAzimuth = m.view()
	nodata := within(m.special["NODATA"], 0, math.MaxUint16)
	if nodata == nil {
		nodata = zero()
	}
	for _, b := range msiBands {
		p.bands[b] = calibration{
			quantity: catalog.Reflectance, scale: 1 / *q, offset: m.offsets[b] / *q, nodata: nodata,
			saturated: within(m.special["SATURATED"], 0, math.MaxUint16),
		}
	}
	p.bands["SCL"] = calibration{quantity: catalog.Classes, flags: flagsSCL, nodata: zero()}
	return p, nil
}

// Heights for the angle at the satellite: sin(off nadir) = sin(incidence) ·
// R / (R + h), on a sphere.
const (
	earthRadius     = 6371.0 // km
	sentinel2Height = 786.0  // km
)

// view is the angle off nadir and the azimuth from the scene to the
// satellite, means over the bands.
func (m *sentinel2) view() (offNadir, azimuth *float64) {
	mean := func(v []float64, f func(float64) float64) float64 {
		s := 0.0
		for _, x := range v {
			s += f(x * math.Pi / 180)
		}
		return s / float64(len(v))
	}
	if len(m.zeniths) > 0 {
		off := math.Asin(mean(m.zeniths, math.Sin)*earthRadius/(earthRadius+sentinel2Height)) * 180 / math.Pi
		offNadir = &off
	}
	if len(m.azimuths) > 0 {
		az := math.Mod(math.Atan2(mean(m.azimuths, math.Sin), mean(m.azimuths, math.Cos))*180/math.Pi+360, 360)
		azimuth = &az
	}
	return offNadir, azimuth
}

// checkOffsets refuses a product that should have offsets and does not say
// them: its reflectances would be wrong by a tenth.
func (m *sentinel2) checkOffsets(p *Product) error {
	v, ok := number(m.baseline)
	if !ok || v < 4 {
		return nil
	}
	for _, s := range p.Sources {
		if _, ok := m.offsets[s.Band]; !ok && slices.Contains(msiBands, s.Band) {
			return fault.WithHint(fault.Errorf("raster.OpenProduct", fault.Invalid, "%s is of processing baseline %s and does not say the radiometric offset of band %s", p.ID, m.baseline, s.Band),
				"fetch the product again, whole")
		}
	}
	return nil
}

// reMSIFile is the name of an image: T32TNS_20230714T101559_B02_10m.jp2.
var reMSIFile = regexp.MustCompile(`(?i)_(B\d\d|B8A|SCL|AOT|WVP|TCI)(?:_(10|20|60)m)?\.(jp2|tif|tiff)$`)

// chooseBands picks each band once, at the resolution it was taken at.
func (p *Product) chooseBands(files []string) error {
	at := map[string]int{} // index in Sources
	metres := map[string]int{}
	for _, f := range files {
		m := reMSIFile.FindStringSubmatch(filepath.Base(f))
		if m == nil || strings.Contains(strings.TrimPrefix(f, p.dir), "QI_DATA") { // its masks are of other names and kinds
			continue
		}
		band := strings.ToUpper(m[1])
		res, _ := strconv.Atoi(m[2]) // "" is 0: level 1C has each band once
		if res == 0 {
			res = msiMetres[band]
		}
		src := Source{Path: f, Drivers: []string{"JP2OpenJPEG", "GTiff"}, Product: p, Band: band}
		i, seen := at[band]
		switch {
		case !seen:
			at[band], metres[band] = len(p.Sources), res
			p.Sources = append(p.Sources, src)
		case betterResolution(res, metres[band], msiMetres[band]):
			metres[band], p.Sources[i] = res, src
		}
	}
	for _, b := range msiBands {
		if _, ok := at[b]; ok {
			return nil
		}
	}
	return fault.WithHint(fault.Errorf("raster.OpenProduct", fault.Invalid, "%s holds no image of a band", p.ID), "give the whole product folder, with GRANULE in it")
}

// betterResolution reports whether a copy of a band at a metres is to be
// preferred to one at b, when it was taken at native metres: that one itself,
// else the finest. Zeros are not known.
func betterResolution(a, b, native int) bool {
	if (a == native) != (b == native) {
		return a == native
	}
	return a < b
}

var (
	reMSIProduct = regexp.MustCompile(`(?i)^(S2[A-D])_(?:MSI(L1C|L2A)_|\d{2}[A-Z]{3}_\d{8}_\d+_(L1C|L2A))`)
	reSen2r      = regexp.MustCompile(`^(S2[A-D])(1C|2A)_\d{8}_(\d{3})_`)
)

// sentinel2ByName is what the names of a file and its folder say of a scene
// without metadata; nil when they say nothing.
func sentinel2ByName(f *file) *Product {
	folder := strings.TrimSuffix(filepath.Base(f.dir), ".SAFE")
	p := &Product{sensor: "msi", byName: true, bands: map[string]calibration{"SCL": {quantity: catalog.Classes, flags: flagsSCL}}}
	p.scene = catalog.Scene{Constellation: "sentinel-2", Instruments: []string{"msi"}}
	if m := reSen2r.FindStringSubmatch(f.base); m != nil {
		p.scene.Platform, p.scene.Level = "sentinel-"+strings.ToLower(m[1][1:]), "L"+m[2]
		if n, err := strconv.Atoi(m[3]); err == nil && n >= 1 && n <= 143 {
			p.scene.RelativeOrbit = &n
		}
		// sen2r writes reflectances times 10000.
		p.bands["BOA"] = calibration{quantity: catalog.Reflectance, scale: 1e-4}
		p.bands["TOA"] = p.bands["BOA"]
		return p
	}
	for _, name := range []string{f.base, folder} {
		if m := reMSIProduct.FindStringSubmatch(name); m != nil {
			p.scene.Platform, p.scene.Level = "sentinel-"+strings.ToLower(m[1][1:]), strings.ToUpper(m[2]+m[3])
			p.scene.Product = m[0]
			if name == folder {
				p.scene.Product = folder
			}
			p.remark = uncalibrated
			return p
		}
	}
	if reSentinel2.MatchString(f.base) {
		p.remark = uncalibrated
		return p
	}
	return nil
}

// uncalibrated says that the scale is not known: since processing baseline
// 04.00 an offset belongs to it, which some distributors have applied already.
func uncalibrated(c *converter, s *scene) {
	if s.has("B04") || s.has("B03") || s.has("B08") || s.has("B8A") {
		c.notes.Count(catalog.Warning, "not-calibrated", "scenes without their product metadata (MTD_MSIL2A.xml, MTD_MSIL1C.xml) keep the stored numbers, which are no reflectances", s.id)
	}
}
