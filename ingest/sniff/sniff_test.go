package sniff

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
)

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	t.Parallel()
	gpkg := append([]byte("SQLite format 3\x00"), make([]byte, 84)...)
	plain := bytes.Clone(gpkg)
	copy(gpkg[68:], "GPKG")
	cases := []struct {
		name, content string
		format        string // or
		kind          fault.Kind
		phrase        string
	}{
		{"a.tif", "II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00", "GeoTIFF", 0, ""},
		{"a.dat", "MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00", "GeoTIFF", 0, ""},
		{"a.tif", "<VRTDataset rasterXSize=\"1\"/>", "", fault.Unsupported, "virtual raster"},
		{"a.csv", "<?xml version=\"1.0\"?><!-- x --><OGRVRTDataSource/>", "", fault.Unsupported, "virtual layer"},
		{"a.xml", "<GDAL_WMS><Service/></GDAL_WMS>", "", fault.Unsupported, "web service"},
		{"a.jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000", 0, ""},
		{"a.nc", "CDF\x02rest", "NetCDF", 0, ""},
		{"a.nc", "\x89HDF\r\n\x1a\nrest", "NetCDF", 0, ""},
		{"a.h5", "\x89HDF\r\n\x1a\nrest", "HDF5", 0, ""},
		{"a.hgt", "\x00\x01", "SRTM HGT", 0, ""},
		{"a.asc", "NCOLS 3\nNROWS 2\n", "Esri ASCII grid", 0, ""},
		{"a.x", string(gpkg), "GeoPackage", 0, ""},
		{"a.db", string(plain), "", fault.Unsupported, "no GeoPackage"},
		{"a.mbtiles", string(plain), "MBTiles", 0, ""},
		{"a.pmtiles", "PMTiles\x03", "PMTiles", 0, ""},
		{"a.pmtiles", "PMTiles\x02", "", fault.Unsupported, "old version"},
		{"a.parquet", "PAR1", "Parquet", 0, ""},
		{"a.parquet", "PARE", "", fault.Unsupported, "encrypted"},
		{"a.dxf", "  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "DXF", 0, ""},
		{"a.dxf", "999\nmade by hand\n0\nSECTION\n2\nENTITIES\n", "DXF", 0, ""},
		{"a.dxf", "AutoCAD Binary DXF\r\n\x1a\x00", "", fault.Unsupported, "ASCII"},
		{"a.dxf", "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n2\nA\n0\nINSERT\n2\nA\n0\nENDBLK\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n0\nINSERT\n2\nA\n0\nENDSEC\n", "", fault.Invalid, "hold themselves"},
		{"a.dxf", "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n2\nA\n0\nLINE\n0\nENDBLK\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n0\nINSERT\n2\nA\n70\n9999\n71\n9999\n0\nENDSEC\n", "", fault.TooLarge, "figures"},
		{"a.pbf", "\x00\x00\x00\x0d\x0a\x09OSMHeader", "OpenStreetMap PBF", 0, ""},
		{"a.osm.gz", gz(`<?xml version="1.0"?><osm version="0.6">`), "OpenStreetMap XML", 0, ""},
		{"a.csv.gz", gz("a,b\n1,2\n"), "", fault.Unsupported, "gzip"},
		{"a.osc", `<osmChange version="0.6"/>`, "", fault.Unsupported, "changes"},
		{"a.json", `{"type":"FeatureCollection","features":[]}`, "GeoJSON", 0, ""},
		{"a.json", "\xef\xbb\xbf {\"features\":[],\"type\":\"FeatureCollection\"}", "GeoJSON", 0, ""},
		{"a.json", `{"type":"Feature"}` + "\n" + `{"type":"Feature"}`, "GeoJSON text sequence", 0, ""},
		{"a.json", "\x1e{\"type\":\"Feature\"}", "GeoJSON text sequence", 0, ""},
		{"a.json", `{"type":"Topology","objects":{}}`, "TopoJSON", 0, ""},
		{"a.json", `{"features":[` + strings.Repeat(" ", headLen) + `],"type":"FeatureCollection"}`, "", fault.Invalid, "neither GeoJSON nor TopoJSON"},
		{"a.json", `{"type":"feature"}`, "", fault.Invalid, `"feature"`},
		{"a.json", `{"hello":1}`, "", fault.Invalid, "neither"},
		{"a.kml", `<?xml version="1.0"?><kml:kml xmlns:kml="x"></kml:kml>`, "KML", 0, ""},
		{"a.gpx", `<gpx></gpx>`, "GPX", 0, ""},
		{"a.gml", `<gml:FeatureCollection/>`, "", fault.Unsupported, "GML"},
		{"a.osm", `<osm version="0.6">`, "OpenStreetMap XML", 0, ""},
		{"a.fgb", "fgb\x03fgb\x00", "FlatGeobuf", 0, ""},
		{"a.fgb", "fgb\x02fgb\x00", "", fault.Unsupported, "version 2"},
		{"a.csv", "a,b\n1,2\n", "table of text", 0, ""},
		{"a.csv", "a,b\x00\n", "", fault.Invalid, "binary"},
		{"a.prj", "GEOGCS[]", "sidecar file", 0, ""},
		{"a.bin", "whatever", "", fault.Invalid, "not a format"},
		{"a.tif", "", "", fault.Invalid, "is empty"},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i, c.name), func(t *testing.T) {
			t.Parallel()
			f, err := File(write(t, c.name, []byte(c.content)))
			if c.phrase == "" && (err != nil || f.Name != c.format) {
				t.Errorf("got %q, %v; want %q", f.Name, err, c.format)
			}
			if c.phrase != "" && (!fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.phrase)) {
				t.Errorf("got %q, %v; want %v with %q", f.Name, err, c.kind, c.phrase)
			}
		})
	}
	if _, err := File(filepath.Join(t.TempDir(), "none")); !fault.Is(err, fault.NotExist) {
		t.Error(err)
	}
	if _, err := File(t.TempDir()); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// tiffWith is a TIFF of one directory whose only entry is GDAL's metadata.
func tiffWith(order binary.ByteOrder, xml string) []byte {
	mark := "II"
	if order == binary.BigEndian {
		mark = "MM"
	}
	b := append([]byte(mark), 0, 0, 0, 0, 0, 0)
	order.PutUint16(b[2:], 42)
	order.PutUint32(b[4:], 8)
	dir := make([]byte, 2+12+4)
	order.PutUint16(dir, 1)
	order.PutUint16(dir[2:], tagGDALMetadata)
	order.PutUint16(dir[4:], 2)
	order.PutUint32(dir[6:], uint32(len(xml)))
	order.PutUint32(dir[10:], uint32(8+len(dir)))
	return append(append(b, dir...), xml...)
}

// A raster that makes GDAL open something else is refused, wherever it says
// so and however it spells it.
func TestReferencesAreRefused(t *testing.T) {
	t.Parallel()
	const item = `<GDALMetadata><Item name="OVERVIEW_FILE" domain="OVERVIEWS">/vsicurl/http://x/</Item></GDALMetadata>`
	const hidden = `<GDALMetadata><Item name="OVERVIEW&#95;FILE" domain="OVERVIEWS">x</Item></GDALMetadata>`
	for i, content := range [][]byte{tiffWith(binary.LittleEndian, item), tiffWith(binary.BigEndian, item), tiffWith(binary.LittleEndian, hidden)} {
		if _, err := File(write(t, "a.tif", content)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "OVERVIEW_FILE") {
			t.Errorf("%d: %v", i, err)
		}
	}
	clean := tiffWith(binary.LittleEndian, `<GDALMetadata><Item name="PLACE">x</Item></GDALMetadata>`)
	for name, content := range map[string]string{
		".ovr": `<VRTDataset/>`, ".msk": `<VRTDataset/>`,
		".aux.xml": `<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">y</MDI></Metadata></PAMDataset>`,
	} {
		path := write(t, "a.tif", clean)
		if _, err := File(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := File(path); !fault.Is(err, fault.Invalid) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if _, err := File(write(t, "a.tif", clean[:20])); !fault.Is(err, fault.Invalid) {
		t.Errorf("cut short: %v", err)
	}
}

type entry struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t testing.TB, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "a.zip", b.Bytes())
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// Zip archives that are one document are told from those of files.
func TestZipDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entries []string
		family  Family
		kind    fault.Kind
	}{
		"gtfs":    {[]string{"stops.txt", "routes.txt", "stop_times.txt"}, Timetable, 0},
		"in dir":  {[]string{"feed/stops.txt", "feed/stop_times.txt"}, Timetable, 0},
		"xlsx":    {[]string{"[Content_Types].xml", "xl/workbook.xml"}, Table, 0},
		"docx":    {[]string{"[Content_Types].xml", "word/document.xml"}, Unknown, fault.Unsupported},
		"archive": {[]string{"a.shp", "stops.txt"}, Archive, 0},
	} {
		var entries []entry
		for _, n := range c.entries {
			entries = append(entries, entry{n, "x", 0})
		}
		f, err := File(zipOf(t, entries...))
		if f.Family != c.family || fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

func TestUnzip(t *testing.T) {
	t.Parallel()
	lim := ZipLimits{Bytes: 1 << 20, Entries: 10}
	bomb := strings.Repeat("\x00", 2<<20)
	many := make([]entry, 11)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	cases := map[string]struct {
		entries []entry
		kind    fault.Kind
		phrase  string
	}{
		"good":      {[]entry{{"d/a.txt", "x", 0}, {"__MACOSX/d/._a.txt", "x", 0}}, 0, ""},
		"up":        {[]entry{{"../a", "x", 0}}, fault.Invalid, "leads out"},
		"absolute":  {[]entry{{"/etc/a", "x", 0}}, fault.Invalid, "leads out"},
		"backslash": {[]entry{{`..\a`, "x", 0}}, fault.Invalid, "leads out"},
		"link":      {[]entry{{"a", "/etc/passwd", fs.ModeSymlink}}, fault.Invalid, "link"},
		"twice":     {[]entry{{"a", "x", 0}, {"a", "y", 0}}, fault.Invalid, "twice"},
		"bomb":      {[]entry{{"a", bomb, 0}}, fault.TooLarge, "limit for archives"},
		"many":      {many, fault.TooLarge, "11 files"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files, err := Unzip(t.Context(), zipOf(t, c.entries...), filepath.Join(root, "out"), lim)
			if c.phrase == "" && (err != nil || len(files) != 1) {
				t.Errorf("%v, %v", files, err)
			}
			if c.phrase != "" && (!fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.phrase)) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.phrase)
			}
		})
	}
}

// An archive that lies about its sizes is stopped at the limit all the same.
func TestUnzipCountsForItself(t *testing.T) {
	t.Parallel()
	path := zipOf(t, entry{"a", strings.Repeat("\x00", 4<<20), 0})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+24:], 10) // uncompressed size in the directory
	dir := filepath.Join(t.TempDir(), "out")
	_, err = Unzip(t.Context(), write(t, "b.zip", b), dir, ZipLimits{Bytes: 1 << 20, Entries: 10})
	if err == nil {
		t.Error("the lie went through")
	}
	if info, serr := os.Stat(filepath.Join(dir, "a")); serr == nil && info.Size() > 1<<20+1 {
		t.Errorf("%d bytes were written", info.Size())
	}
}

func FuzzFile(f *testing.F) {
	f.Add("a.tif", tiffWith(binary.LittleEndian, "<GDALMetadata/>"))
	f.Add("a.json", []byte(`{"type":"Feature"}`))
	f.Add("a.kml", []byte(`<?xml?><kml>`))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if strings.ContainsAny(name, "/\x00") || len(name) > 100 || name == "" || name == "." || name == ".." {
			return
		}
		_, err := File(write(t, name, content))
		if k := fault.KindOf(err); err != nil && k != fault.Invalid && k != fault.Unsupported && k != fault.TooLarge {
			t.Errorf("%v: %v", k, err)
		}
	})
}

func FuzzUnzip(f *testing.F) {
	b, err := os.ReadFile(zipOf(f, entry{"d/a.txt", "hello", 0}, entry{"b", "x", 0}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, content []byte) {
		root := t.TempDir()
		dir := filepath.Join(root, "out")
		files, err := Unzip(t.Context(), write(t, "a.zip", content), dir, ZipLimits{Bytes: 1 << 20, Entries: 100})
		if err != nil && fault.KindOf(err) == fault.Canceled {
			t.Error(err)
		}
		for _, p := range files {
			if rel, err := filepath.Rel(dir, p); err != nil || !filepath.IsLocal(rel) {
				t.Errorf("%s lies outside", p)
			}
		}
	})
}
