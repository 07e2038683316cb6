package gazetteer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is looked at of one text.
const (
	maxWords   = 12 // of a name
	maxAsked   = 8  // of a question
	maxLetters = 40 // of a word
	maxText    = 400
)

// letters that do not come apart into a base letter and a mark.
var spelled = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ı': "i", 'ĸ': "k", 'ŋ': "n", 'ŧ': "t",
}

// Fold is a text as it is compared: small letters without accents, words of
// letters and figures with one space between them.
func Fold(text string) string { return strings.Join(words(text, maxWords), " ") }

// words are the folded words of a text, at most so many.
func words(text string, most int) []string {
	var out []string
	var b strings.Builder
	letters := 0
	flush := func() {
		if b.Len() > 0 && len(out) < most {
			out = append(out, b.String())
		}
		b.Reset()
		letters = 0
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(clip(text), " ")) {
		r = unicode.ToLower(r)
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if letters++; letters > maxLetters {
				continue
			}
			if s, ok := spelled[r]; ok {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
		default:
			flush()
		}
	}
	flush()
	return out
}

// clip bounds a text without cutting a letter in two.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// joined are the words that people write together where a name has an
// apostrophe: santanna for Sant’Anna.
func joined(name string) []string {
	if !strings.ContainsAny(name, "'’ʼ`") {
		return nil
	}
	return words(strings.NewReplacer("'", "", "’", "", "ʼ", "", "`", "").Replace(name), maxWords)
}
