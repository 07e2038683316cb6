package table

import (
	"errors"
	"io"

	"github.com/xuri/excelize/v2"

	"contado/geo/fault"
)

// maxSheets keeps a spreadsheet one that can be looked through.
const maxSheets = 64

// Book writes several tables as one spreadsheet, a sheet each, in order, and
// what the first says about itself as the last one. Names of sheets that are
// alike are numbered.
//
// Errors: fault.TooLarge for more than a sheet, or the book, can hold.
func Book(w io.Writer, l Locale, tables ...*Table) (err error) {
	const op = "table.Book"
	if len(tables) == 0 || len(tables) > maxSheets {
		return fault.Errorf(op, fault.Invalid, "%d tables: a book has 1 to %d", len(tables), maxSheets)
	}
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	taken := map[string]bool{}
	for i, t := range tables {
		if err := t.Check(); err != nil {
			return err
		}
		if len(t.Rows) > maxRows || len(t.Columns) > excelize.MaxColumns {
			return fault.WithHint(fault.Errorf(op, fault.TooLarge, "%s: %d rows of %d columns; a sheet holds %d of %d",
				t.Name, len(t.Rows), len(t.Columns), maxRows, excelize.MaxColumns), "write CSV instead")
		}
		name := freeSheet(taken, t.Name)
		if i == 0 {
			err = f.SetSheetName("Sheet1", name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err != nil {
			return fault.E(op, fault.Other, err)
		}
		if err := t.sheet(f, name, l); err != nil {
			return fault.E(op, fault.Other, err)
		}
	}
	if err := tables[0].fillAbout(f, l); err != nil {
		return fault.E(op, fault.Other, err)
	}
	_, err = f.WriteTo(w)
	return err
}

func freeSheet(taken map[string]bool, want string) string {
	name := sheetName(want)
	for n := 2; taken[name]; n++ {
		r := []rune(sheetName(want))
		name = string(r[:min(len(r), 27)]) + " " + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
	}
	taken[name] = true
	return name
}

// sheet fills a sheet with the rows, like XLSX.
func (t *Table) sheet(f *excelize.File, name string, l Locale) error {
	x := &XLSXWriter{t: t, l: l, f: f, name: name, line: make([]any, len(t.Columns)), first: t.Rows[:min(len(t.Rows), sampled)]}
	var err error
	if x.head, x.styles, err = t.styles(f, l); err != nil {
		return err
	}
	if x.s, err = f.NewStreamWriter(name); err != nil {
		return err
	}
	if err := x.begin(); err != nil {
		return err
	}
	for i := min(len(t.Rows), sampled); i < len(t.Rows); i++ {
		if err := x.row(i+1, t.Rows[i]); err != nil {
			return err
		}
	}
	if err := x.s.Flush(); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(max(len(t.Columns), 1), len(t.Rows)+1)
	if err != nil {
		return err
	}
	return f.AutoFilter(name, "A1:"+last, nil)
}
