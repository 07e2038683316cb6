package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"contado/geo/coverage"
)

// StudySchema is the JSON Schema (2020-12) of studies, made from the types
// that write them. Fields are added, never renamed: unknown ones are allowed.
func StudySchema() ([]byte, error) {
	g := &schemer{defs: map[string]any{}}
	root := g.object(reflect.TypeFor[coverage.Study]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "urn:contado:coverage-study:1"
	root["title"] = "Coverage study"
	root["description"] = "Report on several services and ways of moving over one territory. Times are seconds, shares 0 to 1, positions longitude and latitude in degrees; hidden numbers are null."
	root["properties"].(map[string]any)["schema"] = map[string]any{"const": coverage.StudySchema}
	root["$defs"] = g.defs
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema of studies: %w", err)
	}
	return b, nil
}

type schemer struct{ defs map[string]any }

// hideable are the types of which numbers can be null when they are hidden.
func hideable(t reflect.Type) bool {
	_, ok := t.FieldByName("Suppressed")
	return ok
}

func (g *schemer) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	required := []string{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous && f.Tag.Get("json") == "" {
				add(f.Type)
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			s := g.of(f.Type)
			if hideable(t) && (f.Type.Kind() == reflect.Float64 || f.Type.Kind() == reflect.Slice) {
				s = nullable(s)
			}
			properties[name] = s
			if !strings.Contains(options, "omitempty") {
				required = append(required, name)
			}
		}
	}
	add(t)
	out := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func nullable(s map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
}

func (g *schemer) of(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(g.of(t.Elem()))
	case reflect.Slice: // a nil list is null
		return nullable(map[string]any{"type": "array", "items": g.of(t.Elem())})
	case reflect.Map:
		return nullable(map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())})
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64, reflect.Float32:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return map[string]any{"type": "string", "format": "date-time"}
		}
		if _, ok := g.defs[t.Name()]; !ok {
			g.defs[t.Name()] = true // types may hold themselves
			g.defs[t.Name()] = g.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	}
	return map[string]any{} // any value
}
