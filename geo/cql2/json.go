package cql2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/peterstace/simplefeatures/geom"
)

// ParseJSON reads the JSON encoding.
//
// Errors: fault.Invalid with the place as a path ($.args[1]) and what is
// wrong there.
func ParseJSON(data []byte) (Expr, error) {
	if len(data) > maxJSON {
		return nil, invalid("%d bytes; the limit is %d", len(data), maxJSON)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, invalid("no JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("more than one JSON value")
	}
	d := &decoder{}
	e, err := d.node(doc, "$")
	if err == nil {
		err = isCondition(e)
	}
	if err != nil {
		return nil, invalid("%w", err)
	}
	return e, nil
}

type decoder struct{ depth, nodes int }

func (d *decoder) node(v any, path string) (Expr, error) {
	if d.depth++; d.depth > maxDepth {
		return nil, fmt.Errorf("at %s: nested deeper than %d", path, maxDepth)
	}
	defer func() { d.depth-- }()
	if d.nodes++; d.nodes > 2*maxNodes {
		return nil, fmt.Errorf("at %s: more than %d nodes", path, 2*maxNodes)
	}
	e, err := d.value(v, path)
	if err != nil {
		var deeper *placed
		if !errors.As(err, &deeper) {
			err = &placed{fmt.Errorf("at %s: %w", path, err)}
		}
		return nil, err
	}
	return e, nil
}

// placed is an error that names its place already.
type placed struct{ error }

func (d *decoder) value(v any, path string) (Expr, error) {
	switch v := v.(type) {
	case nil:
		return nil, errors.New("null is no value: use isNull")
	case string:
		return String(v), nil
	case bool:
		return Bool(v), nil
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("%.40q is no number", v.String())
		}
		return Number(f), nil
	case []any:
		list, err := d.list(v, path)
		return Array(list), err
	case map[string]any:
		return d.object(v, path)
	}
	return nil, fmt.Errorf("%T is no value", v)
}

func (d *decoder) list(v []any, path string) ([]Expr, error) {
	if len(v) > maxNodes {
		return nil, fmt.Errorf("more than %d values", maxNodes)
	}
	out := make([]Expr, 0, len(v))
	for i, a := range v {
		e, err := d.node(a, fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// object is an operation, a property or one of the literals that are written
// as an object.
func (d *decoder) object(m map[string]any, path string) (Expr, error) {
	has := func(k string) bool { _, ok := m[k]; return ok }
	switch {
	case has("op"):
		return d.operation(m, path)
	case has("property"):
		name, ok := m["property"].(string)
		if !ok || name == "" || len(name) > 200 {
			return nil, errors.New("a property has a name of 1 to 200 bytes")
		}
		return &Property{name}, nil
	case has("date"), has("timestamp"):
		key := "timestamp"
		if has("date") {
			key = "date"
		}
		text, ok := m[key].(string)
		if !ok {
			return nil, fmt.Errorf("%s takes a text", key)
		}
		i, err := parseInstant(text)
		if err == nil && i.Date != (key == "date") {
			err = fmt.Errorf("%.40q is no %s", text, key)
		}
		return i, err
	case has("interval"):
		ends, ok := m["interval"].([]any)
		if !ok {
			return nil, errors.New("an interval is an array of two ends")
		}
		list, err := d.list(ends, path+".interval")
		if err != nil {
			return nil, err
		}
		return interval(list)
	case has("bbox"):
		return bboxOf(m["bbox"])
	case has("type"):
		return geometryOf(m)
	}
	return nil, errors.New("an object with op, property, date, timestamp, interval, bbox or a GeoJSON geometry is expected")
}

func (d *decoder) operation(m map[string]any, path string) (Expr, error) {
	op, ok := m["op"].(string)
	if !ok {
		return nil, errors.New("op is the name of an operator")
	}
	raw, ok := m["args"].([]any)
	if !ok {
		return nil, fmt.Errorf("%.40s has args, an array", op)
	}
	args, err := d.list(raw, path+".args")
	if err != nil {
		return nil, err
	}
	return build(op, args)
}

func bboxOf(v any) (Expr, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("a bbox is an array of 4 or 6 numbers")
	}
	out := make([]float64, 0, len(list))
	for _, x := range list {
		n, ok := x.(json.Number)
		if !ok {
			return nil, errors.New("a bbox is an array of 4 or 6 numbers")
		}
		f, err := n.Float64()
		if err != nil {
			return nil, fmt.Errorf("%.40q is no number", n.String())
		}
		out = append(out, f)
	}
	return box(out)
}

func geometryOf(m map[string]any) (Expr, error) {
	if kind, ok := m["type"].(string); !ok || !slices.Contains(geoJSONTypes, kind) {
		return nil, fmt.Errorf("%.40v is no type of a GeoJSON geometry", m["type"])
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	g, err := geom.UnmarshalGeoJSON(b, geom.NoValidate{})
	if err == nil {
		err = usable(g)
	}
	if err != nil {
		return nil, fmt.Errorf("the geometry cannot be read: %.200w", err)
	}
	return Geometry{g}, nil
}

var geoJSONTypes = []string{"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}

// usable refuses coordinates that are no numbers and geometries too big to be
// compared with many things.
func usable(g geom.Geometry) error {
	const most = 100_000
	n := 0
	seq := g.DumpCoordinates()
	for i := range seq.Length() {
		if n++; n > most {
			return fmt.Errorf("more than %d positions", most)
		}
		if xy := seq.GetXY(i); math.IsNaN(xy.X+xy.Y) || math.IsInf(xy.X, 0) || math.IsInf(xy.Y, 0) {
			return errors.New("a coordinate is not finite")
		}
	}
	return nil
}
