package table

import (
	"encoding/csv"
	"io"

	"contado/geo/fault"
)

// CSVWriter writes rows as they come; see Table.NewCSV.
type CSVWriter struct {
	t    *Table
	out  *csv.Writer
	l    Locale
	line []string
	n    int
}

// NewCSV writes the header and takes the rows one by one; t.Rows is not
// looked at. The caller ends with Flush.
func (t *Table) NewCSV(w io.Writer, l Locale) (*CSVWriter, error) {
	c := &CSVWriter{t: t, out: csv.NewWriter(w), l: l, line: make([]string, len(t.Columns))}
	if l == Italian {
		c.out.Comma = ';'
		if _, err := io.WriteString(w, "\ufeff"); err != nil { // else spreadsheets misread accents
			return nil, err
		}
	}
	for i, col := range t.Columns {
		c.line[i] = col.Name
	}
	return c, c.out.Write(c.line)
}

// Write adds a row.
func (c *CSVWriter) Write(row []any) error {
	c.n++
	if err := c.t.check(c.n-1, row); err != nil {
		return err
	}
	for i, v := range row {
		c.line[i] = text(v, c.l)
	}
	return c.out.Write(c.line)
}

// Flush writes out what is left.
func (c *CSVWriter) Flush() error {
	c.out.Flush()
	return c.out.Error()
}

// check reports, as fault.Invalid, a row that does not fit the columns.
func (t *Table) check(i int, row []any) error {
	if len(row) != len(t.Columns) {
		return fault.Errorf("table", fault.Invalid, "row %d has %d cells for %d columns", i, len(row), len(t.Columns))
	}
	for k, v := range row {
		if !fits(t.Columns[k].Kind, v) {
			return fault.Errorf("table", fault.Invalid, "row %d, column %s: a cell of type %T", i, t.Columns[k].Name, v)
		}
	}
	return nil
}
