package ogc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
)

// featureIn is a feature that somebody sends.
type featureIn struct {
	Type       string                     `json:"type"`
	Geometry   json.RawMessage            `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func invalid(format string, args ...any) error {
	return fault.Errorf("ogc", fault.Invalid, format, args...)
}

// decodeOne reads one JSON value and nothing after it.
func decodeOne(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return invalid("the body is not the JSON that is wanted: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("there is something after the JSON of the body")
	}
	return nil
}

// readFeatures reads a feature, or the features of a collection.
func readFeatures(body []byte, most int) (list []featureIn, many bool, err error) {
	var head struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := decodeOne(body, &head); err != nil {
		return nil, false, err
	}
	switch head.Type {
	case "Feature":
		f, err := readFeature(body)
		return []featureIn{f}, false, err
	case "FeatureCollection":
	default:
		return nil, false, invalid("the body is of type %.40q: want Feature or FeatureCollection", head.Type)
	}
	if len(head.Features) > most {
		return nil, true, fault.Errorf("ogc", fault.TooLarge, "%d features at once; at most %d are taken", len(head.Features), most)
	}
	for i, raw := range head.Features {
		f, err := readFeature(raw)
		if err != nil {
			return nil, true, invalid("features/%d: %w", i, err)
		}
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, true, invalid("the collection has no feature")
	}
	return list, true, nil
}

func readFeature(body []byte) (f featureIn, err error) {
	if err := decodeOne(body, &f); err != nil {
		return f, err
	}
	if f.Type != "Feature" {
		return f, invalid("it is of type %.40q: want Feature", f.Type)
	}
	return f, nil
}

// receiver turns what is sent into rows of a dataset.
type receiver struct {
	schema geo.Schema
	in     reference
	t      *crs.Transformer // nil where nothing changes
}

func newReceiver(s geo.Schema, in reference) (*receiver, error) {
	r := &receiver{schema: s, in: in}
	if s.GeometryType == "" {
		return r, nil
	}
	t, err := crs.New(in.crs, s.CRS)
	if err == nil && !t.Identity() {
		r.t = t
	}
	return r, err
}

// row makes a whole row: attributes that are not named have no value.
func (r *receiver) row(f featureIn) (geo.Feature, error) {
	return r.merge(geo.Feature{Values: make([]any, len(r.schema.Fields))}, f)
}

// merge puts what is named into a row: null takes a value away.
func (r *receiver) merge(row geo.Feature, f featureIn) (geo.Feature, error) {
	for name, raw := range f.Properties {
		i := r.schema.FieldIndex(name)
		if i < 0 {
			return row, unknownField("properties", name, r.schema.Fields)
		}
		v, err := valueIn(r.schema.Fields[i], raw)
		if err != nil {
			return row, err
		}
		row.Values[i] = v
	}
	if len(f.Geometry) == 0 {
		return row, nil
	}
	var err error
	row.Geometry, row.Z, err = r.geometry(f.Geometry)
	row.M = nil
	return row, err
}

// valueIn reads a value; whether it fits the attribute is for the atlas to
// say, which does so for all editors.
func valueIn(f geo.Field, raw json.RawMessage) (any, error) {
	if f.Type == geo.JSON && string(raw) != "null" {
		return string(raw), nil
	}
	var v any
	if err := decodeOne(raw, &v); err != nil {
		return nil, err
	}
	if f.Type == geo.Binary {
		s, ok := v.(string)
		if v == nil {
			return nil, nil
		}
		b, err := base64.StdEncoding.DecodeString(s)
		if !ok || err != nil {
			return nil, invalid("attribute %q: %.60s is no base64", f.Name, raw)
		}
		return b, nil
	}
	return v, nil
}

// geometry reads a GeoJSON geometry into the stored system; nil for null.
func (r *receiver) geometry(raw json.RawMessage) (orb.Geometry, []float64, error) {
	if strings.TrimSpace(string(raw)) == "null" {
		return nil, nil, nil
	}
	d := geometryReader{swap: r.in.swap}
	g, err := d.read(raw, 0)
	if err != nil {
		return nil, nil, err
	}
	z := d.z
	if d.without > 0 && len(z) > 0 {
		return nil, nil, invalid("geometry: some positions have a height and some have none")
	}
	if !r.schema.HasZ && len(z) > 0 {
		return nil, nil, invalid("geometry: positions have heights, which this dataset does not keep")
	}
	if r.t == nil {
		return g, z, nil
	}
	// Below 0: vertices are moved, and none are added to what somebody drew.
	out, err := r.t.Geometry(g, &crs.GeometryOptions{MaxError: -1})
	if err != nil {
		return nil, nil, invalid("geometry: %w", err)
	}
	return out, z, nil
}
