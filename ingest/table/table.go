// Package table reads delimited text with a header row: points from
// coordinate columns, or plain attribute rows. Delimiter, encoding, decimal
// mark, column types and coordinate columns are found in the data, and
// everything found or doubted is said in the notices.
package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// Options steers Open. The zero value guesses everything.
type Options struct {
	// XField and YField name the coordinate columns (x: longitude or easting);
	// both or none.
	XField, YField string
	// CRS of the coordinates; "" means WGS 84 when the numbers allow it.
	CRS geo.CRS
	// Encoding is "utf-8", "latin1", "windows-1252", "utf-16"; "" detects it.
	Encoding string
	// Text names columns that stay text whatever they look like (codes).
	Text []string
	// Written names columns whose cells somebody has made texts: they stay it,
	// unless all of them are times, or true and false.
	Written []string
	// Code tells by their names the columns that hold codes: what could be a
	// number with a mark ("19.041") stays text there. nil: none.
	Code func(name string) bool
	// Near is where the points are expected, in WGS 84 (the territories known
	// already); it helps to tell swapped columns. nil when nothing is known.
	Near *geo.BBox
	// Label is what errors call the file; "" = its base name.
	Label string
	// NoGeometry reads the rows as attributes even if there are coordinates.
	NoGeometry bool
	Limits     Limits
}

// Limits bounds what is read.
type Limits struct {
	Rows      int64
	Fields    int
	RowBytes  int64 // of one record: an unclosed quote runs to the end of the file
	FileBytes int64
}

// DefaultLimits are those of zero fields.
var DefaultLimits = Limits{Rows: 20_000_000, Fields: 2000, RowBytes: 4 << 20, FileBytes: 16 << 30}

func (l Limits) withDefaults() Limits {
	if l.Rows == 0 {
		l.Rows = DefaultLimits.Rows
	}
	if l.Fields == 0 {
		l.Fields = DefaultLimits.Fields
	}
	if l.RowBytes == 0 {
		l.RowBytes = DefaultLimits.RowBytes
	}
	if l.FileBytes == 0 {
		l.FileBytes = DefaultLimits.FileBytes
	}
	return l
}

// Table is a table that has been looked through once and can be read again.
type Table struct {
	// Schema has geometry type "Point", or "" for plain rows. The coordinate
	// columns stay among the fields.
	Schema geo.Schema
	// Rows is how many features Scan yields.
	Rows    int64
	Notices []catalog.Notice

	path    string
	name    string // for people
	dialect dialect
	lim     Limits
	columns []column
	coords  *coordinates // nil: plain rows
	leave   map[int64]bool
	lines   int64
}

// Open looks through the whole file: dialect, types, coordinates. Errors are
// fault.Invalid (no header, a named column that is not there, coordinates
// without a CRS), fault.TooLarge.
func Open(ctx context.Context, path string, o Options) (*Table, error) {
	t := &Table{path: path, name: o.Label, lim: o.Limits.withDefaults(), leave: map[int64]bool{}}
	if t.name == "" {
		t.name = filepath.Base(path)
	}
	var notes notice.List
	var err error
	if t.dialect, err = detect(ctx, path, t.name, o.Encoding, t.lim, &notes); err != nil {
		return nil, err
	}
	names, err := t.header(&notes)
	if err != nil {
		return nil, err
	}
	if err := t.inspect(ctx, names, o, &notes); err != nil {
		return nil, err
	}
	if !o.NoGeometry {
		if err := t.locate(ctx, o, &notes); err != nil {
			return nil, err
		}
	}
	for _, c := range t.columns {
		t.Schema.Fields = append(t.Schema.Fields, geo.Field{Name: c.name, Type: c.kind})
	}
	t.Rows = t.lines - int64(len(t.leave))
	if t.Rows == 0 {
		return nil, fault.Errorf("table.Open", fault.Invalid, "%s holds no row of data", t.name)
	}
	t.Notices = notes.All()
	return t, nil
}

// header reads the column names, made unique and non-empty.
func (t *Table) header(notes *notice.List) ([]string, error) {
	const op = "table.Open"
	r, err := t.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	row, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, fault.Errorf(op, fault.Invalid, "%s is empty", t.name)
	}
	if err != nil {
		return nil, err
	}
	if len(row) > t.lim.Fields {
		return nil, fault.Errorf(op, fault.TooLarge, "%s has %d columns, more than the limit of %d", t.name, len(row), t.lim.Fields)
	}
	numbers := 0
	for _, s := range row {
		if looksNumeric(s) {
			numbers++
		}
	}
	if numbers > 0 && numbers*2 >= len(row) {
		return nil, fault.WithHint(
			fault.Errorf(op, fault.Invalid, "the first row of %s holds numbers, not column names: %s", t.name, strings.Join(row, ", ")),
			"add a first row with the names of the columns")
	}
	return uniqueNames(row, notes), nil
}

func uniqueNames(row []string, notes *notice.List) []string {
	taken := map[string]bool{}
	for _, s := range row {
		taken[strings.ToLower(strings.TrimSpace(s))] = true
	}
	used := map[string]bool{}
	out := make([]string, len(row))
	for i, s := range row {
		name := strings.TrimSpace(s)
		if name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		base := name
		for n := 2; used[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
			if taken[strings.ToLower(name)] {
				name = base
				continue
			}
		}
		used[strings.ToLower(name)] = true
		if name != strings.TrimSpace(s) {
			notes.Count(catalog.Warning, "field-renamed", "columns without a name of their own were renamed",
				fmt.Sprintf("column %d %q is now %q", i+1, s, name))
		}
		out[i] = name
	}
	return out
}

// Scan yields the rows in file order, ids from 1, until yield returns false
// or an error.
func (t *Table) Scan(ctx context.Context, yield func(geo.Feature) (bool, error)) error {
	var id int64
	return t.rows(ctx, func(line int64, row []string) (bool, error) {
		if t.leave[line] {
			return true, nil
		}
		id++
		f := geo.Feature{ID: id, Values: make([]any, len(t.columns))}
		for i := range t.columns {
			f.Values[i] = t.columns[i].value(row[i])
		}
		if t.coords != nil {
			if p, state := t.coords.point(row); state == located {
				f.Geometry = orb.Point(p)
			}
		}
		return yield(f)
	})
}

// rows calls fn with each record after the header, padded or cut to the
// number of columns; line is the record's number, the header being 1.
func (t *Table) rows(ctx context.Context, fn func(line int64, row []string) (bool, error)) error {
	r, err := t.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.next(); err != nil {
		return err
	}
	for line := int64(2); ; line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return fault.E("table.Scan", fault.Canceled, ctx.Err())
		}
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := fn(line, row); err != nil || !more {
			return err
		}
	}
}

// label names a row for people.
func (t *Table) label(line int64, row []string) string {
	for i := range t.columns {
		if t.columns[i].naming && row[i] != "" {
			return fmt.Sprintf("row %d: %s", line, row[i])
		}
	}
	return fmt.Sprintf("row %d", line)
}
