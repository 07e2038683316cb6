// Package export writes the rows of a vector dataset as a file that other
// programs open. Rows are streamed: memory does not grow with them. The file
// appears under its name when it is whole, or not at all.
package export

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/table"

	"github.com/paulmach/orb"
)

// Format is a file format that Write knows.
type Format struct {
	ID        string // as people ask for it: "gpkg"
	Name      string // "GeoPackage"
	Extension string // with the dot: ".gpkg"
	MediaType string
}

var formats = []Format{
	{"gpkg", "GeoPackage", ".gpkg", "application/geopackage+sqlite3"},
	{"fgb", "FlatGeobuf", ".fgb", "application/flatgeobuf"},
	{"geojson", "GeoJSON", ".geojson", "application/geo+json"},
	{"geojsonseq", "GeoJSON text sequence", ".geojsonl", "application/geo+json-seq"},
	{"csv", "CSV", ".csv", "text/csv"},
	{"xlsx", "Excel spreadsheet", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"parquet", "GeoParquet", ".parquet", "application/vnd.apache.parquet"},
	{"shp", "Shapefile (zip)", ".zip", "application/zip"},
}

// Formats lists the formats in the order shown to people.
func Formats() []Format { return append([]Format(nil), formats...) }

// Find is the format of an id ("gpkg") or of the extension of a file name;
// the id goes first. ok is false when it is none that Write knows.
func Find(id, path string) (f Format, ok bool) {
	for _, f := range formats {
		if id != "" && strings.EqualFold(f.ID, id) || id == "" && strings.EqualFold(filepath.Ext(path), f.Extension) {
			return f, true
		}
	}
	return Format{}, false
}

// Options steers Write. The zero value writes all rows as they are.
type Options struct {
	// Layer is the name of the layer within the file; "" = the file's name.
	Layer string
	// Title and Description are kept where a format has a place for them.
	Title, Description string
	// CRS that positions are brought to; "" = the dataset's own, and longitude
	// and latitude for GeoJSON (RFC 7946).
	CRS geo.CRS
	// Area keeps the rows that meet it (in the schema's CRS); nil keeps all.
	Area orb.Geometry
	// Clip cuts the geometries at the border of Area.
	Clip bool
	// Geometry says how a table (CSV, XLSX) has the positions: "xy" (points
	// only), "wkt" or "none"; "" = xy for points, wkt in CSV for others, none
	// in spreadsheets for others, whose cells are too small.
	Geometry string
	// Locale is how a table has its numbers and dates; "" = plain.
	Locale table.Locale
	// About is what a reader of a spreadsheet has to know beside the rows.
	About [][2]string
	// Replace writes over a file that is there; else that is fault.Exist.
	Replace bool
}

// Rows gives the rows one by one until yield returns false.
type Rows = func(yield func(geo.Feature) bool) error

// Write writes rows of the schema to path. The notices say what the format
// could not hold as it was.
//
// Errors: Exist when the file is there, Invalid for options that do not fit,
// TooLarge over what the format can hold, Canceled, those of rows.
func Write(ctx context.Context, path string, f Format, s geo.Schema, rows Rows, o Options) (_ []catalog.Notice, err error) {
	const op = "export.Write"
	if _, ok := Find(f.ID, ""); !ok {
		return nil, fault.Errorf(op, fault.Unsupported, "format %q is not known: use one of %s", f.ID, ids())
	}
	if _, err := os.Lstat(path); err == nil && !o.Replace {
		return nil, fault.WithHint(fault.Errorf(op, fault.Exist, "%s is there already", path), "use --replace, or another name")
	}
	x := &exporter{ctx: ctx, format: f, o: o, notes: &notice.List{}, in: s}
	if err := x.prepare(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".contado-export-*")
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	defer os.RemoveAll(dir)
	x.dir = dir
	tmp := filepath.Join(dir, "out"+f.Extension)
	if err := x.run(tmp, rows); err != nil {
		return nil, err
	}
	if err := publish(tmp, path); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	return x.notes.All(), nil
}

func ids() string {
	out := make([]string, len(formats))
	for i, f := range formats {
		out[i] = f.ID
	}
	return strings.Join(out, ", ")
}

// publish makes a file durable and gives it its name.
func publish(tmp, path string) error {
	f, err := os.Open(tmp)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
