package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"contado/geo/fault"
)

// kind is the kind of a token.
type kind uint8

const (
	tokEnd kind = iota
	tokNumber
	tokName   // identifier
	tokQuoted // "name"
	tokSymbol // operator or punctuation
)

// token is one word of the text. Text is the operator, the name, or the
// content of the quotes.
type token struct {
	kind kind
	text string
	num  float64
	col  int // in characters, from 1
}

func (t token) String() string {
	switch t.kind {
	case tokEnd:
		return "the end"
	case tokQuoted:
		return quote(t.text)
	default:
		return "'" + t.text + "'"
	}
}

func errorAt(col int, format string, args ...any) error {
	return fault.Errorf(opParse, fault.Invalid, "column %d: %s", col, fmt.Sprintf(format, args...))
}

// symbols are the operators, longer ones first.
var symbols = []string{
	"**", "&&", "||", "<=", ">=", "==", "!=",
	"+", "-", "*", "/", "^", "<", ">", "!", "?", ":", "(", ")", ",", ";",
}

// mistaken are spellings of other languages, with ours.
var mistaken = map[string]string{
	"=": "'=='", "<>": "'!='", "&": "'&&'", "|": "'||'", "%": "none (there is no remainder)", "~": "'!'",
}

// lex cuts the text into tokens; the last one is tokEnd.
func lex(text string) ([]token, error) {
	var toks []token
	col := 1
	for pos := 0; pos < len(text); {
		r, size := utf8.DecodeRuneInString(text[pos:])
		if unicode.IsSpace(r) {
			pos, col = pos+size, col+1
			continue
		}
		t, n, err := next(text[pos:], r, col)
		if err != nil {
			return nil, err
		}
		toks = append(toks, t)
		col += utf8.RuneCountInString(text[pos : pos+n])
		pos += n
	}
	return append(toks, token{kind: tokEnd, col: col}), nil
}

// next reads the token at the start of s, which begins with r.
func next(s string, r rune, col int) (token, int, error) {
	switch {
	case r >= '0' && r <= '9' || r == '.':
		return number(s, col)
	case r == '"':
		return quoted(s, col)
	case letter(r):
		n := len(s)
		for i, c := range s {
			if !letter(c) && !unicode.IsDigit(c) {
				n = i
				break
			}
		}
		return token{kind: tokName, text: s[:n], col: col}, n, nil
	}
	for _, sym := range symbols {
		if strings.HasPrefix(s, sym) {
			if sym == "<" && strings.HasPrefix(s, "<>") {
				break
			}
			return token{kind: tokSymbol, text: sym, col: col}, len(sym), nil
		}
	}
	for _, w := range []string{"<>", string(r)} {
		if ours, ok := mistaken[w]; ok && strings.HasPrefix(s, w) {
			return token{}, 0, errorAt(col, "'%s' is not an operator here; write %s", w, ours)
		}
	}
	return token{}, 0, errorAt(col, "the character %q has no meaning here", r)
}

func letter(r rune) bool { return r == '_' || unicode.IsLetter(r) }

// number reads digits, a fraction and an exponent.
func number(s string, col int) (token, int, error) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	n := digits(0)
	if n < len(s) && s[n] == '.' {
		n = digits(n + 1)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		i := n + 1
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if j := digits(i); j > i {
			n = j
		}
	}
	v, err := strconv.ParseFloat(s[:n], 64)
	if err != nil || math.Abs(v) > math.MaxFloat32 {
		return token{}, 0, errorAt(col, "'%s' is not a number that a cell can hold (at most 3.4e38)", s[:n])
	}
	if r, _ := utf8.DecodeRuneInString(s[n:]); n < len(s) && (letter(r) || r == '.') {
		return token{}, 0, errorAt(col, "'%s' is followed by %q; put a name that begins with a digit in double quotes", s[:n], r)
	}
	return token{kind: tokNumber, text: s[:n], num: v, col: col}, n, nil
}

// quoted reads a name in double quotes; \" and \\ stand for the characters.
func quoted(s string, col int) (token, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			if b.Len() == 0 {
				return token{}, 0, errorAt(col, "the quotes hold no name")
			}
			return token{kind: tokQuoted, text: b.String(), col: col}, i + 1, nil
		case '\\':
			i++
			if i >= len(s) || (s[i] != '"' && s[i] != '\\') {
				return token{}, 0, errorAt(col, `in a quoted name '\' is followed by '"' or '\'`)
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, 0, errorAt(col, "the quoted name is not closed by another '\"'")
}

// quote writes a name so that quoted reads it again.
func quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// plain reports whether a band's name can stand without quotes.
func plain(name string) bool {
	if _, ok := words[strings.ToLower(name)]; ok {
		return false
	}
	for i, r := range name {
		if !letter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}
