package notice

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Text fills a text in as fmt.Sprintf does, and takes of "[one|many]" what fits
// the number before it: "%d [road was|roads were] left out". "[1:one|many]" goes
// by the first of the numbers before it, and so on. A number is one when it is
// written "1".
func Text(format string, args ...any) string {
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
			text := fmt.Sprintf(format[:end], args[0])
			b.WriteString(text)
			if strings.ContainsRune("dfeg", rune(format[end-1])) {
				one = append(one, text == "1")
			}
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
