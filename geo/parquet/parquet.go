// Package parquet reads and writes GeoParquet (versions 1.0 and 1.1, and the
// drafts before them): geometries as WKB or in GeoArrow's native layouts,
// PROJJSON reference systems, boxes of rows in a covering column. A Parquet
// file without geometry is a plain table. See
// https://geoparquet.org/releases/v1.1.0/.
package parquet

import (
	"encoding/json"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
)

// metadata is the value of the key "geo" of the file.
type metadata struct {
	Version string                 `json:"version"`
	Primary string                 `json:"primary_column"`
	Columns map[string]*columnMeta `json:"columns"`
}

type columnMeta struct {
	Encoding string          `json:"encoding"`
	Types    []string        `json:"geometry_types"`
	CRS      json.RawMessage `json:"crs,omitempty"`
	BBox     []float64       `json:"bbox,omitempty"`
	Covering *covering       `json:"covering,omitempty"`
	// Drafts before 1.0 wrote one type or a list under this name.
	OldTypes json.RawMessage `json:"geometry_type,omitempty"`
}

type covering struct {
	BBox struct {
		XMin []string `json:"xmin"`
		YMin []string `json:"ymin"`
		XMax []string `json:"xmax"`
		YMax []string `json:"ymax"`
	} `json:"bbox"`
}

// maxMeta bounds the metadata: a reference system and a few columns.
const maxMeta = 4 << 20

func parseMeta(text string) (*metadata, error) {
	const op = "parquet.Open"
	if len(text) > maxMeta {
		return nil, fault.Errorf(op, fault.TooLarge, "the geo metadata has %d bytes", len(text))
	}
	m := &metadata{}
	if err := json.Unmarshal([]byte(text), m); err != nil {
		return nil, fault.Errorf(op, fault.Invalid, "the geo metadata is no JSON that can be used: %w", err)
	}
	if m.Columns[m.Primary] == nil {
		return nil, fault.Errorf(op, fault.Invalid, "the geo metadata names %q as geometry and does not describe it", m.Primary)
	}
	return m, nil
}

// crs is the system of a column: longitude and latitude when nothing is said,
// not known when null.
func (c *columnMeta) crs() (geo.CRS, error) {
	text := strings.TrimSpace(string(c.CRS))
	switch {
	case text == "":
		return geo.WGS84, nil
	case text == "null":
		return "", nil
	case strings.HasPrefix(text, `"`): // drafts: WKT
		var s string
		if err := json.Unmarshal(c.CRS, &s); err != nil {
			return "", fault.E("parquet.Open", fault.Invalid, err)
		}
		text = s
	}
	return gdal.ParseCRS(text)
}

// geometryTypes are the stated types, without the ending " Z"; z tells
// whether any had it.
func (c *columnMeta) geometryTypes() (types []string, z bool) {
	all := c.Types
	if len(all) == 0 && len(c.OldTypes) > 0 {
		var one string
		if json.Unmarshal(c.OldTypes, &one) == nil {
			all = []string{one}
		} else if json.Unmarshal(c.OldTypes, &all) != nil {
			all = nil
		}
	}
	for _, t := range all {
		base, found := strings.CutSuffix(t, " Z")
		z = z || found
		types = append(types, base)
	}
	return types, z
}

// layerType is the type of a layer that holds the types: Multi when both
// forms are there, "Geometry" when mixed or not said.
func layerType(types []string) string {
	out := ""
	for _, t := range types {
		switch {
		case out == "" || out == t || "Multi"+out == t:
			out = t
		case out == "Multi"+t:
		default:
			return "Geometry"
		}
	}
	switch out {
	case "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection":
		return out
	}
	return "Geometry"
}
