package ogc

import (
	"encoding/json"

	"github.com/paulmach/orb"
)

// maxNesting bounds collections within collections.
const maxNesting = 8

// geometryReader reads GeoJSON geometries (RFC 7946 §3.1), with heights.
type geometryReader struct {
	swap    bool
	z       []float64 // of the positions that have one
	without int       // positions that have none
}

type geometryIn struct {
	Type        string            `json:"type"`
	Coordinates json.RawMessage   `json:"coordinates"`
	Geometries  []json.RawMessage `json:"geometries"`
}

func (d *geometryReader) read(raw json.RawMessage, depth int) (orb.Geometry, error) {
	var in geometryIn
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, invalid("geometry: %w", err)
	}
	if in.Type == "GeometryCollection" {
		if depth == maxNesting {
			return nil, invalid("geometry: collections are nested more than %d times", maxNesting)
		}
		out := orb.Collection{}
		for _, part := range in.Geometries {
			g, err := d.read(part, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, g)
		}
		return out, nil
	}
	g, err := d.coordinates(in)
	if err != nil {
		return nil, invalid("geometry: the coordinates are not those of a %.30s: %w", in.Type, err)
	}
	return g, nil
}

func (d *geometryReader) coordinates(in geometryIn) (orb.Geometry, error) {
	switch in.Type {
	case "Point":
		var p []float64
		if err := json.Unmarshal(in.Coordinates, &p); err != nil {
			return nil, err
		}
		return d.position(p)
	case "MultiPoint":
		ps, err := nested(in.Coordinates, d.line)
		return orb.MultiPoint(ps), err
	case "LineString":
		ps, err := nested(in.Coordinates, d.line)
		return orb.LineString(ps), err
	case "MultiLineString":
		var out orb.MultiLineString
		_, err := nested(in.Coordinates, func(ls [][][]float64) ([]orb.Point, error) {
			return nil, each(ls, func(l [][]float64) error {
				ps, err := d.line(l)
				out = append(out, ps)
				return err
			})
		})
		return out, err
	case "Polygon":
		var out orb.Polygon
		_, err := nested(in.Coordinates, func(rs [][][]float64) (_ []orb.Point, err error) {
			out, err = d.polygon(rs)
			return nil, err
		})
		return out, err
	case "MultiPolygon":
		var out orb.MultiPolygon
		_, err := nested(in.Coordinates, func(ps [][][][]float64) ([]orb.Point, error) {
			return nil, each(ps, func(p [][][]float64) error {
				polygon, err := d.polygon(p)
				out = append(out, polygon)
				return err
			})
		})
		return out, err
	}
	return nil, invalid("there is no such type")
}

// nested reads lists of positions as deep as the reader takes them.
func nested[T any](raw json.RawMessage, read func(T) ([]orb.Point, error)) ([]orb.Point, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return read(v)
}

func each[T any](list []T, do func(T) error) error {
	for _, v := range list {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

func (d *geometryReader) polygon(rings [][][]float64) (orb.Polygon, error) {
	var out orb.Polygon
	err := each(rings, func(r [][]float64) error {
		ps, err := d.line(r)
		out = append(out, ps)
		return err
	})
	return out, err
}

func (d *geometryReader) line(in [][]float64) ([]orb.Point, error) {
	out := make([]orb.Point, 0, len(in))
	err := each(in, func(p []float64) error {
		q, err := d.position(p)
		out = append(out, q)
		return err
	})
	return out, err
}

func (d *geometryReader) position(p []float64) (orb.Point, error) {
	switch len(p) {
	case 2:
		d.without++
	case 3:
		d.z = append(d.z, p[2])
	default:
		return orb.Point{}, invalid("a position has %d numbers, not 2 or 3", len(p))
	}
	if d.swap {
		return orb.Point{p[1], p[0]}, nil
	}
	return orb.Point{p[0], p[1]}, nil
}
