package parquet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/wkb"
)

// Options steers Create; nil means defaults.
type Options struct {
	// Compression is "zstd" (default), "snappy", "gzip", "lz4", "brotli" or
	// "none".
	Compression string
	// GroupRows is the most rows of a row group; 0 = 65,536. A group ends
	// sooner after 64 MB of values.
	GroupRows int64
	// OnLoss hears of a value that cannot be kept as it is: a time whose zone
	// or lack of one is not that of its column. nil: such a loss is an error.
	OnLoss func(field, what string)
}

const (
	groupRows  = 65536
	groupBytes = 64 << 20
	// peeked is how many rows settle whether times are local.
	peeked = 1024
)

var codecs = map[string]compress.Codec{
	"": &pq.Zstd, "zstd": &pq.Zstd, "snappy": &pq.Snappy, "gzip": &pq.Gzip, "lz4": &pq.Lz4Raw, "brotli": &pq.Brotli, "none": &pq.Uncompressed,
}

// Writer writes a GeoParquet 1.1 file, for one goroutine: WKB, a covering
// column of boxes, the reference system as PROJJSON. Memory is bounded by a
// row group.
type Writer struct {
	f      *os.File
	buf    *bufio.Writer
	w      *pq.GenericWriter[any]
	schema geo.Schema
	o      Options
	codec  compress.Codec

	geometry, box string // column names
	crs           string // PROJJSON, "" = longitude and latitude
	local         []bool // times without a zone
	early         []geo.Feature
	row           pq.Row
	wkb           []byte
	rows, bytes   int64 // of the row group
	total         geo.BBox
	types         map[string]bool
}

// Create makes a file, which must not be there. The caller ends with Close,
// or removes the file after Abort. Booleans, integers of 64 bits, reals,
// dates, times (UTC where the first rows have zones, else local), binary and
// JSON values keep their types.
//
// Errors: Exist, Invalid for a schema or options that cannot be.
func Create(path string, s geo.Schema, o *Options) (*Writer, error) {
	const op = "parquet.Create"
	if o == nil {
		o = &Options{}
	}
	w := &Writer{schema: s, o: *o, total: geo.EmptyBBox(), types: map[string]bool{}, local: make([]bool, len(s.Fields))}
	var ok bool
	if w.codec, ok = codecs[o.Compression]; !ok {
		return nil, fault.Errorf(op, fault.Invalid, "compression %q is not known: use zstd, snappy, gzip, lz4, brotli or none", o.Compression)
	}
	if w.o.GroupRows <= 0 {
		w.o.GroupRows = groupRows
	}
	names := map[string]bool{}
	for _, f := range s.Fields {
		if f.Name == "" || names[f.Name] {
			return nil, fault.Errorf(op, fault.Invalid, "field name %q is empty or there twice", f.Name)
		}
		names[f.Name] = true
	}
	if s.GeometryType != "" {
		w.geometry, w.box = free("geometry", names), free("bbox", names)
		if s.CRS.Known() && s.CRS != geo.WGS84 {
			var err error
			if w.crs, err = gdal.PROJJSON(s.CRS); err != nil {
				return nil, err
			}
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fault.E(op, fault.Exist, err)
	}
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	w.f, w.buf = f, bufio.NewWriterSize(f, 1<<18)
	return w, nil
}

func free(name string, taken map[string]bool) string {
	out := name
	for n := 1; taken[out]; n++ {
		out = fmt.Sprintf("%s_%d", name, n)
	}
	taken[out] = true
	return out
}

// begin settles the columns once the first rows are known.
func (w *Writer) begin() {
	for i, f := range w.schema.Fields {
		w.local[i] = f.Type == geo.DateTime && slices.ContainsFunc(w.early, func(f geo.Feature) bool {
			s, ok := f.Values[i].(string)
			return ok && s != "" && !hasZone(s)
		})
	}
	var root group
	for i, f := range w.schema.Fields {
		root = append(root, &member{pq.Optional(node(f.Type, w.local[i])), f.Name})
	}
	if w.geometry != "" {
		var box group
		for _, side := range []string{"xmin", "ymin", "xmax", "ymax"} {
			box = append(box, &member{pq.Leaf(pq.DoubleType), side})
		}
		root = append(root, &member{pq.Optional(box), w.box}, &member{pq.Optional(pq.Leaf(pq.ByteArrayType)), w.geometry})
	}
	options := []pq.WriterOption{
		pq.NewSchema("schema", root), pq.Compression(w.codec), pq.CreatedBy("contado", "", ""), pq.DataPageStatistics(true),
		pq.SkipPageBounds(w.geometry), pq.MaxRowsPerRowGroup(math.MaxInt64),
	}
	w.w = pq.NewGenericWriter[any](w.buf, options...)
}

func node(t geo.FieldType, local bool) pq.Node {
	switch t {
	case geo.Integer:
		return pq.Leaf(pq.Int64Type)
	case geo.Real:
		return pq.Leaf(pq.DoubleType)
	case geo.Boolean:
		return pq.Leaf(pq.BooleanType)
	case geo.Date:
		return pq.Date()
	case geo.DateTime:
		return pq.TimestampAdjusted(pq.Microsecond, !local)
	case geo.Binary:
		return pq.Leaf(pq.ByteArrayType)
	case geo.JSON:
		return pq.JSON()
	}
	return pq.String()
}

// Write adds a row. The library is kept from ending the program: what it
// panics about is an error.
func (w *Writer) Write(f geo.Feature) (err error) {
	defer func() { err = recovered("parquet.Write", recover(), err) }()
	if len(f.Values) != len(w.schema.Fields) {
		return fault.Errorf("parquet.Write", fault.Invalid, "%d values for %d fields", len(f.Values), len(w.schema.Fields))
	}
	if w.w != nil {
		return w.put(&f)
	}
	if w.early = append(w.early, f); len(w.early) < peeked {
		return nil
	}
	return w.release()
}

// release writes the rows that were kept.
func (w *Writer) release() error {
	w.begin()
	for i := range w.early {
		if err := w.put(&w.early[i]); err != nil {
			return err
		}
	}
	w.early = nil
	return nil
}

func (w *Writer) put(f *geo.Feature) error {
	const op = "parquet.Write"
	w.row = w.row[:0]
	size := 0
	add := func(v pq.Value, def int) { w.row = append(w.row, v.Level(0, def, len(w.row))) }
	for i, v := range f.Values {
		p, err := w.value(i, v)
		if err != nil {
			return fault.E(op, fault.Invalid, fmt.Errorf("row %d, field %s: %w", f.ID, w.schema.Fields[i].Name, err))
		}
		if p.IsNull() {
			add(p, 0)
			continue
		}
		size += 8
		if p.Kind() == pq.ByteArray {
			size += len(p.ByteArray())
		}
		add(p, 1)
	}
	if w.geometry != "" {
		n, err := w.putGeometry(f, add)
		if err != nil {
			return err
		}
		size += n
	}
	if _, err := w.w.WriteRows([]pq.Row{w.row}); err != nil {
		return fault.E(op, fault.Other, err)
	}
	w.bytes += int64(size)
	if w.rows++; w.rows >= w.o.GroupRows || w.bytes >= groupBytes {
		w.rows, w.bytes = 0, 0
		return fault.E(op, fault.Other, w.w.Flush())
	}
	return nil
}

func (w *Writer) putGeometry(f *geo.Feature, add func(pq.Value, int)) (int, error) {
	if f.Geometry == nil {
		for range 5 {
			add(pq.NullValue(), 0)
		}
		return 0, nil
	}
	var z, m []float64
	kind := f.Geometry.GeoJSONType()
	if w.schema.HasZ && f.Z != nil {
		z, kind = f.Z, kind+" Z"
	}
	if w.schema.HasM && f.M != nil {
		m = f.M
	}
	w.types[kind] = true
	b := geo.BBoxOf(f.Geometry.Bound())
	w.total = w.total.Union(b)
	for _, v := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		add(pq.DoubleValue(v), 1)
	}
	var err error
	if w.wkb, err = wkb.Append(w.wkb[:0], f.Geometry, z, m); err != nil {
		return 0, err
	}
	add(pq.ByteArrayValue(w.wkb), 1)
	return len(w.wkb) + 32, nil
}

// Close finishes the file.
func (w *Writer) Close() (err error) {
	const op = "parquet.Close"
	defer func() { err = recovered(op, recover(), err) }()
	if w.w == nil {
		if err := w.release(); err != nil {
			return errors.Join(err, w.f.Close())
		}
	}
	w.keepNames()
	if w.geometry != "" {
		meta, err := w.meta()
		if err != nil {
			return errors.Join(err, w.f.Close())
		}
		w.w.SetKeyValueMetadata("geo", meta)
	}
	err = w.w.Close()
	if ferr := w.buf.Flush(); err == nil {
		err = ferr
	}
	return fault.E(op, fault.Other, errors.Join(err, w.f.Close()))
}

// keepNames keeps the names for people beside the columns.
func (w *Writer) keepNames() {
	var names []fieldNames
	for _, f := range w.schema.Fields {
		if f.Alias != "" || f.Description != "" {
			names = append(names, fieldNames{f.Name, f.Alias, f.Description})
		}
	}
	if text, err := json.Marshal(names); err == nil && names != nil {
		w.w.SetKeyValueMetadata(namesKey, string(text))
	}
}

// Abort lets go of a file that is not to be finished.
func (w *Writer) Abort() error { return fault.E("parquet.Abort", fault.Other, w.f.Close()) }

func (w *Writer) meta() (string, error) {
	c := &columnMeta{Encoding: "WKB", Types: []string{}}
	for t := range w.types {
		c.Types = append(c.Types, t)
	}
	slices.Sort(c.Types)
	switch {
	case w.crs != "":
		c.CRS = json.RawMessage(w.crs)
	case !w.schema.CRS.Known():
		c.CRS = json.RawMessage("null")
	}
	if b := w.total; !b.IsEmpty() {
		c.BBox = []float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
	}
	c.Covering = &covering{}
	c.Covering.BBox.XMin, c.Covering.BBox.YMin = []string{w.box, "xmin"}, []string{w.box, "ymin"}
	c.Covering.BBox.XMax, c.Covering.BBox.YMax = []string{w.box, "xmax"}, []string{w.box, "ymax"}
	b, err := json.Marshal(metadata{Version: "1.1.0", Primary: w.geometry, Columns: map[string]*columnMeta{w.geometry: c}})
	return string(b), fault.E("parquet.Close", fault.Other, err)
}

// recovered makes an error of a panic of the library.
func recovered(op string, r any, err error) error {
	if r == nil {
		return err
	}
	return fault.Errorf(op, fault.Invalid, "the Parquet file is damaged: %v", r)
}
