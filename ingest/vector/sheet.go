package vector

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
)

// Sheet is what was learnt of a sheet.
type Sheet struct {
	// Texts are the columns whose cells are texts: codes among them stay texts,
	// whatever they look like.
	Texts []string
	// Header is the row that the names of the columns were found in, when GDAL
	// had not found them in the first; else 0.
	Header int
}

// SheetToCSV writes the sheet of a spreadsheet (the only one with rows, or the
// one named) as CSV in UTF-8. Titles above the names of the columns are left
// out. limit bounds what the file may unpack to.
//
// Errors: Invalid for damaged files, several sheets without a choice (the
// error lists them); TooLarge.
func SheetToCSV(ctx context.Context, path, label, sheet, dst string, limit int64) (Sheet, error) {
	const op = "vector.SheetToCSV"
	var none Sheet
	if err := checkUnpacked(path, label, limit); err != nil {
		return none, err
	}
	v, err := gdal.OpenVectorWith(path, &gdal.VectorOptions{Drivers: []string{"XLSX"}})
	if err != nil {
		return none, fmt.Errorf("%s: %w", label, err)
	}
	defer v.Close()
	var chosen *gdal.LayerInfo
	var names []string
	for _, l := range v.Layers() {
		if l.Name == sheet || sheet == "" && l.Count != 0 {
			names, chosen = append(names, l.Name), &l
		}
	}
	switch {
	case len(names) > 1:
		return none, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s has %d sheets", label, len(names)), "choose one with --layer: "+strings.Join(names, ", "))
	case chosen == nil && sheet != "":
		return none, fault.Errorf(op, fault.Invalid, "%s has no sheet %q", label, sheet)
	case chosen == nil:
		return none, fault.Errorf(op, fault.Invalid, "%s has no sheet with rows", label)
	}
	return writeSheet(ctx, v, chosen, dst)
}

// checkUnpacked refuses an archive that says it unpacks to more than limit.
func checkUnpacked(path, label string, limit int64) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return fault.Errorf("vector.SheetToCSV", fault.Invalid, "%s is damaged: %w", label, err)
	}
	defer z.Close()
	var total uint64
	for _, e := range z.File {
		if total += e.UncompressedSize64; total > uint64(max(limit, 0)) {
			return fault.Errorf("vector.SheetToCSV", fault.TooLarge, "%s unpacks to more than %d MiB, the limit for archives", label, limit>>20)
		}
	}
	return nil
}

func writeSheet(ctx context.Context, v *gdal.Vector, l *gdal.LayerInfo, dst string) (Sheet, error) {
	out, err := os.Create(dst)
	if err != nil {
		return Sheet{}, fault.E("vector.SheetToCSV", fault.Other, err)
	}
	w := csv.NewWriter(out)
	sheet, err := copySheet(ctx, v, l, w)
	w.Flush()
	err = errors.Join(err, w.Error(), out.Close())
	return sheet, fault.E("vector.SheetToCSV", fault.KindOf(err), err)
}

func copySheet(ctx context.Context, v *gdal.Vector, l *gdal.LayerInfo, w *csv.Writer) (sheet Sheet, err error) {
	names := make([]string, len(l.Schema.Fields))
	for i, f := range l.Schema.Fields {
		names[i] = f.Name
	}
	if unnamed(names) {
		if sheet.Header, names, err = findHeader(ctx, v, l.Name, names); err != nil {
			return sheet, err
		}
	}
	if sheet.Header <= 1 { // a title makes every column one of texts
		for i, f := range l.Schema.Fields {
			if f.Type == geo.String {
				sheet.Texts = append(sheet.Texts, names[i])
			}
		}
	}
	if err := w.Write(names); err != nil {
		return sheet, err
	}
	line := make([]string, len(names))
	row := 0
	return sheet, v.Scan(ctx, l.Name, func(f geo.Feature) (bool, error) {
		if row++; row <= sheet.Header {
			return true, nil
		}
		filled := 0
		for i, v := range f.Values {
			if line[i] = cellText(v); line[i] != "" {
				filled++
			}
		}
		if filled == 0 && sheet.Header > 0 {
			return true, nil
		}
		return true, w.Write(line)
	})
}

// unnamed reports whether GDAL found no row of names: it has made some up.
func unnamed(names []string) bool {
	for i, n := range names {
		if n != fmt.Sprintf("Field%d", i+1) {
			return false
		}
	}
	return len(names) > 1
}

const (
	titleRows = 40 // in which the names of columns are looked for
	maxName   = 200
)

// findHeader looks for the row of names below titles and remarks: the first
// that fills at least half of the columns that are ever filled, with different
// texts that are no numbers. Row 0 when there is none.
func findHeader(ctx context.Context, v *gdal.Vector, layer string, made []string) (row int, names []string, err error) {
	var rows [][]string
	widest := 0
	err = v.Scan(ctx, layer, func(f geo.Feature) (bool, error) {
		line := make([]string, len(made))
		filled := 0
		for i, v := range f.Values {
			if line[i] = strings.Join(strings.Fields(cellText(v)), " "); line[i] != "" {
				filled++
			}
		}
		rows, widest = append(rows, line), max(widest, filled)
		return len(rows) < titleRows, nil
	})
	if err != nil {
		return 0, nil, err
	}
	for i, line := range rows {
		if n := namesIn(line); n >= 2 && 2*n >= widest && i+1 < len(rows) {
			for k, name := range line {
				if name == "" {
					line[k] = made[k]
				}
			}
			return i + 1, line, nil
		}
	}
	return 0, made, nil
}

// namesIn counts the cells of a row that could name columns; 0 when one of
// them could not.
func namesIn(line []string) int {
	seen := map[string]bool{}
	for _, cell := range line {
		if cell == "" {
			continue
		}
		_, err := strconv.ParseFloat(strings.Replace(cell, ",", ".", 1), 64)
		if err == nil || seen[cell] || len(cell) > maxName {
			return 0
		}
		seen[cell] = true
	}
	return len(seen)
}

// cellText spells a value so that table reads it back: numbers with a point.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return PlainText(v)
}
