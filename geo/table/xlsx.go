package table

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"contado/geo/fault"
)

// maxRows is what a sheet of a spreadsheet can hold, without the header.
const maxRows = excelize.TotalRows - 1

// XLSX writes a spreadsheet: a sheet of the rows, with a header that stays
// in sight and a filter, and one that says where they come from. Cells are
// numbers and dates, which the program that opens it writes in its own
// language; dates follow the locale's order.
//
// Errors: fault.TooLarge for more rows than a sheet can hold.
func (t *Table) XLSX(w io.Writer, l Locale) (err error) {
	const op = "table.XLSX"
	if err := t.Check(); err != nil {
		return err
	}
	if len(t.Rows) > maxRows || len(t.Columns) > excelize.MaxColumns {
		return fault.WithHint(fault.Errorf(op, fault.TooLarge, "%d rows of %d columns; a sheet holds %d of %d",
			len(t.Rows), len(t.Columns), maxRows, excelize.MaxColumns), "write CSV instead")
	}
	out, err := t.NewXLSX(l)
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := out.Write(row); err != nil {
			return errors.Join(err, out.Abort())
		}
	}
	return out.Finish(w)
}

// XLSXWriter writes rows as they come, into temporary files once they are
// many; see Table.NewXLSX.
type XLSXWriter struct {
	t      *Table
	l      Locale
	f      *excelize.File
	s      *excelize.StreamWriter
	name   string
	first  [][]any // rows that settle the widths of the columns
	styles []int
	head   int
	line   []any
	n      int
}

// sampled is how many rows settle the widths.
const sampled = 200

// NewXLSX starts a spreadsheet that takes its rows one by one; t.Rows is not
// looked at. The caller ends with Finish, or with Abort.
//
// Errors: fault.TooLarge for more columns than a sheet can hold.
func (t *Table) NewXLSX(l Locale) (*XLSXWriter, error) {
	if len(t.Columns) > excelize.MaxColumns {
		return nil, fault.Errorf("table.XLSX", fault.TooLarge, "%d columns; a sheet holds %d", len(t.Columns), excelize.MaxColumns)
	}
	x := &XLSXWriter{t: t, l: l, f: excelize.NewFile(), name: sheetName(t.Name), line: make([]any, len(t.Columns))}
	if err := x.start(); err != nil {
		return nil, fault.E("table.XLSX", fault.Other, errors.Join(err, x.f.Close()))
	}
	return x, nil
}

func (x *XLSXWriter) start() (err error) {
	if err := x.f.SetSheetName("Sheet1", x.name); err != nil {
		return err
	}
	if x.head, x.styles, err = x.t.styles(x.f, x.l); err != nil {
		return err
	}
	x.s, err = x.f.NewStreamWriter(x.name)
	return err
}

// Write adds a row. Errors: fault.TooLarge beyond what a sheet can hold.
func (x *XLSXWriter) Write(row []any) error {
	const op = "table.XLSX"
	if x.n++; x.n > maxRows {
		return fault.WithHint(fault.Errorf(op, fault.TooLarge, "there are more rows than the %d that a sheet holds", maxRows), "write CSV instead")
	}
	if err := x.t.check(x.n-1, row); err != nil {
		return err
	}
	if x.n <= sampled {
		x.first = append(x.first, slices.Clone(row))
		return nil
	}
	if x.first != nil {
		if err := x.begin(); err != nil {
			return fault.E(op, fault.Other, err)
		}
	}
	return fault.E(op, fault.Other, x.row(x.n, row))
}

// begin writes the header and the rows kept so far.
func (x *XLSXWriter) begin() error {
	for i, c := range x.t.Columns {
		if err := x.s.SetColWidth(i+1, i+1, width(i, c, x.first)); err != nil {
			return err
		}
	}
	if err := x.s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, c := range x.t.Columns {
		title := c.Name
		if c.Unit != "" {
			title += " [" + c.Unit + "]"
		}
		x.line[i] = excelize.Cell{StyleID: x.head, Value: title}
	}
	if err := x.s.SetRow("A1", x.line); err != nil {
		return err
	}
	for i, row := range x.first {
		if err := x.row(i+1, row); err != nil {
			return err
		}
	}
	x.first = nil
	return nil
}

// firstYear is when the days of spreadsheets begin; older ones are text there.
const firstYear = 1900

// row writes row n, from 1.
func (x *XLSXWriter) row(n int, row []any) error {
	for i, v := range row {
		if empty(v) {
			x.line[i] = nil
			continue
		}
		if d, ok := v.(time.Time); ok {
			if d = d.UTC().Truncate(24 * time.Hour); d.Year() < firstYear {
				v = x.l.date(d)
			} else {
				v = d
			}
		}
		if b, ok := v.(bool); ok {
			v = x.l.flag(b)
		}
		if n, ok := v.(int64); ok && !SheetNumber(n) {
			v = strconv.FormatInt(n, 10)
		}
		x.line[i] = excelize.Cell{StyleID: x.styles[i], Value: v}
	}
	at, err := excelize.CoordinatesToCellName(1, n+1)
	if err != nil {
		return err
	}
	return x.s.SetRow(at, x.line)
}

// Finish writes the whole to w.
func (x *XLSXWriter) Finish(w io.Writer) error {
	err := x.finish(w)
	return fault.E("table.XLSX", fault.Other, errors.Join(err, x.f.Close()))
}

func (x *XLSXWriter) finish(w io.Writer) error {
	if x.n <= sampled {
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.s.Flush(); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(max(len(x.t.Columns), 1), x.n+1)
	if err != nil {
		return err
	}
	if err := x.f.AutoFilter(x.name, "A1:"+last, nil); err != nil {
		return err
	}
	if err := x.t.fillAbout(x.f, x.l); err != nil {
		return err
	}
	_, err = x.f.WriteTo(w)
	return err
}

// Abort lets go of a spreadsheet that is not to be finished.
func (x *XLSXWriter) Abort() error { return x.f.Close() }

// SheetNumber reports whether a spreadsheet keeps all digits of a number: it
// keeps 15. Others are written as text, so that ids stay what they are.
func SheetNumber(n int64) bool { return n > -1e15 && n < 1e15 }

// styles are those of the header and of each column.
func (t *Table) styles(f *excelize.File, l Locale) (head int, columns []int, err error) {
	head, err = f.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E5ECF4"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	})
	if err != nil {
		return 0, nil, err
	}
	for _, c := range t.Columns {
		id := 0
		if code := c.format(l); code != "" {
			if id, err = f.NewStyle(&excelize.Style{CustomNumFmt: &code}); err != nil {
				return 0, nil, err
			}
		}
		columns = append(columns, id)
	}
	return head, columns, nil
}

// format is the number format of a column. "," and "." stand for the
// separators of whoever opens the file.
func (c *Column) format(l Locale) string {
	decimals := ""
	if c.Digits > 0 {
		decimals = "." + strings.Repeat("0", c.Digits)
	}
	switch c.Kind {
	case Integer:
		return "#,##0"
	case Real:
		return "#,##0" + decimals
	case Share:
		if c.Digits == 0 {
			decimals = ".0"
		}
		return "0" + decimals + "%"
	case Date:
		if l == Italian {
			return "dd/mm/yyyy"
		}
		return "yyyy-mm-dd"
	case Text:
		return "@"
	}
	return ""
}

// width is that of a column in characters, by its first rows.
func width(i int, c Column, rows [][]any) float64 {
	n := utf8.RuneCountInString(c.Name) + utf8.RuneCountInString(c.Unit) + 3
	for _, row := range rows {
		if s, ok := row[i].(string); ok {
			n = max(n, utf8.RuneCountInString(s)+2)
		}
	}
	return float64(min(max(n, 10), 48))
}

func (t *Table) fillAbout(f *excelize.File, l Locale) error {
	if len(t.About) == 0 {
		return nil
	}
	name := "About"
	if l == Italian {
		name = "Informazioni"
	}
	if _, err := f.NewSheet(name); err != nil {
		return err
	}
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	if err := f.SetColWidth(name, "A", "A", 24); err != nil {
		return err
	}
	if err := f.SetColWidth(name, "B", "B", 100); err != nil {
		return err
	}
	for i, row := range t.About {
		for k, s := range row {
			at, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(name, at, s); err != nil {
				return err
			}
			if err := f.SetCellStyle(name, at, at, wrap); err != nil {
				return err
			}
		}
	}
	return nil
}

// sheetName is a name that spreadsheets take: at most 31 characters and none
// of : \ / ? * [ ].
func sheetName(s string) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) || r < ' ' {
			return '-'
		}
		return r
	}, s), "' ")
	if r := []rune(s); len(r) > 31 {
		s = string(r[:31])
	}
	if s == "" {
		return "Data"
	}
	return s
}
