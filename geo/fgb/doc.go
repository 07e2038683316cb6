// Package fgb reads FlatGeobuf 3 files in place, through a memory map, and
// writes them in bounded memory: rows in the order of a Hilbert curve, with
// the packed R-tree in front, so that the rows of a box lie close together and
// a search touches few pages. See https://flatgeobuf.org and its schemas
// header.fbs and feature.fbs.
//
// Reading gives rows that are views into the file: nothing is decoded until it
// is asked for, and shapes are handed out without a copy. Files of others are
// read as well. Whatever the bytes, no call panics; a damaged row gives an
// error (Geometry, Shape) or no value (Value), and File.Err tells.
//
// Coordinates are x, y in the CRS of the schema.
package fgb

// Kind is the type of a geometry, by the number that the format gives it.
type Kind uint8

// The kinds of geometries that Shape holds.
const (
	Unknown Kind = iota
	Point
	LineString
	Polygon
	MultiPoint
	MultiLineString
	MultiPolygon
	// Collection is only for Row.Geometry.
	Collection
)

// Kinds of the format beyond those of simple features.
const (
	kindPolyhedral = 15
	kindTIN        = 16
	kindTriangle   = 17
)

var kindNames = [...]string{
	"Geometry", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
	"GeometryCollection", "CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface", "Curve",
	"Surface", "PolyhedralSurface", "TIN", "Triangle",
}

// String is the OGC name; "Geometry" for Unknown.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown geometry"
}

// kindOf is the kind by its OGC name, Unknown when mixed.
func kindOf(name string) Kind {
	for k := Point; k <= Collection; k++ {
		if kindNames[k] == name {
			return k
		}
	}
	return Unknown
}

// columnType is the type of a column in the file.
type columnType uint8

const (
	typeByte columnType = iota
	typeUByte
	typeBool
	typeShort
	typeUShort
	typeInt
	typeUInt
	typeLong
	typeULong
	typeFloat
	typeDouble
	typeString
	typeJSON
	typeDateTime
	typeBinary
	typeEnd
)

// widths are the bytes of a value by column type; 0 means a length goes before.
var widths = [typeEnd]uint8{1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 0, 0}

// Fields of the tables of the format, by number (header.fbs, feature.fbs).
const (
	headerName = iota
	headerEnvelope
	headerGeometryType
	headerHasZ
	headerHasM
	headerHasT
	headerHasTM
	headerColumns
	headerCount
	headerNodeSize
	headerCRS
	headerTitle
	headerDescription
	headerMetadata
	headerFields
)

const (
	columnName = iota
	columnKind
	columnTitle
	columnDescription
	columnWidth
	columnPrecision
	columnScale
	columnNullable
	columnUnique
	columnPrimaryKey
	columnMetadata
	columnFields
)

const (
	crsOrg = iota
	crsCode
	crsName
	crsDescription
	crsWKT
	crsCodeString
	crsFields
)

const (
	featureGeometry = iota
	featureProperties
	featureColumns
)

const (
	geometryEnds = iota
	geometryXY
	geometryZ
	geometryM
	geometryT
	geometryTM
	geometryType
	geometryParts
	geometryFields
)

// magic begins each file; the last byte is the patch level and is not looked at.
const magic = "fgb\x03fgb"

const (
	// maxHeader is the limit of other readers too (GDAL: 10 MB).
	maxHeader  = 10 << 20
	maxColumns = 1 << 16
	// maxFeature is the limit of the FlatBuffers format.
	maxFeature = 1<<31 - 1 - 8
	// maxDepth bounds nested collections.
	maxDepth = 16
)
