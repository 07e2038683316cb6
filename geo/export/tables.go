package export

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/table"

	"github.com/paulmach/orb"
)

// maxCell is the most characters in a cell of a spreadsheet.
const maxCell = 32767

// tableSink writes rows as a table, the position in columns of its own.
type tableSink struct {
	x     *exporter
	f     *os.File
	w     *bufio.Writer
	csv   *table.CSVWriter
	xlsx  *table.XLSXWriter
	how   string // xy, wkt or none
	line  []any
	sheet bool
	days  []bool // fields that are written as days
}

func (x *exporter) openTable(path string) (sink, error) {
	s := &tableSink{x: x, sheet: x.format.ID == "xlsx"}
	if err := s.settleGeometry(); err != nil {
		return nil, err
	}
	columns, err := s.columns()
	if err != nil {
		return nil, err
	}
	t := &table.Table{Name: x.layer, Columns: columns, About: x.o.About}
	locale := x.o.Locale
	if locale == "" {
		locale = table.Plain
	}
	s.line = make([]any, len(columns))
	if s.f, err = os.Create(path); err != nil {
		return nil, fault.E("export.Write", fault.Other, err)
	}
	s.w = bufio.NewWriterSize(s.f, 1<<18)
	if s.sheet {
		s.xlsx, err = t.NewXLSX(locale)
	} else {
		s.csv, err = t.NewCSV(s.w, locale)
	}
	if err != nil {
		s.f.Close() // the error before is the one to tell
		return nil, err
	}
	return s, nil
}

// settleGeometry decides how positions are written.
func (s *tableSink) settleGeometry() error {
	x := s.x
	s.how = x.o.Geometry
	kind := x.out.GeometryType
	switch {
	case kind == "":
		s.how = "none"
	case s.how == "" && kind == "Point":
		s.how = "xy"
	case s.how == "" && s.sheet:
		s.how = "none"
		x.notes.Add(catalog.Warning, "geometry-dropped", "a spreadsheet has no place for a %s: the geometries were left out", kind)
	case s.how == "":
		s.how = "wkt"
	case s.how == "xy" && kind != "Point":
		return fault.WithHint(fault.Errorf("export.Write", fault.Invalid, "a %s has no single x and y", kind), "ask for wkt or none")
	}
	if s.how != "none" && x.out.HasM {
		x.notes.Add(catalog.Warning, "measures-dropped", "the table has no place for measures: they were dropped")
	}
	return nil
}

// columns are those of the fields, then those of the position.
func (s *tableSink) columns() ([]table.Column, error) {
	x := s.x
	taken := map[string]bool{}
	var out []table.Column
	for _, f := range x.out.Fields {
		taken[strings.ToLower(f.Name)] = true
		kind := table.Text
		switch f.Type {
		case geo.Integer:
			kind = table.Integer
		case geo.Real:
			kind = table.Real
		case geo.Boolean:
			kind = table.Flag
		case geo.Date:
			kind = table.Date
		case geo.Binary:
			x.notes.Count(catalog.Info, "binary-as-text", "binary values were written as base64", f.Name)
		}
		out = append(out, table.Column{Name: f.Name, Kind: kind, Digits: 6})
		s.days = append(s.days, f.Type == geo.Date)
	}
	add := func(kind table.Kind, names ...string) {
		for _, name := range names {
			base := name
			for n := 2; taken[name]; n++ {
				name = fmt.Sprintf("%s_%d", base, n)
			}
			taken[name] = true
			out = append(out, table.Column{Name: name, Kind: kind, Digits: 9})
		}
	}
	switch s.how {
	case "wkt":
		add(table.Text, "geometry")
	case "xy":
		geographic, err := crs.IsGeographic(x.out.CRS)
		if x.out.CRS.Known() && err != nil {
			return nil, err
		}
		names := []string{"x", "y"}
		if geographic {
			names = []string{"longitude", "latitude"}
		}
		if x.out.HasZ {
			names = append(names, "height")
		}
		add(table.Real, names...)
	}
	return out, nil
}

func (s *tableSink) write(f geo.Feature) error {
	for i, v := range f.Values {
		s.line[i] = s.cell(i, v, f)
	}
	s.position(&f)
	if s.sheet {
		return s.xlsx.Write(s.line)
	}
	return s.csv.Write(s.line)
}

func (s *tableSink) position(f *geo.Feature) {
	at := len(f.Values)
	for i := at; i < len(s.line); i++ {
		s.line[i] = nil
	}
	if f.Geometry == nil {
		return
	}
	switch s.how {
	case "wkt":
		s.line[at] = s.fit(wktOf(f), "geometry", *f)
	case "xy":
		p, ok := f.Geometry.(orb.Point)
		if !ok {
			return
		}
		s.line[at], s.line[at+1] = p[0], p[1]
		if len(f.Z) == 1 {
			s.line[at+2] = f.Z[0]
		}
	}
}

// cell brings a value to what its column takes.
func (s *tableSink) cell(i int, v any, f geo.Feature) any {
	field := s.x.out.Fields[i]
	switch v := v.(type) {
	case string:
		if s.days[i] {
			if d, err := time.Parse(time.DateOnly, v); err == nil {
				return d
			}
			s.x.notes.Count(catalog.Warning, "date-dropped", "values that are no date were left out", rowName(f)+", "+field.Name)
			return nil
		}
		if !s.sheet && table.SafeCell(v) != v {
			s.x.notes.Count(catalog.Info, "cells-guarded", "texts that a spreadsheet would take for a formula have an apostrophe before them", rowName(f)+", "+field.Name)
		}
		return s.fit(v, field.Name, f)
	case int64:
		if s.sheet && !table.SheetNumber(v) {
			s.x.notes.Count(catalog.Info, "digits-as-text", "a spreadsheet keeps 15 digits of a number: longer ones were written as text", rowName(f)+", "+field.Name+": "+strconv.FormatInt(v, 10))
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case []byte:
		return s.fit(base64.StdEncoding.EncodeToString(v), field.Name, f)
	}
	return v
}

// fit cuts a text to what a cell of a spreadsheet holds, and says so.
func (s *tableSink) fit(v, column string, f geo.Feature) string {
	if !s.sheet || len(v) <= maxCell || utf8.RuneCountInString(v) <= maxCell {
		return v
	}
	s.x.notes.Count(catalog.Warning, "text-cut", fmt.Sprintf("texts were cut to the %d characters that a cell holds", maxCell), rowName(f)+", "+column)
	return string([]rune(v)[:maxCell])
}

func (s *tableSink) finish() error {
	var err error
	if s.sheet {
		err = s.xlsx.Finish(s.w)
	} else {
		err = s.csv.Flush()
	}
	if ferr := s.w.Flush(); err == nil {
		err = ferr
	}
	if cerr := s.f.Close(); err == nil {
		err = cerr
	}
	return fault.E("export.Write", fault.Other, err)
}

func (s *tableSink) abort() error {
	err := s.f.Close()
	if s.sheet {
		if xerr := s.xlsx.Abort(); err == nil {
			err = xerr
		}
	}
	return err
}
