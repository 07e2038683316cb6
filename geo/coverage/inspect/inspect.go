// Package inspect looks at service points before they are counted: points
// outside the municipality that they declare, points listed twice, positions
// shared by many, points far from all others, a number that differs from the
// register's, and data that have grown old. It reads arrays and writes
// coverage.Check; nothing is corrected.
package inspect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/notice"
)

// Point is a service point.
type Point struct {
	ID, Name string
	Names    map[string]string // by language, where it has no name of its own
	Lon, Lat float64           // degrees
	// Area is the index of the area that holds the point, −1 for none.
	Area int
	// Code and Municipality are what the point declares of its place; "" when
	// it declares nothing.
	Code, Municipality string
}

// Input is what is looked at.
type Input struct {
	Dataset string
	Points  []Point
	Areas   []coverage.Area
	// Registered is the number of points by an official register, 0 when not
	// known.
	Registered int
	// AsOf is the date of the data, nil when not known; Now the date of the
	// report.
	AsOf *time.Time
	Now  time.Time
}

// Limits of what counts as noteworthy.
const (
	duplicateM = 50.0    // the same name within so many metres is the same point
	shared     = 3       // so many points in one position are noted
	strayM     = 100_000 // and Stray times the median distance from the middle
	stray      = 10.0
	oldYears   = 2.0
	veryOld    = 5.0
	mostNamed  = 25  // checks of one kind that are listed one by one
	trustShare = 0.8 // of points with a declared place that must agree before one that does not is doubted
)

// Points checks one service. The order of the result is fixed: by kind, then
// by the order of the points.
func Points(in Input) []coverage.Check {
	c := &checker{in: in}
	c.declared()
	c.twice()
	c.together()
	c.strays()
	c.register()
	c.age()
	return c.out
}

type checker struct {
	in  Input
	out []coverage.Check
}

// group adds the checks of one kind, the first ones by name and the rest as
// a number.
func (c *checker) group(code string, sev coverage.Severity, list []coverage.Check) {
	for i := range list {
		if i == mostNamed {
			n := len(list) - mostNamed
			c.out = append(c.out, coverage.Check{
				Code: code + "-more", Severity: sev, Dataset: c.in.Dataset,
				Text: text(notice.Text("%d more [point of this kind is|points of this kind are] not listed.", n), notice.Italian("In più, %d [punto dello stesso tipo non è elencato|punti dello stesso tipo non sono elencati].", n)),
			})
			return
		}
		list[i].Code, list[i].Severity, list[i].Dataset = code, sev, c.in.Dataset
		c.out = append(c.out, list[i])
	}
}

func text(en, it string) map[string]string { return map[string]string{"en": en, "it": it} }

func of(p *Point, en, it string) coverage.Check {
	lon, lat := p.Lon, p.Lat
	return coverage.Check{Feature: p.ID, Name: p.Name, Names: p.Names, Lon: &lon, Lat: &lat, Text: text(en, it)}
}

// declared compares the place that points declare with where they lie.
func (c *checker) declared() {
	byCode, byName := map[string]int{}, map[string]int{}
	for i, a := range c.in.Areas {
		byCode[codeKey(a.Code)] = i
		k := nameKey(a.Name)
		if _, twice := byName[k]; twice {
			byName[k] = -1 // of two municipalities of one name neither is meant for sure
			continue
		}
		byName[k] = i
	}
	var wrong, foreign []coverage.Check
	agree, say := 0, 0
	for i := range c.in.Points {
		p := &c.in.Points[i]
		want, known := meant(p, byCode, byName)
		switch {
		case known && want == p.Area:
			agree++
			say++
		case known:
			say++
			en, it := "it lies outside the territory", "si trova fuori dal territorio"
			if p.Area >= 0 {
				en, it = "it lies in "+c.in.Areas[p.Area].Name, "si trova in "+c.in.Areas[p.Area].Name
			}
			declares := c.in.Areas[want].Name
			wrong = append(wrong, of(p, fmt.Sprintf("Declares %s, but %s.", declares, en), fmt.Sprintf("Dichiara %s, ma %s.", declares, it)))
		case p.Area >= 0 && (p.Municipality != "" || p.Code != ""):
			say++
			name := p.Municipality
			if name == "" {
				name = p.Code
			}
			foreign = append(foreign, of(p,
				fmt.Sprintf("Declares %s, which is no area of this territory, but lies in %s.", name, c.in.Areas[p.Area].Name),
				fmt.Sprintf("Dichiara %s, che non è un'area di questo territorio, ma si trova in %s.", name, c.in.Areas[p.Area].Name)))
		}
	}
	c.group("outside-declared-area", coverage.SeverityError, wrong)
	if float64(agree) >= trustShare*float64(say) {
		c.group("declared-elsewhere", coverage.SeverityWarning, foreign)
	}
}

// meant is the area that a point declares; code before name.
func meant(p *Point, byCode, byName map[string]int) (area int, known bool) {
	if k := codeKey(p.Code); k != "" {
		if i, ok := byCode[k]; ok {
			return i, true
		}
	}
	if k := nameKey(p.Municipality); k != "" {
		if i, ok := byName[k]; ok && i >= 0 {
			return i, true
		}
	}
	return -1, false
}

// codeKey compares codes by their letters and digits without leading zeros:
// 019041, 19041 and 19.041 are one.
func codeKey(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
	return strings.TrimLeft(s, "0")
}

// nameKey compares names without case, accents and punctuation.
func nameKey(s string) string {
	strip := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	plain, _, err := transform.String(strip, s)
	if err != nil {
		plain = s // not valid UTF-8: compared as it is
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, plain)
}

// twice finds points of one name within duplicateM.
func (c *checker) twice() {
	byName := map[string][]int{}
	var list []coverage.Check
	for i := range c.in.Points {
		p := &c.in.Points[i]
		k := nameKey(p.Name)
		if k == "" {
			continue
		}
		for _, j := range byName[k] {
			q := &c.in.Points[j]
			if d := crs.Distance(p.Lon, p.Lat, q.Lon, q.Lat); float64(d) <= duplicateM {
				list = append(list, of(p,
					notice.Text("The same name as %s, %.0f m away: perhaps one point listed twice.", q.ID, float64(d)),
					notice.Italian("Stesso nome di %s, a %.0f m: forse un punto elencato due volte.", q.ID, float64(d))))
				break
			}
		}
		byName[k] = append(byName[k], i)
	}
	c.group("listed-twice", coverage.SeverityWarning, list)
}

// together finds positions that several points share: often the seat of an
// institute or the middle of a town, not the place itself.
func (c *checker) together() {
	type place struct{ lon, lat float64 }
	at := map[place][]int{}
	var order []place
	for i := range c.in.Points {
		p := place{c.in.Points[i].Lon, c.in.Points[i].Lat}
		if len(at[p]) == 0 {
			order = append(order, p)
		}
		at[p] = append(at[p], i)
	}
	var list []coverage.Check
	for _, p := range order {
		if n := len(at[p]); n >= shared {
			list = append(list, of(&c.in.Points[at[p][0]],
				notice.Text("%d points share this position: perhaps that of a seat or a town, not their own.", n),
				notice.Italian("%d punti hanno questa stessa posizione: forse quella di una sede o di un centro, non la propria.", n)))
		}
	}
	c.group("position-shared", coverage.SeverityNote, list)
}

// strays finds points far from all the others.
func (c *checker) strays() {
	n := len(c.in.Points)
	if n < 4 {
		return
	}
	lon, lat := make([]float64, n), make([]float64, n)
	for i, p := range c.in.Points {
		lon[i], lat[i] = p.Lon, p.Lat
	}
	x, y := median(lon), median(lat)
	d := make([]float64, n)
	for i, p := range c.in.Points {
		d[i] = float64(crs.Distance(p.Lon, p.Lat, x, y))
	}
	limit := math.Max(strayM, stray*median(slices.Clone(d)))
	var list []coverage.Check
	for i := range c.in.Points {
		if d[i] > limit {
			list = append(list, of(&c.in.Points[i],
				notice.Text("%.0f km from the middle of all the points: the coordinates may be wrong.", d[i]/1000),
				notice.Italian("A %.0f km dal centro di tutti i punti: le coordinate potrebbero essere sbagliate.", d[i]/1000)))
		}
	}
	c.group("far-from-others", coverage.SeverityWarning, list)
}

// median sorts v.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// register compares the number of points in the areas with a register's.
func (c *checker) register() {
	if c.in.Registered <= 0 {
		return
	}
	n := 0
	for _, p := range c.in.Points {
		if p.Area >= 0 {
			n++
		}
	}
	if n == c.in.Registered {
		return
	}
	c.out = append(c.out, coverage.Check{
		Code: "differs-from-register", Severity: coverage.SeverityWarning, Dataset: c.in.Dataset,
		Text: text(notice.Text("%d [point lies|points lie] in the territory; the register has %d.", n, c.in.Registered),
			notice.Italian("Punti nel territorio: %d; nel registro: %d.", n, c.in.Registered)),
	})
}

// age notes data older than oldYears.
func (c *checker) age() {
	if c.in.AsOf == nil {
		return
	}
	years := c.in.Now.Sub(*c.in.AsOf).Hours() / 24 / 365.25
	if years < oldYears {
		return
	}
	sev := coverage.SeverityNote
	if years >= veryOld {
		sev = coverage.SeverityWarning
	}
	day := notice.Day(c.in.AsOf.Format(time.DateOnly))
	c.out = append(c.out, coverage.Check{
		Code: "data-old", Severity: sev, Dataset: c.in.Dataset,
		Text: text(notice.Text("The data are of %s, %.0f years before this report.", day, math.Floor(years)),
			notice.Italian("I dati sono del %s, %.0f anni prima di questo rapporto.", day, math.Floor(years))),
	})
}
