package export

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// The limits of the format (Esri Shapefile Technical Description, July 1998;
// dBASE III+).
const (
	maxDBFName = 10  // bytes
	maxDBFText = 254 // bytes
	maxDBFRow  = 255 // fields
)

// shapeKinds are the files that rows of mixed geometries are spread over.
var shapeKinds = map[string]struct{ suffix, layer string }{
	"Point": {"points", "Point"}, "MultiPoint": {"multipoints", "MultiPoint"},
	"LineString": {"lines", "MultiLineString"}, "MultiLineString": {"lines", "MultiLineString"},
	"Polygon": {"areas", "MultiPolygon"}, "MultiPolygon": {"areas", "MultiPolygon"}, "": {"rows", ""},
}

// shapeSink writes one Shapefile a kind of geometry and zips them all.
type shapeSink struct {
	x         *exporter
	path, dir string
	base      string
	schema    geo.Schema // of the files, without the geometry type
	from      []int      // field of the rows for each field of the files
	open      map[string]*gdal.VectorWriter
	null      bool // a text without a value was met
	empty     bool // and an empty one
}

func (x *exporter) openShapefile(path string) (sink, error) {
	s := &shapeSink{x: x, path: path, dir: filepath.Join(x.dir, "shp"), base: fileName(x.layer), open: map[string]*gdal.VectorWriter{}}
	s.schema = geo.Schema{CRS: x.out.CRS, HasZ: x.out.HasZ, HasM: x.out.HasM}
	if err := s.fields(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return nil, fault.E("export.Write", fault.Other, err)
	}
	if x.out.GeometryType != "Geometry" && x.out.GeometryType != "GeometryCollection" {
		if _, err := s.writer(x.out.GeometryType); err != nil { // an export of no rows has its columns too
			return nil, errors.Join(err, s.abort())
		}
	}
	return s, nil
}

// fileName is a name that every system takes.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, s)
	if s = cutBytes(s, 100); s == "" {
		return "export"
	}
	return s
}

// cutBytes is the longest beginning of at most n bytes that ends with a whole
// character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// fields makes the columns that dBASE can hold and says what it cannot.
func (s *shapeSink) fields() error {
	notes := s.x.notes
	used := map[string]bool{}
	for i, f := range s.x.out.Fields {
		out := geo.Field{Name: dbfName(f.Name, used), Type: f.Type}
		if out.Name != f.Name {
			notes.Count(catalog.Warning, "names-cut", "attribute names were cut to the 10 bytes that a Shapefile has for them", fmt.Sprintf("%s is now %s", f.Name, out.Name))
		}
		if f.Alias != "" || f.Description != "" {
			notes.Count(catalog.Info, "aliases-dropped", "a Shapefile has no place for names for people and descriptions", f.Name)
		}
		switch f.Type {
		case geo.Binary:
			notes.Count(catalog.Warning, "binary-dropped", "attributes of binary values were left out", f.Name)
			continue
		case geo.DateTime:
			notes.Count(catalog.Warning, "time-as-text", "a Shapefile knows days and no times: they were written as text", f.Name)
			out.Type = geo.String
		case geo.JSON:
			out.Type = geo.String
		case geo.Boolean:
			notes.Count(catalog.Info, "boolean-as-number", "yes and no were written as 1 and 0", f.Name)
			out.Type = geo.Integer
		}
		s.schema.Fields, s.from = append(s.schema.Fields, out), append(s.from, i)
	}
	if n := len(s.schema.Fields); n > maxDBFRow {
		return fault.WithHint(fault.Errorf("export.Write", fault.TooLarge, "%d attributes; a Shapefile holds %d", n, maxDBFRow), "choose another format")
	}
	return nil
}

// dbfName is a name of at most 10 bytes that no field before has; dBASE does
// not tell case.
func dbfName(name string, used map[string]bool) string {
	out := strings.Map(func(r rune) rune {
		if r < ' ' {
			return '_'
		}
		return r
	}, cutBytes(name, maxDBFName))
	out = strings.TrimSpace(out)
	for n := 1; used[strings.ToLower(out)] || out == ""; n++ {
		suffix := fmt.Sprintf("_%d", n)
		out = strings.TrimSpace(cutBytes(name, maxDBFName-len(suffix))) + suffix
	}
	used[strings.ToLower(out)] = true
	return out
}

// writer is the file for a type of geometry.
func (s *shapeSink) writer(kind string) (*gdal.VectorWriter, error) {
	k, ok := shapeKinds[kind]
	if !ok {
		return nil, fault.Errorf("export.Write", fault.Unsupported, "a Shapefile holds no %s", kind)
	}
	if w := s.open[k.suffix]; w != nil {
		return w, nil
	}
	name := s.base
	if t := s.x.out.GeometryType; t == "Geometry" || t == "GeometryCollection" {
		name += "_" + k.suffix
		s.x.notes.Count(catalog.Info, "split-by-geometry", "a Shapefile holds one type of geometry: the rows were spread over several", name)
	}
	schema := s.schema
	schema.GeometryType = k.layer
	ext := ".shp"
	if k.layer == "" {
		ext, schema.CRS, schema.HasZ, schema.HasM = ".dbf", "", false, false
	}
	w, err := gdal.CreateVector(filepath.Join(s.dir, name+ext), "ESRI Shapefile", name, schema, &gdal.VectorWriteOptions{
		LayerOptions: []string{"2GB_LIMIT=YES"},
		OnWarning: func(message string) {
			s.x.notes.Count(catalog.Warning, "values-changed", "values that the format cannot hold were changed", message)
		},
	})
	if err != nil {
		return nil, err
	}
	s.open[k.suffix] = w
	return w, nil
}

func (s *shapeSink) write(f geo.Feature) error {
	kind := s.x.out.GeometryType
	if f.Geometry != nil {
		kind = f.Geometry.GeoJSONType()
	} else if kind == "Geometry" || kind == "GeometryCollection" {
		kind = ""
	}
	if _, ok := shapeKinds[kind]; !ok {
		s.x.notes.Count(catalog.Warning, "collections-dropped", "a Shapefile holds no collections of mixed geometries: these rows have no position", rowName(f))
		kind, f.Geometry, f.Z, f.M = "", nil, nil, nil
	}
	w, err := s.writer(kind)
	if err != nil {
		return err
	}
	values := make([]any, len(s.from))
	for i, from := range s.from {
		values[i] = s.value(f, i, f.Values[from])
	}
	f.Values = values
	err = w.Write(s.x.ctx, f)
	if err != nil && strings.Contains(err.Error(), "2GB") {
		return fault.WithHint(fault.E("export.Write", fault.TooLarge, err), "export to GeoPackage or FlatGeobuf instead")
	}
	return err
}

func (s *shapeSink) value(f geo.Feature, i int, v any) any {
	field := s.schema.Fields[i]
	switch v := v.(type) {
	case nil:
		s.null = s.null || field.Type == geo.String
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case int64:
		if v > maxDBFInt || v < -maxDBFInt {
			s.x.notes.Count(catalog.Warning, "digits-lost", "whole numbers of more than 17 digits are there in full, and most programs round them", rowName(f)+", "+field.Name)
		}
	case float64:
		return s.real(f, field.Name, v)
	case string:
		s.empty = s.empty || v == "" && field.Type == geo.String
		if field.Type == geo.String && len(v) > maxDBFText {
			s.x.notes.Count(catalog.Warning, "text-cut", "texts were cut to the 254 bytes that a Shapefile holds", rowName(f)+", "+field.Name)
			return cutBytes(v, maxDBFText)
		}
	}
	return v
}

// maxDBFInt is the largest whole number that readers take for one.
const maxDBFInt = 99_999_999_999_999_999

// real is a number as dBASE holds it: 24 characters, 15 of them decimals.
func (s *shapeSink) real(f geo.Feature, field string, v float64) any {
	switch {
	case v-v != 0 || math.Abs(v) >= 1e22:
		s.x.notes.Count(catalog.Warning, "numbers-dropped", "numbers that a Shapefile has no room for were left out", fmt.Sprintf("%s, %s: %g", rowName(f), field, v))
		return nil
	case v != 0 && math.Abs(v-math.Round(v*1e15)/1e15) > 1e-12*math.Abs(v) && math.Abs(v) < 1:
		s.x.notes.Count(catalog.Warning, "digits-lost", "numbers were rounded to the 15 decimals that a Shapefile has", fmt.Sprintf("%s, %s: %g", rowName(f), field, v))
	}
	return v
}

func (s *shapeSink) finish() error {
	var errs []error
	for _, w := range s.open {
		errs = append(errs, w.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if s.null && s.empty {
		s.x.notes.Add(catalog.Info, "null-is-empty", "a Shapefile does not tell a missing text from an empty one")
	}
	if len(s.open) == 0 {
		return fault.Errorf("export.Write", fault.Invalid, "there is no row to write")
	}
	return fault.E("export.Write", fault.Other, zipFolder(s.x.ctx, s.path, s.dir))
}

func (s *shapeSink) abort() error {
	var errs []error
	for _, w := range s.open {
		errs = append(errs, w.Abort())
	}
	return errors.Join(errs...)
}

// zipFolder packs the files of a folder, in the order of their names.
func zipFolder(ctx context.Context, path, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	slices.Sort(names)
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	z := zip.NewWriter(out)
	for _, name := range names {
		if err = addFile(ctx, z, filepath.Join(dir, name), name); err != nil {
			break
		}
	}
	return errors.Join(err, z.Close(), out.Close())
}

// packed is the date of files in an archive: the first that the format has, so
// that the same rows make the same file.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func addFile(ctx context.Context, z *zip.Writer, path, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packed})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
