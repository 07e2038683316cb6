package analysis

import (
	"slices"
	"strings"

	"contado/geo/store/catalog"
)

// Classes of built-up land that people live on, in the legends of land cover
// that the program knows by their speed tables.
var builtByLegend = map[string][]int32{
	"walking-worldcover": {50},             // built-up
	"walking-corine":     {111, 112, 1, 2}, // continuous and discontinuous urban fabric, by code and by number
}

// builtWords begin the names of classes that people live on.
var builtWords = []string{"built", "urban", "continuous urban", "discontinuous urban", "residential", "settlement", "edific", "residenz", "abitat", "costruit"}

// Classes of water in the same legends, and the words that begin their names.
var (
	waterByLegend = map[string][]int32{
		"walking-worldcover": {80},
		"walking-corine":     {511, 512, 521, 522, 523, 40, 41, 42, 43, 44},
	}
	waterWords = []string{"water", "sea", "coastal lagoon", "estuar", "ocean", "lake", "river", "permanent water", "acqua", "acque", "mare", "lago", "laghi", "fium", "corsi d"}
)

// builtClasses are the classes of a land cover that people live on.
func builtClasses(it catalog.Item, values []float32, id string) map[int32]bool {
	return classesLike(it, values, id, builtByLegend, builtWords)
}

// classesLike are the classes of a land cover whose names begin with some
// words, else those of the legend that its values belong to; nil when neither
// is known.
func classesLike(it catalog.Item, values []float32, id string, legends map[string][]int32, words []string) map[int32]bool {
	out := map[int32]bool{}
	if len(it.Bands) > 0 {
		for _, c := range it.Bands[0].Classes {
			name := strings.ToLower(c.Name)
			if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(name, w) }) {
				out[int32(c.Value)] = true
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	classes := make([]int32, 0, len(values))
	seen := map[int32]bool{}
	for _, v := range values {
		if c := int32(v); v == v && !seen[c] {
			seen[c] = true
			classes = append(classes, c)
		}
	}
	name, err := builtinFor(classes, id)
	if err != nil {
		return nil // a legend of its own, without names: it tells nothing
	}
	for _, c := range legends[name] {
		out[c] = true
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
