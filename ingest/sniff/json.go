package sniff

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"contado/geo/fault"
)

var (
	geoJSON    = Format{"GeoJSON", Vector, []string{"GeoJSON"}}
	geoJSONSeq = Format{"GeoJSON text sequence", Vector, []string{"GeoJSONSeq"}}
	topoJSON   = Format{"TopoJSON", Vector, []string{"TopoJSON"}}
)

var geoTypes = map[string]bool{
	"FeatureCollection": true, "Feature": true, "Point": true, "MultiPoint": true, "LineString": true,
	"MultiLineString": true, "Polygon": true, "MultiPolygon": true, "GeometryCollection": true,
}

var typeMember = regexp.MustCompile(`"type"\s*:\s*"([A-Za-z]+)"`)

// jsonFile tells GeoJSON, GeoJSON sequences and TopoJSON apart by the "type"
// member of the first object, of which only the head is at hand.
func jsonFile(name string, head []byte) (Format, error) {
	if head[0] == 0x1e {
		return geoJSONSeq, nil
	}
	kind, whole, rest := topType(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if kind == "" && !whole {
		// The head ended before the top-level type (a very long first member):
		// the first geodata type anywhere in it decides.
		for _, m := range typeMember.FindAllSubmatch(head, -1) {
			if t := string(m[1]); t == "Topology" || geoTypes[t] {
				kind = t
				break
			}
		}
		if bytes.Contains(head, []byte(`"arcs"`)) {
			kind = "Topology"
		}
	}
	switch {
	case kind == "Topology":
		return topoJSON, nil
	case (kind == "Feature" || kind == "Catalog" || kind == "Collection") && bytes.Contains(head, []byte(`"stac_version"`)):
		return Format{}, unsupported(name, "a description in a STAC catalogue", "name it as contado ingest stac wants it, which brings the files that it speaks of")
	case kind == "Feature" && whole && strings.TrimLeft(rest, " \t\r\n\x1e") != "":
		return geoJSONSeq, nil // even when the second line is broken
	case geoTypes[kind]:
		return geoJSON, nil
	case whole && kind != "":
		return Format{}, fault.WithHint(
			fault.Errorf("sniff.File", fault.Invalid, "%s is JSON of type %q, which is not a GeoJSON type", name, kind),
			`the type must be written exactly, as in "FeatureCollection" or "Feature"`)
	}
	return Format{}, fault.WithHint(
		fault.Errorf("sniff.File", fault.Invalid, "%s is JSON, and neither GeoJSON nor TopoJSON", name),
		`give a file whose top object has "type": "FeatureCollection", "Feature" or "Topology"`)
}

// topType reads the "type" member of the first object. whole tells whether
// the object ended within the head; rest is what follows it then.
func topType(head []byte) (kind string, whole bool, rest string) {
	dec := json.NewDecoder(bytes.NewReader(head))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return "", err == nil, ""
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return kind, false, ""
		}
		value, err := dec.Token()
		if err != nil {
			return kind, false, ""
		}
		if s, ok := value.(string); ok && key == "type" {
			kind = s
		}
		if d, ok := value.(json.Delim); ok && (d == '{' || d == '[') {
			if !skip(dec) {
				return kind, false, ""
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return kind, false, ""
	}
	return kind, true, string(head[dec.InputOffset():])
}

// skip reads to the end of the object or list that was just opened.
func skip(dec *json.Decoder) bool {
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return false
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return true
}
