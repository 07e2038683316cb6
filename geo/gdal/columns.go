package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"strings"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
)

// What a GeoPackage says of its columns beside name and type stands in
// gpkg_data_columns (OGC 12-128r18 §2.3): title and description, which GDAL 3.6
// passes over.

func literal(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''") + "'"
}

func orNull(s string) string {
	if s == "" {
		return "NULL"
	}
	return literal(s)
}

// describeColumns writes titles and descriptions of the fields.
func (w *VectorWriter) describeColumns(layer string) error {
	for _, f := range w.schema.Fields {
		if f.Description == "" && f.Alias == "" {
			continue
		}
		if err := w.transaction(0); err != nil {
			return err
		}
		for _, sql := range []string{
			createDataColumns,
			fmt.Sprintf("INSERT OR IGNORE INTO gpkg_data_columns (table_name, column_name, name) VALUES (%s, %s, %s)", literal(layer), literal(f.Name), literal(f.Name)),
			fmt.Sprintf("UPDATE gpkg_data_columns SET title = %s, description = %s WHERE table_name = %s AND column_name = %s",
				orNull(f.Alias), orNull(f.Description), literal(layer), literal(f.Name)),
		} {
			if err := runSQL(datasetHandle(w.ds), sql, nil); err != nil {
				return wrap("gdal.WriteVector", fault.Other, err, "describe the columns of %s", w.path)
			}
		}
		if err := w.transaction(1); err != nil {
			return err
		}
	}
	return nil
}

const createDataColumns = `CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
description TEXT, mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
CONSTRAINT gdc_tn UNIQUE (table_name, name))`

// runSQL runs a statement and hands over the rows of its answer.
func runSQL(ds C.GDALDatasetH, sql string, row func(values []any)) error {
	cs := C.CString(sql)
	defer C.free(unsafe.Pointer(cs))
	var e C.ct_err
	l := C.ct_sql(ds, cs, &e)
	if e.cls >= C.CE_Failure {
		return shimError(&e)
	}
	if l == nil {
		return nil
	}
	defer C.ct_sql_free(ds, l)
	defs := fieldDefs(l)
	buf := (*C.ct_buf)(C.calloc(1, C.sizeof_ct_buf))
	defer func() {
		C.ct_buf_free(buf)
		C.free(unsafe.Pointer(buf))
	}()
	for {
		var problem C.int
		switch C.ct_layer_next(l, buf, &problem, &e) {
		case 0:
			return nil
		case -1:
			return shimError(&e)
		}
		f, err := decodeRow(unsafe.Slice((*byte)(buf.p), int(buf.len)), defs)
		if err != nil {
			return err
		}
		if row != nil {
			row(f.Values)
		}
	}
}

func fieldDefs(l C.OGRLayerH) []fieldDef {
	def := C.OGR_L_GetLayerDefn(l)
	out := make([]fieldDef, int(C.OGR_FD_GetFieldCount(def)))
	for i := range out {
		fd := C.OGR_FD_GetFieldDefn(def, C.int(i))
		out[i] = fieldDef{ogrType: int(C.OGR_Fld_GetType(fd))}
		out[i].out = fieldType(out[i].ogrType, int(C.OGR_Fld_GetSubType(fd)))
	}
	return out
}

// readDescriptions fills in what a GeoPackage says of the columns of a layer.
func (v *Vector) readDescriptions(info *LayerInfo) {
	byName := map[string]*geo.Field{}
	for i := range info.Schema.Fields {
		byName[info.Schema.Fields[i].Name] = &info.Schema.Fields[i]
	}
	// An old file has no such table: then there is nothing to read.
	_ = runSQL(datasetHandle(v.ds), "SELECT column_name, title, description FROM gpkg_data_columns WHERE table_name = "+literal(info.Name)+" LIMIT 5000", func(row []any) {
		name, _ := row[0].(string)
		if f := byName[name]; f != nil {
			f.Alias, _ = row[1].(string)
			f.Description, _ = row[2].(string)
		}
	})
}
