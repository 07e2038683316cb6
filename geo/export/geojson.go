package export

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// jsonSink writes GeoJSON (RFC 7946), or a text sequence of features, one a
// line. Rings run counterclockwise outside and clockwise inside (§3.1.6).
type jsonSink struct {
	x     *exporter
	f     *os.File
	w     *bufio.Writer
	seq   bool
	keys  [][]byte // of the properties, with colon
	b     []byte
	n     int64
	z     []float64 // heights of the row being written
	atZ   int
	plain bool // other system than longitude and latitude
}

func (x *exporter) openGeoJSON(path string) (sink, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fault.E("export.Write", fault.Other, err)
	}
	s := &jsonSink{x: x, f: f, w: bufio.NewWriterSize(f, 1<<18), seq: x.format.ID == "geojsonseq"}
	for _, field := range x.out.Fields {
		key, err := json.Marshal(field.Name)
		if err != nil {
			return nil, fault.E("export.Write", fault.Invalid, err)
		}
		s.keys = append(s.keys, append(key, ':'))
		if field.Type == geo.Binary {
			x.notes.Count(catalog.Info, "binary-as-text", "binary values were written as base64", field.Name)
		}
	}
	if x.out.HasM {
		x.notes.Add(catalog.Warning, "measures-dropped", "GeoJSON has no place for measures: they were dropped")
	}
	s.plain = x.out.GeometryType != "" && x.out.CRS != geo.WGS84
	if s.plain && x.out.CRS.Known() {
		x.notes.Add(catalog.Warning, "not-rfc7946", "GeoJSON in %s is no GeoJSON by RFC 7946: few programs place it right", x.out.CRS.Short())
	}
	if !s.seq {
		s.head()
	}
	return s, nil
}

func (s *jsonSink) head() {
	s.b = append(s.b[:0], `{"type":"FeatureCollection","name":`...)
	s.b = appendJSON(s.b, s.x.layer)
	if s.x.o.Description != "" {
		s.b = append(s.b, `,"description":`...)
		s.b = appendJSON(s.b, s.x.o.Description)
	}
	if c := s.x.out.CRS; s.plain && c.Known() && !c.IsWKT() {
		s.b = append(s.b, `,"crs":{"type":"name","properties":{"name":`...)
		s.b = appendJSON(s.b, urn(c))
		s.b = append(s.b, `}}`...)
	}
	s.b = append(s.b, ",\"features\":[\n"...)
	s.w.Write(s.b) //nolint:errcheck // a bufio.Writer keeps its error for Flush
}

// urn is the old spelling that readers of the crs member know.
func urn(c geo.CRS) string {
	for i := range c {
		if c[i] == ':' {
			return "urn:ogc:def:crs:" + string(c[:i]) + "::" + string(c[i+1:])
		}
	}
	return string(c)
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // strings and numbers that are finite do not fail
		return append(b, "null"...)
	}
	return append(b, text...)
}

func (s *jsonSink) write(f geo.Feature) error {
	s.b = s.b[:0]
	if s.n++; s.n > 1 && !s.seq {
		s.b = append(s.b, ",\n"...)
	}
	s.b = append(s.b, `{"type":"Feature","id":`...)
	s.b = strconv.AppendInt(s.b, f.ID, 10)
	s.b = append(s.b, `,"properties":{`...)
	for i, v := range f.Values {
		if i > 0 {
			s.b = append(s.b, ',')
		}
		s.b = append(s.b, s.keys[i]...)
		s.b = appendValue(s.b, s.x.out.Fields[i].Type, v)
	}
	s.b = append(s.b, `},"geometry":`...)
	s.z, s.atZ = f.Z, 0
	s.geometry(f.Geometry)
	s.b = append(s.b, '}')
	if s.seq {
		s.b = append(s.b, '\n')
	}
	_, err := s.w.Write(s.b)
	return fault.E("export.Write", fault.Other, err)
}

// appendValue writes an attribute: JSON as it is, numbers that JSON does not
// know as null.
func appendValue(b []byte, t geo.FieldType, v any) []byte {
	switch v := v.(type) {
	case string:
		if t == geo.JSON && json.Valid([]byte(v)) {
			return append(b, v...)
		}
		return appendJSON(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case []byte:
		return appendJSON(b, base64.StdEncoding.EncodeToString(v))
	}
	return append(b, "null"...)
}

func appendFloat(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

func (s *jsonSink) position(p orb.Point, z int) {
	s.b = append(s.b, '[')
	s.b = appendFloat(s.b, p[0])
	s.b = append(s.b, ',')
	s.b = appendFloat(s.b, p[1])
	if z < len(s.z) && !math.IsNaN(s.z[z]) {
		s.b = append(s.b, ',')
		s.b = appendFloat(s.b, s.z[z])
	}
	s.b = append(s.b, ']')
}

// positions writes a line or ring, backwards when asked.
func (s *jsonSink) positions(ps []orb.Point, backwards bool) {
	s.b = append(s.b, '[')
	for i := range ps {
		k := i
		if backwards {
			k = len(ps) - 1 - i
		}
		if i > 0 {
			s.b = append(s.b, ',')
		}
		s.position(ps[k], s.atZ+k)
	}
	s.atZ += len(ps)
	s.b = append(s.b, ']')
}

func (s *jsonSink) polygon(p orb.Polygon) {
	list(s, p, func(i int, r orb.Ring) {
		want := orb.CCW
		if i > 0 {
			want = orb.CW
		}
		s.positions(r, r.Orientation() == -want)
	})
}

func list[S ~[]E, E any](s *jsonSink, in S, each func(i int, e E)) {
	s.b = append(s.b, '[')
	for i, e := range in {
		if i > 0 {
			s.b = append(s.b, ',')
		}
		each(i, e)
	}
	s.b = append(s.b, ']')
}

func (s *jsonSink) geometry(g orb.Geometry) {
	if g == nil {
		s.b = append(s.b, "null"...)
		return
	}
	s.b = append(s.b, `{"type":"`...)
	s.b = append(s.b, g.GeoJSONType()...)
	if c, ok := g.(orb.Collection); ok {
		s.b = append(s.b, `","geometries":`...)
		list(s, c, func(_ int, m orb.Geometry) { s.geometry(m) })
		s.b = append(s.b, '}')
		return
	}
	s.b = append(s.b, `","coordinates":`...)
	switch g := g.(type) {
	case orb.Point:
		s.position(g, s.atZ)
		s.atZ++
	case orb.MultiPoint:
		s.positions(g, false)
	case orb.LineString:
		s.positions(g, false)
	case orb.MultiLineString:
		list(s, g, func(_ int, l orb.LineString) { s.positions(l, false) })
	case orb.Polygon:
		s.polygon(g)
	case orb.MultiPolygon:
		list(s, g, func(_ int, p orb.Polygon) { s.polygon(p) })
	case orb.Ring:
		s.polygon(orb.Polygon{slices.Clone(g)})
	case orb.Bound:
		s.polygon(g.ToPolygon())
	}
	s.b = append(s.b, '}')
}

func (s *jsonSink) finish() error {
	if !s.seq {
		s.w.WriteString("\n]}\n") //nolint:errcheck // a bufio.Writer keeps its error for Flush
	}
	err := s.w.Flush()
	if cerr := s.f.Close(); err == nil {
		err = cerr
	}
	return fault.E("export.Write", fault.Other, err)
}

func (s *jsonSink) abort() error { return s.f.Close() }
