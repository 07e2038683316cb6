// Package ows is what the older services of OGC share: parameters whose names
// have no case, lists, and XML answers.
package ows

import (
	"bytes"
	"encoding/xml"
	"math"
	"net/url"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// Exception is an error with the code that a service of OGC gives it.
type Exception struct {
	Code string
	// Locator is the parameter that is wrong.
	Locator string
	Err     error
}

func (e *Exception) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *Exception) Unwrap() error { return e.Err }

// Bad makes an exception about a parameter.
func Bad(code, locator, format string, args ...any) error {
	return &Exception{Code: code, Locator: locator, Err: fault.Errorf("ows", fault.Invalid, format, args...)}
}

// Codes that are the same in all services.
const (
	Missing      = "MissingParameterValue"
	Invalid      = "InvalidParameterValue"
	NotSupported = "OperationNotSupported"
	NoCode       = "NoApplicableCode"
	BadUpdate    = "InvalidUpdateSequence"
)

// Params are parameters by their name in upper case; of one that comes twice
// the first counts.
type Params map[string]string

// Read folds the case of the names. Values longer than 4000 bytes, or more
// than 100 parameters, are refused.
func Read(q url.Values) (Params, error) {
	if len(q) > 100 {
		return nil, Bad(Invalid, "", "%d parameters are too many", len(q))
	}
	out := Params{}
	for name, values := range q {
		upper := strings.ToUpper(name)
		if _, twice := out[upper]; twice || len(values) == 0 {
			continue
		}
		if len(values[0]) > 4000 {
			return nil, Bad(Invalid, Clip(upper), "the value of %s is too long", Clip(upper))
		}
		out[upper] = values[0]
	}
	return out, nil
}

// Need is a parameter that must be given.
func (p Params) Need(name string) (string, error) {
	v := strings.TrimSpace(p[name])
	if v == "" {
		return "", Bad(Missing, strings.ToLower(name), "the parameter %s is missing", name)
	}
	return v, nil
}

// List splits a parameter at commas; nothing gives nothing.
func (p Params) List(name string) []string {
	if p[name] == "" {
		return nil
	}
	return strings.Split(p[name], ",")
}

// Int is a whole number from low to high.
func (p Params) Int(name string, low, high int, code string) (int, error) {
	text, err := p.Need(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, Bad(code, strings.ToLower(name), "%s=%s: want a whole number from %d to %d", name, Clip(text), low, high)
	}
	return n, nil
}

// Numbers reads n finite numbers separated by commas.
func (p Params) Numbers(name string, n int) ([]float64, error) {
	text, err := p.Need(name)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(text, ",")
	if len(parts) != n {
		return nil, Bad(Invalid, strings.ToLower(name), "%s=%s has %d numbers, not %d", name, Clip(text), len(parts), n)
	}
	out := make([]float64, n)
	for i, s := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e9 {
			return nil, Bad(Invalid, strings.ToLower(name), "%s: %q is no number of use", name, Clip(s))
		}
		out[i] = v
	}
	return out, nil
}

// Clip shortens what a client sent, for messages.
func Clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// Document writes XML with its declaration. What XML cannot hold (control
// characters in texts of data) becomes U+FFFD, as encoding/xml does it.
func Document(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Number writes a number without exponent.
func Number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Link is an element with an address.
type Link struct {
	Type string `xml:"xlink:type,attr,omitempty"`
	Href string `xml:"xlink:href,attr"`
}
