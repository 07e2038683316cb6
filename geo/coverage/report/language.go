package report

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Languages that reports can be drawn in.
const (
	English = "en"
	Italian = "it"
)

// language is how a report speaks: words, numbers, dates.
type language struct {
	code      string
	thousands string
	point     string
	months    [12]string
	text      map[string]string
}

// languageOf takes a tag such as "it" or "it-IT"; "" is English.
func languageOf(tag string) (*language, error) {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	switch base {
	case "", English:
		return &language{code: English, thousands: ",", point: ".", months: [12]string{
			"January", "February", "March", "April", "May", "June", "July",
			"August", "September", "October", "November", "December",
		}, text: english()}, nil
	case Italian:
		return &language{code: Italian, thousands: ".", point: ",", months: [12]string{
			"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio",
			"agosto", "settembre", "ottobre", "novembre", "dicembre",
		}, text: italian()}, nil
	}
	return nil, fault.WithHint(fault.Errorf("report.HTML", fault.Unsupported, "no reports in language %q", tag), "use en or it")
}

// t is the text of a key, filled with args (all of them strings).
func (l *language) t(key string, args ...string) string {
	text, ok := l.text[key]
	if !ok {
		return key
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i+1)+"}", a)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// has reports whether the catalogue knows the key.
func (l *language) has(key string) bool { _, ok := l.text[key]; return ok }

// count picks the text for one or for many: key.one, key.many.
func (l *language) count(key string, n int64, args ...string) string {
	if n == 1 {
		return l.t(key+".one", args...)
	}
	return l.t(key+".many", args...)
}

// whole prints an integer with thousands marks.
func (l *language) whole(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "\u2212", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + l.thousands + s[i:]
	}
	return sign + s
}

// number prints a number with at most the given decimals, no idle zeros.
func (l *language) number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	if math.Abs(v) >= 1e15 {
		return strings.Replace(strconv.FormatFloat(v, 'g', 6, 64), ".", l.point, 1)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	head, tail, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return s
	}
	out := l.whole(n)
	if tail = strings.TrimRight(tail, "0"); tail != "" {
		out += l.point + tail
	}
	if v < 0 && out != "0" {
		out = "\u2212" + out
	}
	return out
}

// percent prints a share with one decimal. Neither "100 %" nor "0 %" is said
// of a share that only rounds to it. A share that is null is a dash.
func (l *language) percent(share *float64) string {
	if share == nil {
		return "–"
	}
	v := *share * 100
	mark := ""
	switch {
	case v > 0 && v < 0.05:
		mark, v = "<\u00a0", 0.1
	case v < 100 && v >= 99.95:
		mark, v = ">\u00a0", 99.9
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if v == 0 || v == 100 {
		s = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return mark + strings.Replace(s, ".", l.point, 1) + "\u00a0%"
}

// roundPercent labels axes and classes: no decimals.
func (l *language) roundPercent(share float64) string { return l.number(share*100, 0) + "\u00a0%" }

// position prints a place in degrees with letters for the hemispheres.
func (l *language) position(lon, lat float64) string {
	degrees := func(v float64, plus, minus string) string {
		if v < 0 {
			plus = minus
		}
		s := strconv.FormatFloat(math.Abs(v), 'f', 4, 64)
		return strings.Replace(s, ".", l.point, 1) + "°\u00a0" + plus
	}
	return degrees(lat, l.t("compass.n"), l.t("compass.s")) + " " + degrees(lon, l.t("compass.e"), l.t("compass.w"))
}

// split cuts seconds into hours, minutes and seconds; whole minutes above ten
// minutes, rounded up: what is printed is always enough time.
func split(s float64, exact bool) (h, m, sec int64) {
	t := int64(math.Ceil(s - 1e-9))
	if !exact {
		t = (t + 59) / 60 * 60
	}
	return t / 3600, t / 60 % 60, t % 60
}

// short prints a time for tables ("1 h 15 min"), in whole minutes.
func (l *language) short(s float64) string { return joinTime(l, s, false, "time.short.") }

// exact prints a threshold for tables, to the second.
func (l *language) exact(s float64) string { return joinTime(l, s, true, "time.short.") }

// long prints a threshold in words ("1 hour 15 minutes").
func (l *language) long(s float64) string { return joinTime(l, s, true, "time.long.") }

func joinTime(l *language, s float64, exact bool, key string) string {
	h, m, sec := split(s, exact)
	var parts []string
	if h > 0 {
		parts = append(parts, l.count(key+"h", h, l.whole(h)))
	}
	if m > 0 || (h == 0 && sec == 0) {
		parts = append(parts, l.count(key+"m", m, l.whole(m)))
	}
	if sec > 0 {
		parts = append(parts, l.count(key+"s", sec, l.whole(sec)))
	}
	return strings.Join(parts, "\u00a0")
}

// quantile prints a time of a population: a dash where nobody lives.
func (l *language) quantile(s *float64, population float64) string {
	switch {
	case population == 0:
		return "–"
	case s == nil:
		return l.t("not-reachable")
	}
	return l.short(*s)
}

func (l *language) date(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return fmt.Sprintf("%d %s %d, %02d:%02d UTC", t.Day(), l.months[t.Month()-1], t.Year(), t.Hour(), t.Minute())
}

// distance prints metres or kilometres.
func (l *language) distance(m float64) string {
	if m < 1000 {
		return l.number(m, 0) + "\u00a0m"
	}
	return l.number(m/1000, 1) + "\u00a0km"
}

// gapName says in words what group of people a gap is.
func (l *language) gapName(g *coverage.Gap) string {
	switch {
	case g.Kind == coverage.GapNear && g.Place != "":
		return l.t("gap.near", g.Place, l.distance(g.DistanceM), l.word("compass", g.Bearing))
	case g.Kind == coverage.GapArea && g.Part > 0:
		return l.t("gap.part", g.AreaName, l.whole(int64(g.Part)))
	}
	return g.Name
}

// word is the text of kind.name, or the name itself when not known.
func (l *language) word(kind, name string) string {
	if key := kind + "." + strings.ToLower(name); l.has(key) {
		return l.text[key]
	}
	return name
}

// serviceKey finds the catalogue entry of a service by its id: the id itself
// or its singular ("pharmacies", "hospitals").
func (l *language) serviceKey(service string) string {
	id := strings.ToLower(strings.TrimSpace(service))
	id = strings.NewReplacer("_", "-", " ", "-").Replace(id)
	if _, kind, ok := strings.Cut(id, ":"); ok && kind != "" { // dataset:kind
		id = kind
	}
	for _, c := range []string{id, strings.TrimSuffix(id, "s"), strings.TrimSuffix(id, "es"), strings.TrimSuffix(id, "ies") + "y"} {
		if c != "" && l.has("service."+c) {
			return "service." + c
		}
	}
	return ""
}

// service is "a pharmacy", or “name” for services of no known kind.
func (l *language) service(r *coverage.Report) string {
	return l.serviceNamed(r.Service, r.ServiceTitle)
}

func (l *language) serviceNamed(id, title string) string {
	if key := l.serviceKey(id); key != "" {
		return l.text[key]
	}
	name := title
	if name == "" {
		name = id
	}
	if name == "" {
		return l.t("service")
	}
	return l.t("service.named", name)
}

// serviceHead is the service without its article, as heads of rows have it:
// "Pharmacy".
func (l *language) serviceHead(id, title string) string {
	if key := l.serviceKey(id); key != "" {
		s := l.text[key]
		for _, article := range strings.Fields(l.t("articles")) {
			article = strings.ReplaceAll(article, "_", " ")
			if rest, ok := strings.CutPrefix(s, article); ok {
				s = rest
				break
			}
		}
		return capital(s)
	}
	if title != "" {
		return title
	}
	return id
}

// nameOf is the name of a thing, in the language where it has words instead of
// a name of its own.
func (l *language) nameOf(name string, names map[string]string) string {
	return cmp.Or(names[l.code], name)
}

// said picks the text of the language, else the English one, else any.
func (l *language) said(texts map[string]string) string {
	for _, lang := range []string{l.code, English, Italian} {
		if s := texts[lang]; s != "" {
			return s
		}
	}
	return ""
}

// profile is "on foot", or “with profile x”.
func (l *language) profile(profile string) string {
	id := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(profile))
	if id == "" {
		return ""
	}
	if key := "profile." + id; l.has(key) {
		return l.text[key]
	}
	return l.t("profile.named", profile)
}

func (l *language) areaWord(level string, many bool) string {
	key := "area." + level
	if !l.has(key) {
		key = "area.any"
	}
	if many {
		return l.text[key+".many"]
	}
	return l.text[key]
}

// notice is the text of a notice in this language.
func (l *language) notice(n *coverage.Notice) string {
	v := func(name string) string { return l.number(n.Values[name], 0) }
	switch n.Code {
	case coverage.NoticeInventedData, coverage.NoticeNobody:
		return l.t("notice." + n.Code)
	case coverage.NoticeEmptyAreas, coverage.NoticeUnplaced:
		if _, ok := n.Values["count"]; ok {
			return l.count("notice."+n.Code, int64(n.Values["count"]), v("count"))
		}
	case coverage.NoticeBandsIncomplete:
		return l.t("notice."+n.Code, v("bands"), v("population"))
	}
	if s := n.Texts[l.code]; s != "" {
		return s
	}
	return n.Text
}

// timeClass names a class of the travel time picture.
func (l *language) timeClass(e LegendEntry) string {
	switch {
	case e.Label != "":
		return e.Label
	case math.IsNaN(e.Seconds):
		return l.t("legend.unreachable")
	case math.IsInf(e.Seconds, 1):
		return l.t("legend.later")
	}
	return l.t("legend.covered", l.exact(e.Seconds))
}
