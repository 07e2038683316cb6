package ogc

import (
	"slices"
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
	uri     string
	crs     geo.CRS
	swap    bool // the first axis runs north
	degrees bool
}

var (
	lonLat   = reference{uri: crs84, crs: geo.WGS84, degrees: true}
	latLon   = reference{uri: epsgPrefix + "4326", crs: geo.WGS84, swap: true, degrees: true}
	mercator = reference{uri: epsgPrefix + "3857", crs: geo.WebMercator}
)

// lonLatBased reports whether boxes may cross the antimeridian.
func (r reference) lonLatBased() bool { return r.crs == geo.WGS84 }

// places is how many decimals of transformed coordinates mean something: a
// millimetre, as transformations are not better than that.
func (r reference) places() int {
	if r.degrees {
		return 8
	}
	return 3
}

// alsoOffered are the systems of vector datasets beyond those that pictures
// come in, by EPSG code; all are Italian or European.
var alsoOffered = []draw.System{
	{URI: epsgPrefix + "6875", CRS: "EPSG:6875", Swapped: true, Domain: italy},
	{URI: epsgPrefix + "7794", CRS: "EPSG:7794", Domain: italy},
	{URI: epsgPrefix + "23032", CRS: "EPSG:23032", Domain: geo.BBox{MinX: 2, MinY: 34, MaxX: 16, MaxY: 73}},
}

var italy = geo.BBox{MinX: 5, MinY: 34, MaxX: 20, MaxY: 49}

// references are the systems that a dataset's features can be had in: CRS84,
// the two that every client knows, the one that they are stored in, and those
// of Europe and Italy where the dataset lies within their area. Items of
// rasters come in all the systems that maps of them do.
func references(d catalog.Dataset) []reference {
	if d.Kind == catalog.Raster {
		list := []reference{lonLat}
		for _, s := range draw.SystemsOf(d) {
			if !s.IsCRS84() {
				list = append(list, referenceOf(s))
			}
		}
		return list
	}
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
		return []reference{lonLat}
	}
	list := []reference{lonLat, latLon, mercator}
	add := func(r reference) {
		if !slices.ContainsFunc(list, func(o reference) bool { return o.uri == r.uri }) {
			list = append(list, r)
		}
	}
	if r, ok := storage(d); ok {
		add(r)
	}
	if home := d.Version.BBoxWGS84; known(home) && home.MinX <= home.MaxX {
		for _, s := range append(draw.Systems(), alsoOffered...) {
			if s.Domain.Intersect(home) == home {
				add(referenceOf(s))
			}
		}
	}
	return list
}

func referenceOf(s draw.System) reference {
	return reference{uri: s.URI, crs: s.CRS, swap: s.Swapped, degrees: s.Degrees}
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
		return reference{uri: epsgPrefix + code, crs: native, swap: swap, degrees: info.Geographic}, ok
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
	return named(d, param, text)
}

// named finds a system by its URI.
func named(d catalog.Dataset, param, text string) (reference, error) {
	list := references(d)
	for _, r := range list {
		if r.uri == text {
			return r, nil
		}
	}
	return reference{}, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "%s=%.120s is not on offer for %s", param, text, d.ID),
		"there are "+strings.Join(uris(list), ", "))
}

// datum is an old geodetic datum: how far transformations to and from it may
// err. Source: the operations of the EPSG dataset that PROJ takes when it has
// no grids, and no Italian grid has a licence that lets PROJ carry it.
type datum struct {
	name      string
	operation string
	accuracy  float64 // metres
}

var datums = map[geo.CRS]datum{
	"EPSG:3003":  {"Monte Mario (Rome 1940)", "Monte Mario to WGS 84, seven parameters by region (EPSG:1660, 1662, 1664)", 4},
	"EPSG:3004":  {"Monte Mario (Rome 1940)", "Monte Mario to WGS 84, seven parameters by region (EPSG:1660, 1662, 1664)", 4},
	"EPSG:4265":  {"Monte Mario (Rome 1940)", "Monte Mario to WGS 84, seven parameters by region (EPSG:1660, 1662, 1664)", 4},
	"EPSG:23032": {"ED50", "ED50 to WGS 84, three parameters (EPSG:1133)", 10},
	"EPSG:23033": {"ED50", "ED50 to WGS 84, three parameters (EPSG:1133)", 10},
}

// conversion says how far coordinates in a system other than the stored one
// may be off because of the change of datum.
type conversion struct {
	CRS       string  `json:"crs"`
	AccuracyM float64 `json:"accuracy_m"`
	Operation string  `json:"operation"`
}

// conversions lists the systems on offer that are reached by a change of
// datum that errs by more than a metre.
func conversions(d catalog.Dataset, list []reference) []conversion {
	var out []conversion
	own, ownOld := datums[d.Version.CRS]
	for _, r := range list {
		old, isOld := datums[r.crs]
		switch {
		case r.crs == d.Version.CRS || isOld && ownOld && old.name == own.name:
		case ownOld && isOld:
			out = append(out, conversion{r.uri, own.accuracy + old.accuracy, own.operation + "; " + old.operation})
		case isOld:
			out = append(out, conversion{r.uri, old.accuracy, old.operation})
		case ownOld:
			out = append(out, conversion{r.uri, own.accuracy, own.operation})
		}
	}
	return out
}
