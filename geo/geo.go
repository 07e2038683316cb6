// Package geo holds the types that every other package speaks: places,
// boxes, features, territories, and units that live in types.
//
// Coordinates are always x then y (easting or longitude first), whatever the
// axis order of the CRS authority says; only the outside surface (OGC API,
// WMS) swaps them where a standard asks for it.
package geo

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// CRS names a coordinate reference system: "EPSG:25832" (always upper case,
// authority:code) when the authority code is known, else a WKT2:2019 text.
// The zero value means "not known".
type CRS string

// The reference systems that the program itself speaks of.
const (
	// WGS84 is longitude, latitude in degrees (in our x, y order: OGC:CRS84).
	WGS84 CRS = "EPSG:4326"
	// WebMercator is the CRS of the web map tile grid, in metres.
	WebMercator CRS = "EPSG:3857"
)

// Known reports whether the CRS has been set.
func (c CRS) Known() bool { return c != "" }

// IsWKT reports whether the CRS is spelled out as WKT rather than by a code.
func (c CRS) IsWKT() bool { return strings.Contains(string(c), "[") }

// Short is the code, or the quoted name out of the WKT: for people to read.
func (c CRS) Short() string {
	if !c.IsWKT() {
		return string(c)
	}
	if _, rest, ok := strings.Cut(string(c), `"`); ok {
		if name, _, ok := strings.Cut(rest, `"`); ok && name != "" && name != "unknown" { // which is what PROJ calls those without a name
			return name
		}
	}
	return "custom CRS"
}

// BBox is a closed box; the CRS is said by the context that holds it. In
// WGS84 a box with MinX > MaxX crosses the antimeridian (RFC 7946 §5.2).
type BBox struct {
	MinX, MinY, MaxX, MaxY float64
}

// EmptyBBox returns the box that holds nothing and that Extend grows from.
func EmptyBBox() BBox {
	return BBox{MinX: math.Inf(1), MinY: math.Inf(1), MaxX: math.Inf(-1), MaxY: math.Inf(-1)}
}

// BBoxOf returns the box of an orb bound.
func BBoxOf(b orb.Bound) BBox {
	return BBox{MinX: b.Min[0], MinY: b.Min[1], MaxX: b.Max[0], MaxY: b.Max[1]}
}

// Bound returns the box as an orb bound.
func (b BBox) Bound() orb.Bound {
	return orb.Bound{Min: orb.Point{b.MinX, b.MinY}, Max: orb.Point{b.MaxX, b.MaxY}}
}

// IsEmpty reports whether the box holds no point at all.
func (b BBox) IsEmpty() bool { return !(b.MinX <= b.MaxX && b.MinY <= b.MaxY) }

// Width is MaxX − MinX in units of the CRS.
func (b BBox) Width() float64 { return b.MaxX - b.MinX }

// Height is MaxY − MinY in units of the CRS.
func (b BBox) Height() float64 { return b.MaxY - b.MinY }

// Intersects reports whether two closed boxes share a point.
func (b BBox) Intersects(o BBox) bool {
	return b.MinX <= o.MaxX && o.MinX <= b.MaxX && b.MinY <= o.MaxY && o.MinY <= b.MaxY
}

// Intersect returns the shared part; IsEmpty tells when there is none.
func (b BBox) Intersect(o BBox) BBox {
	return BBox{
		MinX: math.Max(b.MinX, o.MinX), MinY: math.Max(b.MinY, o.MinY),
		MaxX: math.Min(b.MaxX, o.MaxX), MaxY: math.Min(b.MaxY, o.MaxY),
	}
}

// Union returns the smallest box that holds both.
func (b BBox) Union(o BBox) BBox {
	return BBox{
		MinX: math.Min(b.MinX, o.MinX), MinY: math.Min(b.MinY, o.MinY),
		MaxX: math.Max(b.MaxX, o.MaxX), MaxY: math.Max(b.MaxY, o.MaxY),
	}
}

// ExtendPoint returns the box grown to hold (x, y).
func (b BBox) ExtendPoint(x, y float64) BBox {
	return BBox{
		MinX: math.Min(b.MinX, x), MinY: math.Min(b.MinY, y),
		MaxX: math.Max(b.MaxX, x), MaxY: math.Max(b.MaxY, y),
	}
}

// Buffer returns the box grown by d on every side (d in CRS units).
func (b BBox) Buffer(d float64) BBox {
	return BBox{MinX: b.MinX - d, MinY: b.MinY - d, MaxX: b.MaxX + d, MaxY: b.MaxY + d}
}

func (b BBox) String() string {
	return fmt.Sprintf("%g,%g,%g,%g", b.MinX, b.MinY, b.MaxX, b.MaxY)
}

// Metres is a length on the ground.
type Metres float64

// Seconds is a duration of travel; +Inf means "cannot be reached".
type Seconds float64

// FieldType is the type of an attribute.
type FieldType string

// The attribute types that survive every format we write.
const (
	String   FieldType = "string"
	Integer  FieldType = "integer" // 64 bits
	Real     FieldType = "real"
	Boolean  FieldType = "boolean"
	Date     FieldType = "date"     // 2006-01-02
	DateTime FieldType = "datetime" // RFC 3339
	Binary   FieldType = "binary"
	JSON     FieldType = "json" // lists and nested values
)

// Field is one attribute of a vector dataset.
type Field struct {
	Name string    `json:"name"`
	Type FieldType `json:"type"`
	// Alias is the name for people; "" = the same as Name.
	Alias       string `json:"alias,omitempty"`
	Description string `json:"description,omitempty"`
}

// Schema describes the rows of a vector dataset.
type Schema struct {
	Fields []Field `json:"fields"`
	// GeometryType is the OGC name (Point, MultiPolygon, …), "Geometry" when
	// mixed, "" for a table without geometry.
	GeometryType string `json:"geometry_type"`
	CRS          CRS    `json:"crs"`
	// HasZ and HasM say that positions have a height or a measure too.
	HasZ bool `json:"has_z,omitempty"`
	HasM bool `json:"has_m,omitempty"`
}

// FieldIndex is the position of a field by exact name, or −1.
func (s *Schema) FieldIndex(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Feature is one row of a vector dataset.
type Feature struct {
	// ID is stable within a dataset version.
	ID int64
	// Geometry is in the CRS of the schema; nil when the row has none. It is
	// shared and must not be edited in place: clone it first.
	Geometry orb.Geometry
	// Z and M are heights and measures, one for each position in the order in
	// which the geometry holds them; nil when there are none.
	Z, M []float64
	// Values runs parallel to Schema.Fields. A value is nil, string, int64,
	// float64, bool or []byte; dates and times are text in ISO 8601.
	Values []any
}

// Level names used by the guesses of ingest; a dataset may use its own.
const (
	LevelRegion       = "region"
	LevelProvince     = "province"
	LevelUnion        = "union"
	LevelMunicipality = "municipality"
)

// Territory is an area that people govern or plan: code, name, level, parent.
type Territory struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Level  string `json:"level,omitempty"`
	Parent string `json:"parent,omitempty"` // code; "" at the top
	// Dataset and FeatureID say where the polygon is. FeatureID is 0 for a
	// parent that is known only by its children (its area is their union).
	Dataset   string `json:"dataset"`
	FeatureID int64  `json:"-"`
	BBox      BBox   `json:"-"` // WGS84
}
