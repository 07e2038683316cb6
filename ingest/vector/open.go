package vector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"golang.org/x/text/encoding/charmap"
)

// OpenOptions steers Open.
type OpenOptions struct {
	Layer    string
	CRS      geo.CRS // overrides, or supplies, that of the file
	Encoding string  // of Shapefile attributes and of JSON; "" detects it
	Dir      string  // folder for copies that are read instead

	largeText int // bytes of a geometry that is read by itself; 0: largeText
}

// Layer is an open layer of a vector file; it implements Rows.
type Layer struct {
	src    source
	name   string
	layer  string
	schema geo.Schema
	count  int64
}

// source is what a layer's rows come from.
type source interface {
	scan(ctx context.Context, layer string, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error
	Close() error
}

type gdalSource struct{ *gdal.Vector }

func (s gdalSource) scan(ctx context.Context, layer string, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return s.ScanWith(ctx, layer, &gdal.ScanOptions{OnProblem: problem}, yield)
}

var _ Rows = (*Layer)(nil)

// Open opens a checked local file with the drivers given.
//
// Errors: Invalid for damaged files, several layers without a choice (the
// error lists them), geometries without a CRS.
func Open(ctx context.Context, path, label string, drivers []string, o OpenOptions, notes *notice.List) (*Layer, error) {
	var opts []string
	if len(drivers) > 0 && drivers[0] == parquetDriver {
		return openParquet(path, label, o, notes)
	}
	if len(drivers) > 0 && drivers[0] == packedDriver {
		if l, err := openPacked(path, label, o, notes); !fault.Is(err, fault.Unsupported) { // curves are for GDAL
			return l, err
		}
	}
	if len(drivers) > 0 && strings.Contains(drivers[0], "JSON") {
		var err error
		if path, err = transcode(ctx, path, label, o, notes); err != nil {
			return nil, err
		}
	}
	if len(drivers) > 0 && drivers[0] == "GeoJSONSeq" {
		if err := checkSequence(ctx, path, label, notes); err != nil {
			return nil, err
		}
	}
	if len(drivers) > 0 && drivers[0] == "GeoJSON" {
		if l, err := openSlim(ctx, path, label, drivers, o, notes); l != nil || err != nil {
			return l, err
		}
	}
	if o.Encoding != "" && drivers[0] == "ESRI Shapefile" {
		opts = append(opts, "ENCODING="+iconvName(o.Encoding))
	}
	l, err := open(ctx, path, label, drivers, opts, o)
	if err != nil {
		return nil, err
	}
	if drivers[0] == "ESRI Shapefile" && o.Encoding == "" {
		if l, err = l.retryLatin1(ctx, path, label, drivers, o, notes); err != nil {
			return nil, err
		}
	}
	if err := l.settle(drivers[0], o, notes); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func open(ctx context.Context, path, label string, drivers, opts []string, o OpenOptions) (*Layer, error) {
	const op = "vector.Open"
	v, err := gdal.OpenVectorWith(path, &gdal.VectorOptions{Drivers: drivers, OpenOptions: opts})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	layers := v.Layers()
	full, err := filled(ctx, v, drivers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", label, err), v.Close())
	}
	if o.Layer == "" && len(full) > 0 {
		layers = full
	}
	var names []string
	for _, l := range layers {
		if o.Layer == "" && len(layers) > 1 || l.Name != o.Layer && o.Layer != "" {
			names = append(names, fmt.Sprintf("%s (%s)", l.Name, describe(l)))
			continue
		}
		return &Layer{src: gdalSource{v}, name: label, layer: l.Name, schema: l.Schema, count: l.Count}, checkCRSError(v, l, label, o)
	}
	err = fault.Errorf(op, fault.Invalid, "%s has %d layers", label, len(layers))
	if o.Layer != "" {
		err = fault.Errorf(op, fault.Invalid, "%s has no layer %q", label, o.Layer)
	}
	if len(layers) == 0 {
		err = fault.Errorf(op, fault.Invalid, "%s has no layer of features", label)
	} else {
		err = fault.WithHint(err, "choose one with --layer: "+strings.Join(names, ", "))
	}
	return nil, errors.Join(err, v.Close())
}

// severalLayers are the formats whose files may have several layers.
var severalLayers = map[string]bool{"GPKG": true, "KML": true, "LIBKML": true, "GPX": true, "TopoJSON": true}

// pointLayers are layers of GPX that only repeat the vertices of others.
var pointLayers = map[string]bool{"route_points": true, "track_points": true}

// filled are the layers that hold rows of their own.
func filled(ctx context.Context, v *gdal.Vector, drivers []string) ([]gdal.LayerInfo, error) {
	all := v.Layers()
	if len(all) < 2 {
		return all, nil
	}
	var out []gdal.LayerInfo
	for _, l := range all {
		if slices.Contains(drivers, "GPX") && pointLayers[l.Name] {
			continue
		}
		if l.Count < 0 {
			n, err := v.Count(ctx, l.Name)
			if err != nil {
				return nil, err
			}
			l.Count = n
		}
		if l.Count != 0 {
			out = append(out, l)
		}
	}
	return out, nil
}

// Layers names the layers of a file that hold rows, in its order; nil for
// formats that have but one.
func Layers(ctx context.Context, path, label string, drivers []string) ([]string, error) {
	if len(drivers) == 0 || !severalLayers[drivers[0]] {
		return nil, nil
	}
	v, err := gdal.OpenVectorWith(path, &gdal.VectorOptions{Drivers: drivers})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	full, err := filled(ctx, v, drivers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", label, err), v.Close())
	}
	var names []string
	for _, l := range full {
		names = append(names, l.Name)
	}
	return names, v.Close()
}

func checkCRSError(v *gdal.Vector, l gdal.LayerInfo, label string, o OpenOptions) error {
	if l.CRSError == "" || o.CRS != "" {
		return nil
	}
	return errors.Join(fault.WithHint(fault.Errorf("vector.Open", fault.Invalid, "%s has a reference system that cannot be used: %s", label, l.CRSError),
		"name the right one with --crs"), v.Close())
}

func describe(l gdal.LayerInfo) string {
	kind := l.Schema.GeometryType
	if kind == "" {
		kind = "no geometry"
	}
	if l.Count < 0 {
		return kind
	}
	return fmt.Sprintf("%s, %d rows", kind, l.Count)
}

// settle finds the CRS and says what Scan leaves out.
func (l *Layer) settle(driver string, o OpenOptions, notes *notice.List) error {
	if l.schema.GeometryType == "" {
		return nil
	}
	switch has := l.schema.CRS; {
	case o.CRS != "":
		if has != "" && has != o.CRS {
			notes.Count(catalog.Warning, "crs-overridden", "the reference system of the file was overridden by --crs "+o.CRS.Short(), l.name+": "+has.Short())
		}
		l.schema.CRS = o.CRS
	case has == "" && (driver == "TopoJSON" || strings.HasPrefix(driver, "GeoJSON")):
		l.schema.CRS = geo.WGS84
	}
	v, ok := l.src.(gdalSource)
	if !ok {
		return nil
	}
	_, _, curved, err := v.Dimensions(l.layer)
	if err != nil {
		return err
	}
	if curved {
		notes.Count(catalog.Info, "curves-linearised", "curves were replaced by short straight lines", l.name)
	}
	return nil
}

// NeedsCRS reports whether any row has a geometry and nothing says in which
// system. The error tells what to do.
func (l *Layer) NeedsCRS(ctx context.Context) error {
	if l.schema.CRS != "" || l.schema.GeometryType == "" {
		return nil
	}
	var box *geo.BBox
	err := l.Scan(ctx, func(int64, error) error { return nil }, func(f geo.Feature) (bool, error) {
		if f.Geometry != nil {
			b := geo.BBoxOf(f.Geometry.Bound())
			box = &b
		}
		return f.Geometry == nil, nil
	})
	if err != nil {
		return err
	}
	if box == nil { // rows only
		l.schema.GeometryType = ""
		return nil
	}
	hint := "name it with --crs, for example --crs EPSG:32632"
	if box.MinX >= -180 && box.MaxX <= 180 && box.MinY >= -90 && box.MaxY <= 90 {
		hint = "its coordinates look like degrees: say so with --crs EPSG:4326 if they are"
	}
	return fault.WithHint(fault.Errorf("vector.Open", fault.Invalid, "%s does not say its reference system", l.name), hint)
}

// Name implements Rows.
func (l *Layer) Name() string { return l.name }

// Schema implements Rows.
func (l *Layer) Schema() geo.Schema { return l.schema }

// Count implements Rows.
func (l *Layer) Count() int64 { return l.count }

// Close frees the file.
func (l *Layer) Close() error { return l.src.Close() }

// Scan implements Rows.
func (l *Layer) Scan(ctx context.Context, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return l.src.scan(ctx, l.layer, problem, yield)
}

// retryLatin1 reads a Shapefile without a code page again as Windows-1252
// when its text is not UTF-8.
func (l *Layer) retryLatin1(ctx context.Context, path, label string, drivers []string, o OpenOptions, notes *notice.List) (*Layer, error) {
	bad := false
	problem := func(_ int64, err error) error {
		bad = bad || strings.Contains(err.Error(), "UTF-8")
		return nil
	}
	err := l.Scan(ctx, problem, func(geo.Feature) (bool, error) { return !bad, nil })
	if err != nil || !bad {
		return l, err
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	notes.Count(catalog.Info, "encoding-detected", "text that is not UTF-8 was read as Windows-1252 (latin1): name another with --encoding", label)
	return open(ctx, path, label, drivers, []string{"ENCODING=CP1252"}, o)
}

func iconvName(s string) string {
	switch strings.ToLower(s) {
	case "latin1", "latin-1":
		return "ISO-8859-1"
	case "windows-1252":
		return "CP1252"
	}
	return strings.ToUpper(s)
}

// transcode returns the path of JSON in UTF-8: the file itself when it is,
// else a copy read as Windows-1252.
func transcode(ctx context.Context, path, label string, o OpenOptions, notes *notice.List) (string, error) {
	const op = "vector.Open"
	f, err := os.Open(path)
	if err != nil {
		return "", fault.E(op, fault.Invalid, err)
	}
	defer f.Close()
	ok, err := isUTF8(ctx, f)
	if err != nil || ok {
		return path, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	dst := filepath.Join(o.Dir, "utf8-"+filepath.Base(path))
	w, err := os.Create(dst)
	if err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	_, err = io.Copy(w, charmap.Windows1252.NewDecoder().Reader(f))
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	notes.Count(catalog.Info, "encoding-detected", "text that is not UTF-8 was read as Windows-1252 (latin1): name another with --encoding", label)
	return dst, fault.E(op, fault.Other, err)
}

func isUTF8(ctx context.Context, r io.Reader) (bool, error) {
	buf := make([]byte, 1<<20)
	kept := 0
	for {
		if ctx.Err() != nil {
			return false, fault.E("vector.Open", fault.Canceled, ctx.Err())
		}
		n, err := r.Read(buf[kept:])
		b := buf[:kept+n]
		tail := 0
		for err == nil && tail < utf8.UTFMax-1 && tail < len(b) && !utf8.Valid(b[:len(b)-tail]) {
			tail++
		}
		if !utf8.Valid(b[:len(b)-tail]) {
			return false, nil
		}
		kept = copy(buf, bytes.Clone(b[len(b)-tail:]))
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fault.E("vector.Open", fault.Other, err)
		}
	}
}
