package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
)

const (
	sqlTables = `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')`

	sqlLayers = `SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes') ORDER BY table_name`

	sqlColumns = `SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`

	sqlGeometryColumn = `SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?`

	sqlDataColumns = `SELECT column_name, title, description, mime_type FROM gpkg_data_columns WHERE table_name = ?`

	sqlRTree = `SELECT count(*) FROM gpkg_extensions
WHERE extension_name = 'gpkg_rtree_index' AND table_name = ? AND column_name = ?`

	sqlHasWKT2 = `SELECT count(*) FROM pragma_table_info('gpkg_spatial_ref_sys') WHERE name = 'definition_12_063'`
)

// layer is what the file says of one table.
type layer struct {
	table    string
	id       string // the primary key column
	geometry string // the geometry column, "" when there is none
	rtree    string // the table of the spatial index, "" when there is none
	schema   geo.Schema
}

// readLayer finds the layer; name "" means the only one.
func readLayer(ctx context.Context, db *sql.DB, name string) (*layer, error) {
	const op = "gpkg.Open"
	tables, err := texts(ctx, db, sqlTables)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tables, "gpkg_contents") {
		return nil, fault.Errorf(op, fault.Invalid, "this SQLite database is not a GeoPackage: it has no table gpkg_contents")
	}
	layers, err := texts(ctx, db, sqlLayers)
	if err != nil {
		return nil, err
	}
	if name == "" && len(layers) == 1 {
		name = layers[0]
	}
	if !slices.Contains(layers, name) || !slices.Contains(tables, name) {
		return nil, fault.WithHint(fault.Errorf(op, fault.NotExist, "there is no layer %.80q", name), "the layers are "+listed(layers))
	}
	l := &layer{table: name}
	if slices.Contains(tables, "gpkg_geometry_columns") {
		if err := l.readGeometryColumn(ctx, db); err != nil {
			return nil, err
		}
	}
	if err := l.readColumns(ctx, db, tables); err != nil {
		return nil, err
	}
	rtree := "rtree_" + name + "_" + l.geometry
	if l.geometry != "" && slices.Contains(tables, "gpkg_extensions") && slices.Contains(tables, rtree) {
		var n int
		if err := db.QueryRowContext(ctx, sqlRTree, name, l.geometry).Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			l.rtree = rtree
		}
	}
	return l, nil
}

func (l *layer) readGeometryColumn(ctx context.Context, db *sql.DB) error {
	var kind string
	var srs int64
	var z, m sql.NullInt64 // 0: never, 1: always, 2: some
	err := db.QueryRowContext(ctx, sqlGeometryColumn, l.table).Scan(&l.geometry, &kind, &srs, &z, &m)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read gpkg_geometry_columns: %w", err)
	}
	l.schema.GeometryType = geometryName(kind)
	l.schema.HasZ, l.schema.HasM = z.Int64 != 0, m.Int64 != 0
	l.schema.CRS, err = readCRS(ctx, db, srs)
	return err
}

func (l *layer) readColumns(ctx context.Context, db *sql.DB, tables []string) error {
	said := map[string]dataColumn{}
	if slices.Contains(tables, "gpkg_data_columns") {
		var err error
		if said, err = dataColumns(ctx, db, l.table); err != nil {
			return fmt.Errorf("read gpkg_data_columns: %w", err)
		}
	}
	rows, err := db.QueryContext(ctx, sqlColumns, l.table)
	if err != nil {
		return err
	}
	defer rows.Close()
	keys, hasGeometry := 0, false
	for rows.Next() {
		var name, declared string
		var pk int
		if err := rows.Scan(&name, &declared, &pk); err != nil {
			return err
		}
		about := said[name]
		f := geo.Field{Name: name, Type: fieldType(declared), Alias: about.title.String, Description: about.description.String}
		switch {
		case pk > 0:
			keys++
			if f.Type == geo.Integer {
				l.id = name
			}
		case name == l.geometry:
			hasGeometry = true
		default:
			if f.Type == geo.String && about.mime.String == "application/json" {
				f.Type = geo.JSON
			}
			l.schema.Fields = append(l.schema.Fields, f)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if l.id == "" || keys != 1 {
		return fault.WithHint(fault.Errorf("gpkg.Open", fault.Unsupported, "layer %q has no integer primary key", l.table),
			"write it again with ogr2ogr -f GPKG")
	}
	if l.geometry != "" && !hasGeometry {
		return fault.Errorf("gpkg.Open", fault.Invalid, "layer %q has no column %q, which gpkg_geometry_columns names", l.table, l.geometry)
	}
	return nil
}

// dataColumn is what gpkg_data_columns says of a column (GeoPackage 1.3, §2.3).
type dataColumn struct{ title, description, mime sql.NullString }

func dataColumns(ctx context.Context, db *sql.DB, table string) (map[string]dataColumn, error) {
	rows, err := db.QueryContext(ctx, sqlDataColumns, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]dataColumn{}
	for rows.Next() {
		var name string
		var c dataColumn
		if err := rows.Scan(&name, &c.title, &c.description, &c.mime); err != nil {
			return nil, err
		}
		out[name] = c
	}
	return out, rows.Err()
}

// readCRS spells a srs_id: a code of EPSG, or else the definition as the file
// has it (WKT 2 where the extension gpkg_crs_wkt gives it, else WKT 1).
func readCRS(ctx context.Context, db *sql.DB, srs int64) (geo.CRS, error) {
	if srs == 0 || srs == -1 { // undefined geographic, undefined Cartesian
		return "", nil
	}
	var hasWKT2 int
	if err := db.QueryRowContext(ctx, sqlHasWKT2).Scan(&hasWKT2); err != nil {
		return "", err
	}
	wkt2 := "NULL"
	if hasWKT2 > 0 {
		wkt2 = "definition_12_063"
	}
	query := "SELECT organization, organization_coordsys_id, definition, " + wkt2 + " FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
	var organization, definition, definition2 sql.NullString
	var code sql.NullInt64
	err := db.QueryRowContext(ctx, query, srs).Scan(&organization, &code, &definition, &definition2)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.Errorf("gpkg.Open", fault.Invalid, "gpkg_spatial_ref_sys has no entry for srs_id %d", srs)
	}
	if err != nil {
		return "", fmt.Errorf("read gpkg_spatial_ref_sys: %w", err)
	}
	if strings.EqualFold(organization.String, "EPSG") && code.Int64 > 0 {
		return geo.CRS(fmt.Sprintf("EPSG:%d", code.Int64)), nil
	}
	for _, wkt := range []string{definition2.String, definition.String} {
		if strings.Contains(wkt, "[") { // else empty or "undefined"
			return geo.CRS(wkt), nil
		}
	}
	return "", nil
}

// texts runs a query of one text column.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// listed names up to 30 things for an error message.
func listed(names []string) string {
	const most = 30
	if len(names) == 0 {
		return "none"
	}
	if n := len(names); n > most {
		return fmt.Sprintf("%q and %d more", names[:most], n-most)
	}
	return fmt.Sprintf("%q", names)
}

var geometryNames = map[string]string{
	"GEOMETRY": "Geometry", "POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon",
	"MULTIPOINT": "MultiPoint", "MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon",
	"GEOMETRYCOLLECTION": "GeometryCollection", "GEOMCOLLECTION": "GeometryCollection",
	// Arcs are read as lines.
	"CIRCULARSTRING": "LineString", "COMPOUNDCURVE": "LineString", "CURVEPOLYGON": "Polygon",
	"MULTICURVE": "MultiLineString", "MULTISURFACE": "MultiPolygon", "CURVE": "LineString", "SURFACE": "Polygon",
}

// geometryName is the OGC spelling; what is unknown may be anything.
func geometryName(s string) string {
	if name, ok := geometryNames[strings.ToUpper(s)]; ok {
		return name
	}
	return "Geometry"
}

var fieldTypes = map[string]geo.FieldType{
	"BOOLEAN": geo.Boolean,
	"TINYINT": geo.Integer, "SMALLINT": geo.Integer, "MEDIUMINT": geo.Integer, "INT": geo.Integer, "INTEGER": geo.Integer, "BIGINT": geo.Integer,
	"FLOAT": geo.Real, "DOUBLE": geo.Real, "REAL": geo.Real, "NUMERIC": geo.Real,
	"DATE": geo.Date, "DATETIME": geo.DateTime, "TIMESTAMP": geo.DateTime,
	"BLOB": geo.Binary, "JSON": geo.JSON,
}

// fieldType reads a declared type (GeoPackage 1.3, table 1: TEXT(n), BLOB(n)
// and plain names); what is unknown is read as text.
func fieldType(declared string) geo.FieldType {
	base, _, _ := strings.Cut(strings.ToUpper(declared), "(")
	base = strings.TrimSpace(base)
	if t, ok := fieldTypes[base]; ok {
		return t
	}
	if _, ok := geometryNames[base]; ok {
		return geo.Binary // a geometry that the file does not register
	}
	return geo.String
}
