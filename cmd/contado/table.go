package main

import (
	"io"
	"os"
	"path/filepath"

	"contado/geo/analysis"
	"contado/geo/table"
)

// tableFlags say where a table goes.
type tableFlags struct {
	Out    string `help:"File to write: .csv, .xlsx, .gpkg (with the outlines of the areas) or .json; CSV on standard output when left out." short:"o" type:"path"`
	Locale string `help:"Numbers and dates in CSV and spreadsheets: plain (for programs), en, or it (semicolons and decimal commas)." enum:"plain,en,it" default:"plain"`
}

// check settles the format before the work is done.
func (f *tableFlags) check() (format string, l table.Locale, err error) {
	if l, err = table.ParseLocale(f.Locale); err != nil {
		return "", l, err
	}
	if format, err = outFormat(f.Out, "csv", "csv", "xlsx", "gpkg", "json"); err != nil {
		return "", l, err
	}
	return format, l, writable(f.Out)
}

// writeTable writes a table; document is what goes into a .json file.
func (a *app) writeTable(in *installation, f *tableFlags, t *table.Table, document any, areas analysis.ZonalAreas) error {
	format, l, err := f.check()
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return a.write(f.Out, func(w io.Writer) error { return encodeJSON(w, document) })
	case "xlsx":
		return a.write(f.Out, func(w io.Writer) error { return t.XLSX(w, l) })
	case "gpkg":
		return a.writeGeoPackage(in, f.Out, t, areas)
	}
	return a.write(f.Out, func(w io.Writer) error { return t.CSV(w, l) })
}

// writeGeoPackage writes the areas with their numbers.
func (a *app) writeGeoPackage(in *installation, path string, t *table.Table, areas analysis.ZonalAreas) error {
	outlines, err := in.engine.Outlines(a.ctx, areas)
	if err != nil {
		return err
	}
	return a.writePlaces(path, "areas", t, outlines)
}

// writePlaces writes a GeoPackage beside its place, then moves it there.
func (a *app) writePlaces(path, layer string, t *table.Table, places analysis.Outlines) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".contado-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, filepath.Base(path))
	if err := analysis.WriteGeoPackage(a.ctx, tmp, layer, t, places); err != nil {
		return err
	}
	return a.place(tmp, path)
}
