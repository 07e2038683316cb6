package table

import (
	"io"
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
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fault.E(op, fault.Other, cerr)
		}
	}()
	name := sheetName(t.Name)
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if err := t.fillSheet(f, name, l); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if err := t.fillAbout(f, l); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if _, err := f.WriteTo(w); err != nil {
		return fault.E(op, fault.Other, err)
	}
	return nil
}

func (t *Table) fillSheet(f *excelize.File, name string, l Locale) error {
	head, styles, err := t.styles(f, l)
	if err != nil {
		return err
	}
	s, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		if err := s.SetColWidth(i+1, i+1, t.width(i, c)); err != nil {
			return err
		}
	}
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	line := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		title := c.Name
		if c.Unit != "" {
			title += " [" + c.Unit + "]"
		}
		line[i] = excelize.Cell{StyleID: head, Value: title}
	}
	if err := s.SetRow("A1", line); err != nil {
		return err
	}
	for r, row := range t.Rows {
		for i, v := range row {
			if empty(v) {
				line[i] = nil
				continue
			}
			if d, ok := v.(time.Time); ok {
				v = d.UTC().Truncate(24 * time.Hour)
			}
			if b, ok := v.(bool); ok {
				v = l.flag(b)
			}
			line[i] = excelize.Cell{StyleID: styles[i], Value: v}
		}
		at, err := excelize.CoordinatesToCellName(1, r+2)
		if err != nil {
			return err
		}
		if err := s.SetRow(at, line); err != nil {
			return err
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(max(len(t.Columns), 1), len(t.Rows)+1)
	if err != nil {
		return err
	}
	return f.AutoFilter(name, "A1:"+last, nil)
}

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

// width is that of a column in characters.
func (t *Table) width(i int, c Column) float64 {
	n := utf8.RuneCountInString(c.Name) + utf8.RuneCountInString(c.Unit) + 3
	for r := range min(len(t.Rows), 200) {
		if s, ok := t.Rows[r][i].(string); ok {
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
