package stac

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"unicode"
)

// object is a JSON object whose members are looked at one by one: one of the
// wrong type is as none, and spoils nothing else.
type object map[string]json.RawMessage

func parseObject(data []byte) (object, bool) {
	var o object
	if json.Unmarshal(data, &o) != nil || o == nil {
		return nil, false
	}
	return o, true
}

// text is the first of the members that is a string, cut and without control
// characters; "" when none is.
func (o object) text(keys ...string) string {
	for _, k := range keys {
		var s string
		if raw, ok := o[k]; ok && json.Unmarshal(raw, &s) == nil && s != "" {
			return clean(s, 4000)
		}
	}
	return ""
}

// clean is a text for people: valid, without control characters, not endless.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return strings.TrimSpace(s)
}

// number is the first of the members that is a finite number; nil when none is.
func (o object) number(keys ...string) *float64 {
	for _, k := range keys {
		if raw, ok := o[k]; ok {
			if v := finite(raw); v != nil {
				return v
			}
		}
	}
	return nil
}

func finite(raw json.RawMessage) *float64 {
	var v *float64
	if json.Unmarshal(raw, &v) != nil || v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// within is a number from lo to hi; nil when it is none.
func (o object) within(lo, hi float64, keys ...string) *float64 {
	if v := o.number(keys...); v != nil && *v >= lo && *v <= hi {
		return v
	}
	return nil
}

func (o object) object(key string) object {
	out, _ := parseObject(o[key])
	return out
}

func (o object) list(key string) []json.RawMessage {
	var out []json.RawMessage
	if json.Unmarshal(o[key], &out) != nil {
		return nil
	}
	return out
}

func (o object) objects(key string) []object {
	var out []object
	for _, raw := range o.list(key) {
		if m, ok := parseObject(raw); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o object) texts(key string) []string {
	var out []string
	for _, raw := range o.list(key) {
		var s string
		if json.Unmarshal(raw, &s) == nil && s != "" && len(out) < 100 {
			out = append(out, clean(s, 200))
		}
	}
	return out
}

func (o object) truth(key string) bool {
	var b bool
	return json.Unmarshal(o[key], &b) == nil && b
}

// keys are the names of the members of an object in the order of the text.
func keys(raw json.RawMessage) []string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []string
	for dec.More() {
		t, err := dec.Token()
		k, ok := t.(string)
		if err != nil || !ok {
			return out
		}
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			if !errors.Is(err, io.EOF) {
				return out
			}
			break
		}
		out = append(out, k)
	}
	return out
}
