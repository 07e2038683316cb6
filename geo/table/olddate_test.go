package table_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"contado/geo/table"
)

// Spreadsheets count days from 1900 on: what is older is a text that says the
// day, in the words of the locale, and not the first day that there is.
func TestDaysBeforeSpreadsheets(t *testing.T) {
	t.Parallel()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	tab := &table.Table{Name: "T", Columns: []table.Column{{Name: "day", Kind: table.Date}}, Rows: [][]any{
		{day(1899, 12, 31)}, {day(1812, 2, 29)}, {day(1, 1, 1)}, {day(1900, 3, 1)}, {day(2024, 2, 29)},
	}}
	for l, want := range map[table.Locale][]string{
		table.Plain:   {"1899-12-31", "1812-02-29", "0001-01-01", "61", "45351"},
		table.Italian: {"31/12/1899", "29/02/1812", "01/01/0001", "61", "45351"},
	} {
		var b bytes.Buffer
		if err := table.Book(&b, l, tab); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows("T", excelize.Options{RawCellValue: true})
		if err != nil || len(rows) != len(want)+1 {
			t.Fatalf("%v, %v", rows, err)
		}
		for i, w := range want {
			if rows[i+1][0] != w {
				t.Errorf("%s: %q, want %q", l, rows[i+1][0], w)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
