package postgis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
)

// geometry is the column of the features' geometry.
type geometry struct {
	column
	srid  int64
	kind  string // "Point" … as the column's type has it, "Geometry" when it may be any
	plain string // the column as a geometry
	read  string // the same in the dataset's CRS, without curves
	// indexed tells that && on plain can be narrowed by an index, and means
	// the boxes that are read.
	indexed bool
	fixed   bool // the column's type says kind, srid and dimensions
	z, m    bool
	// What was found where the column's type leaves it open.
	Mixed []int64 // reference systems of rows that are not in srid
}

var linear = map[string]string{
	"CircularString": "LineString", "CompoundCurve": "LineString", "Curve": "LineString",
	"CurvePolygon": "Polygon", "MultiCurve": "MultiLineString", "MultiSurface": "MultiPolygon",
}

// kinds are the names of GeometryType() that can be read.
var kinds = map[string]string{
	"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon", "MULTIPOINT": "MultiPoint",
	"MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon", "GEOMETRYCOLLECTION": "GeometryCollection",
	"CIRCULARSTRING": "LineString", "COMPOUNDCURVE": "LineString", "CURVEPOLYGON": "Polygon",
	"MULTICURVE": "MultiLineString", "MULTISURFACE": "MultiPolygon",
}

// describeGeometry reads what the column's type says, and looks at the rows
// for what it leaves open.
func (s *Server) describeGeometry(ctx context.Context, r *relation, c column) error {
	g := &geometry{column: c, plain: c.quoted()}
	if c.base == "geography" {
		g.plain = "(" + c.quoted() + "::geometry)"
	}
	var declared string
	err := s.db.QueryRowContext(ctx, "SELECT postgis_typmod_srid($1::integer), coalesce(postgis_typmod_type($1::integer), 'Geometry')", c.mod).
		Scan(&g.srid, &declared)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(declared, "M")
	g.m = name != declared
	g.kind = strings.TrimSuffix(name, "Z")
	g.z = g.kind != name
	g.fixed = c.mod >= 0 && g.srid != 0
	if c.base == "geography" && g.srid == 0 {
		g.srid = 4326
	}
	curved, open := linear[g.kind] != "", g.kind == "Geometry" || g.kind == "GeometryCollection"
	if curved {
		g.kind = linear[g.kind]
	}
	if !g.fixed {
		if err := s.survey(ctx, r, g); err != nil {
			return err
		}
	}
	if slices.Contains([]string{"PolyhedralSurface", "Tin", "Triangle"}, g.kind) {
		return unreadable(r, g.kind)
	}
	g.read = g.plain
	if !g.fixed && g.srid > 0 && c.base == "geometry" {
		// Rows of other systems may come at any time.
		g.read = fmt.Sprintf("CASE WHEN ST_SRID(%s) IN (0, %d) THEN %s ELSE ST_Transform(%s, %d) END", g.plain, g.srid, g.plain, g.plain, g.srid)
	}
	switch {
	case curved:
		g.read = "ST_CurveToLine(" + g.read + ")"
	case open:
		g.read = fmt.Sprintf("CASE WHEN GeometryType(%s) IN ('COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE') OR ST_HasArc(%s) THEN ST_CurveToLine(%s) ELSE %s END",
			g.plain, g.plain, g.read, g.read)
	}
	g.indexed = c.base == "geometry" && len(g.Mixed) == 0
	r.geometry = g
	r.layer.GeometryType, r.layer.HasZ, r.layer.HasM = g.kind, g.z, g.m
	r.layer.CRS, err = s.crs(ctx, g.srid)
	return err
}

func unreadable(r *relation, kind string) error {
	return fault.WithHint(fault.Errorf("postgis.Table", fault.Unsupported, "%s holds geometries of type %s", r, kind),
		"attach a view that turns them into polygons, such as with ST_Force2D and ST_Dump")
}

// survey looks at all rows for types, dimensions and reference systems.
func (s *Server) survey(ctx context.Context, r *relation, g *geometry) error {
	type found struct {
		srid, n int64
	}
	var systems []found
	var kind string
	odd := ""
	look := func(rows *sql.Rows) error {
		var srid, flag, n int64
		var name string
		if err := rows.Scan(&srid, &name, &flag, &n); err != nil {
			return err
		}
		known, ok := kinds[name]
		switch {
		case !ok:
			odd = name
		case kind == "":
			kind = known
		case kind != known:
			kind = "Geometry"
		}
		g.z, g.m = g.z || flag&2 != 0, g.m || flag&1 != 0
		if i := slices.IndexFunc(systems, func(f found) bool { return f.srid == srid }); i >= 0 {
			systems[i].n += n
		} else {
			systems = append(systems, found{srid, n})
		}
		return nil
	}
	err := inTx(ctx, s.db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlNoHurry); err != nil {
			return err
		}
		return each(ctx, tx, look, fmt.Sprintf(
			"SELECT ST_SRID(g), GeometryType(g), ST_Zmflag(g), count(*) FROM (SELECT %s AS g FROM %s) AS t WHERE g IS NOT NULL GROUP BY 1, 2, 3", g.plain, r.full()))
	})
	if err != nil {
		return fmt.Errorf("look at the geometries of %s: %w", r, err)
	}
	if odd != "" {
		return unreadable(r, odd)
	}
	if g.kind == "Geometry" && kind != "" {
		g.kind = kind
	}
	if g.base == "geography" { // always of one system
		return nil
	}
	slices.SortFunc(systems, func(a, b found) int { // the most rows first, those of no system last
		if (a.srid == 0) != (b.srid == 0) {
			if a.srid == 0 {
				return 1
			}
			return -1
		}
		return int(min(max(b.n-a.n, -1), 1))
	})
	for i, f := range systems {
		if i == 0 {
			g.srid = f.srid
		} else {
			g.Mixed = append(g.Mixed, f.srid)
		}
	}
	return nil
}

// crs spells a reference system: a code when an authority's name says so,
// else the definition; "" when it is not known.
func (s *Server) crs(ctx context.Context, srid int64) (geo.CRS, error) {
	if srid <= 0 {
		return "", nil
	}
	var authority, text sql.NullString
	var code sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = $1", srid).
		Scan(&authority, &code, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.Errorf("postgis.Table", fault.Invalid, "spatial_ref_sys has no entry for the reference system %d", srid)
	}
	if err != nil {
		return "", err
	}
	name := strings.ToUpper(authority.String)
	if (name == "EPSG" || name == "ESRI") && code.Int64 > 0 {
		return geo.CRS(fmt.Sprintf("%s:%d", name, code.Int64)), nil
	}
	if strings.Contains(text.String, "[") {
		return geo.CRS(text.String), nil
	}
	return "", nil
}

// written is the SQL of a geometry to be stored, in the form that the
// column's type asks for.
func (g *geometry) written(f *geo.Feature, a *args) (string, error) {
	if g.generated {
		return "", fault.Errorf("postgis.Write", fault.Invalid, "the geometry (column %q) is computed and cannot be written", g.name)
	}
	if f.Geometry == nil {
		return "NULL", nil
	}
	b, err := wkb.Append(nil, multi(g.kind, f.Geometry), f.Z, f.M)
	if err != nil {
		return "", err
	}
	sql := fmt.Sprintf("ST_SetSRID(ST_GeomFromWKB(%s::bytea), %d)", a.add(b), g.srid)
	switch {
	case g.z && g.m && (f.Z == nil || f.M == nil):
		sql = "ST_Force4D(" + sql + ")"
	case g.z && !g.m && (f.Z == nil || f.M != nil):
		sql = "ST_Force3DZ(" + sql + ")"
	case g.m && !g.z && (f.M == nil || f.Z != nil):
		sql = "ST_Force3DM(" + sql + ")"
	case !g.z && !g.m && g.fixed && (f.Z != nil || f.M != nil):
		sql = "ST_Force2D(" + sql + ")"
	}
	if g.base == "geography" {
		sql += "::geography"
	}
	return sql, nil
}

// multi makes a single geometry the multi one that the column wants.
func multi(kind string, g orb.Geometry) orb.Geometry {
	switch x := g.(type) {
	case orb.Point:
		if kind == "MultiPoint" {
			return orb.MultiPoint{x}
		}
	case orb.LineString:
		if kind == "MultiLineString" {
			return orb.MultiLineString{x}
		}
	case orb.Polygon:
		if kind == "MultiPolygon" {
			return orb.MultiPolygon{x}
		}
	}
	return g
}
