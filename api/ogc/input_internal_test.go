package ogc

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

var sentSchema = geo.Schema{
	GeometryType: "Geometry", CRS: geo.WGS84, HasZ: true,
	Fields: []geo.Field{
		{Name: "name", Type: geo.String},
		{Name: "n", Type: geo.Integer},
		{Name: "x", Type: geo.Real},
		{Name: "ok", Type: geo.Boolean},
		{Name: "day", Type: geo.Date},
		{Name: "raw", Type: geo.Binary},
		{Name: "more", Type: geo.JSON},
	},
}

// vertices counts the positions of a geometry.
func vertices(g orb.Geometry) (n int) {
	switch g := g.(type) {
	case orb.Point:
		return 1
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			n += vertices(p)
		}
	case orb.Collection:
		for _, p := range g {
			n += vertices(p)
		}
	}
	return n
}

// FuzzFeatures: no panic; every refusal is the sender's fault and says so; a
// height belongs to each vertex or to none; and what an independent reader
// makes of the same geometry is the same.
func FuzzFeatures(f *testing.F) {
	for _, s := range []string{
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"a","n":9007199254740993,"x":1.5,"ok":true,"day":"2024-02-29","raw":"AQI=","more":{"a":[1]}}}`,
		`{"type":"Feature","geometry":null,"properties":null}`,
		`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0,1],[1,0,2],[1,1,3],[0,0,1]]]},"properties":{}}]}`,
		`{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]},{"type":"GeometryCollection","geometries":[]}]},"properties":{}}`,
		`{"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[0,0],[1,1e400]],[]]},"properties":{}}`,
		`{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":[[0,0],[1]]},"properties":{"name":1}} 7`,
		`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[0,0],[1,1,1]]},"properties":{}}`,
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, swap bool) {
		list, _, err := readFeatures(body, 50)
		if err != nil {
			blamed(t, err)
			return
		}
		r, err := newReceiver(sentSchema, reference{crs: geo.WGS84, swap: swap})
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range list {
			row, err := r.row(in)
			if err != nil {
				blamed(t, err)
				continue
			}
			if n := vertices(row.Geometry); len(row.Z) != 0 && len(row.Z) != n {
				t.Fatalf("%d heights of %d vertices", len(row.Z), n)
			}
			sameAsOrb(t, in.Geometry, row.Geometry, swap)
		}
	})
}

func blamed(t *testing.T, err error) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
		t.Fatalf("%v, want Invalid or TooLarge", err)
	}
}

// sameAsOrb compares with orb's own reader, where that one understands the
// text (it knows no nulls within, and reads positions of any length).
func sameAsOrb(t *testing.T, raw json.RawMessage, got orb.Geometry, swap bool) {
	t.Helper()
	theirs, err := geojson.UnmarshalGeometry(raw)
	if got == nil || swap || err != nil || theirs.Geometry() == nil {
		return
	}
	if want := theirs.Geometry(); !reflect.DeepEqual(want, got) && !orb.Equal(want, got) {
		t.Fatalf("%s\nis %v, orb reads %v", raw, got, want)
	}
}

var pagedBy = []features.SortKey{{Field: "name"}, {Field: "n", Descending: true}, {Field: "x"}, {Field: "ok"}, {Field: "day"}}

// FuzzCursor: no panic, whatever the token; every refusal blames the sender;
// and a token that is taken names, written again, the same place.
func FuzzCursor(f *testing.F) {
	q := query{sort: pagedBy}
	for _, values := range [][]any{{"a", int64(1), 1.5, true, "2024-01-01"}, {nil, nil, math.NaN(), nil, nil}, {"è\x00\"", int64(math.MinInt64), math.Inf(1), false, ""}} {
		token, err := q.tokenAfter(7, values)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(token, 5)
	}
	f.Add("12", 0)
	f.Add("-1", 0)
	f.Add("+9", 0)
	f.Add("9223372036854775808", 0)
	f.Add("c", 1)
	f.Add("c"+base64.RawURLEncoding.EncodeToString([]byte(`{"i":1,"o":"+name,","v":[{"a":1}]}`)), 1)
	f.Add("c"+base64.RawURLEncoding.EncodeToString([]byte(`{"i":1,"o":"+name,","l":true,"v":[null,null,null]}`)), 1)
	f.Fuzz(func(t *testing.T, text string, keys int) {
		q := query{after: text, sort: pagedBy[:min(max(keys, 0), len(pagedBy))]}
		p, err := q.begin(&sentSchema)
		if err != nil {
			blamed(t, err)
			return
		}
		if text == "" || p.lookup {
			return
		}
		again, err := q.tokenAfter(p.id, p.values)
		if err != nil {
			t.Fatal(err)
		}
		q.after = again
		second, err := q.begin(&sentSchema)
		if err != nil || second.id != p.id || !second.lookup && !slices.Equal(second.values, p.values) {
			t.Fatalf("%q is %v, again %q is %v, %v", text, p, again, second, err)
		}
	})
}
