package coverage

import (
	"strconv"
	"strings"

	"contado/geo/fault"
)

// capacityWords may follow the number of a capacity.
var capacityWords = map[string]bool{
	"posto": true, "posti": true, "letto": true, "letti": true, "persone": true, "alunni": true, "utenti": true, "pl": true,
	"bed": true, "beds": true, "seats": true, "places": true, "people": true, "persons": true, "pupils": true,
}

// ParseCapacity reads a capacity in people: "120", "1.200 posti letto",
// "1,200 beds", "12,5". A dot or comma before exactly three last digits parts
// thousands, else it is the decimal mark; with both, the last one is the
// decimal mark. Ranges, "about", negative and other texts are fault.Invalid:
// count them as capacities that are not known.
func ParseCapacity(text string) (float64, error) {
	bad := func() (float64, error) {
		return 0, fault.Errorf("coverage.ParseCapacity", fault.Invalid, "capacity %.60q is no number of people", text)
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 || len(text) > 100 {
		return bad()
	}
	for _, w := range words[1:] {
		if !capacityWords[w] {
			return bad()
		}
	}
	number, ok := plainNumber(words[0])
	if !ok {
		return bad()
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v > 1e9 {
		return bad()
	}
	return v, nil
}

// plainNumber turns a number with marks into one with a decimal point.
func plainNumber(s string) (string, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return "", false
	}
	if strings.Trim(s, "0123456789.,'") != "" {
		return "", false
	}
	whole, fraction := strings.ReplaceAll(s, "'", ","), ""
	last := strings.LastIndexAny(whole, ".,")
	if last < 0 {
		return whole, true
	}
	mark, marks := whole[last:last+1], strings.Count(whole, ".")+strings.Count(whole, ",")
	mixed := strings.Count(whole, mark) < marks
	if mixed || (marks == 1 && (len(whole)-last-1 != 3 || last > 3 || whole[:last] == "0")) {
		if strings.Count(whole, mark) > 1 {
			return "", false
		}
		whole, fraction = whole[:last], whole[last+1:]
	}
	groups := strings.FieldsFunc(whole, func(c rune) bool { return c == '.' || c == ',' })
	if len(groups) > 1 {
		if len(groups[0]) > 3 {
			return "", false
		}
		for _, g := range groups[1:] {
			if len(g) != 3 {
				return "", false
			}
		}
	}
	out := strings.Join(groups, "")
	if fraction != "" {
		out += "." + fraction
	}
	return out, out != ""
}
