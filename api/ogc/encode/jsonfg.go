package encode

import (
	"strconv"

	"contado/api/rest"
)

// JSONFG writes OGC Features and Geometries JSON 1.0 (21-045r1): GeoJSON with
// the geometry as stored under "place" and the time of a feature under "time".
type JSONFG struct {
	GeoJSON
	lonLat bool // the answer is in CRS84, so geometry says it all
}

// crs84 is the system in which "geometry" stands and "place" must not.
const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

const conformsToFG = `"conformsTo":["http://www.opengis.net/spec/json-fg-1/1.0/conf/core"]`

// NewJSONFG makes a writer of JSON-FG.
func NewJSONFG(f Frame) *JSONFG {
	return &JSONFG{GeoJSON{frame: f, keys: keysOf(f.Fields)}, f.CRS == crs84}
}

// Begin writes the head.
func (e *JSONFG) Begin(b []byte) []byte {
	b = append(b, `{"type":"FeatureCollection",`+conformsToFG+`,"featureType":`...)
	b = appendString(b, e.frame.Collection)
	b = append(b, `,"coordRefSys":`...)
	b = appendString(b, e.frame.CRS)
	return append(b, `,"features":[`...)
}

// Row writes a feature.
func (e *JSONFG) Row(b []byte, n int, r *Row) ([]byte, error) {
	b = append(comma(b, n), `{"type":"Feature","id":`...)
	return append(e.feature(b, r), '}'), nil
}

// One writes a feature with its links.
func (e *JSONFG) One(b []byte, r *Row, links []rest.Link) ([]byte, error) {
	b = append(b, `{"type":"Feature",`+conformsToFG+`,"featureType":`...)
	b = appendString(b, e.frame.Collection)
	b = append(b, `,"coordRefSys":`...)
	b = appendString(b, e.frame.CRS)
	b = append(b, `,"id":`...)
	b, err := appendLinks(e.feature(b, r), links)
	return append(b, '}'), err
}

// feature writes from the id on. In another system than CRS84 the geometry in
// longitude and latitude stays beside the place, for readers of GeoJSON.
func (e *JSONFG) feature(b []byte, r *Row) []byte {
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(b, `,"time":`...)
	b = e.time(b, r)
	b = append(b, `,"place":`...)
	if e.lonLat {
		b = append(b, `null,"geometry":`...)
		b = appendGeometry(b, r.Geometry, false, e.frame.Places)
	} else {
		b = appendGeometry(b, r.Geometry, e.frame.Swap, e.frame.Places)
		b = append(b, `,"geometry":`...)
		b = appendGeometry(b, r.LonLat, false, e.frame.LonLatPlaces)
	}
	return e.properties(b, r)
}

// time writes when a feature was: a date, a timestamp or an interval.
func (e *JSONFG) time(b []byte, r *Row) []byte {
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		s, _ := r.value(i).(string)
		return s
	}
	if t := at(e.frame.Instant); t != "" {
		if len(t) == len("2006-01-02") {
			b = append(b, `{"date":`...)
		} else {
			b = append(b, `{"timestamp":`...)
		}
		return append(appendString(b, t), '}')
	}
	start, end := at(e.frame.Start), at(e.frame.End)
	if start == "" && end == "" {
		return append(b, "null"...)
	}
	if start == "" {
		start = ".."
	}
	if end == "" {
		end = ".."
	}
	b = appendString(append(b, `{"interval":[`...), start)
	return append(appendString(append(b, ','), end), "]}"...)
}
