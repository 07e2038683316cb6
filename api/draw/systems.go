// Package draw is what the interfaces to pictures share (OGC API Maps and
// Tiles, WMS, WMTS, crops): reference systems with the axis order of their
// authority, named styles, backgrounds, and the way to the tile service.
package draw

import (
	"strings"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// System is a reference system that pictures can be had in.
type System struct {
	// Name is that of WMS ("EPSG:25832", "CRS:84"), URI that of OGC APIs.
	Name, URI string
	CRS       geo.CRS
	// Swapped says that the authority counts northing or latitude first.
	Swapped bool
	Degrees bool
	// Domain is where it serves, in WGS84 degrees.
	Domain geo.BBox
}

const (
	crs84URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	epsgURI  = "http://www.opengis.net/def/crs/EPSG/0/"
)

var (
	world = geo.BBox{MinX: -180, MinY: -90, MaxX: 180, MaxY: 90}
	italy = geo.BBox{MinX: 5, MinY: 34, MaxX: 20, MaxY: 49}
	// europe is the area of use of EPSG:3035, ETRS89's is about the same.
	europe = geo.BBox{MinX: -35.58, MinY: 24.6, MaxX: 44.83, MaxY: 84.73}
)

// utm is where a zone of the northern hemisphere still serves: countries go
// on in the zone of their capital.
func utm(zone int) geo.BBox {
	centre := float64(6*zone - 183)
	return geo.BBox{MinX: centre - 15, MinY: -80, MaxX: centre + 15, MaxY: 84}
}

// Systems lists those that every dataset is offered in, CRS84 first.
func Systems() []System {
	return []System{
		{Name: "CRS:84", URI: crs84URI, CRS: geo.WGS84, Degrees: true, Domain: world},
		epsg("4326", true, true, world),
		epsg("3857", false, false, geo.BBox{MinX: -180, MinY: -85.0511287798066, MaxX: 180, MaxY: 85.0511287798066}),
		epsg("3035", true, false, europe),
		epsg("4258", true, true, europe),
		epsg("6706", true, true, italy),
		epsg("25832", false, false, utm(32)),
		epsg("25833", false, false, utm(33)),
		epsg("32632", false, false, utm(32)),
		epsg("32633", false, false, utm(33)),
		epsg("7791", false, false, italy),
		epsg("7792", false, false, italy),
		epsg("6707", true, false, italy),
		epsg("6708", true, false, italy),
		epsg("3003", false, false, italy),
		epsg("3004", false, false, italy),
	}
}

func epsg(code string, swapped, degrees bool, domain geo.BBox) System {
	return System{
		Name: "EPSG:" + code, URI: epsgURI + code, CRS: geo.CRS("EPSG:" + code),
		Swapped: swapped, Degrees: degrees, Domain: domain,
	}
}

// SystemsOf lists the systems of one dataset: its own first, then the rest.
func SystemsOf(d catalog.Dataset) []System {
	all := Systems()
	own, ok := Native(d)
	if !ok {
		return all
	}
	out := []System{own}
	for _, s := range all {
		if s.URI != own.URI {
			out = append(out, s)
		}
	}
	return out
}

// Native is the system that a dataset is stored in; CRS84 for one in degrees
// of WGS 84. ok is false when it has no EPSG code, or axes that point
// elsewhere than north and east.
func Native(d catalog.Dataset) (s System, ok bool) {
	native := d.Version.CRS
	for _, s := range Systems() {
		if s.CRS == native {
			return s, true
		}
	}
	code, isEPSG := strings.CutPrefix(string(native), "EPSG:")
	if !isEPSG {
		return System{}, false
	}
	info, err := gdal.DescribeCRS(native)
	if err != nil {
		return System{}, false
	}
	swapped, ok := NorthFirst(info.WKT)
	domain := world
	if !info.Geographic && info.AreaOfUse != nil && info.AreaOfUse.MinX < info.AreaOfUse.MaxX {
		domain = info.AreaOfUse.Buffer(12).Intersect(world)
	}
	return epsg(code, swapped, info.Geographic, domain), ok
}

// FindSystem finds a system by any of its names: EPSG:25832, CRS:84,
// urn:ogc:def:crs:EPSG::25832, its URI, or a safe CURIE such as [EPSG:25832].
func FindSystem(list []System, text string) (System, bool) {
	if len(text) > 200 {
		return System{}, false
	}
	name := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	for _, prefix := range []string{"http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/", "urn:ogc:def:crs:", "urn:x-ogc:def:crs:"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' || r == ':' })
			if len(parts) < 2 || len(parts) > 3 {
				return System{}, false
			}
			name = parts[0] + ":" + parts[len(parts)-1]
			break
		}
	}
	name = strings.ToUpper(name)
	switch name {
	case "OGC:CRS84", "CRS:CRS84", "CRS84", "OGC:84":
		name = "CRS:84"
	}
	for _, s := range list {
		if s.Name == name {
			return s, true
		}
	}
	return System{}, false
}

// URN is the name that WMTS 1.0.0 wants.
func (s System) URN() string {
	if s.URI == crs84URI {
		return "urn:ogc:def:crs:OGC:1.3:CRS84"
	}
	return "urn:ogc:def:crs:" + strings.Replace(s.Name, ":", "::", 1)
}

// IsCRS84 reports whether it is longitude, latitude.
func (s System) IsCRS84() bool { return s.URI == crs84URI }

// Box reads four numbers in the axis order of the authority.
func (s System) Box(v [4]float64) geo.BBox {
	if s.Swapped {
		return geo.BBox{MinX: v[1], MinY: v[0], MaxX: v[3], MaxY: v[2]}
	}
	return geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
}

// Ordered gives the corners of a box in the axis order of the authority.
func (s System) Ordered(b geo.BBox) [4]float64 {
	if s.Swapped {
		return [4]float64{b.MinY, b.MinX, b.MaxY, b.MaxX}
	}
	return [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
}

// MetresPerUnit is the length of a unit, for degrees at the equator, as
// scale denominators take it.
func (s System) MetresPerUnit() float64 {
	if s.Degrees {
		return 111319.49079327358
	}
	return 1
}

// NorthFirst reads the order of the axes from a WKT2: ok is false when they
// are not north and east.
func NorthFirst(wkt string) (swapped, ok bool) {
	var dirs []string
	for rest := wkt; len(dirs) < 2; {
		_, after, found := strings.Cut(rest, "AXIS[")
		if !found {
			return false, false
		}
		// AXIS["northing (Y)",north,ORDER[1],…
		if !strings.HasPrefix(after, `"`) {
			return false, false
		}
		_, after, found = strings.Cut(after[1:], `"`)
		if !found {
			return false, false
		}
		word := strings.TrimPrefix(after, ",")
		if i := strings.IndexAny(word, ",]"); i >= 0 {
			word = word[:i]
		}
		dirs, rest = append(dirs, strings.ToLower(strings.TrimSpace(word))), after
	}
	switch dirs[0] + " " + dirs[1] {
	case "north east":
		return true, true
	case "east north":
		return false, true
	}
	return false, false
}
