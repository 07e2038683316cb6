package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	pq "github.com/parquet-go/parquet-go"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
)

// File is an open Parquet file. It belongs to one goroutine at a time.
type File struct {
	f        io.Closer
	pq       *pq.File
	schema   geo.Schema
	fields   []field
	geometry *geometryColumn // nil: a plain table
	box      [4]int          // leaves of the covering boxes; −1: none
	width    int             // leaves
	bounds   *geo.BBox
	tmp      string // a copy in another compression
}

// Bounds of what a file may hold.
const (
	maxColumns = 20000
	maxGroups  = 100000
	maxDepth   = 64
)

// Open opens a file. The reference system of its geometry is in the schema:
// longitude and latitude when the file says nothing, not known when it says
// null. Columns that are lists, maps or records become JSON; whole numbers of
// 64 bits without a sign, and decimals of more than 15 digits, become text.
//
// Errors: NotExist; Invalid for damaged files; Unsupported for encrypted
// ones, encodings and layouts that are not known; TooLarge for pages that
// would unpack to more than 256 MB.
func Open(path string) (_ *File, err error) {
	const op = "parquet.Open"
	f, err := os.Open(path)
	if err != nil {
		kind := fault.Invalid
		if errors.Is(err, os.ErrNotExist) {
			kind = fault.NotExist
		}
		return nil, fault.E(op, kind, err)
	}
	out := &File{f: f}
	defer func() {
		if r := recover(); r != nil {
			err = recovered(op, r, err)
		}
		if err != nil {
			err = errors.Join(err, out.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	if err := out.open(f, info.Size()); err != nil {
		return nil, err
	}
	return out, nil
}

func (f *File) open(r *os.File, size int64) error {
	const op = "parquet.Open"
	if err := checkFooter(r, size); err != nil {
		return err
	}
	file, err := openPages(r, size)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	old, err := checkPages(r, size, file.Metadata())
	if err != nil {
		return err
	}
	if old { // a compression that the library does not know
		if file, err = f.unpack(r, file.Metadata()); err != nil {
			return err
		}
	}
	f.pq = file
	return f.describe()
}

func openPages(r io.ReaderAt, size int64) (*pq.File, error) {
	return pq.OpenFile(r, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true), pq.ReadBufferSize(64<<10))
}

// Schema describes the rows.
func (f *File) Schema() geo.Schema { return f.schema }

// Len is the number of rows as the file states it.
func (f *File) Len() int64 { return f.pq.NumRows() }

// Bounds is the box that the file states, nil when it does not.
func (f *File) Bounds() *geo.BBox { return f.bounds }

// Close frees the file.
func (f *File) Close() error {
	err := f.f.Close()
	if f.tmp != "" {
		err = errors.Join(err, os.Remove(f.tmp))
		f.tmp = ""
	}
	return fault.E("parquet.Close", fault.Other, err)
}

// describe makes the schema of the columns.
func (f *File) describe() error {
	const op = "parquet.Open"
	f.box = [4]int{-1, -1, -1, -1}
	root := f.pq.Root()
	if depth(root, 0) > maxDepth {
		return fault.Errorf(op, fault.Invalid, "the columns are nested deeper than %d", maxDepth)
	}
	if f.width = leaves(root); f.width > maxColumns {
		return fault.Errorf(op, fault.TooLarge, "%d columns", f.width)
	}
	var meta *metadata
	if text, ok := f.pq.Lookup("geo"); ok {
		var err error
		if meta, err = parseMeta(text); err != nil {
			return err
		}
	}
	skip := f.covering(root, meta)
	plain := ""
	if meta == nil {
		plain = f.plainWKB(root)
	}
	at := 0
	for _, c := range root.Columns() {
		n := leaves(c)
		switch {
		case meta != nil && c.Name() == meta.Primary:
			if err := f.primary(c, at, meta.Columns[meta.Primary]); err != nil {
				return err
			}
		case meta == nil && f.geometry == nil && nativeGeometry(c):
			if err := f.native(c, at); err != nil {
				return err
			}
		case c.Name() == plain && f.geometry == nil:
			f.geometry = &geometryColumn{leaf: at}
			f.schema.GeometryType = "Geometry"
		case c.Name() != skip:
			f.fields = append(f.fields, attribute(c, at))
			f.schema.Fields = append(f.schema.Fields, f.fields[len(f.fields)-1].Field)
		}
		at += n
	}
	if meta != nil && f.geometry == nil {
		return fault.Errorf(op, fault.Invalid, "the geo metadata speaks of a column %q, which is not there", meta.Primary)
	}
	f.readNames()
	return nil
}

// wkbNames are what programs that write no metadata call their geometry.
var wkbNames = map[string]bool{"geometry": true, "geom": true, "wkb_geometry": true, "the_geom": true, "wkb": true}

// plainWKB finds a binary column that is named like a geometry and begins with
// one. Nothing says its reference system.
func (f *File) plainWKB(root *pq.Column) string {
	at := 0
	for _, c := range root.Columns() {
		leaf := at
		at += leaves(c)
		if !c.Leaf() || c.Repeated() || c.Type().Kind() != pq.ByteArray || c.Type().LogicalType() != nil || !wkbNames[strings.ToLower(c.Name())] {
			continue
		}
		for _, g := range f.pq.RowGroups() {
			seen, good := beginsWithWKB(g, leaf)
			if good {
				return c.Name()
			}
			if seen {
				break
			}
		}
	}
	return ""
}

// beginsWithWKB looks at the first rows of a group: whether a column has
// values there, and whether all of them are geometries.
func beginsWithWKB(g pq.RowGroup, leaf int) (seen, good bool) {
	rows := g.Rows()
	defer rows.Close()
	buf := make([]pq.Row, 64)
	n, _ := rows.ReadRows(buf) // Rows tells of damage
	good = true
	for _, row := range buf[:n] {
		for _, v := range row {
			if v.Column() != leaf || v.IsNull() {
				continue
			}
			_, _, _, err := wkb.Decode(v.ByteArray())
			seen, good = true, good && err == nil
		}
	}
	return seen, good && seen
}

func depth(c *pq.Column, d int) int {
	deepest := d
	for _, child := range c.Columns() {
		if deepest = max(deepest, depth(child, d+1)); deepest > maxDepth {
			break
		}
	}
	return deepest
}

// covering finds the leaves of the boxes and returns the name of their column
// ("" when there are none): it says nothing that the geometry does not.
func (f *File) covering(root *pq.Column, meta *metadata) string {
	if meta == nil || meta.Columns[meta.Primary].Covering == nil {
		return ""
	}
	b := meta.Columns[meta.Primary].Covering.BBox
	at, name := 0, ""
	for _, c := range root.Columns() {
		for k, path := range [][]string{b.XMin, b.YMin, b.XMax, b.YMax} {
			if len(path) != 2 || path[0] != c.Name() || c.Repeated() {
				continue
			}
			for i, m := range c.Columns() {
				if m.Name() == path[1] && m.Leaf() && !m.Repeated() && leaves(c) == len(c.Columns()) {
					f.box[k], name = at+i, c.Name()
				}
			}
		}
		at += leaves(c)
	}
	if f.box[0] < 0 || f.box[1] < 0 || f.box[2] < 0 || f.box[3] < 0 {
		f.box = [4]int{-1, -1, -1, -1}
		return ""
	}
	return name
}

// primary settles the geometry column.
func (f *File) primary(c *pq.Column, at int, m *columnMeta) error {
	g, err := newGeometry(c, at, m.Encoding)
	if err != nil {
		return err
	}
	f.geometry = g
	types, z := m.geometryTypes()
	f.schema.GeometryType, f.schema.HasZ = layerType(types), z || g.z
	f.schema.HasM = g.m
	if g.kind != "" {
		f.schema.GeometryType = g.kind
	}
	if n := len(m.BBox); n == 4 || n == 6 {
		f.bounds = &geo.BBox{MinX: m.BBox[0], MinY: m.BBox[1], MaxX: m.BBox[n/2], MaxY: m.BBox[n/2+1]}
	}
	if f.schema.CRS, err = m.crs(); err != nil {
		return fault.E("parquet.Open", fault.KindOf(err), fmt.Errorf("the reference system of %s: %w", c.Name(), err))
	}
	return nil
}

// namesKey is where Writer keeps what Parquet has no place for.
const namesKey = "contado:fields"

type fieldNames struct {
	Name        string `json:"name"`
	Alias       string `json:"alias,omitempty"`
	Description string `json:"description,omitempty"`
}

func (f *File) readNames() {
	text, ok := f.pq.Lookup(namesKey)
	var names []fieldNames
	if !ok || len(text) > maxMeta || json.Unmarshal([]byte(text), &names) != nil {
		return
	}
	for _, n := range names {
		if i := f.schema.FieldIndex(n.Name); i >= 0 {
			f.schema.Fields[i].Alias, f.schema.Fields[i].Description = n.Alias, n.Description
		}
	}
}
