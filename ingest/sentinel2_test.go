package ingest

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// safeSpec is a Sentinel-2 product to be made up: small, and with the folders,
// names and metadata of a real one.
type safeSpec struct {
	level    string // "L1C" or "L2A"
	baseline string // "05.09"
	offset   string // of all bands; "" = none are said
	mtd      func(string) string
}

const (
	safeTile  = "T32TNS"
	safeStamp = "20230714T101559"
	safeTime  = "2023-07-14T10:25:44.123Z"
	safeSide  = 1200 // metres
)

func (s safeSpec) name() string {
	return "S2B_MSI" + s.level + "_" + safeStamp + "_N" + strings.ReplaceAll(s.baseline, ".", "") + "_R065_" + safeTile + "_20230714T134501"
}

// cell is the number stored at a place in a band: different in each band,
// with a corner without data and a dazzled cell.
func safeCell(band string, side, col, row int) float64 {
	switch {
	case band == "SCL":
		return float64([]int{4, 4, 5, 9}[(col+row)%4])
	case col == 0 && row == 0:
		return 0
	case band == "B04" && col == side-1 && row == side-1:
		return 65535
	}
	return float64(1000 + 37*len(band) + 10*int(band[len(band)-1]) + (col*7+row*3)%500)
}

// make writes the product below a folder and returns its path.
func (s safeSpec) make(t *testing.T, dir string) string {
	t.Helper()
	root := filepath.Join(dir, s.name()+".SAFE")
	granule := filepath.Join(root, "GRANULE", s.level+"_"+safeTile+"_A033201_20230714T102005")
	images := filepath.Join(granule, "IMG_DATA")
	put := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mtd := s.productXML()
	if s.mtd != nil {
		mtd = s.mtd(mtd)
	}
	put(filepath.Join(root, "MTD_MSI"+s.level+".xml"), mtd)
	put(filepath.Join(root, "manifest.safe"), `<?xml version="1.0"?><xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1"/>`)
	put(filepath.Join(root, "INSPIRE.xml"), `<?xml version="1.0"?><gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>`)
	put(filepath.Join(granule, "MTD_TL.xml"), s.tileXML())
	put(filepath.Join(root, "HTML", "UserProduct_index.html"), "<html></html>")
	if s.level == "L1C" {
		for _, b := range []string{"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"} {
			safeImage(t, filepath.Join(images, safeTile+"_"+safeStamp+"_"+b+".jp2"), b, map[string]int{"B01": 60, "B09": 60, "B10": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10}[b])
		}
		return root
	}
	for res, bands := range map[int][]string{
		10: {"B02", "B03", "B04", "B08", "AOT", "WVP", "TCI"},
		20: {"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12", "SCL", "AOT"},
		60: {"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12", "SCL"},
	} {
		for _, b := range bands {
			safeImage(t, filepath.Join(images, fmt.Sprintf("R%dm", res), fmt.Sprintf("%s_%s_%s_%dm.jp2", safeTile, safeStamp, b, res)), b, res)
		}
	}
	safeImage(t, filepath.Join(granule, "QI_DATA", "MSK_CLDPRB_20m.jp2"), "SCL", 20)
	return root
}

// safeImage writes a band as lossless JPEG 2000.
func safeImage(t *testing.T, path, band string, metres int) {
	t.Helper()
	if metres == 0 {
		metres = 20
	}
	dtype := "uint16"
	if band == "SCL" {
		dtype = "uint8"
	}
	n := safeSide / metres
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, float64(metres), 0, 5100000, 0, -float64(metres)}, Width: n, Height: n}
	tmp := filepath.Join(t.TempDir(), "band.tif")
	w, err := gdal.CreateGeoTIFF(tmp, gdal.RasterSpec{Grid: g, DataType: dtype, Bands: []gdal.BandSpec{{}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]float64, n*n)
	for i := range cells {
		cells[i] = safeCell(band, n, i%n, i/n)
	}
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := gdal.Translate(t.Context(), path, tmp, []string{"-of", "JP2OpenJPEG", "-co", "QUALITY=100", "-co", "REVERSIBLE=YES"}); err != nil {
		t.Fatal(err)
	}
}

func (s safeSpec) productXML() string {
	level, quant, list, offset := "Level-2A", "BOA_QUANTIFICATION_VALUE", "BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET"
	if s.level == "L1C" {
		level, quant, list, offset = "Level-1C", "QUANTIFICATION_VALUE", "Radiometric_Offset_List", "RADIO_ADD_OFFSET"
	}
	var offsets strings.Builder
	if s.offset != "" {
		fmt.Fprintf(&offsets, "<%s>", list)
		for i := range 13 {
			fmt.Fprintf(&offsets, `<%s band_id="%d">%s</%s>`, offset, i, s.offset, offset)
		}
		fmt.Fprintf(&offsets, "</%s>", list)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:%[1]s_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_%[1]s.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>2023-07-14T10:15:59.024Z</PRODUCT_START_TIME><PRODUCT_STOP_TIME>2023-07-14T10:15:59.024Z</PRODUCT_STOP_TIME>
<PRODUCT_URI>%[2]s.SAFE</PRODUCT_URI><PROCESSING_LEVEL>%[1]s</PROCESSING_LEVEL><PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
<PROCESSING_BASELINE>%[3]s</PROCESSING_BASELINE><GENERATION_TIME>2023-07-14T13:45:01.000000Z</GENERATION_TIME>
<Datatake datatakeIdentifier="GS2B_20230714T101559_033201_N05.09"><SPACECRAFT_NAME>Sentinel-2B</SPACECRAFT_NAME><DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
<DATATAKE_SENSING_START>2023-07-14T10:15:59.024Z</DATATAKE_SENSING_START><SENSING_ORBIT_NUMBER>65</SENSING_ORBIT_NUMBER>
<SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION></Datatake>
</Product_Info><Product_Image_Characteristics>
<Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
<Special_Values><SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX></Special_Values>
<QUANTIFICATION_VALUES_LIST><%[4]s unit="none">10000</%[4]s><AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>
%[5]s</Product_Image_Characteristics></n1:General_Info>
<n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment></n1:Quality_Indicators_Info>
</n1:%[1]s_User_Product>`, level, s.name(), s.baseline, quant, offsets.String())
}

func (s safeSpec) tileXML() string {
	var views strings.Builder
	for i := range 13 {
		fmt.Fprintf(&views, `<Mean_Viewing_Incidence_Angle bandId="%d"><ZENITH_ANGLE unit="deg">7.5</ZENITH_ANGLE><AZIMUTH_ANGLE unit="deg">%d</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>`, i, 284+i)
	}
	return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-2A_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-2A_Tile_Metadata.xsd"><n1:General_Info>
<TILE_ID metadataLevel="Brief">S2B_OPER_MSI_L2A_TL_2BPS_20230714T134501_A033201_T32TNS_N05.09</TILE_ID><SENSING_TIME metadataLevel="Standard">` + safeTime + `</SENSING_TIME>
</n1:General_Info><n1:Geometric_Info><Tile_Geocoding metadataLevel="Brief"><HORIZONTAL_CS_CODE>EPSG:32632</HORIZONTAL_CS_CODE></Tile_Geocoding>
<Tile_Angles metadataLevel="Standard"><Sun_Angles_Grid><Zenith><VALUES>25 25.1</VALUES></Zenith></Sun_Angles_Grid>
<Mean_Sun_Angle><ZENITH_ANGLE unit="deg">25.5</ZENITH_ANGLE><AZIMUTH_ANGLE unit="deg">143.25</AZIMUTH_ANGLE></Mean_Sun_Angle>
<Mean_Viewing_Incidence_Angle_List>` + views.String() + `</Mean_Viewing_Incidence_Angle_List></Tile_Angles></n1:Geometric_Info>
<n1:Quality_Indicators_Info><Image_Content_QI><CLOUDY_PIXEL_PERCENTAGE>33.25</CLOUDY_PIXEL_PERCENTAGE></Image_Content_QI></n1:Quality_Indicators_Info></n1:Level-2A_Tile_ID>`
}

// one is the only item of a dataset.
func one(t *testing.T, st Stores, d catalog.Dataset) catalog.Item {
	t.Helper()
	items, err := st.Catalog.Items(t.Context(), d.ID)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items: %v", len(items), err)
	}
	return items[0]
}

// values reads band n of an item, all of it.
func values(t *testing.T, st Stores, it *catalog.Item, n int) []float64 {
	t.Helper()
	as, num := it.Locate(n)
	path, err := st.Blobs.Path(as.File)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := make([]float64, as.Grid.Cells())
	if err := r.ReadFloat64(num, as.Grid.Full(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A whole product becomes one item: each band once, at the resolution that it
// was measured at, as reflectance (cell + offset) / quantification.
func TestSentinel2(t *testing.T) {
	t.Parallel()
	cases := []struct {
		safeSpec
		offset float64
		bands  string
	}{
		{safeSpec{level: "L2A", baseline: "05.09", offset: "-1000"}, -1000, "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12 SCL"},
		{safeSpec{level: "L2A", baseline: "02.14"}, 0, "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12 SCL"},
		{safeSpec{level: "L1C", baseline: "04.00", offset: "-1000"}, -1000, "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12"},
	}
	for _, c := range cases {
		t.Run(c.level+c.baseline, func(t *testing.T) {
			t.Parallel()
			st := stores(t, t.TempDir())
			d := mustRun(t, st, Options{Dataset: "s2"}, c.make(t, t.TempDir()))
			it := one(t, st, d)
			var names []string
			for n, b := range it.Bands {
				names = append(names, b.Name)
				as, _ := it.Locate(n + 1)
				metres := map[string]float64{"B01": 60, "B09": 60, "B10": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10}[b.Name]
				if metres == 0 {
					metres = 20
				}
				if as.Grid.Transform[1] != metres || as.Key != b.Name {
					t.Errorf("%s lies in %+v", b.Name, as)
				}
				checkSafeBand(t, b, values(t, st, &it, n+1), as.Grid.Width, c.offset)
			}
			if got := strings.Join(names, " "); got != c.bands {
				t.Errorf("bands %s, want %s", got, c.bands)
			}
			checkSafeItem(t, it, c.safeSpec)
			wantClean(t, st)
		})
	}
}

func checkSafeBand(t *testing.T, b catalog.Band, got []float64, side int, offset float64) {
	t.Helper()
	for i, v := range got {
		raw := safeCell(b.Name, side, i%side, i/side)
		want := (raw + offset) / 10000
		if b.Name == "SCL" {
			want = raw
		}
		if raw == 0 && !math.IsNaN(v) || raw != 0 && !(math.Abs(v-want) < 1e-12) {
			t.Fatalf("%s: cell %d is %g, want %g of %g", b.Name, i, v, want, raw)
		}
	}
	if b.Name == "SCL" {
		if b.Flags != "sentinel2-scl" || b.Quantity != catalog.Classes || len(b.Classes) != 3 || b.Classes[2].Name != "cloud, high probability" {
			t.Errorf("%+v", b)
		}
		return
	}
	if b.Quantity != catalog.Reflectance || b.Nodata == nil || *b.Nodata != 0 || b.CommonName == "" || b.Wavelength < 0.4 || b.Width <= 0 {
		t.Errorf("%+v", b)
	}
}

func checkSafeItem(t *testing.T, it catalog.Item, s safeSpec) {
	t.Helper()
	sc := it.Scene
	if sc == nil {
		t.Fatal("nothing is said of the scene")
	}
	if it.ID != s.name() || it.Datetime == nil || it.Datetime.Format(time.RFC3339Nano) != safeTime || it.CloudCover == nil || *it.CloudCover != 33.25 {
		t.Errorf("%s %v %v", it.ID, it.Datetime, it.CloudCover)
	}
	if sc.Platform != "sentinel-2b" || sc.Constellation != "sentinel-2" || sc.Level != s.level || sc.Baseline != s.baseline || sc.OrbitState != "descending" ||
		sc.RelativeOrbit == nil || *sc.RelativeOrbit != 65 || *sc.SunElevation != 64.5 || *sc.SunAzimuth != 143.25 || !strings.Contains(sc.Product, safeTile) {
		t.Errorf("%+v", sc)
	}
	// sin(off nadir) = sin(7.5°) · 6371 / 7157
	if off := math.Asin(math.Sin(7.5*math.Pi/180)*6371/7157) * 180 / math.Pi; math.Abs(*sc.OffNadir-off) > 1e-9 || math.Abs(*sc.ViewAzimuth-290) > 1e-9 {
		t.Errorf("view %g off nadir (want %g), azimuth %g", *sc.OffNadir, off, *sc.ViewAzimuth)
	}
}

// Zipped, among other scenes, or by its metadata file, a product is the same.
func TestSentinel2Ways(t *testing.T) {
	t.Parallel()
	spec := safeSpec{level: "L1C", baseline: "04.00", offset: "-1000"}
	dir := t.TempDir()
	root := spec.make(t, dir)
	later := safeSpec{level: "L1C", baseline: "05.10", offset: "-1000"}
	later.make(t, dir)
	packed := filepath.Join(t.TempDir(), spec.name()+".zip")
	zipFolder(t, packed, dir, root)
	st := stores(t, t.TempDir())
	for id, path := range map[string]string{"zip": packed, "mtd": filepath.Join(root, "MTD_MSIL1C.xml")} {
		d := mustRun(t, st, Options{Dataset: id}, path)
		it := one(t, st, d)
		checkSafeItem(t, it, spec)
		if !hasNotice(d, "saturated-cells") {
			t.Errorf("%s: no word of the dazzled cell", id)
		}
	}
	d := mustRun(t, st, Options{Dataset: "both"}, dir)
	items, err := st.Catalog.Items(t.Context(), d.ID)
	if err != nil || len(items) != 2 || items[0].ID != spec.name() || items[1].ID != later.name() {
		t.Errorf("%d items: %v", len(items), err)
	}
}

func zipFolder(t *testing.T, to, base, root string) {
	t.Helper()
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(base, p)
		if err != nil {
			return err
		}
		w, err := z.Create(filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// What is wrong with a product is said, and nothing is left behind.
func TestSentinel2Refused(t *testing.T) {
	t.Parallel()
	edit := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	for name, c := range map[string]struct {
		spec   safeSpec
		kind   fault.Kind
		phrase string
	}{
		"no offsets":    {safeSpec{baseline: "05.09"}, fault.Invalid, "does not say the radiometric offset of band"},
		"bad offset":    {safeSpec{baseline: "05.09", offset: "-1e999"}, fault.Invalid, "a radiometric offset is not usable"},
		"no scale":      {safeSpec{baseline: "05.09", offset: "-1000", mtd: edit(`unit="none">10000<`, `unit="none">0<`)}, fault.Invalid, "quantification value"},
		"cut short":     {safeSpec{baseline: "05.09", offset: "-1000", mtd: func(s string) string { return s[:900] }}, fault.Invalid, "MTD_MSIL1C.xml cannot be read"},
		"document type": {safeSpec{baseline: "05.09", offset: "-1000", mtd: edit("<n1:Level-1C_User", `<!DOCTYPE x [<!ENTITY a "aaaa">]><n1:Level-1C_User`)}, fault.Invalid, "document type"},
		"entity":        {safeSpec{baseline: "05.09", offset: "-1000", mtd: edit("INS-NOBS", "&lol;")}, fault.Invalid, "entity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := stores(t, t.TempDir())
			c.spec.level = "L1C"
			_, err := Run(t.Context(), st, []string{c.spec.make(t, t.TempDir())}, Options{Dataset: "s2"}, nil)
			wantFault(t, err, c.kind, c.phrase)
			wantClean(t, st)
		})
	}
	old := filepath.Join(t.TempDir(), "S2A_OPER_PRD_MSIL1C_PDMC_20151206T123456.SAFE", "S2A_OPER_MTD_SAFL1C_PDMC_20151206T123456_R022.xml")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, []byte("<x/>"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), stores(t, t.TempDir()), []string{filepath.Dir(old)}, Options{Dataset: "s2"}, nil)
	wantFault(t, err, fault.Unsupported, "before December 2016")
}
