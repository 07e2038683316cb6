package coverage

import (
	"strings"
	"time"

	"contado/geo/fault"
)

const (
	minutesOfDay = 24 * 60
	maxHoursText = 2000
	// lateHours is how far past its own midnight a span may reach ("26:00").
	lateHours = 48
)

// Hours are the opening hours of an ordinary week, by the minute.
type Hours struct {
	open [7 * minutesOfDay / 64]uint64 // Monday first; 10,080 minutes, 157.5 words
	tail uint64
}

func (h *Hours) word(minute int) (*uint64, uint64) {
	if k := minute / 64; k < len(h.open) {
		return &h.open[k], 1 << (minute % 64)
	}
	return &h.tail, 1 << (minute % 64)
}

// OpenAt reports whether it is open on a weekday at a minute of the day, 0 to
// 1439. Spans are half-open: one that ends at 12:30 is shut at 12:30.
func (h *Hours) OpenAt(day time.Weekday, minute int) bool {
	if day < 0 || day > 6 || minute < 0 || minute >= minutesOfDay {
		return false
	}
	w, bit := h.word((int(day)+6)%7*minutesOfDay + minute)
	return *w&bit != 0
}

// MinutesOpen is for how long it is open in a week.
func (h *Hours) MinutesOpen() int {
	n := 0
	for m := range 7 * minutesOfDay {
		if w, bit := h.word(m); *w&bit != 0 {
			n++
		}
	}
	return n
}

// ParseHours reads the part of OpenStreetMap's opening_hours that speaks of
// an ordinary week:
//
//	24/7
//	Mo-Fr 08:30-12:30,15:30-19:30; Sa 08:30-12:30; Su off
//	Mo,We 09:00-13:00, Fr 14:00-18:00     (a comma before days adds to them)
//	08:00-20:00; PH off                   (no days: every day; holidays are read over)
//	Fr-Mo 22:00-02:00, Sa 20:00-26:00     (past midnight)
//
// A later part takes the place of earlier ones on its days, after "; ", and
// adds to them, after ", ". Days may be Italian too (Lu, Ma, Me, Gi, Ve, Sa,
// Do) when none of them is English. Months, weeks, dates, sunrise, "+",
// fallbacks ("||"), comments and "unknown" are not read: such hours are
// fault.Unsupported, anything else amiss fault.Invalid. Count both as hours
// that cannot be read, never as shut.
func ParseHours(text string) (*Hours, error) {
	p := &hoursParser{text: text}
	if len(text) > maxHoursText {
		return nil, p.bad(fault.TooLarge, "longer than %d characters", maxHoursText)
	}
	clean := strings.Join(strings.Fields(text), " ")
	if clean == "" {
		return nil, p.bad(fault.Invalid, "there is nothing to read")
	}
	if strings.ContainsAny(clean, `"|+([`) {
		return nil, p.bad(fault.Unsupported, "comments, fallbacks, open ends and calculated times are not read")
	}
	for rule := range strings.SplitSeq(clean, ";") {
		if strings.TrimSpace(rule) == "" {
			continue
		}
		if err := p.rule(strings.TrimSpace(rule)); err != nil {
			return nil, err
		}
	}
	return p.week(), nil
}

type hours struct{ from, to int } // minutes after the day's midnight, half-open

type hoursParser struct {
	text    string
	days    [7][]hours
	italian bool
	english bool
}

func (p *hoursParser) bad(kind fault.Kind, format string, args ...any) error {
	return fault.Errorf("coverage.ParseHours", kind, "opening hours %.80q: "+format, append([]any{p.text}, args...)...)
}

func (p *hoursParser) week() *Hours {
	h := &Hours{}
	for day, list := range p.days {
		for _, s := range list {
			for m := s.from; m < s.to; m++ {
				w, bit := h.word((day*minutesOfDay + m) % (7 * minutesOfDay))
				*w |= bit
			}
		}
	}
	return h
}

// rule reads one part between semicolons: sequences of days and times; the
// first takes the place of what stood, those after a comma add.
func (p *hoursParser) rule(text string) error {
	if text == "24/7" {
		for d := range p.days {
			p.days[d] = []hours{{0, minutesOfDay}}
		}
		return nil
	}
	tokens := strings.FieldsFunc(strings.ReplaceAll(text, ",", " , "), func(c rune) bool { return c == ' ' })
	for adds := false; len(tokens) > 0; adds = true {
		days, rest, err := p.daysOf(tokens)
		if err != nil {
			return err
		}
		spans, rest, err := p.spansOf(rest)
		if err != nil {
			return err
		}
		for d := range p.days {
			switch {
			case days&(1<<d) == 0:
			case adds && len(spans) > 0:
				p.days[d] = append(p.days[d], spans...)
			default:
				p.days[d] = append([]hours(nil), spans...)
			}
		}
		if tokens = rest; len(tokens) > 0 {
			if tokens = tokens[1:]; len(tokens) == 0 { // the comma
				return p.bad(fault.Invalid, "ends in a comma")
			}
		}
	}
	return nil
}

var (
	englishDays = map[string]int{"mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6}
	italianDays = map[string]int{"lu": 0, "ma": 1, "me": 2, "gi": 3, "ve": 4, "sa": 5, "do": 6}
)

func (p *hoursParser) day(word string) (int, bool) {
	w := strings.ToLower(word)
	if d, ok := englishDays[w]; ok {
		p.english = p.english || w != "sa"
		return d, true
	}
	d, ok := italianDays[w]
	p.italian = p.italian || ok
	return d, ok
}

// daysOf reads "Mo-Fr , Su" as a set of days. Holidays alone give none; no
// days at all give every day.
func (p *hoursParser) daysOf(tokens []string) (set int, rest []string, err error) {
	seen := false
	for len(tokens) > 0 {
		word := strings.TrimSuffix(tokens[0], ":")
		first, last, isRange := strings.Cut(word, "-")
		a, ok := p.day(first)
		switch {
		case strings.EqualFold(word, "PH") || strings.EqualFold(word, "SH"):
		case !ok && !seen:
			return 1<<7 - 1, tokens, nil
		case !ok:
			return 0, nil, p.bad(fault.Invalid, "%.20q is no day", word)
		default:
			b := a
			if isRange {
				if b, ok = p.day(last); !ok {
					return 0, nil, p.bad(fault.Invalid, "%.20q is no range of days", word)
				}
			}
			for d := a; ; d = (d + 1) % 7 {
				set |= 1 << d
				if d == b {
					break
				}
			}
		}
		seen = true
		if p.english && p.italian {
			return 0, nil, p.bad(fault.Invalid, "days of two languages")
		}
		tokens = tokens[1:]
		if len(tokens) < 2 || tokens[0] != "," || !p.startsDay(tokens[1]) {
			break
		}
		tokens = tokens[1:]
	}
	return set, tokens, nil
}

func (p *hoursParser) startsDay(word string) bool {
	first, _, _ := strings.Cut(strings.TrimSuffix(strings.ToLower(word), ":"), "-")
	_, english := englishDays[first]
	_, italian := italianDays[first]
	return english || italian || first == "ph" || first == "sh"
}

// spansOf reads "08:30-12:30 , 15:30-19:30" or "off", up to a comma before
// days. Days without times are open all day.
func (p *hoursParser) spansOf(tokens []string) (spans []hours, rest []string, err error) {
	if len(tokens) == 0 || tokens[0] == "," {
		return []hours{{0, minutesOfDay}}, tokens, nil
	}
	switch strings.ToLower(tokens[0]) {
	case "off", "closed":
		spans, tokens = nil, tokens[1:]
	case "open":
		spans, tokens = []hours{{0, minutesOfDay}}, tokens[1:]
	default:
		for {
			s, err := p.spanOf(tokens[0])
			if err != nil {
				return nil, nil, err
			}
			spans, tokens = append(spans, s), tokens[1:]
			if len(tokens) > 0 && strings.EqualFold(tokens[0], "open") {
				tokens = tokens[1:]
			}
			if len(tokens) < 2 || tokens[0] != "," || p.startsDay(tokens[1]) {
				break
			}
			tokens = tokens[1:]
		}
	}
	if len(tokens) > 0 && tokens[0] != "," {
		return nil, nil, p.bad(fault.Unsupported, "%.20q after the times", tokens[0])
	}
	return spans, tokens, nil
}

func (p *hoursParser) spanOf(word string) (hours, error) {
	first, last, ok := strings.Cut(strings.NewReplacer("–", "-", "—", "-").Replace(word), "-")
	from, okFrom := clock(first)
	to, okTo := clock(last)
	switch {
	case !ok || !okFrom || !okTo:
		return hours{}, p.bad(fault.Unsupported, "%.20q is no span of times, such as 08:30-12:30", word)
	case from >= minutesOfDay:
		return hours{}, p.bad(fault.Invalid, "%.20q begins after midnight", word)
	case to <= from:
		to += minutesOfDay
	}
	if to <= from || to > lateHours*60 || to-from > minutesOfDay {
		return hours{}, p.bad(fault.Invalid, "%.20q is longer than a day", word)
	}
	return hours{from, to}, nil
}

// clock reads "8:30", "08.30" or "24:00" as minutes.
func clock(word string) (int, bool) {
	hours, minutes, ok := strings.Cut(strings.Replace(word, ".", ":", 1), ":")
	if !ok || len(hours) < 1 || len(hours) > 2 || len(minutes) != 2 {
		return 0, false
	}
	n := [2]int{}
	for k, text := range []string{hours, minutes} {
		for _, c := range text {
			if c < '0' || c > '9' {
				return 0, false
			}
			n[k] = 10*n[k] + int(c-'0')
		}
	}
	return n[0]*60 + n[1], n[1] < 60 && n[0] <= lateHours
}

// OpenFilter tells which of several facilities are open at a time of the
// week. open has one entry a text; empty texts are not known, and counted
// apart from those that cannot be read. What is neither is counted open
// nowhere: the caller decides, and says so.
func OpenFilter(texts []string, day time.Weekday, minute int) (open []OpenState, counts map[OpenState]int) {
	open, counts = make([]OpenState, len(texts)), map[OpenState]int{}
	for i, text := range texts {
		open[i] = HoursShut
		switch h, err := ParseHours(text); {
		case strings.TrimSpace(text) == "":
			open[i] = HoursMissing
		case err != nil:
			open[i] = HoursUnread
		case h.OpenAt(day, minute):
			open[i] = HoursOpen
		}
		counts[open[i]]++
	}
	return open, counts
}

// OpenState is what is known of a facility at a time.
type OpenState string

// The states: open, shut, no hours given, hours that cannot be read.
const (
	HoursOpen    OpenState = "open"
	HoursShut    OpenState = "shut"
	HoursMissing OpenState = "missing"
	HoursUnread  OpenState = "unread"
)
