package ogc

import (
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// crs84 is longitude, latitude: the reference system of GeoJSON.
const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

const epsgPrefix = "http://www.opengis.net/def/crs/EPSG/0/"

// reference is a reference system on offer. Coordinates in it follow the axis
// order of its authority.
type reference struct {
	uri  string
	crs  geo.CRS
	swap bool // the first axis runs north
}

var (
	lonLat   = reference{uri: crs84, crs: geo.WGS84}
	latLon   = reference{uri: epsgPrefix + "4326", crs: geo.WGS84, swap: true}
	mercator = reference{uri: epsgPrefix + "3857", crs: geo.WebMercator}
)

// lonLatBased reports whether boxes may cross the antimeridian.
func (r reference) lonLatBased() bool { return r.crs == geo.WGS84 }

// degrees reports whether coordinates are angles.
func (r reference) degrees() bool {
	s, ok := draw.FindSystem(draw.Systems(), r.uri)
	return ok && s.Degrees
}

// references are the systems that a dataset's features can be had in: CRS84,
// the two that every client knows, and the one that they are stored in. Items
// of rasters come in all the systems that maps of them do.
func references(d catalog.Dataset) []reference {
	if d.Kind == catalog.Raster {
		list := []reference{lonLat}
		for _, s := range draw.SystemsOf(d) {
			if !s.IsCRS84() {
				list = append(list, reference{uri: s.URI, crs: s.CRS, swap: s.Swapped})
			}
		}
		return list
	}
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
		return []reference{lonLat}
	}
	list := []reference{lonLat, latLon, mercator}
	if r, ok := storage(d); ok && r.crs != geo.WGS84 && r.crs != geo.WebMercator {
		list = append(list, r)
	}
	return list
}

// storage is the system that a dataset is stored in; ok is false when it has
// no EPSG code, or axes that point elsewhere than north and east.
func storage(d catalog.Dataset) (r reference, ok bool) {
	switch native := d.Version.CRS; native {
	case geo.WGS84:
		return lonLat, true // stored as x, y
	case geo.WebMercator:
		return mercator, true
	default:
		code, isEPSG := strings.CutPrefix(string(native), "EPSG:")
		if !isEPSG {
			return r, false
		}
		info, err := gdal.DescribeCRS(native)
		if err != nil {
			return r, false
		}
		swap, ok := draw.NorthFirst(info.WKT)
		return reference{uri: epsgPrefix + code, crs: native, swap: swap}, ok
	}
}

func uris(list []reference) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.uri
	}
	return out
}

// asked finds the system that a parameter names; CRS84 when it is not given.
func asked(c echo.Context, d catalog.Dataset, param string) (reference, error) {
	text := c.QueryParam(param)
	if text == "" {
		return lonLat, nil
	}
	list := references(d)
	for _, r := range list {
		if r.uri == text {
			return r, nil
		}
	}
	return reference{}, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "%s=%.120s is not on offer for %s", param, text, d.ID),
		"there are "+strings.Join(uris(list), ", "))
}
