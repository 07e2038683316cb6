// Package snai classes municipalities and hamlets by the Italian national
// strategy for inner areas (Strategia nazionale aree interne), from the time
// to the nearest pole, beside the official classes.
package snai

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Edition is a map of the strategy.
type Edition struct {
	Scheme string // as in coverage.AreaClass
	// Limits are the upper ends, in minutes, of the classes C (belt), D
	// (intermediate) and E (peripheral); a time of exactly a limit is within
	// it. Beyond the last is F (ultra-peripheral).
	Limits [3]float64
	// Decimals of the minutes that are compared: official times of 2020 have
	// one decimal, and so C goes to 27.7 and D begins at 27.8.
	Decimals int
}

// The editions: NUVAP, "Criteri per la selezione delle aree interne" 2014, and
// note of 14 February 2022. The limits of 2020 are the median, the third
// quartile and the 95th percentile of all comuni that are no pole.
var (
	Edition2014 = Edition{"snai-2014", [3]float64{20, 40, 75}, 1}
	Edition2020 = Edition{"snai-2020", [3]float64{27.7, 40.9, 66.9}, 1}
)

// Classes in order of distance from services. Inner areas are D, E and F.
const (
	Pole            = "A"
	JointPole       = "B" // pole of several comuni
	Belt            = "C"
	Intermediate    = "D"
	Peripheral      = "E"
	UltraPeripheral = "F"
)

var classes = []string{Pole, JointPole, Belt, Intermediate, Peripheral, UltraPeripheral}

var labels = map[string]map[string]string{
	Pole:            {"it": "Polo", "en": "Pole"},
	JointPole:       {"it": "Polo intercomunale", "en": "Pole of several municipalities"},
	Belt:            {"it": "Cintura", "en": "Belt"},
	Intermediate:    {"it": "Intermedio", "en": "Intermediate"},
	Peripheral:      {"it": "Periferico", "en": "Peripheral"},
	UltraPeripheral: {"it": "Ultraperiferico", "en": "Ultra-peripheral"},
}

// Label is the name of a class by language; nil when there is no such class.
func Label(class string) map[string]string { return labels[class] }

// Inner reports whether a class is an inner area.
func Inner(class string) bool {
	return class == Intermediate || class == Peripheral || class == UltraPeripheral
}

// Class is the class of a time in minutes, rounded to the decimals of the
// edition (halves away from zero, as the official table): C ≤ limit < D …;
// +Inf is F, NaN and negative times have none ("").
func (e Edition) Class(minutes float64) string {
	if !(minutes >= 0) {
		return ""
	}
	if !math.IsInf(minutes, 1) {
		p := math.Pow(10, float64(e.Decimals))
		minutes = math.Round(minutes*p) / p
	}
	for k, limit := range e.Limits {
		if minutes <= limit {
			return classes[2+k]
		}
	}
	return UltraPeripheral
}

// Area is one municipality or hamlet.
type Area struct {
	Code, Name, Level string // level "municipality" or "hamlet"
	People            float64
	// Seconds is the time by car to the nearest pole: +Inf when there is no
	// way; NaN when it is not known.
	Seconds float64
	// Pole is A or B for an area that is (in) a pole, "" for others. Poles
	// are a matter of services, not of time, so they are taken as given.
	Pole string
	// Official is the class that the territory carries, "" when none, and
	// OfficialMinutes its time; nil when it has none.
	Official        string
	OfficialMinutes *float64
}

// Classes are the areas classed, in their order.
func Classes(e Edition, areas []Area) []coverage.AreaClass {
	out := make([]coverage.AreaClass, len(areas))
	for i, a := range areas {
		c := coverage.AreaClass{Scheme: e.Scheme, Level: a.Level, Code: a.Code, Name: a.Name, Official: a.Official, OfficialValue: a.OfficialMinutes}
		if c.Class = a.Pole; a.Pole == "" {
			c.Class = e.Class(a.Seconds / 60)
		}
		if minutes := a.Seconds / 60; minutes >= 0 && !math.IsInf(minutes, 1) {
			c.Value = &minutes
		}
		c.Label = Label(c.Class)
		out[i] = c
	}
	return out
}

// MeanSeconds is the time of each area from those of its cells: the mean over
// the people who have a way to a pole, +Inf where nobody has, and the share of
// people who have none. Where nobody lives every cell counts alike. Official
// times are those of the town hall; a mean over the
// people shows what one point hides. NaN: the area has no cell.
// Errors: fault.Invalid, fault.Canceled.
func MeanSeconds(ctx context.Context, areas int, area []int32, people []float64, seconds []float32) (mean, without []float64, err error) {
	const op = "snai.MeanSeconds"
	if len(area) != len(people) || len(area) != len(seconds) {
		return nil, nil, fault.Errorf(op, fault.Invalid, "%d areas, %d people, %d times", len(area), len(people), len(seconds))
	}
	byArea := make([][]int32, areas)
	for i, a := range area {
		if a < 0 || int(a) >= areas || !(people[i] >= 0) || math.IsInf(people[i], 0) || !(seconds[i] >= 0) {
			return nil, nil, fault.Errorf(op, fault.Invalid, "cell %d: %v people in area %d, %v s", i, people[i], a, seconds[i])
		}
		byArea[a] = append(byArea[a], int32(i))
	}
	mean, without = make([]float64, areas), make([]float64, areas)
	for a, cells := range byArea {
		if ctx.Err() != nil {
			return nil, nil, fault.E(op, fault.Canceled, ctx.Err())
		}
		// In order of time and people, so that the sums do not hang on that of the cells.
		slices.SortFunc(cells, func(i, j int32) int {
			return cmp.Or(cmp.Compare(seconds[i], seconds[j]), cmp.Compare(people[i], people[j]))
		})
		mean[a], without[a] = meanOf(cells, people, seconds)
	}
	return mean, without, nil
}

func meanOf(cells []int32, people []float64, seconds []float32) (mean, without float64) {
	var total, reached, sum float64
	for _, i := range cells {
		total += people[i]
	}
	weight := func(i int32) float64 {
		if total == 0 {
			return 1
		}
		return people[i]
	}
	all := 0.0
	for _, i := range cells {
		all += weight(i)
		if !math.IsInf(float64(seconds[i]), 1) {
			reached += weight(i)
			sum += weight(i) * float64(seconds[i])
		}
	}
	switch {
	case len(cells) == 0:
		return math.NaN(), 0
	case reached == 0:
		return math.Inf(1), 1
	}
	return sum / reached, (all - reached) / all
}

// Comparison is how classes computed agree with the official ones.
type Comparison struct {
	// Classes name the rows (official) and columns (computed) of Areas and
	// People, A to F.
	Classes []string    `json:"classes"`
	Areas   [][]int     `json:"areas"`
	People  [][]float64 `json:"people"`
	// Compared areas have both classes; Without lack one and count nowhere.
	Compared int `json:"compared"`
	Without  int `json:"without"`
	// Agree is the share of compared areas in one class, Near that of those
	// at most one class apart; InnerAgree that of those that are inner areas
	// in both or in neither; Kappa is Cohen's, with quadratic weights. nil
	// where nothing is compared, or when all are in one class (Kappa).
	Agree      *float64 `json:"agree"`
	Near       *float64 `json:"near"`
	InnerAgree *float64 `json:"inner_agree"`
	Kappa      *float64 `json:"kappa"`
	// MeanDifference and MedianDifference are of computed less official
	// minutes, over areas that have both.
	MeanDifference   *float64 `json:"mean_difference_min"`
	MedianDifference *float64 `json:"median_difference_min"`
}

// Compare sets classes beside the official ones; people has one an entry of
// list, or is nil.
func Compare(list []coverage.AreaClass, people []float64) Comparison {
	n := len(classes)
	c := Comparison{Classes: slices.Clone(classes), Areas: make([][]int, n), People: make([][]float64, n)}
	for k := range n {
		c.Areas[k], c.People[k] = make([]int, n), make([]float64, n)
	}
	var differences []float64
	agree, near, inner := 0, 0, 0
	for i, a := range list {
		row, column := slices.Index(classes, a.Official), slices.Index(classes, a.Class)
		if row < 0 || column < 0 {
			c.Without++
			continue
		}
		c.Compared++
		c.Areas[row][column]++
		if people != nil {
			c.People[row][column] += people[i]
		}
		if row == column {
			agree++
		}
		if row-column <= 1 && column-row <= 1 {
			near++
		}
		if Inner(a.Official) == Inner(a.Class) {
			inner++
		}
		if a.Value != nil && a.OfficialValue != nil {
			differences = append(differences, *a.Value-*a.OfficialValue)
		}
	}
	share := func(k int) *float64 {
		if c.Compared == 0 {
			return nil
		}
		v := float64(k) / float64(c.Compared)
		return &v
	}
	c.Agree, c.Near, c.InnerAgree, c.Kappa = share(agree), share(near), share(inner), kappa(c.Areas, c.Compared)
	c.MeanDifference, c.MedianDifference = centre(differences)
	return c
}

// kappa is Cohen's kappa with quadratic weights (Cohen 1968).
func kappa(table [][]int, total int) *float64 {
	n := len(table)
	rows, columns := make([]float64, n), make([]float64, n)
	for i := range table {
		for j, k := range table[i] {
			rows[i] += float64(k)
			columns[j] += float64(k)
		}
	}
	var seen, chance float64
	for i := range table {
		for j := range table[i] {
			w := float64((i - j) * (i - j))
			seen += w * float64(table[i][j])
			chance += w * rows[i] * columns[j] / float64(max(total, 1))
		}
	}
	if chance == 0 {
		return nil
	}
	v := 1 - seen/chance
	return &v
}

func centre(v []float64) (mean, median *float64) {
	if len(v) == 0 {
		return nil, nil
	}
	slices.Sort(v)
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	sum /= float64(len(v))
	mid := (v[(len(v)-1)/2] + v[len(v)/2]) / 2
	return &sum, &mid
}
