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

// SheetToCSV writes the sheet of a spreadsheet (the only one with rows, or the
// one named) as CSV in UTF-8, and names the columns whose cells are texts:
// these stay texts, whatever they look like. limit bounds what the file may
// unpack to.
//
// Errors: Invalid for damaged files, several sheets without a choice (the
// error lists them); TooLarge.
func SheetToCSV(ctx context.Context, path, label, sheet, dst string, limit int64) ([]string, error) {
	const op = "vector.SheetToCSV"
	if err := checkUnpacked(path, label, limit); err != nil {
		return nil, err
	}
	v, err := gdal.OpenVectorWith(path, &gdal.VectorOptions{Drivers: []string{"XLSX"}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
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
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s has %d sheets", label, len(names)), "choose one with --layer: "+strings.Join(names, ", "))
	case chosen == nil && sheet != "":
		return nil, fault.Errorf(op, fault.Invalid, "%s has no sheet %q", label, sheet)
	case chosen == nil:
		return nil, fault.Errorf(op, fault.Invalid, "%s has no sheet with rows", label)
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

func writeSheet(ctx context.Context, v *gdal.Vector, l *gdal.LayerInfo, dst string) ([]string, error) {
	out, err := os.Create(dst)
	if err != nil {
		return nil, fault.E("vector.SheetToCSV", fault.Other, err)
	}
	w := csv.NewWriter(out)
	line := make([]string, len(l.Schema.Fields))
	var texts []string
	for i, f := range l.Schema.Fields {
		if line[i] = f.Name; f.Type == geo.String {
			texts = append(texts, f.Name)
		}
	}
	err = w.Write(line)
	if err == nil {
		err = v.Scan(ctx, l.Name, func(f geo.Feature) (bool, error) {
			for i, v := range f.Values {
				line[i] = cellText(v)
			}
			return true, w.Write(line)
		})
	}
	w.Flush()
	err = errors.Join(err, w.Error(), out.Close())
	return texts, fault.E("vector.SheetToCSV", fault.KindOf(err), err)
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
