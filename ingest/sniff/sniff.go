// Package sniff tells what a file is by its content, and refuses what is
// dangerous to hand to GDAL: files that name other files or addresses, and
// archives that unpack to more than they may.
package sniff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"contado/geo/fault"
)

// Family is what reads a format.
type Family uint8

// The families. Sidecar is a file that belongs to another one; Tiles is an
// archive of map tiles.
const (
	Unknown Family = iota
	Raster
	Vector
	Table
	Archive
	Sidecar
	OpenStreetMap
	Timetable
	Tiles
)

// Format is what a file turned out to be.
type Format struct {
	Name   string // for people: "GeoTIFF"
	Family Family
	// Drivers are the GDAL drivers allowed to open it; empty unless Raster or
	// Vector. "Parquet" and "XLSX" stand for readers of our own.
	Drivers []string
}

const headLen = 64 << 10

// File tells the format of a regular file by its first bytes, the name being
// only a hint where the content has no mark of its own. A format that is
// known and not read is fault.Unsupported; an empty file, or one that is no
// geodata at all, fault.Invalid.
func File(path string) (Format, error) {
	const op = "sniff.File"
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Format{}, fault.Errorf(op, fault.NotExist, "%s: there is no such file", path)
	}
	if err != nil {
		return Format{}, fault.E(op, fault.Invalid, err)
	}
	name := filepath.Base(path)
	if !info.Mode().IsRegular() {
		return Format{}, fault.Errorf(op, fault.Invalid, "%s is not a regular file", name)
	}
	if info.Size() == 0 {
		return Format{}, fault.Errorf(op, fault.Invalid, "%s is empty", name)
	}
	head, err := readHead(path)
	if err != nil {
		return Format{}, fault.E(op, fault.Invalid, err)
	}
	f, err := identify(path, head, info.Size())
	if err != nil {
		return Format{}, err
	}
	if f.Family == Raster || f.Family == Vector {
		if err := checkReferences(path, f); err != nil {
			return Format{}, err
		}
	}
	if f.Name == dxf.Name {
		if err := checkBlocks(path); err != nil {
			return Format{}, err
		}
	}
	return f, nil
}

func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, headLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

type magic struct {
	at     int
	bytes  string
	format Format
}

var magics = []magic{
	{0, "II*\x00", tiff},
	{0, "MM\x00*", tiff},
	{0, "II+\x00", tiff},
	{0, "MM\x00+", tiff},
	{0, "\x00\x00\x00\x0cjP  ", jpeg2000},
	{0, "\xff\x4f\xff\x51", jpeg2000},
	{0, "CDF\x01", netCDF},
	{0, "CDF\x02", netCDF},
	{0, "CDF\x05", netCDF},
	{0, "EHFA_HEADER_TAG", Format{"Erdas Imagine", Raster, []string{"HFA"}}},
	{0, "\x89PNG\r\n\x1a\n", Format{"PNG", Raster, []string{"PNG"}}},
	{0, "\xff\xd8\xff", Format{"JPEG", Raster, []string{"JPEG"}}},
	{0, "GRIB", Format{"GRIB", Raster, []string{"GRIB"}}},
	{0, "PAR1", Format{"Parquet", Vector, []string{"Parquet"}}},
	{0, "PMTiles\x03", Format{"PMTiles", Tiles, nil}},
	{4, "\x0a\x09OSMHeader", Format{"OpenStreetMap PBF", OpenStreetMap, nil}},
	{0, "fgb\x03fgb", Format{"FlatGeobuf", Vector, []string{"FlatGeobuf"}}},
	{0, "PK\x03\x04", zipped},
	{0, "PK\x05\x06", zipped},
}

var (
	zipped   = Format{"zip archive", Archive, nil}
	dxf      = Format{"DXF", Vector, []string{"DXF"}}
	tiff     = Format{"GeoTIFF", Raster, []string{"GTiff"}}
	jpeg2000 = Format{"JPEG 2000", Raster, []string{"JP2OpenJPEG"}}
	netCDF   = Format{"NetCDF", Raster, []string{"netCDF"}}
	hdf5     = Format{"HDF5", Raster, []string{"HDF5", "HDF5Image"}}
)

// refused are formats that are recognised in order to say so.
var refused = []struct {
	at          int
	bytes, name string
	hint        string
}{
	{0, "AutoCAD Binary DXF", "binary DXF", "save it as DXF in ASCII"},
	{0, "PARE", "encrypted Parquet", "write it again without encryption"},
	{0, "fgb\x00", "FlatGeobuf of a draft version", "write it again with a current program"},
	{0, "fgb\x01", "FlatGeobuf version 1", "write it again with a current program"},
	{0, "fgb\x02", "FlatGeobuf version 2", "write it again with a current program"},
	{0, "\x0e\x03\x13\x01", "HDF4", "convert it to GeoTIFF first"},
	{0, "7z\xbc\xaf\x27\x1c", "7-Zip", "unpack it first"},
	{0, "Rar!", "RAR", "unpack it first"},
	{0, "\xd0\xcf\x11\xe0", "Excel 97", "save the sheet as CSV first"},
	{0, "%PDF", "PDF", "give the data that the PDF was made from"},
	{0, "PMTiles", "PMTiles of an old version", "convert it to version 3 with pmtiles convert"},
}

func identify(path string, head []byte, size int64) (Format, error) {
	const op = "sniff.File"
	name, ext := filepath.Base(path), strings.ToLower(filepath.Ext(path))
	if thumbnail.MatchString(name) {
		return sidecar, nil
	}
	for _, m := range magics {
		if !hasAt(head, m.at, m.bytes) {
			continue
		}
		if m.format.Family == Archive {
			return zipFile(path)
		}
		return m.format, nil
	}
	if hasAt(head, 0, "\x1f\x8b") || hasAt(head, 0, "BZh") {
		return packedFile(name, head)
	}
	for _, r := range refused {
		if hasAt(head, r.at, r.bytes) {
			return Format{}, unsupported(name, r.name, r.hint)
		}
	}
	switch {
	case isHDF5(head):
		if strings.HasPrefix(ext, ".nc") {
			return netCDF, nil
		}
		return hdf5, nil
	case hasAt(head, 0, "SQLite format 3\x00"):
		return sqliteFile(name, ext, head)
	case isShapefile(head):
		return shapefile(path, name, ext)
	}
	if f, ok := headerless(path, ext, head, size); ok {
		return f, nil
	}
	if sidecarExt[ext] || sidecarName.MatchString(name) {
		return sidecar, nil
	}
	if f, ok, err := textFile(name, ext, head); ok || err != nil {
		return f, err
	}
	return Format{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is not a format that can be read", name),
		"give a GeoTIFF, JPEG 2000, NetCDF, HDF5, HGT, Esri ASCII grid, ENVI or Imagine raster; a GeoPackage, GeoJSON, TopoJSON, Shapefile, FlatGeobuf, GeoParquet, KML, GPX or DXF; a CSV or XLSX table; OpenStreetMap PBF or XML; a GTFS timetable; or PMTiles or MBTiles")
}

func unsupported(file, format, hint string) error {
	return fault.WithHint(fault.Errorf("sniff.File", fault.Unsupported,
		"%s is %s, which this version does not read", file, format), hint)
}

func hasAt(b []byte, at int, s string) bool {
	return len(b) >= at+len(s) && string(b[at:at+len(s)]) == s
}

// isHDF5 looks for the signature at 0, 512, 1024, 2048 … (HDF5 format
// specification, II.A).
func isHDF5(head []byte) bool {
	const sig = "\x89HDF\r\n\x1a\n"
	if hasAt(head, 0, sig) {
		return true
	}
	for at := 512; at < len(head); at *= 2 {
		if hasAt(head, at, sig) {
			return true
		}
	}
	return false
}

func sqliteFile(name, ext string, head []byte) (Format, error) {
	id := ""
	if len(head) >= 72 {
		id = string(head[68:72])
	}
	if ext == ".gpkg" || id == "GPKG" || id == "GP10" || id == "GP11" {
		return Format{"GeoPackage", Vector, []string{"GPKG"}}, nil
	}
	if ext == ".mbtiles" || id == "MPBX" {
		return Format{"MBTiles", Tiles, nil}, nil
	}
	return Format{}, unsupported(name, "an SQLite database that is no GeoPackage", "export the layer to GeoPackage")
}

func isShapefile(head []byte) bool {
	return len(head) >= 100 && binary.BigEndian.Uint32(head) == 9994 && binary.LittleEndian.Uint32(head[28:]) == 1000
}

func shapefile(path, name, ext string) (Format, error) {
	if ext == ".shx" {
		return Format{Name: "sidecar file", Family: Sidecar}, nil
	}
	base := strings.TrimSuffix(path, filepath.Ext(path))
	for _, e := range []string{".shx", ".dbf"} {
		if !exists(base+e) && !exists(base+strings.ToUpper(e)) {
			return Format{}, fault.WithHint(
				fault.Errorf("sniff.File", fault.Invalid, "%s lacks its %s file", name, e),
				"a Shapefile is at least .shp, .shx and .dbf together: copy them beside it, or give the whole as a zip")
		}
	}
	return Format{"Esri Shapefile", Vector, []string{"ESRI Shapefile"}}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// headerless are formats without a mark in the data file itself.
func headerless(path, ext string, head []byte, size int64) (Format, bool) {
	if ext == ".hgt" {
		return Format{"SRTM HGT", Raster, []string{"SRTMHGT"}}, true
	}
	lower := strings.ToLower(string(head[:min(len(head), 200)]))
	if t := strings.TrimLeft(lower, " \t\r\n"); strings.HasPrefix(t, "ncols") || strings.HasPrefix(t, "nrows") {
		return Format{"Esri ASCII grid", Raster, []string{"AAIGrid"}}, true
	}
	if ext == ".hdr" {
		return Format{}, false
	}
	for _, h := range []string{path + ".hdr", strings.TrimSuffix(path, filepath.Ext(path)) + ".hdr"} {
		if h == path || size == 0 || !exists(h) {
			continue
		}
		if b, err := readHead(h); err == nil && hasAt(b, 0, "ENVI") {
			return Format{"ENVI", Raster, []string{"ENVI"}}, true
		}
	}
	return Format{}, false
}

// sidecarExt are extensions of files that belong to a data file.
var sidecarExt = map[string]bool{
	".shx": true, ".dbf": true, ".prj": true, ".cpg": true, ".qpj": true, ".sbn": true, ".sbx": true, ".qix": true,
	".fix": true, ".qmd": true, ".qml": true, ".tfw": true, ".tifw": true, ".jgw": true, ".pgw": true, ".wld": true,
	".j2w": true, ".ovr": true, ".msk": true, ".aux": true, ".hdr": true, ".lyr": true, ".sld": true, ".clr": true,
}

// Names of files that belong to a data file or a satellite scene: metadata,
// angle coefficients, small pictures.
var (
	sidecarName = regexp.MustCompile(`(?i)(\.aux\.xml|\.shp\.xml|_mtl\.(txt|json|xml)|_ang\.txt|_stac\.json)$`)
	thumbnail   = regexp.MustCompile(`(?i)_thumb_(small|large)\.jpe?g$`)
	sidecar     = Format{Name: "sidecar file", Family: Sidecar}
)

var (
	osmXML = Format{"OpenStreetMap XML", OpenStreetMap, nil}
	// A DXF file begins with a section, perhaps after comments (group 999).
	reDXF = regexp.MustCompile(`^(999\r?\n[^\n]*\n\s*)*0\r?\n\s*SECTION\r?\n`)
)

var xmlRoots = []struct {
	root   string
	format Format
	name   string // refused when set
	hint   string
}{
	{"kml", Format{"KML", Vector, []string{"LIBKML", "KML"}}, "", ""},
	{"gpx", Format{"GPX", Vector, []string{"GPX"}}, "", ""},
	{"osm", osmXML, "", ""},
	{"osmChange", Format{}, "a list of changes to OpenStreetMap", "give a whole extract"},
	{"VRTDataset", Format{}, "a GDAL virtual raster (VRT), a list of other files", "give the files that it refers to"},
	{"OGRVRTDataSource", Format{}, "an OGR virtual layer (VRT), a list of other files", "give the files that it refers to"},
	{"GDAL_WMS", Format{}, "a GDAL web service description", "download the data first"},
	{"WCS_GDAL", Format{}, "a GDAL web service description", "download the data first"},
	{"GDALTileIndexDataset", Format{}, "a GDAL tile index, a list of other files", "give the files that it refers to"},
	{"FeatureCollection", Format{}, "GML", "convert it to GeoPackage first, for example with QGIS"},
}

// textFile identifies XML, JSON and tables by their first characters.
func textFile(name, ext string, head []byte) (Format, bool, error) {
	t := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	if len(t) > 0 && t[0] == '<' {
		root := xmlRoot(t)
		for _, x := range xmlRoots {
			if !strings.EqualFold(root, x.root) {
				continue
			}
			if x.name != "" {
				return Format{}, false, unsupported(name, x.name, x.hint)
			}
			return x.format, true, nil
		}
		return Format{}, false, nil
	}
	if len(t) > 0 && (t[0] == '{' || t[0] == '[') {
		f, err := jsonFile(name, head)
		return f, err == nil, err
	}
	if reDXF.Match(t[:min(len(t), 4096)]) {
		return dxf, true, nil
	}
	if ext == ".csv" || ext == ".tsv" || ext == ".tab" || ext == ".txt" {
		utf16 := hasAt(head, 0, "\xff\xfe") || hasAt(head, 0, "\xfe\xff")
		if !utf16 && bytes.IndexByte(head, 0) >= 0 {
			return Format{}, false, fault.Errorf("sniff.File", fault.Invalid, "%s is named like a table and holds binary data", name)
		}
		return Format{"table of text", Table, nil}, true, nil
	}
	return Format{}, false, nil
}

// xmlRoot is the local name of the first element.
func xmlRoot(t []byte) string {
	for len(t) > 0 {
		i := bytes.IndexByte(t, '<')
		if i < 0 || i+1 >= len(t) {
			return ""
		}
		t = t[i+1:]
		if t[0] == '?' || t[0] == '!' {
			end := []byte(">")
			if bytes.HasPrefix(t, []byte("!--")) {
				end = []byte("-->")
			}
			j := bytes.Index(t, end)
			if j < 0 {
				return ""
			}
			t = t[j+len(end):]
			continue
		}
		n := bytes.IndexAny(t, " \t\r\n/>")
		if n < 0 {
			return ""
		}
		root := string(t[:n])
		if _, local, ok := strings.Cut(root, ":"); ok {
			return local
		}
		return root
	}
	return ""
}
