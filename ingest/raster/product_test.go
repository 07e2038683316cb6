package raster

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

const smallProduct = `<a:P xmlns:a="u"><PRODUCT_URI>S2B_MSIL2A_20230714T101559_N0509_R065_T32TNS_20230714T134501.SAFE</PRODUCT_URI>
<PROCESSING_BASELINE>05.09</PROCESSING_BASELINE><BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>
<BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></a:P>`

const smallTile = `<a:T xmlns:a="u"><SENSING_TIME>2023-07-14T10:25:44.123Z</SENSING_TIME><Mean_Sun_Angle><ZENITH_ANGLE>25</ZENITH_ANGLE>
<AZIMUTH_ANGLE>140</AZIMUTH_ANGLE></Mean_Sun_Angle><Mean_Viewing_Incidence_Angle bandId="0"><ZENITH_ANGLE>7</ZENITH_ANGLE></Mean_Viewing_Incidence_Angle></a:T>`

// Whatever the metadata say, reading them ends, and what comes out can be.
func FuzzSAFE(f *testing.F) {
	f.Add([]byte(smallProduct), []byte(smallTile))
	f.Add([]byte(strings.Repeat("<a>", 100)), []byte("<!DOCTYPE x><x/>"))
	f.Add([]byte("<x>&a;</x>"), []byte("<x a='1' a='2'>\x00</x>"))
	f.Fuzz(func(t *testing.T, product, tile []byte) {
		m := newSentinel2()
		if walkXML(bytes.NewReader(product), m.product) != nil || walkXML(bytes.NewReader(tile), m.tile) != nil {
			return
		}
		p, err := m.describe("/x/y.SAFE")
		if err != nil {
			return
		}
		checkProduct(t, p)
		if p.ID == "" || len(p.ID) > 100 {
			t.Errorf("id %q", p.ID)
		}
	})
}

// The bounds of the XML reader hold.
func TestWalkXMLBounds(t *testing.T) {
	t.Parallel()
	none := func(*element) error { return nil }
	for doc, phrase := range map[string]string{
		strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1): "nested more than",
		"<!DOCTYPE lolz [<!ENTITY lol 'lol'>]><a>&lol;</a>":                          "document type",
		"<a>&lol;</a>": "entity",
		"<a><b></a>":   "closed by",
		"<a>":          "EOF",
		"<a>" + strings.Repeat(" ", maxXMLBytes) + "</a>": "longer than",
	} {
		if err := walkXML(strings.NewReader(doc), none); err == nil || !strings.Contains(err.Error(), phrase) {
			t.Errorf("%.30s…: %v, want %q", doc, err, phrase)
		}
	}
	if err := walkXML(strings.NewReader(strings.Repeat("<a>", maxXMLDepth)+strings.Repeat("</a>", maxXMLDepth)), none); err != nil {
		t.Error(err)
	}
}

const collection2 = `GROUP = LANDSAT_METADATA_FILE
  GROUP = PRODUCT_CONTENTS
    LANDSAT_PRODUCT_ID = "LC08_L2SP_193028_20230101_20230110_02_T1"
    PROCESSING_LEVEL = "L2SP"
    COLLECTION_NUMBER = 02
  END_GROUP = PRODUCT_CONTENTS
  GROUP = IMAGE_ATTRIBUTES
    SPACECRAFT_ID = "LANDSAT_8"
    SENSOR_ID = "OLI_TIRS"
    WRS_PATH = 193
    WRS_ROW = 28
    NADIR_OFFNADIR = "NADIR"
    ROLL_ANGLE = -0.001
    DATE_ACQUIRED = 2023-01-01
    SCENE_CENTER_TIME = "10:04:18.0961230Z"
    CLOUD_COVER = 4.19
    SUN_AZIMUTH = -161.5
    SUN_ELEVATION = 19.5
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_4 = 2.75e-05
    REFLECTANCE_ADD_BAND_4 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
    TEMPERATURE_MULT_BAND_ST_B10 = 0.00341802
    TEMPERATURE_ADD_BAND_ST_B10 = 149.0
  END_GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
  GROUP = LEVEL1_PROCESSING_RECORD
    PROCESSING_LEVEL = "L1TP"
  END_GROUP = LEVEL1_PROCESSING_RECORD
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    RADIANCE_MULT_BAND_4 = 9.8E-03
    RADIANCE_ADD_BAND_4 = -49.0
    RADIANCE_MULT_BAND_10 = 3.8E-04
    RADIANCE_ADD_BAND_10 = 0.1
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
END_GROUP = LANDSAT_METADATA_FILE
END`

const collection2JSON = `{"LANDSAT_METADATA_FILE": {"PRODUCT_CONTENTS": {"LANDSAT_PRODUCT_ID": "LC08_L2SP_193028_20230101_20230110_02_T1",
"PROCESSING_LEVEL": "L2SP", "COLLECTION_NUMBER": "02"}, "IMAGE_ATTRIBUTES": {"SPACECRAFT_ID": "LANDSAT_8", "SENSOR_ID": "OLI_TIRS", "NADIR_OFFNADIR": "NADIR",
"ROLL_ANGLE": "-0.001", "DATE_ACQUIRED": "2023-01-01", "SCENE_CENTER_TIME": "10:04:18.0961230Z", "CLOUD_COVER": "4.19", "SUN_AZIMUTH": "-161.5", "SUN_ELEVATION": "19.5"},
"LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {"REFLECTANCE_MULT_BAND_4": "2.75e-05", "REFLECTANCE_ADD_BAND_4": "-0.2"},
"LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {"TEMPERATURE_MULT_BAND_ST_B10": "0.00341802", "TEMPERATURE_ADD_BAND_ST_B10": "149.0"},
"LEVEL1_PROCESSING_RECORD": {"PROCESSING_LEVEL": "L1TP"},
"LEVEL1_RADIOMETRIC_RESCALING": {"RADIANCE_MULT_BAND_4": "9.8E-03", "RADIANCE_ADD_BAND_4": "-49.0", "RADIANCE_MULT_BAND_10": "3.8E-04", "RADIANCE_ADD_BAND_10": "0.1",
"REFLECTANCE_MULT_BAND_4": "2.0000E-05", "REFLECTANCE_ADD_BAND_4": "-0.100000"}}}`

// Metadata of collection 2 name a key in several groups, those of the level
// that the file is of and those of the level before.
func TestLandsatCollection2(t *testing.T) {
	t.Parallel()
	asJSON, err := parseMTLJSON(strings.NewReader(collection2JSON))
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]mtl{"text": parseMTL(strings.NewReader(collection2)), "JSON": asJSON} {
		p := landsat(m)
		sin := math.Sin(19.5 * math.Pi / 180)
		for token, want := range map[string][2]float64{
			"SR_B4": {2.75e-5, -0.2}, "ST_B10": {0.00341802, 149}, "B4": {2e-5 / sin, -0.1 / sin}, "B10": {3.8e-4, 0.1},
		} {
			k := p.bands[token]
			if math.Abs(k.scale-want[0]) > 1e-15 || math.Abs(k.offset-want[1]) > 1e-12 {
				t.Errorf("%s: %s has %g, %g, want %g", name, token, k.scale, k.offset, want)
			}
		}
		sc := p.scene
		if sc.Platform != "landsat-8" || sc.Level != "L2SP" || *sc.SunAzimuth != 198.5 || *sc.OffNadir != 0 || *p.cloud != 4.19 || p.sensor != "oli" || len(sc.Instruments) != 2 {
			t.Errorf("%s: %+v", name, sc)
		}
		if p.bands["QA_PIXEL"].flags != "landsat-qa-pixel" || p.bands["BQA"].flags != "" {
			t.Errorf("%s: %+v", name, p.bands)
		}
		if p.time == nil || p.time.Format("15:04:05.000") != "10:04:18.096" {
			t.Errorf("%s: %v", name, p.time)
		}
	}
}
