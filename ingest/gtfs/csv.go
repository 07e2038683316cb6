package gtfs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"

	"golang.org/x/text/encoding/charmap"
)

// Bounds on one row; real ones stay far below.
const (
	maxRow    = 1 << 20
	maxFields = 1 << 10
)

// table reads the rows of one file: comma-separated values (RFC 4180) with a
// header, as feeds really write them. It takes a byte order mark, quotes
// where they are not needed, blank lines, rows that are too short, spaces
// around values, and text that is not UTF-8, which it reads as Windows-1252.
type table struct {
	name    string // stops.txt
	in      *bufio.Reader
	columns []string // lower case
	line    int      // where the present row begins
	row     []string
	next    int // line that the next row begins on
	buf     []byte
	ends    []int
	legacy  int // rows that were not UTF-8
	long    int // rows with more values than columns
	odd     int // rows with text after a closing quote
}

// newTable reads the header.
func newTable(name string, r io.Reader) (*table, error) {
	t := &table{name: name, in: bufio.NewReaderSize(r, 1<<16), next: 1}
	if mark, err := t.in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = t.in.Discard(3) // just peeked at
	} else if mark, _ := t.in.Peek(2); bytes.Equal(mark, []byte("\xff\xfe")) || bytes.Equal(mark, []byte("\xfe\xff")) {
		return nil, fault.WithHint(fault.Errorf("gtfs.Open", fault.Invalid, "%s is UTF-16", name), "save it as UTF-8")
	}
	ok, err := t.scan()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.Errorf("gtfs.Open", fault.Invalid, "%s is empty: it has no header", name)
	}
	for _, c := range t.row {
		t.columns = append(t.columns, strings.ToLower(c))
	}
	return t, nil
}

// column is the place of a column, −1 when the file has none.
func (t *table) column(name string) int {
	for i, c := range t.columns {
		if c == name {
			return i
		}
	}
	return -1
}

// value is the value of a column in the present row; "" when there is none.
func (t *table) value(column int) string {
	if column < 0 || column >= len(t.row) {
		return ""
	}
	return t.row[column]
}

// scan reads the next row that is not blank; false at the end.
func (t *table) scan() (bool, error) {
	for {
		t.line = t.next
		more, err := t.record()
		if err != nil {
			return false, err
		}
		if !more {
			return false, nil
		}
		if len(t.ends) == 1 && len(bytes.TrimSpace(t.buf)) == 0 {
			continue
		}
		t.cut()
		if t.columns != nil && len(t.row) > len(t.columns) {
			t.long++
		}
		return true, nil
	}
}

// record reads one row into buf, the values one after the other, and their
// ends; false at the end of the file.
func (t *table) record() (bool, error) {
	t.buf, t.ends = t.buf[:0], t.ends[:0]
	begin, quoted, closed, any := true, false, false, false
	for {
		b, err := t.in.ReadByte()
		if errors.Is(err, io.EOF) {
			if quoted {
				return false, fault.Errorf("gtfs.Open", fault.Invalid, "%s, line %d: a quote is not closed", t.name, t.line)
			}
			if !any {
				return false, nil
			}
			t.ends = append(t.ends, len(t.buf))
			return true, nil
		}
		if err != nil {
			return false, fault.Errorf("gtfs.Open", fault.Invalid, "%s, line %d: %w", t.name, t.line, err)
		}
		any = true
		if b == '\n' {
			t.next++
		}
		switch {
		case quoted && b == '"':
			if next, err := t.in.Peek(1); err == nil && next[0] == '"' {
				_, _ = t.in.Discard(1) // just peeked at
				t.buf = append(t.buf, '"')
			} else {
				quoted, closed = false, true
			}
		case quoted:
			t.buf = append(t.buf, b)
		case b == '\n':
			t.ends = append(t.ends, len(t.buf))
			return true, nil
		case b == ',':
			t.ends = append(t.ends, len(t.buf))
			begin, closed = true, false
		case b == '"' && begin:
			quoted, begin = true, false
		case b == ' ' && begin, b == '\r':
		default:
			if closed && b != ' ' {
				t.odd++
				closed = false
			}
			begin = false
			t.buf = append(t.buf, b)
		}
		if len(t.buf) > maxRow || len(t.ends) > maxFields {
			return false, fault.Errorf("gtfs.Open", fault.TooLarge, "%s, line %d: a row of more than 1 MB or 1024 values: is a quote not closed?", t.name, t.line)
		}
	}
}

// cut makes the values of what record has read.
func (t *table) cut() {
	t.row = t.row[:0]
	if !utf8.Valid(t.buf) {
		t.legacy++
		from := 0
		for _, to := range t.ends {
			b, err := charmap.Windows1252.NewDecoder().Bytes(t.buf[from:to])
			if err != nil { // cannot be: every byte has a meaning, or U+FFFD
				b = bytes.ToValidUTF8(t.buf[from:to], []byte("�"))
			}
			t.row = append(t.row, clean(string(b)))
			from = to
		}
		return
	}
	all, from := string(t.buf), 0
	for _, to := range t.ends {
		t.row = append(t.row, clean(all[from:to]))
		from = to
	}
}

// clean trims a value and takes out what no text should hold.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// at names the present row, and a value in it, in notices.
func (t *table) at(value string) string {
	if value == "" {
		return fmt.Sprintf("%s, line %d", t.name, t.line)
	}
	return fmt.Sprintf("%s, line %d: %s", t.name, t.line, value)
}

// appendRow appends a row in the form that every reader understands.
func appendRow(b []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if strings.ContainsAny(v, ",\"\n\r") {
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(v, `"`, `""`)...)
			b = append(b, '"')
		} else {
			b = append(b, v...)
		}
	}
	return append(b, '\n')
}
