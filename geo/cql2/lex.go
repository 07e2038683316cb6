package cql2

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end kind = iota
	word
	quoted // "name"
	literal
	numeral
	symbol
)

func (k kind) String() string {
	return [...]string{"the end", "a word", "a name in double quotes", "a text", "a number", "a sign"}[k]
}

type token struct {
	kind  kind
	text  string // as meant: without quotes, escapes undone
	value float64
	at    int // byte offset
	stop  int
}

func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%.40q", t.text)
}

// syntax is an error at a place of a text.
type syntax struct {
	at  int
	msg string
}

func (e *syntax) Error() string { return e.msg }

func lex(s string) ([]token, error) {
	var out []token
	for at := 0; at < len(s); {
		r, n := utf8.DecodeRuneInString(s[at:])
		if r == utf8.RuneError && n == 1 {
			return nil, &syntax{at, "the text is no UTF-8"}
		}
		if unicode.IsSpace(r) {
			at += n
			continue
		}
		t, err := lexOne(s, at, r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		at = t.stop
	}
	return append(out, token{kind: end, at: len(s), stop: len(s)}), nil
}

func lexOne(s string, at int, r rune) (token, error) {
	switch {
	case identifierStart(r):
		stop := at
		for stop < len(s) {
			q, n := utf8.DecodeRuneInString(s[stop:])
			if !identifierPart(q) || q == utf8.RuneError && n == 1 {
				break
			}
			stop += n
		}
		return token{kind: word, text: s[at:stop], at: at, stop: stop}, nil
	case r == '\'' || r == '"':
		return lexQuoted(s, at, byte(r))
	case r >= '0' && r <= '9' || r == '.':
		return lexNumber(s, at)
	}
	for _, sign := range []string{"<>", "<=", ">=", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%", "^"} {
		if strings.HasPrefix(s[at:], sign) {
			return token{kind: symbol, text: sign, at: at, stop: at + len(sign)}, nil
		}
	}
	return token{}, &syntax{at, fmt.Sprintf("the character %q means nothing here", r)}
}

// lexQuoted reads up to the closing quote; a doubled quote, or one after a
// backslash in a text, stands for itself.
func lexQuoted(s string, at int, quote byte) (token, error) {
	var b strings.Builder
	for i := at + 1; i < len(s); i++ {
		switch {
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote,
			quote == '\'' && s[i] == '\\' && i+1 < len(s) && s[i+1] == quote:
			b.WriteByte(quote)
			i++
		case s[i] == quote:
			k := literal
			if quote == '"' {
				k = quoted
			}
			if !utf8.ValidString(b.String()) {
				return token{}, &syntax{at, "the text is no UTF-8"}
			}
			return token{kind: k, text: b.String(), at: at, stop: i + 1}, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return token{}, &syntax{at, fmt.Sprintf("the quote %c is not closed", quote)}
}

func lexNumber(s string, at int) (token, error) {
	stop := at
	digits := func() {
		for stop < len(s) && s[stop] >= '0' && s[stop] <= '9' {
			stop++
		}
	}
	digits()
	if stop < len(s) && s[stop] == '.' {
		stop++
		digits()
	}
	if stop < len(s) && (s[stop] == 'e' || s[stop] == 'E') {
		mark := stop
		stop++
		if stop < len(s) && (s[stop] == '+' || s[stop] == '-') {
			stop++
		}
		if from := stop; func() bool { digits(); return stop == from }() {
			stop = mark
		}
	}
	v, err := strconv.ParseFloat(s[at:stop], 64)
	if err != nil {
		return token{}, &syntax{at, fmt.Sprintf("%.40q is no number", s[at:stop])}
	}
	return token{kind: numeral, text: s[at:stop], value: v, at: at, stop: stop}, nil
}

// identifierStart and identifierPart follow the grammar of the standard,
// which takes the ranges of XML names.
func identifierStart(r rune) bool {
	return r == ':' || r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' ||
		r >= 0xC0 && r != 0xD7 && r != 0xF7 && r != 0x37E && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.In(r, unicode.Nl))
}

func identifierPart(r rune) bool {
	return identifierStart(r) || r == '.' || r >= '0' && r <= '9' || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// reserved words are no names without quotes.
var reserved = set("AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV")

func isIdentifier(s string) bool {
	for i, r := range s {
		if i == 0 && !identifierStart(r) || !identifierPart(r) {
			return false
		}
	}
	return s != "" && len(s) <= 200
}
