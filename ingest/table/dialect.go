package table

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// dialect is how a file is cut into cells.
type dialect struct {
	comma    rune
	encoding string // utf-8, windows-1252, utf-16
}

const sampleLen = 256 << 10

// detect finds encoding and delimiter. Encoding: a byte order mark, else
// UTF-8 when the whole file is valid, else Windows-1252 (a superset of the
// printable part of latin1).
func detect(ctx context.Context, path, name, want string, lim Limits, notes *notice.List) (dialect, error) {
	const op = "table.Open"
	f, err := os.Open(path)
	if err != nil {
		return dialect{}, fault.E(op, fault.NotExist, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return dialect{}, fault.E(op, fault.Other, err)
	}
	if info.Size() > lim.FileBytes {
		return dialect{}, fault.Errorf(op, fault.TooLarge, "%s is larger than %d MiB, the limit for tables", name, lim.FileBytes>>20)
	}
	d := dialect{}
	if d.encoding, err = canonicalEncoding(want); err != nil {
		return d, err
	}
	if d.encoding == "" {
		if d.encoding, err = detectEncoding(ctx, f); err != nil {
			return d, err
		}
		if d.encoding == windows1252 {
			notes.Add(catalog.Info, "encoding-detected", "%s is not UTF-8: it was read as Windows-1252 (latin1)", name)
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return d, fault.E(op, fault.Other, err)
	}
	sample := make([]byte, sampleLen)
	n, err := io.ReadFull(decode(f, d.encoding), sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return d, fault.E(op, fault.Invalid, err)
	}
	sample = sample[:n]
	if bytes.IndexByte(sample, 0) >= 0 {
		return d, fault.Errorf(op, fault.Invalid, "%s holds binary data, not text", name)
	}
	d.comma = delimiter(sample)
	return d, nil
}

const (
	utf8Name    = "utf-8"
	windows1252 = "windows-1252"
	utf16Name   = "utf-16"
)

// Encodings are the names that Options.Encoding takes.
var Encodings = []string{utf8Name, "latin1", windows1252, utf16Name}

func canonicalEncoding(s string) (string, error) {
	switch k := strings.ToLower(strings.ReplaceAll(s, "_", "-")); k {
	case "":
		return "", nil
	case "utf-8", "utf8":
		return utf8Name, nil
	case "latin1", "latin-1", "iso-8859-1", "iso8859-1", "windows-1252", "cp1252", "1252":
		return windows1252, nil
	case "utf-16", "utf16":
		return utf16Name, nil
	}
	return "", fault.Errorf("table.Open", fault.Invalid, "encoding %q is not known: use one of %s", s, strings.Join(Encodings, ", "))
}

func detectEncoding(ctx context.Context, f io.Reader) (string, error) {
	buf := make([]byte, 1<<20)
	kept, first := 0, true
	for {
		if ctx.Err() != nil {
			return "", fault.E("table.Open", fault.Canceled, ctx.Err())
		}
		n, err := f.Read(buf[kept:])
		b := buf[:kept+n]
		if first && len(b) >= 2 {
			if (b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff) {
				return utf16Name, nil
			}
			first = false
		}
		tail := 0
		if err == nil { // a rune may be cut at the end of the buffer
			for tail < 3 && tail < len(b) && !utf8.Valid(b[:len(b)-tail]) {
				tail++
			}
		}
		if !utf8.Valid(b[:len(b)-tail]) {
			return windows1252, nil
		}
		kept = copy(buf, b[len(b)-tail:])
		if errors.Is(err, io.EOF) {
			return utf8Name, nil
		}
		if err != nil {
			return "", fault.E("table.Open", fault.Other, err)
		}
	}
}

func decode(r io.Reader, name string) io.Reader {
	var e encoding.Encoding
	switch name {
	case windows1252:
		e = charmap.Windows1252
	case utf16Name:
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	default:
		e = unicode.UTF8BOM // replaces invalid bytes by U+FFFD
	}
	return e.NewDecoder().Reader(r)
}

// delimiter picks the one of , ; tab | that cuts the sample into the most
// regular table of more than one column.
func delimiter(sample []byte) rune {
	if i := bytes.LastIndexByte(sample, '\n'); i > 0 && len(sample) > sampleLen-8 {
		sample = sample[:i]
	}
	best, bestScore := ',', 0.0
	for _, c := range []rune{',', ';', '\t', '|'} {
		if s := regularity(sample, c); s > bestScore {
			best, bestScore = c, s
		}
	}
	return best
}

// regularity is the share of records with as many cells as the header, and a
// little for more columns; 0 when there is but one.
func regularity(sample []byte, comma rune) float64 {
	r := csv.NewReader(bytes.NewReader(sample))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = comma, true, -1, true
	header, rows, same := 0, 0, 0
	for rows < 300 {
		rec, err := r.Read()
		if err != nil {
			break
		}
		if rows++; rows == 1 {
			header = len(rec)
		}
		if len(rec) == header {
			same++
		}
	}
	if header < 2 || rows == 0 {
		return 0
	}
	return float64(same)/float64(rows) + 0.001*float64(min(header, 100))
}

// reader yields records of a bounded size, each padded or cut to the width of
// the header.
type reader struct {
	f     *os.File
	csv   *csv.Reader
	meter *meter
	lim   Limits
	name  string
	width int
	rows  int64
	// short and long tell how the last record differed from the header.
	short, long bool
	// lines says that the last cell of the last record holds a line end: it
	// was quoted.
	lines bool
}

// meter bounds what one record may read, and keeps the last byte that is no
// space.
type meter struct {
	r    io.Reader
	left int64
	last byte
}

var errRecord = errors.New("record too long")

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errRecord
	}
	n, err := m.r.Read(p)
	m.left -= int64(n)
	if text := bytes.TrimRight(p[:n], " \t\r\n"); len(text) > 0 {
		m.last = text[len(text)-1]
	}
	return n, err
}

func (t *Table) open() (*reader, error) {
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fault.E("table.Open", fault.NotExist, err)
	}
	r := &reader{f: f, lim: t.lim, name: t.name, meter: &meter{r: decode(f, t.dialect.encoding), left: t.lim.RowBytes}}
	r.csv = csv.NewReader(r.meter)
	r.csv.Comma, r.csv.LazyQuotes, r.csv.FieldsPerRecord = t.dialect.comma, true, -1
	return r, nil
}

func (r *reader) Close() error { return r.f.Close() }

func (r *reader) next() ([]string, error) {
	const op = "table.Open"
	r.meter.left = r.lim.RowBytes
	row, err := r.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		if r.lines && r.meter.last != '"' {
			return nil, fault.WithHint(fault.Errorf(op, fault.Invalid,
				"row %d of %s opens a quote that is never closed: the rest of the file would be one cell", r.rows, r.name), "close the quote, or fetch the file again if it was cut short")
		}
		return nil, io.EOF
	case errors.Is(err, errRecord):
		return nil, fault.WithHint(fault.Errorf(op, fault.TooLarge,
			"row %d of %s is longer than %d MiB", r.rows+1, r.name, r.lim.RowBytes>>20), "look for a quote that is opened and never closed")
	case err != nil:
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("read %s: %w", r.name, err))
	}
	r.lines = len(row) > 0 && strings.Contains(row[len(row)-1], "\n")
	if r.rows++; r.rows-1 > r.lim.Rows {
		return nil, fault.Errorf(op, fault.TooLarge, "%s has more than %d rows, the limit", r.name, r.lim.Rows)
	}
	if r.rows == 1 {
		r.width = len(row)
		return row, nil
	}
	r.short, r.long = len(row) < r.width, false
	for len(row) < r.width {
		row = append(row, "")
	}
	for _, s := range row[r.width:] {
		if strings.TrimSpace(s) != "" {
			r.long = true
		}
	}
	return row[:r.width], nil
}
