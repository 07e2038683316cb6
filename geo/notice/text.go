package notice

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Day is a date such as 2016-05-04, which Text and Italian write out.
type Day string

// tongue is how a language writes numbers and days.
type tongue struct {
	thousands, point string
	months           [12]string
}

var (
	english = tongue{",", ".", [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}}
	italian = tongue{".", ",", [...]string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"}}
)

// Text fills an English text in as fmt.Sprintf does, and takes of "[one|many]"
// what fits the number before it: "%d [road was|roads were] left out".
// "[1:one|many]" goes by the first of the numbers before it, and so on. A number
// is one when it is written "1". Numbers are written for people: 49,986 and 0.5;
// so is a Day: 4 May 2016.
func Text(format string, args ...any) string { return english.fill(format, args) }

// Italian is Text for an Italian text: 49.986 and 0,5; 4 maggio 2016.
func Italian(format string, args ...any) string { return italian.fill(format, args) }

func (l *tongue) fill(format string, args []any) string {
	var b strings.Builder
	var one []bool // of each number so far
	for format != "" {
		i := strings.IndexAny(format, "%[")
		if i < 0 {
			break
		}
		b.WriteString(format[:i])
		format = format[i:]
		if format[0] == '[' {
			words, n := choose(format, one)
			b.WriteString(words)
			format = format[n:]
			continue
		}
		end := strings.IndexFunc(format[1:], func(r rune) bool { return r == '%' || unicode.IsLetter(r) }) + 2
		switch {
		case end < 2: // no verb: fmt says what is wrong
			end = len(format)
			fallthrough
		case format[end-1] == '%' || len(args) == 0:
			fmt.Fprintf(&b, format[:end], args[:0]...)
		default:
			text := fmt.Sprintf(format[:end], l.spell(args[0]))
			if strings.ContainsRune("dfeg", rune(format[end-1])) {
				one = append(one, text == "1")
				text = l.number(text)
			}
			b.WriteString(text)
			args = args[1:]
		}
		format = format[end:]
	}
	b.WriteString(format)
	if len(args) > 0 {
		none := ""
		fmt.Fprintf(&b, none, args...) // says that they are too many
	}
	return b.String()
}

// spell writes a Day out; all else stays as it is, and so does what is no day.
func (l *tongue) spell(arg any) any {
	if s, ok := arg.(Day); ok {
		if t, err := time.Parse(time.DateOnly, string(s)); err == nil {
			return fmt.Sprintf("%d %s %d", t.Day(), l.months[t.Month()-1], t.Year())
		}
	}
	return arg
}

var reNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$`)

// number writes plain digits with the marks of the language.
func (l *tongue) number(text string) string {
	m := reNumber.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	s := m[2]
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + l.thousands + s[i:]
	}
	if m[3] != "" {
		s += l.point + m[3]
	}
	return m[1] + s
}

// choose gives the words that "[one|many]" at the beginning of a text stands
// for, and how long it is; a bracket without a choice stays as it is.
func choose(format string, one []bool) (words string, n int) {
	end := strings.IndexByte(format, ']')
	if end < 0 {
		return "[", 1
	}
	inner, at := format[1:end], len(one)-1
	if number, rest, ok := strings.Cut(inner, ":"); ok {
		if k, err := strconv.Atoi(number); err == nil {
			inner, at = rest, k-1
		}
	}
	singular, plural, ok := strings.Cut(inner, "|")
	if !ok || at < 0 || at >= len(one) {
		return "[", 1
	}
	if one[at] {
		return singular, end + 1
	}
	return plural, end + 1
}
