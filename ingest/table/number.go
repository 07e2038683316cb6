package table

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// style is how a number is written.
type style uint8

const (
	plain     style = iota // 1234 or 1234.5
	dotted                 // 1,234.5: comma groups thousands
	european               // 1.234,5: comma is the decimal mark
	ambiguous              // 1.234 or 1,234: mark or group, both possible
)

var (
	reInteger   = regexp.MustCompile(`^[+-]?\d+$`)
	rePoint     = regexp.MustCompile(`^[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d{1,3})?$`)
	reComma     = regexp.MustCompile(`^[+-]?(\d+,\d*|,\d+)([eE][+-]?\d{1,3})?$`)
	reDotGroup  = regexp.MustCompile(`^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$`)
	reComGroup  = regexp.MustCompile(`^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$`)
	reLeadZero  = regexp.MustCompile(`^[+-]?0\d`)
	reOneDot    = regexp.MustCompile(`^[+-]?[1-9]\d{0,2}\.\d{3}$`)
	reOneComma  = regexp.MustCompile(`^[+-]?[1-9]\d{0,2},\d{3}$`)
	reDate      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	reDateTime  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$`)
	spaceGroups = strings.NewReplacer("\u00a0", "", "\u202f", "", "'", "", "’", "")
)

const maxNumberLen = 40

// numberStyle tells how s is written; ok is false when it is no number.
func numberStyle(s string) (st style, ok bool) {
	if s = strings.TrimSpace(s); s == "" || len(s) > maxNumberLen {
		return plain, false
	}
	if c := s[0]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
		return plain, false
	}
	digits, other := shape(s)
	if digits {
		return plain, true
	}
	if st, ok := oneMark(s); ok {
		return st, true
	}
	if other {
		if s = spaceGroups.Replace(s); s == "" {
			return plain, false
		}
	}
	switch {
	case reInteger.MatchString(s):
		return plain, true
	case reOneDot.MatchString(s), reOneComma.MatchString(s):
		return ambiguous, true
	case reDotGroup.MatchString(s) && (strings.Contains(s, ",") || strings.Count(s, ".") > 1):
		return european, true
	case reComGroup.MatchString(s) && (strings.Contains(s, ".") || strings.Count(s, ",") > 1):
		return dotted, true
	case reComma.MatchString(s):
		return european, true
	case rePoint.MatchString(s):
		return plain, true
	}
	return plain, false
}

// shape reports whether s is nothing but digits, and whether it holds what a
// number in its plainest form has not. It spares most cells the patterns.
func shape(s string) (digits, other bool) {
	digits = true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case c == '.' || c == ',' || c == '+' || c == '-' || c == 'e' || c == 'E':
			digits = false
		default:
			return false, true
		}
	}
	return digits, false
}

// oneMark reads the common form of digits, one mark, digits, without sign or
// exponent; ok is false for every other form, number or not.
func oneMark(s string) (st style, ok bool) {
	at := strings.IndexAny(s, ".,")
	if at < 1 || at == len(s)-1 {
		return plain, false
	}
	for i := range len(s) {
		if i != at && (s[i] < '0' || s[i] > '9') {
			return plain, false
		}
	}
	switch {
	case at <= 3 && s[0] != '0' && len(s)-at-1 == 3:
		return ambiguous, true
	case s[at] == ',':
		return european, true
	}
	return plain, true
}

// looksNumeric reports whether s could be a number in any style.
func looksNumeric(s string) bool {
	_, ok := numberStyle(s)
	return ok
}

// parseNumber reads s in a style of the file; decimalComma settles what is
// ambiguous. Not finite is not ok.
func parseNumber(s string, decimalComma bool) (float64, bool) {
	s = strings.TrimSpace(s)
	st, ok := numberStyle(s)
	if !ok {
		return 0, false
	}
	if _, other := shape(s); other {
		s = spaceGroups.Replace(s)
	}
	if st == european || (st == ambiguous && decimalComma) {
		s = strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1)
	} else {
		s = strings.ReplaceAll(s, ",", "")
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false
	}
	return v, true
}
