package table_test

import (
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"

	"contado/geo/fault"
	"contado/geo/table"
)

func TestBook(t *testing.T) {
	t.Parallel()
	long := &table.Table{Name: "Same", Columns: []table.Column{{Name: "n", Kind: table.Integer}, {Name: "share", Kind: table.Share}}}
	for i := range 500 {
		long.Rows = append(long.Rows, []any{i, float64(i) / 1000})
	}
	first := &table.Table{Name: "Same", Columns: []table.Column{{Name: "name"}}, Rows: [][]any{{"=1+1"}, {nil}}, About: [][2]string{{"Source", "here"}}}
	var b bytes.Buffer
	if err := table.Book(&b, table.Italian, first, long, &table.Table{Name: "Empty", Columns: []table.Column{{Name: "x"}}}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); len(got) != 4 || got[0] != "Same" || got[1] != "Same 02" || got[2] != "Empty" || got[3] != "Informazioni" {
		t.Fatalf("sheets %q", got)
	}
	rows, err := f.GetRows("Same 02", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 501 || rows[500][0] != "499" || rows[500][1] != "0.499" {
		t.Errorf("%d rows, the last %q", len(rows), rows[len(rows)-1])
	}
	if v, err := f.GetCellFormula("Same", "A2"); err != nil || v != "" {
		t.Errorf("a text became the formula %q (%v)", v, err)
	}
	if err := table.Book(&b, table.Plain); !fault.Is(err, fault.Invalid) {
		t.Errorf("no table: %v", err)
	}
}
