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
	if s = spaceGroups.Replace(strings.TrimSpace(s)); s == "" || len(s) > maxNumberLen {
		return plain, false
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

// looksNumeric reports whether s could be a number in any style.
func looksNumeric(s string) bool {
	_, ok := numberStyle(s)
	return ok
}

// parseNumber reads s in a style of the file; decimalComma settles what is
// ambiguous. Not finite is not ok.
func parseNumber(s string, decimalComma bool) (float64, bool) {
	s = spaceGroups.Replace(strings.TrimSpace(s))
	st, ok := numberStyle(s)
	if !ok {
		return 0, false
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
